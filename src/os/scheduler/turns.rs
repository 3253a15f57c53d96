//! Round robin: whoever comes waits at the end of the queue, and the first of it runs when a quantum is over.
//!
//! Models the timeshare scheduler of xnu (`osfmk/kern/sched_prim.c`: `thread_setrun`, `thread_quantum_expire`,
//! `csw_check`) among threads of equal priority: its run queues are first in, first out, and a woken thread pushes in
//! only if its priority is higher. Priorities themselves, which decay with the CPU time of the last seconds, are not
//! modelled: busy threads of one program have the same. A quantum ends at a tick.

use super::Scheduler;
use crate::engine::Engine;
use crate::os::ThreadId;
use crate::os::fair::Entity;
use crate::profile::SchedulerPolicy;

impl Scheduler {
    pub(super) fn takes_turns(&self) -> bool {
        self.costs.policy == SchedulerPolicy::RoundRobin
    }

    /// The thread in the queue of `cpu` that should run instead of `running`.
    pub(super) fn pick_next(
        &mut self,
        engine: &Engine,
        cpu: usize,
        running: Option<&Entity>,
    ) -> Option<usize> {
        let queue = &self.cpus[cpu].queue;
        if !self.takes_turns() {
            return self.pick_fairly(engine, cpu, running);
        }
        let has_quantum = running.is_some_and(|entity| entity.vruntime < entity.protected_until);
        (!has_quantum && !queue.is_empty()).then_some(0)
    }

    /// Queues are in the order of deadlines: the later a thread comes, the later its turn.
    pub(super) fn take_a_turn(&mut self, entity: &mut Entity) {
        if self.takes_turns() {
            self.turns += 1;
            entity.deadline = self.turns;
        }
    }

    /// A thread comes to a busy CPU.
    pub(super) fn queue_up(&mut self, engine: &Engine, cpu: usize, thread: ThreadId) {
        self.charge(engine, cpu);
        self.make_up_for_ticks(engine, cpu);
        self.enqueue(engine, cpu, thread);
        self.want_tick(engine, cpu);
    }

    /// At a tick: a thread that waits here moves to the CPU with the shortest queue. Between queues that differ by one it
    /// moves as well, now and then, so that in the long run all get the same.
    pub(super) fn even_out(&mut self, engine: &Engine, cpu: usize) {
        let here = self.cpus[cpu].queue.ready();
        let period = (self.costs.balance_interval.0 / self.costs.tick.0).max(1);
        let due = (engine.now().0 / self.costs.tick.0 + cpu as u64).is_multiple_of(period);
        if !due || here == 0 || self.cpus.len() == 1 {
            return;
        }
        let Some(shortest) = (0..self.cpus.len())
            .filter(|&other| other != cpu && self.cpus[other].current.is_some())
            .min_by_key(|&other| {
                (
                    self.cpus[other].queue.ready(),
                    (other + self.cpus.len() - cpu) % self.cpus.len(),
                )
            })
        else {
            return;
        };
        if self.cpus[shortest].queue.ready() < here
            && let Some(index) = self.cpus[cpu].queue.longest_resident()
        {
            self.move_to_queue(engine, (cpu, index), shortest);
            self.reschedule_if_better(engine, shortest);
            self.want_tick(engine, shortest);
        }
    }

    /// The running thread was alone: each quantum that was over gave way to a new one.
    pub(super) fn renew_quanta(&mut self, current: ThreadId) {
        let quantum = self.costs.base_slice.0 as i64;
        let entity = &mut self.threads[current.index()].entity;
        let over = entity.vruntime - entity.protected_until;
        if over >= 0 {
            entity.protected_until += (over / quantum + 1) * quantum;
        }
    }
}
