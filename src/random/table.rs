//! A distribution prepared for being drawn from millions of times: a latency that every wake-up pays.

use std::sync::Arc;

use serde::Deserialize;

use super::{Key, Stream, Time};
use crate::units::Nanos;

/// A distribution as a table of equally likely values, so that a draw costs a few ns whatever its shape.
///
/// The table is a property of the distribution alone: it does not depend on the scenario's seed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "Time")]
pub enum Table {
    /// Always the same.
    Constant(Nanos),
    /// Each equally likely; there are [`Table::VALUES`] of them, ascending.
    Values(Arc<[Nanos]>),
}

impl Table {
    /// How many values stand for a distribution: a power of two.
    pub const VALUES: usize = 1 << BITS;
}

const BITS: u32 = 10;

/// Draws that are averaged into one value, neighbours in size: the mean of the draws is kept.
const DRAWS_PER_VALUE: usize = 16;

impl From<Time> for Table {
    fn from(distribution: Time) -> Self {
        if !distribution.is_random() {
            return Self::Constant(distribution.sample_keyed(Key::root(0, 0)));
        }
        let mut stream = Stream::named(Key::root(0, 0).name("table"));
        let mut draws: Vec<u64> = (0..Self::VALUES * DRAWS_PER_VALUE)
            .map(|_| distribution.sample(&mut stream).0)
            .collect();
        draws.sort_unstable();
        let mean = |draws: &[u64]| {
            let sum: u128 = draws.iter().map(|&draw| u128::from(draw)).sum();
            Nanos((sum / draws.len() as u128) as u64)
        };
        Self::Values(draws.chunks_exact(DRAWS_PER_VALUE).map(mean).collect())
    }
}

impl Table {
    /// One of the values.
    pub fn sample(&self, stream: &mut Stream) -> Nanos {
        match self {
            Self::Constant(value) => *value,
            Self::Values(values) => values[(stream.bits() >> (u64::BITS - BITS)) as usize],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_keeps_the_mean_and_the_quartiles() {
        let mean = Nanos::from_micros(20);
        for (distribution, median) in [
            (Time::LogNormal { mean, cv: 0.8 }, 15_617.0),
            (Time::Exponential { mean }, 13_863.0),
            (
                Time::Uniform {
                    min: Nanos(0),
                    max: Nanos::from_micros(40),
                },
                20_000.0,
            ),
        ] {
            let Table::Values(values) = Table::from(distribution.clone()) else {
                panic!("{distribution:?}")
            };
            let sum: u64 = values.iter().map(|value| value.0).sum();
            let actual = sum as f64 / values.len() as f64;
            assert!(
                (actual / 20_000.0 - 1.0).abs() < 0.02,
                "{distribution:?}: mean {actual}"
            );
            let middle = values[Table::VALUES / 2].0 as f64;
            assert!(
                (middle / median - 1.0).abs() < 0.02,
                "{distribution:?}: median {middle}"
            );
        }
    }
}
