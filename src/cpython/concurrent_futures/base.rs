//! What all executors of `concurrent.futures` have in common: `Lib/concurrent/futures/_base.py`.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;

use crate::cpython::call::Call;
use crate::cpython::interpreter::pystate::ThreadState;
use crate::cpython::queue::SimpleQueue;
use crate::cpython::threading::Lock;
use crate::os::Activity;
use crate::units::Nanos;

/// A result that will be there.
#[derive(Default)]
pub struct Future {
    done: Cell<bool>,
    /// `_exception`
    exception: Cell<Option<BrokenProcessPool>>,
    /// Those who wait in `result`: `threading.Condition` gives each a lock of its own.
    waiters: RefCell<Vec<Rc<Lock>>>,
    /// `add_done_callback(queue.put)`
    done_queue: Option<(Rc<SimpleQueue<usize>>, usize)>,
    /// `_done_callbacks`
    done_callbacks: RefCell<Vec<DoneCallback>>,
}

/// What is called once a result is there, by the thread that it is given.
pub type DoneCallback = Box<dyn FnOnce(ThreadState) -> Pin<Box<dyn std::future::Future<Output = ()>>>>;

impl Future {
    /// A future that nobody is told of.
    pub fn new() -> Rc<Self> {
        Rc::default()
    }

    /// A future that puts `number` into `queue` once it is done, from whichever thread sets the result.
    pub fn announced_in(queue: &Rc<SimpleQueue<usize>>, number: usize) -> Rc<Self> {
        Rc::new(Self {
            done_queue: Some((queue.clone(), number)),
            ..Self::default()
        })
    }

    /// `result()`, whose bytecode takes `cost`.
    ///
    /// # Errors
    /// The exception that the call ended with.
    pub async fn result(&self, me: &ThreadState, cost: Nanos) -> Result<(), BrokenProcessPool> {
        me.busy_with(Activity::Ipc, me.bytecode(cost)).await;
        if !self.done.get() {
            let waiter = Rc::new(Lock::held(me, "a future's result"));
            self.waiters.borrow_mut().push(waiter.clone());
            me.busy_with(Activity::Idle, waiter.acquire(me)).await;
        }
        self.exception.get().map_or(Ok(()), Err)
    }

    /// `exception()` of a future that is done.
    pub fn exception(&self) -> Option<BrokenProcessPool> {
        self.exception.get()
    }

    /// `add_done_callback(callback)`: called at once if the result is there, else by whoever sets it.
    pub async fn add_done_callback(&self, me: &ThreadState, callback: DoneCallback) {
        if self.done.get() {
            callback(me.clone()).await;
        } else {
            self.done_callbacks.borrow_mut().push(callback);
        }
    }

    /// `set_result(...)`, whose bytecode takes `cost`.
    pub async fn set_result(&self, me: &ThreadState, cost: Nanos) {
        me.busy_with(Activity::Ipc, me.bytecode(cost)).await;
        self.finish(me).await;
    }

    /// `set_exception(...)`, whose bytecode takes `cost`.
    pub async fn set_exception(&self, me: &ThreadState, exception: BrokenProcessPool, cost: Nanos) {
        me.busy_with(Activity::Ipc, me.bytecode(cost)).await;
        self.exception.set(Some(exception));
        self.finish(me).await;
    }

    /// Tells all who wait.
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

/// What both executors of `concurrent.futures` can do.
pub trait FuturesExecutor<C: Call> {
    /// `Executor.submit`
    ///
    /// # Errors
    /// Where the workers are processes and one of them has died.
    fn submit(
        &self,
        caller: &ThreadState,
        call: C,
        future: Rc<Future>,
    ) -> impl std::future::Future<Output = Result<(), BrokenProcessPool>>;

    /// `Executor.shutdown(wait=True)`
    fn shutdown(&self, caller: &ThreadState) -> impl std::future::Future<Output = ()>;
}

/// `BrokenProcessPool`: a worker died, and with it the executor. Raised by `Future.result` and by `submit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "BrokenProcessPool: A process in the process pool was terminated abruptly while the future was running or pending."
)]
pub struct BrokenProcessPool;
