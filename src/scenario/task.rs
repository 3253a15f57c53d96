//! `[[task]]`: groups of items, where they come from, and which groups wait for which.

use crate::input::words;
use crate::model::Payload;
use crate::random::Time;
use crate::units::Nanos;

use super::Step;

/// `[[task]]`
#[derive(Clone, Debug, PartialEq)]
pub struct TaskGroup {
    /// Unique among tasks.
    pub name: String,
    /// The number of items, or what requests them.
    pub demand: Demand,
    /// Pickled whenever an item goes to another process.
    pub argument: Payload,
    /// Pickled whenever a result comes from another process.
    pub result: Payload,
    /// What an item does, in order. Not empty.
    pub steps: Vec<Step>,
    /// The groups that this one waits for. There is no cycle among groups.
    pub after: Vec<Dependency>,
}

/// Where a group's items come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Demand {
    /// A fixed number of items, at least 1. They are ready at the start, or when the groups in `after` allow it.
    Count(u64),
    /// A closed loop: each client sends its next request `think` after the reply.
    Clients {
        /// The number of clients, at least 1.
        clients: u32,
        /// The time from a reply to the client's next request.
        think: Time,
        /// How long requests are counted, after `warmup`.
        duration: Nanos,
        /// The time at the start in which requests are not counted.
        warmup: Nanos,
    },
    /// An open system: requests arrive whether or not earlier ones have been answered.
    Arrivals {
        /// The time from one request to the next.
        between: Time,
        /// How long replies are counted, after `warmup`.
        duration: Nanos,
        /// The time at the start in which replies are not counted.
        warmup: Nanos,
    },
}

/// One edge of the task graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Index into [`Configuration::tasks`](super::Configuration::tasks) of the group that comes first.
    pub group: usize,
    /// Whether items wait one by one or for the whole group.
    pub kind: DependencyKind,
}

words! {
    /// How one group of tasks waits for another.
    pub enum DependencyKind {
        Each = "each" => "Item i waits for item i of the other group and gets its result as an argument, through the parent.",
        All = "all" => "Every item waits for all items of the other group.",
    }
}
