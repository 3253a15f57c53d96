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
    help: "A group of items that all do the same kind of work.",
    keys: &[
        Key::required("name", Shape::Name, "The name of the group, unique among tasks.").fixed(),
        Key::optional(
            "count",
            Shape::Integer {
                min: 1,
                max: MOST_ITEMS,
            },
            "The number of items. A group needs `count`, `clients`, `arrivals` or `after`.",
        ),
        Key::text(
            "argument",
            DATA,
            "0 B",
            "The data of each item: a size, or { size, kind }. It is pickled when an item goes to another \
             process, and between interpreters unless its kind is \"bytes\".",
        ),
        Key::text(
            "result",
            DATA,
            "0 B",
            "The result of each item: a size, or { size, kind }. It is pickled when it comes from another \
             process, and between interpreters unless its kind is \"bytes\".",
        ),
        Key::required("steps", STEPS, "The steps of each item, in order.").fixed(),
        Key::optional(
            "clients",
            Shape::Integer {
                min: 1,
                max: MOST_THREADS,
            },
            "The number of clients, instead of a `count`. Each client sends its next request `think` after the \
             reply (a closed system). It needs the executor `server` or `asyncio`.",
        ),
        Key::text("think", TIME, "0ms", "The time from a reply to the client's next request."),
        Key::optional(
            "duration",
            SOME_TIME,
            "The simulated time in which requests are counted, after `warmup`.",
        ),
        Key::optional(
            "arrivals",
            TIME,
            "The time from one request to the next, instead of a `count`, whether or not earlier requests have \
             been answered (an open system). Requests without a reply at the end are not part of the figures; the \
             column `detail` says how many there are. It needs the executor `server` or `asyncio`.",
        ),
        Key::text("warmup", DURATION, "0ms", "The simulated time at the start in which requests are not counted."),
        Key::optional(
            "after",
            AFTER,
            "The groups that this one waits for: { name = \"each\" or \"all\" }, or a list of names, which means \
             \"all\".",
        )
        .fixed(),
    ],
};

const DATA: Shape = Shape::Either(&[SIZE, Shape::Table(&PAYLOAD)]);

/// `{ size = "2 MB", kind = "dict" }`
pub static PAYLOAD: Format = Format {
    name: "data",
    help: "Data that is sent to another process or interpreter.",
    keys: &[
        Key::required("size", SIZE, "The size of the data after pickling."),
        Key::text(
            "kind",
            Shape::Words(PayloadKind::WORDS),
            PayloadKind::Bytes.word(),
            "The type of the data. It decides how long pickling takes.",
        ),
    ],
};

const AFTER: Shape = Shape::Either(&[Shape::Map(&DEPENDENCY), Shape::List(&GROUP)]);
static GROUP: Shape = Shape::Name;
static DEPENDENCY: Shape = Shape::Words(DependencyKind::WORDS);

/// `[[background]]`
pub static BACKGROUND: Format = Format {
    name: "[[background]]",
    help: "Threads of the program that run beside the tasks until the end.",
    keys: &[
        Key::required(
            "name",
            Shape::Name,
            "The name of the threads, unique among background threads.",
        )
        .fixed(),
        Key::integer(
            "count",
            Shape::Integer {
                min: 0,
                max: MOST_THREADS,
            },
            1,
            "The number of such threads.",
        ),
        Key::text(
            "place",
            Shape::Words(&PLACES),
            "main",
            "The process that the threads run in.",
        ),
        Key::required(
            "steps",
            STEPS,
            "The steps of each thread, repeated until the run ends. The last step may take \"forever\".",
        )
        .fixed(),
    ],
};

static PLACES: Words = Words {
    list: &[
        Word::new("main", "The threads run in the parent process."),
        Word::later("worker"),
    ],
    otherwise: None,
};
