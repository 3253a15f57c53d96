//! Whether a woken thread is looked for a CPU where it ran last, or where its waker runs.
//!
//! Models `wake_affine`, `wake_wide` and `record_wakee` of `kernel/sched/fair.c`, for CPUs that share a cache and are
//! equally fast. It decides where both are busy: an idle CPU is found from either.

use super::Scheduler;
use super::utilization::IMBALANCE_PERCENT;
use crate::engine::Engine;
use crate::os::ThreadId;
use crate::profile::WakeSearch;
use crate::units::Nanos;

/// After so long what is known of a waker counts half: `HZ`.
const FLIP_DECAY: Nanos = Nanos::from_secs(1);

/// How a thread is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waking {
    /// It is new: `WF_FORK`.
    AtBirth,
    /// Its waker goes on, or is none.
    Plainly,
    /// Its waker is taken to be about to sleep, as who writes to a pipe: `WF_SYNC`.
    Synchronously,
}

/// Whom a thread wakes: always the same one, or many in turn.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wakes {
    /// `last_wakee`
    last: Option<ThreadId>,
    /// `wakee_flips`: how often it was another one than the last time.
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

impl Scheduler {
    /// `select_task_rq_fair`, up to its search for an idle CPU: where that begins, and where the thread goes if there is
    /// none.
    pub(super) fn wake_affine(&mut self, engine: &Engine, thread: ThreadId, waking: Waking) -> usize {
        let home = self.threads[thread.index()].cpu;
        let Some(waker) = self
            .waker()
            .filter(|_| self.tracks_wakes() && waking != Waking::AtBirth)
        else {
            return home;
        };
        let here = self.threads[waker.index()].cpu;
        self.threads[waker.index()].wakes.record(engine.now(), thread);
        if here == home || self.wake_wide(waker, thread) {
            return home;
        }
        let leaves_it_alone = waking == Waking::Synchronously && self.cpus[here].queue.ready() == 0;
        let is_better = leaves_it_alone
            || !self.is_idle(home) && self.weighs_less(engine, (here, waker), (home, thread), waking);
        if is_better { here } else { home }
    }

    fn tracks_wakes(&self) -> bool {
        self.tracks && self.costs.wake_search == WakeSearch::SisUtil
    }

    /// `wake_wide`: one of both wakes many more threads than the other, and more than there are CPUs.
    fn wake_wide(&self, waker: ThreadId, woken: ThreadId) -> bool {
        let flips = |thread: ThreadId| self.threads[thread.index()].wakes.flips;
        let (less, more) = (flips(waker).min(flips(woken)), flips(waker).max(flips(woken)));
        let cpus = self.cpus.len() as u32;
        less >= cpus && more >= less * cpus
    }

    /// `wake_affine_weight`: with the thread `here` would have less to do than its own CPU without it. What the thread
    /// weighs is as of when it went to sleep.
    fn weighs_less(
        &mut self,
        engine: &Engine,
        (here, waker): (usize, ThreadId),
        (home, thread): (usize, ThreadId),
        waking: Waking,
    ) -> bool {
        let (mut with, without) = (self.load(engine, here) as i64, self.load(engine, home) as i64);
        let load = |thread: ThreadId| self.threads[thread.index()].utilization.average.load() as i64;
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
}
