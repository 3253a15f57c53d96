//! Times: fixed, or random with one of several distributions.

use crate::input::{Choice, Format, Key, Shape, WordEnum, words};
use crate::random::Mix;

use super::{DURATION, SOME_TIME};

/// How long something takes, fixed or random.
pub const TIME: Shape = Shape::Either(&FIXED_OR_RANDOM);
static FIXED_OR_RANDOM: [Shape; 2] = [DURATION, Shape::OneOf(&DISTRIBUTIONS)];

words! {
    /// A kind of random time, by the word that is the only key of its table.
    pub enum Kind {
        Uniform = "uniform" => "Every time from `min` to `max` is equally likely.",
        Triangular = "triangular" => "Times near `mode` are the most likely, and none is below `min` or above `max`.",
        Exponential = "exponential" => "The time between events that are independent of each other.",
        Normal = "normal" => "A normal distribution, whose negative samples become zero.",
        LogNormal = "lognormal" => "A distribution that is skewed towards long times.",
        Gamma = "gamma" => "A skewed distribution with a light tail.",
        Pareto = "pareto" => "A distribution with a heavy tail above `min`.",
        Empirical = "empirical" => "Each value in a CSV file of seconds is equally likely.",
        Mix = "mix" => "Each sample is from one of several times, which is chosen by weight.",
    }
}

/// `{ lognormal = { ... } }` and the other random times.
pub static DISTRIBUTIONS: Choice = Choice {
    what: "a random time",
    tag: "distribution",
    split: "keep one of them",
    variants: &[
        Format {
            name: "a uniform distribution",
            help: meaning(Kind::Uniform),
            keys: &[key(Kind::Uniform, Shape::Table(&UNIFORM))],
        },
        Format {
            name: "a triangular distribution",
            help: meaning(Kind::Triangular),
            keys: &[key(Kind::Triangular, Shape::Table(&TRIANGULAR))],
        },
        Format {
            name: "an exponential distribution",
            help: meaning(Kind::Exponential),
            keys: &[key(Kind::Exponential, Shape::Table(&EXPONENTIAL))],
        },
        Format {
            name: "a normal distribution",
            help: meaning(Kind::Normal),
            keys: &[key(Kind::Normal, Shape::Table(&MEAN_AND_CV))],
        },
        Format {
            name: "a log-normal distribution",
            help: meaning(Kind::LogNormal),
            keys: &[key(Kind::LogNormal, Shape::Table(&MEAN_AND_CV))],
        },
        Format {
            name: "a gamma distribution",
            help: meaning(Kind::Gamma),
            keys: &[key(Kind::Gamma, Shape::Table(&MEAN_AND_CV))],
        },
        Format {
            name: "a Pareto distribution",
            help: meaning(Kind::Pareto),
            keys: &[key(Kind::Pareto, Shape::Table(&PARETO))],
        },
        Format {
            name: "an empirical distribution",
            help: meaning(Kind::Empirical),
            keys: &[key(Kind::Empirical, Shape::Text)],
        },
        Format {
            name: "a mix",
            help: meaning(Kind::Mix),
            keys: &[key(Kind::Mix, Shape::List(&ONE_PART))],
        },
    ],
};

/// The only key of a random time.
const fn key(kind: Kind, shape: Shape) -> Key {
    Key::required(kind.word(), shape, meaning(kind))
}

const fn meaning(kind: Kind) -> &'static str {
    Kind::WORDS.list[kind as usize].help
}

static UNIFORM: Format = Format {
    name: "a uniform distribution",
    help: meaning(Kind::Uniform),
    keys: &[
        Key::required("min", DURATION, "The shortest time."),
        Key::required("max", DURATION, "The longest time."),
    ],
};

static TRIANGULAR: Format = Format {
    name: "a triangular distribution",
    help: meaning(Kind::Triangular),
    keys: &[
        Key::required("min", DURATION, "The shortest time."),
        Key::required("mode", DURATION, "The most likely time."),
        Key::required("max", DURATION, "The longest time."),
    ],
};

static EXPONENTIAL: Format = Format {
    name: "an exponential distribution",
    help: meaning(Kind::Exponential),
    keys: &[Key::required("mean", SOME_TIME, "The mean.")],
};

static MEAN_AND_CV: Format = Format {
    name: "a distribution with mean and cv",
    help: "A distribution that is given by its mean and its spread.",
    keys: &[
        Key::required("mean", SOME_TIME, "The mean."),
        Key::required(
            "cv",
            Shape::Number {
                above: 0.0,
                max: 100.0,
            },
            "The standard deviation divided by the mean.",
        ),
    ],
};

static PARETO: Format = Format {
    name: "a Pareto distribution",
    help: meaning(Kind::Pareto),
    keys: &[
        Key::required("min", SOME_TIME, "The shortest time."),
        Key::required(
            "shape",
            Shape::Number {
                above: 1.0,
                max: 1000.0,
            },
            "A small shape has a heavy tail; it must be above 1, because a smaller one has no mean.",
        ),
    ],
};

static ONE_PART: Shape = Shape::Table(&PART);
/// `{ weight = 9, time = "5ms" }`
pub static PART: Format = Format {
    name: "a part of a mix",
    help: "A time and its weight.",
    keys: &[
        Key::required(
            "weight",
            Shape::Integer {
                min: 1,
                max: Mix::MOST_WEIGHT,
            },
            "The probability of this time is its weight divided by the sum of all weights.",
        ),
        Key::required(
            "time",
            // Not `TIME`: a constant that is part of its own value does not compile.
            Shape::Either(&FIXED_OR_RANDOM),
            "A duration or a random time, which can be another mix.",
        ),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_has_every_kind_of_random_time() {
        let words: Vec<&str> = Kind::ALL.iter().map(|kind| kind.word()).collect();
        assert_eq!(DISTRIBUTIONS.tags(), words);
    }
}
