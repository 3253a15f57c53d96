//! Garbage collection in the free-threaded build: `Python/gc_free_threading.c`.
//!
//! Each thread counts what it allocates, and reports now and then. Who reports beyond the threshold stops the world and
//! collects. What a program allocates is not simulated: its bytecode stands for it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::pystate::ThreadState;
use super::stop_the_world::StopTheWorld;
use crate::os::{ThreadId, Work};
use crate::units::Nanos;

/// A thread reports after so many allocations: `LOCAL_ALLOC_COUNT_THRESHOLD`.
const REPORTED: u64 = 512;

/// So many make garbage collection due: `young.threshold`, from `_PyGC_InitState`. The profile says how much bytecode
/// that is.
const THRESHOLD: u64 = 2_000;

/// When an interpreter collects garbage: `struct _gc_runtime_state`.
#[derive(Default)]
pub struct Collector {
    /// Bytecode since the last collection, as far as threads have reported it: `young.count`.
    count: Cell<u64>,
    /// What each thread has not reported yet: `alloc_count`.
    unreported: RefCell<BTreeMap<ThreadId, u64>>,
    /// Somebody is at it: `collecting`.
    collecting: Cell<bool>,
}

impl Collector {
    /// Bytecode until the thread next has something to report.
    pub fn until_report(&self, me: &ThreadState) -> Work {
        let Some(reported) = reported(me) else {
            return Work::at_full_speed(Nanos::FOREVER);
        };
        let unreported = self.unreported.borrow().get(&me.id).copied().unwrap_or_default();
        Work(reported - unreported)
    }

    /// Counts bytecode of a thread: `record_allocation`. True where that makes garbage collection due
    /// (`gc_should_collect`).
    pub fn record(&self, me: &ThreadState, work: Work) -> bool {
        let Some(reported) = reported(me) else {
            return false;
        };
        let mut unreported = self.unreported.borrow_mut();
        let own = unreported.entry(me.id).or_default();
        *own += work.units();
        if *own < reported {
            return false;
        }
        self.count.set(self.count.get() + std::mem::take(own));
        self.count.get() > threshold(me)
    }

    /// A thread ends: what it has not reported is counted (`PyThreadState_Clear`).
    pub fn forget(&self, me: ThreadId) {
        let unreported = self.unreported.borrow_mut().remove(&me).unwrap_or_default();
        self.count.set(self.count.get() + unreported);
    }

    /// `gc_collect_main`, as far as other threads notice. The source stops the world a second time, for what finalizers
    /// have brought back to life; that is short, and left out.
    pub async fn collect(&self, world: &StopTheWorld, me: &ThreadState) {
        if self.collecting.replace(true) {
            return;
        }
        self.count.set(0);
        world.stop(me).await;
        me.os()
            .compute(me.id, me.costs().free_threaded.collection_pause)
            .await;
        world.start(me).await;
        self.collecting.set(false);
    }
}

/// Bytecode of all threads that makes garbage collection due, in units of [`Work`]; 0 for never, as in `gc.set_threshold`.
fn threshold(me: &ThreadState) -> u64 {
    Work::at_full_speed(me.costs().free_threaded.collection_interval).units()
}

/// Bytecode of one thread between two reports, where there are any.
fn reported(me: &ThreadState) -> Option<u64> {
    match threshold(me) {
        0 => None,
        threshold => Some((threshold / THRESHOLD * REPORTED).max(1)),
    }
}
