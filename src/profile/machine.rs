//! The hardware and the kernel's scheduler.

use crate::input::words;
use crate::random::Table;
use crate::units::Nanos;

use super::declare::{SOME_TIME, at_most, costs, some_time_up_to};
use crate::input::Shape;

/// Rates are kept as fractions of whole numbers, which stay within 64 bits for times up to this one.
pub(super) const MILLISECOND: Nanos = Nanos::from_millis(1);

/// Out of 1024 of full speed.
const SPEED: Shape = Shape::Integer { min: 1, max: 4096 };

costs! {
    /// The kernel's scheduler and timers.
    pub struct SchedulerCosts in "[scheduler]" {
        /// Time between two timer ticks of a core, which is 1 s / HZ; time slices end at ticks.
        #[shape(SOME_TIME)]
        pub tick: Nanos,
        /// CPU time that a thread may use before another thread of equal standing runs.
        #[shape(SOME_TIME)]
        pub base_slice: Nanos,
        /// Time between two attempts of an idle core to balance the lengths of the run queues; a busy core tries a
        /// sixteenth as often.
        pub balance_interval: Nanos,
        /// CPU time that a thread needs to go to sleep: it arms a timer, and the kernel chooses the next thread.
        pub sleep: Nanos,
        /// CPU time to switch from one thread to another on the same core.
        pub context_switch: Nanos,
        /// Time from a wake-up until the thread runs on a core that has been idle for longer than `hot_for`.
        pub wake_latency: Table,
        /// Time from a wake-up until the thread runs on a core that became idle less than `hot_for` ago.
        pub wake_latency_hot: Table,
        /// Time for which an idle core counts as hot.
        pub hot_for: Nanos,
        /// How a woken thread searches for an idle core other than the one on which it ran last.
        pub wake_search: WakeSearch,
        /// Utilization, out of 1024, below which a busy core takes a woken or new thread although other cores are
        /// idle, as kernels of some virtual machines do; 0 for kernels as released. The core is the waker's or the
        /// thread's last one, and the thread's own utilization is included.
        pub pack_below: u64,
        /// Whether a core that becomes idle looks for threads that wait for other cores.
        pub newidle_balance: NewidleBalance,
        /// A core that becomes idle does not take a thread that ran on its own core less than this time ago.
        pub migration_cost: Nanos,
        /// Time by which a timer expires late.
        pub timer_slack: Table,
        /// Timers expire only at multiples of this time, such as the 15.6 ms of Windows; 0 where they are exact.
        pub timer_quantum: Nanos,
        /// CPU time of `futex(FUTEX_WAIT)` until the thread is queued.
        pub futex_wait: Nanos,
        /// CPU time of `futex(FUTEX_WAKE)` that wakes a thread.
        pub futex_wake: Nanos,
        /// Additional CPU time of a wake-up whose target core is idle and needs an inter-processor interrupt.
        pub wake_idle_core: Nanos,
        /// CPU time of `futex(FUTEX_WAKE)` where no thread sleeps.
        pub futex_wake_nobody: Table,
        /// The order in which threads run that want the same core.
        pub policy: SchedulerPolicy,
    }

    /// The speed of a core, out of 1024, depending on what its neighbours do.
    pub struct JointSpeed in "[joint_speed]" {
        /// Speed of each busy core by the number of busy cores, beginning with one; the last entry applies to all larger
        /// numbers.
        #[shape(Shape::List(&SPEED))]
        pub busy_cores: Vec<u64>,
        /// Speed of each of the two hardware threads of a core while both are busy.
        #[shape(Shape::Integer { min: 1, max: 1024 })]
        pub sibling_busy: u64,
    }

    /// Delay of a thread that finds other data in a core's caches, branch predictors and translation buffers. It applies
    /// to the code of interpreter, executors and kernel; a task's own work takes as long as the scenario says.
    ///
    /// The literature calls it the cache-related preemption delay (J. Mogul and A. Borg, "The effect of context switches on
    /// cache performance", 1991; C. Li, C. Ding and K. Shen, "Quantifying the cost of context switch", 2007).
    pub struct CacheCosts in "[cache]" {
        /// Work after which the caches hold a thread's data again.
        #[shape(some_time_up_to(MILLISECOND))]
        pub refill: Nanos,
        /// Additional time for that work after another thread of the same process ran on the core.
        #[shape(at_most(MILLISECOND))]
        pub after_thread: Nanos,
        /// Additional time for that work after a thread of another process ran on the core.
        #[shape(at_most(MILLISECOND))]
        pub after_process: Nanos,
        /// Additional time for that work on a core that became idle less than `scheduler.hot_for` ago.
        #[shape(at_most(MILLISECOND))]
        pub after_idle: Nanos,
        /// Additional time for that work on a core that has been idle for longer.
        #[shape(at_most(MILLISECOND))]
        pub after_long_idle: Nanos,
    }

    /// Atomic operations on a cache line that several cores write to.
    pub struct CacheLineCosts in "[cache_line]" {
        /// Time that an atomic operation takes longer than a plain one on a line that its core already has.
        #[shape(at_most(MILLISECOND))]
        pub local: Nanos,
        /// Time of an atomic operation on a line that another core wrote to last, transfer of the line included; cores that
        /// want the same line take turns.
        #[shape(at_most(MILLISECOND))]
        pub transfer: Nanos,
    }
}

words! {
    /// The order in which threads run that want the same core.
    pub enum SchedulerPolicy {
        Fair = "fair" =>
            "The thread that is owed the most CPU time runs, and a woken thread may preempt (EEVDF of Linux).",
        RoundRobin = "round-robin" =>
            "At the end of a quantum the thread that has waited longest runs (xnu, threads of equal priority).",
    }
}

words! {
    /// How a woken thread searches for a core.
    pub enum WakeSearch {
        Idle = "idle" =>
            "The thread takes its last core if that is idle, else any idle core (Linux before 5.19).",
        SisUtil = "sis-util" =>
            "As \"idle\", but the busier the cores have been, the fewer are searched; above 85 % none is (SIS_UTIL).",
    }
}

words! {
    /// Whether a core that becomes idle takes a thread that waits for another core.
    pub enum NewidleBalance {
        Always = "always" =>
            "It takes a waiting thread if there is one.",
        Proportional = "proportional" =>
            "It searches as often as earlier searches succeeded (NI_RANDOM, Linux since January 2026).",
    }
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
