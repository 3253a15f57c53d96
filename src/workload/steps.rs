//! Plays the steps of an item on the thread that runs it.

use std::ops::Range;
use std::rc::Rc;

use super::World;
use crate::cpython::{Call, ThreadState};
use crate::model::{Payload, draws};
use crate::os::Activity;
use crate::random::Key;
use crate::scenario::{Step, numbered};
use crate::units::Nanos;

/// A call that runs consecutive items of one group on a worker.
#[derive(Clone)]
pub(crate) struct Items {
    pub world: Rc<World>,
    pub items: Range<u32>,
    /// Bytecode around each item of a call with several items.
    pub overhead: Nanos,
}

impl Call for Items {
    fn arguments(&self) -> Vec<Payload> {
        self.world.arguments_of(&self.items)
    }

    fn results(&self) -> Vec<Payload> {
        self.world.results_of(&self.items)
    }

    async fn run(&self, me: &ThreadState) {
        for item in self.items.clone() {
            if self.overhead > Nanos::ZERO {
                me.busy_with(Activity::Ipc, me.bytecode(self.overhead)).await;
            }
            self.world.run_item(me, item).await;
        }
    }
}

/// The initializer of a worker.
#[derive(Clone)]
pub(crate) struct Setup(pub Rc<World>);

impl Call for Setup {
    fn arguments(&self) -> Vec<Payload> {
        Vec::new()
    }

    fn results(&self) -> Vec<Payload> {
        Vec::new()
    }

    async fn run(&self, me: &ThreadState) {
        let key = draws::setup(self.0.key, self.0.record.next_setup());
        self.0
            .play_steps(me, &self.0.configuration.program.setup, key)
            .await;
    }
}

impl World {
    /// Runs one item: receives its argument, plays its steps, sends its result.
    pub async fn run_item(&self, me: &ThreadState, item: u32) {
        let (group, index) = self.plan.place_of(item);
        let task = &self.configuration.tasks[group];
        let key = draws::item(self.key, &task.name, u64::from(index));
        self.record.works_on(me, item);
        let before = me.enter(Activity::Running);
        self.receive_arguments(me, item).await;
        self.play_steps(me, &task.steps, key).await;
        self.send_result(me, item).await;
        me.enter(before);
    }

    /// Plays the steps in order. `key` names their random draws.
    pub async fn play_steps(&self, me: &ThreadState, steps: &[Step], key: Key) {
        for (step, key) in numbered(steps, key) {
            self.play_step(me, step, key).await;
        }
    }

    /// Plays one step. `key` names its random draws.
    pub async fn play_step(&self, me: &ThreadState, step: &Step, key: Key) {
        match step {
            Step::Io(time) => me.io(time.sample_keyed(key)).await,
            Step::Python {
                time, shares: None, ..
            } => me.bytecode(time.sample_keyed(key)).await,
            Step::Python {
                time,
                shares: Some(name),
                ..
            } => me.bytecode_that_shares(time.sample_keyed(key), name).await,
            Step::Native {
                time,
                holds_lock: false,
                ..
            } => me.native(time.sample_keyed(key)).await,
            Step::Native {
                time,
                holds_lock: true,
                ..
            } => me.native_holding_lock(time.sample_keyed(key)).await,
            Step::Update { state, window, guard } => {
                let window = window.as_ref().map(|time| time.sample_keyed(key));
                self.update(me, state, window, guard).await;
            }
            Step::Crash { probability } => self.may_crash(me, *probability, key).await,
            Step::Lock { name, steps } => {
                self.locks.acquire(me, name).await;
                Box::pin(self.play_steps(me, steps, key)).await;
                self.locks.release(me, name).await;
            }
            Step::Repeat { steps, .. } => {
                for round in step.rounds(key) {
                    Box::pin(self.play_steps(me, steps, round)).await;
                }
            }
        }
    }
}
