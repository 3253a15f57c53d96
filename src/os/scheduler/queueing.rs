//! A thread comes to a busy CPU, or leaves its run queue: where it stands in the queue, and what is known about all run
//! queues together.
//!
//! Models `enqueue_task_fair` and `place_entity` with its delayed sleepers, of `kernel/sched/fair.c`.

use std::sync::Arc;

use super::accounts::Accounts;
use super::backlog::Backlog;
use super::run_queue::{Entity, Queued};
use super::tables::{CpuId, Tables};
use crate::os::thread::{State, ThreadId};
use crate::profile::{Profile, SchedulerCosts, SchedulerPolicy};
use crate::units::Nanos;

/// The rules of the run queues, and counts over all of them. Its methods change the queues and the standing of the
/// threads in them and on their CPUs.
pub(super) struct Queueing {
    profile: Arc<Profile>,
    pub(super) backlog: Backlog,
    /// Number of times that a thread has taken a turn, under the round-robin policy.
    pub(super) turns: i64,
    /// Number of moves of threads from queue to queue.
    pub(super) moves: u64,
}

impl Queueing {
    pub fn new(profile: Arc<Profile>) -> Self {
        Self {
            profile,
            backlog: Backlog::default(),
            turns: 0,
            moves: 0,
        }
    }

    pub(super) fn costs(&self) -> &SchedulerCosts {
        &self.profile.machine.scheduler
    }

    /// Base slice, in ns of virtual time.
    pub(super) fn slice(&self) -> i64 {
        self.costs().base_slice.0 as i64
    }

    /// Whether the policy is round robin.
    pub fn takes_turns(&self) -> bool {
        self.costs().policy == SchedulerPolicy::RoundRobin
    }

    /// Puts a thread that is ready into the run queue of `cpu`: `enqueue_task_fair`.
    pub fn enqueue(
        &mut self,
        tables: &mut Tables,
        accounts: &mut Accounts,
        now: Nanos,
        cpu: CpuId,
        thread: ThreadId,
    ) {
        let slice = self.slice();
        let mut running = tables.running_on(cpu).copied();
        tables.track_waiting(now, thread);
        let record = &mut tables.threads[thread];
        record.state = State::Queued;
        accounts.enter_run_queue(record, now);
        let cpu_state = &mut tables.cpus[cpu];
        if std::mem::take(&mut record.in_debt) {
            // The scheduler does not look at the running thread for this, and may not have done so for a long time.
            if let Some(running) = &mut running {
                running.vruntime = cpu_state.seen;
            }
            record.entity = cpu_state.queue.rouse(thread, running.as_ref(), slice);
            self.backlog.sleeper_is_ready();
        } else {
            cpu_state.queue.place(&mut record.entity, running.as_ref(), slice);
            let entity = record.entity;
            tables.carry(now, thread, cpu);
            self.put(tables, now, cpu, thread, entity);
        }
    }

    pub fn put(&mut self, tables: &mut Tables, now: Nanos, cpu: CpuId, thread: ThreadId, mut entity: Entity) {
        tables.track(now, cpu);
        self.take_a_turn(&mut entity);
        tables[cpu].queue.insert(thread, entity);
        self.backlog.thread_is_queued();
    }

    pub fn take(&mut self, tables: &mut Tables, now: Nanos, cpu: CpuId, index: usize) -> Queued {
        tables.track(now, cpu);
        self.backlog.thread_is_taken(now);
        tables[cpu].queue.take(index)
    }

    /// The position of the thread in the queue of `cpu` that should run instead of `running`.
    pub fn pick_next(
        &mut self,
        tables: &mut Tables,
        now: Nanos,
        cpu: CpuId,
        running: Option<&Entity>,
    ) -> Option<usize> {
        if self.takes_turns() {
            tables[cpu].queue.pick_in_turn(running)
        } else {
            self.pick_fairly(tables, now, cpu, running)
        }
    }
}
