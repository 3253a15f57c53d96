//! Bounds that keep every sum of the simulation within its integers, and every run within a lifetime.

use crate::input::{Complaint, Reader, grouped};
use crate::random::Distribution;

use super::super::format::{LONGEST, MOST_THREADS};
use super::super::{Demand, Executor, Step};
use super::task::Task;

/// What steps amount to. Saturating: only compared with bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Expected time, ns.
    time: u128,
    /// Steps taken.
    steps: u128,
}

/// All items together: twice [`LONGEST`], and still below 2^64 in units of 1/1024 ns.
const MOST_TIME: u128 = 2 * LONGEST.0 as u128;
/// At ten million a second these take a quarter of an hour per replication.
const MOST_STEPS: u128 = 10_000_000_000;

impl Work {
    fn plus(self, other: Self) -> Self {
        Self {
            time: self.time.saturating_add(other.time),
            steps: self.steps.saturating_add(other.steps),
        }
    }

    fn times(self, times: u64) -> Self {
        let times = u128::from(times);
        Self {
            time: self.time.saturating_mul(times),
            steps: self.steps.saturating_mul(times),
        }
    }

    /// Why this is too much, if it is.
    pub fn excess(self) -> Option<String> {
        if self.time > MOST_TIME {
            return Some("more than 200 days of work".to_owned());
        }
        (self.steps > MOST_STEPS).then(|| format!("more than {} steps", grouped(MOST_STEPS as u64)))
    }
}

/// The expected time of all steps, and their number.
pub fn work(steps: &[Step]) -> Work {
    steps.iter().fold(Work::default(), |sum, step| {
        sum.plus(match step {
            Step::Io(time) | Step::Python(time) | Step::Native { time, .. } => Work {
                time: expected(time),
                steps: 1,
            },
            Step::Lock { steps, .. } => work(steps).plus(Work { time: 0, steps: 1 }),
            Step::Repeat { times, steps } => work(steps).times(*times),
        })
    })
}

/// The mean, ns; the longest where the samples are bounded. What never ends is not work that adds up: 0.
pub fn expected(time: &Distribution) -> u128 {
    match time {
        Distribution::Constant(time) => u128::from(time.0),
        Distribution::Forever => 0,
        Distribution::Uniform { max, .. } => u128::from(max.0),
        Distribution::Exponential { mean }
        | Distribution::Normal { mean, .. }
        | Distribution::LogNormal { mean, .. }
        | Distribution::Gamma { mean, .. } => u128::from(mean.0),
        Distribution::Pareto { min, shape } => (min.0 as f64 * shape / (shape - 1.0)) as u128,
        Distribution::Empirical(values) => values.iter().map(|value| u128::from(value.0)).max().unwrap_or(0),
    }
}

/// Complains where a configuration amounts to too much.
pub fn check(scenario: &Reader<'_>, run: &Reader<'_>, tasks: &[Task<'_>], executor: Option<&Executor>) {
    let complaints = scenario.reading.complaints;
    let mut sum = Work::default();
    let mut items = 0u64;
    for task in tasks {
        let count = match task.group.demand {
            Demand::Count(count) => count,
            Demand::Clients { .. } => 1,
        };
        items = items.saturating_add(count);
        sum = sum.plus(work(&task.group.steps).times(count));
        if let Some(why) = sum.excess() {
            let complaint = Complaint::at(
                task.demand_place(),
                format!("this is too much to simulate: {why}"),
            )
            .label(format!(
                "{} items, with those of the groups before",
                grouped(items)
            ))
            .help("take fewer items, or shorter steps");
            return complaints.add(complaint);
        }
    }
    let at_once = matches!(
        executor,
        Some(Executor::ThreadPerTask | Executor::ProcessPerTask { .. })
    );
    if at_once && items > MOST_THREADS {
        let title = format!(
            "{} threads or processes at once; at most {}",
            grouped(items),
            grouped(MOST_THREADS)
        );
        complaints.add(
            Complaint::at(run.value_place("executor"), title)
                .label("one for each item")
                .help("take fewer items, or an executor with `workers`"),
        );
    }
}
