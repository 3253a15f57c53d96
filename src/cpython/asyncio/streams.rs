//! Streams over sockets: `Lib/asyncio/streams.py` (`StreamReader`, `StreamWriter`, `start_server`) and
//! `selector_events.py` (`_SelectorSocketTransport`).
//!
//! The loop watches the transport's socket all the time. Received data go into the reader's buffer and wake the coroutine
//! that waits for them, which continues in the next iteration of the loop.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::base_events::EventLoop;
use super::futures::Future;
use super::selector_events::Reader;
use super::tasks::Coroutine;
use crate::os::{Descriptor, Os, ThreadId};
use crate::units::Nanos;

/// `backlog`: the number of connections that one call of `_accept_connection` accepts at most.
const BACKLOG: usize = 100;

/// A connection with its `StreamReader` and `StreamWriter`.
pub struct Stream {
    descriptor: Rc<Descriptor>,
    /// `_buffer`, as a number of messages.
    buffered: Cell<u64>,
    /// `_waiter`
    waiter: RefCell<Option<Rc<Future>>>,
}

/// The socket that `start_server` listens on.
pub struct ListeningSocket {
    descriptor: Rc<Descriptor>,
    /// The connections that have not been accepted yet, each with the coroutine that will serve it.
    pending: RefCell<VecDeque<(Rc<Stream>, Coroutine)>>,
}

impl EventLoop {
    /// A socket that the loop does not watch yet.
    fn socket(&self) -> Rc<Stream> {
        let mut made = None;
        self.selector.add_socket(|descriptor| {
            let stream = Rc::new(Stream {
                descriptor,
                buffered: Cell::new(0),
                waiter: RefCell::default(),
            });
            made = Some(stream.clone());
            Reader::Stream(stream)
        });
        made.expect("the selector makes a descriptor for each reader")
    }

    /// `open_connection`: a connection to another machine. That it was opened earlier is assumed, so it costs nothing.
    pub fn open_connection(&self) -> Rc<Stream> {
        let stream = self.socket();
        self.selector.watch(&stream.descriptor);
        stream
    }

    /// `start_server`
    pub fn start_server(&self) -> Rc<ListeningSocket> {
        let mut made = None;
        self.selector.add_socket(|descriptor| {
            let socket = Rc::new(ListeningSocket {
                descriptor,
                pending: RefCell::default(),
            });
            made = Some(socket.clone());
            Reader::Listening(socket)
        });
        let socket = made.expect("the selector makes a descriptor for each reader");
        self.selector.watch(&socket.descriptor);
        socket
    }
}

impl Stream {
    /// `StreamReader.read`, in a coroutine of the loop: waits until a message has been received.
    pub async fn read(&self, event_loop: &EventLoop) {
        if self.buffered.get() == 0 {
            // _wait_for_data
            let waiter = Future::new();
            *self.waiter.borrow_mut() = Some(waiter.clone());
            event_loop.wait(&waiter).await;
        }
        self.buffered.set(0);
    }

    /// `StreamWriter.write` of a small message, which is sent at once. `arrive` is what happens on the other side.
    pub async fn write<T>(&self, event_loop: &EventLoop, arrive: impl std::future::Future<Output = T>) -> T {
        let me = &event_loop.thread;
        me.bytecode(event_loop.costs().write).await;
        let sending = async {
            me.os().compute(me.id, me.os().costs().socket.send).await;
            arrive.await
        };
        me.allow_threads(sending).await
    }

    /// Sends a request to the machine at the other end, which answers after `time`, and waits for the answer.
    pub async fn ask(&self, event_loop: &EventLoop, time: Nanos) {
        let os = event_loop.thread.os();
        event_loop.network.answer(os, time, &self.descriptor);
        event_loop.asked.set(event_loop.asked.get() + 1);
        self.read(event_loop).await;
        event_loop.asked.set(event_loop.asked.get() - 1);
    }

    /// A message from a thread outside the machine arrives.
    pub async fn arrive(&self, os: &Os, sender: ThreadId) {
        self.descriptor.arrive(os, sender).await;
    }

    /// `_read_ready__data_received`, `feed_data`
    pub(crate) async fn read_ready(&self, event_loop: &EventLoop) {
        let me = &event_loop.thread;
        me.allow_threads(me.os().compute(me.id, me.os().costs().socket.recv))
            .await;
        let received = self.descriptor.take_all();
        me.bytecode(event_loop.costs().read).await;
        self.buffered.set(self.buffered.get() + received);
        if let Some(waiter) = self.waiter.take() {
            waiter.set_result(event_loop);
        }
    }
}

impl ListeningSocket {
    /// A thread outside the machine connects. The coroutine that `serve` makes will serve the connection.
    pub async fn connect(
        &self,
        event_loop: &EventLoop,
        client: ThreadId,
        serve: impl FnOnce(Rc<Stream>) -> Coroutine,
    ) -> Rc<Stream> {
        let stream = event_loop.socket();
        let serving = serve(stream.clone());
        self.pending.borrow_mut().push_back((stream.clone(), serving));
        self.descriptor.arrive(event_loop.thread.os(), client).await;
        stream
    }

    /// `_accept_connection`, `_accept_connection2`, `StreamReaderProtocol.connection_made`
    pub(crate) async fn accept_connections(&self, event_loop: &EventLoop) {
        let me = &event_loop.thread;
        let costs = &me.os().costs().socket;
        for _ in 0..BACKLOG {
            let cost = match self.descriptor.is_readable() {
                true => costs.accept,
                false => costs.nothing_there,
            };
            me.allow_threads(me.os().compute(me.id, cost)).await;
            if !self.descriptor.take_one() {
                break;
            }
            let (stream, serving) = self
                .pending
                .borrow_mut()
                .pop_front()
                .expect("each message of a listening socket is a connection");
            me.bytecode(event_loop.costs().connection).await;
            event_loop.selector.watch(&stream.descriptor);
            event_loop.create_task(serving).await;
        }
    }

    /// Drops the coroutines of connections that have not been accepted.
    pub(crate) fn forget(&self) {
        let pending = self.pending.take();
        drop(pending);
    }
}
