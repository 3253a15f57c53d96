//! Caches that others have filled: a thread that comes to a core works slowly until they hold what it needs.
//!
//! How much it has lost depends on who had the core before: another thread of its process shares its code, one of another
//! process does not, and a core that slept may have lost everything. `refill` of work gets it back; until then each piece
//! of work takes longer in the same proportion, so that who leaves early pays a part and the rest when he comes back.

use super::{Cpu, Scheduler};
use crate::engine::Engine;
use crate::os::thread::{ThreadId, Work};
use crate::units::Nanos;

/// What a thread has still to wait for its caches.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cold {
    /// All of it, when the thread came to its core.
    whole: Nanos,
    left: Work,
}

impl Cold {
    /// The thread comes to a core where it has lost what takes `delay` to get back. What it had lost before counts where
    /// that is more.
    pub fn or_after(&mut self, delay: Nanos) {
        let left = Work::at_full_speed(delay);
        if left > self.left {
            *self = Self { whole: delay, left };
        }
    }

    /// How much longer `work` takes, where `refill` of work gets everything back.
    pub fn delay(&mut self, work: Work, refill: Nanos) -> Work {
        if self.left.is_done() {
            return Work::NONE;
        }
        let delay = if work >= Work::at_full_speed(refill) {
            self.left
        } else {
            // Neither is longer than 1 ms: profiles are checked.
            Work(work.units() * self.whole.0 / refill.0).min(self.left)
        };
        self.left = self.left.minus(delay);
        delay
    }
}

impl Scheduler {
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
