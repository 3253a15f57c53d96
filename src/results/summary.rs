//! The figures of a row over all its replications.

use crate::results::statistics::{Estimate, mean};
use crate::results::{Replication, Results, Row, Status, TimeByActivity};
use crate::scenario::Configuration;
use crate::units::{Bytes, Nanos};

/// A row's figures over its replications. A figure of finished work (makespan, speedup, throughput, latency,
/// teardown) is `None` unless every replication is done, because a mean over those that ended well would be too good.
/// The workers' time, switches, memory and events are always known.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The worst status of the replications.
    pub status: Status,
    /// What went wrong in the first replication of that status.
    pub detail: String,
    /// The number of replications.
    pub replications: u64,
    /// Seconds.
    pub makespan: Option<Estimate>,
    /// The baseline's makespan over this one's, replication by replication. `None` where there is no baseline.
    pub speedup: Option<Estimate>,
    /// Mean speedup divided by the number of physical cores.
    pub efficiency: Option<f64>,
    /// Items or requests per second.
    pub throughput: Option<Estimate>,
    /// Means over replications; also `None` where a replication has no result at all.
    pub latency: Option<LatencySummary>,
    /// What the workers did, over all replications together; `None` where there was no worker time.
    pub shares: Option<Shares>,
    /// CPU time of the parent's own threads, divided by the makespan; above 1 where several ran at once.
    pub parent_busy: Option<f64>,
    /// Time that they waited for the interpreter lock, divided by the makespan; above 1 where several waited at once.
    pub parent_waiting_for_lock: Option<f64>,
    /// Mean number of times that a core went from one thread to another.
    pub switches: f64,
    /// The largest of the replications.
    pub peak_memory: Bytes,
    /// Mean, seconds.
    pub teardown: Option<f64>,
    /// Mean number of events that the engine handled.
    pub events: f64,
    /// Mean, seconds; `None` where the work has a duration and no items to follow each other.
    pub critical_path: Option<f64>,
    /// Mean number of updates of shared state that another worker overwrote; `None` where the scenario has no updates.
    pub lost_updates: Option<f64>,
    /// Mean, seconds.
    pub total: Option<f64>,
}

/// Latencies in seconds: each the mean over replications of that statistic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LatencySummary {
    /// Mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
}

/// The fields of [`TimeByActivity`] as fractions; they add up to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares(pub [f64; 8]);

/// The names of the activities, in the order of [`TimeByActivity`] and [`Shares`].
pub const ACTIVITIES: [&str; 8] = [
    "running",
    "waiting_for_lock",
    "ready_without_core",
    "io",
    "serialization",
    "ipc",
    "starting",
    "idle",
];

impl TimeByActivity {
    /// The lengths of time in the order of [`ACTIVITIES`].
    pub const fn parts(&self) -> [Nanos; 8] {
        [
            self.running,
            self.waiting_for_lock,
            self.ready_without_core,
            self.io,
            self.serialization,
            self.ipc,
            self.starting,
            self.idle,
        ]
    }

    /// The sum of all activities.
    pub fn total(&self) -> Nanos {
        self.parts().into_iter().sum()
    }
}

impl Shares {
    /// Pooled over replications, so that a longer one weighs more; `None` where no time passed.
    fn of<'a>(times: impl Iterator<Item = &'a TimeByActivity>) -> Option<Self> {
        let mut sums = [0u128; 8];
        for time in times {
            for (sum, part) in sums.iter_mut().zip(time.parts()) {
                *sum += u128::from(part.0);
            }
        }
        let total: u128 = sums.iter().sum();
        (total > 0).then(|| Self(sums.map(|sum| sum as f64 / total as f64)))
    }

    /// Name and fraction of each activity.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, f64)> {
        ACTIVITIES.into_iter().zip(self.0)
    }
}

impl Summary {
    /// Of one row, which has at least one replication.
    pub fn of(configuration: &Configuration, row: &Row) -> Self {
        Self::over(configuration, &row.replications, &row.baseline)
    }

    /// Of a single replication of a row: no intervals, everything else in the same terms.
    pub fn of_replication(configuration: &Configuration, row: &Row, replication: usize) -> Self {
        let one = replication..replication + 1;
        Self::over(
            configuration,
            &row.replications[one.clone()],
            row.baseline.get(one).unwrap_or_default(),
        )
    }

    fn over(configuration: &Configuration, replications: &[Replication], baseline: &[Option<Nanos>]) -> Self {
        let seconds = |of: fn(&Replication) -> Nanos| -> Vec<f64> {
            replications
                .iter()
                .map(|replication| of(replication).as_secs_f64())
                .collect()
        };
        let counts = |of: fn(&Replication) -> u64| -> Vec<f64> {
            replications
                .iter()
                .map(|replication| of(replication) as f64)
                .collect()
        };
        let status = replications
            .iter()
            .map(|replication| replication.status)
            .max()
            .unwrap_or(Status::Done);
        let done = status == Status::Done;
        let if_done = |samples: Vec<f64>| if done { samples } else { Vec::new() };

        let speedups: Option<Vec<f64>> = replications
            .iter()
            .enumerate()
            .map(|(index, replication)| {
                let baseline = baseline.get(index).copied().flatten()?;
                ratio(baseline, replication.makespan)
            })
            .collect();
        let speedup = Estimate::of(&if_done(speedups.unwrap_or_default()));
        let throughputs: Option<Vec<f64>> = replications
            .iter()
            .map(|replication| {
                let counted = replication.counted.as_secs_f64();
                (counted > 0.0).then(|| replication.items as f64 / counted)
            })
            .collect();
        let answered = done && replications.iter().all(|replication| replication.items > 0);
        let makespan: Nanos = replications.iter().map(|replication| replication.makespan).sum();
        let parent_busy = replications
            .iter()
            .map(|replication| replication.parent_busy)
            .sum();
        let parent_waiting = replications
            .iter()
            .map(|replication| replication.parent_waiting_for_lock)
            .sum();

        Self {
            status,
            detail: detail(replications, status),
            replications: replications.len() as u64,
            makespan: Estimate::of(&if_done(seconds(|replication| replication.makespan))),
            speedup,
            efficiency: speedup.map(|speedup| speedup.mean / f64::from(configuration.machine.cores)),
            throughput: Estimate::of(&if_done(throughputs.unwrap_or_default())),
            latency: answered.then(|| LatencySummary {
                mean: mean(&seconds(|replication| replication.latency.mean)).unwrap_or_default(),
                p50: mean(&seconds(|replication| replication.latency.p50)).unwrap_or_default(),
                p95: mean(&seconds(|replication| replication.latency.p95)).unwrap_or_default(),
                p99: mean(&seconds(|replication| replication.latency.p99)).unwrap_or_default(),
            }),
            shares: Shares::of(replications.iter().map(|replication| &replication.worker_time)),
            parent_busy: ratio(parent_busy, makespan),
            parent_waiting_for_lock: ratio(parent_waiting, makespan),
            switches: mean(&counts(|replication| replication.switches)).unwrap_or_default(),
            peak_memory: replications
                .iter()
                .map(|replication| replication.peak_memory)
                .max()
                .unwrap_or_default(),
            teardown: mean(&if_done(seconds(|replication| replication.teardown))),
            events: mean(&counts(|replication| replication.events)).unwrap_or_default(),
            critical_path: mean(&seconds(|replication| replication.critical_path)).filter(|path| *path > 0.0),
            lost_updates: replications
                .iter()
                .map(|replication| replication.lost_updates.map(|lost| lost as f64))
                .collect::<Option<Vec<f64>>>()
                .and_then(|lost| mean(&lost)),
            total: mean(&if_done(seconds(|replication| replication.total))),
        }
    }
}

fn ratio(part: Nanos, whole: Nanos) -> Option<f64> {
    (whole > Nanos::ZERO).then(|| part.0 as f64 / whole.0 as f64)
}

/// The detail of the first replication with the worst status, and the number of replications with that status unless all
/// have it. If all are done, the detail is that of the first replication.
fn detail(replications: &[Replication], worst: Status) -> String {
    if worst == Status::Done {
        let first = replications.first().map_or("", |replication| &replication.detail);
        let of_several = replications.len() > 1 && !first.is_empty();
        return match of_several {
            true => format!("first replication: {first}"),
            false => first.to_owned(),
        };
    }
    let mut alike = replications
        .iter()
        .filter(|replication| replication.status == worst);
    let first = alike.next().map_or("", |replication| replication.detail.as_str());
    let share = 1 + alike.count();
    if share == replications.len() {
        return first.to_owned();
    }
    format!("{share} of {} replications: {first}", replications.len())
}

impl Results {
    /// One for each row, in order.
    pub fn summaries(&self) -> Vec<Summary> {
        let configurations = &self.scenario.configurations;
        configurations
            .iter()
            .zip(&self.rows)
            .map(|(configuration, row)| Summary::of(configuration, row))
            .collect()
    }
}
