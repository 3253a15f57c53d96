//! Interpreters, their threads, their processes and their memory.

use crate::input::{Shape, words};
use crate::random::Table;
use crate::units::{Bytes, Nanos};

use super::declare::{SOME_TIME, at_most, costs, some_time_up_to};
use super::machine::MILLISECOND;

/// Rates are kept as fractions of whole numbers, which stay within 64 bits for times up to this one.
const TEN_MILLISECONDS: Nanos = Nanos::from_millis(10);

/// Out of 1024 of the time in the build with the interpreter lock.
const SLOWDOWN: Shape = Shape::Integer { min: 1, max: 1 << 20 };

costs! {
    /// The interpreter lock (GIL).
    pub struct GilCosts in "[gil]" {
        /// Time from a drop request until the holder's next check of the eval breaker, from 3.10 on: at backward jumps, at
        /// function entry and after calls.
        pub eval_check: Table,
        /// Time from a drop request until the holder's next check of the eval breaker, before 3.10: at nearly every
        /// instruction.
        pub eval_check_before_3_10: Table,
        /// Time between two checks of `_Py_Ticker`, before 3.2; instructions with fast dispatch do not check.
        #[shape(SOME_TIME)]
        pub tick: Nanos,
        /// Time from the start of a wait until the thread sleeps; a signal in this time is taken without sleeping.
        pub settle: Table,
        /// Time from the start of a wait until the thread sleeps, on a core that had been busy just before the thread woke
        /// up.
        pub settle_hot: Table,
        /// The waiting thread that a signal wakes up.
        pub wake_order: WakeOrder,
        /// Whether locks before 3.2 are POSIX semaphores (`USE_SEMAPHORES`) or else a mutex and a condition variable.
        pub semaphore: bool,
        /// CPU time to release and acquire the lock around a C call while no other thread wants it.
        pub uncontended: Nanos,
    }

    /// The free-threaded build, which has no interpreter lock.
    pub struct FreeThreadedCosts in "[free_threaded]" {
        /// Time of bytecode compared with the build with the interpreter lock, by release.
        pub slowdown: Slowdown,
        /// CPU time to detach and attach the thread state around a C call.
        pub attach: Nanos,
        /// CPU time of `sched_yield(2)`, which a thread that spins for a `PyMutex` calls between two attempts.
        pub sched_yield: Nanos,
        /// CPU time in bytecode of all threads together between two garbage collections; `0ns` for no collections.
        pub collection_interval: Nanos,
        /// Time for which a garbage collection stops the world.
        pub collection_pause: Nanos,
        /// CPU time in bytecode of a step that `shares` between two atomic operations on the shared objects.
        #[shape(some_time_up_to(MILLISECOND))]
        pub touch_interval: Nanos,
    }

    /// Time of bytecode in the free-threaded build, out of 1024 of the time in the build with the interpreter lock.
    pub struct Slowdown in "`slowdown`" {
        /// Time of bytecode in 3.13t, out of 1024.
        #[key("3.13")]
        #[shape(SLOWDOWN)]
        pub release_3_13: u64,
        /// Time of bytecode in 3.14t, out of 1024.
        #[key("3.14")]
        #[shape(SLOWDOWN)]
        pub release_3_14: u64,
    }

    /// Interpreters beside the main one of a process, each with a lock of its own.
    pub struct SubinterpreterCosts in "[subinterpreter]" {
        /// CPU time of `_interpreters.create` in the creating interpreter, which holds its lock.
        pub create: Nanos,
        /// CPU time of a new interpreter until it runs code, under its own lock.
        pub boot: Nanos,
        /// CPU time of a call from one interpreter into another and back, without its data.
        pub call: Nanos,
        /// CPU time to pass a shareable object to another interpreter, without copying its data.
        pub share: Nanos,
        /// CPU time to end an interpreter.
        pub close: Nanos,
    }

    /// `threading.Thread`.
    pub struct ThreadCosts in "[thread]" {
        /// CPU time of `Thread(...)` and `start()` in the parent, without the wait for the child's `_started`.
        pub create: Nanos,
        /// CPU time of a new thread until it calls its target.
        pub bootstrap: Nanos,
        /// CPU time of a thread after its target has returned, `join`'s bookkeeping included.
        pub finish: Nanos,
    }

    /// Updates of state that workers share: bytecode of the worker.
    pub struct SharedStateCosts in "[shared_state]" {
        /// CPU time of `state.n += 1`, an attribute of a shared object.
        pub attribute: Nanos,
        /// CPU time of `raw.value += 1` of a `multiprocessing.RawValue`, or of an item of a shared buffer.
        pub raw_value: Nanos,
        /// CPU time of `value.value += 1` of a `multiprocessing.Value` while its lock is held; each access acquires the
        /// lock again.
        pub value: Nanos,
        /// CPU time of `with lock:` without waiting and without its body.
        pub with_lock: Nanos,
        /// CPU time of `with value.get_lock():` without waiting and without its body.
        pub with_value_lock: Nanos,
    }

    /// `multiprocessing.Process`.
    pub struct ProcessCosts in "[process]" {
        /// CPU time of `Process(...)` and `start()` in the parent, without the system call.
        pub create: Nanos,
        /// CPU time of `fork(2)` in a process that maps little memory.
        pub fork: Nanos,
        /// Additional CPU time of `fork(2)` for each MiB that the parent maps.
        pub fork_per_mib: Nanos,
        /// Additional CPU time of the parent's code after a fork, in all: each page that parent and child share is copied at
        /// its first write, and an interpreter writes to hundreds because it counts references.
        #[shape(at_most(TEN_MILLISECONDS))]
        pub copies: Nanos,
        /// Additional CPU time of the child's code for the same reason, once the child has reached its target.
        #[shape(at_most(TEN_MILLISECONDS))]
        pub child_copies: Nanos,
        /// CPU time after which all of these pages have been copied.
        #[shape(some_time_up_to(TEN_MILLISECONDS))]
        pub copied_after: Nanos,
        /// CPU time of a forked child until it calls its target.
        pub bootstrap: Nanos,
        /// CPU time of a child of the fork server until it calls its target, which it unpickles first.
        pub forkserver_bootstrap: Nanos,
        /// CPU time of a new interpreter until it runs code: start, `site`, importing `multiprocessing`.
        pub boot: Nanos,
        /// CPU time of the fork server until it waits for its first request, without the modules that it imports for its
        /// children.
        pub forkserver_boot: Nanos,
        /// CPU time of the parent to prepare and start a new interpreter.
        pub exec: Nanos,
        /// Size of the pickle that describes the work to a spawned child.
        pub preparation: Bytes,
        /// CPU time of the parent for a request to the fork server.
        pub forkserver_request: Nanos,
        /// CPU time of a forked child's exit: `os._exit`, and the kernel frees its pages.
        pub exit: Nanos,
        /// CPU time of a spawned child's exit, which finalizes its interpreter first: `sys.exit`, `Py_FinalizeEx`.
        pub spawn_exit: Nanos,
        /// CPU time of `Process.join` in the parent.
        pub join: Nanos,
        /// CPU time of `Process.exitcode` in the parent, without the system call; a pool polls its workers in a loop.
        #[shape(SOME_TIME)]
        pub exitcode: Nanos,
        /// CPU time of `waitpid(2)` for a child that is running.
        #[shape(SOME_TIME)]
        pub waitpid: Nanos,
        /// CPU time of `Process.sentinel` in the parent, for each process of a list.
        pub sentinel: Nanos,
        /// CPU time of `Process.terminate` in the parent.
        pub terminate: Nanos,
    }

    /// Memory that interpreters and workers touch; private unless the field says otherwise.
    pub struct MemoryCosts in "[memory]" {
        /// Size of the pages of the interpreter's executable and libraries, which all its processes share.
        pub code: Bytes,
        /// Size of a new interpreter.
        pub interpreter: Bytes,
        /// Size of an interpreter beside the main one of its process.
        pub subinterpreter: Bytes,
        /// Size of a thread.
        pub thread: Bytes,
        /// Size of the pages that a forked worker writes to, idle or not, and therefore owns.
        pub forked_worker: Bytes,
        /// Size of the pages that a worker of the fork server owns; it imports the modules that its first call needs.
        pub forkserver_worker: Bytes,
        /// Size of the resource tracker, an interpreter that imports little.
        pub resource_tracker: Bytes,
        /// CPU time of a page fault that copies a page of a forked process.
        pub copy_on_write: Nanos,
        /// Size of data as objects, out of 1024 of its pickled size, by kind of payload.
        pub objects: ObjectSizes,
    }

    /// Size of data as objects, out of 1024 of its pickled size.
    pub struct ObjectSizes in "`objects`" {
        /// Size of one bytes object, out of 1024.
        pub bytes: u64,
        /// Size of a list of floats, out of 1024.
        #[key("list-float")]
        pub list_float: u64,
        /// Size of a list of small integers, out of 1024.
        #[key("list-int")]
        pub list_int: u64,
        /// Size of a dictionary of strings and numbers, out of 1024.
        pub dict: u64,
        /// Size of a list of tuples, out of 1024.
        #[key("list-tuple")]
        pub list_tuple: u64,
    }
}

words! {
    /// The waiting thread that a signal wakes up.
    pub enum WakeOrder {
        Groups = "groups" =>
            "A thread that is still on its way to sleep, else the oldest sleeper of the older group, as in glibc.",
        Fifo = "fifo" =>
            "The thread that has waited longest.",
        Random = "random" =>
            "Any of them with equal probability.",
    }
}

impl Slowdown {
    /// The slowdown of a release, by its minor number.
    pub const fn of(&self, minor: u8) -> u64 {
        match minor {
            ..=13 => self.release_3_13,
            _ => self.release_3_14,
        }
    }
}
