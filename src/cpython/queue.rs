//! `queue.Queue`: `Lib/queue.py`. A deque, a lock and conditions, written in Python.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::condition::Condition;
use super::thread_state::ThreadState;
use crate::units::Nanos;

/// `queue.Queue()`, never full: nobody waits for `not_full`, and notifying nobody costs nothing.
pub struct Queue<T> {
    items: RefCell<VecDeque<T>>,
    not_empty: Condition,
}

impl<T> Queue<T> {
    /// An empty queue. Who waits for it is reported as waiting for `contents`.
    pub fn new(me: &ThreadState, contents: &str) -> Self {
        Self {
            items: RefCell::default(),
            not_empty: Condition::new(me, contents),
        }
    }

    /// `put`, whose bytecode takes `cost`.
    pub async fn put(&self, me: &ThreadState, item: T, cost: Nanos) {
        self.not_empty.acquire(me).await;
        me.bytecode(cost).await;
        self.items.borrow_mut().push_back(item);
        self.not_empty.notify(me).await;
        self.not_empty.release(me).await;
    }

    /// `get`, whose bytecode takes `cost`.
    pub async fn get(&self, me: &ThreadState, cost: Nanos) -> T {
        self.not_empty.acquire(me).await;
        let item = loop {
            let item = self.items.borrow_mut().pop_front();
            match item {
                Some(item) => break item,
                None => self.not_empty.wait(me).await,
            }
        };
        me.bytecode(cost).await;
        self.not_empty.release(me).await;
        item
    }
}
