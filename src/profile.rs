//! What everything costs on one kind of host: one TOML file, with the source of each number beside it.
//!
//! The bundled profiles lie in `src/profile/`; a scenario may name one of them or a file of its own. There are no
//! defaults in the code: a profile is complete, or it is `like` a bundled one and says what differs.

mod executors;
mod interpreter;
mod load;
mod machine;
mod passing;

pub use executors::{AsyncioCosts, PoolCosts, ProcessPoolCosts, ThreadPoolCosts};
pub use interpreter::{
    FreeThreadedCosts, GilCosts, ProcessCosts, SharedStateCosts, Slowdown, SubinterpreterCosts, ThreadCosts,
    WakeOrder,
};
pub use load::ProfileError;
pub use machine::{
    CacheCosts, CacheLineCosts, JointSpeed, MemoryCosts, NewidleBalance, ObjectSizes, SchedulerCosts,
    SchedulerPolicy, WakeSearch,
};
pub use passing::{
    BytesPerMicro, ManagerCosts, PickleCosts, PickleSpeeds, PipeCosts, QueueCosts, SharedMemoryCosts,
    SocketCosts, UnixSocketCosts,
};

use serde::Deserialize;

use crate::units::Nanos;

/// Every cost of a host. Times are CPU time of the thread that pays, at full speed, unless said otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The bundled name, or the path as written.
    pub name: String,
    /// The profile's text, byte for byte, and after it that of the one it is like: their digest goes into the manifest.
    pub text: String,
    /// The costs themselves.
    pub costs: Costs,
}

/// The tables of a profile.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// What the host is, in a sentence.
    pub description: String,
    /// The kernel's scheduler and timers.
    pub scheduler: SchedulerCosts,
    /// How busy neighbours slow a core down.
    pub joint_speed: JointSpeed,
    /// Caches that hold what others need, or nothing.
    pub cache: CacheCosts,
    /// Cache lines that several cores write to.
    pub cache_line: CacheLineCosts,
    /// The interpreter lock.
    pub gil: GilCosts,
    /// What takes the interpreter lock's place in the free-threaded build.
    pub free_threaded: FreeThreadedCosts,
    /// Interpreters beside the main one of a process.
    pub subinterpreter: SubinterpreterCosts,
    /// Updates of what workers share.
    pub shared_state: SharedStateCosts,
    /// Threads.
    pub thread: ThreadCosts,
    /// Processes.
    pub process: ProcessCosts,
    /// Serialization.
    pub pickle: PickleCosts,
    /// Pipes, and connections over them.
    pub pipe: PipeCosts,
    /// Pairs of sockets.
    pub unix_socket: UnixSocketCosts,
    /// `multiprocessing.Queue` and its like, as a program of its own uses them.
    pub queue: QueueCosts,
    /// `multiprocessing.Manager`
    pub manager: ManagerCosts,
    /// Sockets, and waiting for many of them.
    pub socket: SocketCosts,
    /// Shared memory, and the process that keeps track of it.
    pub shared_memory: SharedMemoryCosts,
    /// `concurrent.futures.ThreadPoolExecutor`
    pub thread_pool: ThreadPoolCosts,
    /// `concurrent.futures.ProcessPoolExecutor`
    pub process_pool: ProcessPoolCosts,
    /// `multiprocessing.Pool`
    pub pool: PoolCosts,
    /// `asyncio`
    pub asyncio: AsyncioCosts,
    /// Memory.
    pub memory: MemoryCosts,
}

impl Costs {
    /// What the types of the fields cannot say.
    fn check(&self) -> Result<(), &'static str> {
        let speeds = &self.joint_speed;
        if speeds.busy_cores.is_empty() || speeds.busy_cores.iter().any(|&speed| speed == 0 || speed > 4096) {
            return Err("joint_speed.busy_cores needs at least one speed, each from 1 to 4096 out of 1024");
        }
        if speeds.sibling_busy == 0 || speeds.sibling_busy > 1024 {
            return Err("joint_speed.sibling_busy is from 1 to 1024");
        }
        if self.scheduler.tick == Nanos::ZERO || self.scheduler.base_slice == Nanos::ZERO {
            return Err("scheduler.tick and scheduler.base_slice take some time");
        }
        if self.gil.tick == Nanos::ZERO {
            return Err("gil.tick takes some time");
        }
        let slowdown = &self.free_threaded.slowdown;
        if [slowdown.release_3_13, slowdown.release_3_14]
            .iter()
            .any(|&slowdown| !(1..=1 << 20).contains(&slowdown))
        {
            return Err("free_threaded.slowdown is from 1 to 1048576 out of 1024");
        }
        if self.free_threaded.touch_interval == Nanos::ZERO {
            return Err("free_threaded.touch_interval is some time");
        }
        // The pace of a thread is a fraction of whole numbers that must stay within 64 bits.
        let longest = Nanos::from_millis(1);
        let any_longer = |times: &[Nanos], than: Nanos| times.iter().any(|&time| time > than);
        let touches = [
            self.free_threaded.touch_interval,
            self.cache_line.local,
            self.cache_line.transfer,
        ];
        if any_longer(&touches, longest) {
            return Err(
                "free_threaded.touch_interval, cache_line.local and cache_line.transfer are 1ms at most",
            );
        }
        let cache = &self.cache;
        let delays = [
            cache.refill,
            cache.after_thread,
            cache.after_process,
            cache.after_idle,
            cache.after_long_idle,
        ];
        if cache.refill == Nanos::ZERO || any_longer(&delays, longest) {
            return Err("cache.refill is some time, and it and all else of cache are 1ms at most");
        }
        let process = &self.process;
        let copies = [process.copied_after, process.copies, process.child_copies];
        if process.copied_after == Nanos::ZERO || any_longer(&copies, Nanos::from_millis(10)) {
            return Err(
                "process.copied_after is some time, and it, process.copies and process.child_copies are 10ms at most",
            );
        }
        if self.process.exitcode == Nanos::ZERO || self.process.waitpid == Nanos::ZERO {
            return Err(
                "process.exitcode and process.waitpid take some time: a pool looks at its workers without end",
            );
        }
        Ok(())
    }
}
