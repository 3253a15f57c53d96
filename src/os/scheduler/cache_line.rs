//! Cache lines that several threads write to by atomic operations: reference counts and locks of shared objects.
//!
//! A core must own a line to write to it, and a line has one owner at a time. A thread that touches a line works for an
//! interval, has the line brought to its core, and works again. So `n` threads on a line go round in a circle whose
//! length is what one of them needs, or `n` transfers, whichever is longer: few threads hide behind their own work, many
//! stand in line for the line. Waiting for a line keeps the core busy, so it shows as a slower pace of the work.
//!
//! ```text
//!  one thread        work.local.work.local                     the line stays with its core
//!  a few             work.transfer.work.transfer               each waits for its own transfers alone
//!  many              work....wait....transfer.work....wait     the line is never still: n transfers go round
//! ```
//! Threads on the hardware threads of one core share its cache, and need no transfer among themselves. Where some do and
//! some do not, all are taken to need one.

use super::Scheduler;
use crate::engine::Engine;
use crate::os::ThreadId;
use crate::os::thread::FULL_SPEED;
use crate::units::Nanos;

/// A cache line, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineId(u32);

/// What a thread does to a line while it works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touching {
    /// The line.
    pub line: LineId,
    /// CPU work at full speed between two atomic operations on it. Not nothing.
    pub interval: Nanos,
}

/// How much of its CPU's speed goes into a thread's work: a fraction. The rest is spent on a cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    work: u64,
    whole: u64,
}

impl Pace {
    /// All of it.
    pub const FULL: Self = Self { work: 1, whole: 1 };

    /// What is done in `elapsed` at `speed`, rounded down, in units of `Work`.
    pub fn work_in(self, elapsed: Nanos, speed: u64) -> u64 {
        if self.whole == Self::FULL.whole {
            return elapsed.0.saturating_mul(speed);
        }
        let done = u128::from(elapsed.0) * u128::from(speed) * u128::from(self.work) / u128::from(self.whole);
        u64::try_from(done).unwrap_or(u64::MAX)
    }

    /// Whole ns until `work` is done at `speed`, rounded up.
    pub fn time_for(self, work: u64, speed: u64) -> Nanos {
        if self.whole == Self::FULL.whole {
            return Nanos(work.div_ceil(speed));
        }
        let time =
            (u128::from(work) * u128::from(self.whole)).div_ceil(u128::from(speed) * u128::from(self.work));
        Nanos(u64::try_from(time).unwrap_or(u64::MAX))
    }
}

impl Scheduler {
    /// A line that nobody touches.
    pub fn add_line(&mut self) -> LineId {
        self.lines += 1;
        LineId(self.lines - 1)
    }

    /// From now on the thread, which is being polled, touches a line while it works, or none.
    pub fn touch(&mut self, engine: &Engine, thread: ThreadId, touching: Option<Touching>) {
        let record = &mut self.threads[thread.index()];
        let cpu = record.cpu;
        let before = std::mem::replace(&mut record.touching, touching);
        if before == touching {
            return;
        }
        self.charge(engine, cpu);
        self.line_changed(engine, before);
        self.line_changed(engine, touching);
        self.cpus[cpu].pace = self.pace_of(cpu);
    }

    /// Who runs and touches the line has changed: bursts under way are re-timed where that changes their pace.
    pub(super) fn line_changed(&mut self, engine: &Engine, touching: Option<Touching>) {
        let Some(Touching { line, .. }) = touching else {
            return;
        };
        for cpu in 0..self.cpus.len() {
            if self
                .touching_on(cpu)
                .is_some_and(|touching| touching.line == line)
            {
                self.pace_may_have_changed(engine, cpu);
            }
        }
    }

    /// Re-times the burst on a CPU if its pace has changed.
    fn pace_may_have_changed(&mut self, engine: &Engine, cpu: usize) {
        let pace = self.pace_of(cpu);
        if self.cpus[cpu].pace == pace {
            return;
        }
        self.charge(engine, cpu);
        self.cpus[cpu].pace = pace;
        if let Some(thread) = self.cpus[cpu].current
            && self.threads[thread.index()].in_burst
        {
            self.schedule_end_of_burst(engine, cpu, thread);
        }
    }

    /// The pace of the thread that runs on a CPU, beside all others that touch its line now.
    pub(super) fn pace_of(&self, cpu: usize) -> Pace {
        let Some(Touching { line, interval }) = self.touching_on(cpu) else {
            return Pace::FULL;
        };
        let (mut threads, mut on_other_cores) = (0, false);
        for other in 0..self.cpus.len() {
            if self
                .touching_on(other)
                .is_some_and(|touching| touching.line == line)
            {
                threads += 1;
                on_other_cores |= other % self.cores != cpu % self.cores;
            }
        }
        // All in units of work, that is in ns times the CPU's speed: a transfer takes its time at any speed.
        let speed = self.cpus[cpu].speed;
        let work = interval.0 * FULL_SPEED;
        let whole = if on_other_cores {
            let transfer = self.cache_line.transfer.0 * speed;
            (work + transfer).max(threads * transfer)
        } else {
            work + self.cache_line.local.0 * FULL_SPEED
        };
        Pace { work, whole }
    }

    fn touching_on(&self, cpu: usize) -> Option<Touching> {
        self.threads[self.cpus[cpu].current?.index()].touching
    }
}
