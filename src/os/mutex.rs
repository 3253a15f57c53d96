//! A mutual-exclusion lock that sleeps: `pthread_mutex_t` over a futex (`nptl/pthread_mutex_lock.c` of glibc).

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use super::deadlock::Owner;
use super::{ObjectId, Os, ThreadId, Wakeup};

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
    ///
    /// A future by hand and not an `async fn`: most often the lock is free, and then a state machine that is set up,
    /// entered and left again would cost more than all the rest.
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
    #[inline]
    pub fn unlock<'a>(&self, os: &'a Os, me: ThreadId) -> Wakeup<'a> {
        assert_eq!(self.owner.get(), Some(me), "a lock is released by its holder");
        self.owner.set(None);
        let waiter = os.pop_living(&self.waiters);
        os.futex_wake(me, waiter)
    }
}
