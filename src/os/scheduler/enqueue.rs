//! A thread comes to a busy CPU: where it stands in the queue, and whether it pushes in.
//!
//! Models `enqueue_task_fair`, `place_entity` with its delayed sleepers, and `wakeup_preempt` of `kernel/sched/fair.c`.

use super::Scheduler;
use crate::engine::Engine;
use crate::os::fair::{Entity, Queued};
use crate::os::thread::{Activity, State, ThreadId};

impl Scheduler {
    /// A thread comes to a busy CPU: `enqueue_task_fair`, then `wakeup_preempt`.
    pub(super) fn enqueue_woken(&mut self, engine: &Engine, cpu: usize, thread: ThreadId) {
        self.charge(engine, cpu);
        self.make_up_for_ticks(engine, cpu);
        let crowded = !self.cpus[cpu].queue.is_empty();
        let expired = crowded && self.renew_expired_slice(cpu);
        self.enqueue(engine, cpu, thread);
        self.look(engine, cpu);
        let current = self.cpus[cpu]
            .current
            .expect("a CPU with nothing to do would have been chosen");
        let running = self.threads[current.index()].entity;
        if expired {
            self.reschedule_if_better(engine, cpu);
        } else if self.cpus[cpu].queue.would_pick(thread, &running) {
            self.give_way(engine, cpu);
        }
        self.want_tick(engine, cpu);
    }

    /// Puts a thread that is ready into the run queue of `cpu`.
    pub(super) fn enqueue(&mut self, engine: &Engine, cpu: usize, thread: ThreadId) {
        let slice = self.costs.base_slice.0 as i64;
        let mut running = self.running_on(cpu).copied();
        self.track_waiting(engine, thread);
        let record = &mut self.threads[thread.index()];
        record.state = State::Queued;
        self.ledger
            .enter(record.track, Activity::ReadyWithoutCore.label(), engine.now());
        if std::mem::take(&mut record.in_debt) {
            // Nobody has looked at the running thread for this: it may be long since.
            if let Some(running) = &mut running {
                running.vruntime = self.cpus[cpu].seen;
            }
            record.entity = self.cpus[cpu].queue.rouse(thread, running.as_ref(), slice);
            self.in_debt -= 1;
            self.waiting += 1;
        } else {
            self.cpus[cpu]
                .queue
                .place(&mut record.entity, running.as_ref(), slice);
            let entity = record.entity;
            self.carry(engine, thread, cpu);
            self.put(engine, cpu, thread, entity);
        }
    }

    pub(super) fn put(&mut self, engine: &Engine, cpu: usize, thread: ThreadId, mut entity: Entity) {
        self.track(engine, cpu);
        self.take_a_turn(&mut entity);
        self.cpus[cpu].queue.insert(thread, entity);
        self.waiting += 1;
        self.overloaded.raise();
    }

    pub(super) fn take(&mut self, engine: &Engine, cpu: usize, index: usize) -> Queued {
        self.track(engine, cpu);
        self.waiting -= 1;
        if self.waiting == 0 {
            self.overloaded.relieve(engine.now());
        }
        self.cpus[cpu].queue.take(index)
    }
}
