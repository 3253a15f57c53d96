//! What the operating system knows of a thread: `struct task_struct`.

use std::rc::Rc;

use super::fair::Entity;
use super::pelt::Utilization;
use super::process::ProcessId;
use super::scheduler::{Cold, Touching, Wakes};
use crate::engine::{Label, Slot, Track};
use crate::units::Nanos;

/// A simulated thread of the operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadId(pub(crate) u32);

impl ThreadId {
    /// Counted from 0, in the order in which threads were made.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// CPU work, in 1/1024 of what a core at full speed does in one ns: whole at every speed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Work(pub(crate) u64);

/// What a core at full speed does in one ns.
pub(crate) const FULL_SPEED: u64 = 1024;

impl Work {
    /// None.
    pub const NONE: Self = Self(0);

    /// What a core at full speed does in `time`.
    pub const fn at_full_speed(time: Nanos) -> Self {
        Self(time.0.saturating_mul(FULL_SPEED))
    }

    /// In units of 1/1024 of what a core at full speed does in one ns.
    pub const fn units(self) -> u64 {
        self.0
    }

    /// How long a core at full speed takes for it, in whole ns, rounded up.
    pub const fn at_full_speed_takes(self) -> Nanos {
        self.time_at(FULL_SPEED)
    }

    /// Whether nothing is left to do.
    pub const fn is_done(self) -> bool {
        self.0 == 0
    }

    /// What is left after `other`.
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// So many times as much, out of 1024: not rounded where it is whole ns at full speed.
    pub const fn scaled(self, factor: u64) -> Self {
        Self((self.0 / FULL_SPEED).saturating_mul(factor))
    }

    /// Both together.
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Whole ns until it is done at `speed`.
    #[inline]
    pub(crate) const fn time_at(self, speed: u64) -> Nanos {
        // A division by what the compiler knows is a shift, and full speed is the usual one.
        if speed == FULL_SPEED {
            Nanos(self.0.div_ceil(FULL_SPEED))
        } else {
            Nanos(self.0.div_ceil(speed))
        }
    }
}

/// What a thread is busy with, whether it has a core for it or not. Its time is reported under this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Activity {
    /// The task's own work.
    Running,
    /// For the interpreter lock or a lock of the program.
    WaitingForLock,
    /// Never set by the thread itself: it could run, but has no core.
    ReadyWithoutCore,
    /// Waiting off-core for a device.
    Io,
    /// Pickling and unpickling.
    Serialization,
    /// Moving bytes and handing over work.
    Ipc,
    /// Being created, importing, setting up.
    Starting,
    /// Waiting for work.
    Idle,
    /// Its life is over.
    Ended,
}

impl Activity {
    pub(crate) const fn label(self) -> Label {
        self as Label
    }
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// By another thread.
    Signalled,
    /// By the clock.
    TimedOut,
}

/// Something that a thread can wait for, by its number: named in reports of a deadlock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectId(pub(crate) u32);

/// How a thread comes into the world.
#[derive(Clone, Debug)]
pub struct ThreadSpec {
    /// As reports name it.
    pub name: Rc<str>,
    /// Whose thread it is, and with whom it dies; `None` outside of all processes.
    pub process: Option<ProcessId>,
    /// Whether the run goes on for its sake: background threads never keep it alive.
    pub foreground: bool,
    /// What its time counts as until it says otherwise.
    pub activity: Activity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Waits. `hopeful`: what ends the wait needs no foreground thread, such as the clock.
    Blocked { hopeful: bool },
    /// Ready, in the run queue of its CPU.
    Queued,
    /// Has its CPU.
    OnCpu,
    /// Lives outside the machine and is running: see `Os::spawn_external`.
    External,
    /// Over.
    Ended,
}

#[derive(Debug)]
pub(crate) struct Thread {
    pub name: Rc<str>,
    pub process: Option<ProcessId>,
    pub slot: Slot,
    pub track: Track,
    pub foreground: bool,
    pub external: bool,
    pub state: State,
    pub activity: Activity,
    /// The CPU that it runs on, is queued on or ran on last.
    pub cpu: usize,
    pub entity: Entity,
    /// It sleeps, and is still in the queue of its CPU: `se.sched_delayed`.
    pub in_debt: bool,
    /// Work until its next event on a core.
    pub remaining: Work,
    /// Work behind an interruption point that was set before the end of the burst.
    pub beyond: Work,
    /// The burst may be cut short by `Os::interrupt`.
    pub interruptible: bool,
    /// An event is pending that ends its stretch on the core; without one it is being polled.
    pub in_burst: bool,
    /// Small costs not yet worked off; they go before the next burst.
    pub owed: Work,
    /// What it did not find in its core's caches when it came there.
    pub cold: Cold,
    /// CPU work asked of it so far, less what interrupted bursts gave back, in units of [`Work`]. Endless work
    /// alone fills 64 bits.
    pub asked: u128,
    /// CPU work done so far.
    pub done: Work,
    pub born: Nanos,
    pub woken: Woken,
    /// The CPU that it last woke on was not cold then.
    pub woke_hot: bool,
    /// How much of a CPU it has had of late.
    pub utilization: Utilization,
    /// Whom it wakes.
    pub wakes: Wakes,
    /// Where it ran before the last time that it found its CPU busy: `recent_used_cpu`.
    pub recent_cpu: usize,
    /// When it last left a CPU: `se.exec_start`.
    pub last_ran: Option<Nanos>,
    pub waits_for: Option<ObjectId>,
    /// Its process was killed: it did not end by itself.
    pub killed: bool,
    /// The cache line that its work keeps touching, if it does.
    pub touching: Option<Touching>,
}

impl Thread {
    /// Whether a run queue counts it: it runs, is ready, or sleeps in debt (`on_rq`).
    pub const fn is_queued(&self) -> bool {
        matches!(self.state, State::Queued | State::OnCpu) || self.in_debt
    }

    /// A thread that waits to be woken for the first time.
    pub fn new(spec: ThreadSpec, slot: Slot, track: Track, external: bool, cpu: usize, now: Nanos) -> Self {
        Self {
            name: spec.name,
            process: spec.process,
            slot,
            track,
            foreground: spec.foreground,
            external,
            state: State::Blocked { hopeful: true },
            activity: spec.activity,
            cpu,
            entity: Entity::default(),
            in_debt: false,
            remaining: Work::NONE,
            beyond: Work::NONE,
            interruptible: false,
            in_burst: false,
            owed: Work::NONE,
            cold: Cold::default(),
            asked: 0,
            done: Work::NONE,
            born: now,
            woken: Woken::Signalled,
            woke_hot: true,
            utilization: Utilization::default(),
            wakes: Wakes::default(),
            recent_cpu: cpu,
            last_ran: None,
            waits_for: None,
            killed: false,
            touching: None,
        }
    }

    /// Asks for a burst of work with the small costs before it.
    pub fn ask(&mut self, work: Work) {
        self.remaining = work.plus(std::mem::take(&mut self.owed));
        self.beyond = Work::NONE;
        self.asked += u128::from(self.remaining.0);
    }

    /// Counts what a core did for it.
    pub fn work_off(&mut self, work: Work) {
        let done = work.min(self.remaining);
        self.remaining = self.remaining.minus(done);
        self.done = self.done.plus(done);
    }

    /// Nothing more will be done of what was asked of it.
    pub fn abandon(&mut self) {
        self.give_back();
        self.asked -= u128::from(std::mem::take(&mut self.remaining).0);
        self.in_burst = false;
    }

    /// What lay beyond the point where the last burst was interrupted: no longer asked for.
    pub fn give_back(&mut self) -> Work {
        let beyond = std::mem::take(&mut self.beyond);
        self.asked -= u128::from(beyond.0);
        beyond
    }
}
