//! Measurements on the real interpreter: repetitions in the terms of replications, with their spread.

use crate::results::column::{Column, Unit};
use crate::results::figures::{FIGURES, Figure};
use crate::results::sheet::{identity_columns, identity_values, replication_columns};
use crate::results::statistics::median;
use crate::results::summary::ACTIVITIES;
use crate::results::{Replication, Row, Sheet, Status, Summary, Value, identity};
use crate::scenario::{Configuration, Scenario};
use crate::units::Nanos;

/// Everything that was measured of a scenario.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The scenario.
    pub scenario: Scenario,
    /// Configurations that were measured at least once, in the scenario's order.
    pub rows: Vec<MeasuredRow>,
    /// Configurations that were skipped, in the scenario's order.
    pub left_out: Vec<LeftOut>,
    /// The measurement was interrupted before all repetitions were done.
    pub interrupted: bool,
    /// Where it was measured.
    pub host: Host,
}

/// A machine and its interpreters.
#[derive(Clone, Debug, PartialEq)]
pub struct Host {
    /// Physical cores that could be used.
    pub cores: u32,
    /// Operating system and processor architecture.
    pub system: String,
    /// Releases of CPython, in full, with the path of each.
    pub interpreters: Vec<(String, String)>,
    /// Free-threaded versions that were compared with a build with the lock: how many times as long their bytecode takes.
    pub slowdowns: Vec<(String, f64)>,
}

/// One configuration's repetitions.
#[derive(Clone, Debug)]
pub struct MeasuredRow {
    /// Index into the scenario's configurations.
    pub configuration: usize,
    /// Of CPython, in full: `3.11.7`.
    pub release: String,
    /// In the order of their numbers.
    pub repetitions: Vec<Repetition>,
}

/// One run of one configuration on the real interpreter.
#[derive(Clone, Debug, PartialEq)]
pub struct Repetition {
    /// The simulated replication of this number has the same random times.
    pub number: u64,
    /// The results, as far as they can be measured; zero elsewhere.
    pub replication: Replication,
    /// The makespan of the baseline with the same random times; `None` where there is none, or it failed.
    pub baseline: Option<Nanos>,
    /// The difference of the speed of the same loop before and after, as a fraction.
    pub drift: f64,
    /// The speed of bytecode just before and after, on the CPU that was farthest from the usual speed: 1 is usual. `None` if
    /// the repetition failed, or there are too few samples.
    pub speed: Option<f64>,
    /// Share of the machine's CPU time that other programs took meanwhile; `None` if the system does not report it.
    pub elsewhere: Option<f64>,
    /// The machine was too busy, too unsteady or not at its usual speed in every attempt.
    pub noisy: bool,
}

/// A configuration that cannot be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Index into the scenario's configurations.
    pub configuration: usize,
    /// Why it cannot be measured.
    pub reason: String,
}

/// Columns of `results.csv` that cannot be measured from outside. They are empty, as are the shares of [`ACTIVITIES`].
const NOT_MEASURED: [&str; 7] = [
    "parent_busy",
    "parent_waiting_for_lock",
    "switches",
    "peak_memory_bytes",
    "events",
    "critical_path_s",
    "total_s",
];

/// The last columns of `measured.csv`.
pub(crate) const SPREAD: [Column; 11] = [
    Column::new(
        "makespan_min_s",
        Unit::Seconds,
        "The shortest makespan of the repetitions. Empty unless all of them are `done`.",
    ),
    Column::new("makespan_median_s", Unit::Seconds, "The median makespan."),
    Column::new("makespan_max_s", Unit::Seconds, "The longest makespan."),
    Column::new(
        "speedup_min",
        Unit::Ratio,
        "The smallest speedup of the repetitions.",
    ),
    Column::new("speedup_median", Unit::Ratio, "The median speedup."),
    Column::new("speedup_max", Unit::Ratio, "The largest speedup."),
    Column::new(
        "throughput_min_per_s",
        Unit::PerSecond,
        "The lowest throughput of the repetitions.",
    ),
    Column::new(
        "throughput_median_per_s",
        Unit::PerSecond,
        "The median throughput.",
    ),
    Column::new("throughput_max_per_s", Unit::PerSecond, "The highest throughput."),
    Column::new(
        "noisy",
        Unit::Count,
        "The number of repetitions during which the host was too busy, too unsteady or not at its usual speed.",
    ),
    Column::new(
        "interpreter",
        Unit::Text,
        "The full version of CPython, such as `3.13.5`.",
    ),
];

/// The last columns of `repetitions.csv`, after those of `replications.csv`.
pub(crate) const REPETITION: [Column; 5] = [
    Column::new(
        "drift",
        Unit::Fraction,
        "How much the speed of the same loop differed between before and after the repetition.",
    ),
    Column::new(
        "busy_elsewhere",
        Unit::Fraction,
        "Share of the host's CPU time that other programs took meanwhile. Empty where the system does not report it.",
    ),
    Column::new(
        "noisy",
        Unit::Flag,
        "Whether the host was too busy, too unsteady or not at its usual speed. `gilsim compare` ignores such repetitions where \
         at least two others exist.",
    ),
    Column::new(
        "interpreter",
        Unit::Text,
        "The full version of CPython, such as `3.13.5`.",
    ),
    Column::new(
        "speed",
        Unit::Ratio,
        "How fast bytecode ran just before and after the repetition, on the CPU that was farthest from its usual speed: 1 is \
         usual. Empty where too few samples exist to tell.",
    ),
];

impl MeasuredRow {
    /// The same in the terms of simulated rows.
    pub fn row(&self) -> Row {
        Row {
            replications: self
                .repetitions
                .iter()
                .map(|repetition| repetition.replication.clone())
                .collect(),
            baseline: self
                .repetitions
                .iter()
                .map(|repetition| repetition.baseline)
                .collect(),
        }
    }

    /// The number of noisy repetitions.
    pub fn noisy(&self) -> usize {
        self.repetitions
            .iter()
            .filter(|repetition| repetition.noisy)
            .count()
    }

    fn spread(&self, configuration: &Configuration) -> [Value; 11] {
        let row = self.row();
        let each: Vec<Summary> = (0..row.replications.len())
            .map(|index| Summary::of_replication(configuration, &row, index))
            .collect();
        let done = each.iter().all(|summary| summary.status == Status::Done);
        let figures = |of: fn(&Summary) -> Option<f64>| -> [Value; 3] {
            let figures: Option<Vec<f64>> = each.iter().map(of).collect();
            let figures = figures.filter(|_| done).unwrap_or_default();
            [
                figures.iter().copied().min_by(f64::total_cmp).into(),
                median(&figures).into(),
                figures.iter().copied().max_by(f64::total_cmp).into(),
            ]
        };
        let [a, b, c] = figures(|summary| Some(summary.makespan?.mean));
        let [d, e, f] = figures(|summary| Some(summary.speedup?.mean));
        let [g, h, i] = figures(|summary| Some(summary.throughput?.mean));
        let noisy = Value::Integer(self.noisy() as u64);
        [a, b, c, d, e, f, g, h, i, noisy, self.release.as_str().into()]
    }
}

impl Measured {
    /// The configuration of a row.
    pub fn configuration(&self, row: &MeasuredRow) -> &Configuration {
        &self.scenario.configurations[row.configuration]
    }

    /// `measured.csv`: a row for each configuration, with the columns of `results.csv` and then those of `SPREAD`.
    pub fn sheet(&self) -> Sheet {
        let paths = identity::swept_paths(&self.scenario.configurations);
        let rows = self.rows.iter().map(|measured| {
            let configuration = self.configuration(measured);
            let summary = Summary::of(configuration, &measured.row());
            let mut values = identity_values(&self.scenario, configuration, &paths);
            values.extend(FIGURES.iter().map(|figure| figure_of(figure, &summary)));
            values.extend(measured.spread(configuration));
            values
        });
        let rows = rows.collect();
        let columns = FIGURES.iter().map(|figure| figure.column).chain(SPREAD);
        Sheet::new(identity_columns(&paths), columns, rows)
    }

    /// `repetitions.csv`: a row for each configuration and repetition, with the columns of `replications.csv` and then those
    /// of `REPETITION`.
    pub fn repetitions_sheet(&self) -> Sheet {
        let paths = identity::swept_paths(&self.scenario.configurations);
        let mut rows = Vec::new();
        for measured in &self.rows {
            let configuration = self.configuration(measured);
            let row = measured.row();
            for (index, repetition) in measured.repetitions.iter().enumerate() {
                let summary = Summary::of_replication(configuration, &row, index);
                let mut values = identity_values(&self.scenario, configuration, &paths);
                values.push(Value::Integer(repetition.number));
                values.push(summary.status.word().into());
                values.extend(Figure::of_each().map(|figure| figure_of(figure, &summary)));
                values.push(Value::Integer(repetition.replication.items));
                values.push(Value::Number(repetition.replication.counted.as_secs_f64()));
                values.push(repetition.baseline.map(Nanos::as_secs_f64).into());
                values.push(Value::Number(repetition.drift));
                values.push(repetition.elsewhere.into());
                values.push(Value::Integer(repetition.noisy.into()));
                values.push(measured.release.as_str().into());
                values.push(repetition.speed.into());
                rows.push(values);
            }
        }
        Sheet::new(
            identity_columns(&paths),
            replication_columns().chain(REPETITION),
            rows,
        )
    }
}

fn figure_of(figure: &Figure, summary: &Summary) -> Value {
    if is_measured(figure.column.name) {
        figure.of(summary)
    } else {
        Value::Empty
    }
}

pub(crate) fn is_measured(column: &str) -> bool {
    !NOT_MEASURED.contains(&column) && !ACTIVITIES.contains(&column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::made_up;

    #[test]
    fn every_row_has_a_value_for_every_column_and_none_for_what_is_not_measured() {
        let measured = made_up::measured(&made_up::runs_only(), |_, _| 1.1);
        for sheet in [measured.sheet(), measured.repetitions_sheet()] {
            assert!(sheet.rows.iter().all(|row| row.len() == sheet.columns.len()));
            for (column, name) in sheet.columns.iter().enumerate() {
                let empty = sheet.rows.iter().all(|row| row[column] == Value::Empty);
                if !is_measured(name) {
                    assert!(empty, "{name}");
                }
            }
        }
        assert_eq!(
            measured.repetitions_sheet().rows.len(),
            10 * measured.sheet().rows.len()
        );
    }

    #[test]
    fn the_spread_is_that_of_the_repetitions() {
        let factors = [1.0, 3.0, 2.0];
        let results = made_up::Maker::new("spread")
            .replications(3)
            .run(
                "threads",
                crate::scenario::ThreadPerTask.into(),
                &[],
                1.0,
                Some(2.0),
            )
            .make();
        let mut measured = made_up::measured(&results, |_, _| 1.0);
        for (repetition, factor) in measured.rows[0].repetitions.iter_mut().zip(factors) {
            repetition.replication.makespan = Nanos((1e9 * factor) as u64);
            repetition.baseline = Some(Nanos::from_secs(6));
        }
        let sheet = measured.sheet();
        let cell = |name: &str| {
            let column = sheet.columns.iter().position(|column| column == name);
            sheet.rows[0][column.unwrap()].clone()
        };
        for (name, figure) in [
            ("makespan_min_s", 1.0),
            ("makespan_median_s", 2.0),
            ("makespan_max_s", 3.0),
            ("speedup_min", 2.0),
            ("speedup_median", 3.0),
            ("speedup_max", 6.0),
        ] {
            assert_eq!(cell(name), Value::Number(figure), "{name}");
        }
    }
}
