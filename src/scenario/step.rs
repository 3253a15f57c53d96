//! Steps: what an item, a background thread or an initializer does, one after the other.
//!
//! Everything that the rest of the crate asks about steps in general is answered here: what a step takes, which steps
//! are inside it, and how often they run. Only playing a step (in `workload`) and writing it for the Python side (in
//! `host`) need to know the steps by name.

mod walk;

pub(crate) use walk::{every_step, fold, numbered};

use crate::random::Time;

/// One step of an item, a background thread or an initializer.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// `io`: waits off-core, with the interpreter lock released.
    Io(Time),
    /// `python`: runs bytecode, which holds the interpreter lock and yields it at the eval breaker.
    Python {
        /// CPU time.
        time: Time,
        /// The name of the objects that it uses all the time and that all threads of its interpreter share.
        shares: Option<String>,
        /// Under `asyncio`, the step runs where the [`Offload`](super::Offload) of the run says.
        offload: bool,
    },
    /// `native`: runs C code on a core.
    Native {
        /// CPU time.
        time: Time,
        /// The call keeps the interpreter lock until it returns.
        holds_lock: bool,
        /// Under `asyncio`, the step runs where the [`Offload`](super::Offload) of the run says.
        offload: bool,
    },
    /// `lock`: runs the inner steps with the named lock held; all workers share that lock.
    Lock {
        /// Steps with the same name share one lock.
        name: String,
        /// The steps that run while the lock is held.
        steps: Vec<Step>,
    },
    /// `update`: reads a value that all workers share, works with it for a while, and writes it back.
    Update {
        /// The name of the value. Steps with the same name update the same value.
        state: String,
        /// Bytecode with function calls between reading and writing; `None` for an augmented assignment, `+=`.
        window: Option<Time>,
        /// What keeps other workers from updating the value at the same time.
        guard: Guard,
    },
    /// `crash`: the process may die here, as by a segmentation fault.
    Crash {
        /// Above 0, at most 1.
        probability: f64,
    },
    /// `repeat`: runs the inner steps several times.
    Repeat {
        /// The number of rounds, at least 1.
        times: u64,
        /// The steps of one round.
        steps: Vec<Step>,
    },
}

/// What guards an update of shared state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nothing: `lock = "none"`.
    Nobody,
    /// A lock that belongs to the shared value; this is the default.
    Own,
    /// The lock of this name, as in a step with `lock`.
    Lock(String),
}

/// What a step occupies while its time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occupies {
    /// Neither a core nor the interpreter lock.
    Nothing,
    /// A core.
    Core,
    /// A core and the interpreter lock.
    CoreAndLock,
}

impl Step {
    /// What the step itself takes, without the steps inside it: a time, and what it occupies meanwhile.
    pub(crate) fn takes(&self) -> Option<(Occupies, &Time)> {
        match self {
            Self::Io(time) => Some((Occupies::Nothing, time)),
            Self::Python { time, .. } => Some((Occupies::CoreAndLock, time)),
            Self::Native {
                time,
                holds_lock: true,
                ..
            } => Some((Occupies::CoreAndLock, time)),
            Self::Native {
                time,
                holds_lock: false,
                ..
            } => Some((Occupies::Core, time)),
            Self::Update { window, .. } => window.as_ref().map(|time| (Occupies::CoreAndLock, time)),
            Self::Lock { .. } | Self::Crash { .. } | Self::Repeat { .. } => None,
        }
    }

    /// The time of [`Step::takes`].
    pub(crate) fn time(&self) -> Option<&Time> {
        self.takes().map(|(_, time)| time)
    }

    /// The steps inside this one.
    pub(crate) fn children(&self) -> &[Self] {
        match self {
            Self::Lock { steps, .. } | Self::Repeat { steps, .. } => steps,
            Self::Io(_)
            | Self::Python { .. }
            | Self::Native { .. }
            | Self::Update { .. }
            | Self::Crash { .. } => &[],
        }
    }

    /// How often the steps inside this one run.
    pub(crate) fn times(&self) -> u64 {
        match self {
            Self::Repeat { times, .. } => *times,
            Self::Io(_)
            | Self::Python { .. }
            | Self::Native { .. }
            | Self::Lock { .. }
            | Self::Update { .. }
            | Self::Crash { .. } => 1,
        }
    }

    /// The probability that the process dies in this step itself.
    pub(crate) fn crash_probability(&self) -> f64 {
        match self {
            Self::Crash { probability } => *probability,
            Self::Io(_)
            | Self::Python { .. }
            | Self::Native { .. }
            | Self::Lock { .. }
            | Self::Update { .. }
            | Self::Repeat { .. } => 0.0,
        }
    }

    /// The name of the lock of the program that the step takes.
    pub(crate) fn lock(&self) -> Option<&str> {
        match self {
            Self::Lock { name, .. }
            | Self::Update {
                guard: Guard::Lock(name),
                ..
            } => Some(name),
            Self::Io(_)
            | Self::Python { .. }
            | Self::Native { .. }
            | Self::Update {
                guard: Guard::Nobody | Guard::Own,
                ..
            }
            | Self::Crash { .. }
            | Self::Repeat { .. } => None,
        }
    }

    /// The name of the shared value that the step updates.
    pub(crate) fn state(&self) -> Option<&str> {
        match self {
            Self::Update { state, .. } => Some(state),
            Self::Io(_)
            | Self::Python { .. }
            | Self::Native { .. }
            | Self::Lock { .. }
            | Self::Crash { .. }
            | Self::Repeat { .. } => None,
        }
    }

    /// The name of the objects that the step uses all the time and that other threads use as well.
    pub(crate) fn shares(&self) -> Option<&str> {
        match self {
            Self::Python { shares, .. } => shares.as_deref(),
            Self::Io(_)
            | Self::Native { .. }
            | Self::Lock { .. }
            | Self::Update { .. }
            | Self::Crash { .. }
            | Self::Repeat { .. } => None,
        }
    }

    /// Whether two plays of the step itself can differ.
    pub(crate) fn is_random(&self) -> bool {
        let crash = self.crash_probability();
        self.time().is_some_and(Time::is_random) || (crash > 0.0 && crash < 1.0)
    }
}
