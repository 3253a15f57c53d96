//! `concurrent.futures`: the files of `Lib/concurrent/futures/`, by their names there.

pub(crate) mod base;
mod interpreter;
mod process;
mod thread;

pub use base::{BrokenProcessPool, Future, FuturesExecutor};
pub use interpreter::InterpreterContext;
pub use process::ProcessPoolExecutor;
pub use thread::{ThreadContext, ThreadPoolExecutor, WorkerContext};
