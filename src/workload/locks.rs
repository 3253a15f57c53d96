//! The scenario's named locks: one `threading.Lock` each, or one `multiprocessing.Lock` where workers are processes or
//! interpreters, between which a `threading.Lock` cannot be shared.

use std::collections::BTreeMap;

use crate::cpython::{Lock, SemLock, ThreadState};
use crate::os::{Activity, ObjectId, Os};
use crate::scenario::{Configuration, Executor, Offload, Step};

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
                | Executor::Consumers { .. }
                | Executor::ProcessPerTask { .. }
                | Executor::Interpreters { .. }
                | Executor::Asyncio {
                    offload: Offload::Process { .. },
                    ..
                }
        );
        let tasks = configuration.tasks.iter().map(|task| &task.steps);
        // The locks of coroutines are of another kind, and live in the program.
        let tasks = tasks.filter(|_| !matches!(configuration.executor, Executor::Asyncio { .. }));
        let background = configuration
            .background
            .iter()
            .map(|background| &background.steps);
        let names = names(tasks.chain(background).chain([&configuration.program.setup]));
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

/// The locks that steps name, each once and in order.
pub(super) fn names<'a>(steps: impl Iterator<Item = &'a Vec<Step>>) -> Vec<String> {
    let mut names = Vec::new();
    steps.for_each(|steps| collect(steps, &mut names));
    names.sort_unstable();
    names.dedup();
    names
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
