//! `threading.Condition` and `threading.Event`: `Lib/threading.py`. A lock, and a lock for each waiter.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::thread_state::ThreadState;
use super::threading::Lock;
use crate::os::Activity;

/// `threading.Condition(Lock())`
pub struct Condition {
    lock: Lock,
    waiters: RefCell<VecDeque<Rc<Lock>>>,
    /// As reports of a deadlock name what is waited for.
    name: Rc<str>,
}

impl Condition {
    /// Nobody holds it and nobody waits. Who waits is reported as waiting for `name`.
    pub fn new(me: &ThreadState, name: &str) -> Self {
        Self {
            lock: Lock::new(
                me.os(),
                me.interpreter.python.version,
                &format!("the lock around {name}"),
            ),
            waiters: RefCell::default(),
            name: name.into(),
        }
    }

    /// `__enter__`
    pub async fn acquire(&self, me: &ThreadState) {
        self.lock.acquire(me).await;
    }

    /// `__exit__`
    pub async fn release(&self, me: &ThreadState) {
        self.lock.release(me).await;
    }

    /// `wait()`, with the condition held: lets go of it, sleeps on a lock of its own, takes it again.
    pub async fn wait(&self, me: &ThreadState) {
        let waiter = Rc::new(Lock::held(me, &self.name));
        self.waiters.borrow_mut().push_back(waiter.clone());
        self.release(me).await;
        me.busy_with(Activity::Idle, waiter.acquire(me)).await;
        self.acquire(me).await;
    }

    /// `notify()`, with the condition held: wakes whoever has waited longest.
    pub async fn notify(&self, me: &ThreadState) {
        let waiter = self.waiters.borrow_mut().pop_front();
        if let Some(waiter) = waiter {
            waiter.release(me).await;
        }
    }

    /// `notify_all()`, with the condition held.
    pub async fn notify_all(&self, me: &ThreadState) {
        let waiters = self.waiters.take();
        for waiter in waiters {
            waiter.release(me).await;
        }
    }
}

/// `threading.Event`
pub struct Event {
    condition: Condition,
    flag: Cell<bool>,
}

impl Event {
    /// Not set. Who waits is reported as waiting for `name`.
    pub fn new(me: &ThreadState, name: &str) -> Self {
        Self {
            condition: Condition::new(me, name),
            flag: Cell::new(false),
        }
    }

    /// `set()`
    pub async fn set(&self, me: &ThreadState) {
        self.condition.acquire(me).await;
        self.flag.set(true);
        self.condition.notify_all(me).await;
        self.condition.release(me).await;
    }

    /// `wait()`
    pub async fn wait(&self, me: &ThreadState) {
        self.condition.acquire(me).await;
        if !self.flag.get() {
            self.condition.wait(me).await;
        }
        self.condition.release(me).await;
    }
}
