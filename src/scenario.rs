//! What the user wrote, checked: a scenario file as a list of configurations to simulate.
//!
//! A [`Scenario`] is only ever built from a file that passed every check, so nothing after this floor looks
//! for mistakes again. Sweep axes are already multiplied out: a [`Configuration`] holds single values.

mod axes;
mod baseline;
mod decode;
pub(crate) mod executor;
mod files;
pub(crate) mod format;
mod labels;
mod load;
mod order;
mod overrides;
mod published;
mod schema;
mod steps;

pub use baseline::Distinct;
pub use executor::*;
pub use order::working_order;
pub use schema::schema;
pub use steps::every_step;

use std::path::PathBuf;
use std::sync::Arc;

use crate::input::words;
use crate::model::{Payload, Python};
use crate::profile::Profile;
use crate::random::Time;
use crate::units::{Bytes, Nanos};

/// A scenario file, checked and with its axes multiplied out.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file's name without `.toml`; names the output folder.
    pub name: String,
    /// What the file calls itself; the plot's headline.
    pub title: String,
    /// Where it was read from, as the user typed it.
    pub path: PathBuf,
    /// The file's text as read, before any `--set`.
    pub text: String,
    /// The `--set path=value` options in force, as typed.
    pub overrides: Vec<String>,
    /// Seed, number of replications and simulated time limit.
    pub replicate: Replicate,
    /// Every configuration, runs in the file's order, then axes in the format's order, first axis slowest.
    pub configurations: Vec<Configuration>,
    /// Figures that someone measured, to hold the results against.
    pub published: Option<Published>,
}

/// How often and from which seed every configuration is simulated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replicate {
    /// At least 1. Default 20 where any duration is random, else 1.
    pub replications: u32,
    /// Names all random streams. Default 1.
    pub seed: u64,
    /// Simulated time after which a replication is given up with status `limit`. Default one hour.
    pub limit: Nanos,
}

/// One point of the sweep: single values throughout.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// Which `[[run]]` it comes from, counted from 0.
    pub run: usize,
    /// The run's name in tables and plots: its `name`, or its executor and whatever tells it from its siblings.
    pub label: String,
    /// What the sweep set here, in axis order: for every axis that this run has.
    pub swept: Vec<Setting>,
    /// What it runs on.
    pub machine: Machine,
    /// The interpreter that runs it, overrides of the `[[run]]` included.
    pub python: Python,
    /// The interpreter of the implied sequential run: `[python]` without the run's overrides.
    pub baseline_python: Python,
    /// What a process is before its first task.
    pub program: Program,
    /// The task groups, in the file's order.
    pub tasks: Vec<TaskGroup>,
    /// Threads that run beside the tasks and never end them.
    pub background: Vec<Background>,
    /// What spreads the tasks over threads and processes.
    pub executor: Executor,
    /// How the items' data gets to other processes and back, where the executor has any.
    pub transport: Transport,
}

/// A swept value.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Dotted path, e.g. `background.busy.count`, `task.item.steps.0.python`, `machine.cores`.
    pub path: String,
    /// The value as the user wrote it, quotes left out: `5ms`, `4`, `fork`.
    pub shown: String,
    /// The value as a plain number, where it is one: durations in seconds, sizes in bytes.
    pub number: Option<f64>,
}

/// `[machine]`
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// Physical cores, 1 to 1,024.
    pub cores: u32,
    /// Hardware threads per core, 1 or 2.
    pub smt: u32,
    /// What all processes together may occupy. None: as much as they like.
    pub memory: Option<Bytes>,
    /// What everything costs here.
    pub profile: Arc<Profile>,
}

/// `[program]`: what a process is before its first task.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// CPU time of importing the main module again: paid by every spawned worker, under forkserver once, in the server.
    pub imports: Time,
    /// Data in the parent when workers start: the price of fork.
    pub memory: Bytes,
    /// Of it, Python objects that every worker uses: a forked one comes to own a copy of their pages, others make their own.
    pub touched: Bytes,
    /// What is imported maps so much: in the parent, again in every spawned worker and every interpreter of a pool; under
    /// forkserver once, in the server.
    pub modules: Bytes,
    /// The initializer, run once per worker.
    pub setup: Vec<Step>,
}

/// `[[task]]`
#[derive(Clone, Debug, PartialEq)]
pub struct TaskGroup {
    /// Unique among tasks.
    pub name: String,
    /// How many items, or who asks for them.
    pub demand: Demand,
    /// Pickled whenever an item goes to another process.
    pub argument: Payload,
    /// Pickled whenever a result comes from another process.
    pub result: Payload,
    /// What an item does, in order. Not empty.
    pub steps: Vec<Step>,
    /// The groups that must come first; these form no cycle.
    pub after: Vec<Dependency>,
}

/// Where a group's items come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Demand {
    /// All items are there at the start, or when `after` lets them go. At least 1.
    Count(u64),
    /// A closed loop: each client sends its next request `think` after the reply.
    Clients {
        /// At least 1.
        clients: u32,
        /// From a reply to the client's next request.
        think: Time,
        /// How long requests are counted, after `warmup`.
        duration: Nanos,
        /// Not counted, at the start.
        warmup: Nanos,
    },
    /// An open system: requests come whether those before are answered or not.
    Arrivals {
        /// From one request to the next.
        between: Time,
        /// How long replies are counted, after `warmup`.
        duration: Nanos,
        /// Not counted, at the start.
        warmup: Nanos,
    },
}

/// One edge of the task graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Index into [`Configuration::tasks`] of the group that comes first.
    pub group: usize,
    /// Item by item or as a whole.
    pub kind: DependencyKind,
}

words! {
    /// How one group of tasks waits for another.
    pub enum DependencyKind {
        Each = "each" => "Item i waits for item i and gets its result as argument, through the parent.",
        All = "all" => "Every item waits for the whole group.",
    }
}

/// One step of an item, a background thread or an initializer.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// `io`: waits off-core, lock released.
    Io(Time),
    /// `python`: bytecode; holds the lock and yields at the eval breaker.
    Python {
        /// CPU time.
        time: Time,
        /// Touches objects of this name all the time, which all threads of its interpreter share.
        shares: Option<String>,
        /// Under `asyncio`, runs where the run's [`Offload`] says.
        offload: bool,
    },
    /// `native`: C code on a core.
    Native {
        /// CPU time.
        time: Time,
        /// Keeps the interpreter lock throughout, without an eval breaker.
        holds_lock: bool,
        /// Under `asyncio`, runs where the run's [`Offload`] says.
        offload: bool,
    },
    /// `lock`: the inner steps run with the named lock held; one for all workers.
    Lock {
        /// Steps with the same name share one lock.
        name: String,
        /// Run while the lock is held.
        steps: Vec<Step>,
    },
    /// `update`: reads what all workers share, works with it for a while, and writes it back.
    Update {
        /// What is updated; updates of the same name meet.
        state: String,
        /// Bytecode from reading to writing, with calls in it; `None` for an augmented assignment, `+=`.
        window: Option<Time>,
        /// What keeps others away meanwhile.
        guard: Guard,
    },
    /// `crash`: here the process may die, as in a segmentation fault.
    Crash {
        /// Above 0, at most 1.
        probability: f64,
    },
    /// `repeat`: the inner steps, so many times.
    Repeat {
        /// At least 1.
        times: u64,
        /// Run each time.
        steps: Vec<Step>,
    },
}

/// What guards an update of shared state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// `lock = "none"`
    Nobody,
    /// No `lock` given: a lock that belongs to the state.
    Own,
    /// The lock of that name, as in a step with `lock`.
    Lock(String),
}

/// `[[background]]`
#[derive(Clone, Debug, PartialEq)]
pub struct Background {
    /// Unique among background threads.
    pub name: String,
    /// How many such threads, 0 or more.
    pub count: u32,
    /// What each does, again and again until the run ends.
    pub steps: Vec<Step>,
}

words! {
    /// How data gets from one process to another.
    #[derive(Default)]
    pub enum Transport {
        #[default]
        Pickle = "pickle" => "Pickled, and written to a pipe.",
        SharedMemory = "shared_memory" => "In a multiprocessing.shared_memory.SharedMemory, whose name is pickled.",
    }
}

/// `[published]`: figures that someone measured, read from their file.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// The CSV file as named in the scenario.
    pub file: String,
    /// Which of their columns holds the figure, and which of our results columns it is.
    pub metric: Metric,
    /// One cell for each row of the file whose figure is not empty.
    pub cells: Vec<Cell>,
}

/// A pair of columns that mean the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Their column.
    pub theirs: String,
    /// Our column in `results.csv`, e.g. `makespan_s`, `throughput_per_s`.
    pub ours: String,
}

/// One published figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Which configurations it speaks of: `(path or results column, value)`; numbers in SI units.
    pub matches: Vec<(String, MatchValue)>,
    /// The figure.
    pub value: f64,
    /// The profile was fitted on this cell: it is no prediction, and it is not judged.
    pub fitted: bool,
}

/// A value in a published table.
#[derive(Clone, Debug, PartialEq)]
pub enum MatchValue {
    /// In SI units.
    Number(f64),
    /// Anything else.
    Text(String),
}
