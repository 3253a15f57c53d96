//! CPUs take waiting threads from each other: when they run out of work ([`newidle_balance`](super::newidle_balance)),
//! when a tick elsewhere wakes them for it, and now and then while they are busy
//! ([`periodic_balance`](super::periodic_balance)).
//!
//! Models `task_hot`, `can_migrate_task`, `detach_tasks` and `nohz_balancer_kick` of `kernel/sched/fair.c`.

use std::sync::Arc;

use super::queueing::Queueing;
use super::tables::{CpuId, Tables};
use crate::os::ThreadId;
use crate::profile::{Profile, SchedulerCosts};
use crate::random::{Key, Stream};
use crate::units::Nanos;

/// `sd->cache_nice_tries` of CPUs that share a cache: `kernel/sched/topology.c`, `sd_init`.
const CACHE_NICE_TRIES: u32 = 1;

/// The rules for balancing. Its methods move threads between run queues, or take one out for a CPU that is idle; they
/// never start or stop a thread.
pub(super) struct Balancing {
    profile: Arc<Profile>,
    /// Decides whether a CPU that runs out of work looks for threads.
    pub(super) dice: Stream,
    /// Decides which CPUs balance before the one whose tick it is lets a thread give way.
    pub(super) race: Stream,
    /// The tick at which busy CPUs last looked at each other.
    pub(super) balanced: Nanos,
}

impl Balancing {
    pub fn new(profile: Arc<Profile>, key: Key) -> Self {
        Self {
            profile,
            dice: Stream::named(key.name("newidle balance")),
            race: Stream::named(key.name("balance")),
            balanced: Nanos::ZERO,
        }
    }

    pub(super) fn costs(&self) -> &SchedulerCosts {
        &self.profile.machine.scheduler
    }

    /// `task_hot`: it ran so recently that its CPU's caches still hold what it needs.
    fn is_hot_task(&self, tables: &Tables, now: Nanos, thread: ThreadId) -> bool {
        tables[thread]
            .last_ran
            .is_some_and(|time| now - time < self.costs().migration_cost)
    }

    /// `can_migrate_task`: threads with warm caches may migrate only if nothing else has been found for some time.
    pub(super) fn may_migrate(&self, tables: &Tables, now: Nanos, thread: ThreadId, to: CpuId) -> bool {
        tables[to].balance_failed > CACHE_NICE_TRIES || !self.is_hot_task(tables, now, thread)
    }

    /// `detach_tasks`, for an idle CPU: takes a thread that waits for `from`, for `to`.
    pub(super) fn pull(
        &self,
        tables: &mut Tables,
        queues: &mut Queueing,
        now: Nanos,
        from: CpuId,
        to: CpuId,
    ) -> Option<ThreadId> {
        let index = tables[from]
            .queue
            .longest_waiting(|thread| self.may_migrate(tables, now, thread, to))?;
        tables[to].balance_failed = 0;
        Some(queues.migrate(tables, now, (from, index), to))
    }

    /// `nohz_balancer_kick`: a tick of `busy` that finds a thread waiting makes `idle`, which is idle, take it.
    pub fn pull_at_tick(
        &self,
        tables: &mut Tables,
        queues: &mut Queueing,
        now: Nanos,
        busy: CpuId,
        idle: CpuId,
    ) -> Option<ThreadId> {
        if tables[busy].queue.ready() == 0 {
            tables[idle].balance_failed = 0;
            return None;
        }
        let pulled = self.pull(tables, queues, now, busy, idle);
        if pulled.is_none() {
            tables[idle].balance_failed += 1;
        }
        pulled
    }
}
