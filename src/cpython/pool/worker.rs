//! Code run by worker processes: `worker` in `Lib/multiprocessing/pool.py`.

use super::{Call, Shared};
use crate::cpython::thread_state::ThreadState;
use crate::os::Activity;

/// One task: a chunk of items under `map` and its like, a single call under `apply_async`.
pub struct Task<C> {
    /// Which `AsyncResult` it belongs to.
    pub job: u64,
    /// Its place there.
    pub index: u64,
    /// What to call.
    pub call: C,
}

/// What a worker sends back.
#[derive(Clone, Copy)]
pub struct TaskResult {
    /// As in the task.
    pub job: u64,
    /// As in the task.
    pub index: u64,
}

impl<C: Call, I: Call> Shared<C, I> {
    /// `worker`: takes tasks until there are no more, or until it has done `maxtasks`.
    pub(super) async fn work(&self, me: &ThreadState) {
        me.busy_with(Activity::Starting, self.initializer.run(me)).await;
        let mut completed = 0;
        while self.maxtasksperchild.is_none_or(|most| completed < most) {
            let Some(task) = self.inqueue.get(me).await else {
                break;
            };
            let Task { job, index, call } = task;
            me.busy_with(Activity::Ipc, me.bytecode(me.costs().pool.call))
                .await;
            call.run(me).await;
            self.outqueue
                .put(me, Some(TaskResult { job, index }), call.results())
                .await;
            me.let_go(&call.results());
            me.let_go(&call.arguments());
            completed += 1;
        }
    }
}
