//! `"process-per-task"`: one `multiprocessing.Process` for each item.

use crate::model::ProcessStart;

use super::{Accepts, Describe, Facts, Home, Run, Uses};

/// One `multiprocessing.Process` for each item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessPerTask {
    /// How a process is started.
    pub start: ProcessStart,
}

impl Describe for ProcessPerTask {
    const KEYS: &'static [&'static str] = &["start_method", "forkserver", "transport"];
    const ACCEPTS: Accepts = Accepts::Items;

    fn read(run: &Run<'_, '_>) -> Option<Self> {
        let start = run.start()?;
        Some(Self { start })
    }

    fn facts(&self) -> Facts {
        Facts {
            start: Some(self.start),
            inherits_arguments: true,
            ..Facts::of(Home::Processes)
        }
    }

    fn threads_at_once(&self, items: u64) -> u64 {
        items
    }

    fn obstacle(&self, _: &Uses) -> Option<&'static str> {
        None
    }
}
