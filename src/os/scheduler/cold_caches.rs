//! Caches that others have filled: a thread that comes to a core works slowly until they hold what it needs.
//!
//! How much it has lost depends on who had the core before: another thread of its process shares its code, one of another
//! process does not, and a core that slept may have lost everything. `refill` of work gets it back; until then each piece
//! of work takes longer in the same proportion, so that who leaves early pays a part and the rest when he comes back.
//!
//! In the same way a process that has forked, or was forked, gets its pages back: the first write to each copies it
//! (`do_wp_page` in `mm/memory.c`), whichever thread writes.

use super::{Cpu, Scheduler};
use crate::engine::Engine;
use crate::os::suspension::BurstKind;
use crate::os::thread::{Activity, ThreadId, Work};
use crate::units::Nanos;

/// What a thread has still to wait for its caches, or a process for its pages.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cold {
    /// All of it, in the beginning.
    whole: Nanos,
    left: Work,
    /// Work that gets everything back.
    refill: Nanos,
}

impl Cold {
    /// What takes `delay` to get back is lost; `refill` of work gets it back. What was lost before counts where that is
    /// more.
    pub fn or_after(&mut self, delay: Nanos, refill: Nanos) {
        let left = Work::at_full_speed(delay);
        if left > self.left {
            *self = Self {
                whole: delay,
                left,
                refill,
            };
        }
    }

    /// How much longer `work` takes.
    pub fn delay(&mut self, work: Work) -> Work {
        if self.left.is_done() {
            return Work::NONE;
        }
        let delay = if work >= Work::at_full_speed(self.refill) {
            self.left
        } else {
            // Neither is longer than 10 ms: profiles are checked.
            Work(work.units() * self.whole.0 / self.refill.0).min(self.left)
        };
        self.left = self.left.minus(delay);
        delay
    }
}

impl Scheduler {
    /// How much longer such a burst takes than with everything in place, if it is code. A task's own work is as long as the
    /// scenario says.
    pub(super) fn delay_of_code(&mut self, thread: ThreadId, work: Work, kind: BurstKind) -> Work {
        let record = &mut self.threads[thread.index()];
        if kind == BurstKind::Plain || record.activity == Activity::Running {
            return Work::NONE;
        }
        let caches = record.cold.delay(work);
        let copies = record
            .process
            .map_or(Work::NONE, |process| self.processes.copies(process).delay(work));
        caches.plus(copies)
    }

    /// What the caches of `cpu` cost `thread`, which comes there now.
    pub(super) fn delay_of_caches(&self, engine: &Engine, cpu: usize, thread: ThreadId) -> Nanos {
        let Cpu { last, rested, .. } = self.cpus[cpu];
        let process = |thread: ThreadId| self.threads[thread.index()].process;
        match last {
            _ if rested && self.is_hot(engine, cpu) => self.cache.after_idle,
            _ if rested => self.cache.after_long_idle,
            Some(last) if last == thread => Nanos::ZERO,
            Some(last) if process(last) == process(thread) => self.cache.after_thread,
            _ => self.cache.after_process,
        }
    }
}
