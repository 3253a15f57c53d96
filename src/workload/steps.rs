//! What an item does, step by step, on the thread that has it.

use std::ops::Range;
use std::rc::Rc;

use super::World;
use super::plan::item_key;
use crate::cpython::{Call, ThreadState};
use crate::os::Activity;
use crate::random::Key;
use crate::scenario::{Payload, Step};
use crate::units::Nanos;

/// A call of some consecutive items of one group: what goes to a worker.
#[derive(Clone)]
pub(crate) struct Items {
    pub world: Rc<World>,
    pub items: Range<u32>,
    /// Bytecode around each item, where several go out in one call.
    pub overhead: Nanos,
}

impl Call for Items {
    fn arguments(&self) -> Vec<Payload> {
        let (group, _) = self.world.plan.place_of(self.items.start);
        self.world
            .plan
            .arguments(&self.world.configuration.tasks, group, self.items.len() as u32)
    }

    fn results(&self) -> Vec<Payload> {
        let (group, _) = self.world.plan.place_of(self.items.start);
        self.world
            .plan
            .results(&self.world.configuration.tasks, group, self.items.len() as u32)
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
        let key = self.0.key.name("setup").number(self.0.record.next_setup());
        self.0
            .play_steps(me, &self.0.configuration.program.setup, key)
            .await;
    }
}

impl World {
    /// One item, from its first step to its last.
    pub async fn run_item(&self, me: &ThreadState, item: u32) {
        let (group, index) = self.plan.place_of(item);
        let task = &self.configuration.tasks[group];
        let key = item_key(self.key, task, u64::from(index));
        me.busy_with(Activity::Running, self.play_steps(me, &task.steps, key))
            .await;
    }

    /// The steps in order. `key` names their random draws.
    pub async fn play_steps(&self, me: &ThreadState, steps: &[Step], key: Key) {
        for (index, step) in steps.iter().enumerate() {
            let key = key.number(index as u64);
            match step {
                Step::Io(time) => me.io(time.sample_keyed(key)).await,
                Step::Python(time) => me.bytecode(time.sample_keyed(key)).await,
                Step::Native {
                    time,
                    holds_lock: false,
                } => me.native(time.sample_keyed(key)).await,
                Step::Native {
                    time,
                    holds_lock: true,
                } => me.native_holding_lock(time.sample_keyed(key)).await,
                Step::Lock { name, steps } => {
                    self.locks.acquire(me, name).await;
                    Box::pin(self.play_steps(me, steps, key)).await;
                    self.locks.release(me, name).await;
                }
                Step::Repeat { times, steps } => {
                    for time in 0..*times {
                        Box::pin(self.play_steps(me, steps, key.number(time))).await;
                    }
                }
            }
        }
    }
}

/// What steps ask for by themselves: CPU time at full speed, and I/O.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnWork {
    /// CPU time with the interpreter lock held throughout.
    pub locked: Nanos,
    /// CPU time without it.
    pub unlocked: Nanos,
    /// Time off-core.
    pub io: Nanos,
}

impl OwnWork {
    /// On a core.
    pub const fn cpu(self) -> Nanos {
        self.locked.saturating_add(self.unlocked)
    }

    /// One after the other.
    pub const fn total(self) -> Nanos {
        self.cpu().saturating_add(self.io)
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            locked: self.locked.saturating_add(other.locked),
            unlocked: self.unlocked.saturating_add(other.unlocked),
            io: self.io.saturating_add(other.io),
        }
    }
}

/// What the steps ask for, with the same draws as [`World::play_steps`].
pub(super) fn own_work(steps: &[Step], key: Key) -> OwnWork {
    let mut total = OwnWork::default();
    for (index, step) in steps.iter().enumerate() {
        let key = key.number(index as u64);
        let mut own = OwnWork::default();
        match step {
            Step::Io(time) => own.io = time.sample_keyed(key),
            Step::Python(time) => own.locked = time.sample_keyed(key),
            Step::Native { time, holds_lock } => {
                let part = if *holds_lock {
                    &mut own.locked
                } else {
                    &mut own.unlocked
                };
                *part = time.sample_keyed(key);
            }
            Step::Lock { steps, .. } => own = own_work(steps, key),
            Step::Repeat { times, steps } => {
                own = (0..*times)
                    .map(|time| own_work(steps, key.number(time)))
                    .fold(own, OwnWork::plus);
            }
        }
        total = total.plus(own);
    }
    total
}
