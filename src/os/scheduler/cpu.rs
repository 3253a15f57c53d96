//! What the scheduler knows of a hardware thread: `struct rq`.

use super::cache_line::Pace;
use super::newly_idle::Luck;
use super::periodic_balance::Rounds;
use crate::engine::Slot;
use crate::os::ThreadId;
use crate::os::fair::RunQueue;
use crate::os::pelt::Average;
use crate::os::thread::FULL_SPEED;
use crate::units::Nanos;

/// One hardware thread.
#[derive(Debug)]
pub(crate) struct Cpu {
    pub(super) slot: Slot,
    pub(super) current: Option<ThreadId>,
    /// Up to here the current thread's CPU time and work are accounted; later than now while it is switched in.
    pub(super) charged_until: Nanos,
    /// Until then the thread that left last is going to sleep, and the CPU switches away from it.
    pub(super) free_from: Nanos,
    pub(super) queue: RunQueue,
    pub(super) tick_pending: bool,
    /// How often in a row it found nothing to take, though others have too much: `nr_balance_failed`.
    pub(super) balance_failed: u32,
    pub(super) rounds: Rounds,
    /// The current thread's `vruntime` when the scheduler last looked at it (`update_curr`): as it came, at a tick, as
    /// another one came.
    pub(super) seen: i64,
    /// The running thread must give way at its next step: it was being polled when that was decided.
    pub(super) must_resched: bool,
    /// Whether looking for work elsewhere has been worth it.
    pub(super) luck: Luck,
    /// Who ran last: its return costs no switch.
    pub(super) last: Option<ThreadId>,
    /// Nobody has run since.
    pub(super) rested: bool,
    /// Of the threads that belong here, running or not.
    pub(super) utilization: Average,
    pub(super) speed: u64,
    /// How much of it goes into the current thread's work.
    pub(super) pace: Pace,
}

impl Cpu {
    /// With nothing to do. Its ticks come through `slot`.
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
}
