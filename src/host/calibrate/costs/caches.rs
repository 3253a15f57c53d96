//! What code takes longer on a core whose caches others have filled.

use super::Costs;
use crate::host::calibrate::figure::Figure;

/// Fields of the profile, as `caches.py` calls what was before.
const AFTER: [(&str, &str); 4] = [
    ("after_thread", "thread"),
    ("after_process", "process"),
    ("after_idle", "idle"),
    ("after_long_idle", "long idle"),
];

/// The least that `refill` comes to, and the most that a profile may say of any field, ns.
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

/// What all of the code takes longer than with warm caches, after that.
fn delay(costs: &Costs, before: &str) -> Option<Figure> {
    Some(extra(costs, "long", before)?.clamp(0.0, MOST))
}

fn extra(costs: &Costs, size: &str, before: &str) -> Option<Figure> {
    Some(costs.figure(&format!("{size} code after {before}"))? - alone(costs, size)?)
}

/// The same code right after itself, with what reading the clock takes.
fn alone(costs: &Costs, size: &str) -> Option<Figure> {
    costs.figure(&format!("{size} code after itself"))
}

/// After so much work nothing is slower any more: a short piece of code pays for a part of what a long one does.
fn refill(costs: &Costs) -> Option<Figure> {
    let short = alone(costs, "short")? - costs.figure("clock")?;
    let (part, whole) = (extra(costs, "short", "idle")?, extra(costs, "long", "idle")?);
    let share = (whole.median / part.median.max(1.0)).max(1.0);
    Some((short * share).clamp(LEAST, MOST))
}

/// What code that was measured after `before` takes where caches are warm: the model adds the rest again.
pub(super) fn warm(costs: &Costs, cold: Figure, before: &str) -> Figure {
    let (Some(delay), Some(refill)) = (delay(costs, before), refill(costs)) else {
        return cold;
    };
    without(cold, delay.median, refill.median)
}

/// What code that was measured where `refill` of it takes `delay` longer takes by itself.
pub(super) fn without(slow: Figure, delay: f64, refill: f64) -> Figure {
    let time = if slow.median > refill + delay {
        slow.median - delay
    } else {
        slow.median * refill / (refill + delay)
    };
    slow * (time / slow.median.max(1.0))
}
