//! A wait queue that counts its waiters: what a lock sleeps on where signalling is a system call for as long as a
//! waiter is counted.
//!
//! Models `pthread_cond_signal` and `pthread_cond_wait` of Mac OS X 10.5 (`pthreads/pthread_cond.c` of its Libc:
//! `cond->waiters`, `semaphore_signal_thread`) and `sem_t` of glibc before 2.21
//! (`nptl/sysdeps/unix/sysv/linux/sem_post.c`: `nwaiters`), which behave alike for waiters and signallers. A waiter is
//! counted from before it sleeps until it runs again. A thread that signals while a woken waiter is still on its way
//! therefore enters the kernel as well, and finds no sleeper there.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use rand::distr::Distribution;

use super::deadlock::Owner;
use super::{Mutex, ObjectId, Os, ThreadId};
use crate::random::{Key, Stream};
use crate::units::Nanos;

/// Sleepers in the order in which they came, and the number of waiters that are counted.
pub struct CountedQueue {
    object: ObjectId,
    owner: Owner,
    /// Sleepers, the oldest first.
    sleepers: RefCell<VecDeque<ThreadId>>,
    /// Threads that have fallen asleep so far.
    slept: Cell<usize>,
    /// Waiters that are asleep, or woken and not yet running.
    counted: Cell<usize>,
    random: RefCell<Stream>,
}

impl CountedQueue {
    /// A queue without waiters. It belongs to the lock that deadlock reports call `name`; `key` names its random costs.
    pub fn of_lock(os: &Os, name: &str, key: Key) -> Self {
        let (object, owner) = os.add_lock(name);
        Self {
            object,
            owner,
            sleepers: RefCell::default(),
            slept: Cell::new(0),
            counted: Cell::new(0),
            random: RefCell::new(Stream::named(key.name(name))),
        }
    }

    /// What waiting threads wait for.
    pub const fn object(&self) -> ObjectId {
        self.object
    }

    /// The thread that holds the lock.
    pub fn owner(&self) -> Option<ThreadId> {
        self.owner.get()
    }

    /// Sets the thread that holds the lock.
    pub fn set_owner(&self, owner: Option<ThreadId>) {
        self.owner.set(owner);
    }

    /// Whether any waiter is counted.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.counted.get() > 0
    }

    /// Sleeps until signalled, after `settle` of CPU time on the way there. If the lock is free by then, the thread
    /// does not sleep, as with `futex(FUTEX_WAIT)`. `mutex` is open meanwhile, but it opens only when the thread falls
    /// asleep, as with `semaphore_wait_signal`: a thread that wants it before that sleeps as well.
    pub async fn wait(&self, os: &Os, me: ThreadId, settle: Nanos, mutex: Option<&Mutex>) {
        self.counted.set(self.counted.get() + 1);
        os.compute(me, settle).await;
        let number = self.owner.get().is_some().then(|| self.fall_asleep(me));
        if let Some(mutex) = mutex {
            mutex.unlock(os, me).await;
        }
        // The thread may have lost its CPU when it opened the mutex, and may have been signalled meanwhile.
        if number.is_some_and(|number| self.is_asleep(number)) {
            os.block(me, self.object).await;
        }
        self.counted.set(self.counted.get() - 1);
        if let Some(mutex) = mutex {
            mutex.lock(os, me).await;
        }
    }

    /// Returns the sleeper's number: sleepers are numbered in the order in which they came.
    fn fall_asleep(&self, me: ThreadId) -> usize {
        self.sleepers.borrow_mut().push_back(me);
        self.slept.replace(self.slept.get() + 1)
    }

    /// Whether the sleeper with this number is still in the queue: sleepers leave it in their order.
    fn is_asleep(&self, number: usize) -> bool {
        let woken = self.slept.get() - self.sleepers.borrow().len();
        number >= woken
    }

    /// Wakes the oldest sleeper, if there is one. If a waiter is counted, the system call takes the caller's time
    /// before it wakes a thread, and the caller may have to give way on its way back.
    pub async fn signal(&self, os: &Os, me: ThreadId) {
        if !self.is_waited_for() {
            return;
        }
        let costs = &os.costs().scheduler;
        let has_sleepers = !self.sleepers.borrow().is_empty();
        let cost = if has_sleepers {
            costs.futex_wake
        } else {
            costs.futex_wake_nobody.sample(&mut self.random.borrow_mut())
        };
        os.compute(me, cost).await;
        let sleeper = os.pop_living(&self.sleepers);
        if let Some(sleeper) = sleeper {
            os.wake(sleeper);
            os.preemption_point(me).await;
        }
    }
}
