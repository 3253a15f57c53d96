//! A CPU with nothing to do takes a thread that waits for another one.
//!
//! Models `nohz_balancer_kick`, and `sched_balance_rq` for an idle CPU, of `kernel/sched/fair.c`.

use super::Scheduler;
use crate::engine::Engine;
use crate::os::ThreadId;

/// `sd->cache_nice_tries` of CPUs that share a cache: `kernel/sched/topology.c`, `sd_init`.
const CACHE_NICE_TRIES: u32 = 1;

impl Scheduler {
    /// `sched_balance_rq` for a CPU that has just run out of work: a waiting thread from the longest queue, unless all of
    /// them ran there just now.
    pub(super) fn pull_from_busiest(&mut self, engine: &Engine, cpu: usize) -> Option<ThreadId> {
        let busiest = (0..self.cpus.len())
            .filter(|&other| self.cpus[other].queue.ready() > 0)
            .max_by_key(|&other| (self.cpus[other].queue.ready(), std::cmp::Reverse(other)));
        let Some(busiest) = busiest else {
            self.cpus[cpu].balance_failed = 0;
            return None;
        };
        self.pull(engine, busiest, cpu)
    }

    /// `detach_tasks`: a thread that waits for `from` goes to `to`.
    fn pull(&mut self, engine: &Engine, from: usize, to: usize) -> Option<ThreadId> {
        let index = self.cpus[from]
            .queue
            .longest_waiting(|thread| self.may_migrate(engine, thread, to))?;
        self.cpus[to].balance_failed = 0;
        Some(self.migrate(engine, (from, index), to))
    }

    /// `can_migrate_task`: threads with warm caches only after nothing else was found for some time.
    pub(super) fn may_migrate(&self, engine: &Engine, thread: ThreadId, to: usize) -> bool {
        self.cpus[to].balance_failed > CACHE_NICE_TRIES || !self.is_hot_task(engine, thread)
    }

    /// `task_hot`: it ran so recently that its CPU's caches are still full of what it needs.
    fn is_hot_task(&self, engine: &Engine, thread: ThreadId) -> bool {
        self.threads[thread.index()]
            .last_ran
            .is_some_and(|time| engine.now() - time < self.costs.migration_cost)
    }

    /// `nohz_balancer_kick`: a tick that finds a thread waiting while another CPU sleeps has that one take it.
    pub(super) fn kick_idle_cpu(&mut self, engine: &Engine, cpu: usize) {
        if self.idle == 0 {
            return;
        }
        let Some(idle) = (0..self.cpus.len()).find(|&other| self.is_idle(other)) else {
            return;
        };
        self.idle_scan.expire(engine.now());
        if self.cpus[cpu].queue.ready() == 0 {
            self.cpus[idle].balance_failed = 0;
        } else if let Some(moved) = self.pull(engine, cpu, idle) {
            let latency = self.wake_latency(engine, idle);
            self.dispatch(engine, idle, moved, latency);
        } else {
            self.cpus[idle].balance_failed += 1;
        }
    }

    /// Takes a waiting thread of `from` to the queue of `to`, where its standing is what it was here. The caller
    /// puts it into the queue, or on the CPU.
    pub(super) fn migrate(&mut self, engine: &Engine, (from, index): (usize, usize), to: usize) -> ThreadId {
        self.look(engine, from);
        let (slice, tick) = (self.costs.base_slice.0 as i64, self.costs.tick.0 as i64);
        let virtual_time = self.cpus[from].queue.virtual_time(self.running_on(from));
        let moved = self.take(engine, from, index);
        let mut entity = moved.entity;
        self.moves += 1;
        entity.moved = self.moves;
        entity.lag = virtual_time.map_or(0, |now| entity.lag_at(now, slice, tick));
        let running = self.running_on(to).copied();
        self.cpus[to].queue.place(&mut entity, running.as_ref(), slice);
        self.threads[moved.thread.index()].entity = entity;
        self.carry(engine, moved.thread, to);
        moved.thread
    }

    /// `attach_task`: the same, into the queue of a busy CPU.
    pub(super) fn move_to_queue(&mut self, engine: &Engine, from: (usize, usize), to: usize) {
        self.look(engine, to);
        self.make_up_for_ticks(engine, to);
        let moved = self.migrate(engine, from, to);
        let entity = self.threads[moved.index()].entity;
        self.put(engine, to, moved, entity);
    }
}
