//! The run queue of one CPU under the fair policy: which thread runs next, and which may preempt the running one.
//!
//! Models `kernel/sched/fair.c` of Linux 6.6 and later (EEVDF), for threads of equal weight: `avg_vruntime`,
//! `update_entity_lag`, `entity_eligible`, `pick_eevdf`, `place_entity`, and the sleepers that stay in their queue
//! until their debt is paid (`DELAY_DEQUEUE`). With equal weights virtual time is plain CPU time, and the queue's own
//! virtual time is the mean of its members' virtual times.

use crate::os::ThreadId;

/// A thread's standing with the scheduler: `struct sched_entity`. All in ns of virtual time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entity {
    /// CPU time received, as the queue counts it.
    pub vruntime: i64,
    /// Where the current request for a slice ends.
    pub deadline: i64,
    /// While the running thread is eligible and has not reached this, no wake-up preempts it (`vprot`).
    pub protected_until: i64,
    /// Kept while the thread is not in a queue: if positive, the thread is owed CPU time.
    pub lag: i64,
    /// The number of its last move from queue to queue: the lower, the longer it has been in this queue.
    pub moved: u64,
}

impl Entity {
    /// `entity_lag`: the CPU time that it is owed at a virtual time of its queue, within bounds.
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
    /// It sleeps, and stays in the queue until its debt is paid: `sched_delayed`.
    pub asleep: bool,
    /// Members are numbered as they come, which orders those with equal deadlines.
    order: u64,
}

/// The threads of one hardware thread that are ready but not running, and sleepers in debt: `struct cfs_rq`.
#[derive(Debug, Default)]
pub(crate) struct RunQueue {
    /// Sorted by (deadline, order).
    members: Vec<Queued>,
    /// Number of members that sleep.
    asleep: usize,
    /// Sum of the members' vruntimes.
    sum: i128,
    orders: u64,
}

impl RunQueue {
    /// Whether it has no members, asleep or not.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Number of members, asleep or not.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Number of ready members: `h_nr_runnable` without the running thread.
    pub fn ready(&self) -> usize {
        self.members.len() - self.asleep
    }

    /// The ready members.
    pub fn threads(&self) -> impl Iterator<Item = ThreadId> {
        self.awake().map(|(_, member)| member.thread)
    }

    /// The ready members, in the order in which they came.
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

    pub fn is_asleep(&self, index: usize) -> bool {
        self.members[index].asleep
    }

    /// The position of a thread.
    pub fn position_of(&self, thread: ThreadId) -> Option<usize> {
        self.members.iter().position(|member| member.thread == thread)
    }

    /// The position of the thread that has waited longest among those that may be moved: for a CPU that has nothing to
    /// do.
    pub fn longest_waiting(&self, may_be_moved: impl Fn(ThreadId) -> bool) -> Option<usize> {
        self.awake()
            .filter(|(_, member)| may_be_moved(member.thread))
            .min_by_key(|(_, member)| member.order)
            .map(|(index, _)| index)
    }

    /// The position of the waiting thread that has belonged to this queue longest, for balancing. The thread that has
    /// waited longest may just have been moved here: it would go back and forth for ever, always into the longer queue.
    pub fn longest_resident(&self) -> Option<usize> {
        self.awake()
            .min_by_key(|(_, member)| (member.entity.moved, member.order))
            .map(|(index, _)| index)
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

    pub fn take(&mut self, index: usize) -> Queued {
        let member = self.members.remove(index);
        self.asleep -= usize::from(member.asleep);
        self.sum -= i128::from(member.entity.vruntime);
        member
    }

    /// `avg_vruntime`, the queue's virtual time: the mean over its members and the running thread, if there is one.
    pub fn virtual_time(&self, running: Option<&Entity>) -> Option<i64> {
        let members = self.members.len() as i128 + i128::from(running.is_some());
        let sum = self.sum + running.map_or(0, |entity| i128::from(entity.vruntime));
        (members > 0).then(|| (sum.div_euclid(members)) as i64)
    }

    /// `update_entity_lag`: the CPU time that the running thread is owed when it leaves.
    pub fn lag_of(&self, running: &Entity, slice: i64, tick: i64) -> i64 {
        if self.members.is_empty() {
            return 0;
        }
        let virtual_time = self
            .virtual_time(Some(running))
            .expect("the running thread is a member");
        running.lag_at(virtual_time, slice, tick)
    }

    /// `entity_eligible`: whether it has had no more than its share. Without a division, hence without rounding.
    pub fn is_eligible(&self, vruntime: i64, running: Option<&Entity>) -> bool {
        let members = self.members.len() as i128 + i128::from(running.is_some());
        let sum = self.sum + running.map_or(0, |entity| i128::from(entity.vruntime));
        i128::from(vruntime) * members <= sum
    }

    /// `pick_eevdf`: the position of the eligible member with the earliest deadline. `None` means that the running
    /// thread goes on.
    ///
    /// The member may be a sleeper whose debt is paid. A running thread may finish its slice (`RUN_TO_PARITY`) for as
    /// long as it is eligible itself.
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

    /// `place_entity`: gives a thread that comes into the queue its standing. It is still owed what it was owed when it
    /// left (`PLACE_LAG`), scaled because its own arrival moves the mean.
    pub fn place(&self, entity: &mut Entity, running: Option<&Entity>, slice: i64) {
        if let Some(virtual_time) = self.virtual_time(running) {
            let members = self.members.len() as i64 + i64::from(running.is_some());
            entity.vruntime = virtual_time - entity.lag - entity.lag / members;
        }
        entity.deadline = entity.vruntime + slice;
    }

    /// `requeue_delayed_entity`: a thread that sleeps in the queue is woken. It keeps its standing, unless it would be
    /// owed CPU time by now: that is forgotten (`DELAY_ZERO`). Returns its standing.
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
}
