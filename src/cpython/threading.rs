//! Locks and threads: `Modules/_threadmodule.c`, `Lib/threading.py`.

use std::future::Future;
use std::rc::Rc;

use super::thread_state::ThreadState;
use crate::os::{Activity, Os, Semaphore, ThreadId, ThreadSpec};

/// `threading.Lock`: a semaphore of one unit (`PyThread_allocate_lock` in `Python/thread_pthread.h`).
pub struct Lock {
    semaphore: Semaphore,
}

impl Lock {
    /// An open lock, called `name` in reports.
    pub fn new(os: &Os, name: &str) -> Self {
        Self {
            semaphore: Semaphore::lock(os, name),
        }
    }

    /// A lock that is held from the start and released by another thread: a signal that is given once.
    pub fn held(os: &Os, name: &str) -> Self {
        Self {
            semaphore: Semaphore::new(os, name, 0),
        }
    }

    /// Says that `thread` will release it.
    fn promise(&self, thread: ThreadId) {
        self.semaphore.promise(thread);
    }

    /// `acquire_timed`: tries first without giving up the interpreter lock, then waits without it.
    pub async fn acquire(&self, me: &ThreadState) {
        if !self.semaphore.try_wait(me.id) {
            me.allow_threads(self.semaphore.wait(me.os(), me.id)).await;
        }
    }

    /// `acquire(blocking=False)`
    pub fn try_acquire(&self, me: &ThreadState) -> bool {
        self.semaphore.try_wait(me.id)
    }

    /// `release`
    pub async fn release(&self, me: &ThreadState) {
        self.semaphore.post(me.os(), me.id).await;
    }
}

/// `threading.Thread`, started.
pub struct Thread {
    /// What the operating system calls it.
    pub id: ThreadId,
    /// `_tstate_lock`: released when the thread is over.
    ended: Rc<Lock>,
}

impl Thread {
    /// `Thread(...)` and `start()`: waits for `_started`, which the child sets once it has the interpreter lock.
    ///
    /// `run` is given the child's thread state and runs with the lock held.
    pub async fn start<F: Future<Output = ()> + 'static>(
        me: &ThreadState,
        name: &str,
        foreground: bool,
        run: impl FnOnce(ThreadState) -> F + 'static,
    ) -> Self {
        let os = me.os();
        me.bytecode(os.costs().thread.create).await;
        let started = Rc::new(Lock::held(os, "a new thread to start"));
        let ended = Rc::new(Lock::held(os, &format!("{name} to end")));
        os.map(me.interpreter.process, os.costs().memory.thread);
        let spec = ThreadSpec {
            name: name.into(),
            foreground,
            activity: Activity::Starting,
        };
        let interpreter = me.interpreter.clone();
        let (has_started, has_ended) = (started.clone(), ended.clone());
        let id = os.spawn(spec, move |id| async move {
            // _bootstrap_inner
            let me = ThreadState { interpreter, id };
            me.attach().await;
            me.bytecode(me.os().costs().thread.bootstrap).await;
            has_started.release(&me).await;
            me.enter(Activity::Running);
            run(me.clone()).await;
            me.bytecode(me.os().costs().thread.finish).await;
            has_ended.release(&me).await;
            me.os()
                .unmap(me.interpreter.process, me.os().costs().memory.thread);
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
