//! CPython's concurrency: the interpreter lock, threads, start methods, pickling, queues, pools, executors.
//!
//! Each module names the file of CPython that it mirrors and reads in that file's order, so that the two can be
//! laid side by side. Costs come from the profile; what follows from them is not written down anywhere here.

pub mod asyncio;
mod call;
mod concurrent_futures;
mod interpreter;
mod multiprocessing;
mod pickle;
mod queue;
mod threading;

pub use call::Call;
pub use concurrent_futures::{
    BrokenProcessPool, Future, FuturesExecutor, InterpreterContext, ProcessPoolExecutor, ThreadContext,
    ThreadPoolExecutor, WorkerContext,
};
pub use interpreter::{
    Gil, Interpreter, InterpreterLock, LockEvent, LockStep, PyMutex, ThreadState, TickerLock,
};
pub use multiprocessing::{
    ApplyResult, Callback, Channel, Channels, Launcher, Pool, Process, SemLock, SharedEnd, SharedMemory,
    SharedSimpleQueue, default_chunksize,
};
pub use queue::SimpleQueue;
pub use threading::{Lock, Thread};
