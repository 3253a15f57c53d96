//! A condition variable with timed waits: `pthread_cond_t` (`nptl/pthread_cond_wait.c` of glibc).
//!
//! Who is woken is a race, not a policy. A thread that begins to wait is still awake for a moment, on its way to
//! sleep; a signal that comes in that moment is taken by that thread, a later one by the oldest sleeper.
//! `fifo` and `random` stand beside this mechanism for platforms that order their waiters otherwise.

use std::cell::{Cell, RefCell};
use std::future::Future;

use super::{Mutex, ObjectId, Os, ThreadId, Wakeup, Woken};
use crate::profile::WakeOrder;
use crate::random::{Key, Stream, Table};
use crate::units::Nanos;

/// Waiters in the order of their last wait.
pub struct Condition {
    object: ObjectId,
    waiters: RefCell<Vec<ThreadId>>,
    /// The last to begin a wait, and until when it is on its way to sleep.
    awake: Cell<Option<(ThreadId, Nanos)>>,
    order: WakeOrder,
    random: RefCell<Stream>,
    settle: Table,
}

impl Condition {
    /// With nobody waiting. `settle` is the CPU time from beginning to wait until asleep.
    pub fn new(os: &Os, name: &str, order: WakeOrder, settle: Table, key: Key) -> Self {
        Self {
            object: os.add_object(name).0,
            waiters: RefCell::default(),
            awake: Cell::new(None),
            order,
            random: RefCell::new(Stream::named(key.name(name))),
            settle,
        }
    }

    /// Waits for a signal that is sure to come, with `mutex` open meanwhile: `pthread_cond_wait`.
    pub fn wait<'a>(
        &'a self,
        os: &'a Os,
        me: ThreadId,
        mutex: &'a Mutex,
    ) -> impl Future<Output = Woken> + 'a {
        self.wait_until(os, me, mutex, None)
    }

    /// The same for at most `time` and the timer's slack: `pthread_cond_timedwait`.
    pub fn timed_wait<'a>(
        &'a self,
        os: &'a Os,
        me: ThreadId,
        mutex: &'a Mutex,
        time: Nanos,
    ) -> impl Future<Output = Woken> + 'a {
        self.wait_until(os, me, mutex, Some(time))
    }

    #[allow(
        clippy::manual_async_fn,
        reason = "an `async fn` copies its arguments once more"
    )]
    fn wait_until<'a>(
        &'a self,
        os: &'a Os,
        me: ThreadId,
        mutex: &'a Mutex,
        time: Option<Nanos>,
    ) -> impl Future<Output = Woken> + 'a {
        async move {
            self.waiters.borrow_mut().push(me);
            mutex.unlock(os, me).await;
            let mut woken = Woken::Signalled;
            // Unlocking may have cost it its CPU, and meanwhile it may have been signalled.
            if self.is_waiting(me) {
                let settle = self.settle.sample(&mut self.random.borrow_mut());
                self.awake.set(Some((me, os.now() + settle)));
                woken = os.block_settling(me, self.object, time, settle).await;
            }
            // Only now that it has a core again is a time-out final: a signal may have picked it in between.
            if woken == Woken::TimedOut && !self.forget(me) {
                woken = Woken::Signalled;
            }
            mutex.lock(os, me).await;
            woken
        }
    }

    /// Wakes one waiter, which may push the caller off its CPU: `pthread_cond_signal`.
    pub fn signal<'a>(&self, os: &'a Os, me: ThreadId) -> Wakeup<'a> {
        let mut sleeper = self.pick(os.now());
        if let Some(waiter) = sleeper {
            let awake = self.awake_at(os.now()) == Some(waiter);
            self.forget(waiter);
            if awake {
                // It finds the signal before it falls asleep: no system call.
                os.wake(waiter);
                sleeper = None;
            }
        }
        os.futex_wake(me, sleeper)
    }

    fn pick(&self, now: Nanos) -> Option<ThreadId> {
        let waiters = self.waiters.borrow();
        let oldest = *waiters.first()?;
        Some(match self.order {
            WakeOrder::Fifo => oldest,
            WakeOrder::Awake => self.awake_at(now).unwrap_or(oldest),
            WakeOrder::Random => waiters[self.random.borrow_mut().below(waiters.len() as u64) as usize],
        })
    }

    /// The waiter that is still awake.
    fn awake_at(&self, now: Nanos) -> Option<ThreadId> {
        let (waiter, until) = self.awake.get()?;
        (now < until && self.is_waiting(waiter)).then_some(waiter)
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
