//! Items through a `ProcessPoolExecutor`.

use std::rc::Rc;

use super::super::World;
use super::super::steps::Setup;
use super::Drive;
use crate::cpython::{ProcessPoolExecutor, ThreadState};
use crate::scenario::Processes;

impl Drive for Processes {
    async fn drive(&self, world: &Rc<World>, me: &ThreadState) {
        let (launcher, setup) = (world.launcher(me, self.start).await, Setup(world.clone()));
        let executor =
            ProcessPoolExecutor::new(me, self.workers, launcher, setup, self.max_tasks_per_child).await;
        let cost = me.costs().process_pool.result;
        let outcome = world.run_futures(me, &executor, self.chunksize, cost).await;
        world.record.raised(outcome);
        world.record.finish(me, &executor.workers(), &executor.helpers());
        world.shut_down(me, &executor).await;
    }
}
