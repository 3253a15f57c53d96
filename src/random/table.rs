//! Random times that are sampled millions of times, such as the latency that every wake-up costs.

use std::sync::{Arc, Mutex, PoisonError};

use rand::Rng;
use rand::distr::Distribution;

use super::{Key, Stream, Time};
use crate::units::Nanos;

/// A time as a table of equally likely values, so that a sample costs a few ns whatever its distribution.
///
/// The table depends on the distribution alone, not on the scenario's seed.
#[derive(Clone, Debug, PartialEq)]
pub enum Table {
    /// Every sample is this value.
    Constant(Nanos),
    /// Each value is equally likely. There are [`Table::VALUES`] of them, in ascending order.
    Values(Arc<[Nanos]>),
}

impl Table {
    /// The number of values that represent a distribution, a power of two.
    pub const VALUES: usize = 1 << BITS;
}

const BITS: u32 = 10;

/// The number of samples, neighbours in size, that are averaged into one value. Averaging keeps the mean.
const SAMPLES_PER_VALUE: usize = 16;

impl From<Time> for Table {
    fn from(time: Time) -> Self {
        if !time.is_random() {
            return Self::Constant(time.sample_keyed(Key::root(0, 0)));
        }
        Self::Values(values(time))
    }
}

/// The tables made so far in this process. Making one takes a millisecond, and each scenario that is read asks for
/// all tables of its profile again.
static MADE: Mutex<Vec<(Time, Arc<[Nanos]>)>> = Mutex::new(Vec::new());

/// The number of tables that are kept: those of every bundled profile several times over.
const KEPT: usize = 1024;

/// The table of a random time: from [`MADE`], or a new one.
fn values(time: Time) -> Arc<[Nanos]> {
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, values)) = made.iter().find(|(known, _)| *known == time) {
        return values.clone();
    }
    let values = make(&time);
    if made.len() == KEPT {
        made.clear();
    }
    made.push((time, values.clone()));
    values
}

fn make(time: &Time) -> Arc<[Nanos]> {
    let mut stream = Stream::named(Key::root(0, 0).name("table"));
    let mut samples: Vec<u64> = (0..Table::VALUES * SAMPLES_PER_VALUE)
        .map(|_| time.sample(&mut stream).0)
        .collect();
    samples.sort_unstable();
    let mean = |samples: &[u64]| {
        let sum: u128 = samples.iter().map(|&sample| u128::from(sample)).sum();
        Nanos((sum / samples.len() as u128) as u64)
    };
    samples.chunks_exact(SAMPLES_PER_VALUE).map(mean).collect()
}

impl Distribution<Nanos> for Table {
    #[inline]
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Nanos {
        match self {
            Self::Constant(value) => *value,
            // The highest bits of a number are an index, since the length is a power of two.
            Self::Values(values) => values[(rng.next_u64() >> (u64::BITS - BITS)) as usize],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_keeps_the_mean_and_the_quartiles() {
        let mean = Nanos::from_micros(20);
        for (time, median) in [
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
            let Table::Values(values) = Table::from(time.clone()) else {
                panic!("{time:?}")
            };
            let sum: u64 = values.iter().map(|value| value.0).sum();
            let actual = sum as f64 / values.len() as f64;
            assert!((actual / 20_000.0 - 1.0).abs() < 0.02, "{time:?}: mean {actual}");
            let middle = values[Table::VALUES / 2].0 as f64;
            assert!((middle / median - 1.0).abs() < 0.02, "{time:?}: median {middle}");
        }
    }
}
