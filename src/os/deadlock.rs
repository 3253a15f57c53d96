//! Whether the foreground can ever go on, and if not, which thread waits for what.
//!
//! A thread goes on by itself if it runs, is ready or waits for the clock. A thread that waits for a lock can go on if
//! the lock's owner can; a thread that waits for anything else (work, a result, room in a pipe) needs a foreground
//! thread that can go on. Background threads never count: they may run forever beside a foreground that is stuck.

use std::cell::Cell;
use std::rc::Rc;

use super::Os;
use super::thread::{ObjectId, State, Thread, ThreadId};

/// What can be waited for.
#[derive(Default)]
pub(super) struct Objects {
    table: Vec<Object>,
}

struct Object {
    name: Rc<str>,
    owner: Owner,
    /// It is free if it has no owner.
    is_lock: bool,
    /// For threads that only look now and then: whether the next look will find it.
    is_there: Rc<dyn Fn() -> bool>,
}

/// The thread that holds a lock or has promised a signal: its waiters wait for that thread. Shared between the object
/// and the table that deadlock reports are made from.
pub(crate) type Owner = Rc<Cell<Option<ThreadId>>>;

impl Os {
    /// Registers something that threads will wait for. Deadlock reports call it `name`.
    pub(crate) fn add_object(&self, name: impl Into<Rc<str>>) -> (ObjectId, Owner) {
        let table = &mut self.objects.borrow_mut().table;
        let owner = Owner::default();
        table.push(Object {
            name: name.into(),
            owner: owner.clone(),
            is_lock: false,
            is_there: Rc::new(|| false),
        });
        (ObjectId(table.len() as u32 - 1), owner)
    }

    /// Registers a lock. Deadlock reports call it `name`.
    pub(crate) fn add_lock(&self, name: impl Into<Rc<str>>) -> (ObjectId, Owner) {
        let (object, owner) = self.add_object(name);
        self.objects.borrow_mut().table[object.0 as usize].is_lock = true;
        (object, owner)
    }

    /// Registers something that threads look for now and then: `is_there` says whether the next look will find it.
    pub(crate) fn add_sight(
        &self,
        name: impl Into<Rc<str>>,
        is_there: impl Fn() -> bool + 'static,
    ) -> ObjectId {
        let (object, _) = self.add_object(name);
        self.objects.borrow_mut().table[object.0 as usize].is_there = Rc::new(is_there);
        object
    }

    /// A thread began to wait without a timer, or ended. If no foreground thread goes on by itself, the run may be
    /// over. That holds for background threads as well, because a foreground thread may have waited for one.
    pub(super) fn lost_hope(&self, thread: ThreadId) {
        if self.scheduler.borrow().tables[thread].foreground {
            self.hopeful.set(self.hopeful.get() - 1);
        }
        self.stop_if_stuck();
    }

    /// Ends the run if no foreground thread can ever go on.
    pub(super) fn stop_if_stuck(&self) {
        if self.hopeful.get() == 0 && !self.engine.is_stopped() && !self.some_foreground_thread_can_go_on() {
            *self.deadlock.borrow_mut() = Some(self.who_waits_for_what());
            self.engine.stop();
        }
    }

    /// Follows each waiting foreground thread from lock to owner, until it finds a thread that can go on.
    fn some_foreground_thread_can_go_on(&self) -> bool {
        let threads = &self.scheduler.borrow().tables.threads;
        let objects = self.objects.borrow();
        let mut foreground = threads.ids().filter(|&thread| threads[thread].foreground);
        foreground.any(|first| {
            let mut thread = first;
            // A chain with more links than there are threads has gone round in a circle.
            for _ in 0..threads.len() {
                match threads[thread].state {
                    State::Ended => return false,
                    State::Blocked { hopeful: false } => {
                        let Some(object) = threads[thread].waits_for else {
                            return false;
                        };
                        let object = &objects.table[object.0 as usize];
                        match object.owner.get() {
                            Some(owner) => thread = owner,
                            // A free lock with waiters: one of them has been woken to take it.
                            None => return object.is_lock || (object.is_there)(),
                        }
                    }
                    _ => return true,
                }
            }
            false
        })
    }

    /// One clause for each waiting foreground thread, at most eight.
    pub(super) fn who_waits_for_what(&self) -> String {
        const SHOWN: usize = 8;
        let threads = &self.scheduler.borrow().tables.threads;
        let objects = self.objects.borrow();
        let is_stuck = |record: &&Thread| record.foreground && matches!(record.state, State::Blocked { .. });
        let stuck: Vec<&Thread> = threads.iter().filter(is_stuck).collect();
        let mut clauses: Vec<String> = stuck
            .iter()
            .take(SHOWN)
            .map(|record| {
                let Some(object) = record.waits_for else {
                    return format!("{} waits", record.name);
                };
                let object = &objects.table[object.0 as usize];
                let held = object.owner.get().map_or(String::new(), |owner| {
                    let owner = &threads[owner];
                    let over = match (owner.state, owner.killed) {
                        (State::Ended, true) => ", which was killed",
                        (State::Ended, false) => ", which has ended",
                        _ => "",
                    };
                    format!(" (held by {}{over})", owner.name)
                });
                format!("{} waits for {}{held}", record.name, object.name)
            })
            .collect();
        if stuck.len() > SHOWN {
            clauses.push(format!("and {} more", stuck.len() - SHOWN));
        }
        clauses.join("; ")
    }
}
