//! What tests read from a finished simulation: each thread's life and work, each process's memory, and which thread had
//! which CPU or lock when.

use std::rc::Rc;

use super::stays::Stay;
use super::thread::{State, Thread, Work};
use super::{Os, ProcessId};
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

impl Os {
    /// The lives of all threads until now, in the order of their creation.
    pub fn lives(&self) -> Vec<Life> {
        let mut scheduler = self.scheduler.borrow_mut();
        scheduler.tables.charge_all(self.now());
        let life = |thread: &Thread| Life {
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
        self.scheduler.borrow().accounts.stays.all().to_vec()
    }
}
