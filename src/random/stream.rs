//! Streams of random numbers, each named by a key.

use std::convert::Infallible;

use rand::distr::{Distribution, Open01, Uniform};
use rand::{Rng, SeedableRng, TryRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::Key;

/// A generator of random numbers for one purpose. Its numbers depend on its key alone, on every platform.
///
/// A stream is a `rand` generator, so it can be handed to anything that takes an [`Rng`]. The algorithm is
/// xoshiro256++ 1.0 (Blackman & Vigna, "Scrambled linear pseudorandom number generators", 2021). SplitMix64 fills its
/// state from the key, as the authors advise; this takes about 10 ns.
///
/// ```
/// use gilsim::random::{Key, Stream};
/// use rand::seq::SliceRandom;
///
/// let key = Key::root(7, 0).name("order");
/// let shuffled = || {
///     let mut items = [1, 2, 3, 4, 5];
///     items.shuffle(&mut Stream::named(key));
///     items
/// };
/// assert_eq!(shuffled(), shuffled());
/// ```
#[derive(Clone, Debug)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// Starts the stream of this name, from its beginning.
    pub fn named(key: Key) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(key.seed()))
    }

    /// Samples a number between 0 and 1, both excluded.
    pub fn unit(&mut self) -> f64 {
        unit(self)
    }

    /// Samples an integer from 0 to `count - 1`, each with the same probability. Returns 0 where `count` is 0.
    pub fn below(&mut self, count: u64) -> u64 {
        match count {
            0 => 0,
            _ => between(0, count - 1, self),
        }
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }

    #[inline]
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(bytes)
    }
}

/// Samples a number between 0 and 1, both excluded; `1 - unit()` is exact.
#[inline]
pub(super) fn unit<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    Open01.sample(rng)
}

/// Samples an integer from `min` to `max`, both included, each with the same probability. Returns `min` where `max` is
/// not above it.
///
/// This is not `random_range`, which takes other numbers from the generator and has a bias of 2^-64.
#[inline]
pub(super) fn between<R: Rng + ?Sized>(min: u64, max: u64, rng: &mut R) -> u64 {
    match Uniform::new_inclusive(min, max) {
        Ok(range) => range.sample(rng),
        Err(_) => min,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Stream {
        Stream::named(Key::root(1, 0).name("stream"))
    }

    /// A generator whose numbers are listed.
    struct Listed<'a>(std::slice::Iter<'a, u64>);

    impl TryRng for Listed<'_> {
        type Error = Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            unreachable!("all draws are of 64 bits")
        }

        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            Ok(*self.0.next().expect("the list is long enough"))
        }

        fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Infallible> {
            unreachable!("all draws are of 64 bits")
        }
    }

    fn listed(numbers: &[u64]) -> Listed<'_> {
        Listed(numbers.iter())
    }

    #[test]
    fn a_stream_is_a_function_of_its_key() {
        let (mut one, mut same) = (stream(), stream());
        let mut other = Stream::named(Key::root(1, 1).name("stream"));
        let one: Vec<u64> = (0..100).map(|_| one.next_u64()).collect();
        assert_eq!(one, (0..100).map(|_| same.next_u64()).collect::<Vec<_>>());
        assert!(one.iter().all(|&bits| bits != other.next_u64()));
    }

    #[test]
    fn unit_touches_neither_end() {
        let of = |bits: u64| unit(&mut listed(&[bits]));
        assert!(of(0) > 0.0 && of(u64::MAX) < 1.0);
        assert_eq!(1.0 - of(u64::MAX), of(0));
        let mut stream = stream();
        let mean = (0..100_000).map(|_| stream.unit()).sum::<f64>() / 100_000.0;
        assert!((mean - 0.5).abs() < 0.004, "{mean}");
    }

    /// Another version of `rand` may compute these in another way, which would change every result.
    #[test]
    fn unit_is_the_middle_of_one_of_2_to_the_52_intervals() {
        let mut stream = stream();
        for _ in 0..10_000 {
            let bits = stream.next_u64();
            let middle = ((bits >> 12) as f64 + 0.5) / (1_u64 << 52) as f64;
            assert_eq!(unit(&mut listed(&[bits])), middle);
        }
    }

    /// Lemire, "Fast random integer generation in an interval" (2019), algorithm 5. Another version of `rand` may use
    /// another algorithm, which would change every result.
    #[test]
    fn integers_are_drawn_by_lemires_algorithm() {
        let mut numbers = stream();
        let mut rejected = 0;
        for round in 0..10_000_u32 {
            let count = (numbers.next_u64() >> (round % 32)).max(1);
            let list: Vec<u64> = (0..64).map(|_| numbers.next_u64()).collect();
            let surplus = count.wrapping_neg() % count;
            let products = list.iter().map(|&bits| u128::from(bits) * u128::from(count));
            let mut accepted = products.skip_while(|&product| (product as u64) < surplus);
            let expected = (accepted.next().expect("half are accepted") >> 64) as u64;
            rejected += 63 - accepted.count();
            let mut source = listed(&list);
            assert_eq!(between(0, count - 1, &mut source), expected);
        }
        assert!(rejected > 100, "{rejected}");
    }

    #[test]
    fn ranges_reach_both_ends_equally_often() {
        let mut stream = stream();
        let mut counts = [0_u32; 6];
        for _ in 0..60_000 {
            counts[between(10, 15, &mut stream) as usize - 10] += 1;
        }
        let chi_squared: f64 = counts
            .iter()
            .map(|&n| libm::pow(f64::from(n) - 10_000.0, 2.0) / 10_000.0)
            .sum();
        assert!(chi_squared < 20.5, "{counts:?}"); // p = 0.001 at 5 degrees of freedom
    }

    #[test]
    fn ranges_have_no_bias_where_the_count_is_near_the_range_of_the_bits() {
        // Without the rejection a third of all values would be drawn twice as often: the mean would be at 5/12.
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
        assert_eq!(between(5, 5, &mut stream), 5);
        assert_eq!(between(5, 4, &mut stream), 5);
        assert_eq!(between(u64::MAX, u64::MAX, &mut stream), u64::MAX);
        assert_ne!(
            between(0, u64::MAX, &mut stream),
            between(0, u64::MAX, &mut stream)
        );
    }
}
