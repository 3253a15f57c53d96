//! The common base of all executors: `Lib/concurrent/futures/_base.py`.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;

use crate::cpython::call::Call;
use crate::cpython::interpreter::pystate::ThreadState;
use crate::cpython::queue::SimpleQueue;
use crate::cpython::threading::Lock;
use crate::os::Activity;
use crate::units::Nanos;

/// `Future`: the result of a call, now or later.
#[derive(Default)]
pub(crate) struct Future {
    done: Cell<bool>,
    /// `_exception`
    exception: Cell<Option<BrokenProcessPool>>,
    /// The threads that wait in `result`. `threading.Condition` has a lock for each.
    waiters: RefCell<Vec<Rc<Lock>>>,
    /// `add_done_callback(queue.put)`
    done_queue: Option<(Rc<SimpleQueue<usize>>, usize)>,
    /// `_done_callbacks`
    done_callbacks: RefCell<Vec<DoneCallback>>,
}

/// A callback, which is called with the thread that calls it.
pub(crate) type DoneCallback = Box<dyn FnOnce(ThreadState) -> Pin<Box<dyn std::future::Future<Output = ()>>>>;

impl Future {
    /// A future without callbacks.
    pub(crate) fn new() -> Rc<Self> {
        Rc::default()
    }

    /// A future that puts `number` into `queue` once it is done, in the thread that sets the result.
    pub(crate) fn announced_in(queue: &Rc<SimpleQueue<usize>>, number: usize) -> Rc<Self> {
        Rc::new(Self {
            done_queue: Some((queue.clone(), number)),
            ..Self::default()
        })
    }

    /// `add_done_callback(callback)`: calls it at once if the future is done. Otherwise the thread that sets the result
    /// calls it.
    pub(crate) async fn add_done_callback(&self, me: &ThreadState, callback: DoneCallback) {
        if self.done.get() {
            callback(me.clone()).await;
        } else {
            self.done_callbacks.borrow_mut().push(callback);
        }
    }

    /// `result()`, whose bytecode takes `cost`.
    ///
    /// # Errors
    /// The exception that the call raised.
    pub(crate) async fn result(&self, me: &ThreadState, cost: Nanos) -> Result<(), BrokenProcessPool> {
        me.busy_with(Activity::Ipc, me.bytecode(cost)).await;
        if !self.done.get() {
            let waiter = Rc::new(Lock::held(me, "a future's result"));
            self.waiters.borrow_mut().push(waiter.clone());
            me.busy_with(Activity::Idle, waiter.acquire(me)).await;
        }
        self.exception.get().map_or(Ok(()), Err)
    }

    /// `exception()` of a future that is done.
    pub(crate) fn exception(&self) -> Option<BrokenProcessPool> {
        self.exception.get()
    }

    /// `set_result(...)`, whose bytecode takes `cost`.
    pub(crate) async fn set_result(&self, me: &ThreadState, cost: Nanos) {
        me.busy_with(Activity::Ipc, me.bytecode(cost)).await;
        self.finish(me).await;
    }

    /// `set_exception(...)`, whose bytecode takes `cost`.
    pub(crate) async fn set_exception(&self, me: &ThreadState, exception: BrokenProcessPool, cost: Nanos) {
        me.busy_with(Activity::Ipc, me.bytecode(cost)).await;
        self.exception.set(Some(exception));
        self.finish(me).await;
    }

    /// Wakes all waiters and calls all callbacks: `_invoke_callbacks`.
    async fn finish(&self, me: &ThreadState) {
        self.done.set(true);
        let waiters = self.waiters.take();
        for waiter in waiters {
            waiter.release(me).await;
        }
        if let Some((queue, number)) = &self.done_queue {
            queue.put(me, *number).await;
        }
        let callbacks = self.done_callbacks.take();
        for callback in callbacks {
            callback(me.clone()).await;
        }
    }
}

/// `Executor`
pub(crate) trait FuturesExecutor<C: Call> {
    /// `Executor.submit`
    ///
    /// # Errors
    /// If the workers are processes and one of them has died.
    fn submit(
        &self,
        caller: &ThreadState,
        call: C,
        future: Rc<Future>,
    ) -> impl std::future::Future<Output = Result<(), BrokenProcessPool>>;

    /// `Executor.shutdown(wait=True)`
    fn shutdown(&self, caller: &ThreadState) -> impl std::future::Future<Output = ()>;
}

/// `BrokenProcessPool` of `process.py`, the only `BrokenExecutor` that is modelled: a worker has died, and the executor
/// cannot be used any more. `Future.result` and `submit` raise it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "BrokenProcessPool: A process in the process pool was terminated abruptly while the future was running or pending."
)]
pub(crate) struct BrokenProcessPool;
