//! `PyMutex`: `Python/lock.c`, from 3.13 on.
//!
//! ```text
//!  waiter, free-threaded build   try |yield|try|yield| ... 40 times ...|try|-- parked ----------|
//!  waiter, other build           try |-- parked: spinning would only delay the holder ----------|
//!  thread that unlocks                   wakes the oldest waiter; hands over after 1 ms of waiting
//! ```

use std::cell::Cell;
use std::rc::Rc;

use super::parking_lot::ParkingLot;
use super::pystate::ThreadState;
use crate::os::{Os, ThreadId};
use crate::units::Nanos;

/// `TIME_TO_BE_FAIR_NS`: a thread that has waited longer is handed the lock.
const TIME_TO_BE_FAIR: Nanos = Nanos::from_millis(1);

/// `MAX_SPIN_COUNT`: how often a thread of the free-threaded build tries to take a lock that is held, before it parks.
/// In the other build it is 0.
const MAX_SPIN_COUNT: u32 = 40;

/// A lock of one byte. It is not reentrant, and another thread than the one that locked it may unlock it.
pub struct PyMutex {
    /// `_Py_LOCKED`
    locked: Cell<bool>,
    /// For deadlock reports: the thread that will unlock it, if known.
    owner: Rc<Cell<Option<ThreadId>>>,
    /// Whether the thread that locks it becomes its owner.
    is_lock: bool,
    waiters: ParkingLot<Rc<Entry>>,
}

/// `struct mutex_entry`: lives on the waiter's stack while it waits.
struct Entry {
    time_to_be_fair: Nanos,
    handed_off: Cell<bool>,
}

impl PyMutex {
    /// An unlocked mutex. Deadlock reports call it `name`.
    pub fn new(os: &Os, name: &str) -> Self {
        let (object, owner) = os.add_lock(name);
        Self {
            locked: Cell::new(false),
            owner,
            is_lock: true,
            waiters: ParkingLot::new(object),
        }
    }

    /// A mutex that is locked from the start and that another thread unlocks: a signal that is given once.
    pub fn held(os: &Os, name: &str) -> Self {
        let (object, owner) = os.add_object(name);
        Self {
            locked: Cell::new(true),
            owner,
            is_lock: false,
            waiters: ParkingLot::new(object),
        }
    }

    /// Declares that `thread` will unlock it.
    pub fn promise(&self, thread: ThreadId) {
        self.owner.set(Some(thread));
    }

    /// `PyMutex_LockFast`: locks it if it is unlocked.
    pub fn try_lock(&self, me: ThreadId) -> bool {
        let free = !self.locked.replace(true);
        if free && self.is_lock {
            self.owner.set(Some(me));
        }
        free
    }

    /// `_PyMutex_LockTimed` without a timeout and with `_PY_LOCK_DETACH`: a parked thread is detached from its
    /// interpreter, a spinning one is not.
    pub async fn lock(&self, me: &ThreadState) {
        let spins = if me.interpreter.python.version.free_threaded {
            MAX_SPIN_COUNT
        } else {
            0
        };
        self.lock_spinning(me, spins).await;
    }

    /// `lock` with the given number of attempts before parking. With zero this is `PyEvent_Wait`.
    pub async fn lock_spinning(&self, me: &ThreadState, spins: u32) {
        if self.try_lock(me.id) {
            return;
        }
        let os = me.os();
        let entry = Rc::new(Entry {
            time_to_be_fair: os.now() + TIME_TO_BE_FAIR,
            handed_off: Cell::new(false),
        });
        let mut spin_count = 0;
        loop {
            if self.try_lock(me.id) {
                return;
            }
            if self.waiters.is_empty() && spin_count < spins {
                os.compute(me.id, me.costs().free_threaded.sched_yield).await;
                spin_count += 1;
                continue;
            }
            self.waiters.park(me, entry.clone()).await;
            if entry.handed_off.get() {
                return;
            }
        }
    }

    /// `PyMutex_Unlock`, `mutex_unpark`.
    pub async fn unlock(&self, os: &Os, me: ThreadId) {
        let Some((waiter, entry)) = self.waiters.unpark() else {
            self.set_unlocked();
            return;
        };
        if os.now() > entry.time_to_be_fair {
            entry.handed_off.set(true);
            if self.is_lock {
                self.owner.set(Some(waiter));
            }
        } else {
            self.set_unlocked();
        }
        os.futex_wake(me, waiter).await;
    }

    fn set_unlocked(&self) {
        self.locked.set(false);
        if self.is_lock {
            self.owner.set(None);
        }
    }
}
