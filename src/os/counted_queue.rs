//! A wait queue that counts its waiters: what a lock sleeps on where signalling is a system call as long as anybody is
//! counted.
//!
//! Models `pthread_cond_signal` and `pthread_cond_wait` of Mac OS X 10.5 (`pthreads/pthread_cond.c` of its Libc:
//! `cond->waiters`, `semaphore_signal_thread`) and, alike for who waits and who signals, `sem_t` of glibc before 2.21
//! (`nptl/sysdeps/unix/sysv/linux/sem_post.c`: `nwaiters`). A waiter is counted from before it sleeps until it runs
//! again. So whoever signals while a woken waiter is still on its way enters the kernel, too, and finds nobody asleep.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use rand::distr::Distribution;

use super::deadlock::Owner;
use super::{Mutex, ObjectId, Os, ThreadId};
use crate::random::{Key, Stream};
use crate::units::Nanos;

/// Sleepers in the order in which they came, and how many are counted.
pub struct CountedQueue {
    object: ObjectId,
    owner: Owner,
    /// Asleep, oldest first.
    sleepers: RefCell<VecDeque<ThreadId>>,
    /// Asleep, or woken and not yet running.
    counted: Cell<usize>,
    random: RefCell<Stream>,
}

impl CountedQueue {
    /// Nobody waits. It belongs to a lock, which reports of a deadlock call `name`; `key` names its random costs.
    pub fn of_lock(os: &Os, name: &str, key: Key) -> Self {
        let (object, owner) = os.add_lock(name);
        Self {
            object,
            owner,
            sleepers: RefCell::default(),
            counted: Cell::new(0),
            random: RefCell::new(Stream::named(key.name(name))),
        }
    }

    /// What waiting threads wait for.
    pub const fn object(&self) -> ObjectId {
        self.object
    }

    /// Who holds the lock that is waited for.
    pub fn owner(&self) -> Option<ThreadId> {
        self.owner.get()
    }

    /// Says who holds the lock that is waited for.
    pub fn set_owner(&self, owner: Option<ThreadId>) {
        self.owner.set(owner);
    }

    /// Whether anybody is counted.
    pub fn is_waited_for(&self) -> bool {
        self.counted.get() > 0
    }

    /// Sleeps until signalled, after `settle` of CPU time on the way there; not at all if the lock is free by then, as
    /// `futex(FUTEX_WAIT)` has it. `mutex` is open meanwhile, but opens only as the thread falls asleep, as
    /// `semaphore_wait_signal` has it: whoever wants it on the way there sleeps, too.
    pub async fn wait(&self, os: &Os, me: ThreadId, settle: Nanos, mutex: Option<&Mutex>) {
        self.counted.set(self.counted.get() + 1);
        os.compute(me, settle).await;
        if self.owner.get().is_some() {
            self.sleepers.borrow_mut().push_back(me);
        }
        if let Some(mutex) = mutex {
            mutex.unlock(os, me).await;
        }
        // Opening it may have cost it its CPU, and meanwhile it may have been signalled.
        if self.sleepers.borrow().contains(&me) {
            os.block(me, self.object).await;
        }
        self.counted.set(self.counted.get() - 1);
        if let Some(mutex) = mutex {
            mutex.lock(os, me).await;
        }
    }

    /// Wakes the oldest sleeper, if there is one. The system call takes the caller's time before it wakes anybody,
    /// unless nobody is counted; on its way back the caller may have to give way.
    pub async fn signal(&self, os: &Os, me: ThreadId) {
        if !self.is_waited_for() {
            return;
        }
        let costs = &os.costs().scheduler;
        let someone_sleeps = !self.sleepers.borrow().is_empty();
        let cost = if someone_sleeps {
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
