//! What a configuration is called in tables: its identity columns, and any of its settings by name.

use crate::model::{ChannelKind, StartMethod};
use crate::results::Value;
use crate::scenario::{Configuration, Demand, Executor, Offload, PoolMethod, Sender, Setting};
use crate::units::Nanos;

/// Swept paths that have a column of their own under another name.
const DEDICATED: [&str; 4] = [
    "machine.cores",
    "run.workers",
    "run.start_method",
    "run.chunksize",
];

/// The word of the scenario file for an executor.
pub fn executor_name(executor: &Executor) -> &'static str {
    match executor {
        Executor::Sequential => "sequential",
        Executor::Threads { .. } => "threads",
        Executor::Processes { .. } => "processes",
        Executor::Interpreters { .. } => "interpreters",
        Executor::Pool { .. } => "pool",
        Executor::Consumers { .. } => "consumers",
        Executor::ThreadPerTask => "thread-per-task",
        Executor::ProcessPerTask { .. } => "process-per-task",
        Executor::Server { .. } => "server",
        Executor::Asyncio { .. } => "asyncio",
    }
}

/// The word of the scenario file, and of `multiprocessing`, for a start method.
pub fn start_method_name(start_method: StartMethod) -> &'static str {
    match start_method {
        StartMethod::Fork => "fork",
        StartMethod::Spawn => "spawn",
        StartMethod::Forkserver { .. } => "forkserver",
    }
}

/// How many threads or processes serve the work: a server's are its threads, an event loop's are the items that it
/// works on at a time. `None` where no such number is set, which is under `sequential` and under one thread or process
/// per task.
pub fn workers(executor: &Executor) -> Option<u32> {
    match executor {
        Executor::Threads { workers }
        | Executor::Interpreters { workers }
        | Executor::Processes { workers, .. }
        | Executor::Pool { workers, .. }
        | Executor::Consumers { workers, .. } => Some(*workers),
        Executor::Server { threads } => Some(*threads),
        Executor::Asyncio { in_flight, .. } => *in_flight,
        Executor::Sequential | Executor::ThreadPerTask | Executor::ProcessPerTask { .. } => None,
    }
}

/// Where offloaded steps run, under an event loop.
pub fn offload(executor: &Executor) -> Option<&'static str> {
    match executor {
        Executor::Asyncio { offload, .. } => Some(match offload {
            Offload::Loop => "loop",
            Offload::Thread { .. } => "thread",
            Offload::Process { .. } => "process",
        }),
        _ => None,
    }
}

/// Items per call sent to a worker, where they are sent in chunks: `default` where a pool decides by their number.
pub fn chunksize(executor: &Executor) -> Value {
    match executor {
        Executor::Processes { chunksize, .. } => Value::Integer(*chunksize),
        Executor::Pool {
            method: PoolMethod::ApplyAsync,
            ..
        } => Value::Empty,
        Executor::Pool { chunksize, .. } => chunksize.map_or("default".into(), Value::Integer),
        _ => Value::Empty,
    }
}

/// How the caller asks a pool for the items.
fn method(executor: &Executor) -> Option<&'static str> {
    let Executor::Pool { method, .. } = executor else {
        return None;
    };
    Some(match method {
        PoolMethod::Map => "map",
        PoolMethod::Starmap => "starmap",
        PoolMethod::Imap => "imap",
        PoolMethod::ImapUnordered => "imap_unordered",
        PoolMethod::ApplyAsync => "apply_async",
    })
}

/// What consumers get their items through, and who sends them.
pub fn channel_and_sender(executor: &Executor) -> Option<(&'static str, &'static str)> {
    let Executor::Consumers { channel, sender, .. } = executor else {
        return None;
    };
    let channel = match channel {
        ChannelKind::Pipe => "pipe",
        ChannelKind::SocketPair => "socket_pair",
        ChannelKind::SimpleQueue => "simple_queue",
        ChannelKind::Queue => "queue",
        ChannelKind::JoinableQueue => "joinable_queue",
        ChannelKind::Manager => "manager",
    };
    let sender = match sender {
        Sender::Main => "main",
        Sender::Thread => "thread",
    };
    Some((channel, sender))
}

/// Calls or chunks after which a worker is replaced, where it ever is.
fn max_tasks_per_child(executor: &Executor) -> Option<u64> {
    match executor {
        Executor::Processes {
            max_tasks_per_child, ..
        }
        | Executor::Pool {
            max_tasks_per_child, ..
        } => *max_tasks_per_child,
        _ => None,
    }
}

/// The identity columns after `scenario`, in the order of `results.csv`.
pub fn columns(configuration: &Configuration) -> [(&'static str, Value); 6] {
    let executor = &configuration.executor;
    [
        ("run", configuration.label.as_str().into()),
        ("executor", executor_name(executor).into()),
        (
            "start_method",
            executor
                .start_method()
                .map_or(Value::Empty, |method| start_method_name(method).into()),
        ),
        ("cores", Value::Integer(configuration.machine.cores.into())),
        ("workers", workers(executor).map(u64::from).into()),
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
    let parts: Vec<&str> = key.split('.').collect();
    let (shown, number) = match parts[..] {
        ["run"] => text(&configuration.label),
        ["executor"] => text(executor_name(executor)),
        ["start_method"] => text(start_method_name(executor.start_method()?)),
        ["cores"] => count(configuration.machine.cores.into()),
        ["machine", "smt"] => count(configuration.machine.smt.into()),
        ["machine", "profile"] => text(&configuration.machine.profile.name),
        ["workers"] => count(workers(executor)?.into()),
        ["chunksize"] => match chunksize(executor) {
            Value::Integer(items) => count(items),
            Value::Text(word) => text(&word),
            _ => return None,
        },
        ["run", "method"] => text(method(executor)?),
        ["run", "channel"] => text(channel_and_sender(executor)?.0),
        ["run", "sender"] => text(channel_and_sender(executor)?.1),
        ["run", "offload"] => text(offload(executor)?),
        ["run", "max_tasks_per_child"] => count(max_tasks_per_child(executor)?),
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
