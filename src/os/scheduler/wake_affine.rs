//! Whether the search for a CPU for a woken thread begins where it ran last, or where its waker runs.
//!
//! Models `record_wakee`, `wake_wide` and `wake_affine` of `kernel/sched/fair.c`, for CPUs that share a cache and are
//! equally fast. The choice matters where both CPUs are busy: an idle CPU is found from either.

use super::placement::Placement;
use super::tables::{CpuId, Tables};
use super::utilization::IMBALANCE_PERCENT;
use crate::os::ThreadId;
use crate::profile::WakeSearch;
use crate::units::Nanos;

/// After this time, what is known about a waker counts half: `HZ`.
const FLIP_DECAY: Nanos = Nanos::from_secs(1);

/// How a thread is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waking {
    /// It is new: `WF_FORK`.
    AtBirth,
    /// Its waker goes on, or it has no waker.
    Plainly,
    /// Its waker is assumed to be about to sleep, as one that writes to a pipe: `WF_SYNC`.
    Synchronously,
}

/// Which threads a thread wakes: always the same one, or many in turn.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wakes {
    /// `last_wakee`
    last: Option<ThreadId>,
    /// `wakee_flips`: how often it woke a different thread than the time before.
    flips: u32,
    /// `wakee_flip_decay_ts`
    decayed: Nanos,
}

impl Wakes {
    /// `record_wakee`
    fn record(&mut self, now: Nanos, woken: ThreadId) {
        if now > self.decayed + FLIP_DECAY {
            self.flips /= 2;
            self.decayed = now;
        }
        if self.last != Some(woken) {
            self.last = Some(woken);
            self.flips += 1;
        }
    }
}

impl Placement {
    /// `wake_wide`: one of both threads wakes many more threads than the other, and more than there are CPUs.
    fn wake_wide(tables: &Tables, waker: ThreadId, woken: ThreadId) -> bool {
        let (waker, woken) = (tables[waker].wakes.flips, tables[woken].wakes.flips);
        let (less, more) = (waker.min(woken), waker.max(woken));
        let cpus = tables.cpus.len() as u32;
        less >= cpus && more >= less * cpus
    }

    /// `wake_affine_weight`: whether `here` would have less load with the thread than its own CPU without it. The
    /// thread's load is that of the time when it went to sleep.
    fn weighs_less(
        tables: &mut Tables,
        now: Nanos,
        (here, waker): (CpuId, ThreadId),
        (home, thread): (CpuId, ThreadId),
        waking: Waking,
    ) -> bool {
        let (mut with, without) = (tables.load(now, here) as i64, tables.load(now, home) as i64);
        let load = |thread: ThreadId| tables[thread].utilization.average.load() as i64;
        let sync = waking == Waking::Synchronously;
        if sync {
            if load(waker) > with {
                return true;
            }
            with -= load(waker);
        }
        let bias = 100 + (IMBALANCE_PERCENT as i64 - 100) / 2;
        (with + load(thread)) * 100 < (without - load(thread)) * bias + i64::from(sync)
    }

    /// `wake_affine` and the part of `select_task_rq_fair` before the search for an idle CPU: where the search begins,
    /// and where the thread goes if it finds none.
    pub(super) fn wake_affine(
        &mut self,
        tables: &mut Tables,
        now: Nanos,
        thread: ThreadId,
        waking: Waking,
    ) -> CpuId {
        let home = tables[thread].cpu;
        let Some(waker) = self
            .waker(tables)
            .filter(|_| self.tracks_wakes(tables) && waking != Waking::AtBirth)
        else {
            return home;
        };
        let here = tables[waker].cpu;
        tables[waker].wakes.record(now, thread);
        if here == home || Self::wake_wide(tables, waker, thread) {
            return home;
        }
        let leaves_it_alone = waking == Waking::Synchronously && tables[here].queue.ready() == 0;
        let is_better = leaves_it_alone
            || !tables.cpus.is_idle(home)
                && Self::weighs_less(tables, now, (here, waker), (home, thread), waking);
        if is_better { here } else { home }
    }

    fn tracks_wakes(&self, tables: &Tables) -> bool {
        tables.tracks_utilization && self.costs().wake_search == WakeSearch::SisUtil
    }
}
