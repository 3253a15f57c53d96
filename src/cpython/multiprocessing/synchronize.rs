//! Locks between processes: `Lib/multiprocessing/synchronize.py`, `Modules/_multiprocessing/semaphore.c`.

use crate::cpython::interpreter::pystate::ThreadState;
use crate::os::{Activity, Os, Semaphore};

/// `SemLock`, the base of `multiprocessing.Lock` and `Semaphore`: a semaphore that several processes share.
pub(crate) struct SemLock {
    semaphore: Semaphore,
}

impl SemLock {
    /// `Lock()`
    pub(crate) fn lock(os: &Os, name: &str) -> Self {
        Self {
            semaphore: Semaphore::lock(os, name),
        }
    }

    /// `Semaphore(units)`
    pub(crate) fn semaphore(os: &Os, name: &str, units: u64) -> Self {
        Self {
            semaphore: Semaphore::new(os, name, units),
        }
    }

    /// `acquire`: tries first with the interpreter lock held, then waits without it.
    pub(crate) async fn acquire(&self, me: &ThreadState) {
        if !self.semaphore.try_wait(me.id) {
            me.allow_threads(self.semaphore.wait(me.os(), me.id)).await;
        }
    }

    /// `acquire(block=False)`: returns whether a unit was free.
    pub(crate) fn try_acquire(&self, me: &ThreadState) -> bool {
        self.semaphore.try_wait(me.id)
    }

    /// `release`
    pub(crate) async fn release(&self, me: &ThreadState) {
        self.semaphore.post(me.os(), me.id).await;
    }

    /// `_is_zero`
    pub(crate) fn is_zero(&self) -> bool {
        self.semaphore.units() == 0
    }
}

/// `multiprocessing.Condition()`: a lock and three semaphores that several processes share.
pub(crate) struct SharedCondition {
    /// `_lock`
    lock: SemLock,
    /// `_sleeping_count`: the number of threads that wait and have not been notified.
    sleeping: SemLock,
    /// `_woken_count`: the number of threads that have woken up.
    woken: SemLock,
    /// `_wait_semaphore`: the waiters sleep on it.
    wait: SemLock,
}

impl SharedCondition {
    /// A free condition without waiters. Deadlock reports say that its waiters wait for `name`.
    pub(crate) fn new(os: &Os, name: &str) -> Self {
        Self {
            lock: SemLock::lock(os, &format!("the lock around {name}")),
            sleeping: SemLock::semaphore(os, "a sleeper to count", 0),
            woken: SemLock::semaphore(os, "a sleeper to wake", 0),
            wait: SemLock::semaphore(os, name, 0),
        }
    }

    /// `__enter__`
    pub(crate) async fn acquire(&self, me: &ThreadState) {
        self.lock.acquire(me).await;
    }

    /// `__exit__`
    pub(crate) async fn release(&self, me: &ThreadState) {
        self.lock.release(me).await;
    }

    /// `wait()`, with the condition held: releases it, sleeps, and takes it again.
    pub(crate) async fn wait(&self, me: &ThreadState) {
        self.sleeping.release(me).await;
        self.lock.release(me).await;
        me.busy_with(Activity::Idle, self.wait.acquire(me)).await;
        self.woken.release(me).await;
        self.lock.acquire(me).await;
    }

    /// `notify_all()`, with the condition held: wakes all waiters, and waits until each of them is awake.
    pub(crate) async fn notify_all(&self, me: &ThreadState) {
        // Threads whose wait has timed out no longer sleep.
        while self.woken.try_acquire(me) {
            self.sleeping.try_acquire(me);
        }
        let mut sleepers = 0;
        while self.sleeping.try_acquire(me) {
            self.wait.release(me).await;
            sleepers += 1;
        }
        for _ in 0..sleepers {
            self.woken.acquire(me).await;
        }
    }
}
