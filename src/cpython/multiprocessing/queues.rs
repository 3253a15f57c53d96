//! Queues between processes: `Lib/multiprocessing/queues.py`.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::connection::{Connection, Message};
use super::synchronize::{SemLock, SharedCondition};
use crate::cpython::interpreter::pystate::ThreadState;
use crate::cpython::pickle::Wrapping;
use crate::cpython::threading::{Lock, Thread};
use crate::model::Payload;
use crate::os::{Activity, Os, ProcessId, ThreadId};
use crate::units::Nanos;

/// `SEM_VALUE_MAX` of Linux: the number of places in a queue without a `maxsize`.
const UNBOUNDED: u64 = 2_147_483_647;

/// How objects are pickled for a queue, and the CPU time of its bytecode.
#[derive(Clone, Copy)]
struct Traffic {
    wrapping: Wrapping,
    put: Nanos,
    feed: Nanos,
    get: Nanos,
}

/// `multiprocessing.Queue(maxsize)`: a pipe, and a feeder thread in each sending process that writes to it.
pub(crate) struct SharedQueue<T> {
    connection: Connection<Message<T>>,
    /// `_sem`: the number of free places.
    places: SemLock,
    rlock: SemLock,
    wlock: SemLock,
    traffic: Traffic,
    /// The feeder of each process that has put an object. A child process starts without one (`_after_fork`,
    /// `__setstate__`).
    feeders: RefCell<BTreeMap<ProcessId, Rc<Feeder<T>>>>,
}

/// The buffer of a sending process, and the thread that empties it.
struct Feeder<T> {
    /// `_buffer`. `None` tells the thread to end.
    buffer: RefCell<VecDeque<Option<Message<T>>>>,
    /// `_notempty`: the lock on which the thread sleeps while the buffer is empty.
    notempty: RefCell<Option<Rc<Lock>>>,
    thread: RefCell<Option<Thread>>,
    started: Cell<bool>,
}

impl<T> Feeder<T> {
    fn new() -> Rc<Self> {
        Rc::new(Self {
            buffer: RefCell::default(),
            notempty: RefCell::default(),
            thread: RefCell::default(),
            started: Cell::new(false),
        })
    }
}

impl<T: 'static> SharedQueue<T> {
    /// An empty queue of `maxsize` places for the calls of an executor, whose costs include the bytecode of `put` and
    /// `get`. Deadlock reports call the queue `name`.
    pub(crate) fn new(me: &ThreadState, name: &str, maxsize: u64) -> Rc<Self> {
        let traffic = Traffic {
            wrapping: Wrapping::Call,
            put: Nanos::ZERO,
            feed: me.costs().process_pool.feed,
            get: Nanos::ZERO,
        };
        Self::of(me.os(), name, maxsize, traffic)
    }

    /// `Queue()` for the objects of a program. It is never full. Deadlock reports call it `name`.
    pub(crate) fn unbounded(me: &ThreadState, name: &str) -> Rc<Self> {
        let costs = &me.costs().queue;
        let traffic = Traffic {
            wrapping: Wrapping::Object,
            put: costs.put,
            feed: costs.feed,
            get: costs.get,
        };
        Self::of(me.os(), name, UNBOUNDED, traffic)
    }

    fn of(os: &Os, name: &str, maxsize: u64, traffic: Traffic) -> Rc<Self> {
        Rc::new(Self {
            connection: Connection::new(os, name),
            places: SemLock::semaphore(os, &format!("a free place in {name}"), maxsize),
            rlock: SemLock::lock(os, &format!("the reading end of {name}")),
            wlock: SemLock::lock(os, &format!("the writing end of {name}")),
            traffic,
            feeders: RefCell::default(),
        })
    }

    /// `full`
    pub(crate) fn is_full(&self) -> bool {
        self.places.is_zero()
    }

    /// `put`: hands the object to the feeder thread, which the first call in each process starts.
    pub(crate) async fn put(self: &Rc<Self>, me: &ThreadState, content: T, payloads: Vec<Payload>) {
        self.bytecode(me, self.traffic.put).await;
        self.places.acquire(me).await;
        self.hand_to_feeder(me, Some(Message { content, payloads })).await;
    }

    /// `get`: receives with the lock held, and frees the place and unpickles after it has released the lock.
    pub(crate) async fn get(&self, me: &ThreadState) -> T {
        self.bytecode(me, self.traffic.get).await;
        me.busy_with(Activity::Idle, self.rlock.acquire(me)).await;
        let message = self.connection.recv_bytes(me).await;
        self.rlock.release(me).await;
        self.places.release(me).await;
        me.loads_in(self.traffic.wrapping, &message.payloads).await;
        message.content
    }

    /// `close` and `join_thread`, which a process also calls at its exit: waits until its feeder has sent everything.
    pub(crate) async fn close(self: &Rc<Self>, me: &ThreadState) {
        let feeder = self.feeder_of(me);
        if feeder.started.get() {
            self.hand_to_feeder(me, None).await;
            let thread = feeder.thread.take();
            if let Some(thread) = thread {
                thread.join(me).await;
            }
        }
    }

    /// The threads of the feeders so far, in the order of their processes.
    pub(crate) fn feeder_threads(&self) -> Vec<ThreadId> {
        let feeders = self.feeders.borrow();
        let threads = feeders
            .values()
            .filter_map(|feeder| feeder.thread.borrow().as_ref().map(|thread| thread.id));
        threads.collect()
    }

    /// `_reader.close()` when the other processes that had the reader are dead: from now on all writes fail.
    pub(crate) async fn close_reader(&self, me: &ThreadState) {
        self.connection.pipe().close_reader(me.os(), me.id).await;
    }

    fn feeder_of(&self, me: &ThreadState) -> Rc<Feeder<T>> {
        let mut feeders = self.feeders.borrow_mut();
        feeders
            .entry(me.interpreter.process)
            .or_insert_with(Feeder::new)
            .clone()
    }

    /// Appends to the buffer and notifies the feeder thread, after it has been started (`_start_thread`).
    async fn hand_to_feeder(self: &Rc<Self>, me: &ThreadState, message: Option<Message<T>>) {
        let feeder = self.feeder_of(me);
        if !feeder.started.replace(true) {
            let (queue, feeding) = (self.clone(), feeder.clone());
            let thread = Thread::start(me, "queue feeder", true, move |me| async move {
                queue.feed(&me, &feeding).await
            });
            let thread = thread.await;
            *feeder.thread.borrow_mut() = Some(thread);
        }
        feeder.buffer.borrow_mut().push_back(message);
        let sleeping = feeder.notempty.take();
        if let Some(lock) = sleeping {
            lock.release(me).await;
        }
    }

    /// `_feed`: pickles and sends, with the interpreter lock of the sending process, long after `put` has returned.
    async fn feed(&self, me: &ThreadState, feeder: &Feeder<T>) {
        loop {
            let message = feeder.buffer.borrow_mut().pop_front();
            let Some(message) = message else {
                let lock = Rc::new(Lock::held(me, "something to feed into a queue"));
                *feeder.notempty.borrow_mut() = Some(lock.clone());
                me.busy_with(Activity::Idle, lock.acquire(me)).await;
                continue;
            };
            let Some(message) = message else { break };
            self.bytecode(me, self.traffic.feed).await;
            me.dumps_in(self.traffic.wrapping, &message.payloads).await;
            let length = me.pickled_size_in(self.traffic.wrapping, &message.payloads);
            self.wlock.acquire(me).await;
            self.connection.send_bytes(me, message, length).await;
            self.wlock.release(me).await;
        }
    }

    async fn bytecode(&self, me: &ThreadState, time: Nanos) {
        if time > Nanos::ZERO {
            me.busy_with(Activity::Ipc, me.bytecode(time)).await;
        }
    }
}

/// `multiprocessing.JoinableQueue`: a queue that counts unfinished tasks.
pub(crate) struct JoinableQueue<T> {
    queue: Rc<SharedQueue<T>>,
    /// `_unfinished_tasks`
    unfinished: SemLock,
    /// `_cond`, which each `put` and each `task_done` takes, in every process.
    condition: SharedCondition,
}

impl<T: 'static> JoinableQueue<T> {
    /// `JoinableQueue()`: an empty queue. Deadlock reports call it `name`.
    pub(crate) fn new(me: &ThreadState, name: &str) -> Self {
        let os = me.os();
        Self {
            queue: SharedQueue::unbounded(me, name),
            unfinished: SemLock::semaphore(os, &format!("an unfinished task of {name}"), 0),
            condition: SharedCondition::new(os, &format!("all tasks of {name} to be done")),
        }
    }

    /// `put`
    pub(crate) async fn put(&self, me: &ThreadState, content: T, payloads: Vec<Payload>) {
        let costs = &me.costs().queue;
        let queue = &self.queue;
        queue.bytecode(me, costs.put + costs.count).await;
        queue.places.acquire(me).await;
        me.busy_with(Activity::Ipc, self.condition.acquire(me)).await;
        queue
            .hand_to_feeder(me, Some(Message { content, payloads }))
            .await;
        self.unfinished.release(me).await;
        self.condition.release(me).await;
    }

    /// `task_done`
    pub(crate) async fn task_done(&self, me: &ThreadState) {
        let doing = async {
            me.bytecode(me.costs().queue.task_done).await;
            self.condition.acquire(me).await;
            self.unfinished.try_acquire(me);
            if self.unfinished.is_zero() {
                self.condition.notify_all(me).await;
            }
            self.condition.release(me).await;
        };
        me.busy_with(Activity::Ipc, doing).await;
    }

    /// `join`: waits until `task_done` has been called for every object.
    pub(crate) async fn join(&self, me: &ThreadState) {
        self.condition.acquire(me).await;
        if !self.unfinished.is_zero() {
            self.condition.wait(me).await;
        }
        self.condition.release(me).await;
    }

    /// `get`
    pub(crate) async fn get(&self, me: &ThreadState) -> T {
        self.queue.get(me).await
    }

    /// See [`SharedQueue::close`].
    pub(crate) async fn close(&self, me: &ThreadState) {
        self.queue.close(me).await;
    }

    /// See [`SharedQueue::feeder_threads`].
    pub(crate) fn feeder_threads(&self) -> Vec<ThreadId> {
        self.queue.feeder_threads()
    }
}

/// `multiprocessing.SimpleQueue`: a pipe and two locks.
pub(crate) struct SharedSimpleQueue<T> {
    pub(crate) connection: Connection<Message<T>>,
    rlock: SemLock,
    wlock: SemLock,
    wrapping: Wrapping,
}

impl<T> SharedSimpleQueue<T> {
    /// An empty queue for the calls and results of an executor. Deadlock reports call it `name`.
    pub(crate) fn new(os: &Os, name: &str) -> Self {
        Self::of(os, name, Wrapping::Call)
    }

    /// An empty queue for objects that are wrapped in the given way. Deadlock reports call it `name`.
    pub(crate) fn of(os: &Os, name: &str, wrapping: Wrapping) -> Self {
        Self {
            connection: Connection::new(os, name),
            rlock: SemLock::lock(os, &format!("the reading end of {name}")),
            wlock: SemLock::lock(os, &format!("the writing end of {name}")),
            wrapping,
        }
    }

    /// `get`: receives with the lock held, and unpickles after it has released the lock.
    pub(crate) async fn get(&self, me: &ThreadState) -> T {
        me.busy_with(Activity::Idle, self.rlock.acquire(me)).await;
        let message = self.connection.recv_bytes(me).await;
        self.rlock.release(me).await;
        me.loads_in(self.wrapping, &message.payloads).await;
        message.content
    }

    /// `put`: pickles before it takes the lock, and sends with the lock held.
    pub(crate) async fn put(&self, me: &ThreadState, content: T, payloads: Vec<Payload>) {
        me.dumps_in(self.wrapping, &payloads).await;
        let length = me.pickled_size_in(self.wrapping, &payloads);
        me.busy_with(Activity::Ipc, self.wlock.acquire(me)).await;
        self.connection
            .send_bytes(me, Message { content, payloads }, length)
            .await;
        self.wlock.release(me).await;
    }

    /// `_reader.recv`: `get` without the lock, for an only reader.
    pub(crate) async fn recv(&self, me: &ThreadState) -> T {
        self.connection.recv(me, self.wrapping).await
    }

    /// `_writer.send`: `put` without the lock, for an only writer.
    pub(crate) async fn send(&self, me: &ThreadState, content: T, payloads: Vec<Payload>) {
        self.connection.send(me, self.wrapping, content, payloads).await;
    }
}
