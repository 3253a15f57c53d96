//! A call, which is what an executor is given to run.

use crate::cpython::interpreter::pystate::ThreadState;
use crate::model::Payload;

/// A call with its arguments and its result, as an executor sees it.
pub(crate) trait Call: Clone + 'static {
    /// The data that travels to a worker with the call.
    fn arguments(&self) -> Vec<Payload>;

    /// The data that travels back.
    fn results(&self) -> Vec<Payload>;

    /// Runs it on the given thread.
    fn run(&self, thread: &ThreadState) -> impl std::future::Future<Output = ()>;
}
