//! Cost profiles: what everything costs on one kind of host. A profile is a TOML file with the source of each number
//! beside it.
//!
//! The bundled profiles are in `src/profile/`. A scenario names one of them or a file of its own. The code contains no
//! default values: a profile is complete, or it is `like` a bundled profile and states only the differences.

mod declare;
mod executors;
mod interpreter;
mod kernel;
mod load;
mod machine;
mod passing;

pub use executors::{AsyncioCosts, PoolCosts, ProcessPoolCosts, ThreadPoolCosts};
pub use interpreter::{
    FreeThreadedCosts, GilCosts, MemoryCosts, ObjectSizes, ProcessCosts, SharedStateCosts, Slowdown,
    SubinterpreterCosts, ThreadCosts, WakeOrder,
};
pub use kernel::{BytesPerMicro, PipeCosts, SocketCosts, UnixSocketCosts};
pub use machine::{
    CacheCosts, CacheLineCosts, JointSpeed, NewidleBalance, SchedulerCosts, SchedulerPolicy, WakeSearch,
};
pub use passing::{ManagerCosts, PickleCosts, PickleSpeeds, QueueCosts, SharedMemoryCosts};

use declare::{CostTable, costs, together};
use load::LIKE;

use crate::input::{Format, Key};

/// A cost profile. Times are CPU time of the thread that pays, at full speed, unless a field says otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The bundled name, or the path as written.
    pub name: String,
    /// The profile's text, byte for byte, followed by that of the profile that it is like. The manifest has its digest.
    pub text: String,
    /// The costs themselves.
    pub costs: Costs,
}

/// The whole file.
pub(crate) static PROFILE: Format = Format {
    name: "the profile",
    help: Costs::HELP,
    keys: &KEYS,
};

static KEYS: [Key; 1 + Costs::KEYS.len()] = together(&[LIKE], Costs::KEYS);

costs! {
    /// What everything costs on one kind of host.
    pub struct Costs {
        /// The host, in one sentence.
        pub description: String,
        /// The kernel's scheduler and timers.
        pub scheduler: SchedulerCosts,
        /// The speed of a core, depending on what its neighbours do.
        pub joint_speed: JointSpeed,
        /// Delay of a thread that finds other data in a core's caches.
        pub cache: CacheCosts,
        /// Atomic operations on a cache line that several cores write to.
        pub cache_line: CacheLineCosts,
        /// The interpreter lock (GIL).
        pub gil: GilCosts,
        /// The free-threaded build, which has no interpreter lock.
        pub free_threaded: FreeThreadedCosts,
        /// Interpreters beside the main one of a process.
        pub subinterpreter: SubinterpreterCosts,
        /// Updates of state that workers share.
        pub shared_state: SharedStateCosts,
        /// `threading.Thread`.
        pub thread: ThreadCosts,
        /// `multiprocessing.Process`.
        pub process: ProcessCosts,
        /// Serialization by `pickle`.
        pub pickle: PickleCosts,
        /// Pipes, and connections over them.
        pub pipe: PipeCosts,
        /// Pairs of `AF_UNIX` sockets.
        pub unix_socket: UnixSocketCosts,
        /// `multiprocessing.Queue` and its relatives in the program's own code.
        pub queue: QueueCosts,
        /// `multiprocessing.Manager`.
        pub manager: ManagerCosts,
        /// Sockets, and waiting for many of them.
        pub socket: SocketCosts,
        /// Shared memory and the resource tracker.
        pub shared_memory: SharedMemoryCosts,
        /// `concurrent.futures.ThreadPoolExecutor`.
        pub thread_pool: ThreadPoolCosts,
        /// `concurrent.futures.ProcessPoolExecutor`.
        pub process_pool: ProcessPoolCosts,
        /// `multiprocessing.Pool`.
        pub pool: PoolCosts,
        /// `asyncio`.
        pub asyncio: AsyncioCosts,
        /// Memory that interpreters and workers touch.
        pub memory: MemoryCosts,
    }
}
