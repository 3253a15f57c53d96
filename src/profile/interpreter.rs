//! Interpreters, their threads and their processes.

use serde::Deserialize;

use crate::random::Table;
use crate::units::{Bytes, Nanos};

/// The interpreter lock.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GilCosts {
    /// From a drop request until the holder's next look at the eval breaker, from 3.10 on: at loop back-edges,
    /// function entry and after calls.
    pub eval_check: Table,
    /// The same before 3.10: at nearly every instruction.
    pub eval_check_before_3_10: Table,
    /// From one look at `_Py_Ticker` to the next, before 3.2: instructions that are dispatched fast do not look.
    pub tick: Nanos,
    /// From the beginning of a wait until asleep: in that moment a signal is taken without sleeping.
    pub settle: Table,
    /// The same on a core that had just been busy when the thread woke.
    pub settle_hot: Table,
    /// Which waiter a signal wakes.
    pub wake_order: WakeOrder,
    /// Whether locks before 3.2 are POSIX semaphores rather than mutex and condition: `USE_SEMAPHORES`.
    pub semaphore: bool,
    /// Giving up and taking the lock around a C call, nobody else wanting it.
    pub uncontended: Nanos,
}

/// Which waiter takes a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WakeOrder {
    /// As glibc has it: one that is still awake on its way to sleep, else the oldest sleeper of the older group.
    Groups,
    /// The oldest.
    Fifo,
    /// Any, equally likely.
    Random,
}

/// What takes the interpreter lock's place in the free-threaded build.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreeThreadedCosts {
    /// How much longer bytecode takes than in the build with the lock, by release.
    pub slowdown: Slowdown,
    /// Detaching and attaching around a C call.
    pub attach: Nanos,
    /// `sched_yield(2)`, which a thread that spins for a `PyMutex` calls between two looks at it.
    pub sched_yield: Nanos,
    /// Bytecode of all threads together between two collections of garbage; `0ns` for none at all.
    pub collection_interval: Nanos,
    /// How long a collection stops the world, once it has stopped.
    pub collection_pause: Nanos,
    /// Bytecode of a step that `shares` between two atomic operations on the shared objects.
    pub touch_interval: Nanos,
}

/// What bytecode takes in the free-threaded build, out of 1024 in the build with the lock.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slowdown {
    /// 3.13
    #[serde(rename = "3.13")]
    pub release_3_13: u64,
    /// 3.14
    #[serde(rename = "3.14")]
    pub release_3_14: u64,
}

impl Slowdown {
    /// That of a release, by its minor number.
    pub const fn of(&self, minor: u8) -> u64 {
        match minor {
            ..=13 => self.release_3_13,
            _ => self.release_3_14,
        }
    }
}

/// Interpreters beside the main one of a process, each with a lock of its own.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubinterpreterCosts {
    /// `_interpreters.create` in the creating interpreter, under its lock.
    pub create: Nanos,
    /// The new interpreter until it runs code, under its own lock.
    pub boot: Nanos,
    /// A call from one interpreter into another and back, without its data.
    pub call: Nanos,
    /// What an object that is shareable takes to cross, beside copying it.
    pub share: Nanos,
    /// Its end.
    pub close: Nanos,
}

/// Threads.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThreadCosts {
    /// `Thread(...)` and `start()` in the parent, before it waits for the child's `_started`.
    pub create: Nanos,
    /// The child's way to its target.
    pub bootstrap: Nanos,
    /// The child's way out, and `join`'s bookkeeping.
    pub finish: Nanos,
}

/// Updates of what workers share: bytecode of the worker.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedStateCosts {
    /// `state.n += 1`, an attribute of a common object.
    pub attribute: Nanos,
    /// `raw.value += 1` of a `multiprocessing.RawValue`, or an item of a shared buffer.
    pub raw_value: Nanos,
    /// `value.value += 1` of a `multiprocessing.Value` whose lock is held: each access takes it once more.
    pub value: Nanos,
    /// `with lock:`, without waiting and without what is done inside.
    pub with_lock: Nanos,
    /// `with value.get_lock():`, likewise.
    pub with_value_lock: Nanos,
}

/// Processes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessCosts {
    /// `Process(...)` and `start()` in the parent, without the system call.
    pub create: Nanos,
    /// `fork(2)` of a process that maps next to nothing.
    pub fork: Nanos,
    /// What `fork(2)` takes longer for each MiB that the parent maps.
    pub fork_per_mib: Nanos,
    /// What code of the parent takes longer after a fork, in all: who writes to a page that parent and child share has it
    /// copied first, and an interpreter writes to hundreds wherever it counts references. At most 10 ms, as the two that
    /// follow.
    pub copies: Nanos,
    /// The same for the child, once it is at its target.
    pub child_copies: Nanos,
    /// Work after which all of these pages have been written to.
    pub copied_after: Nanos,
    /// A forked child's way to its target.
    pub bootstrap: Nanos,
    /// The same of a child of the fork server, which unpickles its work and what that needs.
    pub forkserver_bootstrap: Nanos,
    /// A new interpreter until it runs code: start, `site`, importing `multiprocessing`.
    pub boot: Nanos,
    /// The fork server until it waits for its first request, without the modules that it imports for its children.
    pub forkserver_boot: Nanos,
    /// Preparing and starting a new interpreter, in the parent.
    pub exec: Nanos,
    /// What is pickled to describe the work to a spawned child.
    pub preparation: Bytes,
    /// A request to the fork server, in the parent.
    pub forkserver_request: Nanos,
    /// The way out of a child that was forked, by whomever: `os._exit`, and the kernel takes its pages back.
    pub exit: Nanos,
    /// That of a spawned one, which takes its interpreter down first: `sys.exit`, `Py_FinalizeEx`.
    pub spawn_exit: Nanos,
    /// `join` in the parent.
    pub join: Nanos,
    /// `Process.exitcode` in the parent, without the system call.
    pub exitcode: Nanos,
    /// `waitpid(2)` of a child that runs.
    pub waitpid: Nanos,
    /// `Process.sentinel` in the parent, in a list of all.
    pub sentinel: Nanos,
    /// `terminate` in the parent.
    pub terminate: Nanos,
}
