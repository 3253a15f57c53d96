//! The death of a process: what the kernel does for one that can do nothing for itself any more (`do_group_exit` and
//! `do_exit` in `kernel/exit.c` of Linux).
//!
//! ```text
//!  its threads    end where they are: on a CPU, ready, asleep
//!  its memory     is given back
//!  its files      are closed: the sentinel hangs up; other pipes stay open, for the parent has both their ends, too
//!  its parent     may reap it
//!  semaphores     are memory that others share, and stay as they are: what it had taken stays taken
//! ```
//! Threads in queues that only their own process sees (condition variables, parking lots, the interpreter lock) die with
//! whoever could signal them. Queues that others share may hold dead threads: who wakes the next waiter passes them over.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::Os;
use super::process::{Parting, ProcessId};
use super::thread::{State, ThreadId};

impl Os {
    /// Says by what the parent of `process` learns of its end, should it be killed.
    pub fn set_parting(&self, process: ProcessId, parting: Parting) {
        self.scheduler
            .borrow_mut()
            .processes
            .set_parting(process, parting);
    }

    /// `kill(2)` with `SIGKILL`, or a signal that nobody handles: the process is over. Nothing happens if it was already.
    ///
    /// A thread that kills its own process goes no further than its next `.await`.
    pub fn kill(&self, process: ProcessId) {
        let mut scheduler = self.scheduler.borrow_mut();
        let mut victims: Vec<(ThreadId, State)> = (0..)
            .zip(&scheduler.threads)
            .filter(|(_, record)| record.process == Some(process) && record.state != State::Ended)
            .map(|(index, record)| (ThreadId(index), record.state))
            .collect();
        if victims.is_empty() {
            return;
        }
        // Those on a CPU last, lest it go to another of them.
        victims.sort_by_key(|(_, state)| *state == State::OnCpu);
        for (thread, state) in victims {
            let foreground = scheduler.threads[thread.index()].foreground;
            if foreground && state != (State::Blocked { hopeful: false }) {
                self.hopeful.set(self.hopeful.get() - 1);
            }
            scheduler.kill(&self.engine, thread);
        }
        drop(scheduler);
        let is_news = self.exit_process(process);
        let parting = self
            .scheduler
            .borrow()
            .processes
            .parting(process)
            .filter(|_| is_news);
        if let Some(Parting { exited, sentinel }) = parting {
            sentinel.hang_up_by_kernel(self);
            exited.post_by_kernel(self);
        }
        self.stop_if_stuck();
    }

    /// The first of a queue of waiters that is alive, off the queue.
    pub(super) fn pop_living(&self, waiters: &RefCell<VecDeque<ThreadId>>) -> Option<ThreadId> {
        let mut waiters = waiters.borrow_mut();
        loop {
            let waiter = waiters.pop_front()?;
            if !self.scheduler.borrow().is_over(waiter) {
                return Some(waiter);
            }
        }
    }
}
