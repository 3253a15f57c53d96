//! A mutual-exclusion lock that sleeps: `pthread_mutex_t` over a futex (`nptl/pthread_mutex_lock.c` of glibc).

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use super::deadlock::Owner;
use super::{ObjectId, Os, ThreadId, Wakeup};

/// A lock. Unlocking wakes one waiter but does not hand the lock over: the first thread that comes gets it.
pub struct Mutex {
    object: ObjectId,
    owner: Owner,
    waiters: RefCell<VecDeque<ThreadId>>,
}

impl Mutex {
    /// An open lock. Deadlock reports call it `name`.
    pub fn new(os: &Os, name: &str) -> Self {
        let (object, owner) = os.add_lock(name);
        Self {
            object,
            owner,
            waiters: RefCell::default(),
        }
    }

    /// The thread that holds the lock.
    #[cfg(feature = "internals")]
    pub fn owner(&self) -> Option<ThreadId> {
        self.owner.get()
    }

    /// Acquires the lock if it is free.
    pub(crate) fn try_lock(&self, me: ThreadId) -> bool {
        let free = self.owner.get().is_none();
        if free {
            self.owner.set(Some(me));
        }
        free
    }

    /// Acquires the lock, waiting off-core for as long as it is held.
    ///
    /// This is a hand-written future and not an `async fn`: the lock is free most of the time, and then the state
    /// machine would cost more than everything else.
    #[inline]
    pub fn lock<'a>(&'a self, os: &'a Os, me: ThreadId) -> impl Future<Output = ()> + 'a {
        let mut contended: Option<Pin<Box<dyn Future<Output = ()> + 'a>>> = None;
        poll_fn(move |context| {
            if contended.is_none() && self.try_lock(me) {
                return Poll::Ready(());
            }
            contended
                .get_or_insert_with(|| Box::pin(self.lock_contended(os, me)))
                .as_mut()
                .poll(context)
        })
    }

    /// `__lll_lock_wait`
    async fn lock_contended(&self, os: &Os, me: ThreadId) {
        while !self.try_lock(me) {
            // If its holder is at work, the lock may be free by the time that the kernel looks.
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

    /// Releases the lock and wakes one waiter, which may preempt the caller.
    ///
    /// # Panics
    /// If the caller does not hold the lock.
    #[inline]
    pub fn unlock<'a>(&self, os: &'a Os, me: ThreadId) -> Wakeup<'a> {
        assert_eq!(self.owner.get(), Some(me), "a lock is released by its holder");
        self.owner.set(None);
        let waiter = os.pop_living(&self.waiters);
        os.futex_wake(me, waiter)
    }
}
