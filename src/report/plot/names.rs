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

/// What tells a configuration from all of these: its run if there are several, and the settings that vary.
pub fn label(configuration: &Configuration, all: &[&Configuration], key: Option<&str>) -> String {
    let mut parts = Vec::new();
    if all.iter().any(|other| other.run != configuration.run) {
        parts.push(configuration.label.clone());
    }
    for setting in others(configuration, key.unwrap_or_default()) {
        let differs =
            |other: &&&Configuration| other.run == configuration.run && !other.swept.contains(setting);
        if all.iter().any(|other| differs(&other)) {
            parts.push(in_words(setting));
        }
    }
    if parts.is_empty() {
        configuration.label.clone()
    } else {
        parts.join(", ")
    }
}

/// `fork` speaks for itself; `4` does not: `busy = 4`.
fn in_words(setting: &Setting) -> String {
    match setting.number {
        None => setting.shown.clone(),
        Some(_) => format!("{} = {}", name_of(&setting.path), setting.shown),
    }
}

/// `background.busy.count` is "busy", `python.switch_interval` is "switch interval", `task.item.steps.0.python`
/// is "python of item".
fn name_of(path: &str) -> String {
    let parts: Vec<&str> = path.split('.').collect();
    let name = match parts[..] {
        ["background" | "task", name, "count"] => name.to_owned(),
        ["background" | "task", name, .., last] => format!("{last} of {name}"),
        [.., last] => last.to_owned(),
        [] => String::new(),
    };
    name.replace('_', " ")
}

/// Of a column of `results.csv`.
pub fn figure_quantity(column: &str) -> Quantity {
    let (name, unit) = match column {
        "speedup" => ("Speedup over the sequential run", Unit::Plain),
        "throughput_per_s" => ("Throughput (per second)", Unit::Plain),
        "makespan_s" => ("Makespan", Unit::Seconds),
        "latency_mean_s" => ("Mean latency", Unit::Seconds),
        "latency_p50_s" => ("Median latency", Unit::Seconds),
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
        (_, ["background", name, "count"]) => format!("Background threads ({name})"),
        (_, ["task", name, "count"]) => format!("Items ({name})"),
        _ => capitalised(&name_of(key)),
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
            ("background.busy.count", "busy"),
            ("python.switch_interval", "switch interval"),
            ("task.item.steps.0.python", "python of item"),
            ("run.chunksize", "chunksize"),
        ];
        for (path, name) in cases {
            assert_eq!(name_of(path), name);
        }
    }
}
