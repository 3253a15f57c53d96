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
        Key::later("method", "leave it out: results come as from executor.map"),
        Key::text(
            "chunksize",
            CHUNKSIZE,
            "default",
            "Items per call sent to a worker; 1 by default.",
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
        Key::later("transport", "leave it out: data is pickled"),
        Key::later("offload", "leave it out: no step is offloaded"),
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
        Word::new(
            "interpreters",
            "concurrent.futures.InterpreterPoolExecutor, from Python 3.14.",
        ),
        Word::new("thread-per-task", "One threading.Thread for each item."),
        Word::new("process-per-task", "One multiprocessing.Process for each item."),
        Word::later("pool"),
        Word::later("asyncio"),
        Word::new("server", "Threads that serve one queue of clients' requests."),
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
    list: &[Word::new("default", "As the executor's map has it: 1.")],
    otherwise: None,
};

/// The keys that mean something under an executor, beside those that every run has.
pub fn keys_of(executor: &str) -> &'static [&'static str] {
    match executor {
        "threads" | "interpreters" => &["workers"],
        "processes" => &["workers", "start_method", "chunksize"],
        "process-per-task" => &["start_method"],
        "server" => &["workers", "threads"],
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
pub const SPECIAL: &[&str] = &["workers", "start_method", "chunksize", "threads"];
