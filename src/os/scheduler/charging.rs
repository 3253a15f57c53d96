//! The CPU time and work of running threads, accounted when they are needed and not as they happen, and when a burst
//! of work will end.
//!
//! Models `update_curr` of `kernel/sched/fair.c`.

use super::run_queue::Entity;
use super::tables::{CpuId, Tables};
use crate::engine::{Action, Engine};
use crate::os::thread::{ThreadId, Work};
use crate::units::Nanos;

impl Tables {
    /// Accounts the running thread's CPU time and work until now.
    pub(super) fn charge(&mut self, now: Nanos, cpu: CpuId) {
        let cpu = &mut self.cpus[cpu];
        let elapsed = now.saturating_sub(cpu.charged_until).0;
        if let Some(thread) = cpu.current {
            let record = &mut self.threads[thread];
            record.entity.vruntime += elapsed as i64;
            record.work_off(Work(cpu.pace.work_in(Nanos(elapsed), cpu.speed)));
        }
        cpu.charged_until = cpu.charged_until.max(now);
    }

    /// `update_curr`: [`charge`](Self::charge), and the scheduler takes notice.
    pub(super) fn look(&mut self, now: Nanos, cpu: CpuId) {
        self.charge(now, cpu);
        if let Some(running) = self.running_on(cpu) {
            self[cpu].seen = running.vruntime;
        }
    }

    /// Accounts every running thread's CPU time and work until now.
    #[cfg(feature = "internals")]
    pub fn charge_all(&mut self, now: Nanos) {
        self.cpus.ids().for_each(|cpu| self.charge(now, cpu));
    }

    /// The running thread's standing.
    pub(super) fn running_on(&self, cpu: CpuId) -> Option<&Entity> {
        self[cpu].current.map(|current| &self[current].entity)
    }

    /// When the burst of the thread that runs on `cpu` will end.
    pub(super) fn end_of_burst(&self, cpu: CpuId, thread: ThreadId) -> Nanos {
        let cpu = &self[cpu];
        let left = self[thread].remaining.units();
        cpu.charged_until
            .saturating_add(cpu.pace.time_for(left, cpu.speed))
    }

    pub(super) fn schedule_end_of_burst(&self, engine: &Engine, cpu: CpuId, thread: ThreadId) {
        let end = self.end_of_burst(cpu, thread);
        engine.schedule(self[thread].slot, end, Action::Resume);
    }
}
