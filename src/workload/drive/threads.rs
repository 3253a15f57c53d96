//! Items through a `ThreadPoolExecutor`.

use std::rc::Rc;

use super::super::World;
use super::super::steps::{Items, Setup};
use super::Drive;
use crate::cpython::{ThreadContext, ThreadPoolExecutor, ThreadState, WorkerContext};
use crate::scenario::Threads;

impl Drive for Threads {
    async fn drive(&self, world: &Rc<World>, me: &ThreadState) {
        let context = ThreadContext(Setup(world.clone()));
        through_threads(world, me, self.workers, context).await;
    }
}

/// Items through a pool of threads, whose calls run where `context` says.
pub(super) async fn through_threads(
    world: &Rc<World>,
    me: &ThreadState,
    workers: u32,
    context: impl WorkerContext<Items>,
) {
    let executor = ThreadPoolExecutor::new(me, workers, context);
    let cost = me.costs().thread_pool.result;
    let outcome = world.run_futures(me, &executor, 1, cost).await;
    world.record.raised(outcome);
    world.record.finish(me, &executor.workers(), &[]);
    world.shut_down(me, &executor).await;
}
