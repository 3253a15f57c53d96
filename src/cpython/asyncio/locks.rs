//! `asyncio.Semaphore`, and `asyncio.Lock` as a semaphore of one unit: `Lib/asyncio/locks.py`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::base_events::EventLoop;
use super::futures::Future;

/// A semaphore for coroutines of one loop, which is first come, first served.
pub struct Semaphore {
    value: Cell<u64>,
    /// `_waiters`: coroutines that wait, and coroutines that have been woken and have not run yet.
    waiters: RefCell<VecDeque<Rc<Future>>>,
}

impl Semaphore {
    /// A semaphore with `value` units.
    pub fn new(value: u64) -> Self {
        Self {
            value: Cell::new(value),
            waiters: RefCell::default(),
        }
    }

    /// `acquire`, as in `async with`.
    pub async fn acquire(&self, event_loop: &EventLoop) {
        event_loop.thread.bytecode(event_loop.costs().acquire).await;
        let is_locked = self.value.get() == 0 || !self.waiters.borrow().is_empty();
        if !is_locked {
            self.value.set(self.value.get() - 1);
            return;
        }
        let waiter = Future::new();
        self.waiters.borrow_mut().push_back(waiter.clone());
        event_loop.wait(&waiter).await;
        self.leave(&waiter);
        if self.value.get() > 0 {
            self.wake_up_next(event_loop);
        }
    }

    /// `_waiters.remove(fut)`
    fn leave(&self, waiter: &Rc<Future>) {
        let mut waiters = self.waiters.borrow_mut();
        let place = waiters.iter().position(|other| Rc::ptr_eq(other, waiter));
        place.map(|place| waiters.remove(place));
    }

    /// `release`
    pub fn release(&self, event_loop: &EventLoop) {
        self.value.set(self.value.get() + 1);
        self.wake_up_next(event_loop);
    }

    /// `_wake_up_next`: the woken coroutine already has its unit.
    fn wake_up_next(&self, event_loop: &EventLoop) {
        let waiters = self.waiters.borrow();
        if let Some(waiter) = waiters.iter().find(|waiter| !waiter.is_done()) {
            self.value.set(self.value.get() - 1);
            waiter.set_result(event_loop);
        }
    }
}
