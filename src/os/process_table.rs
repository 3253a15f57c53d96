//! Processes, and how their parents learn about their end. What they map is in [`memory`](super::memory).

use std::rc::Rc;

use super::scheduler::Cold;
use super::{Pipe, Semaphore};

/// A simulated process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(pub(crate) u32);

pub(crate) struct Process {
    /// It has exited, or was killed.
    over: bool,
    /// How its parent learns about its end; `None` if no thread asks.
    pub parting: Option<Parting>,
    /// The delay of copying pages that it shares with its parent or a child, and will write to.
    pub copies: Cold,
}

/// How a parent learns that a child is over.
#[derive(Clone)]
pub struct Parting {
    /// `waitpid(2)`: posted when it has exited.
    pub exited: Rc<Semaphore>,
    /// A pipe of which only the child has the writing end: hangs up when the child has exited.
    pub sentinel: Rc<Pipe>,
}

/// All processes.
#[derive(Default)]
pub(crate) struct Processes {
    table: Vec<Process>,
}

impl Processes {
    pub fn add(&mut self) -> ProcessId {
        self.table.push(Process {
            over: false,
            parting: None,
            copies: Cold::default(),
        });
        ProcessId(self.table.len() as u32 - 1)
    }

    pub fn set_parting(&mut self, process: ProcessId, parting: Parting) {
        self.table[process.0 as usize].parting = Some(parting);
    }

    /// What its code still has to copy.
    #[inline]
    pub fn copies(&mut self, process: ProcessId) -> &mut Cold {
        &mut self.table[process.0 as usize].copies
    }

    pub fn parting(&self, process: ProcessId) -> Option<Parting> {
        self.table[process.0 as usize].parting.clone()
    }

    /// Ends a process. Says whether it had not ended before.
    pub fn end(&mut self, process: ProcessId) -> bool {
        !std::mem::replace(&mut self.table[process.0 as usize].over, true)
    }
}
