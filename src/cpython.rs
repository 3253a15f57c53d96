//! CPython's concurrency: the interpreter lock, threads, start methods, pickling, queues, pools, executors.
//!
//! Each module names the file of CPython that it mirrors, and after its constructors its functions stand in the order of
//! that file, so that the two can be compared side by side. All costs come from the profile. Nothing here writes down
//! what follows from them.
//!
//! | module | mirrors |
//! |---|---|
//! | `interpreter` | `Python/`: the interpreter lock, thread states, the eval breaker |
//! | `pickle` | `Modules/_pickle.c` |
//! | `threading`, `queue` | `Lib/threading.py`, `Lib/queue.py`, and the C modules below them |
//! | `multiprocessing` | `Lib/multiprocessing/` |
//! | `concurrent_futures` | `Lib/concurrent/futures/` |
//! | [`asyncio`] | `Lib/asyncio/` |

pub mod asyncio;
mod call;
mod concurrent_futures;
mod interpreter;
mod multiprocessing;
mod pickle;
mod queue;
mod threading;

#[cfg(feature = "internals")]
pub use interpreter::{Gil, InterpreterLock, LockEvent, LockStep, PyMutex, TickerLock};
pub use interpreter::{Interpreter, ThreadState};
pub use multiprocessing::default_chunksize;
pub use queue::SimpleQueue;
pub use threading::Thread;

pub(crate) use call::Call;
pub(crate) use concurrent_futures::{
    BrokenProcessPool, Future, FuturesExecutor, InterpreterContext, ProcessPoolExecutor, ThreadContext,
    ThreadPoolExecutor, WorkerContext,
};
pub(crate) use multiprocessing::{
    ApplyResult, Callback, Channel, Channels, Launcher, Pool, Process, SemLock, SharedEnd, SharedMemory,
    SharedSimpleQueue,
};
pub(crate) use threading::Lock;
