//! `multiprocessing.Condition`: `Lib/multiprocessing/synchronize.py`. A lock and three semaphores that all processes see.

use super::queues::SemLock;
use super::thread_state::ThreadState;
use crate::os::{Activity, Os};

/// `multiprocessing.Condition()`
pub struct SharedCondition {
    /// `_lock`
    lock: SemLock,
    /// `_sleeping_count`: who has begun to wait, and has not been counted as woken.
    sleeping: SemLock,
    /// `_woken_count`: who is through with waiting.
    woken: SemLock,
    /// `_wait_semaphore`: what is waited for.
    wait: SemLock,
}

impl SharedCondition {
    /// Nobody holds it and nobody waits. Who waits is reported as waiting for `name`.
    pub fn new(os: &Os, name: &str) -> Self {
        Self {
            lock: SemLock::lock(os, &format!("the lock around {name}")),
            sleeping: SemLock::semaphore(os, "a sleeper to count", 0),
            woken: SemLock::semaphore(os, "a sleeper to wake", 0),
            wait: SemLock::semaphore(os, name, 0),
        }
    }

    /// `__enter__`
    pub async fn acquire(&self, me: &ThreadState) {
        self.lock.acquire(me).await;
    }

    /// `__exit__`
    pub async fn release(&self, me: &ThreadState) {
        self.lock.release(me).await;
    }

    /// `wait()`, with the condition held: lets go of it, sleeps, takes it again.
    pub async fn wait(&self, me: &ThreadState) {
        self.sleeping.release(me).await;
        self.lock.release(me).await;
        me.busy_with(Activity::Idle, self.wait.acquire(me)).await;
        self.woken.release(me).await;
        self.lock.acquire(me).await;
    }

    /// `notify_all()`, with the condition held: wakes all who sleep, and waits until each of them is awake.
    pub async fn notify_all(&self, me: &ThreadState) {
        // Those whose wait has timed out meanwhile.
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
