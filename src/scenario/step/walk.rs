//! The ways through steps and the steps inside them.

use crate::random::Key;

use super::Step;

/// Every step, each one before the steps inside it.
pub(crate) fn every_step(steps: &[Step]) -> impl Iterator<Item = &Step> {
    let mut rest: Vec<&Step> = steps.iter().rev().collect();
    std::iter::from_fn(move || {
        let step = rest.pop()?;
        rest.extend(step.children().iter().rev());
        Some(step)
    })
}

/// Combines steps from the inside to the outside. `join` gets what the steps before amount to, the next step, and what
/// one round of the steps inside that one amounts to; no steps amount to `nothing`.
pub(crate) fn fold<T: Copy>(steps: &[Step], nothing: T, join: &impl Fn(T, &Step, T) -> T) -> T {
    steps.iter().fold(nothing, |sum, step| {
        join(sum, step, fold(step.children(), nothing, join))
    })
}

/// Each step with the key that names its random draws.
pub(crate) fn numbered(steps: &[Step], key: Key) -> impl Iterator<Item = (&Step, Key)> {
    steps
        .iter()
        .zip(0..)
        .map(move |(step, index)| (step, key.number(index)))
}

impl Step {
    /// For each round of the steps inside this one, the key that names their random draws. `key` is that of this step.
    pub(crate) fn rounds(&self, key: Key) -> impl Iterator<Item = Key> + use<> {
        let is_repeated = matches!(self, Self::Repeat { .. });
        (0..self.times()).map(move |round| if is_repeated { key.number(round) } else { key })
    }
}
