//! What the operating system knows about a thread: `struct task_struct`.

use std::rc::Rc;

use super::process_table::ProcessId;
use super::scheduler::{Cold, CpuId, Entity, Touching, Utilization, Wakes};
use crate::engine::{Label, Slot, Track};
use crate::units::Nanos;

/// A simulated thread of the operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadId(pub(crate) u32);

impl ThreadId {
    /// Threads are counted from 0, in the order in which they were created.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// CPU work, in units of 1/1024 of what a core at full speed does in one ns: a whole number at every speed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Work(pub(crate) u64);

/// The work that a core at full speed does in one ns.
pub(crate) const FULL_SPEED: u64 = 1024;

impl Work {
    /// No work.
    pub const NONE: Self = Self(0);

    /// The work that a core at full speed does in `time`.
    pub const fn at_full_speed(time: Nanos) -> Self {
        Self(time.0.saturating_mul(FULL_SPEED))
    }

    /// The work in units of 1/1024 of what a core at full speed does in one ns.
    pub const fn units(self) -> u64 {
        self.0
    }

    /// How long a core at full speed takes for it, rounded up to whole ns.
    #[cfg(feature = "internals")]
    pub const fn at_full_speed_takes(self) -> Nanos {
        self.time_at(FULL_SPEED)
    }

    /// Whether nothing is left to do.
    pub const fn is_done(self) -> bool {
        self.0 == 0
    }

    /// The work that is left after `other`.
    pub(crate) const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The work times `factor` / 1024: exact if the work takes whole ns at full speed.
    pub(crate) const fn scaled(self, factor: u64) -> Self {
        Self((self.0 / FULL_SPEED).saturating_mul(factor))
    }

    /// Both pieces of work together.
    pub(crate) const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// How long it takes at `speed`, rounded up to whole ns.
    #[cfg(feature = "internals")]
    #[inline]
    pub(crate) const fn time_at(self, speed: u64) -> Nanos {
        // Full speed is the usual one, and the division by a constant power of two is a shift.
        if speed == FULL_SPEED {
            Nanos(self.0.div_ceil(FULL_SPEED))
        } else {
            Nanos(self.0.div_ceil(speed))
        }
    }
}

/// What a thread is busy with, whether it has a core or not. Its time is reported under this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Activity {
    /// Doing the task's own work.
    Running,
    /// Waiting for the interpreter lock or a lock of the program.
    WaitingForLock,
    /// Ready to run, but without a core. Never set by the thread itself.
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
    /// Over.
    Ended,
}

impl Activity {
    pub(crate) const fn label(self) -> Label {
        self as Label
    }
}

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// Another thread.
    Signalled,
    /// The clock.
    TimedOut,
}

/// The number of something that a thread can wait for. Deadlock reports name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectId(pub(crate) u32);

/// How a thread is created.
#[derive(Clone, Debug)]
pub struct ThreadSpec {
    /// Its name in reports.
    pub name: Rc<str>,
    /// The process that it belongs to and dies with; `None` outside of all processes.
    pub process: Option<ProcessId>,
    /// Whether the run goes on for as long as this thread does. Background threads never keep a run going.
    pub foreground: bool,
    /// Its first activity.
    pub activity: Activity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Waits. `hopeful`: the wait ends without a foreground thread, for example by the clock.
    Blocked { hopeful: bool },
    /// Ready, in the run queue of its CPU.
    Queued,
    /// Has its CPU.
    OnCpu,
    /// Lives outside the machine and runs: see `Os::spawn_external`.
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
    pub cpu: CpuId,
    pub entity: Entity,
    /// It sleeps, and is still in the queue of its CPU: `se.sched_delayed`.
    pub in_debt: bool,
    /// Work until its next event on a core.
    pub remaining: Work,
    /// Work behind an interruption point before the end of the burst.
    pub beyond: Work,
    /// The burst may be cut short by `Os::interrupt`.
    pub interruptible: bool,
    /// An event is pending that ends its burst; without one, the thread is being polled.
    pub in_burst: bool,
    /// Small costs that it pays before its next burst.
    pub owed: Work,
    /// The delay for what it did not find in its core's caches when it came there.
    pub cold: Cold,
    /// CPU work that it was asked to do so far, without what interrupted bursts gave back, in units of [`Work`].
    /// Endless work alone fills 64 bits.
    pub asked: u128,
    /// CPU work done so far.
    pub done: Work,
    #[cfg_attr(not(feature = "internals"), expect(dead_code, reason = "only tests read it"))]
    pub born: Nanos,
    pub woken: Woken,
    /// The CPU on which it last woke up was not cold.
    pub woke_hot: bool,
    /// How much of a CPU it has had recently.
    pub utilization: Utilization,
    /// Which threads it wakes.
    pub wakes: Wakes,
    /// The CPU on which it ran before it last found its CPU busy: `recent_used_cpu`.
    pub recent_cpu: CpuId,
    /// When it last left a CPU: `se.exec_start`.
    pub last_ran: Option<Nanos>,
    pub waits_for: Option<ObjectId>,
    /// It was killed with its process, and did not end by itself.
    pub killed: bool,
    /// The cache line that its work touches again and again, if any.
    pub touching: Option<Touching>,
}

impl Thread {
    /// Whether a run queue counts it: it runs, is ready, or sleeps in debt (`on_rq`).
    pub(crate) const fn is_queued(&self) -> bool {
        matches!(self.state, State::Queued | State::OnCpu) || self.in_debt
    }

    /// A thread that waits to be woken for the first time.
    pub fn new(spec: ThreadSpec, slot: Slot, track: Track, external: bool, cpu: CpuId, now: Nanos) -> Self {
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

    /// Asks the thread to do a burst of work, with its small costs before it.
    pub fn ask(&mut self, work: Work) {
        self.remaining = work.plus(std::mem::take(&mut self.owed));
        self.beyond = Work::NONE;
        self.asked += u128::from(self.remaining.0);
    }

    /// Counts work that a core did for it.
    pub(crate) fn work_off(&mut self, work: Work) {
        let done = work.min(self.remaining);
        self.remaining = self.remaining.minus(done);
        self.done = self.done.plus(done);
    }

    /// The thread will not do the rest of what it was asked to do.
    pub(crate) fn abandon(&mut self) {
        self.give_back();
        self.asked -= u128::from(std::mem::take(&mut self.remaining).0);
        self.in_burst = false;
    }

    /// Takes back the work behind the point where the last burst was interrupted, and returns it.
    pub(crate) fn give_back(&mut self) -> Work {
        let beyond = std::mem::take(&mut self.beyond);
        self.asked -= u128::from(beyond.0);
        beyond
    }
}
