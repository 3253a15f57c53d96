//! `multiprocessing.connection.Connection` over a pipe or a socket: `Lib/multiprocessing/connection.py`.
//!
//! Every read and every write gives up the interpreter lock and takes it back. Beside a busy thread each of them
//! therefore costs up to a switch interval, which is what makes large messages slow there.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::cpython::interpreter::pystate::ThreadState;
use crate::model::Payload;
use crate::os::{Activity, ByteStream, Os, Pipe};
use crate::units::Bytes;

/// The length that goes before each message: `struct.pack("!i", n)`.
const HEADER: Bytes = Bytes(4);

/// Up to this length header and message go out in one write: `_send_bytes`.
const SENT_WITH_HEADER: Bytes = Bytes(16_384);

/// From this size on `malloc` gives fresh pages for the buffer of a `read(2)`: `M_MMAP_THRESHOLD` of glibc.
const FRESH_FROM: u64 = 128 * 1024;

/// Something to send, with what it carries.
pub struct Message<T> {
    /// Read by the other side.
    pub content: T,
    /// Pickled on the way.
    pub payloads: Vec<Payload>,
}

/// One way of a connection, which carries whole messages: both ends of a pipe, or one direction of a pair of sockets.
pub struct Connection<T, S = Pipe> {
    stream: S,
    /// Messages whose header has been sent, with their length.
    messages: RefCell<VecDeque<(T, Bytes)>>,
}

impl<T, S: ByteStream> Connection<T, S> {
    /// `Pipe(duplex=False)`, or one direction of `Pipe()`. Reports of a deadlock call it `name`.
    pub fn new(os: &Os, name: &str) -> Self {
        Self {
            stream: S::new(os, name),
            messages: RefCell::default(),
        }
    }

    /// `send_bytes`. What was sent is not kept.
    pub async fn send_bytes(&self, me: &ThreadState, message: T, length: Bytes) {
        let before = me.enter(Activity::Ipc);
        me.bytecode(me.costs().pipe.connection).await;
        self.messages.borrow_mut().push_back((message, length));
        if length > SENT_WITH_HEADER {
            // Two writes, so that the message need not be copied behind its header.
            self.write(me, HEADER).await;
            self.write(me, length).await;
        } else {
            self.write(me, Bytes(HEADER.0 + length.0)).await;
        }
        me.free(length);
        me.enter(before);
    }

    /// `recv_bytes`. The wait for a message to begin counts as idle.
    pub async fn recv_bytes(&self, me: &ThreadState) -> T {
        let before = me.enter(Activity::Ipc);
        me.bytecode(me.costs().pipe.connection).await;
        me.allow_threads(async {
            me.enter(Activity::Idle);
            self.stream.wait_until_readable(me.os(), me.id).await;
            me.enter(Activity::Ipc);
            self.stream.read(me.os(), me.id, HEADER).await
        })
        .await;
        let (message, length) = self
            .messages
            .borrow_mut()
            .pop_front()
            .expect("a header precedes each message");
        self.recv(me, length).await;
        me.enter(before);
        message
    }

    /// `_recv`: as many reads as it takes. Each makes a buffer for all that is left, of which it fills what is there,
    /// without the interpreter lock; with it that is added to the parts before.
    async fn recv(&self, me: &ThreadState, length: Bytes) {
        let costs = &me.costs().pipe;
        let mut left = length.0;
        while left > 0 {
            let part = me
                .allow_threads(async {
                    let part = self.stream.read(me.os(), me.id, Bytes(left)).await;
                    if left >= FRESH_FROM {
                        me.os()
                            .compute(me.id, me.os().costs().pipe.fresh.time(part))
                            .await;
                    }
                    part
                })
                .await;
            me.allocate(part);
            if part < length {
                me.native_holding_lock(costs.gather.time(part)).await;
            }
            left -= part.0;
        }
    }

    async fn write(&self, me: &ThreadState, bytes: Bytes) {
        me.allow_threads(self.stream.write(me.os(), me.id, bytes)).await;
    }
}

impl<T> Connection<T> {
    /// `poll()`: whether a message has begun to arrive.
    pub async fn poll(&self, me: &ThreadState) -> bool {
        is_readable(me, &self.stream).await
    }

    /// The pipe, for waiting on several at once.
    pub fn pipe(&self) -> &Pipe {
        &self.stream
    }
}

/// `os.pipe()` so many times, which gives up the interpreter lock each time. Beside a busy thread that has just been made to
/// give way, and is on its way to wait for the lock, this is often enough to lose it.
pub async fn open_pipes(me: &ThreadState, pipes: u32) {
    for _ in 0..pipes {
        me.native(me.os().costs().pipe.open).await;
    }
}

/// `os.close(fd)`, the same.
pub async fn close(me: &ThreadState, ends: u32) {
    for _ in 0..ends {
        me.native(me.os().costs().pipe.close).await;
    }
}

/// `multiprocessing.connection.wait`: until one of the pipes has something to read.
///
/// Each call makes a selector of its own and registers every pipe with it, in bytecode. Then `poll(2)` looks at each,
/// and queues on them until it finds one that is readable; once woken it looks at all of them again.
pub async fn wait(me: &ThreadState, pipes: &[&Pipe]) {
    register(me, pipes.len()).await;
    let costs = &me.os().costs().pipe;
    let look_again = |pipes: usize| costs.poll_again * pipes as u64;
    let polling = async {
        let queued = pipes
            .iter()
            .position(|pipe| pipe.is_readable())
            .unwrap_or(pipes.len());
        let look = costs.poll + costs.poll_descriptor * queued as u64 + look_again(pipes.len() - queued);
        me.os().compute(me.id, look).await;
        let before = me.enter(Activity::Idle);
        let slept = Pipe::wait_for_any(me.os(), me.id, pipes).await;
        me.enter(before);
        if slept {
            me.os().compute(me.id, look_again(pipes.len())).await;
        }
    };
    me.allow_threads(polling).await;
}

/// `wait([pipe], timeout=0)`: whether a pipe has something to read.
pub async fn is_readable(me: &ThreadState, pipe: &Pipe) -> bool {
    register(me, 1).await;
    let costs = &me.os().costs().pipe;
    let look = me.os().compute(me.id, costs.poll + costs.poll_again);
    me.allow_threads(look).await;
    pipe.is_readable()
}

/// `_WaitSelector()`, and `register` of so many descriptors with it.
async fn register(me: &ThreadState, descriptors: usize) {
    let costs = &me.costs().pipe;
    me.bytecode(costs.selector + costs.register * descriptors as u64)
        .await;
}
