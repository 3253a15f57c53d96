//! `"loop-per-thread"`: event loops in several threads, each with its share of the items. On a free-threaded build the
//! loops run in parallel.

use crate::input::Complaint;

use super::super::decode::{Task, small};
use super::super::every_step;
use super::asyncio::{Offload, obstacle_of_a_loop, require_coroutines};
use super::{Accepts, Describe, Facts, Home, Run, Uses};

/// Threads with an event loop each; the items are dealt to them in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopPerThread {
    /// Number of threads, each with an event loop of its own.
    pub threads: u32,
}

impl Describe for LoopPerThread {
    const KEYS: &'static [&'static str] = &["threads"];
    const ACCEPTS: Accepts = Accepts::Items;

    fn read(run: &Run<'_, '_>) -> Option<Self> {
        require_coroutines(run.reader, run.version)?;
        let threads = run.reader.integer("threads");
        let (depends, locks) = (refuse_dependencies(run), refuse_locks(run));
        depends.and(locks)?;
        let threads = small(threads?);
        Some(Self { threads })
    }

    fn facts(&self) -> Facts {
        Facts {
            workers: Some(self.threads),
            ..Facts::of(Home::Coroutines)
        }
    }

    fn threads_at_once(&self, _: u64) -> u64 {
        self.threads.into()
    }

    fn obstacle(&self, uses: &Uses) -> Option<&'static str> {
        obstacle_of_a_loop(Offload::Loop, uses)
    }
}

/// A coroutine cannot await a task of another thread's loop.
fn refuse_dependencies(run: &Run<'_, '_>) -> Option<()> {
    let Some(task) = run.tasks.iter().find(|task| !task.group.after.is_empty()) else {
        return Some(());
    };
    run.reader.refuse(
        Complaint::at(
            run.reader.value_place("executor"),
            format!(
                "event loops in several threads cannot make `{}` wait for other tasks",
                task.group.name
            ),
        )
        .label("deals out all items at the start")
        .see(task.reader.key_place("after"), "these may start only later")
        .help("remove `after`, or use executor = \"asyncio\""),
    )
}

/// An `asyncio.Lock` belongs to one loop, and a `threading.Lock` would stop the loop of a coroutine that waits for it.
fn refuse_locks(run: &Run<'_, '_>) -> Option<()> {
    let takes_lock = |task: &&Task<'_>| every_step(&task.group.steps).any(|step| step.lock().is_some());
    let Some(task) = run.tasks.iter().find(takes_lock) else {
        return Some(());
    };
    run.reader.refuse(
        Complaint::at(
            task.reader.value_place("steps"),
            format!(
                "the event loops of several threads cannot share a lock, and `{}` takes one",
                task.group.name
            ),
        )
        .label("takes a lock by name")
        .see(
            run.reader.value_place("executor"),
            "an asyncio.Lock belongs to one loop",
        )
        .help("remove the lock, or use executor = \"asyncio\""),
    )
}
