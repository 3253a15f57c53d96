//! The columns of `results.csv` and `replications.csv`: one documented schema for every format they are
//! written in. Columns are only ever added.

use crate::results::identity;
use crate::results::statistics::Estimate;
use crate::results::summary::{ACTIVITIES, Summary};
use crate::results::{Results, Status, Value};
use crate::scenario::{Configuration, Scenario};

/// A table as it is written: every row has a value for every column.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// Unique names.
    pub columns: Vec<String>,
    /// In the scenario's order.
    pub rows: Vec<Vec<Value>>,
}

/// A figure of `results.csv`.
#[derive(Clone, Copy)]
pub struct Figure {
    /// The column's name; its ending is its unit.
    pub column: &'static str,
    /// What it says, for documentation.
    pub meaning: &'static str,
    /// Says something only of several replications, so `replications.csv` has no such column.
    over_replications: bool,
    of: fn(&Summary) -> Value,
}

/// The identity columns of `results.csv` before the swept paths, with their meaning.
pub const IDENTITY: [(&str, &str); 7] = [
    ("scenario", "the scenario file's name without `.toml`"),
    ("run", "the name of the `[[run]]`"),
    ("executor", "what spreads the tasks over threads and processes"),
    (
        "start_method",
        "how worker processes come to be; empty where there are none",
    ),
    ("cores", "physical cores"),
    (
        "workers",
        "worker threads or processes, a server's threads; empty where no number is set",
    ),
    (
        "chunksize",
        "items per call sent to a worker; empty where they are sent one by one",
    ),
];

/// The figures of `results.csv`, in its order, after the identity columns and one column per swept path.
pub const FIGURES: [Figure; 32] = [
    over_replications(
        "status",
        "the worst replication: `done`, `limit`, `broken`, `crashed`, `out-of-memory` or `deadlock`",
        |s| s.status.name().into(),
    ),
    each(
        "detail",
        "who waits for what, or who died, where the status is not `done`",
        |s| s.detail.as_str().into(),
    ),
    over_replications("replications", "how many were simulated", |s| {
        Value::Integer(s.replications)
    }),
    each(
        "makespan_s",
        "mean time until the last result is in the caller's hands; empty unless done",
        |s| s.makespan.map(|makespan| makespan.mean).into(),
    ),
    over_replications(
        "makespan_ci95_low_s",
        "95 % confidence interval of the mean makespan",
        |s| low(s.makespan),
    ),
    over_replications("makespan_ci95_high_s", "its upper bound", |s| high(s.makespan)),
    each(
        "speedup",
        "mean of makespan of the implied sequential run over this makespan",
        |s| s.speedup.map(|speedup| speedup.mean).into(),
    ),
    over_replications(
        "speedup_ci95_low",
        "95 % confidence interval of the mean speedup",
        |s| low(s.speedup),
    ),
    over_replications("speedup_ci95_high", "its upper bound", |s| high(s.speedup)),
    each("efficiency", "speedup over physical cores", |s| {
        s.efficiency.into()
    }),
    each("throughput_per_s", "items or requests per second", |s| {
        s.throughput.map(|rate| rate.mean).into()
    }),
    each(
        "latency_mean_s",
        "from submission or request to the result; mean over replications",
        |s| s.latency.map(|latency| latency.mean).into(),
    ),
    each("latency_p50_s", "median latency, mean over replications", |s| {
        s.latency.map(|latency| latency.p50).into()
    }),
    each("latency_p95_s", "95th percentile likewise", |s| {
        s.latency.map(|latency| latency.p95).into()
    }),
    each("latency_p99_s", "99th percentile likewise", |s| {
        s.latency.map(|latency| latency.p99).into()
    }),
    each(
        ACTIVITIES[0],
        "share of the workers' time on a core, doing the task's own work",
        |s| share(s, 0),
    ),
    each(
        ACTIVITIES[1],
        "share spent waiting for the interpreter lock or a lock of the scenario",
        |s| share(s, 1),
    ),
    each(
        ACTIVITIES[2],
        "share ready to run while every core was taken",
        |s| share(s, 2),
    ),
    each(ACTIVITIES[3], "share in `io` steps", |s| share(s, 3)),
    each(ACTIVITIES[4], "share pickling and unpickling", |s| share(s, 4)),
    each(ACTIVITIES[5], "share moving bytes and handing over work", |s| {
        share(s, 5)
    }),
    each(
        ACTIVITIES[6],
        "share being created, importing, running the initializer",
        |s| share(s, 6),
    ),
    each(
        ACTIVITIES[7],
        "share waiting for work; these eight add up to 1",
        |s| share(s, 7),
    ),
    each(
        "parent_busy",
        "CPU time of the parent's own threads over the makespan",
        |s| s.parent_busy.into(),
    ),
    each(
        "parent_waiting_for_lock",
        "time these threads waited for the interpreter lock over the makespan",
        |s| s.parent_waiting_for_lock.into(),
    ),
    each(
        "switches",
        "times that a core went from one thread to another; mean over replications",
        |s| Value::Number(s.switches),
    ),
    each(
        "peak_memory_bytes",
        "most memory that all processes occupied together, each page counted once; largest of the replications",
        |s| Value::Integer(s.peak_memory.0),
    ),
    each(
        "teardown_s",
        "shutting the executor down, after the makespan; mean",
        |s| s.teardown.into(),
    ),
    each(
        "events",
        "events that the engine handled; mean over replications",
        |s| Value::Number(s.events),
    ),
    each(
        "critical_path_s",
        "longest chain of items that must follow each other, by their own work alone",
        |s| s.critical_path.into(),
    ),
    each(
        "lost_updates",
        "updates of shared state that others overwrote; mean over replications, empty where the scenario has none",
        |s| s.lost_updates.into(),
    ),
    each(
        "total_s",
        "makespan, shutting down, and letting go of the results; mean",
        |s| s.total.into(),
    ),
];

const fn each(column: &'static str, meaning: &'static str, of: fn(&Summary) -> Value) -> Figure {
    Figure {
        column,
        meaning,
        over_replications: false,
        of,
    }
}

const fn over_replications(column: &'static str, meaning: &'static str, of: fn(&Summary) -> Value) -> Figure {
    Figure {
        column,
        meaning,
        over_replications: true,
        of,
    }
}

fn low(estimate: Option<Estimate>) -> Value {
    estimate
        .and_then(|estimate| estimate.interval)
        .map(|interval| interval.low)
        .into()
}

fn high(estimate: Option<Estimate>) -> Value {
    estimate
        .and_then(|estimate| estimate.interval)
        .map(|interval| interval.high)
        .into()
}

fn share(summary: &Summary, activity: usize) -> Value {
    summary.shares.map(|shares| shares.0[activity]).into()
}

impl Figure {
    /// This figure of a row.
    pub fn of(&self, summary: &Summary) -> Value {
        (self.of)(summary)
    }

    /// Whether each replication has it.
    pub(super) fn is_of_each(&self) -> bool {
        !self.over_replications
    }

    /// The figure of that column; `None` if there is no such figure.
    pub fn named(column: &str) -> Option<&'static Self> {
        FIGURES.iter().find(|figure| figure.column == column)
    }

    /// Mean of this figure with its confidence interval, for the figures that have one.
    pub fn estimate(&self, summary: &Summary) -> Option<Estimate> {
        match self.column {
            "makespan_s" => summary.makespan,
            "speedup" => summary.speedup,
            "throughput_per_s" => summary.throughput,
            _ => self
                .of(summary)
                .number()
                .map(|mean| Estimate { mean, interval: None }),
        }
    }
}

impl Status {
    /// The word in results files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Limit => "limit",
            Self::Broken => "broken",
            Self::Crashed => "crashed",
            Self::OutOfMemory => "out-of-memory",
            Self::Deadlock => "deadlock",
            Self::Failed => "failed",
        }
    }
}

impl Results {
    /// `results.csv`: a row per configuration.
    pub fn sheet(&self) -> Sheet {
        let paths = identity::swept_paths(&self.scenario.configurations);
        let figures = FIGURES.iter().map(|figure| figure.column);
        let columns = identity_columns(&paths)
            .chain(figures)
            .map(str::to_owned)
            .collect();
        let rows = self
            .scenario
            .configurations
            .iter()
            .zip(&self.rows)
            .map(|(configuration, row)| {
                let summary = Summary::of(configuration, row);
                let mut values = identity_values(&self.scenario, configuration, &paths);
                values.extend(FIGURES.iter().map(|figure| figure.of(&summary)));
                values
            });
        Sheet {
            columns,
            rows: rows.collect(),
        }
    }

    /// `replications.csv`: a row per configuration and replication (counted from 0), with the same figures as
    /// far as one replication has them, and what they were computed from: `items`, `counted_s`, `baseline_s`.
    pub fn replications_sheet(&self) -> Sheet {
        let paths = identity::swept_paths(&self.scenario.configurations);
        let figures: Vec<&Figure> = FIGURES.iter().filter(|figure| figure.is_of_each()).collect();
        let columns = identity_columns(&paths)
            .chain(["replication", "status"])
            .chain(figures.iter().map(|figure| figure.column))
            .chain(["items", "counted_s", "baseline_s"])
            .map(str::to_owned)
            .collect();
        let mut rows = Vec::new();
        for (configuration, row) in self.scenario.configurations.iter().zip(&self.rows) {
            for (index, replication) in row.replications.iter().enumerate() {
                let summary = Summary::of_replication(configuration, row, index);
                let baseline = row.baseline.get(index).copied().flatten();
                let mut values = identity_values(&self.scenario, configuration, &paths);
                values.push(Value::Integer(index as u64));
                values.push(summary.status.name().into());
                values.extend(figures.iter().map(|figure| figure.of(&summary)));
                values.push(Value::Integer(replication.items));
                values.push(Value::Number(replication.counted.as_secs_f64()));
                values.push(baseline.map(|baseline| baseline.as_secs_f64()).into());
                rows.push(values);
            }
        }
        Sheet { columns, rows }
    }
}

/// What a configuration has in the columns of [`identity_columns`].
pub(super) fn identity_values(
    scenario: &Scenario,
    configuration: &Configuration,
    paths: &[&str],
) -> Vec<Value> {
    let mut values = vec![scenario.name.as_str().into()];
    values.extend(identity::columns(configuration).map(|(_, value)| value));
    values.extend(
        paths
            .iter()
            .map(|path| identity::swept_value(configuration, path)),
    );
    values
}

/// The columns that say which configuration a row is of.
pub(super) fn identity_columns<'a>(paths: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    IDENTITY
        .iter()
        .map(|(column, _)| *column)
        .chain(paths.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::made_up;
    use crate::scenario::{self, Executor};
    use crate::units::Nanos;

    #[test]
    fn every_row_has_a_value_for_every_column() {
        let results = made_up::quickstart();
        for sheet in [results.sheet(), results.replications_sheet()] {
            assert!(sheet.rows.iter().all(|row| row.len() == sheet.columns.len()));
        }
        assert_eq!(results.replications_sheet().rows.len(), results.rows.len() * 20);
    }

    #[test]
    fn shares_add_up_to_one() {
        for row in made_up::quickstart().sheet().rows {
            let first = IDENTITY.len() + 15;
            let sum: f64 = row[first..first + 8].iter().filter_map(Value::number).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{sum}");
        }
    }

    #[test]
    fn a_swept_path_with_a_column_of_its_own_gets_no_second_one() {
        let sheet = made_up::echo().sheet();
        let columns: Vec<&str> = sheet.columns.iter().map(String::as_str).collect();
        assert_eq!(
            columns[5..9],
            [
                "workers",
                "chunksize",
                "python.switch_interval",
                "background.busy.count"
            ]
        );
        assert!(
            !made_up::quickstart()
                .sheet()
                .columns
                .contains(&"machine.cores".to_owned())
        );
    }

    #[test]
    fn a_row_that_did_not_end_claims_no_makespan_but_tells_where_the_time_went() {
        let mut results = made_up::Maker::new("stuck")
            .run(
                "threads",
                Executor::Threads(scenario::Threads { workers: 2 }),
                &[],
                1.0,
                None,
            )
            .make();
        results.rows[0].replications[0].status = Status::Deadlock;
        results.rows[0].replications[0].detail = "worker 1 waits for lock a".to_owned();
        let summary = &results.summaries()[0];
        assert_eq!(
            (summary.makespan, summary.teardown, summary.status),
            (None, None, Status::Deadlock)
        );
        assert_eq!(summary.detail, "worker 1 waits for lock a");
        assert!(summary.shares.is_some());
    }

    #[test]
    fn speedup_is_taken_replication_by_replication() {
        let mut results = made_up::Maker::new("pairs")
            .replications(2)
            .run(
                "threads",
                Executor::Threads(scenario::Threads { workers: 2 }),
                &[],
                1.0,
                None,
            )
            .make();
        results.rows[0].baseline = vec![Some(Nanos::from_secs(2)), Some(Nanos::from_secs(9))];
        results.rows[0].replications[0].makespan = Nanos::from_secs(1);
        results.rows[0].replications[1].makespan = Nanos::from_secs(3);
        let speedup = results.summaries()[0].speedup.unwrap();
        assert_eq!(speedup.mean, 2.5); // not (2 + 9) / (1 + 3)
        assert_eq!(results.summaries()[0].efficiency, Some(2.5 / 4.0));
    }
}
