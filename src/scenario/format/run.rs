//! `[[run]]`: what spreads the tasks over threads and processes.

use crate::input::{Format, Key, Shape, Word, Words};

use super::{CHECK_INTERVAL, MOST_ITEMS, MOST_THREADS, SOME_TIME, VERSION};

/// `[[run]]`
pub static RUN: Format = Format {
    name: "[[run]]",
    help: "What spreads the tasks over threads and processes.",
    keys: &[
        Key::optional(
            "name",
            Shape::Text,
            "In tables and plots; else the executor and what tells it apart.",
        )
        .fixed(),
        Key::required("executor", Shape::Words(&EXECUTORS), "What spreads the tasks."),
        Key::text("workers", WORKERS, "default", "Most threads or processes."),
        Key::optional(
            "start_method",
            Shape::Words(&START_METHODS),
            "Default fork; from Python 3.14 on forkserver.",
        ),
        Key::text(
            "forkserver",
            Shape::Words(&FORKSERVERS),
            "cold",
            "Whether the fork server is up before the clock starts.",
        ),
        Key::text(
            "channel",
            Shape::Words(&CHANNELS),
            "simple_queue",
            "What consumers get their items through, and send their results through.",
        ),
        Key::text(
            "sender",
            Shape::Words(&SENDERS),
            "thread",
            "Who in the parent sends the items to consumers.",
        ),
        Key::text(
            "method",
            Shape::Words(&METHODS),
            "map",
            "How the caller asks a pool for the items.",
        ),
        Key::text(
            "chunksize",
            CHUNKSIZE,
            "default",
            "Items that go to a worker at a time.",
        ),
        Key::optional(
            "max_tasks_per_child",
            Shape::Integer {
                min: 1,
                max: MOST_ITEMS,
            },
            "Calls (or chunks) after which a worker is replaced; never by default.",
        ),
        Key::integer(
            "threads",
            Shape::Integer {
                min: 1,
                max: MOST_THREADS,
            },
            1,
            "The server's threads.",
        ),
        Key::text(
            "transport",
            Shape::Words(&TRANSPORTS),
            "pickle",
            "How the items' data gets to another process and back.",
        ),
        Key::text(
            "offload",
            Shape::Words(&OFFLOADS),
            "loop",
            "Where steps with `offload` run under asyncio.",
        ),
        Key::optional("version", VERSION, "Overrides [python] version."),
        Key::optional(
            "switch_interval",
            SOME_TIME,
            "Overrides [python] switch_interval.",
        ),
        Key::optional(
            "check_interval",
            CHECK_INTERVAL,
            "Overrides [python] check_interval.",
        ),
    ],
};

/// What can spread tasks.
static EXECUTORS: Words = Words {
    list: &[
        Word::new("sequential", "A plain loop in the main thread."),
        Word::new("threads", "concurrent.futures.ThreadPoolExecutor"),
        Word::new("processes", "concurrent.futures.ProcessPoolExecutor"),
        Word::new("pool", "multiprocessing.Pool"),
        Word::new(
            "consumers",
            "Processes of the program's own that read items from a channel, and write results to another.",
        ),
        Word::new(
            "interpreters",
            "concurrent.futures.InterpreterPoolExecutor, from Python 3.14.",
        ),
        Word::new("thread-per-task", "One threading.Thread for each item."),
        Word::new("process-per-task", "One multiprocessing.Process for each item."),
        Word::new(
            "asyncio",
            "An event loop, and a task for each item or connection.",
        ),
        Word::new("server", "Threads that serve one queue of clients' requests."),
    ],
    otherwise: None,
};

static CHANNELS: Words = Words {
    list: &[
        Word::new("pipe", "multiprocessing.Pipe(duplex=False)"),
        Word::new("socket_pair", "multiprocessing.Pipe()"),
        Word::new("simple_queue", "multiprocessing.SimpleQueue"),
        Word::new("queue", "multiprocessing.Queue, with its feeder thread."),
        Word::new(
            "joinable_queue",
            "multiprocessing.JoinableQueue, with task_done() and join().",
        ),
        Word::new("manager", "multiprocessing.Manager().Queue()"),
    ],
    otherwise: None,
};

static SENDERS: Words = Words {
    list: &[
        Word::new("thread", "A thread, while the main thread takes results."),
        Word::new("main", "The main thread, before it takes the first result."),
    ],
    otherwise: None,
};

static METHODS: Words = Words {
    list: &[
        Word::new("map", "All results together."),
        Word::new("starmap", "All results together; items are tuples of arguments."),
        Word::new("imap", "Results one by one, in order."),
        Word::new("imap_unordered", "Results as they come."),
        Word::new("apply_async", "A call for each item."),
    ],
    otherwise: None,
};

static OFFLOADS: Words = Words {
    list: &[
        Word::new(
            "loop",
            "On the loop itself, where nothing else happens meanwhile.",
        ),
        Word::new("thread", "asyncio.to_thread"),
        Word::new(
            "process",
            "loop.run_in_executor with a ProcessPoolExecutor, one process for each CPU.",
        ),
    ],
    otherwise: None,
};

static START_METHODS: Words = Words {
    list: &[
        Word::new("fork", "Copy the parent."),
        Word::new("spawn", "Start a new interpreter."),
        Word::new("forkserver", "Ask a server process to fork."),
    ],
    otherwise: None,
};

static FORKSERVERS: Words = Words {
    list: &[
        Word::new("cold", "The first start of a process boots it."),
        Word::new(
            "running",
            "It is up: forkserver.ensure_running() was called long ago.",
        ),
    ],
    otherwise: None,
};

static TRANSPORTS: Words = Words {
    list: &[
        Word::new("pickle", "Pickled, and written to a pipe."),
        Word::new(
            "shared_memory",
            "In a multiprocessing.shared_memory.SharedMemory, whose name is pickled.",
        ),
    ],
    otherwise: None,
};

const WORKERS: Shape = Shape::Either(&[
    Shape::Integer {
        min: 1,
        max: MOST_THREADS,
    },
    Shape::Pattern {
        what: "\"default\", \"cores\" or a sum such as \"2*cores+1\"",
        pattern: r"^(default|([0-9]+ *\* *)?cores( *\+ *[0-9]+)?)$",
    },
]);

const CHUNKSIZE: Shape = Shape::Either(&[
    Shape::Integer {
        min: 1,
        max: MOST_ITEMS,
    },
    Shape::Words(&DEFAULT),
]);
static DEFAULT: Words = Words {
    list: &[Word::new(
        "default",
        "1; under a pool's map and starmap, four chunks for each worker.",
    )],
    otherwise: None,
};

/// The keys that mean something under an executor, beside those that every run has.
pub fn keys_of(executor: &str) -> &'static [&'static str] {
    match executor {
        "threads" | "interpreters" => &["workers"],
        "processes" => &[
            "workers",
            "start_method",
            "forkserver",
            "chunksize",
            "max_tasks_per_child",
            "transport",
        ],
        "pool" => &[
            "workers",
            "start_method",
            "forkserver",
            "method",
            "chunksize",
            "max_tasks_per_child",
            "transport",
        ],
        "process-per-task" => &["start_method", "forkserver", "transport"],
        "consumers" => &[
            "workers",
            "start_method",
            "forkserver",
            "channel",
            "sender",
            "transport",
        ],
        "server" => &["workers", "threads"],
        "asyncio" => &["workers", "offload"],
        _ => &[],
    }
}

/// The executors that know a key.
pub fn executors_with(key: &str) -> Vec<&'static str> {
    EXECUTORS
        .names()
        .into_iter()
        .filter(|executor| keys_of(executor).contains(&key))
        .collect()
}

/// Keys that only some executors know.
pub const SPECIAL: &[&str] = &[
    "workers",
    "start_method",
    "forkserver",
    "channel",
    "sender",
    "method",
    "chunksize",
    "max_tasks_per_child",
    "threads",
    "offload",
    "transport",
];
