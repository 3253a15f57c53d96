//! A CPU that runs out of work looks for a thread that waits for another CPU, or saves itself the look.
//!
//! Models `sched_balance_newidle` and `update_newidle_stats` of `kernel/sched/fair.c`, for CPUs that share a cache.
//! Since January 2026 (`NI_RANDOM`) a CPU looks as often as looking has been worth it: where threads wait only for
//! microseconds, and their caches are too warm for a migration, it also stops looking for threads that wait for long.
//! On Linux, what a CPU has learned outlives programs; here it begins with what it knows after the machine's start.

use super::balancing::Balancing;
use super::queueing::Queueing;
use super::tables::{CpuId, Tables};
use crate::os::ThreadId;
use crate::profile::NewidleBalance;
use crate::random::Stream;
use crate::units::Nanos;

/// The number of sides of the dice, and the number of calls after which the rate of success is taken.
const CHANCES: u32 = 1024;

/// How often a CPU has found a thread to pull: part of `struct sched_domain`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Luck {
    /// `newidle_call`
    calls: u32,
    /// `newidle_success`: the calls that found a thread, scaled up as if the CPU had always looked.
    successes: u32,
    /// `newidle_ratio`: out of [`CHANCES`].
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
    /// How many times one find counts, because most calls may not look; `None` if this call does not look.
    fn weight_if_lucky(&self, dice: &mut Stream) -> Option<u32> {
        let weight = 1 + self.ratio;
        (dice.below(u64::from(CHANCES)) <= u64::from(weight)).then(|| (CHANCES + weight / 2) / weight)
    }

    /// `update_newidle_stats`
    fn update(&mut self, successes: u32) {
        self.calls += 1;
        self.successes += successes;
        if self.calls >= CHANCES {
            self.ratio = self.successes;
            self.calls /= 2;
            self.successes /= 2;
        }
    }
}

impl Balancing {
    /// `sched_balance_rq` for a CPU that has just run out of work: a waiting thread from the longest queue, unless all
    /// threads there ran just now.
    fn pull_from_busiest(
        &self,
        tables: &mut Tables,
        queues: &mut Queueing,
        now: Nanos,
        cpu: CpuId,
    ) -> Option<ThreadId> {
        let others = tables.cpus.ids();
        let busiest = others
            .filter(|&other| tables[other].queue.ready() > 0)
            .max_by_key(|&other| (tables[other].queue.ready(), std::cmp::Reverse(other)));
        let Some(busiest) = busiest else {
            tables[cpu].balance_failed = 0;
            return None;
        };
        self.pull(tables, queues, now, busiest, cpu)
    }

    /// The thread that a CPU pulls from another one before it goes idle.
    pub fn newly_idle(
        &mut self,
        tables: &mut Tables,
        queues: &mut Queueing,
        now: Nanos,
        cpu: CpuId,
    ) -> Option<ThreadId> {
        if self.costs().newidle_balance == NewidleBalance::Always {
            return queues
                .backlog
                .has_ready()
                .then(|| self.pull_from_busiest(tables, queues, now, cpu))
                .flatten();
        }
        if !queues.backlog.is_overloaded(now, self.costs().tick) {
            return None;
        }
        let weight = tables[cpu].luck.weight_if_lucky(&mut self.dice);
        let pulled = weight.and_then(|_| {
            let pulled = self.pull_from_busiest(tables, queues, now, cpu);
            queues.backlog.look();
            pulled
        });
        tables[cpu].luck.update(pulled.and(weight).unwrap_or(0));
        pulled
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
    fn a_cpu_that_never_finds_a_thread_almost_stops_looking_and_learns_again() {
        let mut luck = Luck::default();
        (0..8 * CHANCES).for_each(|_| luck.update(0));
        assert!(share_of_tries(&luck) < 0.01);
        // A look is rare, and counts for all the calls that did not look.
        let mut dice = Stream::named(Key::root(2, 0).name("dice"));
        for _ in 0..16 * CHANCES {
            let found = luck.weight_if_lucky(&mut dice).unwrap_or(0);
            luck.update(found);
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
            let is_there = worth_it.unit() < 0.3;
            let found = match luck.weight_if_lucky(&mut dice) {
                Some(weight) if is_there => weight,
                _ => 0,
            };
            luck.update(found);
            if call % 1_000 == 999 {
                rates.push(f64::from(luck.ratio) / f64::from(CHANCES));
            }
        }
        let mean = rates.iter().sum::<f64>() / rates.len() as f64;
        assert!((mean - 0.3).abs() < 0.05, "{mean}");
    }
}
