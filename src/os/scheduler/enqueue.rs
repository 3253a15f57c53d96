//! A thread comes to a busy CPU: where it stands in the queue, and whether it pushes in.
//!
//! Models `enqueue_task_fair`, `place_entity` with its delayed sleepers, and `wakeup_preempt` of `kernel/sched/fair.c`.

use super::Scheduler;
use crate::engine::Engine;
use crate::os::fair::{Entity, Ready};
use crate::os::thread::{Activity, State, ThreadId};

impl Scheduler {
    /// A thread comes to a busy CPU: `enqueue_task_fair`, then `wakeup_preempt`.
    pub(super) fn enqueue_woken(&mut self, engine: &Engine, cpu: usize, thread: ThreadId) {
        self.charge(engine, cpu);
        self.make_up_for_ticks(engine, cpu);
        let crowded = !self.cpus[cpu].queue.is_empty();
        let expired = crowded && self.renew_expired_slice(cpu);
        self.enqueue(engine, cpu, thread);
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
        let mut entity = self.threads[thread.index()].entity;
        if !self.never_left(engine, thread) {
            entity.lag = self.lag_of_sleeper(thread);
            let running = self.running_on(cpu).copied();
            self.cpus[cpu].queue.place(&mut entity, running.as_ref(), slice);
        }
        self.carry(engine, thread, cpu);
        let record = &mut self.threads[thread.index()];
        record.entity = entity;
        record.state = State::Queued;
        self.ledger
            .enter(record.track, Activity::ReadyWithoutCore.label(), engine.now());
        self.put(cpu, thread, entity);
    }

    /// What a thread that slept is owed now. A debt is paid off while the others of the queue that it was made in go on.
    fn lag_of_sleeper(&self, thread: ThreadId) -> i64 {
        let record = &self.threads[thread.index()];
        let debt = record.entity.lag;
        if debt >= 0 {
            return debt;
        }
        self.running_on(record.cpu)
            .and_then(|running| self.cpus[record.cpu].queue.virtual_time(Some(running)))
            .map_or(0, |now| (now - record.entity.vruntime).clamp(debt, 0))
    }

    /// `se.sched_delayed`: a thread that goes to sleep in debt stays in its queue until the scheduler comes across it there
    /// (`DELAY_DEQUEUE`), at the earliest when the thread that took over from it has used up its slice, at a tick. Woken
    /// before, it stands where it stood, and goes nowhere else (`ttwu_runnable`).
    pub(super) fn never_left(&self, engine: &Engine, thread: ThreadId) -> bool {
        let record = &self.threads[thread.index()];
        let cpu = &self.cpus[record.cpu];
        if record.entity.lag >= 0 || record.last_ran != Some(cpu.since) || self.takes_turns() {
            return false;
        }
        let Some(running) = self.running_on(record.cpu) else {
            return false;
        };
        let now = engine.now().0;
        let last_tick = now - now % self.costs.tick.0;
        let until_last_tick = last_tick as i64 - cpu.charged_until.0 as i64;
        running.vruntime + until_last_tick < running.protected_until
    }

    pub(super) fn put(&mut self, cpu: usize, thread: ThreadId, mut entity: Entity) {
        self.take_a_turn(&mut entity);
        self.cpus[cpu].queue.insert(thread, entity);
        self.waiting += 1;
        self.overloaded.raise();
    }

    pub(super) fn take(&mut self, engine: &Engine, cpu: usize, index: usize) -> Ready {
        self.waiting -= 1;
        if self.waiting == 0 {
            self.overloaded.relieve(engine.now());
        }
        self.cpus[cpu].queue.take(index)
    }
}
