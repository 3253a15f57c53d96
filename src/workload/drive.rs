//! How a program drives each executor: it builds the executor, hands it the items, takes the results and shuts it down,
//! as a person would write it. One file for each executor, named like the one in `scenario/executor/` that says what
//! it is.

mod asyncio;
mod consumers;
mod futures;
mod interpreter_per_task;
mod interpreters;
mod loop_per_thread;
mod pool;
mod process_per_task;
mod processes;
mod sequential;
mod server;
mod thread_per_task;
mod threads;

use std::rc::Rc;

use super::World;
use crate::cpython::ThreadState;
use crate::scenario::Executor;

/// What the program's main thread does with an executor.
trait Drive {
    /// From before the executor is built until it is shut down. The makespan ends in between, where the function calls
    /// `record.finish`.
    async fn drive(&self, world: &Rc<World>, me: &ThreadState);
}

/// Drives the executor of a configuration.
pub(super) async fn drive(executor: &Executor, world: &Rc<World>, me: &ThreadState) {
    match executor {
        Executor::Sequential(own) => own.drive(world, me).await,
        Executor::Threads(own) => own.drive(world, me).await,
        Executor::Processes(own) => own.drive(world, me).await,
        Executor::Pool(own) => own.drive(world, me).await,
        Executor::Consumers(own) => own.drive(world, me).await,
        Executor::Interpreters(own) => own.drive(world, me).await,
        Executor::ThreadPerTask(own) => own.drive(world, me).await,
        Executor::ProcessPerTask(own) => own.drive(world, me).await,
        Executor::InterpreterPerTask(own) => own.drive(world, me).await,
        Executor::Asyncio(own) => own.drive(world, me).await,
        Executor::LoopPerThread(own) => own.drive(world, me).await,
        Executor::Server(own) => own.drive(world, me).await,
    }
}
