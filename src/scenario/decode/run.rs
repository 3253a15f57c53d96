//! `[[run]]`: the executor, and what all executors have in common.

use crate::input::{Complaint, Reader, list};
use crate::model::{PayloadKind, Version};

use super::super::executor::{Accepts, ExecutorName, Run, SPECIAL_KEYS};
use super::super::{Executor, Machine, Transport};
use super::out_of_place;
use super::task::Task;

/// The executor of a run, on this machine and for these tasks.
pub fn executor(
    reader: &Reader<'_>,
    machine: &Machine,
    version: Version,
    tasks: &[Task<'_>],
) -> Option<Executor> {
    let name: ExecutorName = reader.word_of("executor")?;
    let fits = refuse_strangers(reader, name) & tasks_fit(reader, name, tasks);
    let run = Run {
        reader,
        machine,
        version,
        tasks,
    };
    name.read(&run).filter(|_| fits)
}

/// Complains about keys of other executors.
fn refuse_strangers(reader: &Reader<'_>, executor: ExecutorName) -> bool {
    let own = executor.keys();
    let strangers: Vec<&str> = SPECIAL_KEYS
        .iter()
        .copied()
        .filter(|key| !own.contains(key) && reader.has(key))
        .collect();
    for key in &strangers {
        let help = match own {
            [] => format!("remove it: \"{executor}\" takes no options"),
            _ => format!("remove it: \"{executor}\" takes {}", list(own, "and")),
        };
        let why = format!("executor = \"{executor}\" has no `{key}`");
        reader
            .reading
            .complaints
            .add(out_of_place(reader, key, &why, &help));
    }
    strangers.is_empty()
}

/// Complains where an executor does not accept the tasks: some work off a number of items, some serve requests for a
/// given time, and an event loop does either but not both.
fn tasks_fit(reader: &Reader<'_>, executor: ExecutorName, tasks: &[Task<'_>]) -> bool {
    let accepts = executor.accepts();
    let serves = match accepts {
        Accepts::Items => false,
        Accepts::Requests => true,
        Accepts::Either => tasks.first().is_some_and(|task| task.never_ends().is_some()),
    };
    let Some(task) = tasks.iter().find(|task| task.never_ends().is_some() != serves) else {
        return true;
    };
    let name = &task.group.name;
    let place = reader.value_place("executor");
    let complaint = match (accepts, task.never_ends()) {
        (Accepts::Requests, _) => Complaint::at(place, format!("a server, but `{name}` gets no requests"))
            .label("serves requests")
            .see(task.reader.place, "this group has no `clients` and no `arrivals`")
            .help("give the group `clients` or `arrivals` and a `duration`, or use another executor"),
        (Accepts::Items, Some(key)) => {
            let (title, label) = match key {
                "clients" => ("clients send requests for", "these clients keep sending requests"),
                _ => ("requests arrive for", "these keep arriving"),
            };
            Complaint::at(place, format!("{title} `{name}`, but this is no server"))
                .label("works off a given number of items")
                .see(task.reader.key_place(key), label)
                .help(format!(
                    "use executor = \"server\" or \"asyncio\", or a `count` instead of `{key}`"
                ))
        }
        (Accepts::Items, None) | (Accepts::Either, _) => {
            let first = &tasks[0];
            Complaint::at(place, "some groups get requests, others have a number of items")
                .label("an event loop handles one kind or the other")
                .see(
                    first.demand_place(),
                    format!("this is the demand of `{}`", first.group.name),
                )
                .see(task.demand_place(), format!("and this is the demand of `{name}`"))
                .help("give all groups `clients` or `arrivals`, or all a `count`")
        }
    };
    reader.reading.complaints.add(complaint);
    false
}

/// How data travels. Only one piece of plain bytes can lie in shared memory.
pub fn transport(reader: &Reader<'_>, tasks: &[Task<'_>]) -> Option<Transport> {
    let Some(field) = reader.given("transport") else {
        return Some(Transport::Pickle);
    };
    match field.word_of()? {
        Transport::Pickle => return Some(Transport::Pickle),
        Transport::SharedMemory => {}
    }
    for task in tasks {
        for (key, payload) in [("argument", task.group.argument), ("result", task.group.result)] {
            if payload.kind != PayloadKind::Bytes {
                return field.refuse(
                    Complaint::at(field.node.place, "only bytes can lie in shared memory")
                        .label("for all data of these tasks")
                        .see(task.reader.value_place(key), "this would have to be pickled")
                        .help("use transport = \"pickle\", or an array whose kind is \"bytes\""),
                );
            }
        }
    }
    Some(Transport::SharedMemory)
}
