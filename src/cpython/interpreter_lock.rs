//! What keeps the threads of one interpreter apart: which lock, by version.
//!
//! Who works through a thread state attaches and detaches, and need not know which of them it is.

use super::gil::{Gil, LockEvent};
use crate::os::{Os, ThreadId};
use crate::random::Key;
use crate::scenario::Python;

/// The lock of one interpreter.
pub enum InterpreterLock {
    /// 3.2 and later: a timed lock that is handed over on request.
    Gil(Gil),
}

impl InterpreterLock {
    /// The lock as `python` has it, open. `process` tells it from others in reports; `key` names its random draws.
    pub fn new(os: &Os, process: &str, python: &Python, key: Key) -> Self {
        Self::Gil(Gil::new(os, process, python.version, python.switch_interval, key))
    }

    /// Before a thread may touch an object: `_PyThreadState_Attach`.
    pub async fn attach(&self, os: &Os, me: ThreadId) {
        match self {
            Self::Gil(gil) => gil.take_gil(os, me).await,
        }
    }

    /// Before a thread blocks: `_PyThreadState_Detach`.
    pub async fn detach(&self, os: &Os, me: ThreadId) {
        match self {
            Self::Gil(gil) => gil.drop_gil(os, me).await,
        }
    }

    /// The same for a thread that will never want to attach again.
    pub async fn detach_for_good(&self, os: &Os, me: ThreadId) {
        match self {
            Self::Gil(gil) => gil.drop_gil_for_good(os, me).await,
        }
    }

    /// Times that the lock went from one thread to another.
    pub fn switches(&self) -> u64 {
        match self {
            Self::Gil(gil) => gil.switches(),
        }
    }

    /// Every step taken so far: empty unless the machine was made by [`Os::recording`].
    pub fn steps(&self) -> Vec<LockEvent> {
        match self {
            Self::Gil(gil) => gil.steps(),
        }
    }
}
