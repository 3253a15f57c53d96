//! The machine's memory that processes occupy: `mm/memory.c` (private pages, copies on write), `mm/shmem.c` (shared
//! segments), `kernel/fork.c` (`dup_mmap`).
//!
//! A page counts once, however many processes map it, and only after it has been touched. The occupied memory is the
//! sum of the proportional set sizes (`Pss` in `/proc/PID/smaps_rollup`) of all processes, and segments that no process
//! maps but whose name still exists. Pages of the kernel itself (page tables, the contents of pipes) do not count.

use super::{Os, ProcessId};
use crate::units::{Bytes, Nanos};

/// Size of a page on most machines.
pub const PAGE: Bytes = Bytes::from_kib(4);

/// Number of pages that `bytes` need.
pub const fn pages(bytes: Bytes) -> u64 {
    bytes.0.div_ceil(PAGE.0)
}

/// Memory that several processes can map: in `/dev/shm`, or the pages of a program's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SegmentId(u32);

/// The memory that a process maps: `struct mm_struct`.
#[derive(Debug, Default)]
struct AddressSpace {
    /// Bytes in pages that it was the first to touch, or has copied.
    own: u128,
    /// Bytes in pages of the process that it was forked from, to which it has not written.
    inherited: u128,
    /// The process that these pages belong to.
    forked_from: Option<ProcessId>,
    /// Number of processes that inherited from it and still exist.
    heirs: u32,
    /// The most that one of them inherited of its own pages: that much outlives it.
    bequeathed: u128,
    segments: Vec<SegmentId>,
    exited: bool,
}

#[derive(Debug)]
struct Segment {
    /// Bytes in pages that have been touched.
    present: u128,
    mapped_by: u32,
    /// It has a name, and exists even if no process maps it.
    linked: bool,
}

/// The memory of a machine.
#[derive(Debug, Default)]
pub(super) struct Memory {
    spaces: Vec<AddressSpace>,
    segments: Vec<Segment>,
    occupied: u128,
    peak: u128,
}

impl Memory {
    /// The address space of a new process.
    fn space(&mut self, process: ProcessId) -> &mut AddressSpace {
        let index = process.0 as usize;
        if self.spaces.len() <= index {
            self.spaces.resize_with(index + 1, AddressSpace::default);
        }
        &mut self.spaces[index]
    }

    fn occupy(&mut self, bytes: u128) {
        self.occupied += bytes;
        self.peak = self.peak.max(self.occupied);
    }

    fn map(&mut self, process: ProcessId, bytes: u128) {
        let space = self.space(process);
        // One of its own threads has killed it, and has not reached its next `.await` yet.
        if space.exited {
            return;
        }
        space.own += bytes;
        self.occupy(bytes);
    }

    fn unmap(&mut self, process: ProcessId, bytes: u128) {
        let space = self.space(process);
        if space.exited {
            return;
        }
        debug_assert!(
            space.own + space.inherited >= bytes,
            "a process gives back memory that it does not map"
        );
        let own = bytes.min(space.own);
        space.own -= own;
        space.inherited = space.inherited.saturating_sub(bytes - own);
        self.occupied -= own;
    }

    fn fork(&mut self, parent: ProcessId, child: ProcessId) {
        let space = self.space(parent);
        let (own, inherited) = (space.own, space.own + space.inherited);
        space.heirs += 1;
        space.bequeathed = space.bequeathed.max(own);
        let segments = space.segments.clone();
        for &segment in &segments {
            self.segments[segment.0 as usize].mapped_by += 1;
        }
        let heir = self.space(child);
        heir.inherited = inherited;
        heir.forked_from = Some(parent);
        heir.segments = segments;
    }

    fn copy_on_write(&mut self, process: ProcessId, bytes: u128) -> u128 {
        let space = self.space(process);
        let copied = bytes.min(space.inherited);
        space.inherited -= copied;
        space.own += copied;
        self.occupy(copied);
        copied
    }

    pub fn exit(&mut self, process: ProcessId) {
        if self.space(process).exited {
            return;
        }
        let segments = std::mem::take(&mut self.space(process).segments);
        for segment in segments {
            self.unmap_segment(segment);
        }
        let space = self.space(process);
        let kept = if space.heirs == 0 {
            0
        } else {
            space.own.min(space.bequeathed)
        };
        let freed = space.own - kept;
        space.own = kept;
        space.exited = true;
        self.occupied -= freed;
        self.forget(process);
    }

    /// Gives back what a process left to its heirs once it has none, and the same for the processes that it inherited
    /// from.
    fn forget(&mut self, process: ProcessId) {
        let space = self.space(process);
        if !space.exited || space.heirs > 0 {
            return;
        }
        space.inherited = 0;
        let (own, parent) = (std::mem::take(&mut space.own), space.forked_from.take());
        self.occupied -= own;
        if let Some(parent) = parent {
            self.space(parent).heirs -= 1;
            self.forget(parent);
        }
    }

    /// A process no longer maps the segment. Returns the bytes that are freed because no process can reach it any more.
    fn unmap_segment(&mut self, segment: SegmentId) -> u128 {
        self.segments[segment.0 as usize].mapped_by -= 1;
        self.free_if_unreachable(segment)
    }

    fn free_if_unreachable(&mut self, segment: SegmentId) -> u128 {
        let segment = &mut self.segments[segment.0 as usize];
        if segment.linked || segment.mapped_by > 0 {
            return 0;
        }
        let freed = std::mem::take(&mut segment.present);
        self.occupied -= freed;
        freed
    }

    pub fn resident(&self, process: ProcessId) -> u128 {
        self.spaces.get(process.0 as usize).map_or(0, |space| {
            let segments = space.segments.iter();
            let mapped = segments.map(|segment| self.segments[segment.0 as usize].present);
            space.own + space.inherited + mapped.sum::<u128>()
        })
    }
}

impl Memory {
    /// Occupied bytes.
    pub const fn occupied(&self) -> u128 {
        self.occupied
    }

    /// The processes that map memory and have not ended.
    pub fn living(&self) -> impl Iterator<Item = ProcessId> {
        let spaces = (0..).zip(&self.spaces);
        spaces
            .filter(|(_, space)| !space.exited)
            .map(|(index, _)| ProcessId(index))
    }

    /// Bytes for reports; sums may be too large for 64 bits.
    pub(crate) fn clamped(bytes: u128) -> Bytes {
        Bytes(u64::try_from(bytes).unwrap_or(u64::MAX))
    }
}

impl Os {
    /// The process touches `bytes` that no other process maps.
    pub fn map(&self, process: ProcessId, bytes: Bytes) {
        self.memory.borrow_mut().map(process, bytes.0.into());
        self.check_memory();
    }

    /// The process gives `bytes` of its own back.
    pub(crate) fn unmap(&self, process: ProcessId, bytes: Bytes) {
        self.memory.borrow_mut().unmap(process, bytes.0.into());
    }

    /// `fork(2)`: the child maps all that its parent maps, and a page is copied only when one of them writes to it.
    /// What the parent gives back later counts as free, although a child may still map it.
    pub(crate) fn fork_memory(&self, parent: ProcessId, child: ProcessId) {
        self.memory.borrow_mut().fork(parent, child);
    }

    /// Since a fork, a process shares the pages that its code writes to. `work` copies all of them, and takes `delay`
    /// longer for it.
    pub fn share_pages(&self, process: ProcessId, delay: Nanos, work: Nanos) {
        let mut scheduler = self.scheduler.borrow_mut();
        scheduler.processes.copies(process).or_after(delay, work);
    }

    /// A forked process writes to `bytes` of the memory that it inherited. As far as it has not written to that much
    /// before, the bytes become its own. Returns their number.
    pub fn copy_on_write(&self, process: ProcessId, bytes: Bytes) -> Bytes {
        let copied = self.memory.borrow_mut().copy_on_write(process, bytes.0.into());
        self.check_memory();
        Memory::clamped(copied)
    }

    /// Adds a segment without pages. It exists for as long as a process maps it, and if it is `linked`, until its name
    /// is removed.
    pub(crate) fn add_segment(&self, linked: bool) -> SegmentId {
        let segments = &mut self.memory.borrow_mut().segments;
        segments.push(Segment {
            present: 0,
            mapped_by: 0,
            linked,
        });
        SegmentId(segments.len() as u32 - 1)
    }

    /// `mmap(2)` of a segment.
    pub(crate) fn map_segment(&self, process: ProcessId, segment: SegmentId) {
        let mut memory = self.memory.borrow_mut();
        if memory.space(process).exited {
            return;
        }
        memory.space(process).segments.push(segment);
        memory.segments[segment.0 as usize].mapped_by += 1;
    }

    /// `bytes` of a segment are touched for the first time.
    pub(crate) fn populate(&self, segment: SegmentId, bytes: Bytes) {
        let mut memory = self.memory.borrow_mut();
        memory.segments[segment.0 as usize].present += u128::from(bytes.0);
        memory.occupy(bytes.0.into());
        drop(memory);
        self.check_memory();
    }

    /// `munmap(2)` of a segment. Returns the number of bytes that it frees.
    pub(crate) fn unmap_segment(&self, process: ProcessId, segment: SegmentId) -> Bytes {
        let mut memory = self.memory.borrow_mut();
        let mapped = &mut memory.space(process).segments;
        let Some(place) = mapped.iter().position(|&mapped| mapped == segment) else {
            return Bytes::ZERO;
        };
        mapped.swap_remove(place);
        Memory::clamped(memory.unmap_segment(segment))
    }

    /// `shm_unlink(3)`: the segment loses its name. Returns the number of bytes that it frees.
    pub(crate) fn unlink_segment(&self, segment: SegmentId) -> Bytes {
        let mut memory = self.memory.borrow_mut();
        memory.segments[segment.0 as usize].linked = false;
        Memory::clamped(memory.free_if_unreachable(segment))
    }

    /// Private memory of a process, its own and inherited: `fork(2)` has to copy the page tables for it.
    pub(crate) fn mapped(&self, process: ProcessId) -> Bytes {
        let memory = self.memory.borrow();
        let space = memory.spaces.get(process.0 as usize);
        Memory::clamped(space.map_or(0, |space| space.own + space.inherited))
    }

    /// Memory that a process alone occupies: its unique set size, without segments.
    #[cfg(feature = "internals")]
    pub fn unique(&self, process: ProcessId) -> Bytes {
        let memory = self.memory.borrow();
        Memory::clamped(memory.spaces.get(process.0 as usize).map_or(0, |space| space.own))
    }

    /// Memory that a process maps and that has been touched: its resident set size.
    #[cfg(feature = "internals")]
    pub fn resident(&self, process: ProcessId) -> Bytes {
        Memory::clamped(self.memory.borrow().resident(process))
    }

    /// Memory that is occupied now. Each page counts once.
    #[cfg(feature = "internals")]
    pub fn occupied(&self) -> Bytes {
        Memory::clamped(self.memory.borrow().occupied)
    }

    /// The most memory that was occupied at one time, at most the limit: memory beyond it is never touched.
    pub fn peak_memory(&self) -> Bytes {
        let limit = self.memory_limit.borrow().bytes().unwrap_or(u128::MAX);
        Memory::clamped(self.memory.borrow().peak.min(limit))
    }
}
