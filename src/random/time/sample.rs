//! Samples from a distribution: from a stream, or by the key of one.

use super::{Time, rounded};
use crate::random::variates::{standard_exponential, standard_normal, unit_mean_gamma};
use crate::random::{Key, Stream};
use crate::units::Nanos;

impl Time {
    /// The next sample from a stream, at most [`Time::LONGEST`], or [`Nanos::FOREVER`] for
    /// [`Time::Forever`]. Never panics, whatever the parameters.
    pub fn sample(&self, stream: &mut Stream) -> Nanos {
        if let Some(only) = self.only_value() {
            return only;
        }
        match *self {
            Self::Constant(time) => time,
            Self::Forever => Nanos::FOREVER,
            Self::Uniform { min, max } => Nanos(stream.between(min.0, max.0)).min(Self::LONGEST),
            Self::Exponential { mean } => scaled(mean, standard_exponential(stream)),
            Self::Normal { mean, cv } => scaled(mean, 1.0 + cv * standard_normal(stream)),
            Self::LogNormal { mean, cv } => {
                // Of the logarithm: sigma^2 = ln(1 + cv^2), mu = ln(mean) - sigma^2 / 2.
                let variance = libm::log1p(cv * cv);
                scaled(
                    mean,
                    libm::exp(variance.sqrt() * standard_normal(stream) - 0.5 * variance),
                )
            }
            Self::Gamma { mean, cv } => scaled(mean, unit_mean_gamma(cv, stream)),
            Self::Pareto { min, shape } => {
                // The logarithm of a Pareto variate is exponential.
                scaled(min, libm::exp(standard_exponential(stream) / shape))
            }
            Self::Empirical(ref values) => {
                values[stream.below(values.len() as u64) as usize].min(Self::LONGEST)
            }
        }
    }

    /// The first sample from the stream of that name. What is not random costs no stream.
    pub fn sample_keyed(&self, key: Key) -> Nanos {
        self.only_value()
            .unwrap_or_else(|| self.sample(&mut Stream::named(key)))
    }
}

fn scaled(unit: Nanos, factor: f64) -> Nanos {
    rounded(unit.0 as f64 * factor)
}
