//! `"interpreter-per-task"`: one thread with an interpreter of its own for each item, by `concurrent.interpreters`, which
//! came with 3.14 (PEP 734, `Lib/concurrent/interpreters/__init__.py`).

use crate::input::Complaint;
use crate::model::Version;

use super::interpreters::obstacle_between_interpreters;
use super::{Accepts, Describe, Facts, Home, Run, Uses};

/// One thread for each item, which creates an interpreter, calls into it and closes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterpreterPerTask;

impl Describe for InterpreterPerTask {
    const KEYS: &'static [&'static str] = &[];
    const ACCEPTS: Accepts = Accepts::Items;

    fn read(run: &Run<'_, '_>) -> Option<Self> {
        if run.version < Version::release(3, 14) {
            return run.reader.refuse(
                Complaint::at(
                    run.reader.value_place("executor"),
                    format!("Python {} cannot create interpreters", run.version),
                )
                .label("concurrent.interpreters came with 3.14")
                .help("set version = \"3.14\" in this [[run]] or under [python]"),
            );
        }
        Some(Self)
    }

    fn facts(&self) -> Facts {
        Facts::of(Home::Interpreters)
    }

    fn threads_at_once(&self, items: u64) -> u64 {
        items
    }

    fn obstacle(&self, uses: &Uses) -> Option<&'static str> {
        obstacle_between_interpreters(uses)
    }
}
