//! A plain loop in the main thread.

use super::World;
use crate::cpython::ThreadState;
use crate::model::draws;
use crate::os::Activity;

impl World {
    /// The initializer once, then every item, groups in an order that their dependencies allow.
    pub async fn run_sequentially(&self, me: &ThreadState) {
        let setup = self.play_steps(me, &self.configuration.program.setup, draws::setup(self.key, 0));
        me.busy_with(Activity::Starting, setup).await;
        for &group in self.plan.order() {
            for item in self.plan.items(group) {
                self.record.submitted(me, item);
                self.run_item(me, item).await;
                self.take_results(me, item..item + 1).await;
            }
        }
        self.record.finish(me, &[me.id], &[]);
    }
}
