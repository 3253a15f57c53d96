//! Cache lines that several threads write to by atomic operations: reference counts and locks of shared objects.
//!
//! A core must own a line to write to it, and a line has one owner at a time. A thread that touches a line works for an
//! interval, has the line brought to its core, and works again. So `n` threads on a line take turns in a cycle that is
//! as long as what one of them needs, or as `n` transfers, whichever is longer: the transfers of a few threads are
//! hidden behind the others' work, while many threads queue for the line. Waiting for a line keeps the core busy, so it
//! shows as a slower pace of the work.
//!
//! ```text
//!  one thread        work.local.work.local                     the line stays with its core
//!  a few             work.transfer.work.transfer               each waits only for its own transfers
//!  many              work....wait....transfer.work....wait     the line is always in transfer: n transfers a cycle
//! ```
//! Threads on the hardware threads of one core share its cache, and need no transfer among themselves. Where only some
//! of the threads share a core, all are assumed to need transfers.

use super::pacing::Pacing;
use super::tables::{CpuId, Tables};
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
    /// CPU work at full speed between two atomic operations on it. More than zero.
    pub interval: Nanos,
}

/// The fraction of its CPU's speed that goes into a thread's work. The rest is spent on a cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    work: u64,
    whole: u64,
}

impl Pace {
    /// All of the speed.
    pub const FULL: Self = Self { work: 1, whole: 1 };

    /// The work done in `elapsed` at `speed`, rounded down, in units of `Work`.
    pub fn work_in(self, elapsed: Nanos, speed: u64) -> u64 {
        if self.whole == Self::FULL.whole {
            return elapsed.0.saturating_mul(speed);
        }
        let done = u128::from(elapsed.0) * u128::from(speed) * u128::from(self.work) / u128::from(self.whole);
        u64::try_from(done).unwrap_or(u64::MAX)
    }

    /// Time until `work` is done at `speed`, rounded up to whole ns.
    pub fn time_for(self, work: u64, speed: u64) -> Nanos {
        if self.whole == Self::FULL.whole {
            return Nanos(work.div_ceil(speed));
        }
        let time =
            (u128::from(work) * u128::from(self.whole)).div_ceil(u128::from(speed) * u128::from(self.work));
        Nanos(u64::try_from(time).unwrap_or(u64::MAX))
    }
}

/// The running threads that touch one line.
#[derive(Clone, Copy)]
struct Contention {
    threads: u64,
    on_several_cores: bool,
}

impl Contention {
    fn on(tables: &Tables, line: LineId) -> Self {
        let (mut threads, mut on_several_cores, mut first_core) = (0, false, None);
        for cpu in tables.cpus.ids() {
            if tables.touches(cpu, line) {
                threads += 1;
                let core = tables.cpus.core_of(cpu);
                on_several_cores |= *first_core.get_or_insert(core) != core;
            }
        }
        Self {
            threads,
            on_several_cores,
        }
    }
}

impl Pacing {
    /// A line that no thread touches.
    pub fn add_line(&mut self) -> LineId {
        self.lines += 1;
        LineId(self.lines - 1)
    }

    /// From now on the thread, which is being polled, touches a line while it works, or none.
    pub fn touch(&self, tables: &mut Tables, engine: &Engine, thread: ThreadId, touching: Option<Touching>) {
        let record = &mut tables[thread];
        let cpu = record.cpu;
        let before = std::mem::replace(&mut record.touching, touching);
        if before == touching {
            return;
        }
        tables.charge(engine.now(), cpu);
        self.line_changed(tables, engine, before);
        self.line_changed(tables, engine, touching);
        tables[cpu].pace = self.pace_of(tables, cpu);
    }

    /// Other threads than before run and touch the line: bursts under way are re-timed where that changes their pace.
    pub fn line_changed(&self, tables: &mut Tables, engine: &Engine, touching: Option<Touching>) {
        let Some(Touching { line, .. }) = touching else {
            return;
        };
        let contention = Contention::on(tables, line);
        for cpu in tables.cpus.ids() {
            if let Some(touching) = tables.touching_on(cpu)
                && touching.line == line
            {
                let pace = self.pace_among(contention, touching, tables[cpu].speed);
                tables.set_pace(engine, cpu, pace);
            }
        }
    }

    /// The pace of the thread that runs on a CPU, beside all others that touch its line now.
    pub(super) fn pace_of(&self, tables: &Tables, cpu: CpuId) -> Pace {
        tables.touching_on(cpu).map_or(Pace::FULL, |touching| {
            let contention = Contention::on(tables, touching.line);
            self.pace_among(contention, touching, tables[cpu].speed)
        })
    }

    fn pace_among(&self, contention: Contention, touching: Touching, speed: u64) -> Pace {
        // All in units of work, that is in ns times the CPU's speed: a transfer takes its time at any speed.
        let costs = &self.profile.machine.cache_line;
        let work = touching.interval.0 * FULL_SPEED;
        let whole = if contention.on_several_cores {
            let transfer = costs.transfer.0 * speed;
            (work + transfer).max(contention.threads * transfer)
        } else {
            work + costs.local.0 * FULL_SPEED
        };
        Pace { work, whole }
    }
}

impl Tables {
    fn touching_on(&self, cpu: CpuId) -> Option<Touching> {
        self[self[cpu].current?].touching
    }

    fn touches(&self, cpu: CpuId, line: LineId) -> bool {
        self.touching_on(cpu)
            .is_some_and(|touching| touching.line == line)
    }

    /// Re-times the burst on a CPU if its pace changes.
    fn set_pace(&mut self, engine: &Engine, cpu: CpuId, pace: Pace) {
        if self[cpu].pace == pace {
            return;
        }
        self.charge(engine.now(), cpu);
        self[cpu].pace = pace;
        if let Some(thread) = self[cpu].current
            && self[thread].in_burst
        {
            self.schedule_end_of_burst(engine, cpu, thread);
        }
    }
}
