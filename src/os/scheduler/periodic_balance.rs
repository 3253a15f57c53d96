//! Busy CPUs even out what they have to do, now and then: one that is less loaded takes from the most loaded one.
//!
//! Models `sched_balance_rq` of `kernel/sched/fair.c` for a busy CPU (`CPU_NOT_IDLE`) among equally fast ones that share a
//! cache, each a group of its own: `sched_balance_domains`, `update_sg_lb_stats`, `sched_balance_find_src_group`,
//! `calculate_imbalance`, `detach_tasks`. What is compared is load, the average over some 100 ms, and not who is ready at
//! this moment: threads that take turns behind a lock may all be ready at every tick.

use super::Scheduler;
use super::utilization::IMBALANCE_PERCENT;
use crate::engine::Engine;
use crate::os::pelt::CAPACITY;
use crate::units::Nanos;

/// `sd->busy_factor` of CPUs that share a cache (`kernel/sched/topology.c`, `sd_init`): a busy CPU looks so much more
/// seldom.
const BUSY_FACTOR: u64 = 16;

/// When a CPU looks at the others: part of `struct sched_domain`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rounds {
    next: Nanos,
    /// It found all even the last time, and lets twice as long pass: `balance_interval` is at its most.
    at_ease: bool,
}

impl Rounds {
    /// Starting from then. Of the CPUs of a machine each begins one tick after the one before.
    pub fn from(next: Nanos) -> Self {
        Self { next, at_ease: true }
    }

    /// `sched_balance_domains`: whether it is time. `most` is the longest that an idle CPU lets pass.
    fn is_due(&mut self, now: Nanos, most: Nanos, tick: Nanos) -> bool {
        if self.next > now {
            return false;
        }
        let apart = |at_ease: bool| {
            let interval = BUSY_FACTOR * if at_ease { most.0 } else { most.0 / 2 };
            (interval / tick.0).saturating_sub(1).max(1) * tick.0
        };
        // Rounds in which nobody waited have found all even: they were not simulated.
        let missed = (now.0 - self.next.0) / apart(true);
        let last = self.next.0 + missed * apart(true);
        self.at_ease |= last < now.0;
        self.next = Nanos(last + apart(self.at_ease));
        last == now.0
    }
}

impl Scheduler {
    /// At a tick of a CPU for which somebody waits: all CPUs whose time has come to take what they should, before and after
    /// the one whose tick it is has let a thread give way. Once a tick.
    ///
    /// All CPUs have their ticks at the same time. Whose `sched_balance_softirq` comes first, and whose way back to the
    /// program, where a thread gives way, is a matter of chance.
    pub(super) fn due_for_balance(&mut self, engine: &Engine) -> (Vec<usize>, Vec<usize>) {
        let now = engine.now();
        let (mut early, mut late) = (Vec::new(), Vec::new());
        if self.takes_turns() || std::mem::replace(&mut self.balanced, now) == now {
            return (early, late);
        }
        let (most, tick) = (self.costs.balance_interval, self.costs.tick);
        for cpu in 0..self.cpus.len() {
            if self.cpus[cpu].current.is_some() && self.cpus[cpu].rounds.is_due(now, most, tick) {
                let round = if self.race.below(2) == 0 {
                    &mut early
                } else {
                    &mut late
                };
                round.push(cpu);
            }
        }
        (early, late)
    }

    /// `sched_balance_rq`
    pub(super) fn pull_load(&mut self, engine: &Engine, to: usize) {
        let Some((from, imbalance)) = self.find_imbalance(engine, to) else {
            self.cpus[to].balance_failed = 0;
            self.cpus[to].rounds.at_ease = true;
            return;
        };
        self.cpus[to].rounds.at_ease = false;
        if self.detach_load(engine, from, to, imbalance) {
            self.cpus[to].balance_failed = 0;
            self.reschedule_if_better(engine, to);
            self.want_tick(engine, to);
        } else {
            self.cpus[to].balance_failed += 1;
        }
    }

    /// `sched_balance_find_src_group` and `calculate_imbalance`: the most loaded CPU, and how much load `to` should take
    /// from it.
    fn find_imbalance(&mut self, engine: &Engine, to: usize) -> Option<(usize, u64)> {
        let loads: Vec<u64> = (0..self.cpus.len()).map(|cpu| self.load(engine, cpu)).collect();
        let average = loads.iter().sum::<u64>() / loads.len() as u64;
        // `update_sd_pick_busiest`, around the circle from its own group on: of equally loaded ones the first.
        let from = (1..self.cpus.len())
            .map(|next| (to + next) % self.cpus.len())
            .filter(|&cpu| self.cpus[cpu].queue.ready() > 0)
            .rev()
            .max_by_key(|&cpu| loads[cpu])?;
        let (much, little) = (loads[from], loads[to]);
        let is_even = !self.cpus[to].queue.is_empty() && much * 100 <= little * IMBALANCE_PERCENT;
        if is_even
            || little >= average
            || much <= average
            || !self.is_full(engine, to)
            || !self.is_full(engine, from)
        {
            return None;
        }
        Some((from, (much - average).min(average - little)))
    }

    /// `group_is_overloaded`, of a CPU for which somebody waits, and the reverse of `group_has_capacity`.
    fn is_full(&mut self, engine: &Engine, cpu: usize) -> bool {
        let (utilization, runnable) = (self.utilization(engine, cpu, None), self.load(engine, cpu));
        CAPACITY * 100 < utilization * IMBALANCE_PERCENT || CAPACITY * IMBALANCE_PERCENT < runnable * 100
    }

    /// `detach_tasks`: threads that weigh no more than what should be moved. The longer nothing was found, the less they
    /// are taken to weigh. Says whether any moved.
    fn detach_load(&mut self, engine: &Engine, from: usize, to: usize, mut imbalance: u64) -> bool {
        let failed = self.cpus[to].balance_failed.min(u64::BITS - 1);
        let mut moved_any = false;
        for thread in self.cpus[from].queue.by_arrival() {
            self.track_waiting(engine, thread);
            let load = self.threads[thread.index()].utilization.average.load().max(1);
            if load >> failed > imbalance || !self.may_migrate(engine, thread, to) {
                continue;
            }
            let index = self.cpus[from].queue.position_of(thread).expect("it waits there");
            self.move_to_queue(engine, (from, index), to);
            moved_any = true;
            imbalance = imbalance.saturating_sub(load);
            if imbalance == 0 {
                break;
            }
        }
        moved_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Nanos = Nanos::from_millis(4);

    fn times(rounds: &mut Rounds, most: Nanos) -> Vec<u64> {
        let ticks = (0..100).map(|tick| Nanos(tick * TICK.0));
        ticks
            .filter(|&now| rounds.is_due(now, most, TICK))
            .map(|now| now.0 / 1_000_000)
            .collect()
    }

    /// Two CPUs: every 4 ms at most, times 16, less one tick.
    #[test]
    fn a_busy_cpu_looks_every_60_ms_while_all_is_even() {
        let mut rounds = Rounds::from(Nanos::from_millis(8));
        assert_eq!(
            times(&mut rounds, Nanos::from_millis(4)),
            [8, 68, 128, 188, 248, 308, 368]
        );
    }

    #[test]
    fn it_looks_twice_as_often_while_it_is_not() {
        let mut rounds = Rounds::from(Nanos::ZERO);
        let mut due = Vec::new();
        for tick in 0..30 {
            if rounds.is_due(Nanos(tick * TICK.0), Nanos::from_millis(4), TICK) {
                rounds.at_ease = false;
                due.push(tick * 4);
            }
        }
        assert_eq!(due, [0, 60, 88, 116]);
    }

    #[test]
    fn rounds_that_nobody_saw_keep_their_times() {
        let mut rounds = Rounds::from(Nanos::ZERO);
        assert!(rounds.is_due(Nanos::ZERO, Nanos::from_millis(4), TICK));
        assert!(!rounds.is_due(Nanos::from_millis(600 + 16), Nanos::from_millis(4), TICK));
        assert!(rounds.is_due(Nanos::from_millis(660), Nanos::from_millis(4), TICK));
    }
}
