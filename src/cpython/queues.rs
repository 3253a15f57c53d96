//! Queues between processes: `Lib/multiprocessing/queues.py`, `Modules/_multiprocessing/semaphore.c`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::connection::Connection;
use super::thread_state::ThreadState;
use super::threading::{Lock, Thread};
use crate::os::{Activity, Os, Semaphore};
use crate::scenario::Payload;

/// `multiprocessing.Lock`, `Semaphore`: a semaphore of the operating system that all processes see.
pub struct SemLock {
    semaphore: Semaphore,
}

impl SemLock {
    /// `Lock()`
    pub fn lock(os: &Os, name: &str) -> Self {
        Self {
            semaphore: Semaphore::lock(os, name),
        }
    }

    /// `Semaphore(units)`
    pub fn semaphore(os: &Os, name: &str, units: u64) -> Self {
        Self {
            semaphore: Semaphore::new(os, name, units),
        }
    }

    /// `acquire`: tries first without giving up the interpreter lock, then waits without it.
    pub async fn acquire(&self, me: &ThreadState) {
        if !self.semaphore.try_wait(me.id) {
            me.allow_threads(self.semaphore.wait(me.os(), me.id)).await;
        }
    }

    /// `release`
    pub async fn release(&self, me: &ThreadState) {
        self.semaphore.post(me.os(), me.id).await;
    }

    /// `_is_zero`
    pub fn is_zero(&self) -> bool {
        self.semaphore.units() == 0
    }
}

/// Something to send, with what it carries.
pub struct Message<T> {
    /// Read by the other side.
    pub content: T,
    /// Pickled on the way.
    pub payloads: Vec<Payload>,
}

/// `multiprocessing.SimpleQueue`: a pipe and two locks.
pub struct SharedSimpleQueue<T> {
    pub(super) connection: Connection<Message<T>>,
    rlock: SemLock,
    wlock: SemLock,
}

impl<T> SharedSimpleQueue<T> {
    /// An empty queue. Reports of a deadlock call it `name`.
    pub fn new(os: &Os, name: &str) -> Self {
        Self {
            connection: Connection::new(os, name),
            rlock: SemLock::lock(os, &format!("the reading end of {name}")),
            wlock: SemLock::lock(os, &format!("the writing end of {name}")),
        }
    }

    /// `get`: receives under the lock, unpickles after it.
    pub async fn get(&self, me: &ThreadState) -> T {
        me.busy_with(Activity::Idle, self.rlock.acquire(me)).await;
        let message = self.connection.recv_bytes(me).await;
        self.rlock.release(me).await;
        me.loads(&message.payloads).await;
        message.content
    }

    /// `put`: pickles before the lock, sends under it.
    pub async fn put(&self, me: &ThreadState, content: T, payloads: Vec<Payload>) {
        me.dumps(&payloads).await;
        let length = me.pickled_size(&payloads);
        me.busy_with(Activity::Ipc, self.wlock.acquire(me)).await;
        self.connection
            .send_bytes(me, Message { content, payloads }, length)
            .await;
        self.wlock.release(me).await;
    }

    /// `_reader.recv`: `get` of the only reader, who needs no lock.
    pub async fn recv(&self, me: &ThreadState) -> T {
        let message = self.connection.recv_bytes(me).await;
        me.loads(&message.payloads).await;
        message.content
    }

    /// `_writer.send`: `put` of the only writer, who needs no lock.
    pub async fn send(&self, me: &ThreadState, content: T, payloads: Vec<Payload>) {
        me.dumps(&payloads).await;
        let length = me.pickled_size(&payloads);
        self.connection
            .send_bytes(me, Message { content, payloads }, length)
            .await;
    }
}

/// `multiprocessing.Queue(maxsize)`: a pipe that a feeder thread of the sender writes to.
pub struct SharedQueue<T> {
    connection: Connection<Message<T>>,
    /// `_sem`: free places.
    places: SemLock,
    rlock: SemLock,
    wlock: SemLock,
    feeder: Feeder<T>,
}

/// The sender's buffer and the thread that empties it.
struct Feeder<T> {
    buffer: RefCell<VecDeque<Option<Message<T>>>>,
    /// The lock that the feeder sleeps on while the buffer is empty: `_notempty`.
    notempty: RefCell<Option<Rc<Lock>>>,
    thread: RefCell<Option<Thread>>,
    started: Cell<bool>,
}

impl<T: 'static> SharedQueue<T> {
    /// An empty queue of `maxsize` places. Reports of a deadlock call it `name`.
    pub fn new(os: &Os, name: &str, maxsize: u64) -> Rc<Self> {
        Rc::new(Self {
            connection: Connection::new(os, name),
            places: SemLock::semaphore(os, &format!("a free place in {name}"), maxsize),
            rlock: SemLock::lock(os, &format!("the reading end of {name}")),
            wlock: SemLock::lock(os, &format!("the writing end of {name}")),
            feeder: Feeder {
                buffer: RefCell::default(),
                notempty: RefCell::default(),
                thread: RefCell::default(),
                started: Cell::new(false),
            },
        })
    }

    /// `full`
    pub fn is_full(&self) -> bool {
        self.places.is_zero()
    }

    /// `put`: only hands the object to the feeder thread, which the first call starts.
    pub async fn put(self: &Rc<Self>, me: &ThreadState, content: T, payloads: Vec<Payload>) {
        self.places.acquire(me).await;
        self.hand_to_feeder(me, Some(Message { content, payloads })).await;
    }

    /// `close` and `join_thread`
    pub async fn close(self: &Rc<Self>, me: &ThreadState) {
        if self.feeder.started.get() {
            self.hand_to_feeder(me, None).await;
            let thread = self.feeder.thread.take();
            if let Some(thread) = thread {
                thread.join(me).await;
            }
        }
    }

    /// `_reader.close()`, when the other processes that had it are dead: whatever is written from now on is lost.
    pub async fn close_reader(&self, me: &ThreadState) {
        self.connection.pipe().close_reader(me.os(), me.id).await;
    }

    /// The feeder's thread, once it runs.
    pub fn feeder_thread(&self) -> Option<crate::os::ThreadId> {
        self.feeder.thread.borrow().as_ref().map(|thread| thread.id)
    }

    /// `get`: receives under the lock, frees the place, unpickles after the lock.
    pub async fn get(&self, me: &ThreadState) -> T {
        me.busy_with(Activity::Idle, self.rlock.acquire(me)).await;
        let message = self.connection.recv_bytes(me).await;
        self.places.release(me).await;
        self.rlock.release(me).await;
        me.loads(&message.payloads).await;
        message.content
    }

    async fn hand_to_feeder(self: &Rc<Self>, me: &ThreadState, message: Option<Message<T>>) {
        if !self.feeder.started.replace(true) {
            let queue = self.clone();
            let thread = Thread::start(me, "queue feeder", true, move |me| async move {
                queue.feed(&me).await
            });
            let thread = thread.await;
            *self.feeder.thread.borrow_mut() = Some(thread);
        }
        self.feeder.buffer.borrow_mut().push_back(message);
        let sleeping = self.feeder.notempty.take();
        if let Some(lock) = sleeping {
            lock.release(me).await;
        }
    }

    /// `_feed`: pickling happens here, under the sender's interpreter lock, and `put` has long returned.
    async fn feed(&self, me: &ThreadState) {
        loop {
            let message = self.feeder.buffer.borrow_mut().pop_front();
            let Some(message) = message else {
                let lock = Rc::new(Lock::held(me, "something to feed into a queue"));
                *self.feeder.notempty.borrow_mut() = Some(lock.clone());
                me.busy_with(Activity::Idle, lock.acquire(me)).await;
                continue;
            };
            let Some(message) = message else { break };
            me.busy_with(Activity::Ipc, me.bytecode(me.os().costs().process_pool.feed))
                .await;
            me.dumps(&message.payloads).await;
            let length = me.pickled_size(&message.payloads);
            self.wlock.acquire(me).await;
            self.connection.send_bytes(me, message, length).await;
            self.wlock.release(me).await;
        }
    }
}
