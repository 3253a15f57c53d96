//! Processes and the memory they map.

use std::rc::Rc;

use super::{Pipe, Semaphore};
use crate::units::Bytes;

/// A simulated process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(pub(crate) u32);

pub(crate) struct Process {
    /// Private memory, mapped now.
    pub mapped: Bytes,
    /// It has exited, or was killed.
    over: bool,
    /// By which its parent learns of its end; `None` where nobody asks.
    pub parting: Option<Parting>,
}

/// By what a parent learns that a child is over.
#[derive(Clone)]
pub struct Parting {
    /// `waitpid(2)`: posted when it has exited.
    pub exited: Rc<Semaphore>,
    /// A pipe whose writing end only the child has: hangs up when it has exited.
    pub sentinel: Rc<Pipe>,
}

/// All processes and what they map together.
#[derive(Default)]
pub(crate) struct Processes {
    table: Vec<Process>,
    mapped: u64,
    peak: u64,
}

impl Processes {
    pub fn add(&mut self) -> ProcessId {
        self.table.push(Process {
            mapped: Bytes::ZERO,
            over: false,
            parting: None,
        });
        ProcessId(self.table.len() as u32 - 1)
    }

    pub fn set_parting(&mut self, process: ProcessId, parting: Parting) {
        self.table[process.0 as usize].parting = Some(parting);
    }

    pub fn parting(&self, process: ProcessId) -> Option<Parting> {
        self.table[process.0 as usize].parting.clone()
    }

    /// Bytes that `process` maps privately from now on.
    pub fn map(&mut self, process: ProcessId, bytes: Bytes) {
        self.table[process.0 as usize].mapped.0 += bytes.0;
        self.mapped += bytes.0;
        self.peak = self.peak.max(self.mapped);
    }

    pub fn unmap(&mut self, process: ProcessId, bytes: Bytes) {
        self.table[process.0 as usize].mapped.0 -= bytes.0;
        self.mapped -= bytes.0;
    }

    /// A process that ends gives everything back. Says whether it had not ended before.
    pub fn end(&mut self, process: ProcessId) -> bool {
        let mapped = self.table[process.0 as usize].mapped;
        self.unmap(process, mapped);
        !std::mem::replace(&mut self.table[process.0 as usize].over, true)
    }

    pub fn mapped(&self, process: ProcessId) -> Bytes {
        self.table[process.0 as usize].mapped
    }

    /// The most that was mapped at one time.
    pub fn peak(&self) -> Bytes {
        Bytes(self.peak)
    }
}
