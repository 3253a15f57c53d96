//! What cannot be measured, and why not.

use super::plan::{largest_chunk, too_many_arrive};
use super::{Interpreter, Machine};
use crate::model::{Payload, PayloadKind};
use crate::scenario::{Configuration, Demand, Executor, Offload, Step};

/// Objects take more room than their pickles: a float 32 bytes in a list and 9 in its pickle.
const ROOM_FOR_OBJECTS: u64 = 8;

/// Why a configuration cannot be measured here; `None` where it can.
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
        return Some(format!("it is for CPython {wanted}, and here is {there}"));
    }
    machine
        .obstacle(configuration)
        .or_else(|| no_machinery(configuration))
        .or_else(|| too_large(configuration))
}

/// Words of the format that the Python side does not have.
fn no_machinery(configuration: &Configuration) -> Option<String> {
    let free_threaded = configuration.python.version.free_threaded;
    let mut shares = false;
    let mut locks = false;
    let mut updates = false;
    configuration.every_step(&mut |step| match step {
        Step::Python { shares: Some(_), .. } => shares = true,
        Step::Lock { .. } => locks = true,
        Step::Update { .. } => updates = true,
        Step::Crash { .. }
        | Step::Python { .. }
        | Step::Io(_)
        | Step::Native { .. }
        | Step::Repeat { .. } => {}
    });
    let mut tasks = configuration.tasks.iter();
    let arrivals = tasks.any(|task| matches!(task.demand, Demand::Arrivals { .. }));
    let too_many = (configuration.tasks.iter()).any(|task| too_many_arrive(&task.demand));
    match configuration.executor {
        Executor::Interpreters { .. } if updates => {
            Some("updates of what interpreters share cannot be measured yet".to_owned())
        }
        Executor::Asyncio {
            offload: Offload::Process { .. },
            ..
        } if set_up_updates(configuration) => Some(
            "what the processes of an event loop update in their initializers cannot be measured".to_owned(),
        ),
        Executor::Asyncio { .. } if arrivals => {
            Some("requests that come by themselves to an event loop cannot be measured yet".to_owned())
        }
        _ if too_many => Some("more requests come by themselves than can be sent".to_owned()),
        _ if configuration.machine.memory.is_some() => {
            Some("a limit on memory cannot be measured yet".to_owned())
        }
        Executor::Asyncio { .. } if !cfg!(target_os = "linux") => {
            Some("an event loop is measured on Linux alone, with its timers".to_owned())
        }
        _ if shares && free_threaded => {
            Some("objects that threads share cannot be measured on a free-threaded build yet".to_owned())
        }
        Executor::Interpreters { .. } if locks => {
            Some("a lock that interpreters share cannot be measured yet".to_owned())
        }
        Executor::Server { .. } if !cfg!(unix) => {
            Some("a server is measured on systems with `fork` alone".to_owned())
        }
        Executor::Sequential
        | Executor::Threads { .. }
        | Executor::Processes { .. }
        | Executor::Pool { .. }
        | Executor::Consumers { .. }
        | Executor::Interpreters { .. }
        | Executor::ThreadPerTask
        | Executor::ProcessPerTask { .. }
        | Executor::Asyncio { .. }
        | Executor::Server { .. } => None,
    }
}

fn set_up_updates(configuration: &Configuration) -> bool {
    fn any(steps: &[Step]) -> bool {
        steps.iter().any(|step| match step {
            Step::Update { .. } => true,
            Step::Lock { steps, .. } | Step::Repeat { steps, .. } => any(steps),
            _ => false,
        })
    }
    any(&configuration.program.setup)
}

/// Data that would not fit into half of the memory that is free.
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
        // Arguments once, results in every worker, and all results together in the caller's hands.
        let workers = u64::from(crate::results::identity::workers(&configuration.executor).unwrap_or(1));
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

/// `MemAvailable`, bytes; `None` where the kernel does not tell.
fn free_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
