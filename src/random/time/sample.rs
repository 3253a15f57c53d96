//! Sampling a time, with a generator or by the key of a stream.

use rand::Rng;
use rand::distr::Distribution;
use rand_distr::Triangular;

use super::{Time, rounded};
use crate::random::stream::between;
use crate::random::variates::{standard_exponential, standard_normal, unit_mean_gamma};
use crate::random::{Key, Stream};
use crate::units::Nanos;

/// A sample is at most [`Time::LONGEST`], or [`Nanos::FOREVER`] for [`Time::Forever`]. Sampling never panics, whatever
/// the parameters.
impl Distribution<Nanos> for Time {
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Nanos {
        if let Some(only) = self.only_value() {
            return only;
        }
        match *self {
            Self::Constant(time) => time,
            Self::Forever => Nanos::FOREVER,
            Self::Uniform { min, max } => Nanos(between(min.0, max.0, rng)).min(Self::LONGEST),
            Self::Triangular { min, mode, max } => {
                // `min` is below `max` here, for `only_value` deals with everything else.
                let [left, top, right] = [min, mode.clamp(min, max), max].map(|time| time.0 as f64);
                let triangular = Triangular::new(left, right, top).expect("the mode is in the range");
                rounded(triangular.sample(rng))
            }
            Self::Exponential { mean } => scaled(mean, standard_exponential(rng)),
            Self::Normal { mean, cv } => scaled(mean, 1.0 + cv * standard_normal(rng)),
            Self::LogNormal { mean, cv } => {
                // The logarithm is normal: sigma^2 = ln(1 + cv^2), mu = ln(mean) - sigma^2 / 2.
                let variance = libm::log1p(cv * cv);
                scaled(
                    mean,
                    libm::exp(variance.sqrt() * standard_normal(rng) - 0.5 * variance),
                )
            }
            Self::Gamma { mean, cv } => scaled(mean, unit_mean_gamma(cv, rng)),
            Self::Pareto { min, shape } => {
                // The logarithm of a Pareto variate is exponential.
                scaled(min, libm::exp(standard_exponential(rng) / shape))
            }
            Self::Empirical(ref values) => {
                // There are at least two values here, for `only_value` deals with everything else.
                let last = values.len() as u64 - 1;
                values[between(0, last, rng) as usize].min(Self::LONGEST)
            }
            Self::Mix(ref mix) => mix.sample(rng),
        }
    }
}

impl Time {
    /// Returns the first sample from the stream of this name. No stream is started where all samples are equal.
    pub fn sample_keyed(&self, key: Key) -> Nanos {
        self.only_value()
            .unwrap_or_else(|| self.sample(&mut Stream::named(key)))
    }
}

fn scaled(unit: Nanos, factor: f64) -> Nanos {
    rounded(unit.0 as f64 * factor)
}
