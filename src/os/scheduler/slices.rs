//! When a slice ends: at ticks, which are simulated only where more than one thread wants the CPU. The ones in between
//! are made up for by arithmetic.
//!
//! Models `task_tick_fair` and `update_deadline` of `kernel/sched/fair.c`.

use super::Scheduler;
use crate::engine::{Action, Engine};
use crate::units::Nanos;

impl Scheduler {
    /// The slot of a CPU fired: a tick.
    pub fn tick(&mut self, engine: &Engine, cpu: usize) {
        self.cpus[cpu].tick_pending = false;
        if self.cpus[cpu].queue.is_empty() {
            return;
        }
        self.look(engine, cpu);
        self.renew_expired_slice(cpu);
        let (early, late) = self.due_for_balance(engine);
        early.into_iter().for_each(|to| self.pull_load(engine, to));
        self.reschedule_if_better(engine, cpu);
        self.kick_idle_cpu(engine, cpu);
        late.into_iter().for_each(|to| self.pull_load(engine, to));
        if self.takes_turns() {
            self.even_out(engine, cpu);
        }
        self.want_tick(engine, cpu);
    }

    /// `update_deadline`: a used-up slice gets a new deadline. True where it was used up.
    pub(super) fn renew_expired_slice(&mut self, cpu: usize) -> bool {
        let Some(current) = self.cpus[cpu].current else {
            return false;
        };
        let entity = &mut self.threads[current.index()].entity;
        let expired = entity.vruntime >= entity.deadline;
        if expired {
            entity.deadline = entity.vruntime + self.costs.base_slice.0 as i64;
        }
        expired
    }

    /// Renews the running thread's slice as the ticks since it began would have done: it was alone, so they were
    /// not simulated, but they moved its deadline.
    pub(super) fn make_up_for_ticks(&mut self, engine: &Engine, cpu: usize) {
        let (tick, slice) = (self.costs.tick.0 as i64, self.costs.base_slice.0 as i64);
        let Some(current) = self.cpus[cpu].current else {
            return;
        };
        if self.cpus[cpu].tick_pending {
            return;
        }
        if self.takes_turns() {
            return self.renew_quanta(current);
        }
        let now = engine.now().0 as i64;
        let last_tick = now - now.rem_euclid(tick);
        let entity = &mut self.threads[current.index()].entity;
        // In real time, at which the slice in force ended or will end; the thread has run since before that.
        let expiry = now - (entity.vruntime - entity.deadline);
        let first = expiry + (tick - expiry.rem_euclid(tick)) % tick;
        if first <= last_tick {
            let period = slice.div_euclid(tick) * tick + if slice % tick == 0 { 0 } else { tick };
            let renewed_at = first + (last_tick - first) / period * period;
            entity.deadline = entity.vruntime - (now - renewed_at) + slice;
        }
        self.renew_expired_slice(cpu);
    }

    pub(super) fn want_tick(&mut self, engine: &Engine, cpu: usize) {
        let tick = self.costs.tick.0;
        let cpu = &mut self.cpus[cpu];
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
