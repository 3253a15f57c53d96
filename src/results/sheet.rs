//! The tables that are written to files and printed: `results.csv` and `replications.csv`, and what all tables share.

use crate::results::column::{Column, Unit};
use crate::results::figures::{FIGURES, Figure};
use crate::results::identity;
use crate::results::summary::Summary;
use crate::results::{Results, Value};
use crate::scenario::{Configuration, Scenario};

/// A table as it is written: every row has a value for every column.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// Unique names.
    pub columns: Vec<String>,
    /// In the scenario's order.
    pub rows: Vec<Vec<Value>>,
}

/// The columns that tell the configurations apart, before the swept settings.
pub(crate) const IDENTITY: [Column; 7] = [
    Column::new(
        "scenario",
        Unit::Text,
        "The name of the scenario file without `.toml`.",
    ),
    Column::new("run", Unit::Text, "The name of the `[[run]]`."),
    Column::new("executor", Unit::Text, "The `executor` of the run."),
    Column::new(
        "start_method",
        Unit::Text,
        "How worker processes are started. Empty where there are none.",
    ),
    Column::new("cores", Unit::Count, "Physical cores of the machine."),
    Column::new(
        "workers",
        Unit::Count,
        "Worker threads, processes or interpreters; a server's threads; the items that an event loop works on at a time. Empty \
         where no number is set.",
    ),
    Column::new(
        "chunksize",
        Unit::Count,
        "Items that are sent to a worker in one call, or `default` where `multiprocessing.Pool` decides. Empty where items are \
         sent one by one.",
    ),
];

/// The columns of `replications.csv` between those that tell the configurations apart and the figures.
pub(crate) const REPLICATION: [Column; 2] = [
    Column::new(
        "replication",
        Unit::Count,
        "The number of the replication, counted from 0. The same number means the same random times in all configurations, and \
         in measurements.",
    ),
    Column::new("status", Unit::Text, "How it ended: one of the words below."),
];

/// The last columns of `replications.csv`: what throughput and speedup are computed from.
pub(crate) const COUNTED: [Column; 3] = [
    Column::new(
        "items",
        Unit::Count,
        "Items done, or requests with a reply within the duration that counts.",
    ),
    Column::new(
        "counted_s",
        Unit::Seconds,
        "The time over which `items` were counted: the makespan, or the `duration` of the requests.",
    ),
    Column::new(
        "baseline_s",
        Unit::Seconds,
        "The makespan of the baseline: a sequential run of the same work on the same machine. Empty where there is none.",
    ),
];

impl Sheet {
    /// A table with these columns: first those that tell its rows apart, then those with a documented meaning.
    pub(crate) fn new<'a>(
        identity: impl IntoIterator<Item = &'a str>,
        columns: impl IntoIterator<Item = Column>,
        rows: Vec<Vec<Value>>,
    ) -> Self {
        let named = columns.into_iter().map(|column| column.name);
        Self {
            columns: identity.into_iter().chain(named).map(str::to_owned).collect(),
            rows,
        }
    }
}

impl Results {
    /// `results.csv`: a row for each configuration.
    pub fn sheet(&self) -> Sheet {
        let paths = identity::swept_paths(&self.scenario.configurations);
        let configurations = self.scenario.configurations.iter().zip(&self.rows);
        let rows = configurations.map(|(configuration, row)| {
            let summary = Summary::of(configuration, row);
            let mut values = identity_values(&self.scenario, configuration, &paths);
            values.extend(FIGURES.iter().map(|figure| figure.of(&summary)));
            values
        });
        let rows = rows.collect();
        Sheet::new(
            identity_columns(&paths),
            FIGURES.map(|figure| figure.column),
            rows,
        )
    }

    /// `replications.csv`: a row for each configuration and replication, with the figures of `results.csv` that a single
    /// replication has.
    pub fn replications_sheet(&self) -> Sheet {
        let paths = identity::swept_paths(&self.scenario.configurations);
        let mut rows = Vec::new();
        for (configuration, row) in self.scenario.configurations.iter().zip(&self.rows) {
            for (index, replication) in row.replications.iter().enumerate() {
                let summary = Summary::of_replication(configuration, row, index);
                let baseline = row.baseline.get(index).copied().flatten();
                let mut values = identity_values(&self.scenario, configuration, &paths);
                values.push(Value::Integer(index as u64));
                values.push(summary.status.word().into());
                values.extend(Figure::of_each().map(|figure| figure.of(&summary)));
                values.push(Value::Integer(replication.items));
                values.push(Value::Number(replication.counted.as_secs_f64()));
                values.push(baseline.map(|baseline| baseline.as_secs_f64()).into());
                rows.push(values);
            }
        }
        Sheet::new(identity_columns(&paths), replication_columns(), rows)
    }
}

/// The columns of `replications.csv` after those that tell the configurations apart.
pub(crate) fn replication_columns() -> impl Iterator<Item = Column> {
    let figures = Figure::of_each().map(|figure| figure.column);
    REPLICATION.into_iter().chain(figures).chain(COUNTED)
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
        .map(|column| column.name)
        .chain(paths.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Status, made_up};
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
