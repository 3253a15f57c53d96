//! Times and steps: what an item, a background thread or an initializer does.

use crate::input::{Choice, Format, Key, Shape, Word, Words};

use super::{DURATION, SOME_TIME};

/// How long something takes: fixed or random. `forever` only ends a background thread's steps.
pub const TIME: Shape = Shape::Either(&[DURATION, Shape::OneOf(&DISTRIBUTIONS)]);
/// The time of a step.
const STEP_TIME: Shape = Shape::Either(&[DURATION, Shape::Words(&FOREVER), Shape::OneOf(&DISTRIBUTIONS)]);
static FOREVER: Words = Words {
    list: &[Word::new("forever", "Never ends; for background threads.")],
    otherwise: None,
};

/// Steps in their order.
pub const STEPS: Shape = Shape::List(&ONE_STEP);
static ONE_STEP: Shape = Shape::OneOf(&STEP);

/// `{ lognormal = { ... } }` and its siblings.
pub static DISTRIBUTIONS: Choice = Choice {
    what: "a random time",
    tag: "distribution",
    split: "keep one of them",
    variants: &[
        Format {
            name: "a uniform distribution",
            help: "Equally likely from `min` to `max`.",
            keys: &[Key::required(
                "uniform",
                Shape::Table(&UNIFORM),
                "Equally likely from `min` to `max`.",
            )],
        },
        Format {
            name: "an exponential distribution",
            help: "Memoryless.",
            keys: &[Key::required(
                "exponential",
                Shape::Table(&EXPONENTIAL),
                "Memoryless.",
            )],
        },
        Format {
            name: "a normal distribution",
            help: "Normal, negative samples taken as zero.",
            keys: &[Key::required(
                "normal",
                Shape::Table(&MEAN_AND_CV),
                "Normal, negative samples taken as zero.",
            )],
        },
        Format {
            name: "a log-normal distribution",
            help: "Log-normal.",
            keys: &[Key::required(
                "lognormal",
                Shape::Table(&MEAN_AND_CV),
                "Log-normal: skewed to long times.",
            )],
        },
        Format {
            name: "a gamma distribution",
            help: "Gamma.",
            keys: &[Key::required(
                "gamma",
                Shape::Table(&MEAN_AND_CV),
                "Gamma: skewed, with a light tail.",
            )],
        },
        Format {
            name: "a Pareto distribution",
            help: "Pareto.",
            keys: &[Key::required(
                "pareto",
                Shape::Table(&PARETO),
                "Pareto: a heavy tail above `min`.",
            )],
        },
        Format {
            name: "an empirical distribution",
            help: "Each measured value equally likely.",
            keys: &[Key::required(
                "empirical",
                Shape::Text,
                "Each value in a CSV file of seconds equally likely.",
            )],
        },
    ],
};

static UNIFORM: Format = Format {
    name: "uniform",
    help: "Equally likely from `min` to `max`.",
    keys: &[
        Key::required("min", DURATION, "Shortest."),
        Key::required("max", DURATION, "Longest."),
    ],
};

static EXPONENTIAL: Format = Format {
    name: "exponential",
    help: "Memoryless.",
    keys: &[Key::required("mean", SOME_TIME, "Mean.")],
};

static MEAN_AND_CV: Format = Format {
    name: "a distribution with mean and cv",
    help: "A mean and a spread.",
    keys: &[
        Key::required("mean", SOME_TIME, "Mean."),
        Key::required(
            "cv",
            Shape::Number {
                above: 0.0,
                max: 100.0,
            },
            "Standard deviation over mean.",
        ),
    ],
};

static PARETO: Format = Format {
    name: "pareto",
    help: "A heavy tail above `min`.",
    keys: &[
        Key::required("min", SOME_TIME, "Shortest."),
        Key::required(
            "shape",
            Shape::Number {
                above: 1.0,
                max: 1000.0,
            },
            "Above 1, so that there is a mean.",
        ),
    ],
};

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
