//! `[[run]]`: the executor and the keys that mean something under it.

use crate::input::{Complaint, Field, Reader, Value, list};

use super::super::format::{MOST_THREADS, SPECIAL, keys_of};
use super::super::{DependencyKind, Executor, Machine, PoolMethod, Sender, Transport};
use super::asyncio::asyncio;
use super::machine::small;
use super::out_of_place;
use super::task::Task;
use crate::model::{ChannelKind, PayloadKind, StartMethod, Version};
use crate::units::grouped;

/// The executor of a run, on this machine and for these tasks.
pub fn executor(
    reader: &Reader<'_>,
    machine: &Machine,
    version: Version,
    tasks: &[Task<'_>],
) -> Option<Executor> {
    let word = reader.word("executor")?;
    let fits = refuse_strangers(reader, word) & clients_fit(reader, word, tasks);
    let executor = match word {
        "sequential" => Some(Executor::Sequential),
        "thread-per-task" => Some(Executor::ThreadPerTask),
        "process-per-task" => {
            start_method(reader, version).map(|start_method| Executor::ProcessPerTask { start_method })
        }
        "server" => server(reader),
        "asyncio" => asyncio(reader, machine, version),
        "threads" => {
            let default = default_threads(machine, version);
            workers(reader, machine, default).map(|workers| Executor::Threads { workers })
        }
        "interpreters" => interpreters(reader, machine, version),
        "processes" => processes(reader, machine, version, tasks),
        "pool" => pool(reader, machine, version),
        "consumers" => consumers(reader, machine, version, tasks),
        _ => unreachable!("the format lists no other executor"),
    };
    executor.filter(|_| fits)
}

fn processes(
    reader: &Reader<'_>,
    machine: &Machine,
    version: Version,
    tasks: &[Task<'_>],
) -> Option<Executor> {
    let workers = workers(reader, machine, Some(machine.cores * machine.smt));
    let chunksize = chunksize(reader, tasks);
    let max_tasks_per_child = max_tasks_of_executor(reader, version);
    // Without a word about it, an executor that replaces its workers spawns them: fork would not do.
    let start_method = match max_tasks_per_child {
        Some(Some(_)) if !reader.has("start_method") => Some(StartMethod::Spawn),
        _ => start_method(reader, version),
    };
    Some(Executor::Processes {
        workers: workers?,
        start_method: start_method?,
        chunksize: chunksize?,
        max_tasks_per_child: max_tasks_per_child?,
    })
}

fn pool(reader: &Reader<'_>, machine: &Machine, version: Version) -> Option<Executor> {
    let workers = workers(reader, machine, Some(machine.cores * machine.smt));
    let start_method = start_method(reader, version);
    let method = pool_method(reader);
    let chunksize = method.and_then(|method| chunksize_of_pool(reader, method));
    let max_tasks_per_child = max_tasks_of_pool(reader, version);
    Some(Executor::Pool {
        workers: workers?,
        start_method: start_method?,
        method: method?,
        chunksize: chunksize?,
        max_tasks_per_child: max_tasks_per_child?,
    })
}

/// Consumers send results back and tell nobody what that lets go: a group that waits for another has no place here.
fn consumers(
    reader: &Reader<'_>,
    machine: &Machine,
    version: Version,
    tasks: &[Task<'_>],
) -> Option<Executor> {
    let workers = workers(reader, machine, Some(machine.cores * machine.smt));
    let start_method = start_method(reader, version);
    let channel = reader.word("channel").map(|word| match word {
        "pipe" => ChannelKind::Pipe,
        "socket_pair" => ChannelKind::SocketPair,
        "simple_queue" => ChannelKind::SimpleQueue,
        "queue" => ChannelKind::Queue,
        "joinable_queue" => ChannelKind::JoinableQueue,
        _ => ChannelKind::Manager,
    });
    let sender = reader.word("sender").map(|word| match word {
        "main" => Sender::Main,
        _ => Sender::Thread,
    });
    if let Some(task) = tasks.iter().find(|task| !task.group.after.is_empty()) {
        return reader.refuse(
            Complaint::at(
                reader.value_place("executor"),
                format!("consumers, but `{}` waits for other tasks", task.group.name),
            )
            .label("are sent all items from the start")
            .see(task.reader.key_place("after"), "these may start only later")
            .help("take `after` out, or an executor that waits: \"processes\" or \"pool\""),
        );
    }
    Some(Executor::Consumers {
        workers: workers?,
        start_method: start_method?,
        channel: channel?,
        sender: sender?,
    })
}

/// `InterpreterPoolExecutor` came with 3.14 (`Lib/concurrent/futures/interpreter.py`).
fn interpreters(reader: &Reader<'_>, machine: &Machine, version: Version) -> Option<Executor> {
    let workers = workers(reader, machine, default_threads(machine, version));
    if version < Version::release(3, 14) {
        return reader.refuse(
            Complaint::at(
                reader.value_place("executor"),
                format!("Python {version} has no pool of interpreters"),
            )
            .label("InterpreterPoolExecutor came with 3.14")
            .help("write version = \"3.14\" in this [[run]] or under [python]"),
        );
    }
    workers.map(|workers| Executor::Interpreters { workers })
}

/// Complains about keys of other executors.
fn refuse_strangers(reader: &Reader<'_>, executor: &str) -> bool {
    let own = keys_of(executor);
    let strangers: Vec<&str> = SPECIAL
        .iter()
        .copied()
        .filter(|key| !own.contains(key) && reader.has(key))
        .collect();
    for key in &strangers {
        let help = match own {
            [] => format!("take it out: \"{executor}\" has nothing to set"),
            _ => format!("take it out: what \"{executor}\" has is {}", list(own, "and")),
        };
        let why = format!("executor = \"{executor}\" has no `{key}`");
        reader
            .reading
            .complaints
            .add(out_of_place(reader, key, &why, &help));
    }
    strangers.is_empty()
}

/// Requests that come again and again need a server, and a server needs such requests. An event loop does either.
fn clients_fit(reader: &Reader<'_>, executor: &str, tasks: &[Task<'_>]) -> bool {
    let serves = match executor {
        "server" => true,
        "asyncio" => tasks.first().is_some_and(|task| task.never_ends().is_some()),
        _ => false,
    };
    let Some(task) = tasks.iter().find(|task| task.never_ends().is_some() != serves) else {
        return true;
    };
    let name = &task.group.name;
    let place = reader.value_place("executor");
    let complaint = match task.never_ends() {
        None if executor == "server" => {
            Complaint::at(place, format!("a server, but nobody asks for `{name}`"))
                .label("a server serves clients")
                .see(task.reader.place, "this group has no `clients` and no `arrivals`")
                .help("give the group `clients` or `arrivals` and a `duration`, or take another executor")
        }
        Some(key) if executor != "asyncio" => {
            let (title, label) = match key {
                "clients" => ("clients ask for", "these clients ask again and again"),
                _ => ("requests come for", "these come again and again"),
            };
            Complaint::at(place, format!("{title} `{name}`, but this is no server"))
                .label("works off a given number of items")
                .see(task.reader.key_place(key), label)
                .help(format!(
                    "take executor = \"server\" or \"asyncio\", or a `count` instead of `{key}`"
                ))
        }
        _ => {
            let first = &tasks[0];
            Complaint::at(place, "some groups are served, others have a number of items")
                .label("an event loop does one or the other here")
                .see(
                    first.demand_place(),
                    format!("this is how `{}` comes", first.group.name),
                )
                .see(task.demand_place(), format!("and this is how `{name}` does"))
                .help("give all groups `clients` or `arrivals`, or all a `count`")
        }
    };
    reader.reading.complaints.add(complaint);
    false
}

fn server(reader: &Reader<'_>) -> Option<Executor> {
    let threads = reader.integer("threads");
    if let Some(field) = reader.given("workers") {
        let one = match field.node.value {
            Value::Integer(_) => field.integer()? == 1,
            _ => false,
        };
        if !one {
            return field.refuse(
                Complaint::at(
                    field.node.place,
                    "a server of several processes is not simulated yet",
                )
                .label("its machinery does not exist yet")
                .help("what is: workers = 1, with any number of `threads`"),
            );
        }
    }
    Some(Executor::Server {
        threads: small(threads?),
    })
}

/// What `max_workers=None` meant: `min(32, cpus + 4)` since 3.8, `cpus * 5` before, and nothing before 3.5
/// (`Lib/concurrent/futures/thread.py`).
pub fn default_threads(machine: &Machine, version: Version) -> Option<u32> {
    let cpus = machine.cores * machine.smt;
    if version >= Version::release(3, 8) {
        Some((cpus + 4).min(32))
    } else {
        (version >= Version::release(3, 5)).then_some(cpus * 5)
    }
}

/// The number of workers where one is given; none for `"default"`.
pub fn workers_given(reader: &Reader<'_>, machine: &Machine) -> Option<Option<u32>> {
    let field = reader.given("workers")?;
    match &field.node.value {
        Value::Text(text) if text == "default" => Some(None),
        _ => workers(reader, machine, None).map(Some),
    }
}

/// An integer, `"default"`, `"cores"` or `"2*cores+1"`.
fn workers(reader: &Reader<'_>, machine: &Machine, default: Option<u32>) -> Option<u32> {
    let take_default = || match default {
        Some(workers) => Some(workers),
        None => reader.refuse(
            Complaint::at(
                reader.value_place("workers"),
                "this Python has no default number of threads",
            )
            .label("ThreadPoolExecutor needs max_workers before 3.5")
            .help("write workers = a number, or \"cores\""),
        ),
    };
    let Some(field) = reader.given("workers") else {
        return take_default();
    };
    match &field.node.value {
        Value::Text(text) if text == "default" => take_default(),
        Value::Text(text) => {
            let workers = sum_of_cores(text, machine.cores);
            let Some(workers) = workers else {
                return refuse_expression(&field);
            };
            match workers {
                1..=MOST_THREADS => Some(small(workers)),
                _ => field.complain(
                    format!("{} workers; at most {}", grouped(workers), grouped(MOST_THREADS)),
                    &format!("with {} cores", machine.cores),
                ),
            }
        }
        _ => field.integer().map(small),
    }
}

fn refuse_expression<T>(field: &Field<'_>) -> Option<T> {
    field.refuse(
        Complaint::at(
            field.node.place,
            format!("`workers` must be {}", field.shape.describe()),
        )
        .label("not one of them")
        .help("the full form is \"N*cores+M\" with whole numbers N and M"),
    )
}

/// `cores`, `2*cores`, `cores+1`, `2*cores+1`; blanks allowed.
fn sum_of_cores(text: &str, cores: u32) -> Option<u64> {
    let text: String = text.chars().filter(|c| *c != ' ').collect();
    let (product, plus) = text.split_once('+').unwrap_or((&text, "0"));
    let factor = match product.strip_suffix("cores")? {
        "" => "1",
        factor => factor.strip_suffix('*')?,
    };
    let number = |digits: &str| {
        let plain = digits.len() <= 12 && digits.bytes().all(|byte| byte.is_ascii_digit());
        if plain { digits.parse::<u64>().ok() } else { None }
    };
    let workers = number(factor)? * u64::from(cores) + number(plus)?;
    (workers > 0).then_some(workers)
}

/// What the run says, or what the interpreter does on Linux: fork up to 3.13, forkserver from 3.14 on.
pub fn start_method(reader: &Reader<'_>, version: Version) -> Option<StartMethod> {
    let forkserver = StartMethod::Forkserver {
        running: reader.word("forkserver")? == "running",
    };
    let Some(field) = reader.given("start_method") else {
        return Some(if version >= Version::release(3, 14) {
            forkserver
        } else {
            StartMethod::Fork
        });
    };
    let method = match field.word()? {
        "fork" => StartMethod::Fork,
        "spawn" => StartMethod::Spawn,
        _ => forkserver,
    };
    if version < Version::release(3, 4) && method != StartMethod::Fork {
        return field.refuse(
            Complaint::at(
                field.node.place,
                format!("Python {}.{} can only fork", version.major, version.minor),
            )
            .label("start methods came with 3.4")
            .help("take \"fork\", or a later `version`"),
        );
    }
    Some(method)
}

/// Items per call. With `each`, an item is submitted by itself as soon as the one it waits for is done.
fn chunksize(reader: &Reader<'_>, tasks: &[Task<'_>]) -> Option<u64> {
    let Some(field) = reader.given("chunksize") else {
        return Some(1);
    };
    if matches!(field.node.value, Value::Text(_)) {
        return field.word().map(|_| 1);
    }
    let chunksize = field.integer()?;
    let waits_for_each = |task: &&Task<'_>| {
        task.group
            .after
            .iter()
            .any(|edge| edge.kind == DependencyKind::Each)
    };
    match tasks.iter().find(waits_for_each) {
        Some(task) if chunksize > 1 => field.refuse(
            Complaint::at(
                field.node.place,
                "`chunksize` cannot be more than 1 with \"each\"",
            )
            .label("items would go out several at a time")
            .see(
                task.reader.value_place("after"),
                "these are submitted one by one, as those they wait for are done",
            )
            .help("take chunksize = 1, or wait for \"all\""),
        ),
        _ => Some(chunksize),
    }
}

/// How data travels. Only one piece of plain bytes can lie in shared memory.
pub fn transport(reader: &Reader<'_>, tasks: &[Task<'_>]) -> Option<Transport> {
    let Some(field) = reader.given("transport") else {
        return Some(Transport::Pickle);
    };
    if field.word()? == "pickle" {
        return Some(Transport::Pickle);
    }
    for task in tasks {
        for (key, payload) in [("argument", task.group.argument), ("result", task.group.result)] {
            if payload.kind != PayloadKind::Bytes {
                return field.refuse(
                    Complaint::at(field.node.place, "only bytes can lie in shared memory")
                        .label("for all data of these tasks")
                        .see(task.reader.value_place(key), "this would have to be pickled")
                        .help("take transport = \"pickle\", or an array whose kind is \"bytes\""),
                );
            }
        }
    }
    Some(Transport::SharedMemory)
}

fn pool_method(reader: &Reader<'_>) -> Option<PoolMethod> {
    Some(match reader.word("method")? {
        "map" => PoolMethod::Map,
        "starmap" => PoolMethod::Starmap,
        "imap" => PoolMethod::Imap,
        "imap_unordered" => PoolMethod::ImapUnordered,
        _ => PoolMethod::ApplyAsync,
    })
}

/// Items per task; none where the pool decides by their number, or sends calls one by one.
fn chunksize_of_pool(reader: &Reader<'_>, method: PoolMethod) -> Option<Option<u64>> {
    let default = match method {
        PoolMethod::Imap | PoolMethod::ImapUnordered => Some(1),
        PoolMethod::Map | PoolMethod::Starmap | PoolMethod::ApplyAsync => None,
    };
    let Some(field) = reader.given("chunksize") else {
        return Some(default);
    };
    if matches!(field.node.value, Value::Text(_)) {
        return field.word().map(|_| default);
    }
    let chunksize = field.integer()?;
    if method == PoolMethod::ApplyAsync {
        return field.refuse(
            Complaint::at(field.node.place, "`apply_async` sends no chunks")
                .label("it makes a call for each item")
                .see(reader.value_place("method"), "called like this")
                .help("take it out, or take another `method`"),
        );
    }
    Some(Some(chunksize))
}

/// The executor's `max_tasks_per_child`, from 3.11 on and not with fork (`Lib/concurrent/futures/process.py`).
fn max_tasks_of_executor(reader: &Reader<'_>, version: Version) -> Option<Option<u64>> {
    let Some(field) = reader.given("max_tasks_per_child") else {
        return Some(None);
    };
    let most = field.integer()?;
    if version < Version::release(3, 11) {
        return field.refuse(
            Complaint::at(
                field.node.place,
                format!(
                    "ProcessPoolExecutor of Python {}.{} cannot replace its workers",
                    version.major, version.minor
                ),
            )
            .label("this came with 3.11")
            .help("take executor = \"pool\", or a later `version`"),
        );
    }
    if let Some(method) = reader.given("start_method")
        && method.word()? == "fork"
    {
        return field.refuse(
            Complaint::at(
                field.node.place,
                "ProcessPoolExecutor cannot replace workers that are forked",
            )
            .label("would fork beside the manager's thread")
            .see(method.node.place, "this is how workers are started")
            .help("take \"spawn\", which is the default here, or \"forkserver\""),
        );
    }
    Some(Some(most))
}

/// The pool's `maxtasksperchild`, from 2.7 and 3.2 on.
fn max_tasks_of_pool(reader: &Reader<'_>, version: Version) -> Option<Option<u64>> {
    let Some(field) = reader.given("max_tasks_per_child") else {
        return Some(None);
    };
    let most = field.integer()?;
    let too_old =
        version < Version::release(2, 7) || (version.major == 3 && version < Version::release(3, 2));
    if too_old {
        return field.refuse(
            Complaint::at(
                field.node.place,
                format!(
                    "a pool of Python {}.{} cannot replace its workers",
                    version.major, version.minor
                ),
            )
            .label("this came with 2.7 and 3.2")
            .help("take it out, or take a later `version`"),
        );
    }
    Some(Some(most))
}

#[cfg(test)]
mod tests {
    use super::sum_of_cores;

    #[test]
    fn sums_of_cores_are_read_and_others_are_not() {
        for (text, workers) in [
            ("cores", Some(4)),
            ("2*cores", Some(8)),
            ("cores+1", Some(5)),
            ("2 * cores + 1", Some(9)),
            ("0*cores+3", Some(3)),
            ("0*cores", None),
            ("cores*2", None),
            ("2cores", None),
            ("cores-1", None),
            ("*cores", None),
            ("cores+", None),
            ("+1", None),
            ("", None),
            ("99999999999999999999*cores", None),
        ] {
            assert_eq!(
                sum_of_cores(text, 4),
                workers.filter(|_| text != "cores+"),
                "{text}"
            );
        }
    }
}
