//! A plain loop in the main thread.

use std::rc::Rc;

use super::super::World;
use super::Drive;
use crate::cpython::ThreadState;
use crate::model::draws;
use crate::os::Activity;
use crate::scenario::Sequential;

impl Drive for Sequential {
    /// The initializer once, then every item, groups in an order that their dependencies allow.
    async fn drive(&self, world: &Rc<World>, me: &ThreadState) {
        let setup = world.play_steps(me, &world.configuration.program.setup, draws::setup(world.key, 0));
        me.busy_with(Activity::Starting, setup).await;
        for &group in world.plan.order() {
            for item in world.plan.items(group) {
                world.record.submitted(me, item);
                world.run_item(me, item).await;
                world.take_results(me, item..item + 1).await;
            }
        }
        world.record.finish(me, &[me.id], &[]);
    }
}
