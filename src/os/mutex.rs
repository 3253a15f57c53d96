//! A mutual-exclusion lock that sleeps: `pthread_mutex_t` over a futex (`nptl/pthread_mutex_lock.c` of glibc).

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Poll, ready};

use super::deadlock::Owner;
use super::{ObjectId, Os, ThreadId, Wait, Wakeup};

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
        let mut wait: Option<Wait<'a>> = None;
        poll_fn(move |context| {
            if let Some(wait) = &mut wait {
                ready!(Pin::new(wait).poll(context));
            }
            while !self.try_lock(me) {
                self.waiters.borrow_mut().push_back(me);
                let wait = wait.insert(os.block(me, self.object));
                ready!(Pin::new(wait).poll(context));
            }
            Poll::Ready(())
        })
    }

    /// Lets go of it and wakes one waiter, which may push the caller off its CPU.
    ///
    /// # Panics
    /// If the caller does not hold it.
    #[inline]
    pub fn unlock<'a>(&self, os: &'a Os, me: ThreadId) -> Wakeup<'a> {
        assert_eq!(self.owner.get(), Some(me), "a lock is released by its holder");
        self.owner.set(None);
        let waiter = self.waiters.borrow_mut().pop_front();
        os.futex_wake(me, waiter)
    }
}
