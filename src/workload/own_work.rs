//! What steps ask for by themselves, whatever executor plays them.

use crate::random::Key;
use crate::scenario::Step;
use crate::units::Nanos;

/// What steps ask for by themselves: CPU time at full speed, and I/O.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnWork {
    /// CPU time with the interpreter lock held throughout.
    pub locked: Nanos,
    /// CPU time without it.
    pub unlocked: Nanos,
    /// Time off-core.
    pub io: Nanos,
}

impl OwnWork {
    /// On a core.
    pub const fn cpu(self) -> Nanos {
        self.locked.saturating_add(self.unlocked)
    }

    /// One after the other.
    pub const fn total(self) -> Nanos {
        self.cpu().saturating_add(self.io)
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            locked: self.locked.saturating_add(other.locked),
            unlocked: self.unlocked.saturating_add(other.unlocked),
            io: self.io.saturating_add(other.io),
        }
    }
}

/// What the steps ask for, with the same draws as [`World::play_steps`].
pub(super) fn own_work(steps: &[Step], key: Key) -> OwnWork {
    let mut total = OwnWork::default();
    for (index, step) in steps.iter().enumerate() {
        let key = key.number(index as u64);
        let mut own = OwnWork::default();
        match step {
            Step::Io(time) => own.io = time.sample_keyed(key),
            Step::Python { time, .. } => own.locked = time.sample_keyed(key),
            Step::Native { time, holds_lock, .. } => {
                let part = if *holds_lock {
                    &mut own.locked
                } else {
                    &mut own.unlocked
                };
                *part = time.sample_keyed(key);
            }
            Step::Update { window, .. } => {
                own.locked = window.as_ref().map_or(Nanos::ZERO, |time| time.sample_keyed(key));
            }
            Step::Crash { .. } => {}
            Step::Lock { steps, .. } => own = own_work(steps, key),
            Step::Repeat { times, steps } => {
                own = (0..*times)
                    .map(|time| own_work(steps, key.number(time)))
                    .fold(own, OwnWork::plus);
            }
        }
        total = total.plus(own);
    }
    total
}
