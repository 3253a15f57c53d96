//! Whether the foreground can ever go on, and if not, who waits for what.
//!
//! A thread goes on by itself while it runs, is ready or waits for the clock. One that waits for a lock goes on if the
//! lock's owner can; one that waits for anything else (work, a result, room in a pipe) needs some foreground thread
//! that can go on. Background threads never count: they may spin forever beside a foreground that is stuck.

use std::cell::Cell;
use std::rc::Rc;

use super::Os;
use super::thread::{ObjectId, State, ThreadId};

/// What can be waited for.
#[derive(Default)]
pub(super) struct Objects {
    table: Vec<Object>,
}

struct Object {
    name: Rc<str>,
    owner: Owner,
    /// Free where it has no owner.
    is_lock: bool,
    /// For who only looks now and then: whether the next look will find it.
    is_there: Rc<dyn Fn() -> bool>,
}

/// Who holds a lock, or has promised a signal: whoever waits for it waits for that thread. Shared between the object
/// and the table that reports of a deadlock are made from.
pub(crate) type Owner = Rc<Cell<Option<ThreadId>>>;

impl Os {
    /// Registers something that threads will wait for, by the name that a report of a deadlock gives it.
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

    /// The same for a lock.
    pub(crate) fn add_lock(&self, name: impl Into<Rc<str>>) -> (ObjectId, Owner) {
        let (object, owner) = self.add_object(name);
        self.objects.borrow_mut().table[object.0 as usize].is_lock = true;
        (object, owner)
    }

    /// The same for something that threads look for now and then: `is_there` says whether the next look will find it.
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
    /// over: even where it was a background thread, for a foreground thread may have waited for that one.
    pub(super) fn lost_hope(&self, thread: ThreadId) {
        if self.scheduler.borrow().threads[thread.index()].foreground {
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

    /// Follows each waiting foreground thread from lock to owner until a thread that can go on, or none.
    fn some_foreground_thread_can_go_on(&self) -> bool {
        let scheduler = self.scheduler.borrow();
        let objects = self.objects.borrow();
        let waiting = |thread: &ThreadId| scheduler.threads[thread.index()].foreground;
        (0..scheduler.threads.len() as u32)
            .map(ThreadId)
            .filter(waiting)
            .any(|first| {
                let mut thread = first;
                // A chain longer than there are threads has gone round in a circle.
                for _ in 0..scheduler.threads.len() {
                    match scheduler.threads[thread.index()].state {
                        State::Ended => return false,
                        State::Blocked { hopeful: false } => {
                            let Some(object) = scheduler.threads[thread.index()].waits_for else {
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

    /// One clause for each waiting foreground thread, the first eight.
    pub(super) fn who_waits_for_what(&self) -> String {
        const SHOWN: usize = 8;
        let scheduler = self.scheduler.borrow();
        let objects = self.objects.borrow();
        let stuck: Vec<ThreadId> = (0..scheduler.threads.len() as u32)
            .map(ThreadId)
            .filter(|thread| {
                let record = &scheduler.threads[thread.index()];
                record.foreground && matches!(record.state, State::Blocked { .. })
            })
            .collect();
        let mut clauses: Vec<String> = stuck
            .iter()
            .take(SHOWN)
            .map(|thread| {
                let record = &scheduler.threads[thread.index()];
                let Some(object) = record.waits_for else {
                    return format!("{} waits", record.name);
                };
                let object = &objects.table[object.0 as usize];
                let held = object.owner.get().map_or(String::new(), |owner| {
                    let owner = &scheduler.threads[owner.index()];
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
