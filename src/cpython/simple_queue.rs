//! `queue.SimpleQueue`: `Modules/_queuemodule.c`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::thread_state::ThreadState;
use super::threading::Lock;
use crate::os::{Activity, Os};

/// An unbounded first-in-first-out queue between threads of one process.
pub struct SimpleQueue<T> {
    items: RefCell<VecDeque<T>>,
    /// Held while the queue is empty and somebody waits.
    lock: Lock,
    locked: Cell<bool>,
}

impl<T> SimpleQueue<T> {
    /// An empty queue. Who waits for it is reported as waiting for `contents`.
    pub fn new(os: &Os, contents: &str) -> Self {
        Self {
            items: RefCell::default(),
            lock: Lock::held(os, contents),
            locked: Cell::new(true),
        }
    }

    /// `put`
    pub async fn put(&self, me: &ThreadState, item: T) {
        self.items.borrow_mut().push_back(item);
        if self.locked.replace(false) {
            self.lock.release(me).await;
        }
    }

    /// `get`: waits without the interpreter lock while the queue is empty.
    pub async fn get(&self, me: &ThreadState) -> T {
        loop {
            if let Some(item) = self.get_nowait() {
                return item;
            }
            me.busy_with(Activity::Idle, self.lock.acquire(me)).await;
            self.locked.set(true);
        }
    }

    /// `get_nowait`
    pub fn get_nowait(&self) -> Option<T> {
        self.items.borrow_mut().pop_front()
    }
}
