//! How fast each CPU works: beside busy neighbours (hardware threads that share a core, cores that share caches and
//! power), and on a [`cache_line`](super::cache_line) that other threads want.

use std::sync::Arc;

use super::tables::{CpuId, Tables};
use crate::engine::Engine;
use crate::os::thread::FULL_SPEED;
use crate::profile::Profile;

/// The rules for speeds and paces. Its methods change these on the CPUs, and move the ends of bursts accordingly.
pub(crate) struct Pacing {
    pub(super) profile: Arc<Profile>,
    /// All CPUs run at full speed whatever their neighbours do.
    is_flat: bool,
    /// Number of cache lines.
    pub(super) lines: u32,
}

impl Pacing {
    pub fn new(profile: Arc<Profile>, smt: usize) -> Self {
        let speeds = &profile.machine.joint_speed.busy_cores;
        Self {
            is_flat: smt == 1 && speeds.iter().all(|&speed| speed == FULL_SPEED),
            profile,
            lines: 0,
        }
    }

    /// `changed` has become busy or idle: bursts under way are re-timed where that changes their speed.
    #[inline]
    pub fn speeds_changed(&self, tables: &mut Tables, engine: &Engine, changed: CpuId) {
        if !self.is_flat {
            self.retime(tables, engine, changed);
        }
    }

    fn retime(&self, tables: &mut Tables, engine: &Engine, changed: CpuId) {
        let busy_threads = |tables: &Tables, core: usize| {
            let threads = tables.cpus.of_core(core);
            threads.filter(|&cpu| !tables.cpus.is_idle(cpu)).count()
        };
        let busy_cores = (0..tables.cpus.cores())
            .filter(|&core| busy_threads(tables, core) > 0)
            .count();
        for cpu in tables.cpus.ids() {
            let core = tables.cpus.core_of(cpu);
            let joint_speed = &self.profile.machine.joint_speed;
            let speed = joint_speed.of(busy_cores, busy_threads(tables, core));
            if tables[cpu].speed == speed {
                continue;
            }
            if cpu != changed {
                tables.charge(engine.now(), cpu);
            }
            tables[cpu].speed = speed;
            tables[cpu].pace = self.pace_of(tables, cpu);
            if cpu != changed
                && let Some(thread) = tables[cpu].current
                && tables[thread].in_burst
            {
                tables.schedule_end_of_burst(engine, cpu, thread);
            }
        }
    }
}
