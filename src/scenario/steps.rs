//! Steps and the steps within them.

use super::{Configuration, Guard, Step};

/// Every step, inner ones after the one that they are in.
pub fn every_step<'s>(steps: &'s [Step], visit: &mut impl FnMut(&'s Step)) {
    for step in steps {
        visit(step);
        match step {
            Step::Lock { steps, .. } | Step::Repeat { steps, .. } => every_step(steps, visit),
            Step::Io(_)
            | Step::Python { .. }
            | Step::Native { .. }
            | Step::Update { .. }
            | Step::Crash { .. } => {}
        }
    }
}

impl Step {
    /// The lock of the program that it takes by name.
    pub fn lock(&self) -> Option<&str> {
        match self {
            Self::Lock { name, .. }
            | Self::Update {
                guard: Guard::Lock(name),
                ..
            } => Some(name),
            _ => None,
        }
    }

    /// The shared state that it updates.
    pub fn state(&self) -> Option<&str> {
        match self {
            Self::Update { state, .. } => Some(state),
            _ => None,
        }
    }
}

impl Configuration {
    /// Every step of items, background threads and initializers, inner ones too.
    pub fn every_step<'s>(&'s self, visit: &mut impl FnMut(&'s Step)) {
        let items = self.tasks.iter().map(|task| &task.steps);
        let background = self.background.iter().map(|background| &background.steps);
        for steps in items.chain(background).chain([&self.program.setup]) {
            every_step(steps, visit);
        }
    }
}
