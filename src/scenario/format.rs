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
    help: "What a Python program does, what it runs on, and what might spread it over threads and processes.",
    keys: &[
        Key::optional(
            "title",
            Shape::Text,
            "The plot's headline; the file's name where it is absent.",
        )
        .fixed(),
        Key::required("machine", Shape::Table(&MACHINE), "What it runs on.").fixed(),
        Key::optional(
            "python",
            Shape::Table(&PYTHON),
            "The interpreter; a [[run]] may override each key.",
        )
        .fixed(),
        Key::optional(
            "program",
            Shape::Table(&PROGRAM),
            "What a process is before its first task.",
        )
        .fixed(),
        Key::optional(
            "replicate",
            Shape::Table(&REPLICATE),
            "How often, from which seed, how long.",
        )
        .fixed(),
        Key::required("task", Shape::Tables(&TASK), "The groups of tasks.").fixed(),
        Key::optional(
            "background",
            Shape::Tables(&BACKGROUND),
            "Threads beside the tasks.",
        )
        .fixed(),
        Key::required(
            "run",
            Shape::Tables(&RUN),
            "What spreads the tasks over threads and processes.",
        )
        .fixed(),
        Key::optional(
            "published",
            Shape::Table(&PUBLISHED),
            "Figures that someone measured.",
        )
        .fixed(),
    ],
};

/// `[machine]`
pub static MACHINE: Format = Format {
    name: "[machine]",
    help: "What the program runs on.",
    keys: &[
        Key::required("cores", Shape::Integer { min: 1, max: 1024 }, "Physical cores."),
        Key::integer(
            "smt",
            Shape::Integer { min: 1, max: 2 },
            1,
            "Hardware threads per core.",
        ),
        Key::text(
            "quota",
            Shape::Words(&QUOTAS),
            "none",
            "CPUs granted by the cgroup per 100 ms.",
        ),
        Key::text(
            "memory",
            MEMORY,
            "unlimited",
            "Beyond it the kernel kills the process with the most of it.",
        ),
        Key::text(
            "profile",
            Shape::Text,
            "linux-x86_64",
            "What everything costs: a bundled profile's name, or a path.",
        ),
    ],
};

static QUOTAS: Words = Words {
    list: &[Word::new("none", "All cores, all the time.")],
    otherwise: Some("a CPU quota"),
};
const MEMORY: Shape = Shape::Either(&[Shape::Words(&MEMORIES), SIZE]);
static MEMORIES: Words = Words {
    list: &[Word::new("unlimited", "Never runs out.")],
    otherwise: None,
};

/// `[python]`
pub static PYTHON: Format = Format {
    name: "[python]",
    help: "The interpreter; a [[run]] may override each key.",
    keys: &[
        Key::text(
            "version",
            VERSION,
            "3.13",
            "Picks the lock's protocol and the default start method.",
        ),
        Key::text(
            "switch_interval",
            SOME_TIME,
            "5ms",
            "sys.setswitchinterval, from 3.2 on: after it a waiter asks for the lock.",
        ),
        Key::integer(
            "check_interval",
            CHECK_INTERVAL,
            100,
            "sys.setcheckinterval, before 3.2: after so many ticks the lock is let go of.",
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
    help: "What a process is before its first task.",
    keys: &[
        Key::text(
            "imports",
            TIME,
            "0ms",
            "Paid by every spawned worker; under forkserver once, in the server.",
        ),
        Key::text(
            "memory",
            SIZE,
            "0 B",
            "Data in the parent when workers start: the price of fork.",
        ),
        Key::text(
            "touched",
            SIZE,
            "0 B",
            "Of `memory`, Python objects that every worker uses: a forked one copies them, others make their own.",
        ),
        Key::text(
            "modules",
            SIZE,
            "0 B",
            "Memory of what is imported: again in every spawned worker; under forkserver once, in the server.",
        ),
        Key::optional("setup", STEPS, "The initializer's steps, run once per worker.").fixed(),
    ],
};

/// `[replicate]`
pub static REPLICATE: Format = Format {
    name: "[replicate]",
    help: "How often and from which seed every configuration is simulated.",
    keys: &[
        Key::optional(
            "replications",
            Shape::Integer { min: 1, max: 10_000 },
            "Independent repetitions. Default 20 where any time is random, else 1.",
        )
        .fixed(),
        Key::integer(
            "seed",
            Shape::Integer {
                min: 0,
                max: i64::MAX as u64,
            },
            1,
            "Names all random streams.",
        )
        .fixed(),
        Key::text(
            "limit",
            SOME_TIME,
            "1h",
            "Simulated time; beyond it the row's status is `limit`.",
        )
        .fixed(),
    ],
};

/// `[published]`
pub static PUBLISHED: Format = Format {
    name: "[published]",
    help: "Figures that someone measured, to hold the results against.",
    keys: &[
        Key::required(
            "file",
            Shape::Text,
            "A CSV file with a header, relative to this file.",
        )
        .fixed(),
        Key::required(
            "metric",
            Shape::Map(&METRIC),
            "{ their_column = \"our column\" }, exactly one.",
        )
        .fixed(),
        Key::required(
            "match",
            Shape::Map(&Shape::Text),
            "{ their_column = \"our dotted path or column\" }.",
        )
        .fixed(),
        Key::optional(
            "where",
            Shape::Map(&VALUES),
            "{ their_column = value or list }: only the rows that have it.",
        )
        .fixed(),
        Key::optional(
            "fitted_on",
            Shape::Map(&VALUES),
            "{ their_column = value or list }: no predictions.",
        )
        .fixed(),
    ],
};

/// Columns of `results.csv` that someone may have measured.
pub static METRICS: Words = Words {
    list: &[
        Word::new("makespan_s", "Until the last result is in the caller's hands."),
        Word::new("total_s", "Until the results are gone, and all is shut down."),
        Word::new("speedup", "Against the sequential run."),
        Word::new("throughput_per_s", "Items or requests per second."),
        Word::new("latency_mean_s", "From submission to result, on average."),
        Word::new("latency_p50_s", "The median of it."),
        Word::new("latency_p95_s", "Its 95th percentile."),
        Word::new("latency_p99_s", "Its 99th percentile."),
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
