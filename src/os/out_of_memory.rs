//! The out-of-memory killer: `mm/oom_kill.c`, and `mm/memcontrol.c` where a control group has the limit.
//!
//! When processes occupy more memory than there is, the one with the largest resident set is killed (`oom_badness`,
//! with nothing in swap and `oom_score_adj` 0 for all). Pages that a process shares count in full, so that a parent
//! whose workers share its pages counts no more than they do. This is repeated until the rest fits.

use super::memory::Memory;
use super::{Os, ProcessId};
use crate::units::Bytes;

/// The limit, and the processes killed because of it.
#[derive(Debug, Default)]
pub(super) struct Limit {
    bytes: Option<u128>,
    /// The process without which the run ends.
    program: Option<ProcessId>,
    kills: Vec<Kill>,
}

/// A process that the kernel killed because memory ran out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kill {
    /// The process.
    pub process: ProcessId,
    /// Its name in reports: the name of its first thread.
    pub name: String,
    /// Its resident set size.
    pub resident: Bytes,
    /// The limit for all processes together.
    pub limit: Bytes,
    /// Number of processes before it was killed.
    pub processes: usize,
    /// It was the program itself, so that the run ended.
    pub is_program: bool,
}

impl Limit {
    pub const fn bytes(&self) -> Option<u128> {
        self.bytes
    }
}

impl Os {
    /// Limits the memory of all processes together to `memory`. If `program` is killed, the run ends.
    pub(crate) fn limit_memory(&self, memory: Option<Bytes>, program: ProcessId) {
        let mut limit = self.memory_limit.borrow_mut();
        limit.bytes = memory.map(|memory| memory.0.into());
        limit.program = Some(program);
    }

    /// The processes that the kernel killed because memory ran out, in that order.
    pub(crate) fn killed_for_memory(&self) -> Vec<Kill> {
        self.memory_limit.borrow().kills.clone()
    }

    /// `select_bad_process`; of several equal ones the first.
    fn next_kill(&self) -> Option<Kill> {
        let limit = self.memory_limit.borrow();
        let memory = self.memory.borrow();
        let most = limit.bytes?;
        if memory.occupied() <= most {
            return None;
        }
        let living: Vec<ProcessId> = memory.living().collect();
        let worst = living
            .iter()
            .copied()
            .max_by_key(|&process| (memory.resident(process), std::cmp::Reverse(process)))?;
        Some(Kill {
            process: worst,
            name: self.name_of_process(worst),
            resident: Memory::clamped(memory.resident(worst)),
            limit: Memory::clamped(most),
            processes: living.len(),
            is_program: limit.program == Some(worst),
        })
    }

    /// `out_of_memory`: kills processes for as long as they occupy more than there is.
    pub(super) fn check_memory(&self) {
        while let Some(kill) = self.next_kill() {
            let (process, is_program) = (kill.process, kill.is_program);
            self.memory_limit.borrow_mut().kills.push(kill);
            if is_program {
                self.stop();
            }
            self.kill(process);
        }
    }

    pub(super) fn name_of_process(&self, process: ProcessId) -> String {
        let scheduler = self.scheduler.borrow();
        let first = scheduler
            .tables
            .threads
            .iter()
            .find(|thread| thread.process == Some(process));
        first.map_or_else(String::new, |thread| thread.name.to_string())
    }
}
