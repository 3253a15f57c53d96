//! One direction of a connected pair of `AF_UNIX` stream sockets (`net/unix/af_unix.c` of Linux).
//!
//! Written bytes lie in buffers of the kernel, at least one for each write. The limit applies to the memory of these
//! buffers (`skb->truesize`) and not to the bytes: 278 small messages fill a socket, or some 200 KiB in large ones. A
//! writer may add a whole buffer while any of the memory is free. After the socket was full, the writer is woken when
//! three quarters are free again.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::{ByteStream, ObjectId, Os, ThreadId};
use crate::units::{Bytes, Nanos};

/// `sk_sndbuf`. Source: net.core.wmem_default, which is `SK_WMEM_DEFAULT` in `include/net/sock.h`.
const SEND_BUFFER: u64 = 212_992;

/// `PAGE_SIZE`
const PAGE: u64 = 4_096;

/// `struct sk_buff`, and `struct skb_shared_info` behind the data, aligned. Derived from the measured number of
/// messages of each length that fit into a socket, Linux 6.18.
const BUFFER_HEAD: u64 = 256;
const SHARED_INFO: u64 = 320;

/// The smallest allocation for data, which holds a message of up to 192 bytes. Measured like the heads.
const LEAST_DATA: u64 = 512;

/// `SKB_MAX_HEAD(0)`: the most data beside the head; the rest lies in pages.
const MOST_BESIDE_HEAD: u64 = PAGE - SHARED_INFO;

/// `UNIX_SKB_FRAGS_SZ`: the most data in pages.
const MOST_IN_PAGES: u64 = 32_768;

/// One end for writing, one for reading.
pub struct UnixSocket {
    readable: ObjectId,
    writable: ObjectId,
    /// `sk_receive_queue`
    buffers: RefCell<VecDeque<Buffer>>,
    /// `sk_wmem_alloc`: memory of the buffers that have not been read.
    memory: Cell<u64>,
    readers: RefCell<VecDeque<ThreadId>>,
    /// Writers that wait for room: all are woken.
    writers: RefCell<VecDeque<ThreadId>>,
}

/// `struct sk_buff`
#[derive(Clone, Copy)]
struct Buffer {
    /// Bytes that have not been read.
    left: u64,
    /// `truesize`
    memory: u64,
}

impl ByteStream for UnixSocket {
    fn new(os: &Os, name: &str) -> Self {
        Self {
            readable: os.add_object(format!("something to read from {name}")).0,
            writable: os.add_object(format!("room in {name}")).0,
            buffers: RefCell::default(),
            memory: Cell::new(0),
            readers: RefCell::default(),
            writers: RefCell::default(),
        }
    }

    /// `write(2)`, blocking: returns when all bytes are in buffers (`unix_stream_sendmsg`).
    async fn write(&self, os: &Os, me: ThreadId, bytes: Bytes) {
        let costs = &os.costs().unix_socket;
        let mut left = bytes.0;
        os.compute(me, costs.write).await;
        while left > 0 {
            // sock_alloc_send_pskb
            while self.memory.get() >= SEND_BUFFER {
                self.writers.borrow_mut().push_back(me);
                os.block(me, self.writable).await;
            }
            let part = left.min(MOST_BESIDE_HEAD + MOST_IN_PAGES);
            let memory = memory_of(part);
            self.memory.set(self.memory.get() + memory);
            os.compute(me, costs.allocate + self.copy(os, part)).await;
            self.buffers.borrow_mut().push_back(Buffer { left: part, memory });
            left -= part;
            // sk_data_ready
            let reader = self.readers.borrow_mut().pop_front();
            os.sync_wake_on_credit(me, reader).await;
        }
    }

    /// `read(2)`, blocking: waits until there is something to read, then takes at most `bytes` of it, from one or more
    /// buffers. Returns the number of bytes (`unix_stream_read_generic`).
    async fn read(&self, os: &Os, me: ThreadId, bytes: Bytes) -> Bytes {
        os.compute(me, os.costs().unix_socket.read).await;
        self.wait_until_readable(os, me).await;
        let mut left = bytes.0;
        while left > 0 {
            let Some((part, emptied)) = self.take(left) else {
                break;
            };
            left -= part;
            os.compute(me, self.copy(os, part)).await;
            if let Some(buffer) = emptied {
                os.compute(me, os.costs().unix_socket.free).await;
                self.free(os, me, buffer).await;
            }
        }
        Bytes(bytes.0 - left)
    }

    async fn wait_until_readable(&self, os: &Os, me: ThreadId) {
        while self.buffers.borrow().is_empty() {
            self.readers.borrow_mut().push_back(me);
            os.block(me, self.readable).await;
        }
    }
}

impl UnixSocket {
    /// Takes at most `most` bytes out of the oldest buffer. Returns their number, and the buffer if it is empty then.
    fn take(&self, most: u64) -> Option<(u64, Option<Buffer>)> {
        let mut buffers = self.buffers.borrow_mut();
        let first = buffers.front_mut()?;
        let part = most.min(first.left);
        first.left -= part;
        let emptied = if first.left == 0 {
            buffers.pop_front()
        } else {
            None
        };
        Some((part, emptied))
    }

    /// `sock_wfree` and `unix_write_space`
    async fn free(&self, os: &Os, me: ThreadId, buffer: Buffer) {
        self.memory.set(self.memory.get() - buffer.memory);
        if self.memory.get() * 4 <= SEND_BUFFER {
            let writers = self.writers.take();
            for writer in writers {
                os.sync_wake_on_credit(me, Some(writer)).await;
            }
        }
    }

    fn copy(&self, os: &Os, bytes: u64) -> Nanos {
        os.costs().unix_socket.copy.time(Bytes(bytes))
    }
}

/// `truesize` of a buffer that holds `bytes`: the head, the data beside it, and whole pages for the rest.
fn memory_of(bytes: u64) -> u64 {
    let beyond = bytes.saturating_sub(MOST_BESIDE_HEAD);
    let in_pages = bytes.min(beyond.next_multiple_of(PAGE));
    let beside_head = (bytes - in_pages + SHARED_INFO)
        .next_power_of_two()
        .max(LEAST_DATA);
    BUFFER_HEAD + beside_head + in_pages.next_multiple_of(PAGE)
}
