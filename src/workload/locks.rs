//! The scenario's named locks: one `threading.Lock` each, or one `multiprocessing.Lock` where workers are processes or
//! interpreters, between which a `threading.Lock` cannot be shared.

use std::collections::{BTreeMap, BTreeSet};

use crate::cpython::{Lock, SemLock, ThreadState};
use crate::os::{Activity, ObjectId, Os};
use crate::scenario::{Configuration, Home, Step, every_step};

/// All locks that steps name.
pub(super) struct Locks {
    locks: BTreeMap<String, NamedLock>,
}

/// A lock of the scenario.
pub(super) struct NamedLock {
    /// The lock in recordings and deadlock reports.
    object: ObjectId,
    kind: Kind,
}

enum Kind {
    AmongThreads(Lock),
    AmongProcesses(SemLock),
}

impl NamedLock {
    /// An open lock, called `shown` in reports.
    pub fn new(os: &Os, configuration: &Configuration, shown: String) -> Self {
        let among_processes = configuration.executor.facts().locks_are_of_multiprocessing();
        let kind = if among_processes {
            Kind::AmongProcesses(SemLock::lock(os, &shown))
        } else {
            Kind::AmongThreads(Lock::new(os, configuration.python.version, &shown))
        };
        let (object, _) = os.add_object(shown);
        Self { object, kind }
    }

    pub async fn acquire(&self, me: &ThreadState) {
        let before = me.enter(Activity::WaitingForLock);
        match &self.kind {
            Kind::AmongThreads(lock) => lock.acquire(me).await,
            Kind::AmongProcesses(lock) => lock.acquire(me).await,
        }
        me.os().note_holder(self.object, Some(me.id));
        me.enter(before);
    }

    pub async fn release(&self, me: &ThreadState) {
        me.os().note_holder(self.object, None);
        match &self.kind {
            Kind::AmongThreads(lock) => lock.release(me).await,
            Kind::AmongProcesses(lock) => lock.release(me).await,
        }
    }
}

impl Locks {
    pub fn of(os: &Os, configuration: &Configuration) -> Self {
        let tasks = configuration.tasks.iter().map(|task| &task.steps);
        // The locks of coroutines are of another type, and belong to the event loop.
        let tasks = tasks.filter(|_| configuration.executor.facts().home != Home::Coroutines);
        let background = configuration
            .background
            .iter()
            .map(|background| &background.steps);
        let names = names(tasks.chain(background).chain([&configuration.program.setup]));
        let lock = |name: String| {
            let lock = NamedLock::new(os, configuration, format!("the lock \"{name}\""));
            (name, lock)
        };
        Self {
            locks: names.into_iter().map(lock).collect(),
        }
    }

    pub async fn acquire(&self, me: &ThreadState, name: &str) {
        self.locks[name].acquire(me).await;
    }

    pub async fn release(&self, me: &ThreadState, name: &str) {
        self.locks[name].release(me).await;
    }
}

/// The names of the locks that steps take.
pub(super) fn names<'a>(steps: impl Iterator<Item = &'a Vec<Step>>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for steps in steps {
        names.extend(every_step(steps).filter_map(Step::lock).map(str::to_owned));
    }
    names
}
