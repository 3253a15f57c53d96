//! Queues between the threads of a process: `Lib/queue.py` and `Modules/_queuemodule.c`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use crate::cpython::interpreter::parking_lot::ParkingLot;
use crate::cpython::interpreter::pystate::ThreadState;
use crate::cpython::threading::{Condition, Lock};
use crate::model::Version;
use crate::os::Activity;
use crate::units::Nanos;

/// `queue.Queue()`: a deque, a lock and conditions, written in Python. Never full: no thread waits for
/// `not_full`, and to notify it costs nothing without a waiter.
pub struct Queue<T> {
    items: RefCell<VecDeque<T>>,
    not_empty: Condition,
}

impl<T> Queue<T> {
    /// An empty queue. Deadlock reports say that its waiters wait for `contents`.
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

/// `queue.SimpleQueue`: an unbounded first-in-first-out queue, written in C.
pub struct SimpleQueue<T> {
    items: RefCell<VecDeque<T>>,
    waiting: Waiting<T>,
}

/// How threads wait for an item.
enum Waiting<T> {
    /// Up to 3.12: on a lock that is held while the queue is empty and a thread waits. `put` wakes one of several waiters.
    /// When this one has its item, it wakes the next one, whether there is another item or not.
    Lock { lock: Lock, locked: Cell<bool> },
    /// From 3.13 on: in the parking lot, each with a place for the item that is handed to it.
    Parked(ParkingLot<Rc<Cell<Option<T>>>>),
}

impl<T> SimpleQueue<T> {
    /// An empty queue. Deadlock reports say that its waiters wait for `contents`.
    pub fn new(me: &ThreadState, contents: &str) -> Self {
        let waiting = if me.interpreter.python.version >= Version::release(3, 13) {
            Waiting::Parked(ParkingLot::new(me.os().add_object(contents).0))
        } else {
            Waiting::Lock {
                lock: Lock::held(me, contents),
                locked: Cell::new(true),
            }
        };
        Self {
            items: RefCell::default(),
            waiting,
        }
    }

    /// `put`
    pub async fn put(&self, me: &ThreadState, item: T) {
        match &self.waiting {
            Waiting::Lock { lock, locked } => {
                self.items.borrow_mut().push_back(item);
                if locked.replace(false) {
                    lock.release(me).await;
                }
            }
            Waiting::Parked(parked) => match parked.unpark() {
                Some((thread, place)) => {
                    place.set(Some(item));
                    me.os().futex_wake(me.id, thread).await;
                }
                None => self.items.borrow_mut().push_back(item),
            },
        }
    }

    /// `get`: waits without the interpreter lock while the queue is empty.
    pub async fn get(&self, me: &ThreadState) -> T {
        loop {
            if let Some(item) = self.get_nowait(me).await {
                return item;
            }
            match &self.waiting {
                Waiting::Lock { lock, locked } => {
                    me.busy_with(Activity::Idle, lock.acquire(me)).await;
                    locked.set(true);
                }
                Waiting::Parked(parked) => {
                    let place = Rc::new(Cell::new(None));
                    me.busy_with(Activity::Idle, parked.park(me, place.clone())).await;
                    if let Some(item) = place.take() {
                        return item;
                    }
                }
            }
        }
    }

    /// `get_nowait`
    pub async fn get_nowait(&self, me: &ThreadState) -> Option<T> {
        let item = self.items.borrow_mut().pop_front()?;
        if let Waiting::Lock { lock, locked } = &self.waiting
            && locked.replace(false)
        {
            lock.release(me).await;
        }
        Some(item)
    }
}
