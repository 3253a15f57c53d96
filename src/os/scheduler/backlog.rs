//! How many threads wait in all run queues together, and whether a CPU that runs out of work believes that any do.

use crate::units::Nanos;

/// Threads in all run queues together, and `rd->overloaded`: whether some CPU has a thread waiting, as of the last
/// look.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backlog {
    /// Ready threads.
    ready: usize,
    /// Threads that sleep and are still in a run queue.
    in_debt: usize,
    is_overloaded: bool,
    /// When the last ready thread left its queue.
    relieved: Nanos,
}

impl Backlog {
    /// A ready thread enters a run queue.
    pub fn thread_is_queued(&mut self) {
        self.ready += 1;
        self.is_overloaded = true;
    }

    /// A ready thread leaves its run queue.
    pub fn thread_is_taken(&mut self, now: Nanos) {
        self.ready -= 1;
        if self.ready == 0 {
            self.relieved = now;
        }
    }

    /// A thread goes to sleep and stays in its run queue.
    pub fn sleeper_is_queued(&mut self) {
        self.in_debt += 1;
        self.is_overloaded = true;
    }

    /// A sleeper in a run queue leaves it.
    pub fn sleeper_is_taken(&mut self) {
        self.in_debt -= 1;
    }

    /// A sleeper in a run queue is woken there.
    pub fn sleeper_is_ready(&mut self) {
        self.in_debt -= 1;
        self.ready += 1;
    }

    /// Whether any thread is ready and waits.
    pub const fn has_ready(&self) -> bool {
        self.ready > 0
    }

    /// Whether some CPU has more than the thread that runs: `nr_running`, which counts sleepers in debt.
    const fn has_queued(&self) -> bool {
        self.ready + self.in_debt > 0
    }

    /// A CPU looks for waiting threads, so that the flag is up to date again.
    pub fn look(&mut self) {
        self.is_overloaded = self.has_queued();
    }

    /// Whether threads are believed to wait. That no thread waits any more is found out only by a look, which each tick
    /// takes as well.
    pub fn is_overloaded(&mut self, now: Nanos, tick: Nanos) -> bool {
        if !self.has_queued() && self.relieved.0 / tick.0 < now.0 / tick.0 {
            self.is_overloaded = false;
        }
        self.is_overloaded
    }
}
