//! A log of the steps of `take_gil` and `drop_gil`, kept only on a recording machine, for tests and timelines.
//!
//! The steps are those that an instrumented CPython logs in `Python/ceval_gil.c`, so that a simulated log and a
//! measured one can be compared.

use std::cell::RefCell;

use crate::os::{Os, ThreadId};
use crate::units::Nanos;

/// A step of `take_gil` or `drop_gil`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockStep {
    /// The thread enters `take_gil`.
    Wants,
    /// The lock is held, so the thread starts a timed wait.
    Waits,
    /// The timed wait ended without a signal, and the thread has the mutex again.
    TimedOut,
    /// The timed wait ended with a signal, and the thread has the mutex again.
    Signalled,
    /// The thread sets the drop request.
    Requests,
    /// The thread has taken the lock.
    Has,
    /// The thread releases the lock without a request.
    Releases,
    /// The thread releases the lock because of a drop request.
    ReleasesOnRequest,
    /// The thread starts to wait until another thread has taken the lock.
    WaitsForSwitch,
    /// The wait for another thread is over.
    Switched,
}

/// A step of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockEvent {
    /// The simulated time.
    pub at: Nanos,
    /// The thread.
    pub thread: ThreadId,
    /// The step.
    pub step: LockStep,
}

/// The log: all steps so far, in order.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    /// `None` if the machine records nothing. Noting a step then costs one comparison.
    taken: Option<RefCell<Vec<LockEvent>>>,
}

impl Steps {
    /// A log that keeps its steps if the machine records.
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

    #[cfg(feature = "internals")]
    pub fn all(&self) -> Vec<LockEvent> {
        self.taken
            .as_ref()
            .map(|taken| taken.borrow().clone())
            .unwrap_or_default()
    }
}
