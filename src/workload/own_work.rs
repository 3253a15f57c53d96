//! The work of the steps themselves, which is the same under every executor.

use crate::random::Key;
use crate::scenario::{Occupies, Step, numbered};
use crate::units::Nanos;

/// The work of steps themselves: CPU time at full speed, and I/O.
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
    /// The time on a core.
    pub const fn cpu(self) -> Nanos {
        self.locked.saturating_add(self.unlocked)
    }

    /// The time of all parts one after the other.
    pub const fn total(self) -> Nanos {
        self.cpu().saturating_add(self.io)
    }

    /// The sum of two amounts of work.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            locked: self.locked.saturating_add(other.locked),
            unlocked: self.unlocked.saturating_add(other.unlocked),
            io: self.io.saturating_add(other.io),
        }
    }
}

/// The work of the steps themselves, with the same draws as [`World::play_steps`](super::World::play_steps).
pub(super) fn own_work(steps: &[Step], key: Key) -> OwnWork {
    let mut total = OwnWork::default();
    for (step, key) in numbered(steps, key) {
        if let Some((occupies, time)) = step.takes() {
            let part = match occupies {
                Occupies::Nothing => &mut total.io,
                Occupies::Core => &mut total.unlocked,
                Occupies::CoreAndLock => &mut total.locked,
            };
            *part = part.saturating_add(time.sample_keyed(key));
        }
        if !step.children().is_empty() {
            let rounds = step.rounds(key).map(|round| own_work(step.children(), round));
            total = rounds.fold(total, OwnWork::plus);
        }
    }
    total
}
