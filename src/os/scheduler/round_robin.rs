//! The round-robin policy: a thread that comes waits at the end of the queue, and the first of the queue runs when a
//! quantum is over.
//!
//! Models the timeshare scheduler of xnu (`osfmk/kern/sched_prim.c`: `thread_setrun`, `thread_quantum_expire`,
//! `csw_check`) among threads of equal priority: its run queues are first in, first out, and a woken thread preempts
//! only if its priority is higher. Priorities, which decay with the CPU time of the last seconds, are not modelled:
//! busy threads of one program have the same. A quantum ends at a tick.

use super::queueing::Queueing;
use super::run_queue::{Entity, RunQueue};
use super::tables::{CpuId, Tables};
use crate::os::ThreadId;
use crate::units::Nanos;

impl RunQueue {
    /// The position of the thread whose turn it is, unless the running thread has some of its quantum left.
    pub(super) fn pick_in_turn(&self, running: Option<&Entity>) -> Option<usize> {
        let has_quantum = running.is_some_and(|entity| entity.vruntime < entity.protected_until);
        (!has_quantum && !self.is_empty()).then_some(0)
    }
}

impl Queueing {
    /// Queues are ordered by deadline: the later a thread comes, the later its turn.
    pub(super) fn take_a_turn(&mut self, entity: &mut Entity) {
        if self.takes_turns() {
            self.turns += 1;
            entity.deadline = self.turns;
        }
    }

    /// The running thread was alone: each quantum that ended was followed by a new one.
    pub(super) fn renew_quanta(&self, tables: &mut Tables, current: ThreadId) {
        let quantum = self.slice();
        let entity = &mut tables[current].entity;
        let over = entity.vruntime - entity.protected_until;
        if over >= 0 {
            entity.protected_until += (over / quantum + 1) * quantum;
        }
    }

    /// At a tick: a thread that waits for this CPU moves to the CPU with the shortest queue, which is returned.
    /// Sometimes it moves between queues whose lengths differ by one as well, so that in the long run all threads get
    /// the same.
    pub fn even_out(&mut self, tables: &mut Tables, now: Nanos, cpu: CpuId) -> Option<CpuId> {
        let here = tables[cpu].queue.ready();
        let costs = self.costs();
        let period = (costs.balance_interval.0 / costs.tick.0).max(1);
        let is_due = (now.0 / costs.tick.0 + cpu.index() as u64).is_multiple_of(period);
        if !is_due || here == 0 {
            return None;
        }
        // From the next CPU on around the circle: of equally short queues the first.
        let shortest = (1..tables.cpus.len())
            .map(|distance| tables.cpus.behind(cpu, distance))
            .filter(|&other| !tables.cpus.is_idle(other))
            .min_by_key(|&other| tables[other].queue.ready())?;
        if tables[shortest].queue.ready() >= here {
            return None;
        }
        let index = tables[cpu].queue.longest_resident()?;
        self.move_to_queue(tables, now, (cpu, index), shortest);
        Some(shortest)
    }
}
