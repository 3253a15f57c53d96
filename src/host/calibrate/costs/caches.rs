//! How much slower code is on a core whose caches other code has filled.

use super::Costs;
use crate::host::calibrate::figure::Figure;

/// Fields of the profile, and the names that `caches.py` gives to what ran before.
const AFTER: [(&str, &str); 4] = [
    ("after_thread", "thread"),
    ("after_process", "process"),
    ("after_idle", "idle"),
    ("after_long_idle", "long idle"),
];

/// The smallest value of `refill`, and the largest value that a profile may have in any field, ns.
const LEAST: f64 = 1_000.0;
const MOST: f64 = 1_000_000.0;

pub(super) fn caches(costs: &mut Costs) {
    let refill = refill(costs);
    costs.time(
        "cache",
        "refill",
        refill,
        "less than that is slower in proportion",
    );
    for (field, before) in AFTER {
        costs.time(
            "cache",
            field,
            delay(costs, before),
            "more than right after itself",
        );
    }
}

/// How much longer all of the code takes than with warm caches, after that.
fn delay(costs: &Costs, before: &str) -> Option<Figure> {
    Some(extra(costs, "long", before)?.clamp(0.0, MOST))
}

fn extra(costs: &Costs, size: &str, before: &str) -> Option<Figure> {
    Some(costs.figure(&format!("{size} code after {before}"))? - alone(costs, size)?)
}

/// The same code run again immediately, including the time of reading the clock.
fn alone(costs: &Costs, size: &str) -> Option<Figure> {
    costs.figure(&format!("{size} code after itself"))
}

/// The amount of work after which nothing is slower any more: a short piece of code pays a part of what a long one
/// pays.
fn refill(costs: &Costs) -> Option<Figure> {
    let short = alone(costs, "short")? - costs.figure("clock")?;
    let (part, whole) = (extra(costs, "short", "idle")?, extra(costs, "long", "idle")?);
    let share = (whole.median / part.median.max(1.0)).max(1.0);
    Some((short * share).clamp(LEAST, MOST))
}

/// The time with warm caches of code that was measured after `before`: the model adds the rest again.
pub(super) fn warm(costs: &Costs, cold: Figure, before: &str) -> Figure {
    let (Some(delay), Some(refill)) = (delay(costs, before), refill(costs)) else {
        return cold;
    };
    without(cold, delay.median, refill.median)
}

/// The time of code by itself, if it was measured where `refill` of it takes `delay` longer.
pub(super) fn without(slow: Figure, delay: f64, refill: f64) -> Figure {
    let time = if slow.median > refill + delay {
        slow.median - delay
    } else {
        slow.median * refill / (refill + delay)
    };
    slow * (time / slow.median.max(1.0))
}
