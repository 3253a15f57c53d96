//! A counting semaphore: `sem_t` over a futex (`nptl/sem_post.c`, `sem_wait.c` of glibc), within or across processes.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::deadlock::Owner;
use super::{ObjectId, Os, ThreadId, Wakeup};

/// A semaphore. Posting wakes one waiter but does not hand the unit over: the first thread that comes takes it.
pub struct Semaphore {
    object: ObjectId,
    owner: Owner,
    /// A semaphore of one unit that the same thread takes and gives back is a lock, and has an owner.
    is_lock: bool,
    units: Cell<u64>,
    waiters: RefCell<VecDeque<ThreadId>>,
}

impl Semaphore {
    /// A semaphore with `units` to take. Deadlock reports call it `name`.
    pub fn new(os: &Os, name: &str, units: u64) -> Self {
        Self::of(os.add_object(name), false, units)
    }

    fn of((object, owner): (ObjectId, Owner), is_lock: bool, units: u64) -> Self {
        Self {
            object,
            owner,
            is_lock,
            units: Cell::new(units),
            waiters: RefCell::default(),
        }
    }

    /// A semaphore of one unit, which the thread that took it gives back.
    pub fn lock(os: &Os, name: &str) -> Self {
        Self::of(os.add_lock(name), true, 1)
    }

    /// Says that `thread` will post the semaphore: its waiters wait for that thread.
    pub fn promise(&self, thread: ThreadId) {
        self.owner.set(Some(thread));
    }

    /// Number of free units.
    pub fn units(&self) -> u64 {
        self.units.get()
    }

    /// Takes a unit if one is free: `sem_trywait`.
    pub(crate) fn try_wait(&self, me: ThreadId) -> bool {
        let free = self.units.get() > 0;
        if free {
            self.units.set(self.units.get() - 1);
            if self.is_lock {
                self.owner.set(Some(me));
            }
        }
        free
    }

    /// Takes a unit, waiting off-core until one is free: `sem_wait`.
    pub async fn wait(&self, os: &Os, me: ThreadId) {
        while !self.try_wait(me) {
            self.waiters.borrow_mut().push_back(me);
            os.block(me, self.object).await;
        }
    }

    /// Gives a unit back and wakes one waiter, which may preempt the caller: `sem_post`.
    pub fn post<'a>(&self, os: &'a Os, me: ThreadId) -> Wakeup<'a> {
        self.units.set(self.units.get() + 1);
        if self.is_lock {
            self.owner.set(None);
        }
        let waiter = os.pop_living(&self.waiters);
        os.futex_wake_on_credit(me, waiter)
    }

    /// The kernel gives a unit and wakes one waiter. No thread pays for it.
    pub(super) fn post_by_kernel(&self, os: &Os) {
        self.units.set(self.units.get() + 1);
        if let Some(waiter) = os.pop_living(&self.waiters) {
            os.wake(waiter);
        }
    }
}
