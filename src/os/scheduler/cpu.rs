//! What the scheduler knows about a hardware thread: `struct rq`.

use super::cache_line::Pace;
use super::newidle_balance::Luck;
use super::pelt::Average;
use super::periodic_balance::Rounds;
use super::run_queue::RunQueue;
use crate::engine::Slot;
use crate::os::ThreadId;
use crate::os::thread::FULL_SPEED;
use crate::units::Nanos;

/// One hardware thread.
#[derive(Debug)]
pub(crate) struct Cpu {
    pub(super) slot: Slot,
    pub(super) current: Option<ThreadId>,
    /// The current thread's CPU time and work are accounted until then; later than now while it is switched in.
    pub(super) charged_until: Nanos,
    /// Until then the thread that left last goes to sleep, and the CPU switches away from it.
    pub(super) free_from: Nanos,
    pub(super) queue: RunQueue,
    pub(super) tick_pending: bool,
    /// How often in a row it found nothing to pull, although others have too much: `nr_balance_failed`.
    pub(super) balance_failed: u32,
    pub(super) rounds: Rounds,
    /// The current thread's `vruntime` when the scheduler last looked at it (`update_curr`): when it came, at a tick,
    /// or when another thread came.
    pub(super) seen: i64,
    /// The running thread must give way at its next step: it was being polled when that was decided.
    pub(super) must_resched: bool,
    /// Whether looking for work on other CPUs has been worth it.
    pub(super) luck: Luck,
    /// The thread that ran last: its return costs no switch.
    pub(super) last: Option<ThreadId>,
    /// No thread has run since then.
    pub(super) rested: bool,
    /// Of the threads that belong to this CPU, running or not.
    pub(super) utilization: Average,
    /// Speed, out of 1024.
    pub(super) speed: u64,
    /// The share of the speed that goes into the current thread's work.
    pub(super) pace: Pace,
}

impl Cpu {
    /// An idle CPU. Its ticks come through `slot`.
    pub(super) fn new(slot: Slot, rounds: Rounds) -> Self {
        Self {
            slot,
            current: None,
            charged_until: Nanos::ZERO,
            free_from: Nanos::ZERO,
            queue: RunQueue::default(),
            tick_pending: false,
            balance_failed: 0,
            rounds,
            seen: 0,
            must_resched: false,
            luck: Luck::default(),
            last: None,
            rested: true,
            utilization: Average::default(),
            speed: FULL_SPEED,
            pace: Pace::FULL,
        }
    }

    /// Whether something is in its caches of what the kernel does at wake-ups: it is busy, or was so less than
    /// `hot_for` ago.
    pub(super) fn is_hot(&self, now: Nanos, hot_for: Nanos) -> bool {
        self.current.is_some() || now < self.free_from + hot_for
    }
}
