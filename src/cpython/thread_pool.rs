//! `ThreadPoolExecutor`: `Lib/concurrent/futures/thread.py`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::future::Future;
use super::simple_queue::SimpleQueue;
use super::thread_state::ThreadState;
use super::threading::Thread;
use super::{Call, FuturesExecutor};
use crate::os::{Activity, Os, ThreadId};
use crate::scenario::Version;

/// Threads that take calls from one queue. Started as calls come in, never more than `max_workers`.
pub struct ThreadPoolExecutor<C, I> {
    shared: Rc<Shared<C, I>>,
    max_workers: usize,
    threads: RefCell<Vec<Thread>>,
}

/// What the workers see of their executor.
struct Shared<C, I> {
    work_queue: SimpleQueue<Option<WorkItem<C>>>,
    /// `_idle_semaphore`: workers that wait for work and have not been counted on yet.
    idle: Cell<usize>,
    initializer: I,
}

struct WorkItem<C> {
    call: C,
    future: Rc<Future>,
}

impl<C: Call, I: Call> ThreadPoolExecutor<C, I> {
    /// `ThreadPoolExecutor(max_workers, initializer=...)`
    pub fn new(os: &Os, max_workers: u32, initializer: I) -> Self {
        let work_queue = SimpleQueue::new(os, "work for a pool thread");
        Self {
            shared: Rc::new(Shared {
                work_queue,
                idle: Cell::new(0),
                initializer,
            }),
            max_workers: max_workers as usize,
            threads: RefCell::default(),
        }
    }

    /// The workers' threads so far.
    pub fn workers(&self) -> Vec<ThreadId> {
        self.threads.borrow().iter().map(|thread| thread.id).collect()
    }

    /// `_adjust_thread_count`
    async fn adjust_thread_count(&self, me: &ThreadState) {
        if self.shared.idle.get() > 0 {
            self.shared.idle.set(self.shared.idle.get() - 1);
            return;
        }
        let count = self.threads.borrow().len();
        if count < self.max_workers {
            let shared = self.shared.clone();
            let name = format!("pool thread {count}");
            let thread =
                Thread::start(me, &name, true, move |me| async move { shared.worker(&me).await }).await;
            self.threads.borrow_mut().push(thread);
        }
    }
}

impl<C: Call, I: Call> FuturesExecutor<C> for ThreadPoolExecutor<C, I> {
    async fn submit(&self, me: &ThreadState, call: C, future: Rc<Future>) {
        me.busy_with(Activity::Ipc, me.bytecode(me.os().costs().thread_pool.submit))
            .await;
        self.shared
            .work_queue
            .put(me, Some(WorkItem { call, future }))
            .await;
        self.adjust_thread_count(me).await;
    }

    async fn shutdown(&self, me: &ThreadState) {
        self.shared.work_queue.put(me, None).await;
        let threads = self.threads.take();
        for thread in threads {
            thread.join(me).await;
        }
    }
}

impl<C: Call, I: Call> Shared<C, I> {
    /// `_worker`
    async fn worker(&self, me: &ThreadState) {
        me.busy_with(Activity::Starting, self.initializer.run(me)).await;
        let costs = &me.os().costs().thread_pool;
        // From 3.12 a worker counts itself idle only after it has found the queue empty.
        let counts_when_empty = me.interpreter.python.version >= Version::release(3, 12);
        loop {
            let item = match self.work_queue.get_nowait() {
                Some(item) => item,
                None => {
                    if counts_when_empty {
                        self.idle.set(self.idle.get() + 1);
                    }
                    self.work_queue.get(me).await
                }
            };
            let Some(WorkItem { call, future }) = item else {
                break;
            };
            me.busy_with(Activity::Ipc, me.bytecode(costs.take)).await;
            call.run(me).await;
            future.set_result(me, costs.set_result).await;
            if !counts_when_empty {
                self.idle.set(self.idle.get() + 1);
            }
        }
        // Exiting: the next worker is to see it, too.
        self.work_queue.put(me, None).await;
    }
}
