//! The first samples of every kind of time, as text, to compare builds and platforms.

use std::fmt::Write;

use rand::distr::Distribution;

use super::{Key, Mix, Part, Stream, Time};
use crate::units::Nanos;

/// Returns one line for each kind of time: its name, then its first eight samples from a fixed key, in ns.
///
/// The times are minutes long, so that the nanoseconds show a difference in the last bit of a floating-point number.
pub fn first_draws() -> String {
    let mut text = String::new();
    for (name, time) in examples() {
        let mut stream = Stream::named(Key::root(7, 0).name(name));
        text.push_str(name);
        for _ in 0..8 {
            // Writing to a string cannot fail.
            let _ = write!(text, " {}", time.sample(&mut stream).0);
        }
        text.push('\n');
    }
    text
}

fn examples() -> [(&'static str, Time); 15] {
    let mean = Nanos::from_secs(600);
    [
        ("constant", Time::Constant(mean)),
        ("forever", Time::Forever),
        (
            "uniform",
            Time::Uniform {
                min: Nanos::ZERO,
                max: mean,
            },
        ),
        ("exponential", Time::Exponential { mean }),
        ("normal", Time::Normal { mean, cv: 0.25 }),
        ("normal-wide", Time::Normal { mean, cv: 2.0 }),
        ("lognormal", Time::LogNormal { mean, cv: 0.5 }),
        ("lognormal-wide", Time::LogNormal { mean, cv: 4.0 }),
        ("gamma", Time::Gamma { mean, cv: 0.5 }),
        ("gamma-wide", Time::Gamma { mean, cv: 3.0 }),
        (
            "pareto",
            Time::Pareto {
                min: mean,
                shape: 3.0,
            },
        ),
        (
            "pareto-wide",
            Time::Pareto {
                min: mean,
                shape: 1.1,
            },
        ),
        (
            "empirical",
            Time::Empirical([1, 2, 3, 5, 8, 13].map(Nanos::from_millis).into()),
        ),
        (
            "triangular",
            Time::Triangular {
                min: mean,
                mode: mean * 2,
                max: mean * 5,
            },
        ),
        ("mix", Time::Mix(cache(mean).into())),
    ]
}

/// Hits of a cache, misses, and errors.
fn cache(mean: Nanos) -> Mix {
    let part = |weight, time| Part { weight, time };
    Mix::new(vec![
        part(5, Time::Constant(mean)),
        part(3, Time::LogNormal { mean, cv: 0.5 }),
        part(
            2,
            Time::Uniform {
                min: Nanos::ZERO,
                max: mean,
            },
        ),
    ])
    .expect("the weights are in range and the times end")
}
