//! What cannot be measured, and the reasons.

use super::plan::{largest_chunk, too_many_arrive};
use super::{Interpreter, Machine};
use crate::model::{Payload, PayloadKind};
use crate::scenario::{Configuration, Demand, Uses, every_step};

/// Objects take more memory than their pickles: a float takes 32 bytes in a list and 9 in its pickle.
const ROOM_FOR_OBJECTS: u64 = 8;

/// The reason why a configuration cannot be measured here; `None` if it can.
pub fn obstacle(
    configuration: &Configuration,
    machine: &Machine,
    interpreters: &[Interpreter],
) -> Option<String> {
    let wanted = configuration.python.version;
    let suits = |interpreter: &&Interpreter| interpreter.version == wanted;
    if !interpreters.iter().any(|interpreter| suits(&interpreter)) {
        let there: Vec<String> = interpreters
            .iter()
            .map(|interpreter| interpreter.version.to_string())
            .collect();
        let there = there.join(" and ");
        return Some(format!("it is for CPython {wanted}, but this host has {there}"));
    }
    machine
        .obstacle(configuration)
        .or_else(|| not_implemented(configuration))
        .or_else(|| too_large(configuration))
}

/// What the Python side cannot do.
fn not_implemented(configuration: &Configuration) -> Option<String> {
    let mut uses = Uses::default();
    let mut shares = false;
    for step in configuration.every_step() {
        uses.locks |= step.lock().is_some();
        uses.updates |= step.state().is_some();
        shares |= step.shares().is_some();
    }
    uses.updates_in_setup = every_step(&configuration.program.setup).any(|step| step.state().is_some());
    let mut demands = configuration.tasks.iter().map(|task| &task.demand);
    uses.arrivals = (demands.clone()).any(|demand| matches!(demand, Demand::Arrivals { .. }));
    if let Some(obstacle) = configuration.executor.obstacle(&uses) {
        return Some(obstacle.to_owned());
    }
    let obstacle = if demands.any(too_many_arrive) {
        "more requests arrive than the client can send"
    } else if configuration.machine.memory.is_some() {
        "a limit on memory cannot be measured yet"
    } else if shares && configuration.python.version.free_threaded {
        "objects that threads share cannot be measured on a free-threaded build yet"
    } else {
        return None;
    };
    Some(obstacle.to_owned())
}

/// Data that does not fit into half of the free memory.
fn too_large(configuration: &Configuration) -> Option<String> {
    let room = |payload: &Payload| match payload.kind {
        PayloadKind::Bytes => payload.size.0,
        _ => payload.size.0.saturating_mul(ROOM_FOR_OBJECTS),
    };
    let chunk = largest_chunk(configuration);
    let groups = configuration.tasks.iter().map(|task| {
        let Demand::Count(count) = task.demand else {
            return 0;
        };
        // The arguments once, the results in every worker, and all results together in the parent.
        let workers = u64::from(configuration.executor.facts().workers.unwrap_or(1));
        let arguments = room(&task.argument).saturating_mul(chunk.min(count) * 2);
        let results = room(&task.result).saturating_mul(chunk.min(count) * workers + count);
        arguments.saturating_add(results)
    });
    let needed = groups
        .fold(0, u64::saturating_add)
        .saturating_add(configuration.program.memory.0);
    let free = free_memory()?;
    (needed > free / 2).then(|| {
        format!(
            "its data may take {:.1} GB, more than half of the free memory",
            needed as f64 / 1e9
        )
    })
}

/// `MemAvailable`, bytes; `None` if the kernel does not report it.
fn free_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
