//! `concurrent.futures`: each file mirrors the file of the same name in `Lib/concurrent/futures/`.

pub(crate) mod base;
mod interpreter;
mod process;
mod thread;

pub(crate) use base::{BrokenProcessPool, Future, FuturesExecutor};
pub(crate) use interpreter::InterpreterContext;
pub(crate) use process::ProcessPoolExecutor;
pub(crate) use thread::{ThreadContext, ThreadPoolExecutor, WorkerContext};
