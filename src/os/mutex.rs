//! A mutual-exclusion lock that sleeps: `pthread_mutex_t` over a futex (`nptl/pthread_mutex_lock.c` of glibc).

use std::cell::RefCell;
use std::collections::VecDeque;

use super::deadlock::Owner;
use super::{ObjectId, Os, ThreadId};

/// Unlocking wakes one waiter but hands nothing over: whoever comes first has it.
pub struct Mutex {
    object: ObjectId,
    owner: Owner,
    waiters: RefCell<VecDeque<ThreadId>>,
}

impl Mutex {
    /// An open lock. Reports of a deadlock call it `name`.
    pub fn new(os: &Os, name: &str) -> Self {
        let (object, owner) = os.add_lock(name);
        Self {
            object,
            owner,
            waiters: RefCell::default(),
        }
    }

    /// Who holds it.
    pub fn owner(&self) -> Option<ThreadId> {
        self.owner.get()
    }

    /// Takes it if it is free.
    pub fn try_lock(&self, me: ThreadId) -> bool {
        let free = self.owner.get().is_none();
        if free {
            self.owner.set(Some(me));
        }
        free
    }

    /// Takes it, waiting off-core as long as it is held.
    pub async fn lock(&self, os: &Os, me: ThreadId) {
        while !self.try_lock(me) {
            // It may be free by the time that the kernel looks, if its holder is at work.
            let wait = os.costs().scheduler.futex_wait;
            if self.owner.get().is_some_and(|owner| os.is_on_cpu(owner)) {
                os.compute(me, wait).await;
                if self.try_lock(me) {
                    break;
                }
            } else {
                os.owe(me, wait);
            }
            self.waiters.borrow_mut().push_back(me);
            os.block(me, self.object).await;
        }
    }

    /// Lets go of it and wakes one waiter, which may push the caller off its CPU.
    ///
    /// # Panics
    /// If the caller does not hold it.
    pub async fn unlock(&self, os: &Os, me: ThreadId) {
        assert_eq!(self.owner.get(), Some(me), "a lock is released by its holder");
        self.owner.set(None);
        let waiter = self.waiters.borrow_mut().pop_front();
        if let Some(waiter) = waiter {
            os.futex_wake(me, waiter).await;
        }
    }
}
