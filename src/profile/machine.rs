//! The machine: its scheduler, its cores and their caches, its memory.

use serde::Deserialize;

use crate::random::Table;
use crate::units::{Bytes, Nanos};

/// The kernel's scheduler and timers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchedulerCosts {
    /// Between two ticks of a core: 1 s / HZ. Slices end at ticks.
    pub tick: Nanos,
    /// What a thread may use up before another one of equal standing goes first.
    pub base_slice: Nanos,
    /// Between two looks for queues of unequal length, of a core that has nothing to do; others look a sixteenth as often.
    pub balance_interval: Nanos,
    /// What a thread that goes to sleep still has its core for: arming a timer, choosing who runs next.
    pub sleep: Nanos,
    /// From one thread to another on the same core.
    pub context_switch: Nanos,
    /// From a wake-up until the thread runs on a core that has been idle for long.
    pub wake_latency: Table,
    /// The same on a core that has just become idle.
    pub wake_latency_hot: Table,
    /// How long a core counts as having just become idle.
    pub hot_for: Nanos,
    /// Whether a thread that is woken looks for an idle core beyond the one it ran on last.
    pub wake_search: WakeSearch,
    /// A woken or new thread joins a busy core, the waker's or its own last one, whose utilization (out of 1024) stays
    /// below this with it, though others are idle; 0 for kernels as released. Some virtual machines' kernels pack
    /// threads, so that idle virtual CPUs stay with the host.
    pub pack_below: u64,
    /// Whether a core that has nothing to do any more looks for threads that wait for others.
    pub newidle_balance: NewidleBalance,
    /// A thread that ran so recently stays with its core's caches: a core with nothing to do does not take it.
    pub migration_cost: Nanos,
    /// By how much a timer goes off late.
    pub timer_slack: Table,
    /// Timers go off at multiples of it only, as with the 15.6 ms of Windows; 0 where they are exact.
    pub timer_quantum: Nanos,
    /// `futex(FUTEX_WAIT)` until the thread is queued.
    pub futex_wait: Nanos,
    /// `futex(FUTEX_WAKE)`, for the thread that wakes another.
    pub futex_wake: Nanos,
    /// What it takes longer if the other's core is idle: an interrupt has to be sent there.
    pub wake_idle_core: Nanos,
    /// Where nobody sleeps.
    pub futex_wake_nobody: Table,
    /// Who runs next.
    pub policy: SchedulerPolicy,
}

/// Who runs next on a core that several threads want.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SchedulerPolicy {
    /// Whoever is owed most; a woken thread may push in: Linux's EEVDF.
    Fair,
    /// Whoever has waited longest, when a quantum is over: xnu, among threads of equal priority.
    RoundRobin,
}

/// Where a thread that is woken may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WakeSearch {
    /// To the core it ran on last if that is idle, else to any that is: Linux before 5.19.
    Idle,
    /// The same, but the busier the cores have been, the fewer are looked at; beyond 85 % none is (`SIS_UTIL`).
    SisUtil,
}

/// Whether a core that has nothing to do any more takes a thread that waits for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NewidleBalance {
    /// If there is one.
    Always,
    /// As often as it has found one before: Linux since January 2026 (`NI_RANDOM`).
    Proportional,
}

/// How fast a core is, out of 1024, given what its neighbours do.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JointSpeed {
    /// By the number of busy cores, from one upwards; the last entry holds for all beyond.
    pub busy_cores: Vec<u64>,
    /// Each of two hardware threads of a core when both are busy.
    pub sibling_busy: u64,
}

impl JointSpeed {
    /// The speed of a hardware thread, out of 1024, where `busy_cores` cores are busy and `busy_siblings` hardware
    /// threads of its own core.
    pub fn of(&self, busy_cores: usize, busy_siblings: usize) -> u64 {
        let last = self.busy_cores.len() - 1;
        let core = self.busy_cores[busy_cores.saturating_sub(1).min(last)];
        if busy_siblings > 1 {
            (core * self.sibling_busy / 1024).max(1)
        } else {
            core
        }
    }
}

/// What a thread finds in the caches of the core that it comes to, in its branch predictors and translation buffers: the
/// cache-related preemption delay of the literature (J. Mogul and A. Borg, "The effect of context switches on cache
/// performance", 1991; C. Li, C. Ding and K. Shen, "Quantifying the cost of context switch", 2007).
///
/// It falls on the code of interpreter, executors and kernel. A task's own work is as long as the scenario says.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheCosts {
    /// Work after which caches hold again what a thread needs. At most 1 ms.
    pub refill: Nanos,
    /// What that much work takes longer where another thread of the same process had the core before. At most 1 ms, as
    /// all that follow.
    pub after_thread: Nanos,
    /// The same after a thread of another process.
    pub after_process: Nanos,
    /// The same where the core has just become idle: see `scheduler.hot_for`.
    pub after_idle: Nanos,
    /// The same where the core has been idle for long.
    pub after_long_idle: Nanos,
}

/// A cache line that is written to by atomic operations.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheLineCosts {
    /// What an atomic operation takes longer than a plain one on a line that its core has already.
    pub local: Nanos,
    /// An atomic operation on a line that another core wrote to last: until the line is here, and it is done. Of all
    /// cores that want the line, one has it at a time.
    pub transfer: Nanos,
}

/// Memory, as far as it has been touched; private unless said otherwise.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryCosts {
    /// Pages of the interpreter's own file and of its libraries, which all its processes share.
    pub code: Bytes,
    /// A fresh interpreter.
    pub interpreter: Bytes,
    /// An interpreter beside the main one of its process.
    pub subinterpreter: Bytes,
    /// A thread.
    pub thread: Bytes,
    /// What a forked worker writes to, idle or not, and therefore owns.
    pub forked_worker: Bytes,
    /// The same for a worker that the fork server has forked: it imports what its first call needs.
    pub forkserver_worker: Bytes,
    /// The resource tracker, an interpreter with next to nothing imported.
    pub resource_tracker: Bytes,
    /// A page fault that copies a page of a forked process.
    pub copy_on_write: Nanos,
    /// What data occupies as objects, out of 1024 of its pickled size.
    pub objects: ObjectSizes,
}

/// Out of 1024 of the pickled size, by kind of payload.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ObjectSizes {
    /// One bytes object.
    pub bytes: u64,
    /// A list of floats.
    pub list_float: u64,
    /// A list of small integers.
    pub list_int: u64,
    /// A dictionary of strings and numbers.
    pub dict: u64,
    /// A list of tuples.
    pub list_tuple: u64,
}
