//! Plays a scenario's tasks, steps, clients and background threads on an executor.
//!
//! [`simulate`] is the whole of it: one configuration, one replication, one simulated machine. The caller's program
//! is what a person would write: build the executor, hand it the items, take the results, shut it down.

mod background;
mod clients;
mod crash;
mod data;
mod drive;
mod locks;
mod own_work;
mod plan;
mod record;
mod shared_state;
mod steps;

use std::rc::Rc;
use std::sync::Arc;

use crate::cpython::{FuturesExecutor, Interpreter, Launcher, ThreadState};
use crate::model::{ForkServer, ProcessStart, StartMethod, draws};
use crate::os::{Activity, Os, Outcome, ProcessId, ThreadSpec};
use crate::random::Key;
use crate::results::{Replication, Status};
use crate::scenario::{Configuration, Replicate};
use crate::units::Bytes;

use clients::Arrived;
use data::Data;
use locks::Locks;
#[cfg(feature = "internals")]
pub use own_work::OwnWork;
use plan::Plan;
use record::Record;
use shared_state::SharedState;
use steps::Items;

/// One configuration being played: what every simulated thread of it can see.
pub(crate) struct World {
    configuration: Arc<Configuration>,
    plan: Plan,
    locks: Locks,
    shared: SharedState,
    record: Record,
    /// Requests of open systems.
    arrived: Arrived,
    data: Data,
    /// The program itself: with it all is over.
    process: ProcessId,
    /// Names every random draw of this replication.
    key: Key,
}

/// Simulates one replication of one configuration.
///
/// The same arguments give the same result, on any machine and at any time.
pub fn simulate(configuration: &Arc<Configuration>, replicate: &Replicate, replication: u64) -> Replication {
    let key = Key::root(replicate.seed, replication);
    let machine = &configuration.machine;
    let (cores, smt) = (machine.cores as usize, machine.smt as usize);
    let os = Os::new(cores, smt, machine.profile.clone(), key.name("machine"));
    play(&os, configuration, key, replicate)
}

/// The same on a machine that the caller has built: for tests that look at its spans.
pub fn play(os: &Rc<Os>, configuration: &Arc<Configuration>, key: Key, replicate: &Replicate) -> Replication {
    let interpreter = Interpreter::new(
        os,
        "the program",
        &configuration.machine.profile,
        &configuration.python,
        key.name("interpreter lock"),
    );
    let world = Rc::new(World {
        configuration: configuration.clone(),
        plan: Plan::of(&configuration.tasks),
        locks: Locks::of(os, configuration),
        shared: SharedState::of(os, configuration),
        record: Record::default(),
        arrived: Arrived::default(),
        data: Data::default(),
        process: interpreter.process,
        key,
    });
    os.limit_memory(configuration.machine.memory, interpreter.process);
    let spec = ThreadSpec {
        name: "the main thread".into(),
        process: Some(interpreter.process),
        foreground: true,
        activity: Activity::Idle,
    };
    let playing = world.clone();
    os.spawn(spec, move |id| async move {
        let me = ThreadState { interpreter, id };
        me.attach().await;
        playing.load(&me);
        playing.main(&me).await;
        me.os().stop();
    });
    let outcome = os.run(replicate.limit);
    world.conclude(os, outcome)
}

/// What the items of a configuration ask for by themselves, all together, with the draws of `key`'s replication.
#[cfg(feature = "internals")]
pub fn work_asked(configuration: &Configuration, key: Key) -> OwnWork {
    Plan::of(&configuration.tasks).total_work(&configuration.tasks, key)
}

impl World {
    /// The program's main thread.
    async fn main(self: &Rc<Self>, me: &ThreadState) {
        self.start_background(me).await;
        self.record.begin(me);
        drive::drive(&self.configuration.executor, self, me).await;
        self.record.tear_down(me);
        self.let_go_of_results(me).await;
        self.record.end(me);
    }

    /// What each interpreter of a pool has for itself: modules, and the objects that it uses.
    fn own_modules(&self) -> Bytes {
        let program = &self.configuration.program;
        Bytes(program.modules.0.saturating_add(program.touched.0))
    }

    /// What starts the processes. Where its fork server is to be up already, the makespan begins only now.
    async fn launcher(&self, me: &ThreadState, start: ProcessStart) -> Launcher {
        let imports = self.configuration.program.imports.clone();
        let launcher = Launcher::new(
            start.method,
            imports,
            self.configuration.program.modules,
            draws::program(self.key),
        );
        if start.method == StartMethod::Forkserver && start.fork_server == ForkServer::Running {
            launcher.warm_up(me).await;
            self.record.begin(me);
        }
        launcher
    }

    async fn shut_down(&self, me: &ThreadState, executor: &impl FuturesExecutor<Items>) {
        me.enter(Activity::Idle);
        executor.shutdown(me).await;
    }

    fn conclude(&self, os: &Os, outcome: Outcome) -> Replication {
        let critical_path = self.plan.critical_path(&self.configuration.tasks, self.key);
        let place = |item: u32| {
            let (group, index) = self.plan.place_of(item);
            format!("item {index} of {}", self.configuration.tasks[group].name)
        };
        let mut replication = self
            .record
            .conclude(os, outcome, critical_path, self.plan.len(), place);
        if replication.status == Status::Done
            && let Some(unanswered) = self.arrived.unanswered()
        {
            replication.detail = unanswered;
        }
        replication.lost_updates = self.shared.lost_updates();
        replication
    }
}
