//! The fair class: who runs next on one hardware thread, and who may push in.
//!
//! Models `kernel/sched/fair.c` of Linux 6.6 and later (EEVDF), for threads of equal weight: `pick_eevdf`,
//! `place_entity`, `update_entity_lag`, `update_deadline`, `protect_slice`. Virtual time is then plain CPU time, and
//! the queue's own virtual time is the mean of its members'.

use crate::os::ThreadId;

/// A thread's standing with the scheduler: `struct sched_entity`. All in ns of virtual time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entity {
    /// CPU time had, as the queue counts it.
    pub vruntime: i64,
    /// Where the current request for a slice ends.
    pub deadline: i64,
    /// While eligible and short of this, the running thread is not preempted by a wake-up (`vprot`).
    pub protected_until: i64,
    /// Kept while off the queue: positive means that it is owed CPU time.
    pub lag: i64,
    /// Counts moves from queue to queue: the lower, the longer it has been in this one.
    pub moved: u64,
}

/// A thread that is ready to run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ready {
    pub thread: ThreadId,
    pub entity: Entity,
    /// Position among equal deadlines: who came first.
    order: u64,
}

/// The threads of one hardware thread that are ready but not running: `struct cfs_rq`.
#[derive(Debug, Default)]
pub(crate) struct RunQueue {
    /// By (deadline, order).
    ready: Vec<Ready>,
    /// Sum of the vruntimes in `ready`.
    sum: i128,
    orders: u64,
}

impl RunQueue {
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    pub fn len(&self) -> usize {
        self.ready.len()
    }

    pub fn threads(&self) -> impl Iterator<Item = ThreadId> {
        self.ready.iter().map(|ready| ready.thread)
    }

    pub fn insert(&mut self, thread: ThreadId, entity: Entity) {
        self.orders += 1;
        let at = self
            .ready
            .partition_point(|other| other.entity.deadline <= entity.deadline);
        self.ready.insert(
            at,
            Ready {
                thread,
                entity,
                order: self.orders,
            },
        );
        self.sum += i128::from(entity.vruntime);
    }

    /// The queue's virtual time: the mean over its members and the running thread, if there is one.
    pub fn virtual_time(&self, running: Option<&Entity>) -> Option<i64> {
        let members = self.ready.len() as i128 + i128::from(running.is_some());
        let sum = self.sum + running.map_or(0, |entity| i128::from(entity.vruntime));
        (members > 0).then(|| (sum.div_euclid(members)) as i64)
    }

    /// `entity_eligible`: has had no more than its share. Without division, hence without rounding.
    fn is_eligible(&self, vruntime: i64, running: Option<&Entity>) -> bool {
        let members = self.ready.len() as i128 + i128::from(running.is_some());
        let sum = self.sum + running.map_or(0, |entity| i128::from(entity.vruntime));
        i128::from(vruntime) * members <= sum
    }

    /// `pick_eevdf`: among the eligible the earliest deadline. `None` means that the running thread goes on.
    ///
    /// A running thread is let finish its slice (`RUN_TO_PARITY`) as long as it is eligible itself.
    pub fn pick(&self, running: Option<&Entity>) -> Option<usize> {
        let running_eligible = running.filter(|entity| self.is_eligible(entity.vruntime, running));
        if let Some(entity) = running_eligible
            && entity.vruntime < entity.protected_until
        {
            return None;
        }
        let best = self
            .ready
            .iter()
            .position(|ready| self.is_eligible(ready.entity.vruntime, running));
        match (best, running_eligible) {
            (Some(best), Some(entity)) if entity.deadline < self.ready[best].entity.deadline => None,
            (None, None) if running.is_none() && !self.ready.is_empty() => Some(0),
            (best, _) => best,
        }
    }

    /// Whether `pick` would choose this very thread.
    pub fn would_pick(&self, thread: ThreadId, running: &Entity) -> bool {
        self.pick(Some(running))
            .is_some_and(|index| self.ready[index].thread == thread)
    }

    pub fn take(&mut self, index: usize) -> Ready {
        let ready = self.ready.remove(index);
        self.sum -= i128::from(ready.entity.vruntime);
        ready
    }

    /// Where a thread stands.
    pub fn position_of(&self, thread: ThreadId) -> Option<usize> {
        self.ready.iter().position(|ready| ready.thread == thread)
    }

    /// Among those that may be moved, the thread that has waited longest in the queue: for a hardware thread with
    /// nothing to do.
    pub fn longest_waiting(&self, may_be_moved: impl Fn(ThreadId) -> bool) -> Option<usize> {
        (0..self.ready.len())
            .filter(|&index| may_be_moved(self.ready[index].thread))
            .min_by_key(|&index| self.ready[index].order)
    }

    /// The waiting thread that has belonged to this queue longest, for balancing. The one that has waited longest
    /// may just have been moved here: it would go to and fro for ever, always in the longer queue.
    pub fn longest_resident(&self) -> Option<usize> {
        (0..self.ready.len()).min_by_key(|&index| (self.ready[index].entity.moved, self.ready[index].order))
    }

    /// `place_entity`: where a thread that comes in stands. What it was owed when it left is kept (`PLACE_LAG`),
    /// scaled because its own arrival moves the mean.
    pub fn place(&self, entity: &mut Entity, running: Option<&Entity>, slice: i64) {
        if let Some(virtual_time) = self.virtual_time(running) {
            let members = self.ready.len() as i64 + i64::from(running.is_some());
            // A debt is kept as it is: the thread that sleeps on it stays in the mean until it is paid
            // (`DELAY_DEQUEUE`), so its return moves nothing.
            let lag = if entity.lag > 0 {
                entity.lag + entity.lag / members
            } else {
                entity.lag
            };
            entity.vruntime = virtual_time - lag;
        }
        entity.deadline = entity.vruntime + slice;
    }

    /// `update_entity_lag`: what the running thread is owed as it leaves.
    pub fn lag_of(&self, running: &Entity, slice: i64, tick: i64) -> i64 {
        if self.ready.is_empty() {
            return 0;
        }
        let bound = (2 * slice).max(tick);
        let virtual_time = self
            .virtual_time(Some(running))
            .expect("the running thread is a member");
        (virtual_time - running.vruntime).clamp(-bound, bound)
    }
}
