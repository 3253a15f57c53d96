//! `concurrent.futures`: each file mirrors the file of the same name in `Lib/concurrent/futures/`.

pub(crate) mod base;
mod interpreter;
mod process;
mod thread;

pub use base::{BrokenProcessPool, Future, FuturesExecutor};
pub use interpreter::InterpreterContext;
pub use process::ProcessPoolExecutor;
pub use thread::{ThreadContext, ThreadPoolExecutor, WorkerContext};
