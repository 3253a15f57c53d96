//! What the running threads have had of their CPUs so far: accounted when somebody asks, not as it happens.
//!
//! Models `update_curr` of `kernel/sched/fair.c`.

use super::Scheduler;
use crate::engine::Engine;
use crate::os::fair::Entity;
use crate::os::thread::Work;
use crate::units::Nanos;

impl Scheduler {
    /// Accounts the running thread's CPU time and work up to now.
    pub(super) fn charge(&mut self, engine: &Engine, cpu: usize) {
        let cpu = &mut self.cpus[cpu];
        let elapsed = engine.now().saturating_sub(cpu.charged_until).0;
        if let Some(thread) = cpu.current {
            let record = &mut self.threads[thread.index()];
            record.entity.vruntime += elapsed as i64;
            record.work_off(Work(cpu.pace.work_in(Nanos(elapsed), cpu.speed)));
        }
        cpu.charged_until = cpu.charged_until.max(engine.now());
    }

    /// `update_curr`: [`charge`](Self::charge), and the scheduler takes notice.
    pub(super) fn look(&mut self, engine: &Engine, cpu: usize) {
        self.charge(engine, cpu);
        if let Some(running) = self.running_on(cpu) {
            self.cpus[cpu].seen = running.vruntime;
        }
    }

    /// Accounts every running thread's CPU time and work up to now.
    pub fn charge_all(&mut self, engine: &Engine) {
        (0..self.cpus.len()).for_each(|cpu| self.charge(engine, cpu));
    }

    pub(super) fn running_on(&self, cpu: usize) -> Option<&Entity> {
        self.cpus[cpu]
            .current
            .map(|current| &self.threads[current.index()].entity)
    }
}
