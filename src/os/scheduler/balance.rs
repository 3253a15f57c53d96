//! Which CPU a waiting thread goes to when queues have become uneven.
//!
//! Models `nohz_balancer_kick` and `sched_balance_rq` of `kernel/sched/fair.c`.

use super::Scheduler;
use crate::engine::Engine;
use crate::os::ThreadId;

/// `sd->cache_nice_tries` of CPUs that share a cache: `kernel/sched/topology.c`, `sd_init`.
const CACHE_NICE_TRIES: u32 = 1;

impl Scheduler {
    /// `sched_balance_rq` for a CPU with nothing to do: a waiting thread from the longest queue, unless all of them ran
    /// there just now.
    pub(super) fn pull_from_busiest(&mut self, engine: &Engine, cpu: usize) -> Option<ThreadId> {
        let busiest = (0..self.cpus.len())
            .filter(|&other| !self.cpus[other].queue.is_empty())
            .max_by_key(|&other| (self.cpus[other].queue.len(), std::cmp::Reverse(other)))?;
        let index = self.may_take(engine, busiest)?;
        Some(self.migrate(engine, (busiest, index), cpu))
    }

    /// `can_migrate_task`: a thread in the queue of `from` that another CPU may take, one that is not
    /// `task_hot`. After some failures any will do.
    fn may_take(&self, engine: &Engine, from: usize) -> Option<usize> {
        let any = self.cpus[from].balance_failed > CACHE_NICE_TRIES;
        let is_cold = |thread: ThreadId| {
            self.threads[thread.index()]
                .last_ran
                .is_none_or(|time| engine.now() - time >= self.costs.migration_cost)
        };
        self.cpus[from]
            .queue
            .longest_waiting(|thread| any || is_cold(thread))
    }

    /// `nohz_balancer_kick`: a tick that finds a thread waiting while another CPU sleeps has that one take it.
    pub(super) fn kick_idle_cpu(&mut self, engine: &Engine, cpu: usize) {
        if self.idle == 0 {
            return;
        }
        let Some(idle) = (0..self.cpus.len()).find(|&other| self.is_idle(other)) else {
            return;
        };
        if let Some(index) = self.may_take(engine, cpu) {
            self.cpus[cpu].balance_failed = 0;
            let latency = self.wake_latency(engine, idle);
            let moved = self.migrate(engine, (cpu, index), idle);
            self.dispatch(engine, idle, moved, latency);
        } else if !self.cpus[cpu].queue.is_empty() {
            self.cpus[cpu].balance_failed += 1;
        }
    }

    /// Takes a waiting thread of `from` to the queue of `to`, where its standing is what it was here. The caller
    /// puts it into the queue, or on the CPU.
    pub(super) fn migrate(&mut self, engine: &Engine, (from, index): (usize, usize), to: usize) -> ThreadId {
        self.charge(engine, from);
        let (slice, tick) = (self.costs.base_slice.0 as i64, self.costs.tick.0 as i64);
        let bound = (2 * slice).max(tick);
        let virtual_time = self.cpus[from].queue.virtual_time(self.running_on(from));
        let moved = self.take(engine, from, index);
        let mut entity = moved.entity;
        self.moves += 1;
        entity.moved = self.moves;
        entity.lag = virtual_time.map_or(0, |now| (now - entity.vruntime).clamp(-bound, bound));
        let running = self.running_on(to).copied();
        self.cpus[to].queue.place(&mut entity, running.as_ref(), slice);
        self.threads[moved.thread.index()].entity = entity;
        self.carry(engine, moved.thread, to);
        moved.thread
    }

    /// `sched_balance_rq` at a tick: a thread that waits here moves to the CPU with the shortest queue. Between
    /// queues that differ by one it moves as well, now and then, so that in the long run all get the same.
    pub(super) fn balance(&mut self, engine: &Engine, cpu: usize) {
        let here = self.cpus[cpu].queue.len();
        let period = (self.costs.balance_interval.0 / self.costs.tick.0).max(1);
        let due = (engine.now().0 / self.costs.tick.0 + cpu as u64).is_multiple_of(period);
        if !due || here == 0 || self.cpus.len() == 1 {
            return;
        }
        let Some(shortest) = (0..self.cpus.len())
            .filter(|&other| other != cpu && self.cpus[other].current.is_some())
            .min_by_key(|&other| {
                (
                    self.cpus[other].queue.len(),
                    (other + self.cpus.len() - cpu) % self.cpus.len(),
                )
            })
        else {
            return;
        };
        if self.cpus[shortest].queue.len() < here
            && let Some(index) = self.cpus[cpu].queue.longest_resident()
        {
            self.charge(engine, shortest);
            self.make_up_for_ticks(engine, shortest);
            let moved = self.migrate(engine, (cpu, index), shortest);
            let entity = self.threads[moved.index()].entity;
            self.put(shortest, moved, entity);
            self.reschedule_if_better(engine, shortest);
            self.want_tick(engine, shortest);
        }
    }
}
