//! Processes and the memory they map.

use crate::units::Bytes;

/// A simulated process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(pub(crate) u32);

#[derive(Debug)]
pub(crate) struct Process {
    /// Private memory, mapped now.
    pub mapped: Bytes,
}

/// All processes and what they map together.
#[derive(Debug, Default)]
pub(crate) struct Processes {
    table: Vec<Process>,
    mapped: u64,
    peak: u64,
}

impl Processes {
    pub fn add(&mut self) -> ProcessId {
        self.table.push(Process { mapped: Bytes::ZERO });
        ProcessId(self.table.len() as u32 - 1)
    }

    /// Bytes that `process` maps privately from now on.
    pub fn map(&mut self, process: ProcessId, bytes: Bytes) {
        self.table[process.0 as usize].mapped.0 += bytes.0;
        self.mapped += bytes.0;
        self.peak = self.peak.max(self.mapped);
    }

    /// A daemon thread that is still about when its process exits has nothing left to give back.
    pub fn unmap(&mut self, process: ProcessId, bytes: Bytes) {
        let process = &mut self.table[process.0 as usize];
        let bytes = bytes.0.min(process.mapped.0);
        process.mapped.0 -= bytes;
        self.mapped -= bytes;
    }

    /// A process that ends gives everything back.
    pub fn unmap_all(&mut self, process: ProcessId) {
        let mapped = self.table[process.0 as usize].mapped;
        self.unmap(process, mapped);
    }

    pub fn mapped(&self, process: ProcessId) -> Bytes {
        self.table[process.0 as usize].mapped
    }

    /// The most that was mapped at one time.
    pub fn peak(&self) -> Bytes {
        Bytes(self.peak)
    }
}
