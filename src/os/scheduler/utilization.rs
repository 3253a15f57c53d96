//! How busy the CPUs have been of late, which says where a woken thread may go: `cpu_util`, `cpu_load`,
//! `update_idle_cpu_scan`.

use super::Scheduler;
use crate::engine::Engine;
use crate::os::ThreadId;
use crate::os::pelt::CAPACITY;
use crate::profile::{SchedulerCosts, SchedulerPolicy};
use crate::units::Nanos;

/// How often [`Scheduler::cpus_to_scan`] looks again. `sd_init`: a CPU of `n` balances every 2 `n` ms, and 16 times as
/// seldom while it is busy (`busy_factor`).
const SCAN_INTERVAL: Nanos = Nanos::from_millis(32);

/// `sd->imbalance_pct` of CPUs that share a cache: `kernel/sched/topology.c`, `sd_init`.
pub(super) const IMBALANCE_PERCENT: u64 = 117;

/// How many CPUs may be looked at for an idle one: `nr_idle_scan`.
#[derive(Clone, Copy, Debug)]
pub(super) struct IdleScan {
    cpus: u64,
    until: Nanos,
}

impl IdleScan {
    pub fn all_of(cpus: usize) -> Self {
        Self {
            cpus: cpus as u64,
            until: Nanos::ZERO,
        }
    }

    /// A CPU with nothing to do balances: it looks at how busy all have been.
    pub fn expire(&mut self, now: Nanos) {
        self.until = now;
    }
}

/// Whether anything depends on how busy CPUs have been.
pub(super) fn is_tracked(costs: &SchedulerCosts, cpus: usize) -> bool {
    cpus > 1 && (costs.policy == SchedulerPolicy::Fair || costs.pack_below > 0)
}

impl Scheduler {
    /// Tells the averages of `cpu` and of the thread that has it, if any, what became of the time until now. Before
    /// either changes.
    pub(super) fn track(&mut self, engine: &Engine, cpu: usize) {
        if !self.tracks {
            return;
        }
        let cpu = &mut self.cpus[cpu];
        let running = cpu.current.is_some();
        cpu.utilization
            .tell(engine.now(), running, cpu.queue.len() + usize::from(running));
        if let Some(thread) = cpu.current {
            self.threads[thread.index()]
                .utilization
                .average
                .tell(engine.now(), true, 1);
        }
    }

    /// Tells the average of a thread that has no CPU what became of the time until now. Before it goes into a run queue
    /// or leaves one.
    pub(super) fn track_waiting(&mut self, engine: &Engine, thread: ThreadId) {
        if self.tracks {
            let record = &mut self.threads[thread.index()];
            let queued = usize::from(record.is_queued());
            record.utilization.average.tell(engine.now(), false, queued);
        }
    }

    /// A thread that has no CPU belongs to `to` from now on, and what it ran goes with it.
    pub(super) fn carry(&mut self, engine: &Engine, thread: ThreadId, to: usize) {
        self.track_waiting(engine, thread);
        let record = &mut self.threads[thread.index()];
        let from = std::mem::replace(&mut record.cpu, to);
        if self.tracks && from != to {
            let average = record.utilization.average;
            self.track(engine, from);
            self.track(engine, to);
            self.cpus[from].utilization.remove(&average);
            self.cpus[to].utilization.add(&average);
        }
    }

    /// `post_init_entity_util_avg`: a new thread is taken to need half of what its CPU has left.
    pub fn guess_utilization(&mut self, engine: &Engine, thread: ThreadId) {
        let record = &self.threads[thread.index()];
        if !self.tracks || record.external {
            return;
        }
        let cpu = record.cpu;
        self.track(engine, cpu);
        let left = CAPACITY.saturating_sub(self.cpus[cpu].utilization.utilization());
        self.track_waiting(engine, thread);
        let average = &mut self.threads[thread.index()].utilization.average;
        average.begin(left / 2);
        let average = *average;
        self.cpus[cpu].utilization.add(&average);
    }

    /// `remove_entity_load_avg`: what a thread ran is forgotten when it is over.
    pub(super) fn forget(&mut self, engine: &Engine, thread: ThreadId) {
        if !self.tracks {
            return;
        }
        self.track_waiting(engine, thread);
        let record = &self.threads[thread.index()];
        let (cpu, average) = (record.cpu, record.utilization.average);
        self.track(engine, cpu);
        self.cpus[cpu].utilization.remove(&average);
    }

    /// `cpu_util`: what the threads of `cpu` need, out of 1024, with `joining` among them.
    pub(super) fn utilization(&mut self, engine: &Engine, cpu: usize, joining: Option<ThreadId>) -> u64 {
        self.track(engine, cpu);
        let needed = |thread: ThreadId| self.threads[thread.index()].utilization;
        let state = &self.cpus[cpu];
        let threads = state.queue.threads().chain(state.current).chain(joining);
        let expected: u64 = threads.map(|thread| needed(thread).estimate()).sum();
        let mut had = state.utilization.utilization();
        if let Some(thread) = joining.filter(|thread| self.threads[thread.index()].cpu != cpu) {
            let mut average = needed(thread).average;
            average.tell(engine.now(), false, 0);
            had += average.utilization();
        }
        had.max(expected).min(CAPACITY)
    }

    /// `cpu_load`: 1024 for each thread of `cpu` that is always ready.
    pub(super) fn load(&mut self, engine: &Engine, cpu: usize) -> u64 {
        self.track(engine, cpu);
        self.cpus[cpu].utilization.load()
    }

    /// `update_idle_cpu_scan`: the busier the CPUs have been, the fewer are worth a look; from 85 % on none is.
    pub(super) fn cpus_to_scan(&mut self, engine: &Engine) -> u64 {
        if self.idle_scan.until <= engine.now() {
            let cpus = self.cpus.len() as u64;
            let sum: u64 = (0..self.cpus.len())
                .map(|cpu| self.utilization(engine, cpu, None))
                .sum();
            let scaled = sum / cpus * IMBALANCE_PERCENT;
            let taken = (scaled * scaled / (10_000 * CAPACITY)).min(CAPACITY);
            self.idle_scan = IdleScan {
                cpus: (CAPACITY - taken) * cpus / CAPACITY,
                until: engine.now() + SCAN_INTERVAL,
            };
        }
        self.idle_scan.cpus
    }
}
