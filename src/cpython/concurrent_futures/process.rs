//! `ProcessPoolExecutor`: `Lib/concurrent/futures/process.py`.
//!
//! ```text
//!  caller --work ids--> executor manager --buffer--> queue feeder --pipe, P+1 places--> workers
//!     ^                    |        ^                                                      |
//!     +---- set_result ----+        +-------------------- pipe --------------------------- +
//! ```
//! The caller, the manager and the feeder are threads of the parent and share its interpreter lock.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::base::{BrokenProcessPool, Future, FuturesExecutor};
use crate::cpython::call::Call;
use crate::cpython::interpreter::pystate::ThreadState;
use crate::cpython::multiprocessing::connection::{self, Connection};
use crate::cpython::multiprocessing::queues::{SharedQueue, SharedSimpleQueue};
use crate::cpython::multiprocessing::{Launcher, Process};
use crate::cpython::threading::{Lock, Thread};
use crate::model::{StartMethod, Version};
use crate::os::{Activity, Pipe, ThreadId};
use crate::units::Bytes;

/// `EXTRA_QUEUED_CALLS`: the number of calls in the call queue beyond one for each worker.
const EXTRA_QUEUED_CALLS: u64 = 1;

/// The call queue, the result queue and the wake-up pipe.
const PIPES: u32 = 3;

/// `ProcessPoolExecutor`: worker processes that take calls from one queue, and a manager thread that keeps it filled.
pub(crate) struct ProcessPoolExecutor<C, I> {
    shared: Rc<Shared<C, I>>,
    manager: RefCell<Option<Thread>>,
}

/// The part of an executor that its callers, its manager and its workers use.
struct Shared<C, I> {
    max_workers: usize,
    /// `_pending_work_items`
    pending: RefCell<BTreeMap<u64, WorkItem<C>>>,
    /// `_work_ids`
    work_ids: RefCell<VecDeque<u64>>,
    /// `_queue_count`
    submitted: Cell<u64>,
    call_queue: Rc<SharedQueue<Option<(u64, C)>>>,
    result_queue: Rc<SharedSimpleQueue<ResultItem>>,
    /// `_ThreadWakeup`
    wakeup: Connection<()>,
    /// `_shutdown_lock`, which protects the wake-up pipe.
    shutdown_lock: Lock,
    /// `_shutdown_thread`
    shutting_down: Cell<bool>,
    /// `_broken`
    broken: Cell<bool>,
    /// `_idle_worker_semaphore`
    idle: Cell<usize>,
    launcher: Launcher,
    /// `_processes`, in the order of their start.
    processes: RefCell<BTreeMap<ThreadId, Rc<Process>>>,
    max_tasks_per_child: Option<u64>,
    initializer: I,
}

/// `_WorkItem`
struct WorkItem<C> {
    call: C,
    future: Rc<Future>,
}

/// `_ResultItem`, which a worker sends back.
enum ResultItem {
    Done {
        id: u64,
        /// The worker, if it exits after this call because of `max_tasks_per_child`.
        exit_pid: Option<ThreadId>,
    },
    /// The worker exits because it was told to.
    Exit,
}

/// Why a wait of the manager ended.
enum Ready {
    /// A worker has sent something.
    Result(ResultItem),
    /// A thread has written to the wake-up pipe.
    Wakeup,
    /// A worker has ended, although it was not asked to.
    Broken,
}

/// The worker process.
impl<C: Call, I: Call> Shared<C, I> {
    /// `_process_worker`
    async fn work(&self, me: &ThreadState) {
        me.busy_with(Activity::Starting, self.initializer.run(me)).await;
        for number in 1.. {
            let Some((id, call)) = self.call_queue.get(me).await else {
                self.result_queue.put(me, ResultItem::Exit, Vec::new()).await;
                return;
            };
            let is_last = self.max_tasks_per_child.is_some_and(|most| number >= most);
            me.busy_with(Activity::Ipc, me.bytecode(me.costs().process_pool.call))
                .await;
            call.run(me).await;
            let exit_pid = is_last.then_some(me.id);
            self.result_queue
                .put(me, ResultItem::Done { id, exit_pid }, call.results())
                .await;
            me.let_go(&call.results());
            me.let_go(&call.arguments());
            if is_last {
                return;
            }
        }
    }
}

/// The executor manager: `_ExecutorManagerThread`.
impl<C: Call, I: Call> Shared<C, I> {
    /// `_ExecutorManagerThread.run`
    async fn manage(self: &Rc<Self>, me: &ThreadState) {
        me.enter(Activity::Ipc);
        loop {
            self.add_call_items_to_queue(me).await;
            match self.wait_result_broken_or_wakeup(me).await {
                Ready::Result(ResultItem::Done { id, exit_pid }) => {
                    self.process_result_item(me, id).await;
                    match exit_pid {
                        Some(pid) => self.replace_exited(me, pid).await,
                        None => self.idle.set(self.idle.get() + 1),
                    }
                }
                Ready::Result(ResultItem::Exit) | Ready::Wakeup => {}
                Ready::Broken => return self.terminate_broken(me).await,
            }
            if self.shutting_down.get() && self.pending.borrow().is_empty() {
                break;
            }
        }
        self.join_executor_internals(me).await;
    }

    /// The part of `run` for a worker that has exited after its last call: joins it and starts another one if needed.
    async fn replace_exited(self: &Rc<Self>, me: &ThreadState, pid: ThreadId) {
        let process = self.processes.borrow_mut().remove(&pid);
        if let Some(process) = process {
            process.join(me).await;
        }
        self.shutdown_lock.acquire(me).await;
        // gh-115634, fixed in the latest 3.13 and 3.14 (2026): a result that came while more calls were waiting counted
        // as an idle worker, so no other worker was started. In the end no worker was left.
        if me.interpreter.python.version >= Version::release(3, 13) {
            if self.processes.borrow().len() < self.max_workers {
                self.spawn_process(me).await;
            }
        } else {
            self.adjust_process_count(me).await;
        }
        self.shutdown_lock.release(me).await;
    }

    /// `add_call_item_to_queue`: fills the call queue.
    async fn add_call_items_to_queue(&self, me: &ThreadState) {
        while !self.call_queue.is_full() {
            let next = self.work_ids.borrow_mut().pop_front();
            let Some(id) = next else { return };
            me.bytecode(me.costs().process_pool.fill).await;
            let call = self.pending.borrow()[&id].call.clone();
            let arguments = call.arguments();
            self.call_queue.put(me, Some((id, call)), arguments).await;
        }
    }

    /// `wait_result_broken_or_wakeup`: receives at most one result, and empties the wake-up pipe.
    async fn wait_result_broken_or_wakeup(&self, me: &ThreadState) -> Ready {
        let results = &self.result_queue.connection;
        let workers: Vec<Rc<Process>> = self.processes.borrow().values().cloned().collect();
        let costs = me.costs();
        me.bytecode(costs.process_pool.wait + costs.process.sentinel * workers.len() as u64)
            .await;
        let sentinels = workers.iter().map(|worker| worker.sentinel().as_ref());
        let readers = [results.pipe(), self.wakeup.pipe()];
        let pipes: Vec<&Pipe> = readers.into_iter().chain(sentinels).collect();
        connection::wait(me, &pipes).await;
        let ready = if results.pipe().held() > Bytes::ZERO {
            let message = results.recv_bytes(me).await;
            me.loads(&message.payloads).await;
            Ready::Result(message.content)
        } else if self.wakeup.pipe().held() > Bytes::ZERO {
            Ready::Wakeup
        } else {
            Ready::Broken
        };
        // gh-105829: in 3.9 and 3.10 the pipe is emptied under the lock that `submit` holds while it writes to the pipe.
        // With the pipe full this is a deadlock.
        let version = me.interpreter.python.version;
        let locked = version >= Version::release(3, 9) && version < Version::release(3, 11);
        if locked {
            self.shutdown_lock.acquire(me).await;
        }
        while self.wakeup.poll(me).await {
            self.wakeup.recv_bytes(me).await;
        }
        if locked {
            self.shutdown_lock.release(me).await;
        }
        ready
    }

    /// `process_result_item`
    async fn process_result_item(&self, me: &ThreadState, id: u64) {
        let item = self
            .pending
            .borrow_mut()
            .remove(&id)
            .expect("each call has one result");
        item.future
            .set_result(me, me.costs().process_pool.set_result)
            .await;
    }

    /// `terminate_broken`: a worker has died. Every pending future gets an exception. The other workers are killed, because
    /// the queues and their locks may be in any state.
    async fn terminate_broken(&self, me: &ThreadState) {
        let costs = &me.costs().process_pool;
        let version = me.interpreter.python.version;
        let locked = version >= Version::release(3, 12);
        if locked {
            self.shutdown_lock.acquire(me).await;
        }
        self.broken.set(true);
        self.shutting_down.set(true);
        let pending = self.pending.take();
        for item in pending.into_values() {
            item.future
                .set_exception(me, BrokenProcessPool, costs.set_exception)
                .await;
        }
        let processes = self.processes.take();
        for process in processes.values() {
            process.terminate(me).await;
        }
        // gh-94777: in earlier releases a feeder that was writing into the full pipe never ended.
        if version >= Version::release(3, 11) {
            self.call_queue.close_reader(me).await;
        }
        self.call_queue.close(me).await;
        for process in processes.values() {
            process.join(me).await;
        }
        if locked {
            self.shutdown_lock.release(me).await;
        }
    }

    /// `shutdown_workers` and `join_executor_internals`: tells each worker to exit, and waits for it.
    async fn join_executor_internals(&self, me: &ThreadState) {
        let count = self.processes.borrow().len();
        for _ in 0..count {
            self.call_queue.put(me, None, Vec::new()).await;
        }
        self.call_queue.close(me).await;
        let processes = self.processes.take();
        for process in processes.into_values() {
            process.join(me).await;
        }
    }
}

impl<C: Call, I: Call> ProcessPoolExecutor<C, I> {
    /// `ProcessPoolExecutor(max_workers, mp_context, initializer, max_tasks_per_child=...)`
    pub(crate) async fn new(
        me: &ThreadState,
        max_workers: u32,
        launcher: Launcher,
        initializer: I,
        max_tasks_per_child: Option<u64>,
    ) -> Self {
        let os = me.os();
        me.bytecode(me.costs().process_pool.build).await;
        connection::open_pipes(me, PIPES).await;
        let shared = Shared {
            max_workers: max_workers as usize,
            pending: RefCell::default(),
            work_ids: RefCell::default(),
            submitted: Cell::new(0),
            call_queue: SharedQueue::new(me, "the call queue", u64::from(max_workers) + EXTRA_QUEUED_CALLS),
            result_queue: Rc::new(SharedSimpleQueue::new(os, "the result queue")),
            wakeup: Connection::new(os, "the wake-up pipe"),
            shutdown_lock: Lock::new(os, me.interpreter.python.version, "the executor's shutdown lock"),
            shutting_down: Cell::new(false),
            broken: Cell::new(false),
            idle: Cell::new(0),
            launcher,
            processes: RefCell::default(),
            max_tasks_per_child,
            initializer,
        };
        Self {
            shared: Rc::new(shared),
            manager: RefCell::default(),
        }
    }

    /// The main threads of all workers so far.
    pub(crate) fn workers(&self) -> Vec<ThreadId> {
        self.shared.launcher.launched()
    }

    /// The helper threads of the parent so far.
    pub(crate) fn helpers(&self) -> Vec<ThreadId> {
        let manager = self.manager.borrow().as_ref().map(|thread| thread.id);
        manager
            .into_iter()
            .chain(self.shared.call_queue.feeder_threads())
            .collect()
    }

    /// `_start_executor_manager_thread`: under fork it starts all workers first, because it must not fork once there are
    /// threads.
    async fn start_manager(&self, me: &ThreadState) {
        if self.manager.borrow().is_some() {
            return;
        }
        let shared = &self.shared;
        if shared.launcher.method() == StartMethod::Fork {
            while shared.processes.borrow().len() < shared.max_workers {
                shared.spawn_process(me).await;
            }
        }
        let shared = shared.clone();
        let manager = Thread::start(me, "executor manager", true, move |me| async move {
            shared.manage(&me).await
        });
        let manager = manager.await;
        *self.manager.borrow_mut() = Some(manager);
    }
}

/// Parts of the executor that the manager uses as well.
impl<C: Call, I: Call> Shared<C, I> {
    /// `_ThreadWakeup.wakeup`: sends an empty message.
    async fn wake_manager(&self, me: &ThreadState) {
        self.wakeup.send_bytes(me, (), Bytes::ZERO).await;
    }

    /// `_adjust_process_count`: starts one more worker unless one is idle.
    async fn adjust_process_count(self: &Rc<Self>, me: &ThreadState) {
        if self.idle.get() > 0 {
            self.idle.set(self.idle.get() - 1);
        } else if self.processes.borrow().len() < self.max_workers {
            self.spawn_process(me).await;
        }
    }

    /// `_spawn_process`
    async fn spawn_process(self: &Rc<Self>, me: &ThreadState) {
        let number = self.launcher.launched().len();
        let shared = self.clone();
        let main = move |me: ThreadState| async move { shared.work(&me).await };
        let (name, modules) = (format!("worker {number}"), me.costs().process_pool.imports);
        let process = self.launcher.start(me, &name, true, modules, &[], main).await;
        self.processes.borrow_mut().insert(process.id, Rc::new(process));
    }
}

impl<C: Call, I: Call> FuturesExecutor<C> for ProcessPoolExecutor<C, I> {
    async fn submit(&self, me: &ThreadState, call: C, future: Rc<Future>) -> Result<(), BrokenProcessPool> {
        let shared = &self.shared;
        let before = me.enter(Activity::Ipc);
        shared.shutdown_lock.acquire(me).await;
        if shared.broken.get() {
            shared.shutdown_lock.release(me).await;
            me.enter(before);
            return Err(BrokenProcessPool);
        }
        me.bytecode(me.costs().process_pool.submit).await;
        let id = shared.submitted.replace(shared.submitted.get() + 1);
        shared.pending.borrow_mut().insert(id, WorkItem { call, future });
        shared.work_ids.borrow_mut().push_back(id);
        shared.wake_manager(me).await;
        if shared.launcher.method() != StartMethod::Fork {
            shared.adjust_process_count(me).await;
        }
        self.start_manager(me).await;
        shared.shutdown_lock.release(me).await;
        me.enter(before);
        Ok(())
    }

    async fn shutdown(&self, me: &ThreadState) {
        let shared = &self.shared;
        shared.shutdown_lock.acquire(me).await;
        shared.shutting_down.set(true);
        shared.wake_manager(me).await;
        shared.shutdown_lock.release(me).await;
        let manager = self.manager.take();
        if let Some(manager) = manager {
            manager.join(me).await;
        }
    }
}
