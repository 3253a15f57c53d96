//! Measurements on the real interpreter: on the console, and as `measured.csv`, `repetitions.csv` and `measured.json`.

use serde_json::{Map, Value as Json};

use crate::report::console::{Column, render};
use crate::report::manifest::{Input, identity_of, sha256};
use crate::report::record::record;
use crate::report::table::identity_columns;
use crate::report::{OutputFile, Outputs, csv, human, json};
use crate::results::measured::{Host, Measured};
use crate::results::{Sheet, Status, Summary, Value, identity};
use crate::scenario::{Configuration, Scenario};

record! {
    /// `measured.json`: what was measured, where, and what was skipped.
    pub struct Record {
        /// The version of gilsim that measured. Another version may draw other random times.
        pub gilsim: String,
        /// The scenario file: an object with `path` and `sha256`, as in `manifest.json`.
        pub scenario: Input,
        /// The `--set` options, as typed.
        pub overrides: Vec<String>,
        /// The seed of all random streams.
        pub seed: u64,
        /// Whether the measurement was interrupted before all repetitions were done.
        pub interrupted: bool,
        /// The number of physical cores that could be used.
        pub cores: u32,
        /// The operating system and the processor architecture.
        pub system: String,
        /// Each interpreter: the full version of CPython, and its path.
        pub interpreters: Vec<(String, String)>,
        /// Each free-threaded version that was compared with a build with the interpreter lock (GIL), and how many times as
        /// long its bytecode takes. `python` steps are that much longer there.
        #[serde(default)]
        pub slowdowns: Vec<(String, f64)>,
        /// For each configuration that was skipped, the columns that say which one it is, and the `reason`.
        pub left_out: Vec<Map<String, Json>>,
    }
}

impl Record {
    /// Its name in the output folder.
    pub const FILE: &'static str = "measured.json";

    fn of(measured: &Measured) -> Self {
        let scenario = &measured.scenario;
        let paths = identity::swept_paths(&scenario.configurations);
        let Host {
            cores,
            system,
            interpreters,
            slowdowns,
        } = measured.host.clone();
        let left_out = measured.left_out.iter().map(|left| {
            let mut identity = identity_of(&scenario.configurations[left.configuration], &paths);
            identity.insert("reason".to_owned(), left.reason.clone().into());
            identity
        });
        Self {
            gilsim: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: Input {
                path: scenario.path.to_string_lossy().replace('\\', "/"),
                sha256: sha256(scenario.text.as_bytes()),
            },
            overrides: scenario.overrides.clone(),
            seed: scenario.replicate.seed,
            interrupted: measured.interrupted,
            cores,
            system,
            interpreters,
            slowdowns,
            left_out: left_out.collect(),
        }
    }
}

/// The files of a measurement, in the order in which they are written.
pub fn outputs(measured: &Measured) -> Outputs {
    let record =
        serde_json::to_string_pretty(&Record::of(measured)).expect("every key of a record is a string");
    let file = |name, bytes| OutputFile { name, bytes };
    Outputs::new(vec![
        file("measured.csv", csv::csv(&measured.sheet())),
        file("repetitions.csv", csv::csv(&measured.repetitions_sheet())),
        file(Record::FILE, (record + "\n").into_bytes()),
    ])
}

/// `measured.csv` as text, for `--format csv`.
pub fn to_csv(measured: &Measured) -> String {
    String::from_utf8(csv::csv(&measured.sheet())).expect("CSV is made of strings, commas and line breaks")
}

/// The rows of `measured.csv` as JSON, for `--format json`.
pub fn to_json(measured: &Measured) -> String {
    json::json(&measured.sheet())
}

/// The numbers of a release, for sorting: 3.10.13 comes after 3.9.18.
fn numbers_of(release: &str) -> Vec<u64> {
    let digits = release.split(|c: char| !c.is_ascii_digit());
    digits.filter_map(|number| number.parse().ok()).collect()
}

/// The table for a person, at most `width` columns wide.
pub fn table(measured: &Measured, width: u16) -> String {
    let configurations: Vec<Configuration> = measured
        .rows
        .iter()
        .map(|row| measured.configuration(row).clone())
        .collect();
    let summaries: Vec<Summary> = measured
        .rows
        .iter()
        .map(|row| Summary::of(measured.configuration(row), &row.row()))
        .collect();
    let sheet = measured.sheet();
    let figure = |of: &dyn Fn(&Summary) -> Option<String>| -> Vec<String> {
        let each = summaries.iter().map(|summary| of(summary).unwrap_or_default());
        each.collect()
    };
    let spread = |figure: &str| -> Vec<String> {
        let of = |which: &str| numbers(&sheet, &figure.replace('*', which));
        let ends = of("min").into_iter().zip(of("max")).zip(of("median"));
        ends.map(|((low, high), median)| match (low, high, median) {
            (Some(low), Some(high), Some(median)) if median > 0.0 => human::percent((high - low) / median),
            _ => String::new(),
        })
        .collect()
    };
    let medians = |column: &str, shown: &dyn Fn(f64) -> String| -> Vec<String> {
        let medians = numbers(&sheet, column).into_iter();
        medians
            .map(|median| median.map(shown).unwrap_or_default())
            .collect()
    };
    let counted = summaries.iter().any(|summary| summary.speedup.is_some());
    let mut columns = identity_columns(&configurations);
    columns.push(Column::words(
        "status",
        figure(&|s| (s.status != Status::Done).then(|| s.status.word().to_owned())),
    ));
    if counted {
        columns.push(Column::numbers(
            "speedup",
            medians("speedup_median", &human::hundredths),
        ));
        columns.push(Column::numbers(
            "makespan",
            medians("makespan_median_s", &human::duration),
        ));
        columns.push(Column::numbers("range", spread("makespan_*_s")));
    } else {
        let rate = |rate: f64| human::number(rate, 4);
        columns.push(Column::numbers(
            "per second",
            medians("throughput_median_per_s", &rate),
        ));
        columns.push(Column::numbers("range", spread("throughput_*_per_s")));
        columns.push(Column::numbers(
            "latency",
            figure(&|s| s.latency.map(|latency| human::duration(latency.mean))),
        ));
    }
    let noisy = measured.rows.iter().map(|row| match row.noisy() {
        0 => String::new(),
        noisy => format!("{noisy} of {}", row.repetitions.len()),
    });
    columns.push(Column::numbers("noisy", noisy.collect()));
    columns.retain(|column| !column.is_empty());
    let releases: Vec<&str> = {
        let mut releases: Vec<&str> = measured.rows.iter().map(|row| row.release.as_str()).collect();
        releases.sort_unstable_by_key(|release| numbers_of(release));
        releases.dedup();
        releases
    };
    let most = measured.rows.iter().map(|row| row.repetitions.len()).max();
    format!(
        "{}\nMeasured with CPython {} on {} cores, {}, medians of {} (range: largest minus smallest, relative to the median)\n{}{}",
        measured.scenario.title,
        releases.join(" and "),
        measured.host.cores,
        measured.host.system,
        plural(most.unwrap_or(0), "repetition"),
        render(&columns, width),
        failures(measured, &summaries)
    )
}

fn failures(measured: &Measured, summaries: &[Summary]) -> String {
    let failed = measured
        .rows
        .iter()
        .zip(summaries)
        .filter(|(_, s)| s.status != Status::Done);
    failed
        .map(|(row, summary)| {
            let label = &measured.configuration(row).label;
            format!("{label}: {}: {}\n", summary.status.word(), summary.detail)
        })
        .collect()
}

/// The configurations that were skipped: one line for each reason.
pub fn left_out(measured: &Measured) -> Vec<String> {
    let mut by_reason: Vec<(&str, Vec<String>)> = Vec::new();
    for left in &measured.left_out {
        let name = name(&measured.scenario, left.configuration);
        match by_reason.iter_mut().find(|(reason, _)| *reason == left.reason) {
            Some((_, names)) => names.push(name),
            None => by_reason.push((&left.reason, vec![name])),
        }
    }
    const MOST_NAMED: usize = 4;
    by_reason
        .into_iter()
        .map(|(reason, names)| {
            let more = names.len().saturating_sub(MOST_NAMED);
            let mut list = names[..names.len() - more].join("; ");
            if more > 0 {
                list += &format!("; and {more} more");
            }
            format!("not measured, because {reason}: {list}")
        })
        .collect()
}

/// A configuration in a few words: its run and its swept settings.
fn name(scenario: &Scenario, index: usize) -> String {
    let configuration = &scenario.configurations[index];
    let swept = configuration.swept.iter().map(|setting| {
        let last = setting.path.rsplit('.').next().unwrap_or(&setting.path);
        format!("{last} = {}", setting.shown)
    });
    let words: Vec<String> = std::iter::once(configuration.label.clone())
        .chain(swept)
        .collect();
    words.join(", ")
}

fn numbers(sheet: &Sheet, column: &str) -> Vec<Option<f64>> {
    let column = sheet.columns.iter().position(|name| name == column);
    let column = column.expect("the schema has this column");
    sheet.rows.iter().map(|row| Value::number(&row[column])).collect()
}

fn plural(count: usize, word: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {word}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::made_up;
    use crate::results::measured::LeftOut;

    #[test]
    fn reads_well_at_100_columns() {
        let mut measured = made_up::measured(&made_up::runs_only(), |_, repetition| {
            1.0 + repetition as f64 / 100.0
        });
        measured.rows[1].repetitions[3].noisy = true;
        insta::assert_snapshot!(table(&measured, 100));
    }

    #[test]
    fn the_record_reads_back() {
        let mut measured = made_up::measured(&made_up::quickstart(), |_, _| 1.0);
        measured.left_out = vec![LeftOut {
            configuration: 4,
            reason: "it needs 16 cores, but this machine has 2".to_owned(),
        }];
        let outputs = outputs(&measured);
        let text = String::from_utf8(outputs.files()[2].bytes.clone()).unwrap();
        let back: Record = serde_json::from_str(&text).unwrap();
        assert_eq!(back, Record::of(&measured));
        assert_eq!(back.left_out[0]["cores"], 16);
    }

    #[test]
    fn what_is_left_out_is_named_by_its_reason() {
        let mut measured = made_up::measured(&made_up::quickstart(), |_, _| 1.0);
        measured.left_out = (0..6)
            .map(|configuration| LeftOut {
                configuration,
                reason: "this is only a test".to_owned(),
            })
            .collect();
        assert_eq!(
            left_out(&measured),
            [
                "not measured, because this is only a test: sequential, cores = 1; sequential, cores = 2; \
                 sequential, cores = 4; sequential, cores = 8; and 2 more"
            ]
        );
    }
}
