//! The fair class: who runs next on one hardware thread, and who may push in.
//!
//! Models `kernel/sched/fair.c` of Linux 6.6 and later (EEVDF), for threads of equal weight: `pick_eevdf`,
//! `place_entity`, `update_entity_lag`, `update_deadline`, `protect_slice`, and the sleepers that stay in their queue
//! until their debt is paid (`DELAY_DEQUEUE`). Virtual time is then plain CPU time, and the queue's own virtual time is
//! the mean of its members'.

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

impl Entity {
    /// `entity_lag`: what it is owed when its queue's virtual time is that, within bounds.
    pub fn lag_at(&self, virtual_time: i64, slice: i64, tick: i64) -> i64 {
        let bound = (2 * slice).max(tick);
        (virtual_time - self.vruntime).clamp(-bound, bound)
    }
}

/// A thread in a queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queued {
    pub thread: ThreadId,
    pub entity: Entity,
    /// It sleeps, and is here until its debt is paid: `sched_delayed`.
    pub asleep: bool,
    /// Position among equal deadlines: who came first.
    order: u64,
}

/// The threads of one hardware thread that are ready but not running, and sleepers in debt: `struct cfs_rq`.
#[derive(Debug, Default)]
pub(crate) struct RunQueue {
    /// By (deadline, order).
    members: Vec<Queued>,
    /// How many of them sleep.
    asleep: usize,
    /// Sum of the members' vruntimes.
    sum: i128,
    orders: u64,
}

impl RunQueue {
    /// Whether there is nobody, asleep or not.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// How many there are, asleep or not.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// How many are ready: `h_nr_runnable`, less the one that runs.
    pub fn ready(&self) -> usize {
        self.members.len() - self.asleep
    }

    /// Those that are ready.
    pub fn threads(&self) -> impl Iterator<Item = ThreadId> {
        self.awake().map(|(_, member)| member.thread)
    }

    /// Those that are ready, in the order in which they came.
    pub fn by_arrival(&self) -> Vec<ThreadId> {
        let mut ready: Vec<&Queued> = self.awake().map(|(_, member)| member).collect();
        ready.sort_unstable_by_key(|member| member.order);
        ready.into_iter().map(|member| member.thread).collect()
    }

    fn awake(&self) -> impl Iterator<Item = (usize, &Queued)> {
        self.members
            .iter()
            .enumerate()
            .filter(|(_, member)| !member.asleep)
    }

    pub fn insert(&mut self, thread: ThreadId, entity: Entity) {
        self.add(thread, entity, false);
    }

    /// `set_delayed`: the thread goes to sleep, but owes too much to leave.
    pub fn insert_asleep(&mut self, thread: ThreadId, entity: Entity) {
        self.add(thread, entity, true);
    }

    fn add(&mut self, thread: ThreadId, entity: Entity, asleep: bool) {
        self.orders += 1;
        let at = self
            .members
            .partition_point(|other| other.entity.deadline <= entity.deadline);
        self.members.insert(
            at,
            Queued {
                thread,
                entity,
                asleep,
                order: self.orders,
            },
        );
        self.asleep += usize::from(asleep);
        self.sum += i128::from(entity.vruntime);
    }

    /// `requeue_delayed_entity`: one that sleeps here is woken. It stands where it stood, unless it would be owed
    /// something by now: that is forgotten (`DELAY_ZERO`). Where it stands.
    pub fn rouse(&mut self, thread: ThreadId, running: Option<&Entity>, slice: i64) -> Entity {
        let index = self
            .position_of(thread)
            .expect("a sleeper in debt is in its queue");
        let mut entity = self.members[index].entity;
        if self
            .virtual_time(running)
            .is_some_and(|now| now > entity.vruntime)
        {
            self.take(index);
            entity.lag = 0;
            self.place(&mut entity, running, slice);
            self.insert(thread, entity);
        } else {
            self.members[index].asleep = false;
            self.asleep -= 1;
        }
        entity
    }

    /// The queue's virtual time: the mean over its members and the running thread, if there is one.
    pub fn virtual_time(&self, running: Option<&Entity>) -> Option<i64> {
        let members = self.members.len() as i128 + i128::from(running.is_some());
        let sum = self.sum + running.map_or(0, |entity| i128::from(entity.vruntime));
        (members > 0).then(|| (sum.div_euclid(members)) as i64)
    }

    /// `entity_eligible`: has had no more than its share. Without division, hence without rounding.
    pub fn is_eligible(&self, vruntime: i64, running: Option<&Entity>) -> bool {
        let members = self.members.len() as i128 + i128::from(running.is_some());
        let sum = self.sum + running.map_or(0, |entity| i128::from(entity.vruntime));
        i128::from(vruntime) * members <= sum
    }

    /// `pick_eevdf`: among the eligible the earliest deadline. `None` means that the running thread goes on.
    ///
    /// It may be one that sleeps: its debt is paid. A running thread is let finish its slice (`RUN_TO_PARITY`) as long as
    /// it is eligible itself.
    pub fn pick(&self, running: Option<&Entity>) -> Option<usize> {
        let running_eligible = running.filter(|entity| self.is_eligible(entity.vruntime, running));
        if let Some(entity) = running_eligible
            && entity.vruntime < entity.protected_until
        {
            return None;
        }
        let best = self
            .members
            .iter()
            .position(|member| self.is_eligible(member.entity.vruntime, running));
        match (best, running_eligible) {
            (Some(best), Some(entity)) if entity.deadline < self.members[best].entity.deadline => None,
            (None, None) if running.is_none() && !self.members.is_empty() => Some(0),
            (best, _) => best,
        }
    }

    /// Whether `pick` would choose this very thread.
    pub fn would_pick(&self, thread: ThreadId, running: &Entity) -> bool {
        self.pick(Some(running))
            .is_some_and(|index| self.members[index].thread == thread)
    }

    pub fn is_asleep(&self, index: usize) -> bool {
        self.members[index].asleep
    }

    pub fn take(&mut self, index: usize) -> Queued {
        let member = self.members.remove(index);
        self.asleep -= usize::from(member.asleep);
        self.sum -= i128::from(member.entity.vruntime);
        member
    }

    /// Where a thread stands.
    pub fn position_of(&self, thread: ThreadId) -> Option<usize> {
        self.members.iter().position(|member| member.thread == thread)
    }

    /// Among those that may be moved, the thread that has waited longest in the queue: for a hardware thread with
    /// nothing to do.
    pub fn longest_waiting(&self, may_be_moved: impl Fn(ThreadId) -> bool) -> Option<usize> {
        self.awake()
            .filter(|(_, member)| may_be_moved(member.thread))
            .min_by_key(|(_, member)| member.order)
            .map(|(index, _)| index)
    }

    /// The waiting thread that has belonged to this queue longest, for balancing. The one that has waited longest
    /// may just have been moved here: it would go to and fro for ever, always in the longer queue.
    pub fn longest_resident(&self) -> Option<usize> {
        self.awake()
            .min_by_key(|(_, member)| (member.entity.moved, member.order))
            .map(|(index, _)| index)
    }

    /// `place_entity`: where a thread that comes in stands. What it was owed when it left is kept (`PLACE_LAG`),
    /// scaled because its own arrival moves the mean.
    pub fn place(&self, entity: &mut Entity, running: Option<&Entity>, slice: i64) {
        if let Some(virtual_time) = self.virtual_time(running) {
            let members = self.members.len() as i64 + i64::from(running.is_some());
            entity.vruntime = virtual_time - entity.lag - entity.lag / members;
        }
        entity.deadline = entity.vruntime + slice;
    }

    /// `update_entity_lag`: what the running thread is owed as it leaves.
    pub fn lag_of(&self, running: &Entity, slice: i64, tick: i64) -> i64 {
        if self.members.is_empty() {
            return 0;
        }
        let virtual_time = self
            .virtual_time(Some(running))
            .expect("the running thread is a member");
        running.lag_at(virtual_time, slice, tick)
    }
}
