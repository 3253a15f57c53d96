//! `[[task]]` and `[[background]]`.

use crate::input::{Format, Key, Shape, Word, WordEnum, Words};
use crate::model::PayloadKind;

use super::super::DependencyKind;
use super::step::STEPS;
use super::time::TIME;
use super::{DURATION, MOST_ITEMS, MOST_THREADS, SIZE, SOME_TIME};

/// `[[task]]`
pub static TASK: Format = Format {
    name: "[[task]]",
    help: "A group of tasks that all do the same.",
    keys: &[
        Key::required("name", Shape::Name, "Unique among tasks.").fixed(),
        Key::optional(
            "count",
            Shape::Integer {
                min: 1,
                max: MOST_ITEMS,
            },
            "How many items.",
        ),
        Key::text(
            "argument",
            DATA,
            "0 B",
            "Pickled whenever an item goes to another process.",
        ),
        Key::text(
            "result",
            DATA,
            "0 B",
            "Pickled whenever a result comes from another process.",
        ),
        Key::required("steps", STEPS, "What an item does, in order.").fixed(),
        Key::optional(
            "clients",
            Shape::Integer {
                min: 1,
                max: MOST_THREADS,
            },
            "A closed loop instead of a count: each sends its next request `think` after the reply.",
        ),
        Key::text("think", TIME, "0ms", "From a reply to the client's next request."),
        Key::optional(
            "duration",
            SOME_TIME,
            "How long requests are counted, after `warmup`.",
        ),
        Key::optional(
            "arrivals",
            TIME,
            "An open system instead of a count: from one request to the next, answered or not.",
        ),
        Key::text("warmup", DURATION, "0ms", "Not counted, at the start."),
        Key::optional(
            "after",
            AFTER,
            "The groups that come first: { name = \"each\" or \"all\" }, or a list of names.",
        )
        .fixed(),
    ],
};

const DATA: Shape = Shape::Either(&[SIZE, Shape::Table(&PAYLOAD)]);

/// `{ size = "2 MB", kind = "dict" }`
pub static PAYLOAD: Format = Format {
    name: "data",
    help: "Data that crosses into another process.",
    keys: &[
        Key::required("size", SIZE, "Size once pickled."),
        Key::text(
            "kind",
            Shape::Words(PayloadKind::WORDS),
            PayloadKind::Bytes.word(),
            "What it is made of: decides how fast it pickles.",
        ),
    ],
};

const AFTER: Shape = Shape::Either(&[Shape::Map(&DEPENDENCY), Shape::List(&GROUP)]);
static GROUP: Shape = Shape::Name;
static DEPENDENCY: Shape = Shape::Words(DependencyKind::WORDS);

/// `[[background]]`
pub static BACKGROUND: Format = Format {
    name: "[[background]]",
    help: "Threads that run beside the tasks and never end them.",
    keys: &[
        Key::required("name", Shape::Name, "Unique among background threads.").fixed(),
        Key::integer(
            "count",
            Shape::Integer {
                min: 0,
                max: MOST_THREADS,
            },
            1,
            "How many such threads.",
        ),
        Key::text(
            "place",
            Shape::Words(&PLACES),
            "main",
            "In which process they run.",
        ),
        Key::required(
            "steps",
            STEPS,
            "What each does, again and again until the run ends.",
        )
        .fixed(),
    ],
};

static PLACES: Words = Words {
    list: &[Word::new("main", "In the parent process."), Word::later("worker")],
    otherwise: None,
};
