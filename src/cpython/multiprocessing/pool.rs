//! `multiprocessing.Pool`: `Lib/multiprocessing/pool.py`.
//!
//! ```text
//!  caller --task queue--> task handler --inqueue, a pipe--> workers
//!     ^                                                        |
//!     +--- set -------- result handler <--outqueue, a pipe-----+
//!                       worker handler: replaces workers that have exited
//! ```
//! The caller and the handlers are threads of the parent and share its interpreter lock.

mod results;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::connection;
use super::context::Launcher;
use super::process::Process;
use super::queues::SharedSimpleQueue;
use crate::cpython::call::Call;
use crate::cpython::interpreter::pystate::ThreadState;
use crate::cpython::queue::SimpleQueue;
use crate::cpython::threading::Thread;
use crate::model::Version;
use crate::os::{Activity, Pipe, ThreadId};
use crate::units::Nanos;

use results::PoolCache;
pub(crate) use results::{ApplyResult, Callback, IMapIterator, MapResult};

/// `time.sleep(0.1)`: how often the worker handler checks the workers before 3.8.
const CHECK_INTERVAL: Nanos = Nanos::from_millis(100);

/// The number of results that the result handler reads at most to make room, once all jobs are done.
const MAKE_ROOM: u32 = 10;

/// The task pipe, the result pipe and the change notifier.
const PIPES: u32 = 3;

/// `Pool`: worker processes, and the threads of the parent that keep them busy.
pub(crate) struct Pool<C, I> {
    shared: Rc<Shared<C, I>>,
    worker_handler: Thread,
    task_handler: Thread,
    result_handler: Thread,
}

/// The part of a pool that its caller, its handlers and its workers use.
struct Shared<C, I> {
    processes: usize,
    launcher: Launcher,
    initializer: I,
    maxtasksperchild: Option<u64>,
    inqueue: SharedSimpleQueue<Option<Task<C>>>,
    outqueue: SharedSimpleQueue<Option<TaskResult>>,
    taskqueue: SimpleQueue<Option<TaskSequence<C>>>,
    cache: PoolCache,
    /// `job_counter`
    jobs: Cell<u64>,
    /// `_pool`
    pool: RefCell<Vec<Rc<Process>>>,
    /// `_worker_handler._state != RUN`
    closed: Cell<bool>,
}

/// What the caller hands to the task handler.
struct TaskSequence<C> {
    job: u64,
    calls: Vec<C>,
    /// Whose `_set_length` is called, if the caller takes the results one by one.
    iterator: Option<Rc<IMapIterator>>,
}

/// One task: a chunk of items for `map` and its like, a single call for `apply_async`.
struct Task<C> {
    /// The `ApplyResult`, `MapResult` or `IMapIterator` that it belongs to.
    job: u64,
    /// Its place in it.
    index: u64,
    /// The call to run.
    call: C,
}

/// What a worker sends back.
#[derive(Clone, Copy)]
struct TaskResult {
    /// As in the task.
    job: u64,
    /// As in the task.
    index: u64,
}

impl<C: Call, I: Call> Shared<C, I> {
    /// `worker`: runs tasks until there are no more, or until it has run `maxtasks`.
    async fn work(&self, me: &ThreadState) {
        me.busy_with(Activity::Starting, self.initializer.run(me)).await;
        let mut completed = 0;
        while self.maxtasksperchild.is_none_or(|most| completed < most) {
            let Some(task) = self.inqueue.get(me).await else {
                break;
            };
            let Task { job, index, call } = task;
            me.busy_with(Activity::Ipc, me.bytecode(me.costs().pool.call))
                .await;
            call.run(me).await;
            self.outqueue
                .put(me, Some(TaskResult { job, index }), call.results())
                .await;
            me.let_go(&call.results());
            me.let_go(&call.arguments());
            completed += 1;
        }
    }
}

impl<C: Call, I: Call> Pool<C, I> {
    /// `Pool(processes, initializer, maxtasksperchild=...)`: starts all workers, one after the other, and then the
    /// three handlers.
    pub(crate) async fn new(
        me: &ThreadState,
        processes: u32,
        launcher: Launcher,
        initializer: I,
        maxtasksperchild: Option<u64>,
    ) -> Self {
        let os = me.os();
        me.bytecode(me.costs().pool.build).await;
        connection::open_pipes(me, PIPES).await;
        let shared = Rc::new(Shared {
            processes: processes as usize,
            launcher,
            initializer,
            maxtasksperchild,
            inqueue: SharedSimpleQueue::new(os, "the task pipe"),
            outqueue: SharedSimpleQueue::new(os, "the result pipe"),
            taskqueue: SimpleQueue::new(me, "tasks to send"),
            cache: PoolCache::new(os),
            jobs: Cell::new(0),
            pool: RefCell::default(),
            closed: Cell::new(false),
        });
        shared.repopulate_pool(me).await;
        let (workers, tasks, results) = (shared.clone(), shared.clone(), shared.clone());
        let worker_handler = Thread::start(me, "handler of workers", true, move |me| async move {
            workers.handle_workers(&me).await
        });
        let worker_handler = worker_handler.await;
        let task_handler = Thread::start(me, "handler of tasks", true, move |me| async move {
            tasks.handle_tasks(&me).await
        });
        let task_handler = task_handler.await;
        let result_handler = Thread::start(me, "handler of results", true, move |me| async move {
            results.handle_results(&me).await
        });
        let result_handler = result_handler.await;
        Self {
            shared,
            worker_handler,
            task_handler,
            result_handler,
        }
    }

    /// The main threads of all workers so far.
    pub(crate) fn workers(&self) -> Vec<ThreadId> {
        self.shared.launcher.launched()
    }

    /// The helper threads of the parent.
    pub(crate) fn helpers(&self) -> Vec<ThreadId> {
        [&self.worker_handler, &self.task_handler, &self.result_handler]
            .map(|thread| thread.id)
            .to_vec()
    }
}

/// What the worker handler does.
impl<C: Call, I: Call> Shared<C, I> {
    /// `_join_exited_workers`: checks the exit code of every worker. Returns whether any has exited.
    async fn join_exited_workers(&self, me: &ThreadState) -> bool {
        let mut cleaned = false;
        let count = self.pool.borrow().len();
        for number in (0..count).rev() {
            let worker = self.pool.borrow()[number].clone();
            if worker.has_exited(me).await {
                worker.join(me).await;
                cleaned = true;
                self.pool.borrow_mut().remove(number);
            }
        }
        cleaned
    }

    /// `_repopulate_pool_static`: starts as many workers as are missing.
    async fn repopulate_pool(self: &Rc<Self>, me: &ThreadState) {
        let there = self.pool.borrow().len();
        for _ in there..self.processes {
            let number = self.launcher.launched().len();
            let shared = self.clone();
            let main = move |me: ThreadState| async move { shared.work(&me).await };
            let (name, modules) = (format!("worker {number}"), me.costs().pool.imports);
            let process = self.launcher.start(me, &name, true, modules, &[], main).await;
            self.pool.borrow_mut().push(Rc::new(process));
        }
    }

    /// `_maintain_pool`
    async fn maintain_pool(self: &Rc<Self>, me: &ThreadState) {
        if self.join_exited_workers(me).await {
            self.repopulate_pool(me).await;
        }
    }

    /// `_wait_for_updates`: waits until a worker has exited, a result can be read, or the change notifier has a message.
    /// While the result pipe is not empty, it does not wait at all.
    async fn wait_for_updates(&self, me: &ThreadState) {
        let notifier = &self.cache.notifier;
        let workers = self.pool.borrow().clone();
        me.bytecode(me.costs().process.sentinel * workers.len() as u64)
            .await;
        let sentinels = workers.iter().map(|worker| worker.sentinel().as_ref());
        let others = [self.outqueue.connection.pipe(), notifier.connection.pipe()];
        let pipes: Vec<&Pipe> = sentinels.chain(others).collect();
        connection::wait(me, &pipes).await;
        while notifier.connection.poll(me).await {
            notifier.get(me).await;
        }
    }
}

impl<C: Call, I: Call> Pool<C, I> {
    /// `imap` if `ordered`, else `imap_unordered`: gives the results one by one. Each call is an item or a chunk of items.
    pub(crate) async fn imap(&self, me: &ThreadState, calls: Vec<C>, ordered: bool) -> Rc<IMapIterator> {
        let shared = &self.shared;
        let job = shared.next_job(me).await;
        let iterator = IMapIterator::new(me, &shared.cache, job, ordered);
        shared.send_off(me, job, calls, Some(iterator.clone())).await;
        iterator
    }

    /// `apply_async`: a single call.
    pub(crate) async fn apply_async(
        &self,
        me: &ThreadState,
        call: C,
        callback: Option<Callback>,
    ) -> Rc<ApplyResult> {
        let shared = &self.shared;
        let job = shared.next_job(me).await;
        let result = ApplyResult::new(me, &shared.cache, job, callback);
        shared.send_off(me, job, vec![call], None).await;
        result
    }

    /// `map_async` and `starmap_async`: each call is a chunk of items.
    pub(crate) async fn map_async(&self, me: &ThreadState, chunks: Vec<C>) -> Rc<MapResult> {
        let shared = &self.shared;
        let job = shared.next_job(me).await;
        let result = MapResult::new(me, &shared.cache, job, chunks.len() as u64);
        shared.send_off(me, job, chunks, None).await;
        result
    }
}

impl<C: Call, I: Call> Shared<C, I> {
    /// The bytecode of `apply_async` and its like, and the next number of `job_counter`.
    async fn next_job(&self, me: &ThreadState) -> u64 {
        me.busy_with(Activity::Ipc, me.bytecode(me.costs().pool.apply))
            .await;
        self.jobs.replace(self.jobs.get() + 1)
    }

    /// `_taskqueue.put`: hands calls to the task handler.
    async fn send_off(&self, me: &ThreadState, job: u64, calls: Vec<C>, iterator: Option<Rc<IMapIterator>>) {
        let sequence = TaskSequence { job, calls, iterator };
        self.taskqueue.put(me, Some(sequence)).await;
    }
}

/// The chunksize that `_map_async` chooses by default: four chunks for each worker.
pub fn default_chunksize(items: u64, processes: u32) -> u64 {
    items.div_ceil(u64::from(processes) * 4)
}

/// The handlers, each in a thread of its own.
impl<C: Call, I: Call> Shared<C, I> {
    /// Whether the worker handler has to continue.
    fn must_handle_workers(&self) -> bool {
        !self.closed.get() || !self.cache.is_empty()
    }

    /// `_handle_workers`
    async fn handle_workers(self: &Rc<Self>, me: &ThreadState) {
        me.enter(Activity::Ipc);
        let polls = me.interpreter.python.version < Version::release(3, 8);
        let shared = Rc::downgrade(self);
        let something_to_do = me.os().add_sight("a worker to exit", move || {
            shared.upgrade().is_some_and(|shared| {
                !shared.must_handle_workers() || shared.pool.borrow().iter().any(|worker| worker.is_over())
            })
        });
        while self.must_handle_workers() {
            self.maintain_pool(me).await;
            if polls {
                let sleep = async {
                    me.os()
                        .sleep_between_looks(me.id, something_to_do, CHECK_INTERVAL)
                        .await;
                };
                me.busy_with(Activity::Idle, me.allow_threads(sleep)).await;
            } else {
                self.wait_for_updates(me).await;
            }
        }
        self.taskqueue.put(me, None).await;
    }

    /// `_handle_tasks`: only a full pipe makes it wait.
    async fn handle_tasks(&self, me: &ThreadState) {
        me.enter(Activity::Ipc);
        while let Some(sequence) = self.taskqueue.get(me).await {
            let TaskSequence { job, calls, iterator } = sequence;
            let length = calls.len() as u64;
            for (index, call) in (0..).zip(calls) {
                me.bytecode(me.costs().pool.task).await;
                let arguments = call.arguments();
                self.inqueue
                    .send(me, Some(Task { job, index, call }), arguments)
                    .await;
            }
            if let Some(iterator) = iterator {
                iterator.set_length(me, &self.cache, length).await;
            }
        }
        // Tells the result handler to finish once all jobs are done, and the workers to exit.
        self.outqueue.put(me, None, Vec::new()).await;
        let workers = self.pool.borrow().len();
        for _ in 0..workers {
            self.inqueue.send(me, None, Vec::new()).await;
        }
    }

    /// `_handle_results`
    async fn handle_results(&self, me: &ThreadState) {
        me.enter(Activity::Ipc);
        let mut is_told_to_finish = false;
        while !is_told_to_finish || !self.cache.is_empty() {
            match self.outqueue.recv(me).await {
                Some(TaskResult { job, index }) => self.cache.set(me, job, index).await,
                None => is_told_to_finish = true,
            }
        }
        for _ in 0..MAKE_ROOM {
            if !self.outqueue.connection.poll(me).await {
                break;
            }
            self.outqueue.recv(me).await;
        }
    }
}

impl<C: Call, I: Call> Pool<C, I> {
    /// `close()`: no more jobs.
    pub(crate) async fn close(&self, me: &ThreadState) {
        self.shared.closed.set(true);
        self.shared.cache.notifier.put(me, (), Vec::new()).await;
    }

    /// `join()`, after `close()`.
    pub(crate) async fn join(&self, me: &ThreadState) {
        self.worker_handler.join(me).await;
        self.task_handler.join(me).await;
        self.result_handler.join(me).await;
        let processes = self.shared.pool.take();
        for process in processes {
            process.join(me).await;
        }
    }
}
