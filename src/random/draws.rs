//! The first draws of every distribution, as text to compare one build or platform with another.

use std::fmt::Write;

use rand::distr::Distribution;

use super::{Key, Stream, Time};
use crate::units::Nanos;

/// One line for each distribution: its name, then its first eight draws from a fixed key, in ns.
///
/// The times are minutes long: there a last bit that another maths library would round differently shows in the
/// nanoseconds.
pub fn first_draws() -> String {
    let mut text = String::new();
    for (name, distribution) in examples() {
        let mut stream = Stream::named(Key::root(7, 0).name(name));
        text.push_str(name);
        for _ in 0..8 {
            // Writing to a string cannot fail.
            let _ = write!(text, " {}", distribution.sample(&mut stream).0);
        }
        text.push('\n');
    }
    text
}

fn examples() -> [(&'static str, Time); 13] {
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
    ]
}
