//! How busy the CPUs have been recently, which decides where a woken thread may go: `cpu_util`, `cpu_load`.
//!
//! Averages are updated when they are needed, and before anything that they depend on changes.

use super::pelt::CAPACITY;
use super::tables::{CpuId, Tables};
use crate::os::ThreadId;
use crate::profile::{SchedulerCosts, SchedulerPolicy};
use crate::units::Nanos;

/// `sd->imbalance_pct` of CPUs that share a cache: `kernel/sched/topology.c`, `sd_init`.
pub(super) const IMBALANCE_PERCENT: u64 = 117;

/// Whether any decision depends on how busy CPUs have been.
pub(super) fn is_tracked(costs: &SchedulerCosts, cpus: usize) -> bool {
    cpus > 1 && (costs.policy == SchedulerPolicy::Fair || costs.pack_below > 0)
}

impl Tables {
    /// Brings the averages of `cpu` and of the thread that runs on it up to date. To be called before either changes.
    pub(super) fn track(&mut self, now: Nanos, cpu: CpuId) {
        if !self.tracks_utilization {
            return;
        }
        let cpu = &mut self.cpus[cpu];
        let running = cpu.current.is_some();
        cpu.utilization
            .update(now, running, cpu.queue.len() + usize::from(running));
        if let Some(thread) = cpu.current {
            self.threads[thread].utilization.average.update(now, true, 1);
        }
    }

    /// Brings the average of a thread that has no CPU up to date. To be called before it enters or leaves a run queue.
    pub(super) fn track_waiting(&mut self, now: Nanos, thread: ThreadId) {
        if self.tracks_utilization {
            let record = &mut self[thread];
            let queued = usize::from(record.is_queued());
            record.utilization.average.update(now, false, queued);
        }
    }

    /// A thread that has no CPU belongs to `to` from now on, and takes its part of the utilization there.
    pub(super) fn carry(&mut self, now: Nanos, thread: ThreadId, to: CpuId) {
        self.track_waiting(now, thread);
        let record = &mut self[thread];
        let from = std::mem::replace(&mut record.cpu, to);
        if self.tracks_utilization && from != to {
            let average = self[thread].utilization.average;
            self.track(now, from);
            self.track(now, to);
            self[from].utilization.remove(&average);
            self[to].utilization.add(&average);
        }
    }

    /// `post_init_entity_util_avg`: a new thread is assumed to need half of what its CPU has left.
    pub fn guess_utilization(&mut self, now: Nanos, thread: ThreadId) {
        let record = &self[thread];
        if !self.tracks_utilization || record.external {
            return;
        }
        let cpu = record.cpu;
        self.track(now, cpu);
        let left = CAPACITY.saturating_sub(self[cpu].utilization.utilization());
        self.track_waiting(now, thread);
        let average = &mut self[thread].utilization.average;
        average.begin(left / 2);
        let average = *average;
        self[cpu].utilization.add(&average);
    }

    /// `remove_entity_load_avg`: a thread that is over no longer counts in the utilization of its CPU.
    pub(super) fn forget(&mut self, now: Nanos, thread: ThreadId) {
        if !self.tracks_utilization {
            return;
        }
        self.track_waiting(now, thread);
        let record = &self[thread];
        let (cpu, average) = (record.cpu, record.utilization.average);
        self.track(now, cpu);
        self[cpu].utilization.remove(&average);
    }

    /// `cpu_load`: 1024 for each thread of `cpu` that is always ready.
    pub(super) fn load(&mut self, now: Nanos, cpu: CpuId) -> u64 {
        self.track(now, cpu);
        self[cpu].utilization.load()
    }

    /// `cpu_util`: what the threads of `cpu` need, out of 1024, with `joining` among them.
    pub(super) fn utilization(&mut self, now: Nanos, cpu: CpuId, joining: Option<ThreadId>) -> u64 {
        self.track(now, cpu);
        let state = &self[cpu];
        let threads = state.queue.threads().chain(state.current).chain(joining);
        let expected: u64 = threads.map(|thread| self[thread].utilization.estimate()).sum();
        let mut received = state.utilization.utilization();
        if let Some(thread) = joining.filter(|&thread| self[thread].cpu != cpu) {
            let mut average = self[thread].utilization.average;
            average.update(now, false, 0);
            received += average.utilization();
        }
        received.max(expected).min(CAPACITY)
    }
}
