//! The lock of an interpreter: which one it has depends on the version and the build.
//!
//! Code that uses a [`ThreadState`](super::pystate::ThreadState) attaches and detaches, and need not know which lock
//! this takes and releases.

use std::sync::Arc;

use super::ceval_gil::Gil;
#[cfg(feature = "internals")]
use super::ceval_gil::LockEvent;
use super::gc_free_threading::Collector;
use super::stop_the_world::StopTheWorld;
use super::ticker_lock::TickerLock;
use crate::model::{Python, Version};
use crate::os::{Os, ThreadId};
use crate::profile::Profile;
use crate::random::Key;

/// The lock of one interpreter.
#[allow(
    clippy::large_enum_variant,
    reason = "there is one for each interpreter, and it is never moved"
)]
pub enum InterpreterLock {
    /// Before 3.2: an ordinary lock that is released and taken again every 100 ticks.
    Ticker(TickerLock),
    /// From 3.2 on: a lock with timed waits that is handed over on request.
    Gil(Gil),
    /// The free-threaded build: no lock, but all threads can be stopped.
    FreeThreaded(FreeThreaded),
}

/// What an interpreter of the free-threaded build has instead of a lock.
pub struct FreeThreaded {
    /// The states of its threads.
    pub(crate) world: StopTheWorld,
    /// Its garbage collector.
    pub(crate) collector: Collector,
}

impl InterpreterLock {
    /// A free lock, as `python` has it. `process` identifies it in reports; `key` names its random draws.
    pub fn new(os: &Os, process: &str, profile: &Arc<Profile>, python: &Python, key: Key) -> Self {
        if python.version < Version::NEW_LOCK {
            return Self::Ticker(TickerLock::new(os, process, profile, python.check_interval, key));
        }
        if python.version.free_threaded {
            return Self::FreeThreaded(FreeThreaded {
                world: StopTheWorld::new(os, process, profile, key),
                collector: Collector::default(),
            });
        }
        Self::Gil(Gil::new(
            os,
            process,
            profile,
            python.version,
            python.switch_interval,
            key,
        ))
    }

    /// `_PyThreadState_Attach`: a thread must attach before it may use an object.
    pub async fn attach(&self, os: &Os, me: ThreadId) {
        match self {
            Self::Ticker(lock) => lock.acquire(os, me).await,
            Self::Gil(gil) => gil.take_gil(os, me).await,
            Self::FreeThreaded(free) => free.world.attach(os, me).await,
        }
    }

    /// `_PyThreadState_Detach`: a thread detaches before it blocks.
    pub async fn detach(&self, os: &Os, me: ThreadId) {
        match self {
            Self::Ticker(lock) => lock.release(os, me).await,
            Self::Gil(gil) => gil.drop_gil(os, me).await,
            Self::FreeThreaded(free) => free.world.detach(me),
        }
    }

    /// `detach` of a thread that will never attach again.
    pub async fn detach_for_good(&self, os: &Os, me: ThreadId) {
        match self {
            Self::Ticker(lock) => lock.release(os, me).await,
            Self::Gil(gil) => gil.drop_gil_for_good(os, me).await,
            Self::FreeThreaded(free) => {
                free.collector.forget(me);
                free.world.detach_for_good(os, me).await;
            }
        }
    }

    /// Number of times that a different thread took the lock. Zero if there is no lock.
    #[cfg(feature = "internals")]
    pub fn switches(&self) -> u64 {
        match self {
            Self::Ticker(lock) => lock.switches(),
            Self::Gil(gil) => gil.switches(),
            Self::FreeThreaded(_) => 0,
        }
    }

    /// All steps so far of a lock with timed waits. Empty for the other kinds, and unless the machine was made by
    /// [`Os::recording`].
    #[cfg(feature = "internals")]
    pub fn steps(&self) -> Vec<LockEvent> {
        match self {
            Self::Gil(gil) => gil.steps(),
            Self::Ticker(_) | Self::FreeThreaded(_) => Vec::new(),
        }
    }
}
