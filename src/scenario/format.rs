//! The scenario format as data: every table, key and word, with its bounds, its default and what it means.
//!
//! The decoder, the sweep, `--set` and the JSON Schema all read these tables. Keys stand in the order in which
//! axes multiply.

mod run;
mod step;
mod task;
mod time;

pub use run::RUN;
pub use step::{STEP, STEPS};
pub use task::{BACKGROUND, PAYLOAD, TASK};
pub use time::{DISTRIBUTIONS, Kind, PART, TIME};

use crate::input::{Format, Key, Shape, Word, Words};
use crate::units::{Bytes, Nanos};

/// The most memory that can be written.
pub const LARGEST: Bytes = Bytes(1 << 40);
/// The most threads or processes of one kind: beyond it Linux would refuse, too.
pub const MOST_THREADS: u64 = 65_536;
/// The most items of all groups together.
pub const MOST_ITEMS: u64 = 10_000_000;
/// The most configurations of one scenario.
pub const MOST_CONFIGURATIONS: u128 = 100_000;

/// A time from nothing to [`Nanos::LONGEST`].
pub const DURATION: Shape = Shape::Duration {
    min: Nanos::ZERO,
    max: Nanos::LONGEST,
};
/// A time that is more than nothing.
pub const SOME_TIME: Shape = Shape::Duration {
    min: Nanos(1),
    max: Nanos::LONGEST,
};
/// A size from nothing to [`LARGEST`].
pub const SIZE: Shape = Shape::Size { max: LARGEST };

/// The whole file.
pub static SCENARIO: Format = Format {
    name: "the scenario",
    help: "What a Python program does, what it runs on, and which executors may run it.",
    keys: &[
        Key::optional(
            "title",
            Shape::Text,
            "The headline of the table and the plot. The default is the file's name.",
        )
        .fixed(),
        Key::required(
            "machine",
            Shape::Table(&MACHINE),
            "The machine that the program runs on.",
        )
        .fixed(),
        Key::optional(
            "python",
            Shape::Table(&PYTHON),
            "The Python interpreter. A [[run]] may override each key.",
        )
        .fixed(),
        Key::optional(
            "program",
            Shape::Table(&PROGRAM),
            "What a process loads and does before its first task.",
        )
        .fixed(),
        Key::optional(
            "replicate",
            Shape::Table(&REPLICATE),
            "The number of replications, the random seed, and the limit on simulated time.",
        )
        .fixed(),
        Key::required(
            "task",
            Shape::Tables(&TASK),
            "The groups of tasks. Each table describes one kind of work.",
        )
        .fixed(),
        Key::optional(
            "background",
            Shape::Tables(&BACKGROUND),
            "Threads of the program that run beside the tasks.",
        )
        .fixed(),
        Key::required(
            "run",
            Shape::Tables(&RUN),
            "The executors to compare. Each table describes one executor with its options.",
        )
        .fixed(),
        Key::optional(
            "published",
            Shape::Table(&PUBLISHED),
            "Published figures to compare the results with.",
        )
        .fixed(),
    ],
};

/// `[machine]`
pub static MACHINE: Format = Format {
    name: "[machine]",
    help: "The machine that the program runs on.",
    keys: &[
        Key::required(
            "cores",
            Shape::Integer { min: 1, max: 1024 },
            "The number of physical cores.",
        ),
        Key::integer(
            "smt",
            Shape::Integer { min: 1, max: 2 },
            1,
            "The number of hardware threads per core, 1 or 2.",
        ),
        Key::text(
            "quota",
            Shape::Words(&QUOTAS),
            "none",
            "The CPU quota of the cgroup. It is not implemented yet.",
        ),
        Key::text(
            "memory",
            MEMORY,
            "unlimited",
            "The memory that all processes together may occupy. When they exceed it, the kernel kills the process \
             that occupies most.",
        ),
        Key::text(
            "profile",
            Shape::Text,
            "linux-x86_64",
            "The costs of every operation: the name of a bundled profile, or the path of a TOML file relative to \
             this file. Such a file is complete, or it contains `like = \"linux-x86_64\"` and the costs that \
             differ.",
        ),
    ],
};

static QUOTAS: Words = Words {
    list: &[Word::new("none", "The program may use all cores all the time.")],
    otherwise: Some("a CPU quota"),
};
const MEMORY: Shape = Shape::Either(&[Shape::Words(&MEMORIES), SIZE]);
static MEMORIES: Words = Words {
    list: &[Word::new("unlimited", "Memory never runs out.")],
    otherwise: None,
};

/// `[python]`
pub static PYTHON: Format = Format {
    name: "[python]",
    help: "The Python interpreter. A [[run]] may override each key.",
    keys: &[
        Key::text(
            "version",
            VERSION,
            "3.13",
            "The CPython version, with a `t` for the free-threaded build. It decides how the interpreter lock \
             (GIL) is handed over and which start method is the default. Before 3.2, `threads` and `processes` \
             stand for the backport `futures`.",
        ),
        Key::text(
            "switch_interval",
            SOME_TIME,
            "5ms",
            "The value of sys.setswitchinterval, from 3.2 on: a thread that has waited this long for the \
             interpreter lock requests it.",
        ),
        Key::integer(
            "check_interval",
            CHECK_INTERVAL,
            100,
            "The value of sys.setcheckinterval, before 3.2: the number of ticks (bytecode instructions that count \
             as one) after which a thread releases the interpreter lock and acquires it again.",
        ),
    ],
};

/// A CPython feature release, with a `t` for its free-threaded build.
pub const VERSION: Shape = Shape::Pattern {
    what: "a CPython release such as \"3.13\"",
    pattern: r"^(2\.[67]|3\.([0-9]|1[0-4]|1[34]t))$",
};
/// Ticks.
pub const CHECK_INTERVAL: Shape = Shape::Integer {
    min: 1,
    max: 1_000_000_000,
};

/// `[program]`
pub static PROGRAM: Format = Format {
    name: "[program]",
    help: "What a process loads and does before its first task.",
    keys: &[
        Key::text(
            "imports",
            TIME,
            "0ms",
            "CPU time of importing the main module. Every spawned worker and every interpreter of a pool pays it; \
             under forkserver the server pays it once, or before Python 3.13 each of its children instead \
             (gh-126631).",
        ),
        Key::text(
            "memory",
            SIZE,
            "0 B",
            "The data that the parent holds when workers start. It makes a fork more expensive, because the \
             kernel copies the page tables; the data itself is shared with the workers.",
        ),
        Key::text(
            "touched",
            SIZE,
            "0 B",
            "The part of `memory` that is Python objects which every worker uses. A forked worker copies their \
             pages, because using an object writes its reference count; workers that are started in other ways \
             create their own objects. Do not count the data of arrays, which has no reference counts.",
        ),
        Key::text(
            "modules",
            SIZE,
            "0 B",
            "The memory that imported modules occupy: in the parent, again in every spawned worker and every \
             interpreter of a pool; under forkserver once, in the server.",
        ),
        Key::optional(
            "setup",
            STEPS,
            "The steps that each worker runs once, before its first item (the pool's \
                                       `initializer`).",
        )
        .fixed(),
    ],
};

/// `[replicate]`
pub static REPLICATE: Format = Format {
    name: "[replicate]",
    help: "The number of replications, the random seed, and the limit on simulated time.",
    keys: &[
        Key::optional(
            "replications",
            Shape::Integer { min: 1, max: 10_000 },
            "The number of independent replications of each configuration. The default is 20 where any time is \
             random, else 1.",
        )
        .fixed(),
        Key::integer(
            "seed",
            Shape::Integer {
                min: 0,
                max: i64::MAX as u64,
            },
            1,
            "The seed of all random numbers.",
        )
        .fixed(),
        Key::text(
            "limit",
            SOME_TIME,
            "1h",
            "The simulated time after which a replication is stopped. The row then has the status `limit`.",
        )
        .fixed(),
    ],
};

/// `[published]`
pub static PUBLISHED: Format = Format {
    name: "[published]",
    help: "Published figures to compare the results with.",
    keys: &[
        Key::required(
            "file",
            Shape::Text,
            "The path of a CSV file with a header, relative to this file.",
        )
        .fixed(),
        Key::required(
            "metric",
            Shape::Map(&METRIC),
            "The column of the CSV file that holds the figure, and the column of results.csv that means the same: \
             { their_column = \"our column\" }. Give exactly one.",
        )
        .fixed(),
        Key::required(
            "match",
            Shape::Map(&Shape::Text),
            "The columns of the CSV file that say which configuration a row belongs to, each with a dotted path \
             or a column of results.csv: { their_column = \"machine.cores\" }.",
        )
        .fixed(),
        Key::optional(
            "where",
            Shape::Map(&VALUES),
            "Use only the rows that have these values: { their_column = value or list }.",
        )
        .fixed(),
        Key::optional(
            "fitted_on",
            Shape::Map(&VALUES),
            "The rows that the profile was fitted to: { their_column = value or list }. They are shown but not \
             judged, because they are not predictions.",
        )
        .fixed(),
    ],
};

/// Columns of `results.csv` that someone may have measured.
pub static METRICS: Words = Words {
    list: &[
        Word::new(
            "makespan_s",
            "The makespan: the time until the parent has the last result.",
        ),
        Word::new(
            "total_s",
            "The time until the executor is shut down and the results are freed.",
        ),
        Word::new("speedup", "The speedup over the sequential baseline."),
        Word::new("throughput_per_s", "The number of items or requests per second."),
        Word::new("latency_mean_s", "The mean latency, from submission to result."),
        Word::new("latency_p50_s", "The median latency."),
        Word::new("latency_p95_s", "The 95th percentile of the latency."),
        Word::new("latency_p99_s", "The 99th percentile of the latency."),
    ],
    otherwise: None,
};
static METRIC: Shape = Shape::Words(&METRICS);

static VALUES: Shape = Shape::Either(&[CELL, Shape::List(&CELL_SHAPE)]);
static CELL_SHAPE: Shape = CELL;
const CELL: Shape = Shape::Either(&[Shape::Text, ANY_NUMBER, Shape::Boolean]);
const ANY_NUMBER: Shape = Shape::Number {
    above: f64::NEG_INFINITY,
    max: f64::MAX,
};

/// Columns of `results.csv`, beside the swept paths, that tell one configuration from another.
pub const COLUMNS: &[&str] = &["run", "executor", "start_method", "cores", "workers", "chunksize"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Presence;

    /// Every table of the format, through the keys that lead to it.
    fn every_format(format: &'static Format, found: &mut Vec<&'static Format>) {
        if found.iter().any(|known| std::ptr::eq(*known, format)) {
            return;
        }
        found.push(format);
        for key in format.keys {
            every_shape(&key.shape, found);
        }
    }

    fn every_shape(shape: &'static Shape, found: &mut Vec<&'static Format>) {
        match shape {
            Shape::Table(format) | Shape::Tables(format) => every_format(format, found),
            Shape::OneOf(choice) => choice
                .variants
                .iter()
                .for_each(|variant| every_format(variant, found)),
            Shape::List(element) | Shape::Map(element) => every_shape(element, found),
            Shape::Either(shapes) => shapes.iter().for_each(|shape| every_shape(shape, found)),
            _ => {}
        }
    }

    #[test]
    fn every_default_is_a_value_that_its_key_admits() {
        let mut found = Vec::new();
        every_format(&SCENARIO, &mut found);
        assert!(found.len() > 20, "the walk misses tables: {}", found.len());
        for key in found.iter().flat_map(|format| format.keys) {
            let fits = match (key.presence, &key.shape) {
                (Presence::Text(text), shape) => shape.alternatives().iter().any(|shape| match shape {
                    Shape::Duration { min, max } => {
                        text.parse().is_ok_and(|value| (*min..=*max).contains(&value))
                    }
                    Shape::Size { max } => text.parse().is_ok_and(|value: Bytes| value <= *max),
                    Shape::Words(words) => words.names().contains(&text),
                    Shape::Text | Shape::Pattern { .. } => !text.is_empty(),
                    _ => false,
                }),
                (Presence::Integer(value), Shape::Integer { min, max }) => (*min..=*max).contains(&value),
                (Presence::Boolean(_), Shape::Boolean) => true,
                (Presence::Required | Presence::Optional | Presence::Later(_), _) => true,
                _ => false,
            };
            assert!(fits, "the default of `{}` does not fit it", key.name);
        }
    }

    #[test]
    fn a_table_lists_each_key_once() {
        let mut found = Vec::new();
        every_format(&SCENARIO, &mut found);
        for format in found {
            let names: std::collections::BTreeSet<_> = format.keys.iter().map(|key| key.name).collect();
            assert_eq!(names.len(), format.keys.len(), "{}", format.name);
        }
    }
}
