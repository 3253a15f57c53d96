//! What can be read from a finished simulation: each thread's life and work, and which thread had which CPU or lock
//! when.

use std::rc::Rc;

use super::thread::{ObjectId, State, ThreadId, Work};
use super::{CpuId, Os, ProcessId};
use crate::engine::Span;
use crate::units::{Bytes, Nanos};

/// A thread's life, and the CPU work in it.
#[derive(Clone, Debug)]
pub struct Life {
    /// Its name in reports.
    pub name: Rc<str>,
    /// When it was created.
    pub born: Nanos,
    /// When it ended; `None` if it outlived the run.
    pub ended: Option<Nanos>,
    /// CPU work that it was asked to do, in units of [`Work`], without what interrupted bursts gave back.
    pub asked: u128,
    /// CPU work that a core did for it.
    pub done: Work,
    /// CPU work that it was asked to do and has not done: none at the end of a life.
    pub left: Work,
}

/// A process, and the memory that it occupies now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// The name of its first thread.
    pub name: String,
    /// Its unique set size, without segments of shared memory.
    pub unique: Bytes,
    /// Its resident set size.
    pub resident: Bytes,
}

/// Something that only one thread can have at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// A hardware thread.
    Cpu(CpuId),
    /// A lock.
    Lock(ObjectId),
}

/// A thread had a resource for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    /// What the thread had.
    pub resource: Resource,
    /// The thread.
    pub thread: ThreadId,
    /// The beginning, inclusive.
    pub from: Nanos,
    /// The end, exclusive; [`Nanos::FOREVER`] if the thread still had the resource when the run ended.
    pub to: Nanos,
}

/// Every stay, on request. A stay is recorded even if another thread has the resource, so that a test can see that.
#[derive(Debug, Default)]
pub(super) struct Stays {
    recording: bool,
    all: Vec<Stay>,
    /// Indices into `all` of the stays that have not ended.
    open: Vec<usize>,
}

impl Stays {
    pub const fn new(recording: bool) -> Self {
        Self {
            recording,
            all: Vec::new(),
            open: Vec::new(),
        }
    }

    #[inline]
    pub fn begin(&mut self, resource: Resource, thread: ThreadId, now: Nanos) {
        if self.recording {
            self.open.push(self.all.len());
            self.all.push(Stay {
                resource,
                thread,
                from: now,
                to: Nanos::FOREVER,
            });
        }
    }

    #[inline]
    pub fn end(&mut self, resource: Resource, now: Nanos) {
        if self.recording {
            let all = &mut self.all;
            self.open.retain(|&index| {
                let stays = all[index].resource != resource;
                if !stays {
                    all[index].to = now;
                }
                stays
            });
        }
    }
}

impl Os {
    /// The lives of all threads until now, in the order of their creation.
    pub fn lives(&self) -> Vec<Life> {
        let mut scheduler = self.scheduler.borrow_mut();
        scheduler.tables.charge_all(self.now());
        let life = |thread: &super::thread::Thread| Life {
            name: thread.name.clone(),
            born: thread.born,
            ended: (thread.state == State::Ended).then(|| scheduler.accounts.ledger.since(thread.track)),
            asked: thread.asked,
            done: thread.done,
            left: thread.remaining.plus(thread.beyond),
        };
        scheduler.tables.threads.iter().map(life).collect()
    }

    /// Every process that has not ended, in the order of their creation.
    pub fn footprints(&self) -> Vec<Footprint> {
        let living: Vec<ProcessId> = self.memory.borrow().living().collect();
        let footprint = |process| Footprint {
            name: self.name_of_process(process),
            unique: self.unique(process),
            resident: self.resident(process),
        };
        living.into_iter().map(footprint).collect()
    }

    /// Every ended span of every thread: empty unless the machine was created by [`Os::recording`].
    pub fn spans(&self) -> Vec<Span> {
        self.scheduler.borrow().accounts.ledger.spans().to_vec()
    }

    /// Which thread had which CPU and which lock, ordered by the beginning: empty unless the machine was created by
    /// [`Os::recording`].
    pub fn stays(&self) -> Vec<Stay> {
        self.scheduler.borrow().accounts.stays.all.clone()
    }

    /// Records that `thread` took a lock, or that the lock is free again.
    pub(crate) fn note_holder(&self, lock: ObjectId, thread: Option<ThreadId>) {
        if !self.recording {
            return;
        }
        let mut scheduler = self.scheduler.borrow_mut();
        match thread {
            Some(thread) => scheduler
                .accounts
                .stays
                .begin(Resource::Lock(lock), thread, self.now()),
            None => scheduler.accounts.stays.end(Resource::Lock(lock), self.now()),
        }
    }
}
