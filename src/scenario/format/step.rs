//! Steps: what an item, a background thread or an initializer does.

use crate::input::{Choice, Format, Key, Shape, Word, Words};

use super::DURATION;
use super::time::{DISTRIBUTIONS, TIME};

/// The time of a step. The last step of a background thread can take `forever`.
const STEP_TIME: Shape = Shape::Either(&[DURATION, Shape::Words(&FOREVER), Shape::OneOf(&DISTRIBUTIONS)]);
static FOREVER: Words = Words {
    list: &[Word::new(
        "forever",
        "The step never ends. Only background threads may use it, in their last step.",
    )],
    otherwise: None,
};

/// Steps in their order.
pub const STEPS: Shape = Shape::List(&ONE_STEP);
static ONE_STEP: Shape = Shape::OneOf(&STEP);

const OFFLOAD: Key = Key::boolean(
    "offload",
    false,
    "Whether the step may run off the event loop. Under `asyncio` it is awaited where the `offload` of the run \
     says; under every other executor it runs inline.",
);

/// A step: exactly one verb, and what modifies it.
pub static STEP: Choice = Choice {
    what: "a step",
    tag: "verb",
    split: "write two steps, { ... }, { ... }",
    variants: &[
        Format {
            name: "a step with `io`",
            help: "Waits for a device or the network, without a core and without the interpreter lock. The value \
                   is the time.",
            keys: &[Key::required(
                "io",
                STEP_TIME,
                "Waits for a device or the network, without a core and without the interpreter lock. The value is \
                 the time.",
            )],
        },
        Format {
            name: "a step with `python`",
            help: "Runs bytecode. It holds the interpreter lock and releases it when another thread requests it.",
            keys: &[
                Key::required(
                    "python",
                    STEP_TIME,
                    "Runs bytecode for this CPU time. It holds the interpreter lock and releases it when another \
                     thread requests it.",
                ),
                Key::optional(
                    "shares",
                    Shape::Name,
                    "The name of objects that this bytecode uses all the time and that all threads of the \
                     interpreter share. On a free-threaded build, threads that use the same objects slow each \
                     other down; with the interpreter lock sharing costs nothing.",
                ),
                OFFLOAD,
            ],
        },
        Format {
            name: "a step with `native`",
            help: "Runs C code on a core, for this CPU time. It releases the interpreter lock unless `holds_lock` \
                   is set.",
            keys: &[
                Key::required(
                    "native",
                    STEP_TIME,
                    "Runs C code on a core, for this CPU time. It releases the interpreter lock unless \
                     `holds_lock` is set.",
                ),
                Key::boolean(
                    "holds_lock",
                    false,
                    "Whether the C code keeps the interpreter lock until it returns.",
                ),
                OFFLOAD,
                Key::later("threads", "remove it: the call runs on one thread"),
            ],
        },
        Format {
            name: "a step with `lock`",
            help: "Runs inner steps with a named lock held. All workers share the lock.",
            keys: &[
                Key::required(
                    "lock",
                    Shape::Name,
                    "The name of the lock. It is a threading.Lock, among processes and interpreters a \
                     multiprocessing.Lock, and under `asyncio` an asyncio.Lock.",
                ),
                Key::required(
                    "steps",
                    Shape::List(&ONE_STEP),
                    "The steps that run while the lock is held.",
                )
                .fixed(),
            ],
        },
        Format {
            name: "a step with `repeat`",
            help: "Runs inner steps several times.",
            keys: &[
                Key::required(
                    "repeat",
                    Shape::Integer {
                        min: 1,
                        max: 1_000_000_000,
                    },
                    "The number of times.",
                ),
                Key::required("steps", Shape::List(&ONE_STEP), "The steps that run each time.").fixed(),
            ],
        },
        Format {
            name: "a step with `crash`",
            help: "The process may die here, as by a segmentation fault or os._exit.",
            keys: &[Key::required(
                "crash",
                Shape::Number { above: 0.0, max: 1.0 },
                "The probability that the process dies here, above 0 and at most 1.",
            )],
        },
        Format {
            name: "a step with `update`",
            help: "Adds to a counter that all workers share. Without a lock, updates may be lost; the column \
                   `lost_updates` counts them.",
            keys: &[
                Key::required(
                    "update",
                    Shape::Name,
                    "The name of the counter. It is an attribute of an object, \
                                                      among processes a multiprocessing.Value, among interpreters \
                                                      a shared buffer.",
                ),
                Key::optional(
                    "window",
                    TIME,
                    "The CPU time of the Python code, with function calls, between reading and writing the \
                     counter. If another worker writes in between, one of the two updates is lost. Without \
                     `window` the update is an augmented assignment, `+=`, in which CPython lets no other thread \
                     run from 3.10 on.",
                ),
                Key::optional(
                    "lock",
                    Shape::Name,
                    "The name of a lock of the program that guards the update, or \"none\". By default, the \
                     counter has a lock of its own.",
                ),
            ],
        },
    ],
};
