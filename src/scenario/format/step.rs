//! Steps: what an item, a background thread or an initializer does.

use crate::input::{Choice, Format, Key, Shape, Word, Words};

use super::DURATION;
use super::time::{DISTRIBUTIONS, TIME};

/// The time of a step. The last step of a background thread can take `forever`.
const STEP_TIME: Shape = Shape::Either(&[DURATION, Shape::Words(&FOREVER), Shape::OneOf(&DISTRIBUTIONS)]);
static FOREVER: Words = Words {
    list: &[Word::new("forever", "Never ends; for background threads.")],
    otherwise: None,
};

/// Steps in their order.
pub const STEPS: Shape = Shape::List(&ONE_STEP);
static ONE_STEP: Shape = Shape::OneOf(&STEP);

const OFFLOAD: Key = Key::boolean(
    "offload",
    false,
    "Under asyncio, awaited where the run's `offload` says; inline under all others.",
);

/// A step: exactly one verb, and what modifies it.
pub static STEP: Choice = Choice {
    what: "a step",
    tag: "verb",
    split: "write two steps, { ... }, { ... }",
    variants: &[
        Format {
            name: "a step with `io`",
            help: "Waits off-core, the interpreter lock released.",
            keys: &[Key::required(
                "io",
                STEP_TIME,
                "Waits off-core, the interpreter lock released.",
            )],
        },
        Format {
            name: "a step with `python`",
            help: "Bytecode: holds the interpreter lock and yields at the eval breaker.",
            keys: &[
                Key::required(
                    "python",
                    STEP_TIME,
                    "Bytecode: holds the interpreter lock, yields when asked.",
                ),
                Key::optional(
                    "shares",
                    Shape::Name,
                    "Keeps touching objects of this name, which all threads share.",
                ),
                OFFLOAD,
            ],
        },
        Format {
            name: "a step with `native`",
            help: "C code on a core that releases the interpreter lock.",
            keys: &[
                Key::required(
                    "native",
                    STEP_TIME,
                    "C code on a core that releases the interpreter lock.",
                ),
                Key::boolean(
                    "holds_lock",
                    false,
                    "Keeps the lock throughout, without an eval breaker.",
                ),
                OFFLOAD,
                Key::later("threads", "leave it out: the call runs on one thread"),
            ],
        },
        Format {
            name: "a step with `lock`",
            help: "Inner steps with a named lock held; one for all workers.",
            keys: &[
                Key::required(
                    "lock",
                    Shape::Name,
                    "The lock's name; under processes a multiprocessing.Lock.",
                ),
                Key::required("steps", Shape::List(&ONE_STEP), "Run while the lock is held.").fixed(),
            ],
        },
        Format {
            name: "a step with `repeat`",
            help: "Inner steps, so many times.",
            keys: &[
                Key::required(
                    "repeat",
                    Shape::Integer {
                        min: 1,
                        max: 1_000_000_000,
                    },
                    "How many times.",
                ),
                Key::required("steps", Shape::List(&ONE_STEP), "Run each time.").fixed(),
            ],
        },
        Format {
            name: "a step with `crash`",
            help: "Here the process may die, as by a segmentation fault.",
            keys: &[Key::required(
                "crash",
                Shape::Number { above: 0.0, max: 1.0 },
                "The probability that the process dies here.",
            )],
        },
        Format {
            name: "a step with `update`",
            help: "Reads what all workers share and writes it back; updates may be lost.",
            keys: &[
                Key::required("update", Shape::Name, "What is updated: one for all workers."),
                Key::optional(
                    "window",
                    TIME,
                    "Bytecode from reading to writing; without it an augmented assignment, `+=`.",
                ),
                Key::optional(
                    "lock",
                    Shape::Name,
                    "The lock that guards it, or \"none\"; without it a lock of its own.",
                ),
            ],
        },
    ],
};
