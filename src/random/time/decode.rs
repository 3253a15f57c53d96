//! A time as a cost profile writes it: `"5us"`, or a table with the one key that names its distribution.

use super::{Mix, Time};
use crate::input::{Choice, Complaint, Field, Format, Key, Reader, Shape, Value};
use crate::random::Part;
use crate::units::Nanos;

/// What a profile may write for a random time.
pub(crate) const TIME: Shape = Shape::Either(&FIXED_OR_RANDOM);
static FIXED_OR_RANDOM: [Shape; 2] = [DURATION, Shape::OneOf(&DISTRIBUTIONS)];

/// The longest time as people write it; [`Time::LONGEST`] is slightly longer.
const LONGEST: Nanos = Nanos::from_secs(1250 * 3600);
const DURATION: Shape = Shape::Duration {
    min: Nanos::ZERO,
    max: LONGEST,
};
const SOME_TIME: Shape = Shape::Duration {
    min: Nanos(1),
    max: LONGEST,
};

/// `{ lognormal = { ... } }` and its siblings.
static DISTRIBUTIONS: Choice = Choice {
    what: "a random time",
    tag: "distribution",
    split: "keep one of them",
    variants: &[
        Format {
            name: "a constant time",
            help: "Always the same.",
            keys: &[Key::required("constant", DURATION, "Every sample.")],
        },
        Format {
            name: "a uniform distribution",
            help: "Equally likely from `min` to `max`.",
            keys: &[Key::required("uniform", Shape::Table(&UNIFORM), "Its bounds.")],
        },
        Format {
            name: "a triangular distribution",
            help: "Times near `mode` are the most likely, and none is below `min` or above `max`.",
            keys: &[Key::required(
                "triangular",
                Shape::Table(&TRIANGULAR),
                "Its bounds and its most likely value.",
            )],
        },
        Format {
            name: "an exponential distribution",
            help: "Memoryless.",
            keys: &[Key::required(
                "exponential",
                Shape::Table(&EXPONENTIAL),
                "Its mean.",
            )],
        },
        Format {
            name: "a normal distribution",
            help: "Normal; negative samples are taken as zero.",
            keys: &[Key::required(
                "normal",
                Shape::Table(&MEAN_AND_CV),
                "Its mean and spread.",
            )],
        },
        Format {
            name: "a log-normal distribution",
            help: "Log-normal: skewed to long times.",
            keys: &[Key::required(
                "lognormal",
                Shape::Table(&MEAN_AND_CV),
                "Its mean and spread.",
            )],
        },
        Format {
            name: "a gamma distribution",
            help: "Gamma: skewed, with a light tail.",
            keys: &[Key::required(
                "gamma",
                Shape::Table(&MEAN_AND_CV),
                "Its mean and spread.",
            )],
        },
        Format {
            name: "a Pareto distribution",
            help: "Pareto: a heavy tail above `min`.",
            keys: &[Key::required(
                "pareto",
                Shape::Table(&PARETO),
                "Its minimum and shape.",
            )],
        },
        Format {
            name: "an empirical distribution",
            help: "Each measured value equally likely.",
            keys: &[Key::required(
                "empirical",
                Shape::List(&DURATION),
                "The measured values.",
            )],
        },
        Format {
            name: "a mix",
            help: "Each sample is from one of several times, which is chosen by weight.",
            keys: &[Key::required(
                "mix",
                Shape::List(&ONE_PART),
                "The times and their weights.",
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

static TRIANGULAR: Format = Format {
    name: "triangular",
    help: "Times near `mode` are the most likely, and none is below `min` or above `max`.",
    keys: &[
        Key::required("min", DURATION, "The shortest time."),
        Key::required("mode", DURATION, "The most likely time."),
        Key::required("max", DURATION, "The longest time."),
    ],
};

static ONE_PART: Shape = Shape::Table(&PART);
static PART: Format = Format {
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

impl Time {
    /// The time that a field of shape [`TIME`] holds.
    pub(crate) fn read(field: &Field<'_>) -> Option<Self> {
        let Value::Table(_) = field.node.value else {
            return field.duration().map(Self::Constant);
        };
        let variant = field.reading.open_choice(field.node, &DISTRIBUTIONS)?;
        let time = Self::read_variant(&variant)?;
        // The formats bound each parameter; what remains is how they fit together.
        match time.check() {
            Ok(()) => Some(time),
            Err(why) => field.complain(
                format!("`{}` is not a possible time", field.name),
                &why.to_string(),
            ),
        }
    }

    fn read_variant(variant: &Reader<'_>) -> Option<Self> {
        let tag = variant.format.tag().name;
        match tag {
            "constant" => return variant.duration(tag).map(Self::Constant),
            "empirical" => return read_values(variant, tag),
            "mix" => return read_mix(variant, tag),
            _ => {}
        }
        let inner = variant.open_table(tag)?;
        if tag == "exponential" {
            let mean = inner.duration("mean")?;
            return Some(Self::Exponential { mean });
        }
        if tag == "uniform" {
            let (min, max) = (inner.duration("min"), inner.duration("max"));
            return Some(Self::Uniform { min: min?, max: max? });
        }
        if tag == "triangular" {
            let [min, mode, max] = ["min", "mode", "max"].map(|key| inner.duration(key));
            return Some(Self::Triangular {
                min: min?,
                mode: mode?,
                max: max?,
            });
        }
        if tag == "pareto" {
            let (min, shape) = (inner.duration("min"), inner.number("shape"));
            return Some(Self::Pareto {
                min: min?,
                shape: shape?,
            });
        }
        let (mean, cv) = (inner.duration("mean"), inner.number("cv"));
        let (mean, cv) = (mean?, cv?);
        match tag {
            "normal" => Some(Self::Normal { mean, cv }),
            "lognormal" => Some(Self::LogNormal { mean, cv }),
            "gamma" => Some(Self::Gamma { mean, cv }),
            _ => unreachable!("the format lists no other distribution"),
        }
    }
}

fn read_values(variant: &Reader<'_>, tag: &str) -> Option<Time> {
    let values = variant.given(tag)?.elements()?;
    if values.is_empty() {
        return variant.refuse(
            Complaint::at(variant.value_place(tag), "there is no measured value")
                .label("an empty list")
                .help("write one or more"),
        );
    }
    let values: Vec<Option<Nanos>> = values.iter().map(Field::duration).collect();
    let values: Option<Vec<Nanos>> = values.into_iter().collect();
    values.map(|values| Time::Empirical(values.into()))
}

fn read_mix(variant: &Reader<'_>, tag: &str) -> Option<Time> {
    let field = variant.given(tag)?;
    let part = |field: &Field<'_>| {
        let reader = Reader::open(field.reading, field.node, &PART)?;
        let (weight, time) = (reader.integer("weight"), Time::read(&reader.given("time")?));
        Some(Part {
            weight: weight?,
            time: time?,
        })
    };
    let parts: Vec<Option<Part>> = field.elements()?.iter().map(part).collect();
    match Mix::new(parts.into_iter().collect::<Option<_>>()?) {
        Ok(mix) => Some(Time::Mix(mix.into())),
        Err(why) => field.complain(why.to_string(), "in this list"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Complaints, Reading, parse_document};

    static PROFILE: Format = Format {
        name: "the profile",
        help: "One cost.",
        keys: &[Key::required("cost", TIME, "A cost.")],
    };

    fn read(cost: &str) -> Result<Time, String> {
        let complaints = Complaints::new();
        let text = format!("cost = {cost}");
        let source = complaints.add_source("test", text.as_str());
        let root = parse_document(&complaints, source, &text);
        let time = root.and_then(|root| {
            let reader = Reader::open(Reading::new(&complaints), &root, &PROFILE)?;
            Time::read(&reader.given("cost")?)
        });
        time.filter(|_| complaints.is_empty())
            .ok_or_else(|| complaints.into_diagnostics().to_string())
    }

    #[test]
    fn every_kind_is_read() {
        let (us, mean) = (Nanos::from_micros, Nanos::from_micros(1));
        for (written, meant) in [
            (r#""5us""#, Time::Constant(us(5))),
            (r#"{ constant = "5us" }"#, Time::Constant(us(5))),
            (
                r#"{ uniform = { min = "0us", max = "20us" } }"#,
                Time::Uniform {
                    min: us(0),
                    max: us(20),
                },
            ),
            (
                r#"{ triangular = { min = "0us", mode = "1us", max = "20us" } }"#,
                Time::Triangular {
                    min: us(0),
                    mode: us(1),
                    max: us(20),
                },
            ),
            (
                r#"{ mix = [{ weight = 9, time = "1us" }, { weight = 1, time = { exponential = { mean = "1us" } } }] }"#,
                Time::Mix(
                    Mix::new(vec![
                        Part {
                            weight: 9,
                            time: Time::Constant(mean),
                        },
                        Part {
                            weight: 1,
                            time: Time::Exponential { mean },
                        },
                    ])
                    .unwrap()
                    .into(),
                ),
            ),
            (
                r#"{ exponential = { mean = "1us" } }"#,
                Time::Exponential { mean },
            ),
            (
                r#"{ normal = { mean = "1us", cv = 0.5 } }"#,
                Time::Normal { mean, cv: 0.5 },
            ),
            (
                r#"{ lognormal = { mean = "1us", cv = 1 } }"#,
                Time::LogNormal { mean, cv: 1.0 },
            ),
            (
                r#"{ gamma = { mean = "1us", cv = 2.5 } }"#,
                Time::Gamma { mean, cv: 2.5 },
            ),
            (
                r#"{ pareto = { min = "1us", shape = 1.5 } }"#,
                Time::Pareto {
                    min: us(1),
                    shape: 1.5,
                },
            ),
            (
                r#"{ empirical = ["1us", "2us", "9us"] }"#,
                Time::Empirical([us(1), us(2), us(9)].into()),
            ),
        ] {
            assert_eq!(read(written), Ok(meant), "{written}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_would_be_right() {
        for (written, complaint) in [
            ("5", "`cost` needs a unit"),
            ("{}", "a random time without a distribution"),
            (r#""5""#, "unit"),
            // A cost that never ends stops the simulated machine.
            (r#""forever""#, "a duration is a number and a unit"),
            (
                r#"{ unifrom = { min = "0us", max = "20us" } }"#,
                "did you mean `uniform`?",
            ),
            (
                r#"{ uniform = { min = "0us", mx = "20us" } }"#,
                "unknown key `mx` in uniform",
            ),
            (r#"{ gamma = { mean = "1us" } }"#, "needs `cv`"),
            (
                r#"{ gamma = { mean = "1us", cv = "1" } }"#,
                "`cv` must be a number above 0",
            ),
            (
                r#"{ uniform = { min = "3us", max = "2us" } }"#,
                "min is 3us, above max, which is 2us",
            ),
            (
                r#"{ lognormal = { mean = "1us", cv = inf } }"#,
                "`cv` must be a number above 0",
            ),
            (
                r#"{ exponential = { mean = "0us" } }"#,
                "`mean` must be more than zero",
            ),
            (
                r#"{ pareto = { min = "1us", shape = 1.0 } }"#,
                "`shape` must be a number above 1",
            ),
            (
                r#"{ triangular = { min = "1us", mode = "3us", max = "2us" } }"#,
                "mode is 3us, but must be from min, which is 1us, to max, which is 2us",
            ),
            (
                r#"{ mix = [] }"#,
                "a mix has from 1 to 1 000 times, but this one has 0",
            ),
            (
                r#"{ mix = [{ weight = 0, time = "1us" }] }"#,
                "`weight` must be an integer from 1",
            ),
            (
                r#"{ mix = [{ weight = 1, time = "forever" }] }"#,
                "a duration is a number and a unit",
            ),
            (r#"{ empirical = [] }"#, "there is no measured value"),
            (r#"{ empirical = ["1us", "2"] }"#, "unit"),
            (
                r#"{ constant = "5us", exponential = { mean = "1us" } }"#,
                "two distributions in a random time",
            ),
        ] {
            let error = read(written).unwrap_err();
            assert!(error.contains(complaint), "{written} gave:\n{error}");
        }
    }
}
