//! Which CPU a thread goes to at its birth and at a wake-up.
//!
//! Models `select_task_rq_fair`, `select_idle_sibling` and `select_idle_cpu` of `kernel/sched/fair.c`.

use super::{Cpu, Scheduler, Waking};
use crate::engine::Engine;
use crate::os::ThreadId;
use crate::os::thread::State;
use crate::profile::WakeSearch;

impl Scheduler {
    /// `sched_balance_find_dst_group_cpu` for a new thread: the CPU with the least to do, unless it is packed.
    pub fn cpu_for_new_thread(&mut self, engine: &Engine) -> usize {
        if self.costs.pack_below > 0
            && let Some(waker) = self.waker()
            && let cpu = self.threads[waker.index()].cpu
            && self.utilization(engine, cpu, None) < self.costs.pack_below
        {
            return cpu;
        }
        let ready = |cpu: &Cpu| cpu.queue.ready() + usize::from(cpu.current.is_some());
        (0..self.cpus.len())
            .min_by_key(|&cpu| ready(&self.cpus[cpu]))
            .expect("a machine has a CPU")
    }

    /// Where a thread that is woken goes: to an idle CPU, or into a queue.
    pub(super) fn cpu_for_woken(&mut self, engine: &Engine, thread: ThreadId, waking: Waking) -> usize {
        let home = self.threads[thread.index()].cpu;
        if self.threads[thread.index()].in_debt {
            return home;
        }
        let target = self.wake_affine(engine, thread, waking);
        self.select_packed_cpu(engine, thread)
            .or_else(|| self.select_idle_cpu(engine, thread, target))
            .unwrap_or(target)
    }

    /// The thread that is at work at this moment; none if an interrupt is.
    pub(super) fn waker(&self) -> Option<ThreadId> {
        self.polled.filter(|polled| {
            let record = &self.threads[polled.index()];
            record.state == State::OnCpu && !record.in_burst
        })
    }

    /// The waker's CPU or the thread's own if that is busy and has room for it: of both the one with less room.
    fn select_packed_cpu(&mut self, engine: &Engine, thread: ThreadId) -> Option<usize> {
        if self.costs.pack_below == 0 {
            return None;
        }
        let mut chosen = None;
        for who in [Some(thread), self.waker()].into_iter().flatten() {
            let cpu = self.threads[who.index()].cpu;
            if self.cpus[cpu].current.is_some() {
                let needed = self.utilization(engine, cpu, Some(thread));
                if needed < self.costs.pack_below && chosen.is_none_or(|(_, most)| needed > most) {
                    chosen = Some((cpu, needed));
                }
            }
        }
        chosen.map(|(cpu, _)| cpu)
    }

    /// `select_idle_sibling`: where it ran last, else the first idle CPU from `target` on; whole idle cores before shared
    /// ones. `None` where no CPU is idle, or none is worth looking for.
    fn select_idle_cpu(&mut self, engine: &Engine, thread: ThreadId, target: usize) -> Option<usize> {
        if self.idle == 0 {
            return None;
        }
        let home = self.threads[thread.index()].cpu;
        if self.is_idle(home) && self.cores == self.cpus.len() {
            return Some(home);
        }
        let mut scan = self.cpus.len();
        if self.costs.wake_search == WakeSearch::SisUtil && !self.is_idle(home) {
            let recent = std::mem::replace(&mut self.threads[thread.index()].recent_cpu, home);
            if recent != home && self.is_idle(recent) {
                return Some(recent);
            }
            scan = self.cpus_to_scan(engine) as usize;
        }
        let candidates =
            || std::iter::once(home).chain((1..=scan).map(|next| (target + next) % self.cpus.len()));
        candidates()
            .find(|&cpu| self.is_idle_core(cpu))
            .or_else(|| candidates().find(|&cpu| self.is_idle(cpu)))
    }

    pub(super) fn is_idle(&self, cpu: usize) -> bool {
        self.cpus[cpu].current.is_none()
    }

    /// Whether all hardware threads of its core are idle.
    fn is_idle_core(&self, cpu: usize) -> bool {
        (cpu % self.cores..self.cpus.len())
            .step_by(self.cores)
            .all(|sibling| self.is_idle(sibling))
    }
}
