//! CPython's concurrency: the interpreter lock, threads, start methods, pickling, queues, pools, executors.
//!
//! Each module names the file of CPython that it mirrors and reads in that file's order, so that the two can be
//! laid side by side. Costs come from the profile; what follows from them is not written down anywhere here.

pub mod asyncio;
mod channel;
mod condition;
mod connection;
mod future;
mod garbage_collector;
mod gil;
mod interpreter_lock;
mod interpreter_pool;
mod managers;
mod parking_lot;
mod pickle;
mod pool;
mod process;
mod process_pool;
mod py_mutex;
mod queue;
mod queues;
mod resource_tracker;
mod shared_memory;
mod shared_objects;
mod simple_queue;
mod stop_the_world;
mod synchronize;
mod thread_pool;
mod thread_state;
mod threading;
mod ticker_lock;

pub use channel::{Channel, Channels, SharedEnd};
pub use future::Future;
pub use gil::{Gil, LockEvent, LockStep};
pub use interpreter_lock::InterpreterLock;
pub use interpreter_pool::InterpreterContext;
pub use pool::{ApplyResult, Callback, Pool, default_chunksize};
pub use process::{Launcher, Process};
pub use process_pool::{BrokenProcessPool, ProcessPoolExecutor};
pub use py_mutex::PyMutex;
pub use queues::{SemLock, SharedSimpleQueue};
pub use shared_memory::SharedMemory;
pub use simple_queue::SimpleQueue;
pub use thread_pool::{ThreadContext, ThreadPoolExecutor, WorkerContext};
pub use thread_state::{Interpreter, ThreadState};
pub use threading::{Lock, Thread};
pub use ticker_lock::TickerLock;

use crate::model::Payload;

/// Something that an executor is asked to do: a work item.
pub trait Call: Clone + 'static {
    /// What travels to a worker process with the call.
    fn arguments(&self) -> Vec<Payload>;

    /// What travels back.
    fn results(&self) -> Vec<Payload>;

    /// Does it, on the thread given.
    fn run(&self, thread: &ThreadState) -> impl std::future::Future<Output = ()>;
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
        future: std::rc::Rc<Future>,
    ) -> impl std::future::Future<Output = Result<(), BrokenProcessPool>>;

    /// `Executor.shutdown(wait=True)`
    fn shutdown(&self, caller: &ThreadState) -> impl std::future::Future<Output = ()>;
}
