//! Where threads sleep until another one unparks them: `Python/parking_lot.c`, from 3.13.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::pystate::ThreadState;
use crate::os::{ObjectId, ThreadId};

/// The threads that are parked on one address, the oldest first. Each leaves an entry there, in which whoever unparks it
/// may leave something.
pub struct ParkingLot<E> {
    object: ObjectId,
    parked: RefCell<VecDeque<(ThreadId, E)>>,
}

impl<E> ParkingLot<E> {
    /// Empty. `object` is what reports of a deadlock say the threads wait for.
    pub fn new(object: ObjectId) -> Self {
        Self {
            object,
            parked: RefCell::default(),
        }
    }

    /// Whether nobody is parked here.
    pub fn is_empty(&self) -> bool {
        self.parked.borrow().is_empty()
    }

    /// `_PyParkingLot_Park` with `detach`: joins the queue, lets go of the interpreter, sleeps, and attaches again.
    pub async fn park(&self, me: &ThreadState, entry: E) {
        self.parked.borrow_mut().push_back((me.id, entry));
        me.detach().await;
        // Letting go may have taken a while, and meanwhile it may have been unparked.
        let still_parked = self.parked.borrow().iter().any(|(thread, _)| *thread == me.id);
        if still_parked {
            me.os().block(me.id, self.object).await;
        }
        me.attach().await;
    }

    /// The first half of `_PyParkingLot_Unpark`: takes the oldest out of the queue. The caller fills in its entry, and
    /// wakes it ([`futex_wake`](crate::os::Os::futex_wake)).
    pub fn unpark(&self) -> Option<(ThreadId, E)> {
        self.parked.borrow_mut().pop_front()
    }
}
