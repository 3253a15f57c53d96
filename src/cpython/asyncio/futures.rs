//! `asyncio.Future`: `Lib/asyncio/futures.py`. It belongs to one loop, and its callbacks run in the next iteration.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::base_events::{EventLoop, Handle};

/// The result of an operation, now or later.
#[derive(Default)]
pub struct Future {
    done: Cell<bool>,
    callbacks: RefCell<Vec<Handle>>,
}

impl Future {
    /// `loop.create_future()`
    pub fn new() -> Rc<Self> {
        Rc::default()
    }

    /// `done()`
    pub fn is_done(&self) -> bool {
        self.done.get()
    }

    /// `add_done_callback`: schedules the callback at once if the future is done.
    pub(crate) fn add_done_callback(&self, event_loop: &EventLoop, callback: Handle) {
        if self.done.get() {
            event_loop.call_soon(callback);
        } else {
            self.callbacks.borrow_mut().push(callback);
        }
    }

    /// `set_result` and `__schedule_callbacks`
    pub fn set_result(&self, event_loop: &EventLoop) {
        self.done.set(true);
        for callback in self.callbacks.take() {
            event_loop.call_soon(callback);
        }
    }
}
