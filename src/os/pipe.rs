//! Pipes: a ring of 16 pages between threads of any processes (`fs/pipe.c` of Linux).
//!
//! A pipe moves bytes and wakes the threads that wait for them. It knows nothing about messages: on the floor above,
//! the thread that writes a message's last byte queues the message beside the pipe.
//!
//! Its capacity is a number of pages, not of bytes. The remainder of a message beyond a multiple of a page goes into
//! the last page if it fits there. A full pipe has room again when a page has been read to its end: a writer of small
//! messages that waits for room is woken once for every 4 KiB.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::{ObjectId, Os, ThreadId, Wakeup};
use crate::units::{Bytes, Nanos};

/// `PAGE_SIZE`
const PAGE: u64 = 4_096;

/// `PIPE_DEF_BUFFERS`: 64 KiB, as pipe(7) says for Linux 2.6.11 and later.
const MOST_PAGES: usize = 16;

/// The number of bytes that a pipe holds before writers wait.
pub const CAPACITY: Bytes = Bytes(MOST_PAGES as u64 * PAGE);

/// One end for writing, one for reading. Several threads may use each.
pub struct Pipe {
    readable: ObjectId,
    writable: ObjectId,
    /// `pipe->bufs`, the oldest page first.
    pages: RefCell<VecDeque<Page>>,
    held: Cell<u64>,
    /// Its last writer has closed its end.
    hung_up: Cell<bool>,
    /// Its last reader has closed its end.
    broken: Cell<bool>,
    /// Threads in `read(2)`: exclusive waiters, woken one at a time.
    readers: RefCell<VecDeque<ThreadId>>,
    /// Threads in `poll(2)`: all are woken, in addition to one reader.
    pollers: RefCell<VecDeque<ThreadId>>,
    writers: RefCell<VecDeque<ThreadId>>,
}

/// `struct pipe_buffer`
struct Page {
    /// The end of its contents: `offset + len`.
    end: u64,
    /// Bytes that have not been read.
    left: u64,
}

impl Pipe {
    /// An empty pipe. Deadlock reports call it `name`.
    pub fn new(os: &Os, name: &str) -> Self {
        Self {
            readable: os.add_object(format!("something to read from {name}")).0,
            writable: os.add_object(format!("room in {name}")).0,
            pages: RefCell::default(),
            held: Cell::new(0),
            hung_up: Cell::new(false),
            broken: Cell::new(false),
            readers: RefCell::default(),
            pollers: RefCell::default(),
            writers: RefCell::default(),
        }
    }

    /// Bytes that have been written and not yet read.
    pub fn held(&self) -> Bytes {
        Bytes(self.held.get())
    }

    /// Whether `read(2)` would return at once: with bytes, or at the end of the file.
    pub(crate) fn is_readable(&self) -> bool {
        self.held.get() > 0 || self.hung_up.get()
    }

    /// `read(2)`, blocking: waits until there is something to read, then takes at most `bytes` of it. Returns the
    /// number of bytes (`pipe_read`).
    pub async fn read(&self, os: &Os, me: ThreadId, bytes: Bytes) -> Bytes {
        os.compute(me, os.costs().pipe.read).await;
        while self.held.get() == 0 {
            self.readers.borrow_mut().push_back(me);
            os.block(me, self.readable).await;
        }
        let part = bytes.0.min(self.held.get());
        let made_room = self.take(part);
        os.compute(me, self.copy(os, part)).await;
        if made_room {
            wake_one(os, me, &self.writers).await;
        }
        if self.held.get() > 0 {
            self.wake_readers(os, me).await;
        }
        Bytes(part)
    }

    /// `wake_up_interruptible_sync_poll(&pipe->rd_wait)`: wakes all threads that poll, and one that reads.
    async fn wake_readers(&self, os: &Os, me: ThreadId) {
        // Only threads that poll now: a woken thread may preempt this one, and poll again before this one is back.
        let pollers = self.pollers.take();
        for poller in pollers {
            os.sync_wake(me, Some(poller)).await;
        }
        wake_one(os, me, &self.readers).await;
    }

    /// `write(2)`, blocking: returns when all bytes are in the pipe, or no thread can read them any more
    /// (`pipe_write`).
    pub async fn write(&self, os: &Os, me: ThreadId, bytes: Bytes) {
        let mut left = bytes.0;
        os.compute(me, os.costs().pipe.write).await;
        let odd = left % PAGE;
        if odd > 0 && self.may_merge(odd) {
            os.compute(me, self.copy(os, odd)).await;
            // Meanwhile another writer may have filled the page, or a reader may have emptied it.
            if self.may_merge(odd) {
                self.merge(odd);
                left -= odd;
                self.wake_readers(os, me).await;
            }
        }
        while left > 0 && !self.broken.get() {
            let room = self.room();
            if room == 0 {
                self.writers.borrow_mut().push_back(me);
                os.block(me, self.writable).await;
                continue;
            }
            let part = left.min(room);
            os.compute(me, self.copy(os, part)).await;
            // Meanwhile another writer may have used the room; what still fits goes in now.
            let part = part.min(self.room());
            self.put(part);
            left -= part;
            self.wake_readers(os, me).await;
        }
        if !self.is_full() {
            wake_one(os, me, &self.writers).await;
        }
    }

    /// `poll(2)`, blocking: waits until there is something to read.
    pub(crate) async fn wait_until_readable(&self, os: &Os, me: ThreadId) {
        while self.held.get() == 0 {
            self.readers.borrow_mut().push_back(me);
            os.block(me, self.readable).await;
        }
    }

    /// `poll(2)` on several pipes, blocking: waits until one of them is readable. Says whether it slept.
    pub async fn wait_for_any(os: &Os, me: ThreadId, pipes: &[&Self]) -> bool {
        let mut slept = false;
        while !pipes.iter().any(|pipe| pipe.is_readable()) {
            slept = true;
            for pipe in pipes {
                pipe.pollers.borrow_mut().push_back(me);
            }
            os.block(me, pipes[0].readable).await;
            for pipe in pipes {
                pipe.pollers.borrow_mut().retain(|&poller| poller != me);
            }
        }
        slept
    }

    /// `close(2)` of the last writer: from now on a thread that polls sees the end of the file.
    pub(crate) async fn hang_up(&self, os: &Os, me: ThreadId) {
        self.hung_up.set(true);
        self.wake_readers(os, me).await;
    }

    /// `close(2)` of the last reader: from now on a write fails at once (`EPIPE`).
    pub(crate) async fn close_reader(&self, os: &Os, me: ThreadId) {
        self.broken.set(true);
        let writers = self.writers.take();
        for writer in writers {
            os.futex_wake(me, Some(writer)).await;
        }
    }

    /// Like [`Pipe::hang_up`], by the kernel for a process that was killed. No thread pays for it.
    pub(super) fn hang_up_by_kernel(&self, os: &Os) {
        self.hung_up.set(true);
        let pollers = self.pollers.take();
        for waiter in pollers.into_iter().chain(os.pop_living(&self.readers)) {
            os.wake(waiter);
        }
    }

    /// `PIPE_BUF_FLAG_CAN_MERGE`: whether `bytes` fit into the last page.
    fn may_merge(&self, bytes: u64) -> bool {
        let pages = self.pages.borrow();
        pages.back().is_some_and(|last| last.end + bytes <= PAGE)
    }

    fn merge(&self, bytes: u64) {
        if let Some(last) = self.pages.borrow_mut().back_mut() {
            last.end += bytes;
            last.left += bytes;
        }
        self.held.set(self.held.get() + bytes);
    }

    /// Number of bytes for which new pages have room.
    fn room(&self) -> u64 {
        (MOST_PAGES - self.pages.borrow().len()) as u64 * PAGE
    }

    fn is_full(&self) -> bool {
        self.pages.borrow().len() == MOST_PAGES
    }

    /// Puts bytes into new pages, for which there is room.
    fn put(&self, bytes: u64) {
        let mut left = bytes;
        while left > 0 {
            let part = left.min(PAGE);
            self.pages.borrow_mut().push_back(Page {
                end: part,
                left: part,
            });
            left -= part;
        }
        self.held.set(self.held.get() + bytes);
    }

    /// Takes bytes out of the pipe. Says whether that made room in a full pipe.
    fn take(&self, bytes: u64) -> bool {
        let mut made_room = false;
        let mut left = bytes;
        while left > 0 {
            let full = self.is_full();
            let mut pages = self.pages.borrow_mut();
            let first = pages
                .front_mut()
                .expect("the pipe holds at least that many bytes");
            let part = left.min(first.left);
            first.left -= part;
            left -= part;
            if first.left == 0 {
                pages.pop_front();
                made_room |= full;
            }
        }
        self.held.set(self.held.get() - bytes);
        made_room
    }

    fn copy(&self, os: &Os, bytes: u64) -> Nanos {
        os.costs().pipe.copy.time(Bytes(bytes))
    }
}

fn wake_one<'a>(os: &'a Os, me: ThreadId, waiting: &RefCell<VecDeque<ThreadId>>) -> Wakeup<'a> {
    let next = os.pop_living(waiting);
    os.sync_wake_on_credit(me, next)
}
