//! `asyncio.Future`: `Lib/asyncio/futures.py`. Belongs to one loop; what it wakes runs in the loop's next iteration.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::base_events::{EventLoop, Handle};

/// A result that will be there.
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

    /// `add_done_callback`: scheduled at once if the result is there.
    pub(crate) fn add_done_callback(&self, event_loop: &EventLoop, callback: Handle) {
        if self.done.get() {
            event_loop.call_soon(callback);
        } else {
            self.callbacks.borrow_mut().push(callback);
        }
    }

    /// `set_result`: `__schedule_callbacks`.
    pub fn set_result(&self, event_loop: &EventLoop) {
        self.done.set(true);
        for callback in self.callbacks.take() {
            event_loop.call_soon(callback);
        }
    }
}
