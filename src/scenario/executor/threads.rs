//! `"threads"`: `concurrent.futures.ThreadPoolExecutor` (`Lib/concurrent/futures/thread.py`).

use super::{Accepts, Describe, Facts, Home, Run, Uses};

/// `concurrent.futures.ThreadPoolExecutor`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threads {
    /// Most threads.
    pub workers: u32,
}

impl Describe for Threads {
    const KEYS: &'static [&'static str] = &["workers"];
    const ACCEPTS: Accepts = Accepts::Items;

    fn read(run: &Run<'_, '_>) -> Option<Self> {
        let workers = run.workers(run.default_threads())?;
        Some(Self { workers })
    }

    fn facts(&self) -> Facts {
        Facts {
            workers: Some(self.workers),
            ..Facts::of(Home::Threads)
        }
    }

    fn threads_at_once(&self, _: u64) -> u64 {
        self.workers.into()
    }

    fn obstacle(&self, _: &Uses) -> Option<&'static str> {
        None
    }
}
