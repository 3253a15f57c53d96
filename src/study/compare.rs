//! Simulated figures beside those that were measured on the real interpreter, configuration by configuration.
//!
//! Repetition r of a measurement does the same work as replication r of the simulation. So each measured figure is compared
//! with the simulated one that has the same random times, and the random times contribute neither to error nor to spread.
//! Where all replications have the same work (they have the same critical path), each repetition is compared with the median
//! of all replications.

mod table;

use thiserror::Error;

use super::choices::{Choice, choices};
use crate::results::statistics::{Interval, mean, median};
use crate::results::{Sheet, Value};
use table::{Group, Table};

/// The figures that are compared: of work with a count, and of work with a duration.
const OF_COUNTED: [&str; 2] = ["makespan_s", "speedup"];
const OF_TIMED: [&str; 3] = ["throughput_per_s", "latency_mean_s", "latency_p99_s"];

/// A single quiet repetition has no spread.
const FEWEST_QUIET: usize = 2;

/// A comparison of simulated with measured results.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Names of the columns that say which configuration it is, `scenario` first.
    pub identity: Vec<String>,
    /// One for each configuration that was measured, in the order of the measurement.
    pub rows: Vec<ComparedRow>,
    /// The cost of following the simulation, for each sweep.
    pub choices: Vec<Choice>,
}

/// One configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparedRow {
    /// Its values in the identity columns.
    pub identity: Vec<Value>,
    /// Each figure that both sides have: makespan or throughput first.
    pub figures: Vec<Compared>,
    /// Repetitions that both sides have, and that count.
    pub repetitions: usize,
    /// How many of these are noisy. Noisy ones only count where fewer than two others exist.
    pub noisy: usize,
    /// Why there is nothing to compare; empty where there is.
    pub remark: String,
}

/// One figure of one configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// The column of `results.csv`.
    pub figure: &'static str,
    /// Median over those replications that were measured as well.
    pub simulated: f64,
    /// Median over repetitions.
    pub measured: f64,
    /// Least and largest repetition.
    pub range: Interval,
    /// (simulated - measured) / measured, in the median over repetitions.
    pub error: f64,
    /// The distance from the median repetition to the one farthest from it, as a fraction, each in units of the simulated
    /// figure with the same random times: the uncertainty of the measurement itself.
    pub spread: f64,
}

/// The errors of one figure over all configurations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accuracy {
    /// Configurations that have the figure.
    pub configurations: usize,
    /// Median of the absolute errors.
    pub median: f64,
    /// 90th percentile of the absolute errors, by nearest rank.
    pub p90: f64,
    /// Configurations whose error is no larger than the spread of their own measurement.
    pub within_spread: usize,
}

/// Why nothing can be compared.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CompareError {
    /// A table without a column that is needed.
    #[error("{table} has no column `{column}`\nuse a folder that `gilsim {verb}` of this version wrote")]
    NoColumn {
        /// Which of the two.
        table: &'static str,
        /// The column.
        column: String,
        /// What makes such tables.
        verb: &'static str,
    },
    /// Tables of different sweeps.
    #[error(
        "the two results have different sweeps: simulated over {simulated}, measured over {measured}\nuse the same scenario \
         and the same --set options for `run` and `measure`"
    )]
    OtherSweep {
        /// Columns of the simulation.
        simulated: String,
        /// Columns of the measurement.
        measured: String,
    },
    /// No configuration is in both.
    #[error(
        "the two results have no configuration in common\nuse the same scenario and the same --set options for `run` and `measure`"
    )]
    NothingInCommon,
}

/// Compares `repetitions.csv` with `replications.csv`.
///
/// # Errors
/// They are not such tables, they have different sweeps, or they have no configuration in common.
pub fn compare(replications: &Sheet, repetitions: &Sheet) -> Result<Comparison, CompareError> {
    let simulated_sheet = Table::of(replications, "replications.csv", "run")?;
    let measured_sheet = Table::of(repetitions, "repetitions.csv", "measure")?;
    if simulated_sheet.identity() != measured_sheet.identity() {
        return Err(CompareError::OtherSweep {
            simulated: simulated_sheet.identity().join(", "),
            measured: measured_sheet.identity().join(", "),
        });
    }
    let simulated = simulated_sheet.groups();
    let mut rows = Vec::new();
    for measured in measured_sheet.groups() {
        if let Some(simulated) = simulated
            .iter()
            .find(|group| alike(group.identity, measured.identity))
        {
            rows.push(compared_row(
                &simulated_sheet,
                simulated,
                &measured_sheet,
                &measured,
            ));
        }
    }
    if rows.is_empty() {
        return Err(CompareError::NothingInCommon);
    }
    let identity = measured_sheet.identity().to_vec();
    Ok(Comparison {
        choices: choices(&identity, &rows),
        identity,
        rows,
    })
}

/// Whether values are written in the same way.
pub fn alike(one: &[Value], other: &[Value]) -> bool {
    let shown = |values: &[Value]| values.iter().map(Value::to_string).collect::<Vec<_>>();
    shown(one) == shown(other)
}

fn compared_row(
    simulated_sheet: &Table,
    simulated: &Group,
    measured_sheet: &Table,
    measured: &Group,
) -> ComparedRow {
    let all_done = |table: &Table, group: &Group| group.rows.iter().all(|row| table.is_done(row));
    let remark = if !all_done(measured_sheet, measured) {
        "the measurement did not end"
    } else if !all_done(simulated_sheet, simulated) {
        "the simulation did not end"
    } else {
        ""
    };
    let same_work = simulated.rows.len() == 1 || simulated_sheet.is_same(&simulated.rows, "critical_path_s");
    let mut pairs = pairs(simulated_sheet, simulated, measured_sheet, measured, same_work);
    let is_noisy = |measured: &[Value]| measured_sheet.number(measured, "noisy") == Some(1.0);
    let quiet = pairs.iter().filter(|(_, measured)| !is_noisy(measured));
    if quiet.count() >= FEWEST_QUIET {
        pairs.retain(|(_, measured)| !is_noisy(measured));
    }
    let noisy = pairs.iter().filter(|(_, measured)| is_noisy(measured)).count();
    let is_counted = simulated
        .rows
        .iter()
        .any(|row| simulated_sheet.number(row, "speedup").is_some());
    let figures: &[&'static str] = if is_counted { &OF_COUNTED } else { &OF_TIMED };
    let compared = figures.iter().filter_map(|figure| {
        // These replications differ only in the winners of races, so none of them belongs to a repetition.
        let of_all = same_work
            .then(|| simulated_sheet.median(&simulated.rows, figure))
            .flatten();
        let both = pairs.iter().map(|(simulated, measured)| {
            Some((
                of_all.or_else(|| simulated_sheet.number(simulated, figure))?,
                measured_sheet.number(measured, figure)?,
            ))
        });
        compared(figure, &both.collect::<Option<Vec<_>>>()?)
    });
    let figures: Vec<Compared> = if remark.is_empty() {
        compared.collect()
    } else {
        Vec::new()
    };
    let nothing = remark.is_empty() && figures.is_empty();
    ComparedRow {
        identity: measured.identity.to_vec(),
        figures,
        repetitions: pairs.len(),
        noisy,
        remark: if nothing {
            "no replication in common"
        } else {
            remark
        }
        .to_owned(),
    }
}

/// Each repetition with the replication that has its draws; where all have the same work, with any.
fn pairs<'s>(
    simulated_sheet: &Table,
    simulated: &Group<'s>,
    measured_sheet: &Table,
    measured: &Group<'s>,
    same_work: bool,
) -> Vec<(&'s [Value], &'s [Value])> {
    let of_number = |number: Option<f64>| {
        let suits = |row: &&&[Value]| same_work || simulated_sheet.number(row, "replication") == number;
        simulated.rows.iter().find(suits).copied()
    };
    measured
        .rows
        .iter()
        .filter_map(|row| Some((of_number(measured_sheet.number(row, "replication"))?, *row)))
        .collect()
}

/// One figure from pairs of simulated and measured; `None` where there are none, or one is zero.
fn compared(figure: &'static str, pairs: &[(f64, f64)]) -> Option<Compared> {
    if pairs
        .iter()
        .any(|(simulated, measured)| *simulated <= 0.0 || *measured <= 0.0)
    {
        return None;
    }
    let ratios: Vec<f64> = pairs
        .iter()
        .map(|(simulated, measured)| measured / simulated)
        .collect();
    let measured: Vec<f64> = pairs.iter().map(|(_, measured)| *measured).collect();
    let simulated: Vec<f64> = pairs.iter().map(|(simulated, _)| *simulated).collect();
    let ratio = median(&ratios)?;
    let off = |other: &f64| (other / ratio - 1.0).abs();
    Some(Compared {
        figure,
        simulated: median(&simulated)?,
        measured: median(&measured)?,
        range: Interval {
            low: measured.iter().copied().min_by(f64::total_cmp)?,
            high: measured.iter().copied().max_by(f64::total_cmp)?,
        },
        error: 1.0 / ratio - 1.0,
        spread: ratios.iter().map(off).max_by(f64::total_cmp)?,
    })
}

impl ComparedRow {
    /// Makespan or throughput.
    pub fn main(&self) -> Option<&Compared> {
        self.figures.first()
    }
}

impl Comparison {
    /// The figures that any row has, in order.
    pub fn figures(&self) -> Vec<&'static str> {
        let all = OF_COUNTED.into_iter().chain(OF_TIMED);
        all.filter(|figure| self.of(figure).next().is_some()).collect()
    }

    /// One figure of all rows that have it.
    pub fn of<'c>(&'c self, figure: &'c str) -> impl Iterator<Item = &'c Compared> {
        self.rows
            .iter()
            .filter_map(move |row| row.figures.iter().find(|compared| compared.figure == figure))
    }

    /// How far one figure is off over all configurations; `None` where no row has it.
    pub fn accuracy(&self, figure: &str) -> Option<Accuracy> {
        Accuracy::of(self.of(figure))
    }

    /// The same of makespan and throughput together.
    pub fn main_accuracy(&self) -> Option<Accuracy> {
        Accuracy::of(self.rows.iter().filter_map(ComparedRow::main))
    }

    /// Share of sweeps whose simulated winner is the real one, or within its spread; `None` without sweeps.
    pub fn right_choices(&self) -> Option<f64> {
        let right: Vec<f64> = self
            .choices
            .iter()
            .map(|choice| f64::from(u8::from(choice.right)))
            .collect();
        mean(&right)
    }

    /// The largest regret of all sweeps.
    pub fn largest_regret(&self) -> Option<f64> {
        self.choices
            .iter()
            .map(|choice| choice.regret)
            .max_by(f64::total_cmp)
    }

    /// The mean cost of following the simulation over all sweeps.
    pub fn mean_regret(&self) -> Option<f64> {
        mean(
            &self
                .choices
                .iter()
                .map(|choice| choice.regret)
                .collect::<Vec<_>>(),
        )
    }
}

impl Accuracy {
    /// Of one figure of many configurations; `None` of none.
    pub fn of<'c>(compared: impl Iterator<Item = &'c Compared>) -> Option<Self> {
        let all: Vec<&Compared> = compared.collect();
        let mut errors: Vec<f64> = all.iter().map(|compared| compared.error.abs()).collect();
        errors.sort_by(f64::total_cmp);
        Some(Self {
            configurations: all.len(),
            median: median(&errors)?,
            p90: errors[(errors.len() * 9).div_ceil(10) - 1],
            within_spread: all
                .iter()
                .filter(|compared| compared.error.abs() <= compared.spread)
                .count(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::made_up::{self, Maker};
    use crate::scenario::{self, Executor};

    fn comparison(factor: impl Fn(usize, usize) -> f64) -> Comparison {
        let results = made_up::runs_only();
        let measured = made_up::measured(&results, factor);
        compare(&results.replications_sheet(), &measured.repetitions_sheet()).unwrap()
    }

    fn close(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-6
    }

    #[test]
    fn what_the_draws_make_of_a_makespan_is_neither_error_nor_spread() {
        // Replications differ by 6 %, and every repetition takes a quarter longer than its replication.
        let comparison = comparison(|_, _| 1.25);
        for row in &comparison.rows {
            let makespan = row.main().unwrap();
            assert_eq!(makespan.figure, "makespan_s");
            assert!(
                close(makespan.error, -0.2) && makespan.spread < 1e-6,
                "{makespan:?}"
            );
        }
        let accuracy = comparison.accuracy("makespan_s").unwrap();
        assert_eq!((accuracy.configurations, accuracy.within_spread), (5, 0));
        assert!(close(accuracy.median, 0.2) && close(accuracy.p90, 0.2));
    }

    #[test]
    fn the_spread_is_how_far_the_farthest_repetition_is_off() {
        let comparison = comparison(|_, repetition| if repetition == 3 { 1.3 } else { 1.0 });
        let makespan = comparison.rows[0].main().unwrap();
        assert!(
            close(makespan.spread, 0.3) && close(makespan.error, 0.0),
            "{makespan:?}"
        );
        assert_eq!(comparison.accuracy("makespan_s").unwrap().within_spread, 5);
    }

    #[test]
    fn the_90th_percentile_is_by_nearest_rank() {
        let comparison = comparison(|row, _| 1.0 / (1.0 + 0.01 * row as f64));
        let accuracy = comparison.accuracy("makespan_s").unwrap();
        assert!(
            close(accuracy.median, 0.02) && close(accuracy.p90, 0.04),
            "{accuracy:?}"
        );
    }

    #[test]
    fn a_speedup_errs_the_other_way_round() {
        let speedup = comparison(|_, _| 1.25).of("speedup").next().unwrap().error;
        assert!(close(speedup, 0.25), "{speedup}");
    }

    #[test]
    fn work_with_a_duration_is_compared_by_throughput() {
        let results = made_up::echo();
        let measured = made_up::measured(&results, |_, _| 2.0);
        let comparison = compare(&results.replications_sheet(), &measured.repetitions_sheet()).unwrap();
        assert_eq!(comparison.rows.len(), 20);
        let throughput = comparison.rows[0].main().unwrap();
        assert_eq!(throughput.figure, "throughput_per_s");
        assert!(close(throughput.error, 1.0), "{throughput:?}");
        assert!(comparison.accuracy("makespan_s").is_none());
    }

    #[test]
    fn repetitions_without_a_replication_of_their_number_are_left_out() {
        let few = Maker::new("some").replications(2).run(
            "threads",
            Executor::ThreadPerTask(scenario::ThreadPerTask),
            &[],
            1.0,
            Some(2.0),
        );
        let many = Maker::new("some").replications(5).run(
            "threads",
            Executor::ThreadPerTask(scenario::ThreadPerTask),
            &[],
            1.0,
            Some(2.0),
        );
        let measured = made_up::measured(&many.make(), |_, _| 1.0);
        let comparison = compare(&few.make().replications_sheet(), &measured.repetitions_sheet()).unwrap();
        assert_eq!(comparison.rows[0].repetitions, 2);
    }

    #[test]
    fn the_same_work_is_held_against_the_median_of_all_replications() {
        let results = made_up::runs_only();
        let measured = made_up::measured(&results, |_, _| 1.0);
        let mut replications = results.replications_sheet();
        let column = replications.column("critical_path_s").unwrap();
        for row in &mut replications.rows {
            row[column] = Value::from(Some(0.025));
        }
        let comparison = compare(&replications, &measured.repetitions_sheet()).unwrap();
        let compared = comparison.rows[0].main().unwrap();
        // Each repetition is as long as its replication, but not as the median of them.
        assert!(compared.error.abs() < 1e-6);
        assert!(compared.spread > 0.01, "{}", compared.spread);
    }

    #[test]
    fn noisy_repetitions_count_only_where_there_are_no_two_others() {
        let results = made_up::runs_only();
        let mut measured =
            made_up::measured(&results, |_, repetition| if repetition == 3 { 9.0 } else { 1.0 });
        measured.rows[0].repetitions[3].noisy = true;
        measured.rows[1]
            .repetitions
            .iter_mut()
            .for_each(|repetition| repetition.noisy = true);
        let comparison = compare(&results.replications_sheet(), &measured.repetitions_sheet()).unwrap();
        let [quiet, noisy, ..] = &comparison.rows[..] else {
            panic!("five rows")
        };
        assert_eq!((quiet.repetitions, quiet.noisy), (9, 0));
        assert!(quiet.main().unwrap().spread < 1e-6);
        assert_eq!((noisy.repetitions, noisy.noisy), (10, 10));
        assert!(noisy.main().unwrap().spread > 1.0);
        // A single quiet one would have no spread.
        measured.rows[1].repetitions[5].noisy = false;
        let comparison = compare(&results.replications_sheet(), &measured.repetitions_sheet()).unwrap();
        assert_eq!(
            (comparison.rows[1].repetitions, comparison.rows[1].noisy),
            (10, 9)
        );
    }

    #[test]
    fn tables_of_other_sweeps_are_refused() {
        let measured = made_up::measured(&made_up::runs_only(), |_, _| 1.0);
        let repetitions = measured.repetitions_sheet();
        let other = made_up::echo().replications_sheet();
        let error = compare(&other, &repetitions).unwrap_err();
        assert!(matches!(error, CompareError::OtherSweep { .. }), "{error}");
        let elsewhere = made_up::quickstart().replications_sheet();
        assert_eq!(
            compare(&elsewhere, &repetitions),
            Err(CompareError::NothingInCommon)
        );
        let plain = made_up::runs_only().sheet();
        let error = compare(&plain, &repetitions).unwrap_err().to_string();
        assert_eq!(
            error,
            "replications.csv has no column `replication`\nuse a folder that `gilsim run` of this version wrote"
        );
    }

    #[test]
    fn what_did_not_end_is_no_error_of_the_prediction() {
        let results = made_up::runs_only();
        let mut measured = made_up::measured(&results, |_, _| 1.0);
        measured.rows[1].repetitions[0].replication.status = crate::results::Status::Limit;
        let comparison = compare(&results.replications_sheet(), &measured.repetitions_sheet()).unwrap();
        assert_eq!(comparison.rows[1].remark, "the measurement did not end");
        assert_eq!(comparison.accuracy("makespan_s").unwrap().configurations, 4);
    }
}
