//! Shared memory: `Lib/multiprocessing/shared_memory.py`, `Modules/_posixshmem`, `Modules/mmapmodule.c`.
//!
//! ```text
//!  sender         SharedMemory(create=True) | copy: each page is allocated and cleared first | close
//!  the name       travels instead of the data
//!  receiver       SharedMemory(name) | use: each page is mapped first | close
//!  last process   unlink: the pages are freed
//! ```
//! Bytecode, memory copies and the page faults in them happen with the interpreter lock held. The resource tracker is
//! told whenever a segment is created, attached or unlinked.

use crate::cpython::interpreter::pystate::ThreadState;
use crate::os::{SegmentId, pages};
use crate::units::Bytes;

/// `multiprocessing.shared_memory.SharedMemory`: the name of a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SharedMemory {
    segment: SegmentId,
    size: Bytes,
}

impl SharedMemory {
    /// `SharedMemory(create=True, size=...)`
    pub(crate) async fn create(me: &ThreadState, size: Bytes) -> Self {
        me.bytecode(me.costs().shared_memory.create).await;
        let segment = me.os().add_segment(true);
        me.os().map_segment(me.interpreter.process, segment);
        me.tell_tracker().await;
        Self { segment, size }
    }

    /// `SharedMemory(name)`
    pub(crate) async fn attach(&self, me: &ThreadState) {
        me.bytecode(me.costs().shared_memory.attach).await;
        me.os().map_segment(me.interpreter.process, self.segment);
        me.tell_tracker().await;
    }

    /// `shm.buf[:] = data`, the first time that any process touches the segment.
    pub(crate) async fn copy_in(&self, me: &ThreadState) {
        let costs = &me.costs().shared_memory;
        let faults = costs.allocate_page * pages(self.size);
        me.native_holding_lock(faults + costs.copy.time(self.size)).await;
        me.os().populate(self.segment, self.size);
    }

    /// The first touch of each page by a process that has just attached. The pages hold what others have written.
    pub(crate) async fn touch(&self, me: &ThreadState) {
        me.native_holding_lock(me.costs().shared_memory.map_page * pages(self.size))
            .await;
    }

    /// `bytes(shm.buf)` in a process that has not touched the segment before.
    pub(crate) async fn copy_out(&self, me: &ThreadState) {
        self.touch(me).await;
        me.native_holding_lock(me.costs().shared_memory.copy.time(self.size))
            .await;
    }

    /// `close()`
    pub(crate) async fn close(&self, me: &ThreadState) {
        me.bytecode(me.costs().shared_memory.close).await;
        let freed = me.os().unmap_segment(me.interpreter.process, self.segment);
        free_pages(me, freed).await;
    }

    /// `unlink()`
    pub(crate) async fn unlink(&self, me: &ThreadState) {
        me.bytecode(me.costs().shared_memory.unlink).await;
        let freed = me.os().unlink_segment(self.segment);
        free_pages(me, freed).await;
        me.tell_tracker().await;
    }
}

/// `shmem_evict_inode`: the process that releases the segment last frees its pages.
async fn free_pages(me: &ThreadState, freed: Bytes) {
    me.native_holding_lock(me.costs().shared_memory.free_page * pages(freed))
        .await;
}
