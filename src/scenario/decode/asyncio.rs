//! `executor = "asyncio"`: one event loop, and where it has steps run that would block it.

use std::collections::BTreeSet;

use crate::input::{Complaint, Reader};

use super::super::{Background, Executor, Machine, Offload, Program, Step, every_step};
use super::run::{default_threads, start_method, workers_given};
use super::task::Task;
use crate::model::Version;

/// The executor of a run. Coroutines by `async def` came with 3.5.
pub fn asyncio(reader: &Reader<'_>, machine: &Machine, version: Version) -> Option<Executor> {
    if version < Version::release(3, 5) {
        return reader.refuse(
            Complaint::at(
                reader.value_place("executor"),
                format!("Python {version} has no coroutines"),
            )
            .label("`async def` came with 3.5")
            .help("take a later `version`"),
        );
    }
    let in_flight = match reader.given("workers") {
        None => Some(None),
        Some(_) => workers_given(reader, machine),
    };
    let offload = match reader.word("offload")? {
        "thread" => Offload::Thread {
            workers: default_threads(machine, version).expect("every version with coroutines has a default"),
        },
        "process" => Offload::Process {
            workers: machine.cores * machine.smt,
            start_method: start_method(reader, version)?,
        },
        _ => Offload::Loop,
    };
    Some(Executor::Asyncio {
        in_flight: in_flight?,
        offload,
    })
}

/// Complains where coroutines and threads name the same lock: an `asyncio.Lock` is of no use to a thread, and taking a
/// `threading.Lock` in a coroutine would stop the loop.
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
    every_step(steps, &mut |step| names.extend(step.lock()));
}
