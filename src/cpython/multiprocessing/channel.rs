//! The channels through which processes without an executor can exchange data: every pipe and queue of
//! `multiprocessing`, behind one interface. No file of CPython has this.
//!
//! The queues have locks of their own. A connection is for one thread at each end. If several processes share an end, the
//! program holds a `multiprocessing.Lock` during `recv` or `send`, and therefore also while it pickles and unpickles.

use std::rc::Rc;

use super::connection::{Connection, Message};
use super::context::Launcher;
use super::managers::{Manager, QueueProxy};
use super::queues::{JoinableQueue, SharedQueue, SharedSimpleQueue};
use super::synchronize::SemLock;
use crate::cpython::interpreter::pystate::ThreadState;
use crate::cpython::pickle::Wrapping;
use crate::model::{ChannelKind, Payload};
use crate::os::{Activity, ByteStream, Os, Pipe, ThreadId, UnixSocket};

/// One direction between processes.
pub(crate) enum Channel<T> {
    /// `Pipe(duplex=False)`
    Pipe(SharedConnection<T, Pipe>),
    /// One direction of `Pipe()`.
    SocketPair(SharedConnection<T, UnixSocket>),
    /// `SimpleQueue()`
    SimpleQueue(SharedSimpleQueue<T>),
    /// `Queue()`
    Queue(Rc<SharedQueue<T>>),
    /// `JoinableQueue()`
    JoinableQueue(JoinableQueue<T>),
    /// `Manager().Queue()`
    Manager(QueueProxy<T>),
}

/// The end of a channel that several processes share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SharedEnd {
    /// Neither end.
    Neither,
    /// The end for reading.
    Reading,
    /// The end for writing.
    Writing,
}

/// Makes channels of one kind.
pub(crate) struct Channels<T> {
    kind: ChannelKind,
    /// The manager, if the kind has one.
    manager: Option<Rc<Manager<T>>>,
}

impl<T: 'static> Channels<T> {
    /// Starts the manager, if the kind has one.
    pub(crate) async fn new(me: &ThreadState, kind: ChannelKind, launcher: &Launcher) -> Self {
        let manager = match kind {
            ChannelKind::Manager => Some(Manager::start(me, launcher).await),
            _ => None,
        };
        Self { kind, manager }
    }

    /// An empty channel. Deadlock reports call it `name`.
    pub(crate) async fn channel(&self, me: &ThreadState, name: &str, shared: SharedEnd) -> Channel<T> {
        let os = me.os();
        match self.kind {
            ChannelKind::Pipe => Channel::Pipe(SharedConnection::new(os, name, shared)),
            ChannelKind::SocketPair => Channel::SocketPair(SharedConnection::new(os, name, shared)),
            ChannelKind::SimpleQueue => {
                Channel::SimpleQueue(SharedSimpleQueue::of(os, name, Wrapping::Object))
            }
            ChannelKind::Queue => Channel::Queue(SharedQueue::unbounded(me, name)),
            ChannelKind::JoinableQueue => Channel::JoinableQueue(JoinableQueue::new(me, name)),
            ChannelKind::Manager => {
                let manager = self.manager.as_ref().expect("it was started for this kind");
                Channel::Manager(manager.queue(me, name).await)
            }
        }
    }

    /// Stops the manager, if there is one.
    pub(crate) async fn shutdown(&self, me: &ThreadState) {
        if let Some(manager) = &self.manager {
            manager.shutdown(me).await;
        }
    }
}

impl<T: 'static> Channel<T> {
    /// `put` or `send`
    pub(crate) async fn put(&self, me: &ThreadState, content: T, payloads: Vec<Payload>) {
        match self {
            Self::Pipe(connection) => connection.send(me, content, payloads).await,
            Self::SocketPair(connection) => connection.send(me, content, payloads).await,
            Self::SimpleQueue(queue) => {
                let cost = me.costs().queue.simple_put;
                me.busy_with(Activity::Ipc, me.bytecode(cost)).await;
                queue.put(me, content, payloads).await;
            }
            Self::Queue(queue) => queue.put(me, content, payloads).await,
            Self::JoinableQueue(queue) => queue.put(me, content, payloads).await,
            Self::Manager(queue) => queue.put(me, content, payloads).await,
        }
    }

    /// `get` or `recv`
    pub(crate) async fn get(&self, me: &ThreadState) -> T {
        match self {
            Self::Pipe(connection) => connection.recv(me).await,
            Self::SocketPair(connection) => connection.recv(me).await,
            Self::SimpleQueue(queue) => {
                let cost = me.costs().queue.simple_get;
                me.busy_with(Activity::Ipc, me.bytecode(cost)).await;
                queue.get(me).await
            }
            Self::Queue(queue) => queue.get(me).await,
            Self::JoinableQueue(queue) => queue.get(me).await,
            Self::Manager(queue) => queue.get(me).await,
        }
    }

    /// `task_done`, if the channel has it.
    pub(crate) async fn task_done(&self, me: &ThreadState) {
        if let Self::JoinableQueue(queue) = self {
            queue.task_done(me).await;
        }
    }

    /// `join`, if the channel has it: waits until `task_done` has been called for every object. Returns whether the
    /// channel has it.
    pub(crate) async fn join(&self, me: &ThreadState) -> bool {
        match self {
            Self::JoinableQueue(queue) => {
                queue.join(me).await;
                true
            }
            _ => false,
        }
    }

    /// What a new process does with it before its first task.
    pub(crate) async fn inherit(&self, me: &ThreadState) {
        if let Self::Manager(queue) = self {
            queue.after_fork(me).await;
        }
    }

    /// What a process does with it before it exits: it waits for its feeder.
    pub(crate) async fn close(&self, me: &ThreadState) {
        match self {
            Self::Queue(queue) => queue.close(me).await,
            Self::JoinableQueue(queue) => queue.close(me).await,
            Self::Manager(queue) => queue.close(me).await,
            Self::Pipe(_) | Self::SocketPair(_) | Self::SimpleQueue(_) => {}
        }
    }

    /// The threads of its feeders so far, in the order of their processes.
    pub(crate) fn feeder_threads(&self) -> Vec<ThreadId> {
        match self {
            Self::Queue(queue) => queue.feeder_threads(),
            Self::JoinableQueue(queue) => queue.feeder_threads(),
            _ => Vec::new(),
        }
    }
}

/// A connection, and a lock for the end that several processes share.
pub(crate) struct SharedConnection<T, S> {
    connection: Connection<Message<T>, S>,
    rlock: Option<SemLock>,
    wlock: Option<SemLock>,
}

impl<T, S: ByteStream> SharedConnection<T, S> {
    fn new(os: &Os, name: &str, shared: SharedEnd) -> Self {
        let lock = |end: SharedEnd, of: &str| {
            (shared == end).then(|| SemLock::lock(os, &format!("{of} end of {name}")))
        };
        Self {
            connection: Connection::new(os, name),
            rlock: lock(SharedEnd::Reading, "the reading"),
            wlock: lock(SharedEnd::Writing, "the writing"),
        }
    }

    /// `with lock: connection.send(object)`
    async fn send(&self, me: &ThreadState, content: T, payloads: Vec<Payload>) {
        if let Some(lock) = &self.wlock {
            me.busy_with(Activity::Ipc, lock.acquire(me)).await;
        }
        self.connection
            .send(me, Wrapping::Object, content, payloads)
            .await;
        if let Some(lock) = &self.wlock {
            lock.release(me).await;
        }
    }

    /// `with lock: object = connection.recv()`
    async fn recv(&self, me: &ThreadState) -> T {
        if let Some(lock) = &self.rlock {
            me.busy_with(Activity::Idle, lock.acquire(me)).await;
        }
        let content = self.connection.recv(me, Wrapping::Object).await;
        if let Some(lock) = &self.rlock {
            lock.release(me).await;
        }
        content
    }
}
