//! What spreads the tasks over threads, processes or interpreters: `executor` of a `[[run]]`.
//!
//! Each executor has a file of its own here, which says what it is: the class of the standard library that it stands
//! for, the options that it takes, the tasks that it accepts, and what cannot be measured with it on a real
//! interpreter. How the program drives it stands in the file of the same name in `workload/drive/`, and the function of
//! the same name in `host/python/executors.py` (or a file of its own there) does the same with the real one.
//!
//! Everything else in the crate learns about an executor through its [`Facts`] alone, so a new executor is a line in
//! the table below, its two files, and its Python function.

mod asyncio;
mod consumers;
mod facts;
mod interpreter_per_task;
mod interpreters;
mod loop_per_thread;
mod options;
mod pool;
mod process_per_task;
mod processes;
mod sequential;
mod server;
mod thread_per_task;
mod threads;

pub use asyncio::{Asyncio, Offload, OffloadTo};
pub use consumers::{Consumers, Sender};
pub use facts::{Chunks, Facts, Home, OffloadFacts, Uses};
pub use interpreter_per_task::InterpreterPerTask;
pub use interpreters::Interpreters;
pub use loop_per_thread::LoopPerThread;
pub use options::{Run, SPECIAL_KEYS};
pub use pool::{Pool, PoolMethod};
pub use process_per_task::ProcessPerTask;
pub use processes::Processes;
pub use sequential::Sequential;
pub use server::Server;
pub use thread_per_task::ThreadPerTask;
pub use threads::Threads;

use crate::input::words;
use crate::model::StartMethod;

/// What each executor says of itself, in its own file.
pub(crate) trait Describe: Sized {
    /// The keys of `[[run]]` that it takes, beside those that every run takes.
    const KEYS: &'static [&'static str];
    /// The tasks that it accepts.
    const ACCEPTS: Accepts;

    /// Reads its options. `None` after a complaint.
    fn read(run: &Run<'_, '_>) -> Option<Self>;

    /// What the rest of the crate has to know about it.
    fn facts(&self) -> Facts;

    /// The most threads of control that it needs at a time for `items` items, those of the parent left out.
    fn threads_at_once(&self, items: u64) -> u64;

    /// Why a program that does what `uses` says cannot be measured with it on this host; `None` if it can.
    fn obstacle(&self, uses: &Uses) -> Option<&'static str>;
}

/// The tasks that an executor accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepts {
    /// A number of items.
    Items,
    /// Requests that clients send for a given time.
    Requests,
    /// All tasks of either kind.
    Either,
}

/// From the one table of executors: their words, the enum of their options, and the way to each one's own file.
macro_rules! executors {
    ($( $executor:ident = $word:literal => $meaning:literal, )+) => {
        words! {
            /// The name of an executor in a scenario.
            pub enum ExecutorName {
                $( $executor = $word => $meaning, )+
            }
        }

        /// An executor with its options.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Executor {
            $( #[doc = concat!("`\"", $word, "\"`: ", $meaning)] $executor($executor), )+
        }

        $(
            impl From<$executor> for Executor {
                fn from(executor: $executor) -> Self {
                    Self::$executor(executor)
                }
            }
        )+

        impl ExecutorName {
            /// The keys of `[[run]]` that this executor takes, beside those that every run takes.
            pub(crate) const fn keys(self) -> &'static [&'static str] {
                match self {
                    $( Self::$executor => <$executor as Describe>::KEYS, )+
                }
            }

            /// The tasks that this executor accepts.
            pub(crate) const fn accepts(self) -> Accepts {
                match self {
                    $( Self::$executor => <$executor as Describe>::ACCEPTS, )+
                }
            }

            /// Reads the executor's options. `None` after a complaint.
            pub(crate) fn read(self, run: &Run<'_, '_>) -> Option<Executor> {
                match self {
                    $( Self::$executor => <$executor as Describe>::read(run).map(Executor::$executor), )+
                }
            }
        }

        impl Executor {
            /// Its name in a scenario.
            pub const fn name(&self) -> ExecutorName {
                match self {
                    $( Self::$executor(_) => ExecutorName::$executor, )+
                }
            }

            /// What the rest of the crate has to know about it.
            pub fn facts(&self) -> Facts {
                match self {
                    $( Self::$executor(executor) => executor.facts(), )+
                }
            }

            /// The most threads of control that it needs at a time for `items` items, those of the parent left out.
            pub(crate) fn threads_at_once(&self, items: u64) -> u64 {
                match self {
                    $( Self::$executor(executor) => executor.threads_at_once(items), )+
                }
            }

            /// Why a program that does what `uses` says cannot be measured with it on this host; `None` if it can.
            pub(crate) fn obstacle(&self, uses: &Uses) -> Option<&'static str> {
                match self {
                    $( Self::$executor(executor) => executor.obstacle(uses), )+
                }
            }
        }
    };
}

executors! {
    Sequential = "sequential" => "A plain loop in the main thread.",
    Threads = "threads" => "concurrent.futures.ThreadPoolExecutor",
    Processes = "processes" => "concurrent.futures.ProcessPoolExecutor",
    Pool = "pool" => "multiprocessing.Pool",
    Consumers = "consumers" => "Processes of the program's own that read items from one channel and write results to another.",
    Interpreters = "interpreters" => "concurrent.futures.InterpreterPoolExecutor, from Python 3.14 on.",
    ThreadPerTask = "thread-per-task" => "One threading.Thread for each item.",
    ProcessPerTask = "process-per-task" => "One multiprocessing.Process for each item.",
    InterpreterPerTask = "interpreter-per-task" => "One thread with an interpreter of its own for each item, from Python 3.14 on.",
    Asyncio = "asyncio" => "An event loop with a task for each item or connection.",
    LoopPerThread = "loop-per-thread" => "Threads with an event loop each; the items are dealt to them in turn.",
    Server = "server" => "Threads that serve one queue of clients' requests.",
}

impl Executor {
    /// How its worker processes are started; `None` where its workers are no processes.
    pub fn start_method(&self) -> Option<StartMethod> {
        self.facts().start.map(|start| start.method)
    }
}

/// The executors that take a key of `[[run]]`.
pub(crate) fn executors_with(key: &str) -> Vec<&'static str> {
    let all = ExecutorName::ALL.iter();
    all.filter(|name| name.keys().contains(&key))
        .map(|name| name.word())
        .collect()
}
