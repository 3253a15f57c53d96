//! `ThreadPoolExecutor`: `Lib/concurrent/futures/thread.py` of 3.14.
//!
//! The context of the workers decides where calls run: in the worker itself, or in an interpreter of its own, which makes
//! it an [`InterpreterPoolExecutor`](super::interpreter).

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::base::{BrokenProcessPool, Future, FuturesExecutor};
use crate::cpython::call::Call;
use crate::cpython::interpreter::pystate::ThreadState;
use crate::cpython::queue::SimpleQueue;
use crate::cpython::threading::{Lock, Thread};
use crate::model::Version;
use crate::os::{Activity, ThreadId};

/// `WorkerContext`: where the calls of a worker run.
pub(crate) trait WorkerContext<C>: 'static {
    /// The state of one worker.
    type Worker;

    /// `initialize`: prepares a new worker and runs the executor's initializer.
    fn initialize(&self, me: &ThreadState, number: usize) -> impl std::future::Future<Output = Self::Worker>;

    /// `run`: runs a call.
    fn run(&self, me: &ThreadState, worker: &Self::Worker, call: &C)
    -> impl std::future::Future<Output = ()>;

    /// `finalize`: the worker ends.
    fn finalize(&self, me: &ThreadState, worker: Self::Worker) -> impl std::future::Future<Output = ()>;
}

/// `WorkerContext` of a thread pool: calls run in the worker itself. It holds the executor's initializer.
pub(crate) struct ThreadContext<I>(pub(crate) I);

impl<C: Call, I: Call> WorkerContext<C> for ThreadContext<I> {
    type Worker = ();

    async fn initialize(&self, me: &ThreadState, _: usize) {
        me.busy_with(Activity::Starting, self.0.run(me)).await;
    }

    async fn run(&self, me: &ThreadState, (): &(), call: &C) {
        call.run(me).await;
    }

    async fn finalize(&self, _: &ThreadState, (): ()) {}
}

/// `_WorkItem`
struct WorkItem<C> {
    call: C,
    future: Rc<Future>,
}

/// The part of an executor that its workers use.
struct Shared<C, X> {
    work_queue: SimpleQueue<Option<WorkItem<C>>>,
    /// `_idle_semaphore`: the number of workers that wait for work and that no `submit` has relied on yet.
    idle: IdleSemaphore,
    context: X,
}

impl<C: Call, X: WorkerContext<C>> Shared<C, X> {
    /// `_worker`
    async fn worker(&self, me: &ThreadState, number: usize) {
        let worker = self.context.initialize(me, number).await;
        let costs = &me.costs().thread_pool;
        // From 3.12 on a worker counts itself as idle only after it has found the queue empty.
        let counts_when_empty = me.interpreter.python.version >= Version::release(3, 12);
        loop {
            let item = match self.work_queue.get_nowait(me).await {
                Some(item) => item,
                None => {
                    if counts_when_empty {
                        me.busy_with(Activity::Ipc, self.idle.release(me)).await;
                    }
                    self.work_queue.get(me).await
                }
            };
            let Some(WorkItem { call, future }) = item else {
                break;
            };
            me.busy_with(Activity::Ipc, me.bytecode(costs.take)).await;
            self.context.run(me, &worker, &call).await;
            future.set_result(me, costs.set_result).await;
            if !counts_when_empty {
                me.busy_with(Activity::Ipc, self.idle.release(me)).await;
            }
        }
        // The executor is shutting down: notify the next worker.
        self.work_queue.put(me, None).await;
        self.context.finalize(me, worker).await;
    }
}

/// `ThreadPoolExecutor`: at most `max_workers` threads, started as calls come in, that take calls from one queue.
pub(crate) struct ThreadPoolExecutor<C, X> {
    shared: Rc<Shared<C, X>>,
    max_workers: usize,
    threads: RefCell<Vec<Thread>>,
}

impl<C: Call, X: WorkerContext<C>> ThreadPoolExecutor<C, X> {
    /// `ThreadPoolExecutor(max_workers, initializer=...)` or `InterpreterPoolExecutor(...)`, depending on `context`.
    pub(crate) fn new(me: &ThreadState, max_workers: u32, context: X) -> Self {
        let work_queue = SimpleQueue::new(me, "work for a pool thread");
        Self {
            shared: Rc::new(Shared {
                work_queue,
                idle: IdleSemaphore::new(me),
                context,
            }),
            max_workers: max_workers as usize,
            threads: RefCell::default(),
        }
    }

    /// The threads of all workers so far.
    pub(crate) fn workers(&self) -> Vec<ThreadId> {
        self.threads.borrow().iter().map(|thread| thread.id).collect()
    }

    /// `_adjust_thread_count`
    async fn adjust_thread_count(&self, me: &ThreadState) {
        if me
            .busy_with(Activity::Ipc, self.shared.idle.try_acquire(me))
            .await
        {
            return;
        }
        let count = self.threads.borrow().len();
        if count < self.max_workers {
            let shared = self.shared.clone();
            let name = format!("pool thread {count}");
            let thread = Thread::start(me, &name, true, move |me| async move {
                shared.worker(&me, count).await
            })
            .await;
            self.threads.borrow_mut().push(thread);
        }
    }
}

impl<C: Call, X: WorkerContext<C>> FuturesExecutor<C> for ThreadPoolExecutor<C, X> {
    async fn submit(&self, me: &ThreadState, call: C, future: Rc<Future>) -> Result<(), BrokenProcessPool> {
        me.busy_with(Activity::Ipc, me.bytecode(me.costs().thread_pool.submit))
            .await;
        self.shared
            .work_queue
            .put(me, Some(WorkItem { call, future }))
            .await;
        self.adjust_thread_count(me).await;
        Ok(())
    }

    async fn shutdown(&self, me: &ThreadState) {
        self.shared.work_queue.put(me, None).await;
        let threads = self.threads.take();
        for thread in threads {
            thread.join(me).await;
        }
    }
}

/// `_idle_semaphore`, a `threading.Semaphore` that no thread waits for: a count, protected by the lock of its condition.
///
/// A convoy forms when a worker drops the interpreter lock on request while it holds this lock:
/// 1. The next worker blocks here and therefore releases the interpreter lock.
/// 2. It gets this lock, and holds it while it waits for the interpreter lock again.
/// 3. So the worker after it blocks here too. From now on the workers take turns with every item, and each sleeps until
///    another one wakes it. This lasts until by chance no worker waits.
///
/// It happens up to 3.11, where a worker takes this lock after each item. Measured with CPython 3.11 on two CPUs: two of
/// three runs of 10 000 items of 50 us are in a convoy. They take 1.0-1.4 s instead of 0.65 s, with 10 000-20 000
/// voluntary context switches instead of 400.
struct IdleSemaphore {
    lock: Lock,
    count: Cell<usize>,
}

impl IdleSemaphore {
    fn new(me: &ThreadState) -> Self {
        Self {
            lock: Lock::new(
                me.os(),
                me.interpreter.python.version,
                "the count of idle pool threads",
            ),
            count: Cell::new(0),
        }
    }

    /// `release()`
    async fn release(&self, me: &ThreadState) {
        self.lock.acquire(me).await;
        me.bytecode(me.costs().thread_pool.idle_release).await;
        self.count.set(self.count.get() + 1);
        self.lock.release(me).await;
    }

    /// `acquire(timeout=0)`: returns whether there was an idle worker.
    async fn try_acquire(&self, me: &ThreadState) -> bool {
        self.lock.acquire(me).await;
        me.bytecode(me.costs().thread_pool.idle_acquire).await;
        let count = self.count.get();
        self.count.set(count.saturating_sub(1));
        self.lock.release(me).await;
        count > 0
    }
}
