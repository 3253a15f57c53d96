//! The table of threads and the table of CPUs, which refer to each other: what all parts of the scheduler work on.

use std::ops::{Index, IndexMut};

use super::cpu::Cpu;
use crate::engine::Slot;
use crate::os::thread::{Thread, ThreadId};

/// A hardware thread, as the operating system numbers them: CPU `c + k * cores` is the k-th hardware thread of core
/// `c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CpuId(u32);

impl CpuId {
    /// CPUs are counted from 0.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Every thread, including those that have ended.
#[derive(Debug, Default)]
pub(crate) struct Threads(Vec<Thread>);

impl Threads {
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// The identifier of the thread that is added next.
    pub const fn next(&self) -> ThreadId {
        ThreadId(self.0.len() as u32)
    }

    pub fn add(&mut self, thread: Thread) {
        self.0.push(thread);
    }

    /// In the order in which they were created.
    pub fn ids(&self) -> impl Iterator<Item = ThreadId> + use<> {
        (0..self.0.len() as u32).map(ThreadId)
    }

    /// In the order in which they were created.
    pub fn iter(&self) -> impl Iterator<Item = &Thread> {
        self.0.iter()
    }
}

impl Index<ThreadId> for Threads {
    type Output = Thread;

    #[inline]
    fn index(&self, thread: ThreadId) -> &Thread {
        &self.0[thread.index()]
    }
}

impl IndexMut<ThreadId> for Threads {
    #[inline]
    fn index_mut(&mut self, thread: ThreadId) -> &mut Thread {
        &mut self.0[thread.index()]
    }
}

/// The machine's CPUs: at least one.
#[derive(Debug)]
pub(crate) struct Cpus {
    table: Vec<Cpu>,
    cores: usize,
    /// Number of CPUs that have gone idle and run nothing.
    pub(super) idle: usize,
}

impl Cpus {
    /// All CPUs of a machine with that many cores, idle.
    pub fn new(cores: usize, table: Vec<Cpu>) -> Self {
        Self {
            idle: table.len(),
            cores,
            table,
        }
    }

    pub const fn len(&self) -> usize {
        self.table.len()
    }

    pub const fn cores(&self) -> usize {
        self.cores
    }

    /// In the order of their numbers.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = CpuId> + use<> {
        (0..self.table.len() as u32).map(CpuId)
    }

    /// The CPU `distance` places behind `cpu`, around the circle.
    pub const fn behind(&self, cpu: CpuId, distance: usize) -> CpuId {
        CpuId(((cpu.index() + distance) % self.table.len()) as u32)
    }

    /// The number of the core that `cpu` belongs to.
    pub const fn core_of(&self, cpu: CpuId) -> usize {
        cpu.index() % self.cores
    }

    /// The hardware threads of a core.
    pub fn of_core(&self, core: usize) -> impl Iterator<Item = CpuId> + use<> {
        (core..self.table.len())
            .step_by(self.cores)
            .map(|cpu| CpuId(cpu as u32))
    }

    pub fn is_idle(&self, cpu: CpuId) -> bool {
        self[cpu].current.is_none()
    }

    /// Whether all hardware threads of its core are idle.
    pub fn is_idle_core(&self, cpu: CpuId) -> bool {
        self.of_core(self.core_of(cpu))
            .all(|sibling| self.is_idle(sibling))
    }
}

impl Index<CpuId> for Cpus {
    type Output = Cpu;

    #[inline]
    fn index(&self, cpu: CpuId) -> &Cpu {
        &self.table[cpu.index()]
    }
}

impl IndexMut<CpuId> for Cpus {
    #[inline]
    fn index_mut(&mut self, cpu: CpuId) -> &mut Cpu {
        &mut self.table[cpu.index()]
    }
}

/// Both tables. A method of the scheduler's parts that takes them may change any thread and any CPU, and beside them
/// only its own part.
#[derive(Debug)]
pub(crate) struct Tables {
    pub threads: Threads,
    pub cpus: Cpus,
    /// Whether any decision depends on how busy CPUs have been: see [`utilization`](super::utilization).
    pub(super) tracks_utilization: bool,
}

/// What a slot of the event queue belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotOwner {
    Cpu(CpuId),
    Thread(ThreadId),
}

impl Tables {
    /// CPUs have the first slots of the event queue, and threads those behind them, in the order of their numbers.
    pub fn owner_of(&self, slot: Slot) -> SlotOwner {
        let (slot, cpus) = (slot.index(), self.cpus.len());
        if slot < cpus {
            SlotOwner::Cpu(CpuId(slot as u32))
        } else {
            SlotOwner::Thread(ThreadId((slot - cpus) as u32))
        }
    }
}

impl Index<ThreadId> for Tables {
    type Output = Thread;

    #[inline]
    fn index(&self, thread: ThreadId) -> &Thread {
        &self.threads[thread]
    }
}

impl IndexMut<ThreadId> for Tables {
    #[inline]
    fn index_mut(&mut self, thread: ThreadId) -> &mut Thread {
        &mut self.threads[thread]
    }
}

impl Index<CpuId> for Tables {
    type Output = Cpu;

    #[inline]
    fn index(&self, cpu: CpuId) -> &Cpu {
        &self.cpus[cpu]
    }
}

impl IndexMut<CpuId> for Tables {
    #[inline]
    fn index_mut(&mut self, cpu: CpuId) -> &mut Cpu {
        &mut self.cpus[cpu]
    }
}
