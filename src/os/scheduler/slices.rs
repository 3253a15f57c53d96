//! When a slice ends: at ticks, which are simulated only where more than one thread wants the CPU. The effect of the
//! other ticks is computed when it is needed.
//!
//! Models `update_deadline` of `kernel/sched/fair.c`.

use super::queueing::Queueing;
use super::tables::{CpuId, Tables};
use crate::engine::{Action, Engine};
use crate::units::Nanos;

impl Queueing {
    /// `update_deadline`: a used-up slice gets a new deadline. True where it was used up.
    pub fn renew_expired_slice(&self, tables: &mut Tables, cpu: CpuId) -> bool {
        let Some(current) = tables[cpu].current else {
            return false;
        };
        let entity = &mut tables[current].entity;
        let expired = entity.vruntime >= entity.deadline;
        if expired {
            entity.deadline = entity.vruntime + self.slice();
        }
        expired
    }

    /// Renews the running thread's slice as the ticks since its beginning would have done: the thread was alone, so
    /// that they were not simulated, but they moved its deadline.
    pub fn make_up_for_ticks(&self, tables: &mut Tables, now: Nanos, cpu: CpuId) {
        let (tick, slice) = (self.costs().tick.0 as i64, self.slice());
        let Some(current) = tables[cpu].current else {
            return;
        };
        if tables[cpu].tick_pending {
            return;
        }
        if self.takes_turns() {
            return self.renew_quanta(tables, current);
        }
        let now = now.0 as i64;
        let last_tick = now - now.rem_euclid(tick);
        let entity = &mut tables[current].entity;
        // When the current slice ended or will end, in real time; the thread has run without a break since before then.
        let expiry = now - (entity.vruntime - entity.deadline);
        let first = expiry + (tick - expiry.rem_euclid(tick)) % tick;
        if first <= last_tick {
            let period = slice.div_euclid(tick) * tick + if slice % tick == 0 { 0 } else { tick };
            let renewed_at = first + (last_tick - first) / period * period;
            entity.deadline = entity.vruntime - (now - renewed_at) + slice;
        }
        self.renew_expired_slice(tables, cpu);
    }

    /// Schedules the next tick of `cpu` if threads wait for it.
    pub fn want_tick(&self, tables: &mut Tables, engine: &Engine, cpu: CpuId) {
        let tick = self.costs().tick.0;
        let cpu = &mut tables[cpu];
        if !cpu.tick_pending && !cpu.queue.is_empty() {
            cpu.tick_pending = true;
            engine.schedule(
                cpu.slot,
                Nanos((engine.now().0 / tick + 1) * tick),
                Action::Interrupt,
            );
        }
    }
}
