//! The CPU that a thread goes to at its creation and at a wake-up.
//!
//! Models `sched_balance_find_dst_group_cpu`, `select_idle_cpu` and `select_idle_sibling` of `kernel/sched/fair.c`.

use std::sync::Arc;

use super::cpu::Cpu;
use super::idle_scan::IdleScan;
use super::tables::{CpuId, Tables};
use super::wake_affine::Waking;
use crate::os::ThreadId;
use crate::os::thread::State;
use crate::profile::{Profile, SchedulerCosts, WakeSearch};
use crate::units::Nanos;

/// The rules for choosing a CPU. Its methods bring averages of utilization up to date and record which threads wake
/// each other; they never move a thread.
pub(super) struct Placement {
    profile: Arc<Profile>,
    /// The thread that was resumed last: it is at work at this moment, unless an interrupt is.
    pub(super) polled: Option<ThreadId>,
    pub(super) idle_scan: IdleScan,
}

impl Placement {
    pub fn new(profile: Arc<Profile>, cpus: usize) -> Self {
        Self {
            profile,
            polled: None,
            idle_scan: IdleScan::all_of(cpus),
        }
    }

    pub(super) fn costs(&self) -> &SchedulerCosts {
        &self.profile.machine.scheduler
    }

    /// `sched_balance_find_dst_group_cpu` for a new thread: the CPU with the fewest threads, unless the thread is
    /// packed.
    pub fn cpu_for_new_thread(&self, tables: &mut Tables, now: Nanos) -> CpuId {
        if self.costs().pack_below > 0
            && let Some(waker) = self.waker(tables)
            && let cpu = tables[waker].cpu
            && tables.utilization(now, cpu, None) < self.costs().pack_below
        {
            return cpu;
        }
        let ready = |cpu: &Cpu| cpu.queue.ready() + usize::from(cpu.current.is_some());
        let cpus = tables.cpus.ids();
        cpus.min_by_key(|&cpu| ready(&tables[cpu]))
            .expect("a machine has a CPU")
    }

    /// The CPU that a woken thread goes to: it runs there at once if that is idle, else it enters the run queue.
    pub fn cpu_for_woken(
        &mut self,
        tables: &mut Tables,
        now: Nanos,
        thread: ThreadId,
        waking: Waking,
    ) -> CpuId {
        if tables[thread].in_debt {
            return tables[thread].cpu;
        }
        let target = self.wake_affine(tables, now, thread, waking);
        self.select_packed_cpu(tables, now, thread)
            .or_else(|| self.select_idle_cpu(tables, now, thread, target))
            .unwrap_or(target)
    }

    /// The thread that is at work at this moment; `None` if an interrupt is.
    pub(super) fn waker(&self, tables: &Tables) -> Option<ThreadId> {
        self.polled.filter(|&polled| {
            let record = &tables[polled];
            record.state == State::OnCpu && !record.in_burst
        })
    }

    /// The waker's CPU or the thread's own if that is busy and has room for the thread: of both the one with less room.
    fn select_packed_cpu(&self, tables: &mut Tables, now: Nanos, thread: ThreadId) -> Option<CpuId> {
        let pack_below = self.costs().pack_below;
        if pack_below == 0 {
            return None;
        }
        let mut chosen = None;
        for candidate in [Some(thread), self.waker(tables)].into_iter().flatten() {
            let cpu = tables[candidate].cpu;
            if !tables.cpus.is_idle(cpu) {
                let needed = tables.utilization(now, cpu, Some(thread));
                if needed < pack_below && chosen.is_none_or(|(_, most)| needed > most) {
                    chosen = Some((cpu, needed));
                }
            }
        }
        chosen.map(|(cpu, _)| cpu)
    }

    /// `select_idle_sibling`: the CPU on which the thread ran last, else the first idle CPU from `target` on; CPUs of
    /// idle cores come before hardware threads beside busy ones. `None` if no CPU is idle, or none is worth looking
    /// for.
    fn select_idle_cpu(
        &mut self,
        tables: &mut Tables,
        now: Nanos,
        thread: ThreadId,
        target: CpuId,
    ) -> Option<CpuId> {
        if tables.cpus.idle == 0 {
            return None;
        }
        let home = tables[thread].cpu;
        let home_is_idle = tables.cpus.is_idle(home);
        let mut scan = tables.cpus.len();
        if home_is_idle && tables.cpus.cores() == scan {
            return Some(home);
        }
        if self.costs().wake_search == WakeSearch::SisUtil && !home_is_idle {
            let recent = std::mem::replace(&mut tables[thread].recent_cpu, home);
            if recent != home && tables.cpus.is_idle(recent) {
                return Some(recent);
            }
            scan = self.idle_scan.cpus_to_scan(tables, now) as usize;
        }
        let cpus = &tables.cpus;
        let candidates =
            || std::iter::once(home).chain((1..=scan).map(|distance| cpus.behind(target, distance)));
        candidates()
            .find(|&cpu| cpus.is_idle_core(cpu))
            .or_else(|| candidates().find(|&cpu| cpus.is_idle(cpu)))
    }
}
