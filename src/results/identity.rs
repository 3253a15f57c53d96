//! What a configuration is called in tables: its identity columns, and any of its settings by name.

use crate::results::Value;
use crate::scenario::{Chunks, Configuration, Demand, Executor, Setting};
use crate::units::Nanos;

/// Swept paths that have a column of their own under another name.
const DEDICATED: [&str; 4] = [
    "machine.cores",
    "run.workers",
    "run.start_method",
    "run.chunksize",
];

/// Items per call sent to a worker, where they are sent in chunks: `default` where a pool computes their number.
pub fn chunksize(executor: &Executor) -> Value {
    match executor.facts().chunks {
        Chunks::Single => Value::Empty,
        Chunks::Of(items) => Value::Integer(items),
        Chunks::ByNumber => "default".into(),
    }
}

/// The identity columns after `scenario`, in the order of `results.csv`.
pub fn columns(configuration: &Configuration) -> [(&'static str, Value); 6] {
    let executor = &configuration.executor;
    let facts = executor.facts();
    let start_method = facts.start.map(|start| start.method.word());
    [
        ("run", configuration.label.as_str().into()),
        ("executor", executor.name().word().into()),
        ("start_method", start_method.map_or(Value::Empty, Value::from)),
        ("cores", Value::Integer(configuration.machine.cores.into())),
        ("workers", facts.workers.map(u64::from).into()),
        ("chunksize", chunksize(executor)),
    ]
}

/// The swept paths of all configurations that need a column of their own, in first-seen order.
pub fn swept_paths(configurations: &[Configuration]) -> Vec<&str> {
    let mut paths = Vec::new();
    for setting in configurations
        .iter()
        .flat_map(|configuration| &configuration.swept)
    {
        let path = setting.path.as_str();
        if !DEDICATED.contains(&path) && !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}

/// What one configuration has in the column of a swept path: a plain number as such, so that `5ms` and
/// `0.005` agree, anything else as it was written. Empty where this run does not have that axis.
pub fn swept_value(configuration: &Configuration, path: &str) -> Value {
    let Some(setting) = configuration.swept.iter().find(|setting| setting.path == path) else {
        return Value::Empty;
    };
    match setting.number {
        Some(number) if number >= 0.0 && number.fract() == 0.0 && number < 1e15 => {
            Value::Integer(number as u64)
        }
        Some(number) => Value::Number(number),
        None => setting.shown.as_str().into(),
    }
}

/// The identity column that a swept path is another name for, or the path itself; `run.switch_interval` is how a
/// run overrides `python.switch_interval`.
pub fn column_of(path: &str) -> &str {
    match path {
        "machine.cores" => "cores",
        "run.executor" => "executor",
        "run.start_method" => "start_method",
        "run.workers" | "run.threads" | "threads" => "workers",
        "run.chunksize" => "chunksize",
        "run.switch_interval" => "python.switch_interval",
        "run.check_interval" => "python.check_interval",
        other => other,
    }
}

/// A setting of a configuration by its swept path or identity column, whether it was swept or not; `None`
/// where the configuration has nothing of that name.
pub fn setting(configuration: &Configuration, key: &str) -> Option<Setting> {
    let key = column_of(key);
    let is_count = matches!(key, "cores" | "workers" | "chunksize");
    // "cores" and "2*cores+1" are what was written for a number of workers, but not what it came to.
    if let Some(swept) = configuration
        .swept
        .iter()
        .find(|setting| !is_count && column_of(&setting.path) == key)
    {
        return Some(swept.clone());
    }
    let count = |number: u64| (number.to_string(), Some(number as f64));
    let duration = |time: Nanos| (time.to_string(), Some(time.as_secs_f64()));
    let text = |text: &str| (text.to_owned(), None);
    let executor = &configuration.executor;
    let facts = executor.facts();
    let parts: Vec<&str> = key.split('.').collect();
    let (shown, number) = match parts[..] {
        ["run"] => text(&configuration.label),
        ["executor"] => text(executor.name().word()),
        ["start_method"] => text(facts.start?.method.word()),
        ["cores"] => count(configuration.machine.cores.into()),
        ["machine", "smt"] => count(configuration.machine.smt.into()),
        ["machine", "profile"] => text(&configuration.machine.profile.name),
        ["workers"] => count(facts.workers?.into()),
        ["chunksize"] => match chunksize(executor) {
            Value::Integer(items) => count(items),
            Value::Text(word) => text(&word),
            _ => return None,
        },
        ["run", "method"] => text(facts.method?.word()),
        ["run", "channel"] => text(facts.channel?.word()),
        ["run", "sender"] => text(facts.sender?.word()),
        ["run", "offload"] => text(facts.offload?.to.word()),
        ["run", "max_tasks_per_child"] => count(facts.max_tasks_per_child?),
        ["python", "switch_interval"] => duration(configuration.python.switch_interval),
        ["python", "check_interval"] => count(configuration.python.check_interval.into()),
        ["background", name, "count"] => {
            let background = configuration
                .background
                .iter()
                .find(|background| background.name == name)?;
            count(background.count.into())
        }
        ["task", name, demand] => {
            let group = configuration.tasks.iter().find(|group| group.name == name)?;
            match (&group.demand, demand) {
                (Demand::Count(items), "count") => count(*items),
                (Demand::Clients { clients, .. }, "clients") => count((*clients).into()),
                (
                    Demand::Clients { duration: time, .. } | Demand::Arrivals { duration: time, .. },
                    "duration",
                ) => duration(*time),
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(Setting {
        path: key.to_owned(),
        shown,
        number,
    })
}
