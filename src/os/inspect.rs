//! What a finished simulation can be asked about: each thread's life and work, and who had what CPU or lock when.

use std::rc::Rc;

use super::thread::{ObjectId, State, ThreadId, Work};
use super::{Os, ProcessId};
use crate::engine::Span;
use crate::units::{Bytes, Nanos};

/// A thread's life, and the CPU work in it.
#[derive(Clone, Debug)]
pub struct Life {
    /// As reports name it.
    pub name: Rc<str>,
    /// When it was made.
    pub born: Nanos,
    /// When it was over; `None` where it outlived the run.
    pub ended: Option<Nanos>,
    /// CPU work that was asked of it, in units of [`Work`]. What an interrupted burst gave back is not in it.
    pub asked: u128,
    /// CPU work that it got done on a core.
    pub done: Work,
    /// What was asked and is not done yet: nothing at the end of a life.
    pub left: Work,
}

/// A process, and what it occupies when it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// That of its first thread.
    pub name: String,
    /// Its unique set size, without segments of shared memory.
    pub unique: Bytes,
    /// Its resident set size.
    pub resident: Bytes,
}

/// What only one thread can have at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// A hardware thread: CPU `c + k * cores` is the k-th of core `c`.
    Cpu(usize),
    /// A lock.
    Lock(ObjectId),
}

/// A thread had a resource for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    /// What it had.
    pub resource: Resource,
    /// Who.
    pub thread: ThreadId,
    /// From, inclusive.
    pub from: Nanos,
    /// To, exclusive; [`Nanos::FOREVER`] where it still had it when the run ended.
    pub to: Nanos,
}

/// Every stay, on request. Each is noted when it begins, whoever else may be there, so that a test can see it.
#[derive(Debug, Default)]
pub(super) struct Stays {
    recording: bool,
    all: Vec<Stay>,
    /// Indices into `all` of those that have not ended.
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
    /// Every thread that ever was, in the order of their births, as it stands now.
    pub fn lives(&self) -> Vec<Life> {
        let mut scheduler = self.scheduler.borrow_mut();
        scheduler.charge_all(&self.engine);
        let life = |thread: &super::thread::Thread| Life {
            name: thread.name.clone(),
            born: thread.born,
            ended: (thread.state == State::Ended).then(|| scheduler.ledger.since(thread.track)),
            asked: thread.asked,
            done: thread.done,
            left: thread.remaining.plus(thread.beyond),
        };
        scheduler.threads.iter().map(life).collect()
    }

    /// Every process that has not ended, in the order of their births.
    pub fn footprints(&self) -> Vec<Footprint> {
        let living: Vec<ProcessId> = self.memory.borrow().living().collect();
        let footprint = |process| Footprint {
            name: self.name_of_process(process),
            unique: self.unique(process),
            resident: self.resident(process),
        };
        living.into_iter().map(footprint).collect()
    }

    /// Every ended span of every thread: empty unless the machine was made by [`Os::recording`].
    pub fn spans(&self) -> Vec<Span> {
        self.scheduler.borrow().ledger.spans().to_vec()
    }

    /// Who had which CPU and which lock, in the order of the beginnings: empty unless the machine was made by
    /// [`Os::recording`].
    pub fn stays(&self) -> Vec<Stay> {
        self.scheduler.borrow().stays.all.clone()
    }

    /// `thread` took a lock, or the lock is free again.
    pub(crate) fn note_holder(&self, lock: ObjectId, thread: Option<ThreadId>) {
        if !self.recording {
            return;
        }
        let mut scheduler = self.scheduler.borrow_mut();
        match thread {
            Some(thread) => scheduler.stays.begin(Resource::Lock(lock), thread, self.now()),
            None => scheduler.stays.end(Resource::Lock(lock), self.now()),
        }
    }
}
