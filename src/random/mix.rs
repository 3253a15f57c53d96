//! A mix of times: each sample is taken from one of several times, which is chosen at random.

use rand::Rng;
use rand::distr::Distribution;
use rand_distr::weighted::WeightedAliasIndex;

use super::time::{Impossible, Time};
use crate::units::Nanos;

/// Several times, each with the probability that its weight has in the sum of all weights.
///
/// ```
/// use gilsim::random::{Mix, Part, Time};
/// use gilsim::units::Nanos;
///
/// // A cache that misses once in ten.
/// let hit = Part { weight: 9, time: Time::Constant(Nanos::from_millis(5)) };
/// let miss = Part { weight: 1, time: Time::Exponential { mean: Nanos::from_millis(35) } };
/// let lookup = Mix::new(vec![hit, miss])?;
/// assert_eq!(Time::Mix(lookup.into()).mean(), Some(Nanos::from_millis(8)));
/// # Ok::<(), gilsim::random::Impossible>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mix {
    parts: Vec<Part>,
    choice: WeightedAliasIndex<u64>,
}

/// A time of a [`Mix`], with its weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// From 1 to [`Mix::MOST_WEIGHT`].
    pub weight: u64,
    /// Any time that ends, or another mix.
    pub time: Time,
}

impl Mix {
    /// The largest weight. A sum of weights, times the number of parts, fits into 64 bits.
    pub const MOST_WEIGHT: u64 = 1_000_000_000;
    /// The largest number of parts.
    pub const MOST_PARTS: usize = 1_000;

    /// Mixes these times.
    ///
    /// # Errors
    /// There are no parts or too many, a weight is out of its range, or a time never ends. [`Time::check`] checks the
    /// parameters of the times.
    pub fn new(parts: Vec<Part>) -> Result<Self, Impossible> {
        if parts.is_empty() || parts.len() > Self::MOST_PARTS {
            return Err(Impossible::Parts { count: parts.len() });
        }
        for Part { weight, time } in &parts {
            if !(1..=Self::MOST_WEIGHT).contains(weight) {
                return Err(Impossible::Weight { weight: *weight });
            }
            if time.is_forever() {
                return Err(Impossible::EndlessPart);
            }
        }
        let weights = parts.iter().map(|part| part.weight).collect();
        let choice =
            WeightedAliasIndex::new(weights).expect("the number of parts and the weights are in range");
        Ok(Self { parts, choice })
    }

    /// The times and their weights.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The mean of a quantity that each part has, rounded up.
    pub(crate) fn mean_of(&self, quantity: impl Fn(&Time) -> u128) -> u128 {
        let (mut sum, mut weights) = (0_u128, 0_u128);
        for Part { weight, time } in &self.parts {
            let weight = u128::from(*weight);
            sum = sum.saturating_add(quantity(time).saturating_mul(weight));
            weights += weight;
        }
        sum.div_ceil(weights)
    }
}

impl PartialEq for Mix {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}

/// The choice takes two numbers from the generator, then the chosen time takes its own.
impl Distribution<Nanos> for Mix {
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Nanos {
        self.parts[self.choice.sample(rng)].time.sample(rng)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Nanos = Nanos::from_millis(1);

    fn part(weight: u64, time: Time) -> Part {
        Part { weight, time }
    }

    #[test]
    fn impossible_mixes_are_refused() {
        let refused = |parts| Mix::new(parts).unwrap_err();
        assert_eq!(refused(Vec::new()), Impossible::Parts { count: 0 });
        let many = vec![part(1, Time::Constant(MS)); Mix::MOST_PARTS + 1];
        assert_eq!(refused(many), Impossible::Parts { count: 1_001 });
        for weight in [0, Mix::MOST_WEIGHT + 1, u64::MAX] {
            let parts = vec![part(weight, Time::Constant(MS))];
            assert_eq!(refused(parts), Impossible::Weight { weight });
        }
        assert_eq!(refused(vec![part(1, Time::Forever)]), Impossible::EndlessPart);
        let inner = part(1, Time::Exponential { mean: Nanos::ZERO });
        let mix = Time::Mix(Mix::new(vec![inner]).unwrap().into());
        assert_eq!(mix.check(), Err(Impossible::Zero { name: "mean" }));
    }

    #[test]
    fn the_largest_mix_has_a_mean_and_samples() {
        let parts = vec![part(Mix::MOST_WEIGHT, Time::Constant(Time::LONGEST)); Mix::MOST_PARTS];
        let mix = Time::Mix(Mix::new(parts).unwrap().into());
        assert_eq!(mix.mean(), Some(Time::LONGEST));
        assert!(!mix.is_random());
    }

    #[test]
    fn a_mix_is_random_unless_all_its_parts_are_equal() {
        let mix = |parts| Time::Mix(Mix::new(parts).unwrap().into());
        let constant = |weight, time| part(weight, Time::Constant(time));
        assert!(mix(vec![constant(1, MS), constant(1, MS * 2)]).is_random());
        let inner = mix(vec![constant(3, MS), constant(4, MS)]);
        assert!(!mix(vec![constant(1, MS), part(2, inner)]).is_random());
    }
}
