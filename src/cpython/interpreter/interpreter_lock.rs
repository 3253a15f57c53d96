//! What keeps the threads of one interpreter apart: which lock, by version and build.
//!
//! Who works through a thread state attaches and detaches, and need not know which of them it is.

use std::sync::Arc;

use super::ceval_gil::{Gil, LockEvent};
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
    reason = "there is one for each interpreter, and it stays where it is"
)]
pub enum InterpreterLock {
    /// Before 3.2: an ordinary lock, let go of and taken again every 100 ticks.
    Ticker(TickerLock),
    /// 3.2 and later: a timed lock that is handed over on request.
    Gil(Gil),
    /// The free-threaded build: no lock, but a world that can be stopped.
    FreeThreaded(FreeThreaded),
}

/// An interpreter of the free-threaded build.
pub struct FreeThreaded {
    /// Its threads, and who stops them.
    pub(crate) world: StopTheWorld,
    /// Its garbage collector.
    pub(crate) collector: Collector,
}

impl InterpreterLock {
    /// The lock as `python` has it, open. `process` tells it from others in reports; `key` names its random draws.
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

    /// Before a thread may touch an object: `_PyThreadState_Attach`.
    pub async fn attach(&self, os: &Os, me: ThreadId) {
        match self {
            Self::Ticker(lock) => lock.acquire(os, me).await,
            Self::Gil(gil) => gil.take_gil(os, me).await,
            Self::FreeThreaded(free) => free.world.attach(os, me).await,
        }
    }

    /// Before a thread blocks: `_PyThreadState_Detach`.
    pub async fn detach(&self, os: &Os, me: ThreadId) {
        match self {
            Self::Ticker(lock) => lock.release(os, me).await,
            Self::Gil(gil) => gil.drop_gil(os, me).await,
            Self::FreeThreaded(free) => free.world.detach(me),
        }
    }

    /// The same for a thread that will never want to attach again.
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

    /// Times that the lock went from one thread to another; none where there is no lock.
    pub fn switches(&self) -> u64 {
        match self {
            Self::Ticker(lock) => lock.switches(),
            Self::Gil(gil) => gil.switches(),
            Self::FreeThreaded(_) => 0,
        }
    }

    /// Every step of a timed lock so far: empty for the others, and unless the machine was made by [`Os::recording`].
    pub fn steps(&self) -> Vec<LockEvent> {
        match self {
            Self::Gil(gil) => gil.steps(),
            Self::Ticker(_) | Self::FreeThreaded(_) => Vec::new(),
        }
    }
}
