//! Counters that all workers update, one for each name. An update reads the counter and writes the value plus one.
//!
//! ```text
//!  worker 1   reads 7 |------ window ------| writes 8
//!  worker 2         reads 7 |---- window ----| writes 8     one of the two updates is lost
//! ```
//! Among threads it is an attribute of a common object, among processes a `multiprocessing.Value`
//! (`Lib/multiprocessing/sharedctypes.py`; without its lock a `RawValue`), among interpreters a shared buffer. Whether
//! another worker writes in between follows from which threads can run at that time; it is not decided here.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::World;
use super::locks::NamedLock;
use crate::cpython::ThreadState;
use crate::os::Os;
use crate::scenario::{Configuration, Guard, Home, Step};
use crate::units::Nanos;

/// The counters that steps update.
pub(super) struct SharedState {
    counters: BTreeMap<String, Counter>,
    medium: Medium,
}

struct Counter {
    value: Cell<u64>,
    updates: Cell<u64>,
    lock: NamedLock,
}

/// Where the counters live.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Medium {
    Attribute,
    Value,
    Buffer,
}

impl SharedState {
    pub fn of(os: &Os, configuration: &Configuration) -> Self {
        let medium = match configuration.executor.facts().home {
            Home::Processes => Medium::Value,
            Home::Interpreters => Medium::Buffer,
            Home::Threads | Home::Coroutines => Medium::Attribute,
        };
        let names: BTreeSet<String> = (configuration.every_step().filter_map(Step::state))
            .map(str::to_owned)
            .collect();
        let counter = |name: String| {
            let counter = Counter {
                value: Cell::new(0),
                updates: Cell::new(0),
                lock: NamedLock::new(os, configuration, format!("the lock of \"{name}\"")),
            };
            (name, counter)
        };
        Self {
            counters: names.into_iter().map(counter).collect(),
            medium,
        }
    }

    /// The number of updates that others overwrote; `None` where no step updates anything.
    pub fn lost_updates(&self) -> Option<u64> {
        let lost = |counter: &Counter| counter.updates.get() - counter.value.get();
        (!self.counters.is_empty()).then(|| self.counters.values().map(lost).sum())
    }
}

impl World {
    /// Reads the counter, works for `window`, and writes it. Without a window this is `+=`.
    pub async fn update(&self, me: &ThreadState, name: &str, window: Option<Nanos>, guard: &Guard) {
        let costs = &me.costs().shared_state;
        let counter = &self.shared.counters[name];
        match guard {
            Guard::Nobody => {}
            Guard::Lock(lock) => self.locks.acquire(me, lock).await,
            Guard::Own => {
                let with = match self.shared.medium {
                    Medium::Value => costs.with_value_lock,
                    Medium::Attribute | Medium::Buffer => costs.with_lock,
                };
                me.bytecode(with).await;
                counter.lock.acquire(me).await;
            }
        }

        let read = counter.value.get();
        match (window, self.shared.medium) {
            (Some(window), _) => me.bytecode(window).await,
            (None, Medium::Attribute) => me.augmented_assignment(costs.attribute).await,
            // Its properties are Python functions.
            (None, Medium::Value) if *guard == Guard::Own => me.bytecode(costs.value).await,
            (None, Medium::Value | Medium::Buffer) => me.augmented_assignment(costs.raw_value).await,
        }
        counter.value.set(read + 1);
        counter.updates.set(counter.updates.get() + 1);

        match guard {
            Guard::Nobody => {}
            Guard::Lock(lock) => self.locks.release(me, lock).await,
            Guard::Own => counter.lock.release(me).await,
        }
    }
}
