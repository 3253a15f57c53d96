//! Caches that other threads have filled: a thread that comes to a core works slowly until they hold what it needs.
//!
//! How much it has lost depends on the thread that had the core before: a thread of its own process shares its code,
//! one of another process does not, and a core that slept may have lost everything. A certain amount of work, `refill`,
//! gets it back. Until then each piece of work takes longer in the same proportion, so that a thread that leaves early
//! pays a part, and the rest on its return.
//!
//! In the same way a process that has forked, or was forked, gets its pages back: the first write to each page copies
//! it (`do_wp_page` in `mm/memory.c`), whichever thread writes.

use super::tables::{CpuId, Tables};
use crate::os::process_table::Processes;
use crate::os::suspension::BurstKind;
use crate::os::thread::{Activity, Thread, ThreadId, Work};
use crate::profile::CacheCosts;
use crate::units::Nanos;

/// The delay that a thread still has to pay for its caches, or a process for its pages.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cold {
    /// The whole delay, at the beginning.
    whole: Nanos,
    left: Work,
    /// Work that gets everything back.
    refill: Nanos,
}

impl Cold {
    /// Something is lost: it takes `delay` to get it back, during `refill` of work. An earlier loss counts instead if
    /// more of it is left.
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

    /// The extra work that `work` takes.
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

/// How much longer such a burst of `thread` takes than with warm caches, if it is code. A task's own work takes as long
/// as the scenario says.
pub(super) fn delay_of_code(
    thread: &mut Thread,
    processes: &mut Processes,
    work: Work,
    kind: BurstKind,
) -> Work {
    if kind == BurstKind::Plain || thread.activity == Activity::Running {
        return Work::NONE;
    }
    let caches = thread.cold.delay(work);
    let copies = thread
        .process
        .map_or(Work::NONE, |process| processes.copies(process).delay(work));
    caches.plus(copies)
}

impl Tables {
    /// What the caches of `cpu` cost `thread`, which comes there now. `is_hot`: the CPU is not idle for long.
    pub(super) fn delay_of_caches(
        &self,
        costs: &CacheCosts,
        is_hot: bool,
        cpu: CpuId,
        thread: ThreadId,
    ) -> Nanos {
        let cpu = &self[cpu];
        match cpu.last {
            _ if cpu.rested && is_hot => costs.after_idle,
            _ if cpu.rested => costs.after_long_idle,
            Some(last) if last == thread => Nanos::ZERO,
            Some(last) if self[last].process == self[thread].process => costs.after_thread,
            _ => costs.after_process,
        }
    }
}
