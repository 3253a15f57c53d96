//! gilsim's own variates have the same quantiles as those of `rand_distr`. They exist because the last bits of
//! `rand_distr`'s variates depend on the other crates in the build.

use gilsim::random::{Key, Stream, Time};
use gilsim::units::Nanos;
use rand::distr::Distribution;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

const SAMPLES: usize = 100_000;
const MEAN: Nanos = Nanos::from_millis(10);

/// Asserts that the share of our samples below each decile of theirs is as expected.
fn assert_same_quantiles(ours: Time, theirs: impl Distribution<f64>) {
    let mut stream = Stream::named(Key::root(1, 0).name("against rand_distr"));
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(2);
    let a: Vec<f64> = (0..SAMPLES).map(|_| ours.sample(&mut stream).0 as f64).collect();
    let mut b: Vec<f64> = (0..SAMPLES)
        .map(|_| theirs.sample(&mut generator).max(0.0))
        .collect();
    b.sort_by(f64::total_cmp);
    for decile in 1..10 {
        let bound = b[SAMPLES * decile / 10];
        let below = a.iter().filter(|&&sample| sample < bound).count();
        let off = below.abs_diff(SAMPLES * decile / 10);
        // Five standard deviations of the difference between two such counts.
        assert!(
            off < SAMPLES / 90,
            "{ours:?}: {below} of {SAMPLES} below their {decile}0 % quantile"
        );
    }
}

#[test]
fn exponential() {
    assert_same_quantiles(
        Time::Exponential { mean: MEAN },
        rand_distr::Exp::new(1e-7).unwrap(),
    );
}

#[test]
fn normal() {
    let theirs = rand_distr::Normal::new(1e7, 2e6).unwrap();
    assert_same_quantiles(Time::Normal { mean: MEAN, cv: 0.2 }, theirs);
}

#[test]
fn lognormal() {
    let theirs = rand_distr::LogNormal::from_mean_cv(1e7, 0.8).unwrap();
    assert_same_quantiles(Time::LogNormal { mean: MEAN, cv: 0.8 }, theirs);
}

#[test]
fn gamma() {
    for cv in [0.5, 1.5] {
        let shape = 1.0 / (cv * cv);
        let theirs = rand_distr::Gamma::new(shape, 1e7 / shape).unwrap();
        assert_same_quantiles(Time::Gamma { mean: MEAN, cv }, theirs);
    }
}

#[test]
fn pareto() {
    let theirs = rand_distr::Pareto::new(1e7, 2.5).unwrap();
    assert_same_quantiles(
        Time::Pareto {
            min: MEAN,
            shape: 2.5,
        },
        theirs,
    );
}
