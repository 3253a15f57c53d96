//! The death of a process: what the kernel does for a process that can no longer act (`do_exit` and `do_group_exit` in
//! `kernel/exit.c` of Linux).
//!
//! ```text
//!  its threads    end where they are: on a CPU, ready, asleep
//!  its memory     is given back
//!  its files      are closed: the sentinel hangs up; other pipes stay open, as the parent has both ends
//!  its parent     may reap it
//!  semaphores     are memory that other processes share, and stay as they are: acquired units stay acquired
//! ```
//! Threads in queues that only their own process sees (condition variables, parking lots, the interpreter lock) die
//! together with all threads that could signal them. Queues that processes share may hold dead threads: a thread that
//! wakes the next waiter skips them.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::Os;
use super::process_table::{Parting, ProcessId};
use super::thread::{State, ThreadId};

impl Os {
    /// Sets how the parent of `process` learns about its end if it is killed.
    pub fn set_parting(&self, process: ProcessId, parting: Parting) {
        self.scheduler
            .borrow_mut()
            .processes
            .set_parting(process, parting);
    }

    /// `kill(2)` with `SIGKILL`, or with a signal that is not handled: ends the process. Does nothing if it is over.
    ///
    /// A thread that kills its own process goes no further than its next `.await`.
    pub fn kill(&self, process: ProcessId) {
        let mut scheduler = self.scheduler.borrow_mut();
        let threads = &scheduler.tables.threads;
        let mut victims: Vec<(ThreadId, State)> = threads
            .ids()
            .map(|thread| (thread, threads[thread].state))
            .filter(|&(thread, state)| threads[thread].process == Some(process) && state != State::Ended)
            .collect();
        if victims.is_empty() {
            return;
        }
        // Threads on a CPU come last, so that their CPU does not go to another victim.
        victims.sort_by_key(|(_, state)| *state == State::OnCpu);
        for (thread, state) in victims {
            let foreground = scheduler.tables[thread].foreground;
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

    /// Takes waiters off a queue up to the first one that is alive, which is returned.
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
