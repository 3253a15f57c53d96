//! What executors are given to do.

use crate::cpython::interpreter::pystate::ThreadState;
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
