//! How long something takes: a fixed time or a distribution over whole nanoseconds.

use std::sync::Arc;

use super::mix::Mix;
use crate::units::{Nanos, grouped};

mod decode;
mod sample;

pub(crate) use decode::TIME;

/// How long something takes, fixed or random. Samples are whole nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub enum Time {
    /// Every sample is this value.
    Constant(Nanos),
    /// It never ends. Only background threads do this.
    Forever,
    /// Every value from `min` to `max` is equally likely.
    Uniform {
        /// The shortest sample.
        min: Nanos,
        /// The longest sample.
        max: Nanos,
    },
    /// Values near `mode` are the most likely, and the probability decreases linearly to zero at `min` and `max`.
    Triangular {
        /// The shortest sample.
        min: Nanos,
        /// The most likely value.
        mode: Nanos,
        /// The longest sample.
        max: Nanos,
    },
    /// Exponential: the time between events that are independent of each other.
    Exponential {
        /// The mean.
        mean: Nanos,
    },
    /// Normal; negative samples become zero.
    Normal {
        /// The mean before negative samples become zero.
        mean: Nanos,
        /// The standard deviation divided by the mean.
        cv: f64,
    },
    /// Log-normal: skewed towards long times.
    LogNormal {
        /// The mean of the samples, not of their logarithms.
        mean: Nanos,
        /// The standard deviation divided by the mean.
        cv: f64,
    },
    /// Gamma: skewed, with a light tail.
    Gamma {
        /// The mean.
        mean: Nanos,
        /// The standard deviation divided by the mean.
        cv: f64,
    },
    /// Pareto: a heavy tail above `min`.
    Pareto {
        /// The shortest sample.
        min: Nanos,
        /// Above 1, because a smaller shape has no mean.
        shape: f64,
    },
    /// Each measured value is equally likely.
    Empirical(Arc<[Nanos]>),
    /// Each sample is from one of several times.
    Mix(Arc<Mix>),
}

/// The reason why a time cannot have these parameters, and what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Impossible {
    /// The ends of a range are in the wrong order.
    #[error("min is {min}, above max, which is {max}: exchange them")]
    MinAboveMax {
        /// As given.
        min: Nanos,
        /// As given.
        max: Nanos,
    },
    /// The most likely value is not in the range.
    #[error("mode is {mode}, but must be from min, which is {min}, to max, which is {max}")]
    ModeOutside {
        /// As given.
        min: Nanos,
        /// As given.
        mode: Nanos,
        /// As given.
        max: Nanos,
    },
    /// A random time whose samples are all zero.
    #[error(
        r#"{name} is zero, so every sample would be: it must be above 0ns, or write {{ constant = "0ns" }}"#
    )]
    Zero {
        /// The parameter: `mean` or `min`.
        name: &'static str,
    },
    /// A coefficient of variation that is out of range.
    #[error(
        "cv is {cv}, but must be above 0 and finite (the standard deviation over the mean): 0.5, for example"
    )]
    Cv {
        /// As given.
        cv: f64,
    },
    /// A tail that is too heavy to have a mean.
    #[error("shape is {shape}, but must be above 1 and finite, else there is no mean: 2.5, for example")]
    Shape {
        /// As given.
        shape: f64,
    },
    /// A time that is longer than [`Time::LONGEST`].
    #[error(r#"{name} is {time}, but must be at most 1250h; for what never ends write "forever""#)]
    TooLong {
        /// The parameter.
        name: &'static str,
        /// As given.
        time: Nanos,
    },
    /// No measured values.
    #[error("there is no measured value: give one or more")]
    NoValues,
    /// A mix without times, or with too many.
    #[error("a mix has from 1 to {most} times, but this one has {count}", most = grouped(Mix::MOST_PARTS as u64))]
    Parts {
        /// As given.
        count: usize,
    },
    /// A weight that is out of range.
    #[error("weight is {weight}, but must be from 1 to {most}", most = grouped(Mix::MOST_WEIGHT))]
    Weight {
        /// As given.
        weight: u64,
    },
    /// A mix one of whose times never ends.
    #[error(r#"a time in a mix cannot be "forever": write a duration"#)]
    EndlessPart,
}

impl Time {
    /// The longest sample of a time that ends, 52 days. A simulation can add thousands of them, or count in units of
    /// 1/1024 ns, and the sum still fits into 64 bits.
    pub const LONGEST: Nanos = Nanos(u64::MAX / 4096);

    /// Checks the parameters. Code that makes a time from user input calls this once. Sampling does not check again,
    /// and returns a time of at most [`Time::LONGEST`] for any parameters.
    ///
    /// # Errors
    /// The first parameter that is impossible.
    pub fn check(&self) -> Result<(), Impossible> {
        match *self {
            Self::Constant(time) => not_too_long("the constant", time),
            Self::Forever => Ok(()),
            Self::Uniform { min, max } | Self::Triangular { min, max, .. } if min > max => {
                Err(Impossible::MinAboveMax { min, max })
            }
            Self::Uniform { max, .. } => not_too_long("max", max),
            Self::Triangular { min, mode, max } if mode < min || mode > max => {
                Err(Impossible::ModeOutside { min, mode, max })
            }
            Self::Triangular { max, .. } => not_too_long("max", max),
            Self::Exponential { mean } => positive("mean", mean),
            Self::Normal { mean, cv } | Self::LogNormal { mean, cv } | Self::Gamma { mean, cv } => {
                positive("mean", mean)?;
                if cv > 0.0 && cv.is_finite() {
                    Ok(())
                } else {
                    Err(Impossible::Cv { cv })
                }
            }
            Self::Pareto { min, shape } => {
                positive("min", min)?;
                if shape > 1.0 && shape.is_finite() {
                    Ok(())
                } else {
                    Err(Impossible::Shape { shape })
                }
            }
            Self::Empirical(ref values) if values.is_empty() => Err(Impossible::NoValues),
            Self::Empirical(ref values) => values
                .iter()
                .try_for_each(|&value| not_too_long("a measured value", value)),
            Self::Mix(ref mix) => mix.parts().iter().try_for_each(|part| part.time.check()),
        }
    }

    /// The mean of the samples (after negative ones became zero), or `None` for [`Time::Forever`].
    pub fn mean(&self) -> Option<Nanos> {
        Some(match *self {
            Self::Forever => return None,
            Self::Constant(time) => time.min(Self::LONGEST),
            Self::Uniform { min, max } => Nanos(u64::midpoint(min.0, max.0).min(Self::LONGEST.0)),
            Self::Triangular { min, mode, max } => {
                let sum: u128 = [min, mode, max].iter().map(|time| u128::from(time.0)).sum();
                capped((sum + 1) / 3)
            }
            Self::Exponential { mean } | Self::LogNormal { mean, .. } | Self::Gamma { mean, .. } => {
                mean.min(Self::LONGEST)
            }
            Self::Normal { mean, cv } => rounded(mean.0 as f64 * cut_normal_mean(cv)),
            Self::Pareto { shape, .. } if shape <= 1.0 => Self::LONGEST,
            Self::Pareto { min, shape } => rounded(min.0 as f64 * (shape / (shape - 1.0))),
            Self::Empirical(ref values) => {
                let sum: u128 = values
                    .iter()
                    .map(|&value| u128::from(value.min(Self::LONGEST).0))
                    .sum();
                let count = values.len().max(1) as u128;
                Nanos(((sum + count / 2) / count) as u64)
            }
            Self::Mix(ref mix) => {
                let mean = |time: &Self| u128::from(time.mean().unwrap_or(Self::LONGEST).0);
                capped(mix.mean_of(mean))
            }
        })
    }

    /// Whether two samples can differ.
    pub fn is_random(&self) -> bool {
        match self {
            Self::Empirical(values) => values.iter().any(|&value| value != values[0]),
            Self::Mix(mix) if mix.parts().iter().any(|part| part.time.is_random()) => true,
            _ => self.only_value().is_none(),
        }
    }

    /// Whether it never ends.
    pub fn is_forever(&self) -> bool {
        matches!(self, Self::Forever)
    }

    /// Whether every sample is zero.
    pub fn is_zero(&self) -> bool {
        match self {
            Self::Empirical(values) => values.iter().all(|&value| value == Nanos::ZERO),
            Self::Mix(mix) => mix.parts().iter().all(|part| part.time.is_zero()),
            _ => self.only_value() == Some(Nanos::ZERO),
        }
    }

    /// The value of every sample, where it is obvious that all samples are equal: sampling asks this each time.
    fn only_value(&self) -> Option<Nanos> {
        match *self {
            Self::Forever => Some(Nanos::FOREVER),
            Self::Constant(time) => Some(time.min(Self::LONGEST)),
            Self::Uniform { min, max } | Self::Triangular { min, max, .. } => {
                (min >= max).then_some(min.min(Self::LONGEST))
            }
            Self::Empirical(ref values) => match **values {
                [] => Some(Nanos::ZERO),
                [only] => Some(only.min(Self::LONGEST)),
                _ => None,
            },
            Self::Mix(ref mix) => {
                let mut values = mix.parts().iter().map(|part| part.time.only_value());
                let first = values.next().flatten()?;
                values.all(|other| other == Some(first)).then_some(first)
            }
            Self::Exponential { .. }
            | Self::Normal { .. }
            | Self::LogNormal { .. }
            | Self::Gamma { .. }
            | Self::Pareto { .. } => None,
        }
    }
}

/// The nearest whole nanosecond from zero to [`Time::LONGEST`]; zero for a value that is not a number.
fn rounded(nanos: f64) -> Nanos {
    // The cast saturates, and makes NaN zero.
    Nanos(nanos.round() as u64).min(Time::LONGEST)
}

fn capped(nanos: u128) -> Nanos {
    Nanos(nanos.min(u128::from(Time::LONGEST.0)) as u64)
}

/// The mean of a normal variate with mean 1 whose negative values become zero.
fn cut_normal_mean(cv: f64) -> f64 {
    const ROOT_OF_TWO_PI: f64 = 2.506_628_274_631_000_5;
    let z = 1.0 / cv;
    let above_zero = 0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2);
    above_zero + cv * libm::exp(-0.5 * z * z) / ROOT_OF_TWO_PI
}

fn not_too_long(name: &'static str, time: Nanos) -> Result<(), Impossible> {
    if time > Time::LONGEST {
        Err(Impossible::TooLong { name, time })
    } else {
        Ok(())
    }
}

fn positive(name: &'static str, time: Nanos) -> Result<(), Impossible> {
    if time == Nanos::ZERO {
        Err(Impossible::Zero { name })
    } else {
        not_too_long(name, time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Nanos = Nanos::from_millis(1);

    #[test]
    fn impossible_parameters_are_named() {
        let complaint = |distribution: Time| distribution.check().unwrap_err().to_string();
        let (min, max) = (Nanos::from_millis(2), MS);
        assert_eq!(
            complaint(Time::Uniform { min, max }),
            "min is 2ms, above max, which is 1ms: exchange them"
        );
        assert!(complaint(Time::Exponential { mean: Nanos::ZERO }).starts_with("mean is zero"));
        assert!(
            complaint(Time::Pareto {
                min: Nanos::ZERO,
                shape: 2.0
            })
            .starts_with("min is zero")
        );
        for cv in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(complaint(Time::Gamma { mean: MS, cv }).starts_with(&format!("cv is {cv}, but must")));
        }
        for shape in [1.0, -3.0, f64::NAN, f64::INFINITY] {
            assert!(
                complaint(Time::Pareto { min: MS, shape }).starts_with(&format!("shape is {shape}, but"))
            );
        }
        assert!(complaint(Time::Constant(Nanos::FOREVER)).contains(r#"write "forever""#));
        let mode = Nanos::from_millis(3);
        assert_eq!(
            complaint(Time::Triangular {
                min: MS,
                mode,
                max: min
            }),
            "mode is 3ms, but must be from min, which is 1ms, to max, which is 2ms"
        );
        assert!(complaint(Time::Empirical([].into())).starts_with("there is no measured value"));
    }

    #[test]
    fn the_longest_time_is_allowed_and_is_what_the_message_says() {
        assert_eq!(Time::Constant(Time::LONGEST).check(), Ok(()));
        assert_eq!(Time::LONGEST.0 / 3_600_000_000_000, 1250);
    }

    #[test]
    fn what_has_one_value_is_not_random() {
        assert!(!Time::Constant(MS).is_random());
        assert!(!Time::Forever.is_random());
        assert!(Time::Forever.is_forever());
        assert!(!Time::Uniform { min: MS, max: MS }.is_random());
        assert!(!Time::Empirical([MS].into()).is_random());
        assert!(!Time::Empirical([MS; 3].into()).is_random());
        assert!(Time::Empirical([MS, MS * 2].into()).is_random());
        assert!(Time::Exponential { mean: MS }.is_random());
    }

    #[test]
    fn means_are_those_of_the_samples() {
        let mean = |distribution: Time| distribution.mean().map(|mean| mean.0);
        assert_eq!(mean(Time::Forever), None);
        assert_eq!(
            mean(Time::Uniform {
                min: Nanos(0),
                max: Nanos(10)
            }),
            Some(5)
        );
        assert_eq!(mean(Time::Pareto { min: MS, shape: 2.0 }), Some(2_000_000));
        assert_eq!(
            mean(Time::Empirical([Nanos(1), Nanos(2), Nanos(6)].into())),
            Some(3)
        );
        assert_eq!(mean(Time::Normal { mean: MS, cv: 0.1 }), Some(1_000_000));
        // phi(1) + Phi(1) = 0.241971 + 0.841345
        assert_eq!(mean(Time::Normal { mean: MS, cv: 1.0 }), Some(1_083_315));
    }
}
