//! What axes and lines are called.

use crate::report::plot::axis::Unit;
use crate::results::identity::{self, column_of};
use crate::scenario::{Configuration, Setting};

/// What an axis shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// In words.
    pub name: String,
    /// Of its values.
    pub unit: Unit,
}

/// What the sweep set, but for the setting on the x axis.
pub fn others<'a>(configuration: &'a Configuration, key: &'a str) -> impl Iterator<Item = &'a Setting> {
    configuration
        .swept
        .iter()
        .filter(move |setting| column_of(&setting.path) != column_of(key))
}

/// What distinguishes a configuration from all of these: its run if there are several, and the settings that vary.
pub fn label(configuration: &Configuration, all: &[&Configuration], key: Option<&str>) -> String {
    let mut parts = Vec::new();
    if all.iter().any(|other| other.run != configuration.run) {
        parts.push(configuration.label.clone());
    }
    for setting in others(configuration, key.unwrap_or_default()) {
        let differs =
            |other: &&&Configuration| other.run == configuration.run && !other.swept.contains(setting);
        if all.iter().any(|other| differs(&other)) {
            parts.push(in_words(setting, configuration));
        }
    }
    if parts.is_empty() {
        configuration.label.clone()
    } else {
        parts.join(", ")
    }
}

/// `fork` speaks for itself; `4` and `true` do not: `busy = 4`.
fn in_words(setting: &Setting, configuration: &Configuration) -> String {
    match setting.number {
        None if !matches!(setting.shown.as_str(), "true" | "false") => setting.shown.clone(),
        _ => format!(
            "{} = {}",
            name_of(&setting.path, is_only(configuration)),
            setting.shown
        ),
    }
}

/// Whether there is one group of tasks and no background thread, so that the owner of a setting is clear.
fn is_only(configuration: &Configuration) -> bool {
    configuration.tasks.len() == 1 && configuration.background.is_empty()
}

/// `background.busy.count` is "busy", `python.switch_interval` is "switch interval", `task.item.steps.0.python`
/// is "python time of item", or "python time" where it is the `only` one.
fn name_of(path: &str, only: bool) -> String {
    let parts: Vec<&str> = path.split('.').collect();
    let (owner, name) = match parts[..] {
        ["background" | "task", name, "count"] => (None, name.to_owned()),
        [
            "background" | "task",
            owner,
            ..,
            step @ ("io" | "python" | "native"),
        ] => (Some(owner), format!("{step} time")),
        ["task", owner, data @ ("argument" | "result")]
        | ["task", owner, data @ ("argument" | "result"), "size"] => (Some(owner), format!("{data} size")),
        ["background" | "task", owner, .., last] => (Some(owner), last.to_owned()),
        [.., last] => (None, last.to_owned()),
        [] => (None, String::new()),
    };
    let name = name.replace('_', " ");
    match owner {
        Some(owner) if !only => format!("{name} of {owner}"),
        _ => name,
    }
}

/// Of a column of `results.csv`.
pub fn figure_quantity(column: &str) -> Quantity {
    let (name, unit) = match column {
        "speedup" => ("Speedup over the sequential run", Unit::Plain),
        "throughput_per_s" => ("Throughput (per second)", Unit::Plain),
        "makespan_s" => ("Makespan", Unit::Seconds),
        "latency_mean_s" => ("Mean latency", Unit::Seconds),
        "latency_p50_s" => ("Median latency", Unit::Seconds),
        "total_s" => ("Makespan and end", Unit::Seconds),
        "latency_p95_s" => ("95th percentile of latency", Unit::Seconds),
        "latency_p99_s" => ("99th percentile of latency", Unit::Seconds),
        _ => ("", Unit::Plain),
    };
    if !name.is_empty() {
        return Quantity {
            name: name.to_owned(),
            unit,
        };
    }
    let (name, unit) = match (column.strip_suffix("_bytes"), column.strip_suffix("_s")) {
        (Some(name), _) => (name, Unit::Bytes),
        (_, Some(name)) if !column.ends_with("_per_s") => (name, Unit::Seconds),
        _ => (column, Unit::Plain),
    };
    Quantity {
        name: capitalised(&name.replace('_', " ")),
        unit,
    }
}

/// Of a setting that some of these configurations have, by its swept path or identity column.
pub fn setting_quantity(configurations: &[&Configuration], key: &str) -> Quantity {
    let mut settings = configurations
        .iter()
        .filter_map(|configuration| identity::setting(configuration, key));
    let shown = settings.next().map(|setting| setting.shown).unwrap_or_default();
    let unit = match shown.trim_start_matches(|c: char| !c.is_ascii_alphabetic()) {
        "ns" | "us" | "ms" | "s" | "min" | "h" => Unit::Seconds,
        unit if !shown.starts_with(|c: char| c.is_ascii_alphabetic()) && unit.ends_with('B') => Unit::Bytes,
        _ => Unit::Plain,
    };
    let parts: Vec<&str> = key.split('.').collect();
    let name = match (column_of(key), &parts[..]) {
        ("cores", _) => "Cores".to_owned(),
        ("workers", _) => "Workers".to_owned(),
        (_, ["task", _, "arrivals", ..]) => "Mean time between requests".to_owned(),
        (_, ["background", name, "count"]) => format!("Background threads ({name})"),
        (_, ["task", name, "count"]) => format!("Items ({name})"),
        _ => {
            let only = configurations.iter().all(|configuration| is_only(configuration));
            capitalised(&name_of(key, only))
        }
    };
    Quantity { name, unit }
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_named_as_briefly_as_they_can_be() {
        let cases = [
            ("background.busy.count", "busy", "busy"),
            ("python.switch_interval", "switch interval", "switch interval"),
            ("task.item.steps.0.python", "python time of item", "python time"),
            ("task.item.steps.1.holds_lock", "holds lock of item", "holds lock"),
            ("task.item.argument", "argument size of item", "argument size"),
            ("task.item.result.size", "result size of item", "result size"),
            ("run.chunksize", "chunksize", "chunksize"),
        ];
        for (path, among_others, alone) in cases {
            assert_eq!(
                (name_of(path, false), name_of(path, true)),
                (among_others.to_owned(), alone.to_owned())
            );
        }
    }
}
