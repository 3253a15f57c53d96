//! Samples follow their distribution: moments, distribution functions, extremes.
//!
//! The samples are drawn as a simulation draws them, one stream for each item.

use gilsim::random::{Key, Mix, Part, Stream, Time};
use gilsim::units::Nanos;
use rand::distr::Distribution;

const SAMPLES: u64 = 200_000;
const MEAN: Nanos = Nanos::from_secs(1);

/// Of each item in turn.
fn samples(distribution: &Time) -> impl Iterator<Item = f64> {
    let task = Key::root(2, 5).name("task").name("moments");
    (0..SAMPLES).map(move |item| distribution.sample_keyed(task.number(item).number(0)).0 as f64)
}

fn mean_and_cv(distribution: &Time) -> (f64, f64) {
    let mean = samples(distribution).sum::<f64>() / SAMPLES as f64;
    let variance = samples(distribution)
        .map(|x| (x - mean) * (x - mean))
        .sum::<f64>()
        / (SAMPLES - 1) as f64;
    (mean, variance.sqrt() / mean)
}

/// Compares the sample mean with `mean()` within four standard errors, and the sample coefficient of variation with the
/// given one within `cv_error`, which the caller derives from the kurtosis.
fn assert_moments(distribution: &Time, cv: f64, cv_error: f64) {
    let expected = distribution.mean().expect("it ends").0 as f64;
    let (mean, sample_cv) = mean_and_cv(distribution);
    let error = 4.0 * cv / (SAMPLES as f64).sqrt();
    assert!(
        (mean / expected - 1.0).abs() < error,
        "{distribution:?}: mean {mean}, expected {expected}"
    );
    assert!(
        (sample_cv / cv - 1.0).abs() < cv_error,
        "{distribution:?}: cv {sample_cv}, expected {cv}"
    );
}

/// The Kolmogorov-Smirnov test at p = 0.001.
fn assert_follows(distribution: &Time, cdf: impl Fn(f64) -> f64) {
    let mut sorted: Vec<f64> = samples(distribution).collect();
    sorted.sort_by(f64::total_cmp);
    let n = SAMPLES as f64;
    let distance = sorted.iter().enumerate().fold(0.0_f64, |worst, (below, &x)| {
        let p = cdf(x);
        worst.max(p - below as f64 / n).max((below + 1) as f64 / n - p)
    });
    assert!(
        distance * n.sqrt() < 1.95,
        "{distribution:?}: D sqrt(n) = {}",
        distance * n.sqrt()
    );
}

fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z / 2.0_f64.sqrt())
}

/// The lower incomplete gamma function, regularized, by its series: enough terms for `x` up to 300.
fn gamma_cdf(shape: f64, x: f64) -> f64 {
    let mut term = 1.0 / shape;
    let mut sum = term;
    for n in 1..2_000 {
        term *= x / (shape + f64::from(n));
        sum += term;
    }
    if x <= 0.0 {
        0.0
    } else {
        sum * libm::exp(shape * libm::log(x) - x - libm::lgamma(shape))
    }
}

#[test]
fn uniform_has_its_moments_and_follows_its_cdf() {
    let (min, max) = (MEAN, MEAN * 3);
    let uniform = Time::Uniform { min, max };
    assert_moments(&uniform, 1.0 / 12.0_f64.sqrt(), 0.01);
    assert_follows(&uniform, |x| (x - 1e9) / 2e9);
}

#[test]
fn uniform_reaches_both_ends_and_all_between_equally_often() {
    let few = Time::Uniform {
        min: Nanos(3),
        max: Nanos(7),
    };
    let mut counts = [0_u32; 5];
    samples(&few).for_each(|x| counts[x as usize - 3] += 1);
    let expected = SAMPLES as f64 / 5.0;
    let chi_squared: f64 = counts
        .iter()
        .map(|&n| (f64::from(n) - expected) * (f64::from(n) - expected) / expected)
        .sum();
    assert!(chi_squared < 18.5, "{counts:?}"); // p = 0.001 at 4 degrees of freedom
}

#[test]
fn exponential_has_its_moments_and_follows_its_cdf() {
    let exponential = Time::Exponential { mean: MEAN };
    assert_moments(&exponential, 1.0, 0.015);
    assert_follows(&exponential, |x| -libm::expm1(-x / 1e9));
}

#[test]
fn normal_has_its_moments_and_follows_its_cdf() {
    let normal = Time::Normal { mean: MEAN, cv: 0.2 };
    assert_moments(&normal, 0.2, 0.01);
    assert_follows(&normal, |x| normal_cdf((x / 1e9 - 1.0) / 0.2));
}

#[test]
fn a_normal_cut_at_zero_has_the_mean_that_it_says() {
    let normal = Time::Normal { mean: MEAN, cv: 2.0 };
    let (mean, cv) = mean_and_cv(&normal);
    let expected = normal.mean().expect("it ends").0 as f64;
    assert!(
        (mean / expected - 1.0).abs() < 4.0 * cv / (SAMPLES as f64).sqrt(),
        "{mean}, expected {expected}"
    );
    let zeros = samples(&normal).filter(|&x| x == 0.0).count() as f64 / SAMPLES as f64;
    assert!((zeros - normal_cdf(-0.5)).abs() < 0.004, "{zeros}");
}

#[test]
fn lognormal_has_its_moments_and_follows_its_cdf() {
    for (cv, cv_error) in [(0.1, 0.01), (0.5, 0.03)] {
        let lognormal = Time::LogNormal { mean: MEAN, cv };
        assert_moments(&lognormal, cv, cv_error);
    }
    for cv in [0.1, 0.5, 3.0] {
        let variance = libm::log(1.0 + cv * cv);
        assert_follows(&Time::LogNormal { mean: MEAN, cv }, |x| {
            normal_cdf((libm::log(x / 1e9) + 0.5 * variance) / variance.sqrt())
        });
    }
}

#[test]
fn gamma_has_its_moments_and_follows_its_cdf() {
    for (cv, cv_error) in [(1e-7, 0.01), (0.1, 0.01), (0.5, 0.015), (1.0, 0.015), (2.0, 0.04)] {
        assert_moments(&Time::Gamma { mean: MEAN, cv }, cv, cv_error);
    }
    for cv in [0.1, 0.5, 1.0, 2.0] {
        let shape = 1.0 / (cv * cv);
        assert_follows(&Time::Gamma { mean: MEAN, cv }, |x| {
            gamma_cdf(shape, shape * x / 1e9)
        });
    }
}

#[test]
fn pareto_has_its_moments_and_follows_its_cdf() {
    // At a shape of 5 the variance is min^2 shape / ((shape - 1)^2 (shape - 2)), so the cv is 1 / sqrt(15).
    assert_moments(
        &Time::Pareto {
            min: MEAN,
            shape: 5.0,
        },
        1.0 / 15.0_f64.sqrt(),
        0.1,
    );
    for shape in [1.1, 2.5, 20.0] {
        let pareto = Time::Pareto { min: MEAN, shape };
        assert_follows(&pareto, |x| 1.0 - libm::pow(1e9 / x, shape));
        assert!(samples(&pareto).all(|x| x >= 1e9));
    }
}

#[test]
fn empirical_draws_each_value_equally_often() {
    let empirical = Time::Empirical([Nanos(10), Nanos(20), Nanos(20), Nanos(90)].into());
    assert_eq!(empirical.mean(), Some(Nanos(35)));
    let share = |value| samples(&empirical).filter(|&x| x == value).count() as f64 / SAMPLES as f64;
    for (value, expected) in [(10.0, 0.25), (20.0, 0.5), (90.0, 0.25)] {
        assert!((share(value) - expected).abs() < 0.005);
    }
}

#[test]
fn triangular_has_its_moments_and_follows_its_cdf() {
    let second = 1e9;
    for (left, top, right) in [(1.0_f64, 2.0_f64, 5.0_f64), (0.0, 0.0, 3.0), (2.0, 4.0, 4.0)] {
        let [min, mode, max] = [left, top, right].map(|seconds| Nanos((seconds * second) as u64));
        let triangular = Time::Triangular { min, mode, max };
        let variance =
            (left * left + top * top + right * right - left * top - left * right - top * right) / 18.0;
        assert_moments(&triangular, variance.sqrt() / ((left + top + right) / 3.0), 0.01);
        assert_follows(&triangular, |x| {
            let x = x / second;
            if x < top {
                (x - left) * (x - left) / ((right - left) * (top - left))
            } else if x < right {
                1.0 - (right - x) * (right - x) / ((right - left) * (right - top))
            } else {
                1.0
            }
        });
        assert!(samples(&triangular).all(|x| (left * second..=right * second).contains(&x)));
    }
}

fn mix(parts: impl IntoIterator<Item = (u64, Time)>) -> Time {
    let parts = parts.into_iter().map(|(weight, time)| Part { weight, time });
    Time::Mix(Mix::new(parts.collect()).expect("weights in range").into())
}

#[test]
fn a_mix_takes_each_time_in_proportion_to_its_weight() {
    let weights = [9_u64, 1, 5, 25];
    let mix = mix(weights
        .iter()
        .zip(0..)
        .map(|(&weight, index)| (weight, Time::Constant(Nanos(index)))));
    let mut counts = [0_u32; 4];
    samples(&mix).for_each(|x| counts[x as usize] += 1);
    let chi_squared: f64 = counts
        .iter()
        .zip(weights)
        .map(|(&n, weight)| {
            let expected = SAMPLES as f64 * weight as f64 / 40.0;
            (f64::from(n) - expected) * (f64::from(n) - expected) / expected
        })
        .sum();
    assert!(chi_squared < 16.3, "{counts:?}"); // p = 0.001 at 3 degrees of freedom
}

#[test]
fn a_mix_has_its_moments_and_follows_its_cdf() {
    let miss = Time::Exponential { mean: MEAN * 8 };
    let hit = Time::Uniform {
        min: Nanos::ZERO,
        max: MEAN,
    };
    let cache = mix([(9, hit.clone()), (1, miss.clone())]);
    assert_eq!(cache.mean(), Some(Nanos::from_millis(1_250)));
    // The mean of the squares, less the square of the mean: 0.9 / 3 + 0.1 * 2 * 64 - 1.25 * 1.25.
    assert_moments(&cache, 11.5375_f64.sqrt() / 1.25, 0.03);
    let cdf = |x: f64| 0.9 * (x / 1e9).min(1.0) - 0.1 * libm::expm1(-x / 8e9);
    assert_follows(&cache, cdf);
    // The same, as a mix of which one part is a mix.
    let nested = mix([(4, hit.clone()), (1, mix([(5, hit), (5, miss)]))]);
    assert_eq!(nested.mean(), cache.mean());
    assert_follows(&nested, cdf);
}

#[test]
fn neighbouring_items_are_not_correlated() {
    let all: Vec<f64> = samples(&Time::Uniform {
        min: Nanos::ZERO,
        max: MEAN,
    })
    .collect();
    for lag in [1, 2, 3, 64, 1_000] {
        let products = all
            .iter()
            .zip(&all[lag..])
            .map(|(x, y)| (x / 1e9 - 0.5) * (y / 1e9 - 0.5));
        let correlation = 12.0 * products.sum::<f64>() / SAMPLES as f64;
        assert!(
            correlation.abs() < 4.0 / (SAMPLES as f64).sqrt(),
            "lag {lag}: {correlation}"
        );
    }
}

#[test]
fn a_keyed_sample_is_a_function_of_the_key_alone() {
    let task = Key::root(7, 3).name("task");
    let gamma = Time::Gamma { mean: MEAN, cv: 2.0 };
    let forwards: Vec<Nanos> = (0..1_000)
        .map(|item| gamma.sample_keyed(task.number(item)))
        .collect();
    let backwards: Vec<Nanos> = (0..1_000)
        .rev()
        .map(|item| gamma.sample_keyed(task.number(item)))
        .collect();
    assert!(forwards.iter().eq(backwards.iter().rev()));
    assert_eq!(gamma.sample_keyed(task), gamma.sample(&mut Stream::named(task)));
}

#[test]
fn a_key_that_draws_long_under_one_mean_draws_long_under_another() {
    let task = Key::root(7, 3).name("task");
    let ratio_is_kept = |small: Time, large: Time| {
        (0..1_000).map(|item| task.number(item)).all(|item| {
            let (small, large) = (
                small.sample_keyed(item).0 as f64,
                large.sample_keyed(item).0 as f64,
            );
            (large - 10.0 * small).abs() <= 10.0
        })
    };
    let (mean, longer) = (Nanos::from_millis(1), Nanos::from_millis(10));
    let triangular = |top: Nanos| Time::Triangular {
        min: Nanos::ZERO,
        mode: top,
        max: top * 3,
    };
    assert!(ratio_is_kept(triangular(mean), triangular(longer)));
    assert!(ratio_is_kept(
        Time::Exponential { mean },
        Time::Exponential { mean: longer }
    ));
    for cv in [0.2, 3.0] {
        assert!(ratio_is_kept(
            Time::Normal { mean, cv },
            Time::Normal { mean: longer, cv }
        ));
        assert!(ratio_is_kept(
            Time::LogNormal { mean, cv },
            Time::LogNormal { mean: longer, cv }
        ));
        assert!(ratio_is_kept(
            Time::Gamma { mean, cv },
            Time::Gamma { mean: longer, cv }
        ));
    }
}

#[test]
fn no_parameters_make_a_sample_panic_or_exceed_the_longest() {
    let times = [Nanos(0), Nanos(1), MEAN, Time::LONGEST, Nanos::FOREVER];
    let numbers = [
        1e-300,
        1e-20,
        1e-6,
        1e-5,
        0.5,
        1.0,
        1.0001,
        100.0,
        1e9,
        1e200,
        f64::MAX,
        0.0,
        -1.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ];
    let mut all = vec![
        Time::Empirical([].into()),
        Time::Empirical([Nanos::FOREVER; 2].into()),
    ];
    for mean in times {
        all.extend([Time::Constant(mean), Time::Exponential { mean }]);
        all.extend(times.map(|max| Time::Uniform { min: mean, max }));
        for mode in times {
            all.extend(times.map(|max| Time::Triangular { min: mean, mode, max }));
            all.push(mix([
                (1, Time::Constant(mean)),
                (2, Time::Exponential { mean: mode }),
            ]));
        }
        for number in numbers {
            all.push(Time::Normal { mean, cv: number });
            all.push(Time::LogNormal { mean, cv: number });
            all.push(Time::Gamma { mean, cv: number });
            all.push(Time::Pareto {
                min: mean,
                shape: number,
            });
        }
    }
    for distribution in all {
        let mut stream = Stream::named(Key::root(1, 1).name("extremes"));
        let longest = (0..200).map(|_| distribution.sample(&mut stream)).max();
        assert!(
            longest <= Some(Time::LONGEST),
            "{distribution:?} gave {longest:?}"
        );
        assert!(distribution.mean() <= Some(Time::LONGEST), "{distribution:?}");
    }
}

#[test]
fn a_nanosecond_and_a_heavy_tail_are_sampled_as_well_as_whole_nanoseconds_allow() {
    let mean = |distribution: Time| samples(&distribution).sum::<f64>() / SAMPLES as f64;
    assert!(
        (mean(Time::Normal {
            mean: Nanos(1),
            cv: 0.1
        }) - 1.0)
            .abs()
            < 0.001
    );
    // The values of an exponential are rounded: the sum of exp(-(k - 1/2)) over k from 1 is 0.9595.
    assert!((mean(Time::Exponential { mean: Nanos(1) }) - 0.9595).abs() < 0.01);
    let tail = Time::Pareto {
        min: Nanos(1),
        shape: 1.0001,
    };
    assert_eq!(samples(&tail).fold(f64::MAX, f64::min), 1.0);
    assert_eq!(tail.mean(), Some(Nanos(10_001)));
}
