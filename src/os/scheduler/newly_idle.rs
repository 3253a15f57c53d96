//! A CPU that has nothing to do any more looks for a thread that waits for another one, or does not bother.
//!
//! Models `sched_balance_newidle` and `update_newidle_stats` of `kernel/sched/fair.c`, for CPUs that share a cache. Since
//! January 2026 (`NI_RANDOM`) a CPU looks as often as looking has been worth it: where threads wait for microseconds
//! only, and are too warm to be taken, it gives up on those that wait for long as well. What a CPU has learned outlives
//! programs; here it begins with what it knows after the machine's start.

use super::Scheduler;
use crate::engine::Engine;
use crate::os::ThreadId;
use crate::profile::NewidleBalance;
use crate::random::Stream;
use crate::units::Nanos;

/// Out of so many chances: the dice that is thrown, and the times of which the rate of success is taken.
const CHANCES: u32 = 1024;

/// How often a CPU has found something to take: `struct sched_domain`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Luck {
    /// `newidle_call`
    calls: u32,
    /// `newidle_success`: what was found, and what would have been found had it always looked.
    successes: u32,
    /// `newidle_ratio`: of [`CHANCES`].
    ratio: u32,
}

impl Default for Luck {
    /// `sd_init`: half of the time.
    fn default() -> Self {
        Self {
            calls: CHANCES / 2,
            successes: CHANCES / 4,
            ratio: CHANCES / 2,
        }
    }
}

impl Luck {
    /// How many times one find counts, for those that were not looked for; `None` to not look at all.
    fn weight_if_lucky(&self, dice: &mut Stream) -> Option<u32> {
        let weight = 1 + self.ratio;
        (dice.below(u64::from(CHANCES)) <= u64::from(weight)).then(|| (CHANCES + weight / 2) / weight)
    }

    /// `update_newidle_stats`
    fn tell(&mut self, successes: u32) {
        self.calls += 1;
        self.successes += successes;
        if self.calls >= CHANCES {
            self.ratio = self.successes;
            self.calls /= 2;
            self.successes /= 2;
        }
    }
}

/// `rd->overloaded`: some CPU has had a thread waiting, as far as anybody has looked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Overloaded {
    raised: bool,
    /// When the last waiting thread left its queue.
    relieved: Nanos,
}

impl Overloaded {
    pub fn raise(&mut self) {
        self.raised = true;
    }

    pub fn relieve(&mut self, now: Nanos) {
        self.relieved = now;
    }
}

impl Scheduler {
    /// The thread that a CPU takes from another one before it goes idle.
    pub(super) fn newly_idle(&mut self, engine: &Engine, cpu: usize) -> Option<ThreadId> {
        if self.costs.newidle_balance == NewidleBalance::Always {
            return (self.waiting > 0)
                .then(|| self.pull_from_busiest(engine, cpu))
                .flatten();
        }
        if !self.is_overloaded(engine) {
            return None;
        }
        let weight = self.cpus[cpu].luck.weight_if_lucky(&mut self.dice);
        let pulled = weight.and_then(|_| {
            let pulled = self.pull_from_busiest(engine, cpu);
            self.overloaded.raised = self.is_anybody_queued();
            pulled
        });
        self.cpus[cpu].luck.tell(pulled.and(weight).unwrap_or(0));
        pulled
    }

    /// Whether some CPU has more than the thread that runs: `nr_running`, which counts sleepers in debt.
    fn is_anybody_queued(&self) -> bool {
        self.waiting + self.in_debt > 0
    }

    /// Nobody may wait any more, but that is found out only by looking, here or at a tick.
    fn is_overloaded(&mut self, engine: &Engine) -> bool {
        let tick = |time: Nanos| time.0 / self.costs.tick.0;
        if !self.is_anybody_queued() && tick(self.overloaded.relieved) < tick(engine.now()) {
            self.overloaded.raised = false;
        }
        self.overloaded.raised
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    fn share_of_tries(luck: &Luck) -> f64 {
        let mut dice = Stream::named(Key::root(1, 0).name("dice"));
        let tries = (0..10_000)
            .filter(|_| luck.weight_if_lucky(&mut dice).is_some())
            .count();
        tries as f64 / 10_000.0
    }

    #[test]
    fn at_first_a_cpu_looks_every_other_time() {
        assert!((share_of_tries(&Luck::default()) - 0.5).abs() < 0.02);
    }

    #[test]
    fn a_cpu_that_never_finds_anything_all_but_stops_looking_and_learns_again() {
        let mut luck = Luck::default();
        (0..8 * CHANCES).for_each(|_| luck.tell(0));
        assert!(share_of_tries(&luck) < 0.01);
        // Looking is rare, and counts for all the times that it did not look.
        let mut dice = Stream::named(Key::root(2, 0).name("dice"));
        for _ in 0..16 * CHANCES {
            let found = luck.weight_if_lucky(&mut dice).unwrap_or(0);
            luck.tell(found);
        }
        assert!(share_of_tries(&luck) > 0.5);
    }

    #[test]
    fn the_rate_of_tries_is_the_rate_of_finds() {
        let mut luck = Luck::default();
        let mut dice = Stream::named(Key::root(3, 0).name("dice"));
        let mut worth_it = Stream::named(Key::root(3, 0).name("worth it"));
        let mut rates = Vec::new();
        for call in 0..200_000 {
            let there_is_one = worth_it.unit() < 0.3;
            let found = match luck.weight_if_lucky(&mut dice) {
                Some(weight) if there_is_one => weight,
                _ => 0,
            };
            luck.tell(found);
            if call % 1_000 == 999 {
                rates.push(f64::from(luck.ratio) / f64::from(CHANCES));
            }
        }
        let mean = rates.iter().sum::<f64>() / rates.len() as f64;
        assert!((mean - 0.3).abs() < 0.05, "{mean}");
    }
}
