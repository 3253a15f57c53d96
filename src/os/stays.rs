//! Which thread had which CPU or lock when: recorded on request.

use super::thread::{ObjectId, ThreadId};
use super::{CpuId, Os};
use crate::units::Nanos;

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

    /// Every stay so far, ordered by the beginning.
    #[cfg(feature = "internals")]
    pub fn all(&self) -> &[Stay] {
        &self.all
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
