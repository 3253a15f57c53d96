//! What became of the lock, step by step: kept on a recording machine only, for tests and timelines.
//!
//! The steps are those that a CPython with a log in `take_gil` and `drop_gil` (`Python/ceval_gil.c`) writes down, so
//! that a simulated log and a measured one can be laid side by side.

use std::cell::RefCell;

use crate::os::{Os, ThreadId};
use crate::units::Nanos;

/// A step of `take_gil` or `drop_gil`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockStep {
    /// Enters `take_gil`.
    Wants,
    /// The lock is held: starts a timed wait.
    Waits,
    /// The timed wait ended without a signal, and the thread has the mutex again.
    TimedOut,
    /// The same with a signal.
    Signalled,
    /// Sets the drop request.
    Requests,
    /// Has the lock.
    Has,
    /// Lets go of its own will.
    Releases,
    /// Lets go because it was asked to.
    ReleasesOnRequest,
    /// Starts to wait until another thread has the lock.
    WaitsForSwitch,
    /// Another thread had it.
    Switched,
}

/// Who took a step, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockEvent {
    /// When, in simulated time.
    pub at: Nanos,
    /// By whom.
    pub thread: ThreadId,
    /// What.
    pub step: LockStep,
}

/// All steps so far, in order.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    /// `None` where nothing is recorded: noting a step then costs one comparison.
    taken: Option<RefCell<Vec<LockEvent>>>,
}

impl Steps {
    /// Keeps steps if the machine records.
    pub fn on(os: &Os) -> Self {
        Self {
            taken: os.is_recording().then(RefCell::default),
        }
    }

    pub fn note(&self, os: &Os, thread: ThreadId, step: LockStep) {
        if let Some(taken) = &self.taken {
            let at = os.now();
            taken.borrow_mut().push(LockEvent { at, thread, step });
        }
    }

    pub fn all(&self) -> Vec<LockEvent> {
        self.taken
            .as_ref()
            .map(|taken| taken.borrow().clone())
            .unwrap_or_default()
    }
}
