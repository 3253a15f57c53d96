//! Garbage collection in the free-threaded build: `Python/gc_free_threading.c`.
//!
//! Each thread counts its allocations and reports them from time to time. The thread whose report exceeds the threshold
//! stops the world and collects. Allocations are not simulated: they are taken to be proportional to bytecode.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::pystate::ThreadState;
use super::stop_the_world::StopTheWorld;
use crate::os::{ThreadId, Work};
use crate::units::Nanos;

/// `LOCAL_ALLOC_COUNT_THRESHOLD`: the number of allocations after which a thread reports.
const REPORTED: u64 = 512;

/// `young.threshold`, from `_PyGC_InitState`: the number of allocations after which a collection is due. The profile says
/// to how much bytecode this corresponds.
const THRESHOLD: u64 = 2_000;

/// `struct _gc_runtime_state`: decides when an interpreter collects garbage.
#[derive(Default)]
pub struct Collector {
    /// `young.count`: bytecode since the last collection that threads have reported.
    count: Cell<u64>,
    /// `alloc_count`: the bytecode that each thread has not reported yet.
    unreported: RefCell<BTreeMap<ThreadId, u64>>,
    /// `collecting`
    collecting: Cell<bool>,
}

impl Collector {
    /// Bytecode until the thread reports next.
    pub fn until_report(&self, me: &ThreadState) -> Work {
        let Some(interval) = report_interval(me) else {
            return Work::at_full_speed(Nanos::FOREVER);
        };
        let unreported = self.unreported.borrow().get(&me.id).copied().unwrap_or_default();
        Work(interval - unreported)
    }

    /// `record_allocation`: counts bytecode of a thread. Returns whether a collection is now due (`gc_should_collect`).
    pub fn record(&self, me: &ThreadState, work: Work) -> bool {
        let Some(interval) = report_interval(me) else {
            return false;
        };
        let mut unreported = self.unreported.borrow_mut();
        let own = unreported.entry(me.id).or_default();
        *own += work.units();
        if *own < interval {
            return false;
        }
        self.count.set(self.count.get() + std::mem::take(own));
        self.count.get() > threshold(me)
    }

    /// `PyThreadState_Clear`: a thread ends and reports the rest.
    pub fn forget(&self, me: ThreadId) {
        let unreported = self.unreported.borrow_mut().remove(&me).unwrap_or_default();
        self.count.set(self.count.get() + unreported);
    }

    /// `gc_collect_main`, as far as other threads notice it. CPython stops the world a second time, for objects that
    /// finalizers have resurrected. That pause is short and not modelled.
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

/// Bytecode of all threads after which a collection is due, in units of [`Work`]. Zero means never, as in
/// `gc.set_threshold`.
fn threshold(me: &ThreadState) -> u64 {
    Work::at_full_speed(me.costs().free_threaded.collection_interval).units()
}

/// Bytecode of one thread between two reports, if there are collections.
fn report_interval(me: &ThreadState) -> Option<u64> {
    match threshold(me) {
        0 => None,
        threshold => Some((threshold / THRESHOLD * REPORTED).max(1)),
    }
}
