//! The figures of a row: which columns `results.csv` has beside those that tell its rows apart, what each means, and
//! where its value comes from. Columns are only ever added, always at the end.

use crate::results::Value;
use crate::results::column::{Column, Unit};
use crate::results::statistics::Estimate;
use crate::results::summary::{ACTIVITIES, Summary};

/// A figure of `results.csv`.
#[derive(Clone, Copy)]
pub struct Figure {
    /// Name, unit and meaning.
    pub column: Column,
    /// Whether it needs several replications, so that `replications.csv` has no such column.
    over_replications: bool,
    of: fn(&Summary) -> Value,
}

/// The figures of `results.csv`, in its order, after the columns that tell its rows apart.
pub const FIGURES: [Figure; 32] = [
    over_replications(
        Column::new(
            "status",
            Unit::Text,
            "How the worst replication ended: one of the words below.",
        ),
        |s| s.status.word().into(),
    ),
    each(
        Column::new(
            "detail",
            Unit::Text,
            "What went wrong, where the status is not `done`: for example which thread waits for what, or which process died. \
             Under `arrivals` also the number of requests without a reply.",
        ),
        |s| s.detail.as_str().into(),
    ),
    over_replications(
        Column::new("replications", Unit::Count, "The number of replications."),
        |s| Value::Integer(s.replications),
    ),
    each(
        Column::new(
            "makespan_s",
            Unit::Seconds,
            "The makespan: from just before the executor is created until the parent has the last result. Empty unless all \
             replications are `done`.",
        ),
        |s| s.makespan.map(|makespan| makespan.mean).into(),
    ),
    over_replications(
        Column::new(
            "makespan_ci95_low_s",
            Unit::Seconds,
            "Lower bound of the 95 % confidence interval of the mean makespan. Empty for a single replication.",
        ),
        |s| low(s.makespan),
    ),
    over_replications(
        Column::new(
            "makespan_ci95_high_s",
            Unit::Seconds,
            "Upper bound of that interval.",
        ),
        |s| high(s.makespan),
    ),
    each(
        Column::new(
            "speedup",
            Unit::Ratio,
            "How many times as fast as the baseline: the makespan of a sequential run of the same work on the same machine, \
             divided by this makespan. Computed for each replication, then averaged. Empty where the work has a duration \
             instead of a count.",
        ),
        |s| s.speedup.map(|speedup| speedup.mean).into(),
    ),
    over_replications(
        Column::new(
            "speedup_ci95_low",
            Unit::Ratio,
            "Lower bound of the 95 % confidence interval of the mean speedup. Empty for a single replication.",
        ),
        |s| low(s.speedup),
    ),
    over_replications(
        Column::new("speedup_ci95_high", Unit::Ratio, "Upper bound of that interval."),
        |s| high(s.speedup),
    ),
    each(
        Column::new(
            "efficiency",
            Unit::Fraction,
            "The speedup divided by the number of physical cores: 1 if all cores do nothing but the tasks' own work.",
        ),
        |s| s.efficiency.into(),
    ),
    each(
        Column::new(
            "throughput_per_s",
            Unit::PerSecond,
            "Items, or requests with a reply, per second.",
        ),
        |s| s.throughput.map(|rate| rate.mean).into(),
    ),
    each(
        Column::new(
            "latency_mean_s",
            Unit::Seconds,
            "The mean latency: from the submission of an item, or the sending of a request, to its result.",
        ),
        |s| s.latency.map(|latency| latency.mean).into(),
    ),
    each(
        Column::new("latency_p50_s", Unit::Seconds, "The median latency."),
        |s| s.latency.map(|latency| latency.p50).into(),
    ),
    each(
        Column::new(
            "latency_p95_s",
            Unit::Seconds,
            "The 95th percentile of the latency.",
        ),
        |s| s.latency.map(|latency| latency.p95).into(),
    ),
    each(
        Column::new(
            "latency_p99_s",
            Unit::Seconds,
            "The 99th percentile of the latency.",
        ),
        |s| s.latency.map(|latency| latency.p99).into(),
    ),
    each(
        Column::new(
            ACTIVITIES[0],
            Unit::Fraction,
            "Share of the workers' time on a core, doing the tasks' own work. This and the next seven shares add up to 1. They \
             are taken over the lifetimes of all workers in all replications.",
        ),
        |s| share(s, 0),
    ),
    each(
        Column::new(
            ACTIVITIES[1],
            Unit::Fraction,
            "Share spent waiting for the interpreter lock (GIL), or for a lock of the scenario.",
        ),
        |s| share(s, 1),
    ),
    each(
        Column::new(
            ACTIVITIES[2],
            Unit::Fraction,
            "Share spent ready to run while every core was taken.",
        ),
        |s| share(s, 2),
    ),
    each(
        Column::new(ACTIVITIES[3], Unit::Fraction, "Share spent in `io` steps."),
        |s| share(s, 3),
    ),
    each(
        Column::new(
            ACTIVITIES[4],
            Unit::Fraction,
            "Share spent pickling and unpickling.",
        ),
        |s| share(s, 4),
    ),
    each(
        Column::new(
            ACTIVITIES[5],
            Unit::Fraction,
            "Share spent moving bytes and handing over work: pipes, queues, futures.",
        ),
        |s| share(s, 5),
    ),
    each(
        Column::new(
            ACTIVITIES[6],
            Unit::Fraction,
            "Share spent starting: creation, imports, the initializer.",
        ),
        |s| share(s, 6),
    ),
    each(
        Column::new(ACTIVITIES[7], Unit::Fraction, "Share spent waiting for work."),
        |s| share(s, 7),
    ),
    each(
        Column::new(
            "parent_busy",
            Unit::Fraction,
            "CPU time of the parent's own threads, divided by the makespan: above 1 if several of them ran at once.",
        ),
        |s| s.parent_busy.into(),
    ),
    each(
        Column::new(
            "parent_waiting_for_lock",
            Unit::Fraction,
            "Time that the parent's own threads waited for the interpreter lock (GIL), divided by the makespan: above 1 if \
             several of them waited at once.",
        ),
        |s| s.parent_waiting_for_lock.into(),
    ),
    each(
        Column::new(
            "switches",
            Unit::Count,
            "Context switches: how often a core went from one thread to another.",
        ),
        |s| Value::Number(s.switches),
    ),
    each(
        Column::new(
            "peak_memory_bytes",
            Unit::Bytes,
            "The most memory that all processes occupied together at any time, each shared page counted once. The largest of \
             the replications.",
        ),
        |s| Value::Integer(s.peak_memory.0),
    ),
    each(
        Column::new(
            "teardown_s",
            Unit::Seconds,
            "Time to shut the executor down, after the makespan.",
        ),
        |s| s.teardown.into(),
    ),
    each(
        Column::new(
            "events",
            Unit::Count,
            "Events that the simulator handled: a measure of its own work.",
        ),
        |s| Value::Number(s.events),
    ),
    each(
        Column::new(
            "critical_path_s",
            Unit::Seconds,
            "The longest chain of items that must follow each other, counting their own work alone. No executor can be faster. \
             Empty where the work has a duration instead of a count.",
        ),
        |s| s.critical_path.into(),
    ),
    each(
        Column::new(
            "lost_updates",
            Unit::Count,
            "Updates of shared state that another worker overwrote. Empty where the scenario has no `update` steps.",
        ),
        |s| s.lost_updates.into(),
    ),
    each(
        Column::new(
            "total_s",
            Unit::Seconds,
            "The makespan, the time to shut the executor down, and the time to free the results, together.",
        ),
        |s| s.total.into(),
    ),
];

const fn each(column: Column, of: fn(&Summary) -> Value) -> Figure {
    Figure {
        column,
        over_replications: false,
        of,
    }
}

const fn over_replications(column: Column, of: fn(&Summary) -> Value) -> Figure {
    Figure {
        column,
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
    /// The value of this figure for a row.
    pub fn of(&self, summary: &Summary) -> Value {
        (self.of)(summary)
    }

    /// The figures that a single replication has, in the order of `results.csv`.
    pub fn of_each() -> impl Iterator<Item = &'static Self> + Clone {
        FIGURES.iter().filter(|figure| !figure.over_replications)
    }

    /// The figure of that column; `None` if there is no such figure.
    pub fn named(column: &str) -> Option<&'static Self> {
        FIGURES.iter().find(|figure| figure.column.name == column)
    }

    /// The mean of this figure, with its confidence interval for the figures that have one.
    pub fn estimate(&self, summary: &Summary) -> Option<Estimate> {
        match self.column.name {
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
