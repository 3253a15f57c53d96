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
pub use passing::{ConnectionCosts, ManagerCosts, PickleCosts, PickleSpeeds, QueueCosts, SharedMemoryCosts};

use declare::{Cost, CostTable, costs, together};
use load::LIKE;

use crate::input::{Field, Format, Key, Reader, Shape};

/// A cost profile. Times are CPU time of the thread that pays, at full speed, unless a field says otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The bundled name, or the path as written.
    pub name: String,
    /// The profile's text, byte for byte, followed by that of the profile that it is like. The manifest has its digest.
    pub text: String,
    /// The host, in one sentence.
    pub description: String,
    /// What the hardware and the kernel cost, whatever program runs.
    pub machine: MachineCosts,
    /// What CPython costs.
    pub python: PythonCosts,
}

/// The whole file.
pub(crate) static PROFILE: Format = Format {
    name: "the profile",
    help: "What everything costs on one kind of host.",
    keys: &KEYS,
};

static KEYS: [Key; HEAD.len() + MachineCosts::KEYS.len() + PYTHON.len()] =
    together::<{ HEAD.len() + MachineCosts::KEYS.len() + PYTHON.len() }>(
        &together::<{ HEAD.len() + MachineCosts::KEYS.len() }>(HEAD, MachineCosts::KEYS),
        PYTHON,
    );

const HEAD: &[Key] = &[
    Key::required("description", Shape::Text, "The host, in one sentence.").fixed(),
    LIKE,
];

/// The tables that only CPython needs: all but the first, `[pipe]`, which the machine's costs list already.
const PYTHON: &[Key] = PythonCosts::KEYS.split_at(1).1;

costs! {
    /// What the hardware and the kernel cost, whatever program runs.
    pub struct MachineCosts {
        /// The kernel's scheduler and timers.
        pub scheduler: SchedulerCosts,
        /// The speed of a core, depending on what its neighbours do.
        pub joint_speed: JointSpeed,
        /// Delay of a thread that finds other data in a core's caches.
        pub cache: CacheCosts,
        /// Atomic operations on a cache line that several cores write to.
        pub cache_line: CacheLineCosts,
        /// Pipes, and connections over them.
        pub pipe: PipeCosts,
        /// Pairs of `AF_UNIX` sockets.
        pub unix_socket: UnixSocketCosts,
        /// Sockets, and waiting for many of them.
        pub socket: SocketCosts,
    }

    /// What CPython costs.
    pub struct PythonCosts {
        /// Connections over pipes, whose keys are in the pipes' table.
        #[key("pipe")]
        pub connection: ConnectionCosts,
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
        /// `multiprocessing.Queue` and its relatives in the program's own code.
        pub queue: QueueCosts,
        /// `multiprocessing.Manager`.
        pub manager: ManagerCosts,
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

/// `[pipe]`, which has costs of the kernel and of CPython.
static PIPE: Format = Format {
    name: "[pipe]",
    help: "Pipes, and connections over them.",
    keys: &PIPE_KEYS,
};

static PIPE_KEYS: [Key; PipeCosts::KEYS.len() + ConnectionCosts::KEYS.len()] =
    together(PipeCosts::KEYS, ConnectionCosts::KEYS);

impl Cost for PipeCosts {
    const SHAPE: Shape = Shape::Table(&PIPE);

    fn read(field: &Field<'_>) -> Option<Self> {
        Self::read_all(&Reader::open(field.reading, field.node, &PIPE)?)
    }
}

impl Cost for ConnectionCosts {
    const SHAPE: Shape = Shape::Table(&PIPE);

    fn read(field: &Field<'_>) -> Option<Self> {
        Self::read_all(&Reader::open(field.reading, field.node, &PIPE)?)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_table_lists_each_key_once_and_each_key_says_what_it_is() {
        let tables = PROFILE.keys.iter().filter_map(|key| match key.shape {
            Shape::Table(format) => Some(format),
            _ => None,
        });
        for format in tables.chain([&PROFILE]) {
            let names: BTreeSet<_> = format.keys.iter().map(|key| key.name).collect();
            assert_eq!(names.len(), format.keys.len(), "{}", format.name);
            for help in format.keys.iter().map(|key| key.help) {
                assert!(
                    help.ends_with('.') && !help.contains("  "),
                    "{}: {help}",
                    format.name
                );
            }
        }
    }
}
