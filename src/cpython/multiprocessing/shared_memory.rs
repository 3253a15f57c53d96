//! Shared memory: `Lib/multiprocessing/shared_memory.py`, `Modules/_posixshmem`, `Modules/mmapmodule.c`.
//!
//! ```text
//!  who sends      SharedMemory(create=True) | copy: each page is allocated and cleared first | close
//!  its name       travels instead of the data
//!  who receives   SharedMemory(name) | use: each page is mapped first | close
//!  who is last    unlink: the pages are freed
//! ```
//! What bytecode and memory copies take, and the page faults in them, passes with the interpreter lock held. Each time
//! that a segment is made, attached to or unlinked, the resource tracker is told.

use crate::cpython::interpreter::pystate::ThreadState;
use crate::os::{SegmentId, pages};
use crate::units::Bytes;

/// `multiprocessing.shared_memory.SharedMemory`: a segment, by its name.
#[derive(Clone, Copy, Debug)]
pub struct SharedMemory {
    segment: SegmentId,
    size: Bytes,
}

impl SharedMemory {
    /// `SharedMemory(create=True, size=...)`
    pub async fn create(me: &ThreadState, size: Bytes) -> Self {
        me.bytecode(me.costs().shared_memory.create).await;
        let segment = me.os().add_segment(true);
        me.os().map_segment(me.interpreter.process, segment);
        me.tell_tracker().await;
        Self { segment, size }
    }

    /// `SharedMemory(name)`
    pub async fn attach(&self, me: &ThreadState) {
        me.bytecode(me.costs().shared_memory.attach).await;
        me.os().map_segment(me.interpreter.process, self.segment);
        me.tell_tracker().await;
    }

    /// `shm.buf[:] = data`, the first time that anyone touches it.
    pub async fn copy_in(&self, me: &ThreadState) {
        let costs = &me.costs().shared_memory;
        let faults = costs.allocate_page * pages(self.size);
        me.native_holding_lock(faults + costs.copy.time(self.size)).await;
        me.os().populate(self.segment, self.size);
    }

    /// The first touch of each page by a process that has just attached: what others have written is found there.
    pub async fn touch(&self, me: &ThreadState) {
        me.native_holding_lock(me.costs().shared_memory.map_page * pages(self.size))
            .await;
    }

    /// `bytes(shm.buf)`, where this process has not touched it before.
    pub async fn copy_out(&self, me: &ThreadState) {
        self.touch(me).await;
        me.native_holding_lock(me.costs().shared_memory.copy.time(self.size))
            .await;
    }

    /// `close()`
    pub async fn close(&self, me: &ThreadState) {
        me.bytecode(me.costs().shared_memory.close).await;
        let freed = me.os().unmap_segment(me.interpreter.process, self.segment);
        free_pages(me, freed).await;
    }

    /// `unlink()`
    pub async fn unlink(&self, me: &ThreadState) {
        me.bytecode(me.costs().shared_memory.unlink).await;
        let freed = me.os().unlink_segment(self.segment);
        free_pages(me, freed).await;
        me.tell_tracker().await;
    }
}

/// `shmem_evict_inode`: who lets go last does the work.
async fn free_pages(me: &ThreadState, freed: Bytes) {
    me.native_holding_lock(me.costs().shared_memory.free_page * pages(freed))
        .await;
}
