//! Threads of the program that run beside the tasks, over and over, and never keep it alive.

use std::rc::Rc;

use super::World;
use crate::cpython::{Thread, ThreadState};
use crate::model::draws;

impl World {
    /// Starts them all before the clock of the makespan does.
    pub async fn start_background(self: &Rc<Self>, me: &ThreadState) {
        for (kind, background) in self.configuration.background.iter().enumerate() {
            for number in 0..background.count {
                let world = self.clone();
                let run = move |me: ThreadState| async move {
                    let background = &world.configuration.background[kind];
                    let key = draws::background(world.key, &background.name, u64::from(number));
                    for round in 0.. {
                        world.play_steps(&me, &background.steps, key.number(round)).await;
                    }
                };
                Thread::start(me, &format!("{} {number}", background.name), false, run).await;
            }
        }
    }
}
