//! A condition variable with timed waits: `pthread_cond_t` (`nptl/pthread_cond_wait.c` of glibc).
//!
//! Who is woken is a race, not a policy. A thread that begins to wait is still awake for a moment, on its way to
//! sleep; a signal that comes in that moment is taken by that thread, a later one by the oldest sleeper.
//! `fifo` and `random` stand beside this mechanism for platforms that order their waiters otherwise.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use serde::Deserialize;

use super::{Mutex, ObjectId, Os, ThreadId, Woken};
use crate::random::{Key, Stream, Table};
use crate::units::Nanos;

/// Which waiter takes a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WakeOrder {
    /// One that is still awake, else the oldest sleeper: glibc.
    Awake,
    /// The oldest.
    Fifo,
    /// Any, equally likely.
    Random,
}

/// Waiters in the order of their last wait.
pub struct Condition {
    object: ObjectId,
    waiters: RefCell<VecDeque<ThreadId>>,
    /// The waiter that is on its way to sleep.
    awake: Cell<Option<ThreadId>>,
    order: WakeOrder,
    random: RefCell<Stream>,
    settle: Table,
}

impl Condition {
    /// With nobody waiting. `settle` is the CPU time from beginning to wait until asleep.
    pub fn new(os: &Os, name: &str, order: WakeOrder, settle: Table, key: Key) -> Self {
        Self {
            object: os.add_object(name),
            waiters: RefCell::default(),
            awake: Cell::new(None),
            order,
            random: RefCell::new(Stream::named(key.name(name))),
            settle,
        }
    }

    /// Waits for a signal that is sure to come, with `mutex` open meanwhile: `pthread_cond_wait`.
    pub async fn wait(&self, os: &Os, me: ThreadId, mutex: &Mutex) {
        self.wait_until(os, me, mutex, None).await;
    }

    /// The same for at most `time` and the timer's slack: `pthread_cond_timedwait`.
    pub async fn timed_wait(&self, os: &Os, me: ThreadId, mutex: &Mutex, time: Nanos) -> Woken {
        self.wait_until(os, me, mutex, Some(time)).await
    }

    async fn wait_until(&self, os: &Os, me: ThreadId, mutex: &Mutex, time: Option<Nanos>) -> Woken {
        self.waiters.borrow_mut().push_back(me);
        mutex.unlock(os, me).await;
        let began = os.now();
        self.awake.set(Some(me));
        let settle = self.settle.sample(&mut self.random.borrow_mut());
        os.compute(me, settle).await;
        if self.awake.get() == Some(me) {
            self.awake.set(None);
        }
        if self.is_waiting(me) {
            match time {
                None => os.block_for_sure(me, self.object).await,
                Some(time) => {
                    let left = time.saturating_sub(os.now() - began);
                    os.block_for(me, self.object, left).await;
                }
            }
        }
        // Signalled or not is decided only now that it has a core again: a signal may have picked a waiter whose
        // time was already up.
        let timed_out = self.forget(me);
        mutex.lock(os, me).await;
        if timed_out {
            Woken::TimedOut
        } else {
            Woken::Signalled
        }
    }

    /// Wakes one waiter, which may push the caller off its CPU: `pthread_cond_signal`.
    pub async fn signal(&self, os: &Os, me: ThreadId) {
        let Some(waiter) = self.pick() else { return };
        self.forget(waiter);
        if self.awake.get() == Some(waiter) {
            // It finds the signal before it falls asleep.
            self.awake.set(None);
        } else {
            os.futex_wake(me, waiter).await;
        }
    }

    fn pick(&self) -> Option<ThreadId> {
        let waiters = self.waiters.borrow();
        let oldest = *waiters.front()?;
        Some(match self.order {
            WakeOrder::Fifo => oldest,
            WakeOrder::Awake => self.awake.get().unwrap_or(oldest),
            WakeOrder::Random => waiters[self.random.borrow_mut().below(waiters.len() as u64) as usize],
        })
    }

    fn is_waiting(&self, thread: ThreadId) -> bool {
        self.waiters.borrow().contains(&thread)
    }

    /// Takes a thread off the list. True if it was on it.
    fn forget(&self, thread: ThreadId) -> bool {
        let mut waiters = self.waiters.borrow_mut();
        let Some(position) = waiters.iter().position(|&waiter| waiter == thread) else {
            return false;
        };
        waiters.remove(position);
        true
    }
}
