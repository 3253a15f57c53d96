//! `"interpreters"`: `concurrent.futures.InterpreterPoolExecutor`, which came with 3.14
//! (`Lib/concurrent/futures/interpreter.py`).

use crate::input::Complaint;
use crate::model::Version;

use super::{Accepts, Describe, Facts, Home, Run, Uses};

/// `concurrent.futures.InterpreterPoolExecutor`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interpreters {
    /// Most threads, each with an interpreter of its own.
    pub workers: u32,
}

impl Describe for Interpreters {
    const KEYS: &'static [&'static str] = &["workers"];
    const ACCEPTS: Accepts = Accepts::Items;

    fn read(run: &Run<'_, '_>) -> Option<Self> {
        let workers = run.workers(run.default_threads());
        if run.version < Version::release(3, 14) {
            return run.reader.refuse(
                Complaint::at(
                    run.reader.value_place("executor"),
                    format!("Python {} has no pool of interpreters", run.version),
                )
                .label("InterpreterPoolExecutor came with 3.14")
                .help("set version = \"3.14\" in this [[run]] or under [python]"),
            );
        }
        workers.map(|workers| Self { workers })
    }

    fn facts(&self) -> Facts {
        Facts {
            workers: Some(self.workers),
            ..Facts::of(Home::Interpreters)
        }
    }

    fn threads_at_once(&self, _: u64) -> u64 {
        self.workers.into()
    }

    fn obstacle(&self, uses: &Uses) -> Option<&'static str> {
        obstacle_between_interpreters(uses)
    }
}

/// What several interpreters of one process cannot share on a real interpreter.
pub(super) const fn obstacle_between_interpreters(uses: &Uses) -> Option<&'static str> {
    if uses.updates {
        Some("updates of state that interpreters share cannot be measured yet")
    } else if uses.locks {
        Some("a lock that interpreters share cannot be measured yet")
    } else {
        None
    }
}
