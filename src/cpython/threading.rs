//! Locks, conditions, events and threads: `Lib/threading.py`, `Modules/_threadmodule.c`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::rc::Rc;

use crate::cpython::interpreter::py_mutex::PyMutex;
use crate::cpython::interpreter::pystate::ThreadState;
use crate::model::Version;
use crate::os::{Activity, Os, Semaphore, ThreadId, ThreadSpec};

/// The first release whose locks are a `PyMutex` (3.13.1; those of 3.13.0 are still semaphores).
const PY_MUTEX_FROM: Version = Version::release(3, 13);

/// `threading.Lock`. A lock that is held from the start and that another thread releases is a signal that is given once.
pub enum Lock {
    /// Up to 3.12: a semaphore of one unit (`PyThread_allocate_lock` in `Python/thread_pthread.h`).
    Semaphore(Semaphore),
    /// From 3.13 on: `lock_PyThread_acquire_lock` calls `_PyMutex_LockTimed`.
    Mutex(PyMutex),
    /// From 3.13 on, for signals that the interpreter itself waits for: a `PyEvent`, which does not spin.
    Event(PyMutex),
}

impl Lock {
    /// A free lock, as `version` has it. Deadlock reports call it `name`.
    pub fn new(os: &Os, version: Version, name: &str) -> Self {
        if version >= PY_MUTEX_FROM {
            Self::Mutex(PyMutex::new(os, name))
        } else {
            Self::Semaphore(Semaphore::lock(os, name))
        }
    }

    /// A lock that is held from the start and that Python code waits for.
    pub fn held(me: &ThreadState, name: &str) -> Self {
        if me.interpreter.python.version >= PY_MUTEX_FROM {
            Self::Mutex(PyMutex::held(me.os(), name))
        } else {
            Self::Semaphore(Semaphore::new(me.os(), name, 0))
        }
    }

    /// A lock that is held from the start and that the interpreter itself waits for.
    pub fn event(me: &ThreadState, name: &str) -> Self {
        if me.interpreter.python.version >= PY_MUTEX_FROM {
            Self::Event(PyMutex::held(me.os(), name))
        } else {
            Self::held(me, name)
        }
    }

    /// Declares that `thread` will release it.
    fn promise(&self, thread: ThreadId) {
        match self {
            Self::Semaphore(semaphore) => semaphore.promise(thread),
            Self::Mutex(mutex) | Self::Event(mutex) => mutex.promise(thread),
        }
    }

    /// `acquire`: tries first with the interpreter lock held, then waits without it.
    pub async fn acquire(&self, me: &ThreadState) {
        match self {
            Self::Semaphore(semaphore) => {
                if !semaphore.try_wait(me.id) {
                    me.allow_threads(semaphore.wait(me.os(), me.id)).await;
                }
            }
            Self::Mutex(mutex) => mutex.lock(me).await,
            Self::Event(mutex) => mutex.lock_spinning(me, 0).await,
        }
    }

    /// `release`
    pub async fn release(&self, me: &ThreadState) {
        match self {
            Self::Semaphore(semaphore) => semaphore.post(me.os(), me.id).await,
            Self::Mutex(mutex) | Self::Event(mutex) => mutex.unlock(me.os(), me.id).await,
        }
    }
}

/// `threading.Condition(Lock())`: a lock, and one more lock for each waiter.
pub struct Condition {
    lock: Lock,
    waiters: RefCell<VecDeque<Rc<Lock>>>,
    /// What its waiters wait for, in deadlock reports.
    name: Rc<str>,
}

impl Condition {
    /// A free condition without waiters. Deadlock reports say that its waiters wait for `name`.
    pub fn new(me: &ThreadState, name: &str) -> Self {
        Self {
            lock: Lock::new(
                me.os(),
                me.interpreter.python.version,
                &format!("the lock around {name}"),
            ),
            waiters: RefCell::default(),
            name: name.into(),
        }
    }

    /// `__enter__`
    pub async fn acquire(&self, me: &ThreadState) {
        self.lock.acquire(me).await;
    }

    /// `__exit__`
    pub async fn release(&self, me: &ThreadState) {
        self.lock.release(me).await;
    }

    /// `wait()`, with the condition held: releases it, sleeps on a lock of its own, and takes it again.
    pub async fn wait(&self, me: &ThreadState) {
        let waiter = Rc::new(Lock::held(me, &self.name));
        self.waiters.borrow_mut().push_back(waiter.clone());
        self.release(me).await;
        me.busy_with(Activity::Idle, waiter.acquire(me)).await;
        self.acquire(me).await;
    }

    /// `notify()`, with the condition held: wakes the thread that has waited longest.
    pub async fn notify(&self, me: &ThreadState) {
        let waiter = self.waiters.borrow_mut().pop_front();
        if let Some(waiter) = waiter {
            waiter.release(me).await;
        }
    }

    /// `notify_all()`, with the condition held.
    pub async fn notify_all(&self, me: &ThreadState) {
        let waiters = self.waiters.take();
        for waiter in waiters {
            waiter.release(me).await;
        }
    }
}

/// `threading.Event`
pub struct Event {
    condition: Condition,
    flag: Cell<bool>,
}

impl Event {
    /// An event that is not set. Deadlock reports say that its waiters wait for `name`.
    pub fn new(me: &ThreadState, name: &str) -> Self {
        Self {
            condition: Condition::new(me, name),
            flag: Cell::new(false),
        }
    }

    /// `set()`
    pub async fn set(&self, me: &ThreadState) {
        self.condition.acquire(me).await;
        self.flag.set(true);
        self.condition.notify_all(me).await;
        self.condition.release(me).await;
    }

    /// `wait()`
    pub async fn wait(&self, me: &ThreadState) {
        self.condition.acquire(me).await;
        if !self.flag.get() {
            self.condition.wait(me).await;
        }
        self.condition.release(me).await;
    }
}

/// `threading.Thread`, started.
pub struct Thread {
    /// Its id in the operating system.
    pub id: ThreadId,
    /// `_tstate_lock`, from 3.13 on `thread_is_exiting`: released when the thread ends.
    ended: Rc<Lock>,
}

impl Thread {
    /// `Thread(...)` and `start()`: waits for `_started`, which the new thread sets once it has the interpreter lock.
    ///
    /// `run` is given the thread state of the new thread and runs with the interpreter lock held.
    pub async fn start<F: Future<Output = ()> + 'static>(
        me: &ThreadState,
        name: &str,
        foreground: bool,
        run: impl FnOnce(ThreadState) -> F + 'static,
    ) -> Self {
        let os = me.os();
        me.bytecode(me.costs().thread.create).await;
        let started = Rc::new(Lock::held(me, "a new thread to start"));
        let ended = Rc::new(Lock::event(me, &format!("{name} to end")));
        os.map(me.interpreter.process, me.costs().memory.thread);
        let spec = ThreadSpec {
            name: name.into(),
            process: Some(me.interpreter.process),
            foreground,
            activity: Activity::Starting,
        };
        let interpreter = me.interpreter.clone();
        let (has_started, has_ended) = (started.clone(), ended.clone());
        let id = os.spawn(spec, move |id| async move {
            // _bootstrap_inner
            let me = ThreadState { interpreter, id };
            me.attach().await;
            me.bytecode(me.costs().thread.bootstrap).await;
            has_started.release(&me).await;
            me.enter(Activity::Running);
            run(me.clone()).await;
            me.bytecode(me.costs().thread.finish).await;
            me.os().unmap(me.interpreter.process, me.costs().memory.thread);
            has_ended.release(&me).await;
            me.interpreter.lock.detach_for_good(me.os(), me.id).await;
        });
        started.promise(id);
        ended.promise(id);
        me.busy_with(Activity::Starting, started.acquire(me)).await;
        Self { id, ended }
    }

    /// `join()`
    pub async fn join(&self, me: &ThreadState) {
        me.busy_with(Activity::Idle, self.ended.acquire(me)).await;
    }
}
