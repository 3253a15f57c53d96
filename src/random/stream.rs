//! A stream of random numbers, begun at the place that its key names.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::Key;

/// Random numbers for one purpose; a function of the key alone, on every platform.
///
/// xoshiro256++ 1.0 (Blackman & Vigna, "Scrambled linear pseudorandom number generators", 2021), its state filled
/// from the key by SplitMix64, as its authors advise: about 10 ns to begin.
#[derive(Clone, Debug)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream of that name, from its beginning.
    pub fn named(key: Key) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(key.seed()))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform above 0 and below 1, never either; and `1 - unit()` is exact.
    pub fn unit(&mut self) -> f64 {
        // The middle of one of 2^52 equal intervals: with 2^53 of them the middle of the last would round to 1.
        const INTERVAL: f64 = 1.0 / (1_u64 << 52) as f64;
        ((self.bits() >> 12) as f64 + 0.5) * INTERVAL
    }

    /// Uniform from `min` to `max`, both included, without bias; `min` where `max` is not above it.
    pub fn between(&mut self, min: u64, max: u64) -> u64 {
        match max.saturating_sub(min).checked_add(1) {
            Some(count) => min + self.below(count),
            None => self.bits(),
        }
    }

    /// Uniform from 0 to `count - 1`, without bias; 0 where `count` is 0.
    ///
    /// Source: Lemire, "Fast random integer generation in an interval" (2019), algorithm 5.
    pub fn below(&mut self, count: u64) -> u64 {
        let mut product = u128::from(self.bits()) * u128::from(count);
        if (product as u64) < count {
            // 2^64 mod count: as many of the lowest products are one too many.
            let surplus = count.wrapping_neg() % count;
            while (product as u64) < surplus {
                product = u128::from(self.bits()) * u128::from(count);
            }
        }
        (product >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Stream {
        Stream::named(Key::root(1, 0).name("stream"))
    }

    #[test]
    fn a_stream_is_a_function_of_its_key() {
        let (mut one, mut same) = (stream(), stream());
        let mut other = Stream::named(Key::root(1, 1).name("stream"));
        let one: Vec<u64> = (0..100).map(|_| one.bits()).collect();
        assert_eq!(one, (0..100).map(|_| same.bits()).collect::<Vec<_>>());
        assert!(one.iter().all(|&bits| bits != other.bits()));
    }

    #[test]
    fn unit_touches_neither_end() {
        let ends = |bits: u64| ((bits >> 12) as f64 + 0.5) / (1_u64 << 52) as f64;
        assert!(ends(0) > 0.0 && ends(u64::MAX) < 1.0);
        assert_eq!(1.0 - ends(u64::MAX), ends(0));
        let mut stream = stream();
        let mean = (0..100_000).map(|_| stream.unit()).sum::<f64>() / 100_000.0;
        assert!((mean - 0.5).abs() < 0.004, "{mean}");
    }

    #[test]
    fn ranges_reach_both_ends_equally_often() {
        let mut stream = stream();
        let mut counts = [0_u32; 6];
        for _ in 0..60_000 {
            counts[stream.between(10, 15) as usize - 10] += 1;
        }
        let chi_squared: f64 = counts
            .iter()
            .map(|&n| libm::pow(f64::from(n) - 10_000.0, 2.0) / 10_000.0)
            .sum();
        assert!(chi_squared < 20.5, "{counts:?}"); // p = 0.001 at 5 degrees of freedom
    }

    #[test]
    fn ranges_have_no_bias_where_the_count_is_near_the_range_of_the_bits() {
        // Without the rejection a third of all values would come twice as often: the mean would be at 5/12.
        let (count, mut stream) = (3 << 62, stream());
        let mean = (0..100_000)
            .map(|_| stream.below(count) as f64 / count as f64)
            .sum::<f64>()
            / 100_000.0;
        assert!((mean - 0.5).abs() < 0.004, "{mean}");
    }

    #[test]
    fn degenerate_ranges_are_their_minimum() {
        let mut stream = stream();
        assert_eq!(stream.below(0), 0);
        assert_eq!(stream.between(5, 5), 5);
        assert_eq!(stream.between(5, 4), 5);
        assert_eq!(stream.between(u64::MAX, u64::MAX), u64::MAX);
        assert_ne!(stream.between(0, u64::MAX), stream.between(0, u64::MAX));
    }
}
