//! Limits that keep every sum of the simulation within its integers, and every simulation within a bearable time.

use crate::input::{Complaint, Reader};
use crate::random::Time;
use crate::units::{Nanos, grouped};

use super::super::format::{MOST_THREADS, REPLICATE};
use super::super::{Background, Demand, Executor, Step, fold};
use super::task::Task;

/// The amount of work in steps. The arithmetic saturates, because amounts are only compared with limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Expected time, ns.
    time: u128,
    /// The number of steps.
    steps: u128,
}

/// The longest time of all items together: twice [`Nanos::LONGEST`], which is below 2^64 in units of 1/1024 ns.
const MOST_TIME: u128 = 2 * Nanos::LONGEST.0 as u128;
/// The largest number of steps. At ten million per second they take a quarter of an hour per replication.
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

    /// Why this is too much work, or `None` if it is not.
    pub fn excess(self) -> Option<String> {
        if self.time > MOST_TIME {
            return Some("more than 200 days of work".to_owned());
        }
        (self.steps > MOST_STEPS).then(|| format!("more than {} steps", grouped(MOST_STEPS as u64)))
    }
}

/// The expected time of all steps, and their number. A repeat does not count as a step of its own.
pub fn work(steps: &[Step]) -> Work {
    fold(steps, Work::default(), &|sum: Work, step, inner: Work| {
        let own = Work {
            time: step.time().map_or(0, expected),
            steps: u128::from(!matches!(step, Step::Repeat { .. })),
        };
        sum.plus(own).plus(inner.times(step.times()))
    })
}

/// The longest sample, ns, where samples are bounded, else the mean. A time that never ends counts as 0, because it is
/// not work that adds up.
pub fn expected(time: &Time) -> u128 {
    match time {
        Time::Constant(time) => u128::from(time.0),
        Time::Forever => 0,
        Time::Uniform { max, .. } | Time::Triangular { max, .. } => u128::from(max.0),
        Time::Exponential { mean }
        | Time::Normal { mean, .. }
        | Time::LogNormal { mean, .. }
        | Time::Gamma { mean, .. } => u128::from(mean.0),
        Time::Pareto { min, shape } => (min.0 as f64 * shape / (shape - 1.0)) as u128,
        Time::Empirical(values) => values.iter().map(|value| u128::from(value.0)).max().unwrap_or(0),
        // By weight: a time that is rare does not make a scenario too long.
        Time::Mix(mix) => mix.mean_of(expected),
    }
}

/// The mean in ns.
pub fn mean(time: &Time) -> u128 {
    match time {
        Time::Uniform { min, max } => u128::from(min.0 + max.0) / 2,
        Time::Triangular { min, mode, max } => u128::from(min.0 + mode.0 + max.0) / 3,
        Time::Empirical(values) => {
            let sum: u128 = values.iter().map(|value| u128::from(value.0)).sum();
            sum / (values.len() as u128).max(1)
        }
        Time::Mix(mix) => mix.mean_of(mean),
        Time::Constant(_)
        | Time::Forever
        | Time::Exponential { .. }
        | Time::Normal { .. }
        | Time::LogNormal { .. }
        | Time::Gamma { .. }
        | Time::Pareto { .. } => expected(time),
    }
}

/// The parts of a configuration that limits apply to.
#[derive(Clone, Copy, Debug)]
pub struct Extent<'a, 't> {
    /// The scenario's table.
    pub scenario: &'a Reader<'t>,
    /// The run's table.
    pub run: &'a Reader<'t>,
    /// The groups of tasks.
    pub tasks: &'a [Task<'t>],
    /// The threads beside them.
    pub background: &'a [Background],
    /// What distributes the tasks over threads and processes.
    pub executor: &'a Executor,
}

impl Extent<'_, '_> {
    /// Refuses a configuration that is too large.
    pub fn check(&self) {
        self.check_work();
        self.check_threads_at_once();
        self.check_against_limit();
    }

    fn add(&self, complaint: Complaint) {
        self.scenario.reading.complaints.add(complaint);
    }

    fn items(&self) -> u64 {
        self.tasks.iter().map(count).fold(0, u64::saturating_add)
    }

    fn check_work(&self) {
        let mut sum = Work::default();
        for task in self.tasks {
            sum = sum.plus(work(&task.group.steps).times(count(task)));
            if let Some(why) = sum.excess() {
                let label = match task.never_ends() {
                    Some("clients") => "a single request of these clients".to_owned(),
                    _ => format!("{} items, together with the groups above", grouped(count(task))),
                };
                let complaint = Complaint::at(
                    task.demand_place(),
                    format!("this is too much to simulate: {why}"),
                )
                .label(label)
                .help("use fewer items, or shorter steps");
                return self.add(complaint);
            }
        }
    }

    fn check_threads_at_once(&self) {
        // Where their number is an option, it has this bound already.
        let threads = self.executor.threads_at_once(self.items());
        if threads > MOST_THREADS {
            let title = format!(
                "{} threads or processes at once; at most {}",
                grouped(threads),
                grouped(MOST_THREADS)
            );
            self.add(
                Complaint::at(self.run.value_place("executor"), title)
                    .label("one for each item")
                    .help("use fewer items, or an executor with `workers`"),
            );
        }
    }

    /// Requests must end before the simulation does, and the times of all threads must have a sum of at most 64 bits.
    fn check_against_limit(&self) {
        let Some(replicate) = self.scenario.section("replicate", &REPLICATE) else {
            return;
        };
        let Some(limit) = replicate.duration("limit") else {
            return;
        };
        for task in self.tasks {
            let (Demand::Clients { duration, warmup, .. } | Demand::Arrivals { duration, warmup, .. }) =
                task.group.demand
            else {
                continue;
            };
            if duration + warmup > limit {
                let title = format!(
                    "requests continue for {}, but the simulation ends after {limit}",
                    duration + warmup
                );
                let complaint = Complaint::at(task.reader.value_place("duration"), title);
                let complaint = match replicate.has("limit") {
                    true => complaint.see(replicate.value_place("limit"), "the simulation's end"),
                    false => complaint.note(format!("`limit` under [replicate] is {limit} by default")),
                };
                self.add(complaint.help("use a shorter `duration` and `warmup`, or a longer `limit`"));
            }
        }
        let threads = self.threads();
        if u128::from(threads) * u128::from(limit.0) > u128::from(u64::MAX / 2) {
            let title = format!(
                "{} threads for {limit} are more than can be accounted for",
                grouped(threads)
            );
            self.add(
                Complaint::at(replicate.value_place("limit"), title)
                    .label("the sum of their times exceeds 64 bits of nanoseconds")
                    .help("use a shorter `limit`, or fewer threads"),
            );
        }
    }

    /// The number of simulated threads.
    fn threads(&self) -> u64 {
        let workers = self.executor.threads_at_once(self.items());
        let clients = self.tasks.iter().map(|task| match task.group.demand {
            Demand::Clients { clients, .. } => u64::from(clients),
            Demand::Arrivals { .. } => 1,
            Demand::Count(_) => 0,
        });
        let background = self
            .background
            .iter()
            .map(|background| u64::from(background.count));
        clients.chain(background).fold(workers, u64::saturating_add)
    }
}

/// The number of items of a group, or the expected number of requests; 1 for a group with clients.
fn count(task: &Task<'_>) -> u64 {
    match task.group.demand {
        Demand::Count(count) => count,
        Demand::Clients { .. } => 1,
        Demand::Arrivals {
            ref between,
            duration,
            warmup,
        } => {
            let number = u128::from((duration + warmup).0) / mean(between).max(1);
            u64::try_from(number).unwrap_or(u64::MAX)
        }
    }
}
