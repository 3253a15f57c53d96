//! What the rest of the crate has to know about an executor.

use super::{OffloadTo, PoolMethod, Sender};
use crate::model::{ChannelKind, ProcessStart};

/// An executor as seen from outside: the columns of the results, the plan for the real interpreter and the kinds of
/// locks follow from it. A field is `None` where an executor has nothing of the kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Where items run.
    pub home: Home,
    /// Threads or processes that serve the work; under an event loop, the items that are in flight at a time.
    pub workers: Option<u32>,
    /// How its worker processes are started.
    pub start: Option<ProcessStart>,
    /// How many items a worker gets at a time.
    pub chunks: Chunks,
    /// Calls or chunks after which a worker is replaced.
    pub max_tasks_per_child: Option<u64>,
    /// How the parent asks a pool for the items.
    pub method: Option<PoolMethod>,
    /// What consumers get their items through.
    pub channel: Option<ChannelKind>,
    /// Which thread of the parent sends the items.
    pub sender: Option<Sender>,
    /// Where coroutines run their steps with `offload`, and what of it is set.
    pub offload: Option<OffloadFacts>,
    /// Whether a forked worker is a copy of a parent that already has the worker's argument, so that nothing is pickled.
    pub inherits_arguments: bool,
}

/// Where coroutines run their steps with `offload`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffloadFacts {
    /// The place.
    pub to: OffloadTo,
    /// Its threads or processes.
    pub workers: Option<u32>,
    /// How its processes are started.
    pub start: Option<ProcessStart>,
}

impl Facts {
    /// An executor whose items run there, and of which nothing else is set.
    pub(crate) const fn of(home: Home) -> Self {
        Self {
            home,
            workers: None,
            start: None,
            chunks: Chunks::Single,
            max_tasks_per_child: None,
            method: None,
            channel: None,
            sender: None,
            offload: None,
            inherits_arguments: false,
        }
    }

    /// Whether workers reach the data of another interpreter or process only by pickling.
    pub const fn pickles(&self) -> bool {
        match self.home {
            Home::Processes | Home::Interpreters => true,
            Home::Threads | Home::Coroutines => false,
        }
    }

    /// Whether a lock or counter that all workers share has to be one of `multiprocessing`.
    pub const fn locks_are_of_multiprocessing(&self) -> bool {
        self.pickles()
            || matches!(
                self.offload,
                Some(OffloadFacts {
                    to: OffloadTo::Process,
                    ..
                })
            )
    }
}

/// Where an executor's items run, which decides what they can share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// In threads of the parent, the main thread among them.
    Threads,
    /// In processes of their own.
    Processes,
    /// In interpreters of their own, in threads of the parent.
    Interpreters,
    /// In coroutines of an event loop.
    Coroutines,
}

/// How many items go to a worker at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunks {
    /// One, and nothing can be set.
    Single,
    /// That number of items.
    Of(u64),
    /// As many as `multiprocessing.Pool` computes from the number of items: four chunks for each worker.
    ByNumber,
}

/// What a program does that an executor may be unable to do on a real interpreter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// A step takes a lock that workers share.
    pub locks: bool,
    /// A step updates what workers share.
    pub updates: bool,
    /// The initializer does.
    pub updates_in_setup: bool,
    /// Requests arrive by themselves.
    pub arrivals: bool,
}
