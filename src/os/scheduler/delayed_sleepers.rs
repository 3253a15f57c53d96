//! Threads that go to sleep in debt stay in their run queue until it is paid.
//!
//! Models `DELAY_DEQUEUE` and `DELAY_ZERO` of `kernel/sched/fair.c`: `set_delayed`, `dequeue_entity`,
//! `pick_next_entity`. The way back, `requeue_delayed_entity`, is in [`Queueing::enqueue`].

use super::queueing::Queueing;
use super::run_queue::Entity;
use super::tables::{CpuId, Tables};
use crate::os::ThreadId;
use crate::units::Nanos;

impl Queueing {
    /// `set_delayed`: a thread that goes to sleep in debt stays in its queue until the scheduler finds it there with
    /// its debt paid (`DELAY_DEQUEUE`). If it is woken before, it stays on this CPU (`ttwu_runnable`).
    pub fn stay_in_debt(&mut self, tables: &mut Tables, cpu: CpuId, thread: ThreadId) {
        let record = &mut tables.threads[thread];
        let queue = &mut tables.cpus[cpu].queue;
        let owes = !queue.is_eligible(record.entity.vruntime, Some(&record.entity));
        if owes && !self.takes_turns() {
            record.in_debt = true;
            queue.insert_asleep(thread, record.entity);
            self.backlog.sleeper_is_queued();
        }
    }

    /// `dequeue_entity` with `DEQUEUE_DELAYED`: a sleeper leaves the queue, because its debt is paid or no other thread
    /// is left there. It is not owed anything either (`DELAY_ZERO`).
    pub fn dequeue_delayed(&mut self, tables: &mut Tables, now: Nanos, cpu: CpuId, index: usize) {
        tables.track(now, cpu);
        let thread = tables[cpu].queue.take(index).thread;
        tables.track_waiting(now, thread);
        let record = &mut tables[thread];
        record.in_debt = false;
        record.entity.lag = 0;
        self.backlog.sleeper_is_taken();
    }

    /// `pick_next_entity`: sleepers that it picks leave the queue.
    pub(super) fn pick_fairly(
        &mut self,
        tables: &mut Tables,
        now: Nanos,
        cpu: CpuId,
        running: Option<&Entity>,
    ) -> Option<usize> {
        loop {
            let queue = &tables[cpu].queue;
            let index = queue.pick(running)?;
            if !queue.is_asleep(index) {
                return Some(index);
            }
            self.dequeue_delayed(tables, now, cpu, index);
        }
    }
}
