//! The descriptors that the loop waits for: `Lib/asyncio/selector_events.py`, `Lib/selectors.py` (`EpollSelector`).

use std::cell::RefCell;
use std::rc::Rc;

use super::base_events::EventLoop;
use super::streams::{ListeningSocket, Stream};
use crate::cpython::interpreter::pystate::ThreadState;
use crate::os::{Activity, Descriptor, Epoll, Os};
use crate::units::Nanos;

/// `EpollSelector.select` rounds its timeout up to the milliseconds of `epoll_wait`.
const RESOLUTION: Nanos = Nanos::from_millis(1);

/// The descriptors that the loop watches, with their readers.
pub(crate) struct Selector {
    epoll: Rc<Epoll>,
    readers: RefCell<Vec<Reader>>,
    /// `_ssock`: other threads write to it to wake the loop.
    self_pipe: Rc<Descriptor>,
}

/// The callback that `add_reader` was given.
#[derive(Clone)]
pub(crate) enum Reader {
    /// Number 0: `_read_from_self`.
    SelfPipe,
    /// `_read_ready`
    Stream(Rc<Stream>),
    /// `_accept_connection`
    Listening(Rc<ListeningSocket>),
}

impl Selector {
    /// `_make_self_pipe`: watches only the self-pipe.
    pub fn new(os: &Os) -> Self {
        let (epoll, self_pipe) = (Epoll::new(os, "an event of its loop"), Descriptor::new(0));
        epoll.add(&self_pipe);
        Self {
            epoll,
            readers: RefCell::new(vec![Reader::SelfPipe]),
            self_pipe,
        }
    }

    /// Adds a socket with its reader, without watching it yet.
    pub fn add_socket(&self, reader: impl FnOnce(Rc<Descriptor>) -> Reader) {
        let mut readers = self.readers.borrow_mut();
        let descriptor = Descriptor::new(readers.len());
        readers.push(reader(descriptor));
    }

    /// `register`
    pub fn watch(&self, descriptor: &Rc<Descriptor>) {
        self.epoll.add(descriptor);
    }

    /// Drops all coroutines that wait to be accepted: see [`ListeningSocket::forget`].
    pub fn forget_readers(&self) {
        let readers = self.readers.take();
        for reader in readers {
            if let Reader::Listening(socket) = reader {
                socket.forget();
            }
        }
    }
}

impl EventLoop {
    /// `_read_from_self`: reads until nothing is left.
    async fn read_from_self(&self) {
        let me = &self.thread;
        let costs = &me.os().costs().socket;
        loop {
            let cost = match self.selector.self_pipe.is_readable() {
                true => costs.recv_local,
                false => costs.nothing_there,
            };
            me.allow_threads(me.os().compute(me.id, cost)).await;
            if self.selector.self_pipe.take_all() == 0 {
                break;
            }
        }
    }

    /// `_write_to_self`, called by any thread of the process.
    pub(crate) async fn write_to_self(&self, me: &ThreadState) {
        let sending = async {
            me.os().compute(me.id, me.os().costs().socket.send_local).await;
            self.selector.self_pipe.arrive(me.os(), me.id).await;
        };
        me.allow_threads(sending).await;
    }

    /// `EpollSelector.select`: releases the interpreter lock even if it does not have to wait.
    pub(crate) async fn select(&self, timeout: Option<Nanos>) -> Vec<usize> {
        let me = &self.thread;
        let timeout = timeout.map(|timeout| Nanos(timeout.0.div_ceil(RESOLUTION.0) * RESOLUTION.0));
        let surely = self.network.owes_an_answer();
        let polling = async {
            let waiting = match timeout {
                Some(Nanos::ZERO) => None,
                _ if self.asked.get() > 0 => Some(Activity::Io),
                _ => Some(Activity::Idle),
            };
            let before = waiting.map(|waiting| me.enter(waiting));
            let events = self.selector.epoll.wait(me.os(), me.id, timeout, surely).await;
            before.map(|before| me.enter(before));
            events
        };
        me.allow_threads(polling).await
    }

    /// Calls the reader of a readable descriptor.
    pub(crate) async fn read_ready(&self, descriptor: usize) {
        let reader = self.selector.readers.borrow()[descriptor].clone();
        match reader {
            Reader::SelfPipe => self.read_from_self().await,
            Reader::Stream(stream) => stream.read_ready(self).await,
            Reader::Listening(socket) => socket.accept_connections(self).await,
        }
    }
}
