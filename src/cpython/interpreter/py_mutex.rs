//! `PyMutex`: `Python/lock.c`, from 3.13.
//!
//! ```text
//!  free-threaded   looks |yield|look|yield| ... 40 times ...|look|-- parked ------------------|
//!  with the lock   looks |-- parked: spinning would only keep the holder from running -------|
//!  whoever unlocks                           wakes the oldest; hands over if it has waited 1 ms
//! ```

use std::cell::Cell;
use std::rc::Rc;

use super::parking_lot::ParkingLot;
use super::pystate::ThreadState;
use crate::os::{Os, ThreadId};
use crate::units::Nanos;

/// A thread that has waited longer is handed the lock: `TIME_TO_BE_FAIR_NS`.
const TIME_TO_BE_FAIR: Nanos = Nanos::from_millis(1);

/// Looks at a lock that is held, before parking: `MAX_SPIN_COUNT` of the free-threaded build. In the other it is 0.
const MAX_SPIN_COUNT: u32 = 40;

/// A lock of one byte. Not reentrant; whoever unlocks it need not be who locked it.
pub struct PyMutex {
    /// `_Py_LOCKED`
    locked: Cell<bool>,
    owner: Rc<Cell<Option<ThreadId>>>,
    /// Whether taking it makes the taker its owner.
    is_lock: bool,
    waiters: ParkingLot<Rc<Entry>>,
}

/// `struct mutex_entry`: lives on the waiter's stack as long as it wants the lock.
struct Entry {
    time_to_be_fair: Nanos,
    handed_off: Cell<bool>,
}

impl PyMutex {
    /// An open lock. Reports of a deadlock call it `name`.
    pub fn new(os: &Os, name: &str) -> Self {
        let (object, owner) = os.add_lock(name);
        Self {
            locked: Cell::new(false),
            owner,
            is_lock: true,
            waiters: ParkingLot::new(object),
        }
    }

    /// A lock that is held from the start and released by another thread: a signal that is given once.
    pub fn held(os: &Os, name: &str) -> Self {
        let (object, owner) = os.add_object(name);
        Self {
            locked: Cell::new(true),
            owner,
            is_lock: false,
            waiters: ParkingLot::new(object),
        }
    }

    /// Says that `thread` will unlock it.
    pub fn promise(&self, thread: ThreadId) {
        self.owner.set(Some(thread));
    }

    /// Takes it if it is free.
    pub fn try_lock(&self, me: ThreadId) -> bool {
        let free = !self.locked.replace(true);
        if free && self.is_lock {
            self.owner.set(Some(me));
        }
        free
    }

    /// `_PyMutex_LockTimed` without a timeout and with `_PY_LOCK_DETACH`: parked threads let go of their interpreter,
    /// spinning ones do not.
    pub async fn lock(&self, me: &ThreadState) {
        let spins = if me.interpreter.python.version.free_threaded {
            MAX_SPIN_COUNT
        } else {
            0
        };
        self.lock_spinning(me, spins).await;
    }

    /// The same with so many looks at the lock before parking. None stands for `PyEvent_Wait`.
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
            self.set_free();
            return;
        };
        if os.now() > entry.time_to_be_fair {
            entry.handed_off.set(true);
            if self.is_lock {
                self.owner.set(Some(waiter));
            }
        } else {
            self.set_free();
        }
        os.futex_wake(me, waiter).await;
    }

    fn set_free(&self) {
        self.locked.set(false);
        if self.is_lock {
            self.owner.set(None);
        }
    }
}
