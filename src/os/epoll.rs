//! Waiting for many descriptors at once: `fs/eventpoll.c` of Linux, level-triggered.
//!
//! A descriptor that has something to read is in the ready list. `epoll_wait` looks at each descriptor in the list,
//! returns those that are still readable, and leaves them there: the next call looks again.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use super::{ObjectId, Os, ThreadId};
use crate::units::Nanos;

/// `epoll_create1(2)`: something that one thread waits on.
pub struct Epoll {
    object: ObjectId,
    /// `ep->rdllist`
    ready: RefCell<VecDeque<Rc<Descriptor>>>,
    /// `ep->wq`
    waiting: RefCell<VecDeque<ThreadId>>,
}

/// The reading end of a socket, which an [`Epoll`] may watch: `struct epitem`.
pub struct Descriptor {
    epoll: RefCell<Weak<Epoll>>,
    /// The value that `epoll_wait` returns for it: `epoll_data_t`.
    data: usize,
    /// Number of messages that have arrived and have not been read.
    messages: Cell<u64>,
    is_listed: Cell<bool>,
}

impl Epoll {
    /// An epoll that watches nothing. Deadlock reports call what it waits for `name`.
    pub fn new(os: &Os, name: &str) -> Rc<Self> {
        Rc::new(Self {
            object: os.add_object(name).0,
            ready: RefCell::default(),
            waiting: RefCell::default(),
        })
    }

    /// `epoll_ctl(EPOLL_CTL_ADD)`, by the thread that waits: `ep_insert`.
    pub fn add(self: &Rc<Self>, descriptor: &Rc<Descriptor>) {
        *descriptor.epoll.borrow_mut() = Rc::downgrade(self);
        if descriptor.is_readable() {
            self.list(descriptor);
        }
    }

    fn list(&self, descriptor: &Rc<Descriptor>) {
        if !descriptor.is_listed.replace(true) {
            self.ready.borrow_mut().push_back(descriptor.clone());
        }
    }

    /// `ep_send_events`
    fn send_events(&self) -> Vec<usize> {
        let mut ready = self.ready.borrow_mut();
        ready.retain(|descriptor| {
            let is_readable = descriptor.is_readable();
            descriptor.is_listed.set(is_readable);
            is_readable
        });
        ready.iter().map(|descriptor| descriptor.data).collect()
    }

    /// `epoll_wait(2)`: waits until a descriptor is readable, or for `timeout`; if that is zero, it does not wait.
    /// Returns the data of the readable descriptors, in the order of the ready list. `surely`: a message is certain to
    /// come, so that the wait never causes a deadlock.
    pub async fn wait(&self, os: &Os, me: ThreadId, timeout: Option<Nanos>, surely: bool) -> Vec<usize> {
        let costs = &os.costs().socket;
        os.compute(me, costs.epoll_wait).await;
        let deadline = timeout.map(|timeout| os.now().saturating_add(timeout));
        while self.ready.borrow().is_empty() {
            let left = deadline.map(|deadline| deadline.saturating_sub(os.now()));
            if left == Some(Nanos::ZERO) {
                break;
            }
            self.waiting.borrow_mut().push_back(me);
            match left {
                Some(left) => os.block_for(me, self.object, left).await,
                None if surely => os.block_for_sure(me, self.object, None).await,
                None => os.block(me, self.object).await,
            };
            self.waiting.borrow_mut().retain(|&waiter| waiter != me);
        }
        let events = self.send_events();
        os.compute(me, costs.epoll_event * events.len() as u64).await;
        events
    }
}

impl Descriptor {
    /// A descriptor with nothing to read, for which `epoll_wait` returns `data`.
    pub fn new(data: usize) -> Rc<Self> {
        Rc::new(Self {
            epoll: RefCell::default(),
            data,
            messages: Cell::new(0),
            is_listed: Cell::new(false),
        })
    }

    /// A message arrives: `ep_poll_callback`. The calling thread pays for waking the thread that waits.
    pub async fn arrive(self: &Rc<Self>, os: &Os, me: ThreadId) {
        self.messages.set(self.messages.get() + 1);
        let watching = self.epoll.borrow().upgrade();
        let Some(epoll) = watching else {
            return;
        };
        epoll.list(self);
        let waiter = epoll.waiting.borrow_mut().pop_front();
        os.sync_wake_on_credit(me, waiter).await;
    }

    /// Whether there is a message to read.
    pub(crate) fn is_readable(&self) -> bool {
        self.messages.get() > 0
    }

    /// `recv(2)`, non-blocking: takes all messages, and returns their number.
    pub(crate) fn take_all(&self) -> u64 {
        self.messages.take()
    }

    /// `accept(2)`, non-blocking: takes one message. Says whether there was one.
    pub(crate) fn take_one(&self) -> bool {
        let messages = self.messages.get();
        self.messages.set(messages.saturating_sub(1));
        messages > 0
    }
}
