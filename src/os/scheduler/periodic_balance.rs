//! Busy CPUs even out their loads now and then: a CPU with a lower load takes threads from the one with the highest.
//!
//! Models `sched_balance_rq` of `kernel/sched/fair.c` for a busy CPU (`CPU_NOT_IDLE`) among equally fast ones that
//! share a cache, each a group of its own: `detach_tasks`, `update_sg_lb_stats`, `calculate_imbalance`,
//! `sched_balance_find_src_group`, `sched_balance_domains`. It compares loads, averages over some 100 ms, and not the
//! number of threads that are ready at the moment: threads that take turns behind a lock may all be ready at every
//! tick.

use super::balancing::Balancing;
use super::pelt::CAPACITY;
use super::queueing::Queueing;
use super::tables::{CpuId, Tables};
use super::utilization::IMBALANCE_PERCENT;
use crate::units::Nanos;

/// `sd->busy_factor` of CPUs that share a cache (`kernel/sched/topology.c`, `sd_init`): the factor by which the
/// interval of a busy CPU is longer.
const BUSY_FACTOR: u64 = 16;

/// When a CPU looks at the others: part of `struct sched_domain`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rounds {
    next: Nanos,
    /// It found all CPUs evenly loaded the last time, and waits twice as long: `balance_interval` is at its maximum.
    is_even: bool,
}

impl Rounds {
    /// The first round is at `next`. The CPUs of a machine begin one tick after another.
    pub fn from(next: Nanos) -> Self {
        Self { next, is_even: true }
    }

    /// `sched_balance_domains`: whether a round is due. `most` is the longest time between two rounds of an idle CPU.
    fn is_due(&mut self, now: Nanos, most: Nanos, tick: Nanos) -> bool {
        if self.next > now {
            return false;
        }
        let apart = |is_even: bool| {
            let interval = BUSY_FACTOR * if is_even { most.0 } else { most.0 / 2 };
            (interval / tick.0).saturating_sub(1).max(1) * tick.0
        };
        // Rounds without waiting threads were not simulated: they would have found all CPUs evenly loaded.
        let missed = (now.0 - self.next.0) / apart(true);
        let last = self.next.0 + missed * apart(true);
        self.is_even |= last < now.0;
        self.next = Nanos(last + apart(self.is_even));
        last == now.0
    }
}

/// The CPUs that balance at a tick, before and after the CPU whose tick it is lets a thread give way.
#[derive(Default)]
pub(super) struct Round {
    pub early: Vec<CpuId>,
    pub late: Vec<CpuId>,
}

impl Balancing {
    /// `detach_tasks`: threads whose load is at most the imbalance. The more rounds in a row found no such thread, the
    /// lower their loads are taken to be. Says whether any moved.
    fn detach_load(
        &self,
        tables: &mut Tables,
        queues: &mut Queueing,
        now: Nanos,
        (from, to): (CpuId, CpuId),
        mut imbalance: u64,
    ) -> bool {
        let failed = tables[to].balance_failed.min(u64::BITS - 1);
        let mut moved_any = false;
        for thread in tables[from].queue.by_arrival() {
            tables.track_waiting(now, thread);
            let load = tables[thread].utilization.average.load().max(1);
            if load >> failed > imbalance || !self.may_migrate(tables, now, thread, to) {
                continue;
            }
            let index = tables[from]
                .queue
                .position_of(thread)
                .expect("the thread waits there");
            queues.move_to_queue(tables, now, (from, index), to);
            moved_any = true;
            imbalance = imbalance.saturating_sub(load);
            if imbalance == 0 {
                break;
            }
        }
        moved_any
    }

    /// `group_is_overloaded`, of a CPU for which a thread waits, and the reverse of `group_has_capacity`.
    fn is_full(tables: &mut Tables, now: Nanos, cpu: CpuId) -> bool {
        let (utilization, runnable) = (tables.utilization(now, cpu, None), tables.load(now, cpu));
        CAPACITY * 100 < utilization * IMBALANCE_PERCENT || CAPACITY * IMBALANCE_PERCENT < runnable * 100
    }

    /// `calculate_imbalance` and `sched_balance_find_src_group`: the CPU with the highest load, and how much load `to`
    /// should take from it.
    fn find_imbalance(tables: &mut Tables, now: Nanos, to: CpuId) -> Option<(CpuId, u64)> {
        let cpus = tables.cpus.ids();
        let loads: Vec<u64> = cpus.map(|cpu| tables.load(now, cpu)).collect();
        let average = loads.iter().sum::<u64>() / loads.len() as u64;
        // `update_sd_pick_busiest`, around the circle from its own group on: of equally loaded CPUs the first.
        let from = (1..tables.cpus.len())
            .map(|distance| tables.cpus.behind(to, distance))
            .filter(|&cpu| tables[cpu].queue.ready() > 0)
            .rev()
            .max_by_key(|&cpu| loads[cpu.index()])?;
        let (much, little) = (loads[from.index()], loads[to.index()]);
        let is_even = !tables[to].queue.is_empty() && much * 100 <= little * IMBALANCE_PERCENT;
        if is_even
            || little >= average
            || much <= average
            || !Self::is_full(tables, now, to)
            || !Self::is_full(tables, now, from)
        {
            return None;
        }
        Some((from, (much - average).min(average - little)))
    }

    /// `sched_balance_rq`: whether threads have moved to the queue of `to`.
    pub fn pull_load(&self, tables: &mut Tables, queues: &mut Queueing, now: Nanos, to: CpuId) -> bool {
        let Some((from, imbalance)) = Self::find_imbalance(tables, now, to) else {
            tables[to].balance_failed = 0;
            tables[to].rounds.is_even = true;
            return false;
        };
        tables[to].rounds.is_even = false;
        let moved_any = self.detach_load(tables, queues, now, (from, to), imbalance);
        if moved_any {
            tables[to].balance_failed = 0;
        } else {
            tables[to].balance_failed += 1;
        }
        moved_any
    }

    /// At a tick of a CPU for which a thread waits: all CPUs whose round is due. Once for each tick.
    ///
    /// All CPUs have their ticks at the same time. Which comes first, the `sched_balance_softirq` of one CPU or the way
    /// back to the program of another, where a thread gives way, is a matter of chance.
    pub fn due_for_balance(&mut self, tables: &mut Tables, now: Nanos) -> Round {
        let mut round = Round::default();
        if std::mem::replace(&mut self.balanced, now) == now {
            return round;
        }
        let (most, tick) = (self.costs().balance_interval, self.costs().tick);
        for cpu in tables.cpus.ids() {
            if !tables.cpus.is_idle(cpu) && tables[cpu].rounds.is_due(now, most, tick) {
                let half = if self.race.below(2) == 0 {
                    &mut round.early
                } else {
                    &mut round.late
                };
                half.push(cpu);
            }
        }
        round
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

    /// Two CPUs: at most every 4 ms, times 16, less one tick.
    #[test]
    fn a_busy_cpu_looks_every_60_ms_while_loads_are_even() {
        let mut rounds = Rounds::from(Nanos::from_millis(8));
        assert_eq!(
            times(&mut rounds, Nanos::from_millis(4)),
            [8, 68, 128, 188, 248, 308, 368]
        );
    }

    #[test]
    fn a_busy_cpu_looks_twice_as_often_while_loads_are_uneven() {
        let mut rounds = Rounds::from(Nanos::ZERO);
        let mut due = Vec::new();
        for tick in 0..30 {
            if rounds.is_due(Nanos(tick * TICK.0), Nanos::from_millis(4), TICK) {
                rounds.is_even = false;
                due.push(tick * 4);
            }
        }
        assert_eq!(due, [0, 60, 88, 116]);
    }

    #[test]
    fn rounds_that_were_not_simulated_keep_their_times() {
        let mut rounds = Rounds::from(Nanos::ZERO);
        assert!(rounds.is_due(Nanos::ZERO, Nanos::from_millis(4), TICK));
        assert!(!rounds.is_due(Nanos::from_millis(600 + 16), Nanos::from_millis(4), TICK));
        assert!(rounds.is_due(Nanos::from_millis(660), Nanos::from_millis(4), TICK));
    }
}
