//! Random scenarios such as a user could write. Each is the text of a TOML file.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// A scenario's parts, each as TOML.
#[derive(Clone)]
pub struct Parts {
    pub machine: String,
    pub python: String,
    pub program: String,
    pub tasks: String,
    pub background: String,
    pub run: String,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text())
    }
}

impl Parts {
    /// The whole file, with its own run and those given.
    pub fn with_runs(&self, replications: u32, before: &str, after: &str) -> String {
        let Self {
            machine,
            python,
            program,
            tasks,
            background,
            run,
        } = self;
        format!(
            "[machine]\n{machine}\n[python]\n{python}\n[program]\n{program}\n\
             [replicate]\nreplications = {replications}\nlimit = \"2min\"\n\
             {tasks}{background}{before}[[run]]\nname = \"own\"\n{run}\n{after}"
        )
    }

    /// The file, one replication of one run.
    pub fn text(&self) -> String {
        self.with_runs(1, "", "")
    }
}

fn micros(most: u64) -> impl Strategy<Value = String> {
    (0..=most).prop_map(|us| format!("\"{us}us\""))
}

fn some_micros(most: u64) -> impl Strategy<Value = String> {
    (1..=most).prop_map(|us| format!("\"{us}us\""))
}

/// A fixed or random time of up to about `most` us on average.
fn time(most: u64) -> impl Strategy<Value = String> {
    let spread = (
        select(vec!["normal", "lognormal", "gamma"]),
        some_micros(most),
        0.1..2.0f64,
    );
    prop_oneof![
        4 => micros(most),
        1 => (0..most, 0..most).prop_map(|(min, more)| {
            format!("{{ uniform = {{ min = \"{min}us\", max = \"{}us\" }} }}", min + more)
        }),
        1 => some_micros(most).prop_map(|mean| format!("{{ exponential = {{ mean = {mean} }} }}")),
        1 => spread.prop_map(|(kind, mean, cv)| {
            format!("{{ {kind} = {{ mean = {mean}, cv = {cv:.2} }} }}")
        }),
        1 => (some_micros(most), 1.5..4.0f64).prop_map(|(min, shape)| {
            format!("{{ pareto = {{ min = {min}, shape = {shape:.2} }} }}")
        }),
        1 => Just("{ empirical = \"good/measured.csv\" }".to_owned()),
        1 => (0..most, 0..most, 0..most).prop_map(|(min, more, most)| {
            let (mode, max) = (min + more, min + more + most);
            format!("{{ triangular = {{ min = \"{min}us\", mode = \"{mode}us\", max = \"{max}us\" }} }}")
        }),
        1 => mix(most),
    ]
}

/// A fast time, most often, and a slow one.
fn mix(most: u64) -> impl Strategy<Value = String> {
    (1..20u64, micros(most), some_micros(most)).prop_map(|(weight, hit, miss)| {
        format!(
            "{{ mix = [{{ weight = {weight}, time = {hit} }}, \
             {{ weight = 1, time = {{ exponential = {{ mean = {miss} }} }} }}] }}"
        )
    })
}

fn leaf(most: u64) -> impl Strategy<Value = String> {
    let verb = select(vec![
        "python",
        "native",
        "io",
        "native-held",
        "python-shares",
        "python-offload",
        "native-offload",
    ]);
    (verb, time(most)).prop_map(|(verb, time)| match verb {
        "python-offload" => format!("{{ python = {time}, offload = true }}"),
        "native-offload" => format!("{{ native = {time}, offload = true }}"),
        "native-held" => format!("{{ native = {time}, holds_lock = true }}"),
        "python-shares" => format!("{{ python = {time}, shares = \"state\" }}"),
        _ => format!("{{ {verb} = {time} }}"),
    })
}

fn list(steps: &[String]) -> String {
    format!("[{}]", steps.join(", "))
}

/// Steps with locks and repeats within each other.
fn steps(most: u64) -> impl Strategy<Value = String> {
    let step = leaf(most).prop_recursive(2, 8, 3, |inner| {
        let inner = vec(inner, 1..3);
        prop_oneof![
            (select(vec!["a", "b"]), inner.clone())
                .prop_map(|(name, steps)| format!("{{ lock = \"{name}\", steps = {} }}", list(&steps))),
            (1..4u64, inner)
                .prop_map(|(times, steps)| format!("{{ repeat = {times}, steps = {} }}", list(&steps))),
        ]
    });
    vec(step, 1..4).prop_map(|steps| list(&steps))
}

fn payload() -> BoxedStrategy<String> {
    let kinds = vec!["bytes", "list[float]", "list[int]", "dict", "list[tuple]"];
    prop_oneof![
        Just("\"0B\"".to_owned()),
        (0..200_000u64, select(kinds))
            .prop_map(|(size, kind)| format!("{{ size = \"{size}B\", kind = \"{kind}\" }}")),
    ]
    .boxed()
}

#[derive(Clone, Debug)]
struct Group {
    count: u64,
    steps: String,
    argument: String,
    result: String,
    /// For each group before: 0 nothing, 1 all, 2 each.
    after: Vec<u8>,
}

fn group(payload: BoxedStrategy<String>) -> impl Strategy<Value = Group> {
    (
        1..7u64,
        steps(1_500),
        payload.clone(),
        payload,
        vec(prop_oneof![4 => Just(0u8), 1 => Just(1u8), 1 => Just(2u8)], 3),
    )
        .prop_map(|(count, steps, argument, result, after)| Group {
            count,
            steps,
            argument,
            result,
            after,
        })
}

/// Also returns whether some group waits for another one item by item.
fn tasks(payload: BoxedStrategy<String>) -> impl Strategy<Value = (String, bool)> {
    (vec(group(payload), 1..4), any::<bool>()).prop_map(|(groups, last_first)| {
        let mut counts: Vec<u64> = Vec::new();
        let mut any_each = false;
        let mut tables = Vec::new();
        for (index, group) in groups.iter().enumerate() {
            let mut edges = Vec::new();
            let mut each: Option<u64> = None;
            for (before, kind) in group.after.iter().take(index).enumerate() {
                let agrees = each.is_none_or(|count| count == counts[before]);
                match kind {
                    2 if agrees => {
                        each = Some(counts[before]);
                        edges.push(format!("g{before} = \"each\""));
                    }
                    0 => {}
                    _ => edges.push(format!("g{before} = \"all\"")),
                }
            }
            counts.push(each.unwrap_or(group.count));
            any_each |= each.is_some();
            let count = each.map_or(format!("count = {}\n", group.count), |_| String::new());
            let after = match edges.is_empty() {
                true => String::new(),
                false => format!("after = {{ {} }}\n", edges.join(", ")),
            };
            tables.push(format!(
                "[[task]]\nname = \"g{index}\"\n{count}{after}argument = {}\nresult = {}\nsteps = {}\n",
                group.argument, group.result, group.steps
            ));
        }
        if last_first {
            tables.reverse();
        }
        (tables.concat(), any_each)
    })
}

fn clients() -> impl Strategy<Value = String> {
    let demand = prop_oneof![
        2 => (1..5u32, time(2_000)).prop_map(|(clients, think)| format!("clients = {clients}\nthink = {think}")),
        1 => some_micros(3_000).prop_map(|between| format!("arrivals = {{ exponential = {{ mean = {between} }} }}")),
    ];
    let client = (demand, 1..60u64, 0..20u64, steps(500));
    vec(client, 1..3).prop_map(|all| {
        let table = |(index, client): (usize, &(String, u64, u64, String))| {
            let (demand, duration, warmup, steps) = client;
            format!(
                "[[task]]\nname = \"c{index}\"\n{demand}\nduration = \"{duration}ms\"\n\
                 warmup = \"{warmup}ms\"\nsteps = [{{ python = \"1us\" }}, {}]\n",
                steps
                    .strip_prefix('[')
                    .and_then(|steps| steps.strip_suffix(']'))
                    .expect("a list")
            )
        };
        all.iter().enumerate().map(table).collect()
    })
}

fn background() -> impl Strategy<Value = String> {
    let steps = prop_oneof![
        select(vec!["python", "native", "io"]).prop_map(|verb| format!("[{{ {verb} = \"forever\" }}]")),
        steps(1_500).prop_map(|steps| format!("[{{ io = \"200us\" }}, {}", &steps[1..])),
    ];
    vec((0..3u32, steps), 0..3).prop_map(|all| {
        let table = |(index, (count, steps)): (usize, &(u32, String))| {
            format!("[[background]]\nname = \"b{index}\"\ncount = {count}\nsteps = {steps}\n")
        };
        all.iter().enumerate().map(table).collect()
    })
}

fn machine(profiles: &[&'static str]) -> impl Strategy<Value = String> {
    (1..=8u32, 1..=2u32, select(profiles.to_vec()))
        .prop_map(|(cores, smt, profile)| format!("cores = {cores}\nsmt = {smt}\nprofile = \"{profile}\""))
}

/// A fair scheduler and semaphores, mostly; else threads that take turns, and locks with a mutex.
const BUNDLED: &[&str] = &[
    "linux-x86_64",
    "linux-x86_64",
    "linux-x86_64",
    "macos-2009-macbook",
];

fn program() -> impl Strategy<Value = String> {
    (
        time(3_000),
        0..200u64,
        0..=100u64,
        0..50u64,
        vec(leaf(500), 0..3),
    )
        .prop_map(|(imports, memory, touched, modules, setup)| {
            format!(
                "imports = {imports}\nmemory = \"{memory} MB\"\ntouched = \"{} kB\"\nmodules = \"{modules} MB\"\nsetup = {}",
                memory * touched * 10,
                list(&setup)
            )
        })
}

/// Major and minor version: mostly with the lock of 3.2, sometimes with the earlier lock. Half of the others are recent,
/// because only these have free threads and pools of interpreters.
fn release() -> impl Strategy<Value = (u32, u32)> {
    prop_oneof![
        4 => (2..=12u32).prop_map(|minor| (3, minor)),
        2 => Just((3, 13)),
        2 => Just((3, 14)),
        1 => select(vec![(2, 6), (2, 7), (3, 0), (3, 1)]),
    ]
}

/// A release, in either of its builds where it has two.
fn python((major, minor): (u32, u32)) -> impl Strategy<Value = String> {
    let builds = match (major, minor) >= (3, 13) {
        true => vec!["", "t"],
        false => vec![""],
    };
    (10..=10_000u64, select(builds)).prop_map(move |(interval, build)| {
        let key = match (major, minor) < (3, 2) {
            // At most some 15 us: where checks are rarer than wake-ups are late, a waiter starves beside a busy thread.
            true => format!("check_interval = {}", 20 + interval % 280),
            false => format!("switch_interval = \"{interval}us\""),
        };
        format!("version = \"{major}.{minor}{build}\"\n{key}")
    })
}

/// Consumers and how they get their items.
fn consumers(method: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let channels = vec![
        "pipe",
        "socket_pair",
        "simple_queue",
        "queue",
        "joinable_queue",
        "manager",
    ];
    let senders = select(vec!["main", "thread", "thread"]);
    (1..5u32, select(channels), senders, method).prop_map(|(workers, channel, sender, method)| {
        format!(
            "executor = \"consumers\"\nworkers = {workers}\nchannel = \"{channel}\"\nsender = \"{sender}\"\n{method}"
        )
    })
}

/// Any executor but the server, as this Python has it, that accepts these tasks. `each`: some items wait for items one by
/// one.
fn run(release: (u32, u32), each: bool, tasks: &str, pools: bool) -> impl Strategy<Value = String> + use<> {
    // Consumers and event loops in several threads are dealt all items at the start; such loops share no lock.
    let waits = tasks.contains("after = ");
    let locks = tasks.contains("lock = \"");
    let method = option::of(select(match release < (3, 4) {
        true => vec!["fork"],
        false => vec![
            "fork",
            "spawn",
            "forkserver",
            "forkserver\"\nforkserver = \"running",
        ],
    }))
    .prop_map(|method| method.map_or(String::new(), |method| format!("start_method = \"{method}\"\n")));
    let thread_pools = match release >= (3, 14) {
        true => vec!["threads", "interpreters"],
        false => vec!["threads"],
    };
    let most = if each { 1 } else { 4u64 };
    // Up to 3.12 an executor that replaces its workers may run out of them.
    let replaced = |may: bool| {
        option::of(1..5u64).prop_map(move |most| match most {
            Some(most) if may => format!("max_tasks_per_child = {most}\n"),
            _ => String::new(),
        })
    };
    let executor = (replaced(release >= (3, 13)), method.clone()).prop_map(|(replaced, method)| {
        // With fork it cannot.
        match method.contains("\"fork\"") {
            true => method,
            false => format!("{method}{replaced}"),
        }
    });
    let asks = prop_oneof![
        1 => Just("method = \"apply_async\"\n".to_owned()),
        4 => (
            select(vec!["map", "starmap", "imap", "imap_unordered"]),
            select(vec!["\"default\"", "1", "2", "3"]),
        )
            .prop_map(|(method, chunksize)| format!("method = \"{method}\"\nchunksize = {chunksize}\n")),
    ];
    let pool = (
        1..5u32,
        asks,
        method.clone(),
        replaced(release >= (3, 2) || release == (2, 7)),
    );
    prop_oneof![
        1 => Just("executor = \"sequential\"\n".to_owned()),
        2 => (select(thread_pools), 1..7u32)
            .prop_map(|(executor, workers)| format!("executor = \"{executor}\"\nworkers = {workers}\n")),
        3 => (1..5u32, 1..=most, executor).prop_map(|(workers, chunksize, method)| {
            format!("executor = \"processes\"\nworkers = {workers}\nchunksize = {chunksize}\n{method}")
        }),
        if pools { 3 } else { 0 } => pool.prop_map(|(workers, asks, method, replaced)| {
            format!("executor = \"pool\"\nworkers = {workers}\n{asks}{method}{replaced}")
        }),
        if release >= (3, 5) { 3 } else { 0 } => event_loop(pools),
        1 => Just("executor = \"thread-per-task\"\n".to_owned()),
        if release >= (3, 5) && !waits && !locks { 2 } else { 0 } => (1..4u32)
            .prop_map(|threads| format!("executor = \"loop-per-thread\"\nthreads = {threads}\n")),
        if release >= (3, 14) { 2 } else { 0 } => Just("executor = \"interpreter-per-task\"\n".to_owned()),
        if waits { 0 } else { 3 } => consumers(method.clone()),
        1 => method.prop_map(|method| format!("executor = \"process-per-task\"\n{method}")),
    ]
}

/// An event loop, with processes where offloaded steps may run in some.
fn event_loop(processes: bool) -> impl Strategy<Value = String> {
    let offload = select(match processes {
        true => vec!["loop", "thread", "process"],
        false => vec!["loop", "thread"],
    });
    let workers =
        option::of(1..4u32).prop_map(|most| most.map_or(String::new(), |most| format!("workers = {most}\n")));
    (offload, workers)
        .prop_map(|(offload, workers)| format!("executor = \"asyncio\"\noffload = \"{offload}\"\n{workers}"))
}

/// Threads of an event loop's program have locks of their own.
fn background_beside(run: &str, background: String) -> String {
    match run.contains("\"asyncio\"") {
        true => background.replace("lock = \"", "lock = \"thread-"),
        false => background,
    }
}

/// Groups with a count, on every executor but the server.
pub fn counted() -> impl Strategy<Value = Parts> {
    (release(), tasks(payload()))
        .prop_flat_map(|(release, (tasks, each))| {
            (
                machine(BUNDLED),
                python(release),
                program(),
                Just(tasks.clone()),
                background(),
                run(release, each, &tasks, true),
            )
        })
        .prop_map(|(machine, python, program, tasks, background, run)| Parts {
            machine,
            python,
            program,
            tasks,
            background: background_beside(&run, background),
            run,
        })
}

/// The same on a machine where nothing but the items' own work takes time. A pool has no place there: it polls as long
/// as a result lies in the pipe, however little that takes.
pub fn free_of_costs() -> impl Strategy<Value = Parts> {
    (release(), tasks(Just("\"0B\"".to_owned()).boxed()))
        .prop_flat_map(|(release, (tasks, each))| {
            (
                machine(&["profiles/free.toml"]),
                python(release),
                Just(tasks.clone()),
                run(release, each, &tasks, false),
            )
        })
        .prop_map(|(machine, python, tasks, run)| Parts {
            machine,
            python,
            program: String::new(),
            tasks,
            background: String::new(),
            run,
        })
}

/// A server or an event loop, with its clients.
pub fn served() -> impl Strategy<Value = Parts> {
    release()
        .prop_flat_map(|release| {
            let server =
                (1..5u32).prop_map(|threads| format!("executor = \"server\"\nthreads = {threads}\n"));
            let run = prop_oneof![
                2 => server,
                if release >= (3, 5) { 3 } else { 0 } => event_loop(true),
            ];
            (machine(BUNDLED), python(release), clients(), background(), run)
        })
        .prop_map(|(machine, python, tasks, background, run)| Parts {
            machine,
            python,
            program: String::new(),
            tasks,
            background: background_beside(&run, background),
            run,
        })
}

/// Counted groups whose workers may die: at the beginning of an item, at its end or in their initializer.
pub fn crashing() -> impl Strategy<Value = Parts> {
    let beside = select(vec![
        "",
        "",
        "[{ io = \"200us\" }, { crash = 0.01 }]",
        "[{ python = \"forever\" }]",
    ]);
    (counted(), select(vec![0.02, 0.2, 1.0]), 0..4u8, beside).prop_map(
        |(parts, probability, place, beside)| {
            let crash = format!("{{ crash = {probability} }}");
            let program = match place {
                0 => parts.program.replace("setup = []", "setup = [{ crash = 0.1 }]"),
                _ => parts.program,
            };
            let tasks = match place {
                1 => parts
                    .tasks
                    .replace("\nsteps = [", &format!("\nsteps = [{crash}, ")),
                2 => parts
                    .tasks
                    .replacen("\nsteps = [", &format!("\nsteps = [{crash}, "), 1),
                _ => parts.tasks.replace("}]\n", &format!("}}, {crash}]\n")),
            };
            let background = match beside {
                "" => String::new(),
                steps => format!("[[background]]\nname = \"b\"\nsteps = {steps}\n"),
            };
            Parts {
                program,
                tasks,
                background,
                ..parts
            }
        },
    )
}

/// Whether a run has processes that can share memory.
fn shares(run: &str) -> bool {
    ["processes", "process-per-task", "pool", "consumers"]
        .iter()
        .any(|executor| run.contains(&format!("executor = \"{executor}\"")))
}

/// Counted groups whose data lies in shared memory, where there are processes to share it.
pub fn sharing() -> impl Strategy<Value = Parts> {
    counted().prop_map(|mut parts| {
        for kind in ["list[float]", "list[int]", "dict", "list[tuple]"] {
            parts.tasks = parts
                .tasks
                .replace(&format!("kind = \"{kind}\""), "kind = \"bytes\"");
        }
        if shares(&parts.run) {
            parts.run.push_str("transport = \"shared_memory\"\n");
        }
        parts
    })
}

/// Counted groups, with and without shared memory, on a machine that may be too small for them.
pub fn short_of_memory() -> impl Strategy<Value = Parts> {
    (prop_oneof![counted().boxed(), sharing().boxed()], 15..150u64).prop_map(|(mut parts, memory)| {
        parts.machine.push_str(&format!("\nmemory = \"{memory} MB\""));
        parts
    })
}

/// Counted groups that update what they share, before their own steps.
pub fn updating() -> impl Strategy<Value = Parts> {
    let window = prop_oneof![
        1 => Just(String::new()),
        2 => time(40).prop_map(|time| format!(", window = {time}")),
    ];
    let lock = select(vec!["", ", lock = \"none\"", ", lock = \"a\""]);
    (counted(), window, lock, 1..20u64).prop_map(|(parts, window, lock, times)| {
        let update = format!("{{ repeat = {times}, steps = [{{ update = \"n\"{window}{lock} }}] }}");
        Parts {
            tasks: parts
                .tasks
                .replace("\nsteps = [", &format!("\nsteps = [{update}, ")),
            background: String::new(),
            ..parts
        }
    })
}
