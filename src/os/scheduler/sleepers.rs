//! Threads that go to sleep in debt stay in their queue until it is paid.
//!
//! Models `DELAY_DEQUEUE` and `DELAY_ZERO` of `kernel/sched/fair.c`: `dequeue_entity`, `pick_next_entity`; the way back,
//! `requeue_delayed_entity`, is [`enqueue`](super::enqueue)'s.

use super::Scheduler;
use crate::engine::Engine;
use crate::os::ThreadId;
use crate::os::fair::Entity;
use crate::profile::SchedulerPolicy;

impl Scheduler {
    /// `set_delayed`: a thread that goes to sleep in debt stays in its queue until the scheduler comes across it there and
    /// its debt is paid (`DELAY_DEQUEUE`). Woken before, it goes nowhere else (`ttwu_runnable`).
    pub(super) fn stay_in_debt(&mut self, cpu: usize, thread: ThreadId) {
        let record = &mut self.threads[thread.index()];
        let queue = &mut self.cpus[cpu].queue;
        let owes = !queue.is_eligible(record.entity.vruntime, Some(&record.entity));
        if owes && self.costs.policy == SchedulerPolicy::Fair {
            record.in_debt = true;
            queue.insert_asleep(thread, record.entity);
            self.in_debt += 1;
            self.overloaded.raise();
        }
    }

    /// `dequeue_entity` with `DEQUEUE_DELAYED`: a sleeper's debt is paid, or nobody is left to owe to. Nobody owes it
    /// anything either (`DELAY_ZERO`).
    pub(super) fn let_go(&mut self, engine: &Engine, cpu: usize, index: usize) {
        self.track(engine, cpu);
        let thread = self.cpus[cpu].queue.take(index).thread;
        self.track_waiting(engine, thread);
        let record = &mut self.threads[thread.index()];
        record.in_debt = false;
        record.entity.lag = 0;
        self.in_debt -= 1;
    }

    /// `pick_next_entity`: sleepers that it comes across leave the queue.
    pub(super) fn pick_fairly(
        &mut self,
        engine: &Engine,
        cpu: usize,
        running: Option<&Entity>,
    ) -> Option<usize> {
        loop {
            let queue = &self.cpus[cpu].queue;
            let index = queue.pick(running)?;
            if !queue.is_asleep(index) {
                return Some(index);
            }
            self.let_go(engine, cpu, index);
        }
    }
}
