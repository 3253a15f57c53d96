//! `[[run]]`: what spreads the tasks over threads and processes.

use crate::input::{Format, Key, Shape, Word, WordEnum, Words};
use crate::model::{ChannelKind, ForkServer, StartMethod};

use super::super::Transport;
use super::super::executor::{ExecutorName, OffloadTo, PoolMethod, Sender};
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
        Key::required(
            "executor",
            Shape::Words(ExecutorName::WORDS),
            "What spreads the tasks.",
        ),
        Key::text("workers", WORKERS, "default", "Most threads or processes."),
        Key::optional(
            "start_method",
            Shape::Words(StartMethod::WORDS),
            "Default fork; from Python 3.14 on forkserver.",
        ),
        Key::text(
            "forkserver",
            Shape::Words(ForkServer::WORDS),
            ForkServer::Cold.word(),
            "Whether the fork server is up before the clock starts.",
        ),
        Key::text(
            "channel",
            Shape::Words(ChannelKind::WORDS),
            ChannelKind::SimpleQueue.word(),
            "What consumers get their items through, and send their results through.",
        ),
        Key::text(
            "sender",
            Shape::Words(Sender::WORDS),
            Sender::Thread.word(),
            "Who in the parent sends the items to consumers.",
        ),
        Key::text(
            "method",
            Shape::Words(PoolMethod::WORDS),
            PoolMethod::Map.word(),
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
            "The server's threads, or the threads that run an event loop each.",
        ),
        Key::text(
            "transport",
            Shape::Words(Transport::WORDS),
            Transport::Pickle.word(),
            "How the items' data gets to another process and back.",
        ),
        Key::text(
            "offload",
            Shape::Words(OffloadTo::WORDS),
            OffloadTo::Loop.word(),
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
