//! How long things take, as distributions over whole nanoseconds.

use std::sync::Arc;

use crate::units::Nanos;

mod decode;
mod sample;

pub(crate) use decode::TIME;

/// A length of time, fixed or random. Samples are rounded to whole nanoseconds at once.
#[derive(Clone, Debug, PartialEq)]
pub enum Time {
    /// Always the same.
    Constant(Nanos),
    /// Never ends; for background threads.
    Forever,
    /// Equally likely from `min` to `max`.
    Uniform {
        /// Shortest.
        min: Nanos,
        /// Longest.
        max: Nanos,
    },
    /// Memoryless.
    Exponential {
        /// Mean.
        mean: Nanos,
    },
    /// Normal, negative samples taken as zero.
    Normal {
        /// Mean before the cut at zero.
        mean: Nanos,
        /// Standard deviation over mean.
        cv: f64,
    },
    /// Log-normal with the given mean of the samples, not of their logarithm.
    LogNormal {
        /// Mean.
        mean: Nanos,
        /// Standard deviation over mean.
        cv: f64,
    },
    /// Gamma.
    Gamma {
        /// Mean.
        mean: Nanos,
        /// Standard deviation over mean.
        cv: f64,
    },
    /// Pareto: never shorter than `min`.
    Pareto {
        /// Shortest.
        min: Nanos,
        /// Above 1, so that there is a mean.
        shape: f64,
    },
    /// Each measured value equally likely.
    Empirical(Arc<[Nanos]>),
}

/// Why no distribution has these parameters, and what would be right.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Impossible {
    /// The ends of a range are the wrong way round.
    #[error("min is {min}, above max, which is {max}: exchange them")]
    MinAboveMax {
        /// As given.
        min: Nanos,
        /// As given.
        max: Nanos,
    },
    /// A random time whose every sample would be zero.
    #[error(
        r#"{name} is zero, so every sample would be: it must be above 0ns, or write {{ constant = "0ns" }}"#
    )]
    Zero {
        /// The parameter: `mean` or `min`.
        name: &'static str,
    },
    /// A spread that is no spread.
    #[error(
        "cv is {cv}, but must be above 0 and finite (the standard deviation over the mean): 0.5, for example"
    )]
    Cv {
        /// As given.
        cv: f64,
    },
    /// A tail too heavy to have a mean.
    #[error("shape is {shape}, but must be above 1 and finite, else there is no mean: 2.5, for example")]
    Shape {
        /// As given.
        shape: f64,
    },
    /// Longer than [`Time::LONGEST`].
    #[error(r#"{name} is {time}, but must be at most 1250h; for what never ends write "forever""#)]
    TooLong {
        /// The parameter.
        name: &'static str,
        /// As given.
        time: Nanos,
    },
    /// Nothing was measured.
    #[error("there is no measured value: give one or more")]
    NoValues,
}

impl Time {
    /// No sample that ends is longer, 52 days: so a simulation may add thousands of them, or count in parts of
    /// 1/1024 ns, without asking whether the sum fits into 64 bits.
    pub const LONGEST: Nanos = Nanos(u64::MAX / 4096);

    /// Whether a distribution has these parameters. Whoever makes one from what a user wrote asks this once;
    /// sampling does not ask again, and gives some time of at most [`Time::LONGEST`] for any parameters.
    ///
    /// # Errors
    /// The first of its parameters that is impossible.
    pub fn check(&self) -> Result<(), Impossible> {
        match *self {
            Self::Constant(time) => not_too_long("the constant", time),
            Self::Forever => Ok(()),
            Self::Uniform { min, max } if min > max => Err(Impossible::MinAboveMax { min, max }),
            Self::Uniform { max, .. } => not_too_long("max", max),
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
        }
    }

    /// The mean of the samples (after the cut at zero, where there is one), or nothing where they never end.
    pub fn mean(&self) -> Option<Nanos> {
        Some(match *self {
            Self::Forever => return None,
            Self::Constant(time) => time.min(Self::LONGEST),
            Self::Uniform { min, max } => Nanos(u64::midpoint(min.0, max.0).min(Self::LONGEST.0)),
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
        })
    }

    /// Whether two samples can differ.
    pub fn is_random(&self) -> bool {
        self.only_value().is_none()
    }

    /// Whether it never ends.
    pub fn is_forever(&self) -> bool {
        matches!(self, Self::Forever)
    }

    /// The value of every sample, where there is only one.
    fn only_value(&self) -> Option<Nanos> {
        match *self {
            Self::Forever => Some(Nanos::FOREVER),
            Self::Constant(time) => Some(time.min(Self::LONGEST)),
            Self::Uniform { min, max } if min >= max => Some(min.min(Self::LONGEST)),
            Self::Empirical(ref values) => match **values {
                [] => Some(Nanos::ZERO),
                [value] => Some(value.min(Self::LONGEST)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The nearest whole nanosecond from zero to [`Time::LONGEST`]; zero for what is not a number.
fn rounded(nanos: f64) -> Nanos {
    // The cast saturates, and takes NaN to zero.
    Nanos(nanos.round() as u64).min(Time::LONGEST)
}

/// The mean of a normal variate with mean 1, its negative part taken as zero.
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
