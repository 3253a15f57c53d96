//! Pipes: a buffer of 64 KiB between threads of any processes (`fs/pipe.c` of Linux).
//!
//! A pipe moves bytes and wakes who waits for them. What it carries is the business of the floor above: there a
//! message is queued beside the pipe by whoever writes its last byte.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::{ObjectId, Os, ThreadId, Wakeup};
use crate::units::{Bytes, Nanos};

/// What a pipe holds before writers wait. Source: pipe(7), since Linux 2.6.11.
pub const CAPACITY: Bytes = Bytes::from_kib(64);

/// One end writes, the other reads; several threads may stand at each.
pub struct Pipe {
    readable: ObjectId,
    writable: ObjectId,
    held: Cell<u64>,
    /// Its last writer has closed its end.
    hung_up: Cell<bool>,
    /// Its last reader has.
    broken: Cell<bool>,
    /// In `read(2)`: exclusive waiters, woken one at a time.
    readers: RefCell<VecDeque<ThreadId>>,
    /// In `poll(2)`: woken all, and beside a reader.
    pollers: RefCell<VecDeque<ThreadId>>,
    writers: RefCell<VecDeque<ThreadId>>,
}

impl Pipe {
    /// An empty pipe. Reports of a deadlock call it `name`.
    pub fn new(os: &Os, name: &str) -> Self {
        Self {
            readable: os.add_object(format!("something to read from {name}")).0,
            writable: os.add_object(format!("room in {name}")).0,
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

    /// Whether `read(2)` would return at once: something is there, or the end of the file.
    pub fn is_readable(&self) -> bool {
        self.held.get() > 0 || self.hung_up.get()
    }

    /// `close(2)` of the last writer: from now on whoever polls sees the end of the file.
    pub async fn hang_up(&self, os: &Os, me: ThreadId) {
        self.hung_up.set(true);
        self.wake_readers(os, me).await;
    }

    /// `close(2)` of the last reader: from now on whoever writes has an error at once (`EPIPE`).
    pub async fn close_reader(&self, os: &Os, me: ThreadId) {
        self.broken.set(true);
        let writers = self.writers.take();
        for writer in writers {
            os.futex_wake(me, Some(writer)).await;
        }
    }

    /// The same as [`Pipe::hang_up`] by the kernel, for a process that was killed, and at nobody's cost.
    pub(super) fn hang_up_by_kernel(&self, os: &Os) {
        self.hung_up.set(true);
        let pollers = self.pollers.take();
        for waiter in pollers.into_iter().chain(os.pop_living(&self.readers)) {
            os.wake(waiter);
        }
    }

    /// `wake_up_interruptible_sync_poll(&pipe->rd_wait)`: all who poll, and one who reads.
    async fn wake_readers(&self, os: &Os, me: ThreadId) {
        // Those who poll now: who is woken may push this thread off its CPU, and poll again before it is back.
        let pollers = self.pollers.take();
        for poller in pollers {
            os.futex_wake(me, Some(poller)).await;
        }
        wake_one(os, me, &self.readers).await;
    }

    /// `write(2)`, blocking: returns when all bytes are in the pipe, or nobody can read them any more.
    pub async fn write(&self, os: &Os, me: ThreadId, bytes: Bytes) {
        let mut left = bytes.0;
        os.compute(me, os.costs().pipe.write).await;
        while left > 0 && !self.broken.get() {
            let room = CAPACITY.0 - self.held.get();
            if room == 0 {
                self.writers.borrow_mut().push_back(me);
                os.block(me, self.writable).await;
                continue;
            }
            let part = left.min(room);
            os.compute(me, self.copy(os, part)).await;
            // Another writer may have filled the room meanwhile; what fits goes in now.
            let part = part.min(CAPACITY.0 - self.held.get());
            self.held.set(self.held.get() + part);
            left -= part;
            self.wake_readers(os, me).await;
        }
        if self.held.get() < CAPACITY.0 {
            wake_one(os, me, &self.writers).await;
        }
    }

    /// `read(2)`, blocking: waits until there is something, then takes at most `bytes` of it. Says how many.
    pub async fn read(&self, os: &Os, me: ThreadId, bytes: Bytes) -> Bytes {
        os.compute(me, os.costs().pipe.read).await;
        while self.held.get() == 0 {
            self.readers.borrow_mut().push_back(me);
            os.block(me, self.readable).await;
        }
        let part = bytes.0.min(self.held.get());
        self.held.set(self.held.get() - part);
        os.compute(me, self.copy(os, part)).await;
        wake_one(os, me, &self.writers).await;
        if self.held.get() > 0 {
            self.wake_readers(os, me).await;
        }
        Bytes(part)
    }

    /// `poll(2)`, blocking: waits until there is something to read, and takes nothing.
    pub async fn wait_until_readable(&self, os: &Os, me: ThreadId) {
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

    fn copy(&self, os: &Os, bytes: u64) -> Nanos {
        os.costs().pipe.copy.time(Bytes(bytes))
    }
}

fn wake_one<'a>(os: &'a Os, me: ThreadId, waiting: &RefCell<VecDeque<ThreadId>>) -> Wakeup<'a> {
    let next = os.pop_living(waiting);
    os.futex_wake_on_credit(me, next)
}
