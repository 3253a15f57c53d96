//! How fast a CPU is beside busy neighbours: hardware threads that share a core, cores that share caches and power.

use super::Scheduler;
use crate::engine::Engine;

impl Scheduler {
    /// Which CPUs are busy has changed: bursts under way are re-timed where that changes their speed.
    #[inline]
    pub(super) fn speeds_changed(&mut self, engine: &Engine, changed: usize) {
        if !self.flat {
            self.retime(engine, changed);
        }
    }

    fn retime(&mut self, engine: &Engine, changed: usize) {
        let threads_on = |scheduler: &Self, core: usize| {
            (core..scheduler.cpus.len())
                .step_by(scheduler.cores)
                .filter(|&cpu| scheduler.cpus[cpu].current.is_some())
                .count()
        };
        let busy_cores = (0..self.cores).filter(|&core| threads_on(self, core) > 0).count();
        for cpu in 0..self.cpus.len() {
            let speed = self
                .joint_speed
                .of(busy_cores, threads_on(self, cpu % self.cores));
            if self.cpus[cpu].speed == speed {
                continue;
            }
            if cpu == changed {
                self.cpus[cpu].speed = speed;
                self.cpus[cpu].pace = self.pace_of(cpu);
                continue;
            }
            self.charge(engine, cpu);
            self.cpus[cpu].speed = speed;
            self.cpus[cpu].pace = self.pace_of(cpu);
            if let Some(thread) = self.cpus[cpu].current
                && self.threads[thread.index()].in_burst
            {
                self.schedule_end_of_burst(engine, cpu, thread);
            }
        }
    }
}
