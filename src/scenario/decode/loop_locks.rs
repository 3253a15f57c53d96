//! Locks under an event loop: coroutines and threads cannot share one.

use std::collections::BTreeSet;

use crate::input::{Complaint, Reader};

use super::super::{Background, Program, Step, every_step};
use super::task::Task;

/// Complains where coroutines and threads name the same lock: a thread cannot take an `asyncio.Lock`, and a
/// coroutine that takes a `threading.Lock` stops the loop.
pub fn refuse_common_locks(
    reader: &Reader<'_>,
    tasks: &[Task<'_>],
    background: &[Background],
    program: &Program,
) -> Option<()> {
    let mut of_threads = BTreeSet::new();
    for background in background {
        collect(&background.steps, &mut of_threads);
    }
    collect(&program.setup, &mut of_threads);
    for task in tasks {
        let mut of_coroutines = BTreeSet::new();
        collect(&task.group.steps, &mut of_coroutines);
        if let Some(name) = of_coroutines.intersection(&of_threads).next() {
            return reader.refuse(
                Complaint::at(
                    task.reader.value_place("steps"),
                    format!("coroutines and threads both take the lock `{name}`"),
                )
                .label("an asyncio.Lock here")
                .see(
                    reader.value_place("executor"),
                    "under asyncio, items are coroutines",
                )
                .help("a lock is of one kind: give [[background]] and `setup` locks of their own"),
            );
        }
    }
    Some(())
}

fn collect<'s>(steps: &'s [Step], names: &mut BTreeSet<&'s str>) {
    names.extend(every_step(steps).filter_map(Step::lock));
}
