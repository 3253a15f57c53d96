//! Results: replications, rows and their statistics.

pub(crate) mod column;
pub(crate) mod figures;
pub mod identity;
#[cfg(test)]
pub mod made_up;
pub mod measured;
mod read;
pub mod sheet;
pub mod statistics;
mod status;
pub mod summary;
mod value;

pub use sheet::Sheet;
pub use status::Status;
pub use summary::Summary;
pub use value::{Value, significant};

use crate::scenario::Scenario;
use crate::units::{Bytes, Nanos};

/// All results of a scenario.
#[derive(Clone, Debug)]
pub struct Results {
    /// The scenario.
    pub scenario: Scenario,
    /// One for each configuration, in the scenario's order.
    pub rows: Vec<Row>,
}

/// One configuration's replications.
#[derive(Clone, Debug)]
pub struct Row {
    /// One for each replication, in order.
    pub replications: Vec<Replication>,
    /// The makespan of the baseline (a sequential run with the same random times) for each replication; `None` where the
    /// work has a duration instead of a count, or where that run failed.
    pub baseline: Vec<Option<Nanos>>,
}

/// One simulated replication of one configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replication {
    /// How it ended.
    pub status: Status,
    /// What went wrong (which thread waits for what, which process died); empty where nothing did.
    pub detail: String,
    /// From just before the executor is created until the parent has the last result.
    pub makespan: Nanos,
    /// Time to shut the executor down, after the makespan.
    pub teardown: Nanos,
    /// From the beginning of the makespan until the executor is shut down and the results are freed.
    pub total: Nanos,
    /// Items done, or requests answered within the counted duration.
    pub items: u64,
    /// The time over which `items` were counted: the makespan, or the clients' duration.
    pub counted: Nanos,
    /// From the submission of an item (or a request) to its result.
    pub latency: Latency,
    /// What the workers did, summed over all workers, from the creation of each to the end of the makespan.
    pub worker_time: TimeByActivity,
    /// CPU time of the parent's own threads (its main thread, the executor's helper threads) within the makespan.
    pub parent_busy: Nanos,
    /// Time that these threads waited for the interpreter lock, summed.
    pub parent_waiting_for_lock: Nanos,
    /// The number of times that a core went from one thread to another.
    pub switches: u64,
    /// The most memory that all processes occupied together at one time, each page counted once.
    pub peak_memory: Bytes,
    /// The longest chain of items that must follow each other, by their own work alone.
    pub critical_path: Nanos,
    /// Updates of shared state that another worker overwrote; `None` where the scenario has no updates.
    pub lost_updates: Option<u64>,
    /// Events that the engine handled.
    pub events: u64,
}

/// Exact order statistics of the latencies of one replication; zero where no item was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Rounded down to whole ns.
    pub mean: Nanos,
    /// Median.
    pub p50: Nanos,
    /// 95th percentile.
    pub p95: Nanos,
    /// 99th percentile.
    pub p99: Nanos,
}

/// The time that workers spend on each activity; the sum is their lifetime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeByActivity {
    /// On a core, doing the task's own work.
    pub running: Nanos,
    /// Waiting for the interpreter lock or a lock of the scenario.
    pub waiting_for_lock: Nanos,
    /// Ready to run, while every core that it may use is taken.
    pub ready_without_core: Nanos,
    /// In an `io` step.
    pub io: Nanos,
    /// Pickling and unpickling.
    pub serialization: Nanos,
    /// Moving bytes and handing over work: pipes, queues, futures.
    pub ipc: Nanos,
    /// Being created, importing, running the initializer.
    pub starting: Nanos,
    /// Waiting for work.
    pub idle: Nanos,
}
