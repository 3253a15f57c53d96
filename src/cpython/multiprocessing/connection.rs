//! Connections over pipes and sockets: `Lib/multiprocessing/connection.py`.
//!
//! Each read and each write releases the interpreter lock and takes it again. Beside a busy thread each of them therefore
//! takes up to a switch interval, which makes large messages slow.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::cpython::interpreter::pystate::ThreadState;
use crate::cpython::pickle::Wrapping;
use crate::model::Payload;
use crate::os::{Activity, ByteStream, Os, Pipe};
use crate::units::Bytes;

/// The header of each message, its length: `struct.pack("!i", n)`.
const HEADER: Bytes = Bytes(4);

/// Up to this length, header and message are written together: `_send_bytes`.
const SENT_WITH_HEADER: Bytes = Bytes(16_384);

/// `M_MMAP_THRESHOLD` of glibc: from this size on, the buffer of a `read(2)` consists of fresh pages.
const FRESH_FROM: u64 = 128 * 1024;

/// An object that is sent, and the data in it.
pub(crate) struct Message<T> {
    /// The object, for the model.
    pub(crate) content: T,
    /// The data that is pickled.
    pub(crate) payloads: Vec<Payload>,
}

/// `Connection`: one direction, with both of its ends. It carries whole messages over a pipe or a pair of sockets.
pub(crate) struct Connection<T, S = Pipe> {
    stream: S,
    /// The messages that have been sent, with their lengths.
    messages: RefCell<VecDeque<(T, Bytes)>>,
}

impl<T, S: ByteStream> Connection<T, S> {
    /// `Pipe(duplex=False)`, or one direction of `Pipe()`. Deadlock reports call it `name`.
    pub(crate) fn new(os: &Os, name: &str) -> Self {
        Self {
            stream: S::new(os, name),
            messages: RefCell::default(),
        }
    }

    /// `send_bytes`. The memory of the message is freed afterwards.
    pub(crate) async fn send_bytes(&self, me: &ThreadState, message: T, length: Bytes) {
        let before = me.enter(Activity::Ipc);
        me.bytecode(me.costs().connection.message).await;
        self.messages.borrow_mut().push_back((message, length));
        if length > SENT_WITH_HEADER {
            // Two writes, so that header and message need not be copied together.
            self.write(me, HEADER).await;
            self.write(me, length).await;
        } else {
            self.write(me, Bytes(HEADER.0 + length.0)).await;
        }
        me.free(length);
        me.enter(before);
    }

    /// `recv_bytes`. The wait for the beginning of a message counts as idle time.
    pub(crate) async fn recv_bytes(&self, me: &ThreadState) -> T {
        let before = me.enter(Activity::Ipc);
        me.bytecode(me.costs().connection.message).await;
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
        self.read(me, length).await;
        me.enter(before);
        message
    }

    /// `_send`
    async fn write(&self, me: &ThreadState, bytes: Bytes) {
        me.allow_threads(self.stream.write(me.os(), me.id, bytes)).await;
    }

    /// `_recv`: reads until the message is complete. Each read makes a buffer for all remaining bytes and, without the
    /// interpreter lock, fills it with the bytes that have arrived. With the lock they are appended to the earlier parts.
    async fn read(&self, me: &ThreadState, length: Bytes) {
        let costs = &me.costs().connection;
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
}

impl<T, S: ByteStream> Connection<Message<T>, S> {
    /// `send`: pickles an object and sends it.
    pub(crate) async fn send(
        &self,
        me: &ThreadState,
        wrapping: Wrapping,
        content: T,
        payloads: Vec<Payload>,
    ) {
        me.dumps_in(wrapping, &payloads).await;
        let length = me.pickled_size_in(wrapping, &payloads);
        self.send_bytes(me, Message { content, payloads }, length).await;
    }

    /// `recv`: receives an object and unpickles it.
    pub(crate) async fn recv(&self, me: &ThreadState, wrapping: Wrapping) -> T {
        let message = self.recv_bytes(me).await;
        me.loads_in(wrapping, &message.payloads).await;
        message.content
    }
}

impl<T> Connection<T> {
    /// `poll()`: whether a message has begun to arrive.
    pub(crate) async fn poll(&self, me: &ThreadState) -> bool {
        is_readable(me, &self.stream).await
    }

    /// The pipe, to wait for several at once.
    pub(crate) fn pipe(&self) -> &Pipe {
        &self.stream
    }
}

/// `os.pipe()`, repeatedly, which releases the interpreter lock each time. A busy thread that has just been forced to drop
/// the lock, and has not yet begun to wait for it, often gets it back this way.
pub(crate) async fn open_pipes(me: &ThreadState, pipes: u32) {
    for _ in 0..pipes {
        me.native(me.os().costs().pipe.open).await;
    }
}

/// `os.close(fd)`, repeatedly, which releases the interpreter lock as well.
pub(crate) async fn close(me: &ThreadState, ends: u32) {
    for _ in 0..ends {
        me.native(me.os().costs().pipe.close).await;
    }
}

/// `multiprocessing.connection.wait`: waits until one of the pipes is readable.
///
/// Each call makes a selector and registers every pipe with it, in bytecode. Then `poll(2)` checks the pipes one by one,
/// and queues on each of them until it finds one that is readable. Once woken it checks all of them again.
pub(crate) async fn wait(me: &ThreadState, pipes: &[&Pipe]) {
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

/// `wait([pipe], timeout=0)`: whether a pipe is readable.
pub(crate) async fn is_readable(me: &ThreadState, pipe: &Pipe) -> bool {
    register(me, 1).await;
    let costs = &me.os().costs().pipe;
    let look = me.os().compute(me.id, costs.poll + costs.poll_again);
    me.allow_threads(look).await;
    pipe.is_readable()
}

/// `_WaitSelector()`, and its `register` for each descriptor.
async fn register(me: &ThreadState, descriptors: usize) {
    let costs = &me.costs().connection;
    me.bytecode(costs.selector + costs.register * descriptors as u64)
        .await;
}
