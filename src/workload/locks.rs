//! The scenario's named locks: one `threading.Lock` each, or one `multiprocessing.Lock` where workers are processes or
//! interpreters, between which a `threading.Lock` cannot be shared.

use std::collections::BTreeMap;

use crate::cpython::{Lock, SemLock, ThreadState};
use crate::os::{Activity, ObjectId, Os};
use crate::scenario::{Configuration, Executor, Step};

/// All locks that any step names.
pub(super) struct Locks {
    locks: BTreeMap<String, NamedLock>,
}

struct NamedLock {
    /// As recordings know it.
    object: ObjectId,
    kind: Kind,
}

enum Kind {
    AmongThreads(Lock),
    AmongProcesses(SemLock),
}

impl Locks {
    pub fn of(os: &Os, configuration: &Configuration) -> Self {
        let among_processes = matches!(
            configuration.executor,
            Executor::Processes { .. }
                | Executor::Pool { .. }
                | Executor::ProcessPerTask { .. }
                | Executor::Interpreters { .. }
        );
        let mut names = Vec::new();
        let tasks = configuration.tasks.iter().map(|task| &task.steps);
        let background = configuration
            .background
            .iter()
            .map(|background| &background.steps);
        tasks
            .chain(background)
            .chain([&configuration.program.setup])
            .for_each(|steps| collect(steps, &mut names));
        let lock = |name: String| {
            let shown = format!("the lock \"{name}\"");
            let kind = if among_processes {
                Kind::AmongProcesses(SemLock::lock(os, &shown))
            } else {
                Kind::AmongThreads(Lock::new(os, configuration.python.version, &shown))
            };
            let (object, _) = os.add_object(shown);
            (name, NamedLock { object, kind })
        };
        names.sort_unstable();
        names.dedup();
        Self {
            locks: names.into_iter().map(lock).collect(),
        }
    }

    pub async fn acquire(&self, me: &ThreadState, name: &str) {
        let before = me.enter(Activity::WaitingForLock);
        let lock = &self.locks[name];
        match &lock.kind {
            Kind::AmongThreads(lock) => lock.acquire(me).await,
            Kind::AmongProcesses(lock) => lock.acquire(me).await,
        }
        me.os().note_holder(lock.object, Some(me.id));
        me.enter(before);
    }

    pub async fn release(&self, me: &ThreadState, name: &str) {
        let lock = &self.locks[name];
        me.os().note_holder(lock.object, None);
        match &lock.kind {
            Kind::AmongThreads(lock) => lock.release(me).await,
            Kind::AmongProcesses(lock) => lock.release(me).await,
        }
    }
}

fn collect(steps: &[Step], names: &mut Vec<String>) {
    for step in steps {
        match step {
            Step::Lock { name, steps } => {
                names.push(name.clone());
                collect(steps, names);
            }
            Step::Repeat { steps, .. } => collect(steps, names),
            Step::Io(_) | Step::Python { .. } | Step::Native { .. } | Step::Crash { .. } => {}
        }
    }
}
