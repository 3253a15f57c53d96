//! What a run's results are made of: each thread's time by activity, which thread had which CPU or lock, context
//! switches.

use crate::engine::Ledger;
use crate::os::stays::{Resource, Stays};
use crate::os::thread::{Activity, Thread, ThreadId};
use crate::units::Nanos;

/// The records that results are made of. Nothing in the scheduler depends on them.
pub(crate) struct Accounts {
    pub ledger: Ledger,
    pub stays: Stays,
    /// Number of times that a CPU went from one thread to another.
    pub switches: u64,
}

impl Accounts {
    pub fn new(ledger: Ledger) -> Self {
        Self {
            stays: Stays::new(ledger.is_recording()),
            ledger,
            switches: 0,
        }
    }

    /// From now on the thread is busy with its activity, on a CPU or off it.
    pub fn enter_activity(&mut self, thread: &Thread, now: Nanos) {
        self.ledger.enter(thread.track, thread.activity.label(), now);
    }

    /// From now on the thread is ready and has no CPU, whatever its activity.
    pub fn enter_run_queue(&mut self, thread: &Thread, now: Nanos) {
        self.ledger
            .enter(thread.track, Activity::ReadyWithoutCore.label(), now);
    }

    #[inline]
    pub fn begin_stay(&mut self, resource: Resource, thread: ThreadId, now: Nanos) {
        self.stays.begin(resource, thread, now);
    }

    #[inline]
    pub fn end_stay(&mut self, resource: Resource, now: Nanos) {
        self.stays.end(resource, now);
    }
}
