//! Threads sleep in the parking lot until another thread unparks them: `Python/parking_lot.c`, from 3.13 on.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::pystate::ThreadState;
use crate::os::{ObjectId, ThreadId};

/// The threads that are parked on one address, oldest first. Each has an entry, in which the thread that unparks it may
/// leave a message.
pub struct ParkingLot<E> {
    object: ObjectId,
    parked: RefCell<VecDeque<(ThreadId, E)>>,
}

impl<E> ParkingLot<E> {
    /// Without threads. Deadlock reports say that its threads wait for `object`.
    pub fn new(object: ObjectId) -> Self {
        Self {
            object,
            parked: RefCell::default(),
        }
    }

    /// Whether no thread is parked here.
    pub fn is_empty(&self) -> bool {
        self.parked.borrow().is_empty()
    }

    /// `_PyParkingLot_Park` with `detach`: joins the queue, detaches, sleeps, and attaches again.
    pub async fn park(&self, me: &ThreadState, entry: E) {
        self.parked.borrow_mut().push_back((me.id, entry));
        me.detach().await;
        // Detaching may take a while, and meanwhile another thread may have unparked this one.
        let still_parked = self.parked.borrow().iter().any(|(thread, _)| *thread == me.id);
        if still_parked {
            me.os().block(me.id, self.object).await;
        }
        me.attach().await;
    }

    /// The first half of `_PyParkingLot_Unpark`: removes the oldest thread from the queue. The caller fills in the entry
    /// and wakes the thread ([`futex_wake`](crate::os::Os::futex_wake)).
    pub fn unpark(&self) -> Option<(ThreadId, E)> {
        self.parked.borrow_mut().pop_front()
    }
}
