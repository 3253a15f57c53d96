//! The CPUs (hardware threads) and the threads that run on them: slices, ticks, preemption, placement, balance.
//!
//! Models `kernel/sched/core.c` and the parts of `kernel/sched/fair.c` around the [`run_queue`]: `task_tick_fair`,
//! `wakeup_preempt`, `try_to_wake_up`, `schedule`. If a profile says so, threads take turns instead: see
//! [`round_robin`]. Slices end only at ticks. A tick is simulated only where more than one thread wants the CPU; the
//! effect of the others is computed when it is needed.
//!
//! ```text
//!                    Scheduler           starts, stops, wakes and preempts threads
//!     ┌────────────┬─────┴──────┬────────────┬────────────┐
//!  Placement    Queueing    Balancing     Pacing      Accounts
//!  which CPU    run queues  CPUs take     speed and   what results
//!  a thread     and         each other's  pace of     are made of
//!  goes to      slices      threads       CPUs
//!     └────────────┴─────┬──────┴────────────┘
//!                     Tables             threads and CPUs
//! ```
//! Each part owns its state. Its methods name in their signatures what they change beside it.

mod accounts;
mod backlog;
mod balancing;
mod cache_line;
mod charging;
mod cold_caches;
mod cpu;
mod delayed_sleepers;
mod idle_scan;
mod migration;
mod newidle_balance;
mod pacing;
mod pelt;
mod periodic_balance;
mod placement;
mod queueing;
mod round_robin;
mod run_queue;
mod slices;
mod tables;
mod utilization;
mod wake_affine;

use std::sync::Arc;

use rand::distr::Distribution;

pub use cache_line::{LineId, Touching};
pub(crate) use cold_caches::Cold;
pub(crate) use pelt::Utilization;
pub(crate) use run_queue::Entity;
pub use tables::CpuId;
pub(crate) use tables::SlotOwner;
pub(crate) use wake_affine::{Wakes, Waking};

use accounts::Accounts;
use balancing::Balancing;
use cache_line::Pace;
use cold_caches::delay_of_code;
use cpu::Cpu;
use pacing::Pacing;
use periodic_balance::Rounds;
use placement::Placement;
use queueing::Queueing;
use tables::{Cpus, Tables, Threads};

use super::process_table::Processes;
use super::stays::Resource;
use super::suspension::BurstKind;
use super::thread::{Activity, ObjectId, State, ThreadId, Woken, Work};
use crate::engine::{Action, Engine, Ledger};
use crate::profile::{Profile, SchedulerCosts};
use crate::random::{Key, Stream};
use crate::units::Nanos;

/// Everything that the operating system knows about threads and CPUs.
pub(crate) struct Scheduler {
    pub tables: Tables,
    pub processes: Processes,
    pub accounts: Accounts,
    pub pacing: Pacing,
    placement: Placement,
    queues: Queueing,
    balancing: Balancing,
    latency: Stream,
    profile: Arc<Profile>,
}

impl Scheduler {
    /// A machine of `cores` x `smt` CPUs.
    pub fn new(
        engine: &Engine,
        (cores, smt): (usize, usize),
        profile: &Arc<Profile>,
        ledger: Ledger,
        key: Key,
    ) -> Self {
        let costs = &profile.machine.scheduler;
        let cpus: Vec<Cpu> = (0..cores * smt)
            .map(|cpu| Cpu::new(engine.add_slot(), Rounds::from(costs.tick * cpu as u64)))
            .collect();
        Self {
            placement: Placement::new(profile.clone(), cpus.len()),
            queues: Queueing::new(profile.clone()),
            balancing: Balancing::new(profile.clone(), key),
            pacing: Pacing::new(profile.clone(), smt),
            tables: Tables {
                tracks_utilization: utilization::is_tracked(costs, cpus.len()),
                threads: Threads::default(),
                cpus: Cpus::new(cores, cpus),
            },
            processes: Processes::default(),
            accounts: Accounts::new(ledger),
            latency: Stream::named(key.name("wake latency")),
            profile: profile.clone(),
        }
    }

    fn costs(&self) -> &SchedulerCosts {
        &self.profile.machine.scheduler
    }

    /// The CPU of a new thread.
    pub fn cpu_for_new_thread(&mut self, engine: &Engine) -> CpuId {
        self.placement.cpu_for_new_thread(&mut self.tables, engine.now())
    }

    /// Starts a new burst of a thread that has its CPU. It runs at once, unless the thread had to give way.
    /// True if the burst is over already, because nothing else happens before its end.
    pub fn start_burst(&mut self, engine: &Engine, thread: ThreadId, work: Work, kind: BurstKind) -> bool {
        let cpu = self.tables[thread].cpu;
        self.tables.charge(engine.now(), cpu);
        let record = &mut self.tables[thread];
        let delay = delay_of_code(record, &mut self.processes, work, kind);
        debug_assert!(
            record.state == State::OnCpu && !record.in_burst,
            "{} has no CPU",
            record.name
        );
        record.ask(work.plus(delay));
        record.interruptible = kind == BurstKind::InterruptibleCode;
        record.in_burst = true;
        if self.tables[cpu].must_resched {
            self.reschedule(engine, cpu);
            return false;
        }
        let end = self.tables.end_of_burst(cpu, thread);
        let over = engine.skip_to(end);
        if !over {
            engine.schedule(self.tables[thread].slot, end, Action::Resume);
        }
        over
    }

    /// Whether the thread, which is being polled, has been told to give way.
    pub fn must_resched(&self, thread: ThreadId) -> bool {
        let record = &self.tables[thread];
        !record.external && self.tables[record.cpu].must_resched
    }

    /// Lets a burst end after at most `gap` more work; the rest is kept for the thread to continue with.
    pub fn interrupt(&mut self, engine: &Engine, thread: ThreadId, gap: Work) {
        let record = &self.tables[thread];
        if !record.in_burst || !record.interruptible {
            return;
        }
        let (cpu, on_cpu) = (record.cpu, record.state == State::OnCpu);
        if on_cpu {
            self.tables.charge(engine.now(), cpu);
        }
        let record = &mut self.tables[thread];
        if record.remaining > gap {
            record.beyond.0 += record.remaining.0 - gap.0;
            record.remaining = gap;
            if on_cpu {
                self.tables.schedule_end_of_burst(engine, cpu, thread);
            }
        }
    }

    /// The thread gives up its CPU and waits, at most until `deadline`.
    pub fn block(
        &mut self,
        engine: &Engine,
        thread: ThreadId,
        object: Option<ObjectId>,
        deadline: Option<Nanos>,
        hopeful: bool,
    ) {
        let sleep = self.costs().sleep;
        let record = &mut self.tables.threads[thread];
        record.waits_for = object;
        record.state = State::Blocked { hopeful };
        record.woken = Woken::Signalled;
        if let Some(deadline) = deadline {
            engine.schedule(record.slot, deadline.max(engine.now()), Action::Interrupt);
        }
        if !record.external {
            self.tables.cpus[record.cpu].free_from = engine.now() + sleep;
            record.entity.vruntime += sleep.0 as i64;
            self.leave_cpu(engine, thread);
        }
    }

    /// The thread is being polled: its burst or wait is over. Returns the work that an interruption left undone.
    pub fn resumed(&mut self, thread: ThreadId) -> Work {
        self.placement.polled = Some(thread);
        let record = &mut self.tables[thread];
        record.in_burst = false;
        record.give_back()
    }

    /// The thread is over and leaves its CPU for good.
    pub fn end(&mut self, engine: &Engine, thread: ThreadId) {
        self.tables[thread].state = State::Ended;
        self.enter(engine, thread, Activity::Ended);
        if !self.tables[thread].external {
            self.leave_cpu(engine, thread);
            self.tables.forget(engine.now(), thread);
        }
    }

    /// Whether the thread's life is over.
    #[inline]
    pub fn is_over(&self, thread: ThreadId) -> bool {
        self.tables[thread].state == State::Ended
    }

    /// Ends the thread wherever it is: on a CPU, in a run queue, or waiting.
    pub fn kill(&mut self, engine: &Engine, thread: ThreadId) {
        let now = engine.now();
        let record = &self.tables[thread];
        let (state, cpu, in_debt) = (record.state, record.cpu, record.in_debt);
        engine.cancel(record.slot);
        match state {
            State::OnCpu => self.tables.charge(now, cpu),
            State::Queued => {
                self.tables.track_waiting(now, thread);
                if let Some(index) = self.tables[cpu].queue.position_of(thread) {
                    self.queues.take(&mut self.tables, now, cpu, index);
                }
            }
            State::Blocked { .. } if in_debt => {
                if let Some(index) = self.tables[cpu].queue.position_of(thread) {
                    self.queues.dequeue_delayed(&mut self.tables, now, cpu, index);
                }
            }
            State::Blocked { .. } | State::External | State::Ended => {}
        }
        let record = &mut self.tables[thread];
        record.abandon();
        record.killed = true;
        record.state = State::Ended;
        self.enter(engine, thread, Activity::Ended);
        if state == State::OnCpu {
            self.leave_cpu(engine, thread);
        }
        if state != State::External && state != State::Ended {
            self.tables.forget(now, thread);
        }
    }

    /// Ends a wait: `try_to_wake_up`. False where the thread was not waiting.
    pub fn wake(&mut self, engine: &Engine, thread: ThreadId, woken: Woken, waking: Waking) -> bool {
        let now = engine.now();
        let record = &mut self.tables[thread];
        let State::Blocked { .. } = record.state else {
            return false;
        };
        record.woken = woken;
        record.remaining = Work::NONE;
        record.beyond = Work::NONE;
        if record.external {
            record.state = State::External;
            engine.schedule(record.slot, now, Action::Resume);
            return true;
        }
        record.in_burst = true;
        let cpu = self
            .placement
            .cpu_for_woken(&mut self.tables, now, thread, waking);
        self.tables[thread].woke_hot = self.is_hot(now, cpu);
        if self.tables.cpus.is_idle(cpu) {
            let latency = self.wake_latency(now, cpu);
            let slice = self.queues.slice();
            let entity = &mut self.tables[thread].entity;
            entity.lag = 0;
            entity.deadline = entity.vruntime + slice;
            self.dispatch(engine, cpu, thread, latency);
        } else {
            engine.cancel(self.tables[thread].slot);
            self.enqueue_woken(engine, cpu, thread);
        }
        true
    }

    /// A woken thread comes to a busy CPU: `enqueue_task_fair`, then `wakeup_preempt`.
    fn enqueue_woken(&mut self, engine: &Engine, cpu: CpuId, thread: ThreadId) {
        let (now, tables) = (engine.now(), &mut self.tables);
        tables.charge(now, cpu);
        self.queues.make_up_for_ticks(tables, now, cpu);
        if self.queues.takes_turns() {
            self.queues.enqueue(tables, &mut self.accounts, now, cpu, thread);
        } else {
            let crowded = !tables[cpu].queue.is_empty();
            let expired = crowded && self.queues.renew_expired_slice(tables, cpu);
            self.queues.enqueue(tables, &mut self.accounts, now, cpu, thread);
            tables.look(now, cpu);
            let running = tables
                .running_on(cpu)
                .expect("the thread would run at once on an idle CPU");
            if expired {
                self.reschedule_if_better(engine, cpu);
            } else if tables[cpu].queue.would_pick(thread, running) {
                self.give_way(engine, cpu);
            }
        }
        self.queues.want_tick(&mut self.tables, engine, cpu);
    }

    /// From now on the thread is busy with `activity`.
    pub fn enter(&mut self, engine: &Engine, thread: ThreadId, activity: Activity) {
        let record = &mut self.tables[thread];
        record.activity = activity;
        self.accounts.enter_activity(record, engine.now());
    }

    /// The slot of a CPU fired: a tick (`task_tick_fair`).
    pub fn tick(&mut self, engine: &Engine, cpu: CpuId) {
        let (now, tables) = (engine.now(), &mut self.tables);
        tables[cpu].tick_pending = false;
        if tables[cpu].queue.is_empty() {
            return;
        }
        tables.look(now, cpu);
        self.queues.renew_expired_slice(tables, cpu);
        if self.queues.takes_turns() {
            self.reschedule_if_better(engine, cpu);
            self.kick_idle_cpu(engine, cpu);
            if let Some(longer) = self.queues.even_out(&mut self.tables, now, cpu) {
                self.queue_has_grown(engine, longer);
            }
        } else {
            let round = self.balancing.due_for_balance(tables, now);
            round.early.into_iter().for_each(|to| self.pull_load(engine, to));
            self.reschedule_if_better(engine, cpu);
            self.kick_idle_cpu(engine, cpu);
            round.late.into_iter().for_each(|to| self.pull_load(engine, to));
        }
        self.queues.want_tick(&mut self.tables, engine, cpu);
    }

    /// A busy CPU takes load from another one if it should.
    fn pull_load(&mut self, engine: &Engine, to: CpuId) {
        if self
            .balancing
            .pull_load(&mut self.tables, &mut self.queues, engine.now(), to)
        {
            self.queue_has_grown(engine, to);
        }
    }

    /// Balancing has moved threads to the queue of a busy CPU.
    fn queue_has_grown(&mut self, engine: &Engine, cpu: CpuId) {
        self.reschedule_if_better(engine, cpu);
        self.queues.want_tick(&mut self.tables, engine, cpu);
    }

    /// A tick that finds a thread waiting while another CPU is idle makes that CPU take it.
    fn kick_idle_cpu(&mut self, engine: &Engine, cpu: CpuId) {
        let (now, cpus) = (engine.now(), &self.tables.cpus);
        if cpus.idle == 0 {
            return;
        }
        let Some(idle) = cpus.ids().find(|&other| cpus.is_idle(other)) else {
            return;
        };
        self.placement.idle_scan.expire(now);
        let queues = &mut self.queues;
        let pulled = self
            .balancing
            .pull_at_tick(&mut self.tables, queues, now, cpu, idle);
        if let Some(thread) = pulled {
            let latency = self.wake_latency(now, idle);
            self.dispatch(engine, idle, thread, latency);
        }
    }

    /// From now until a thread runs on `cpu`, which is idle.
    fn wake_latency(&mut self, now: Nanos, cpu: CpuId) -> Nanos {
        let is_hot = self.is_hot(now, cpu);
        let costs = &self.profile.machine.scheduler;
        if is_hot {
            costs.wake_latency_hot.sample(&mut self.latency)
        } else {
            costs.wake_latency.sample(&mut self.latency)
        }
    }

    fn is_hot(&self, now: Nanos, cpu: CpuId) -> bool {
        self.tables[cpu].is_hot(now, self.costs().hot_for)
    }

    /// The thread gives up its CPU.
    fn leave_cpu(&mut self, engine: &Engine, thread: ThreadId) {
        let (now, tables) = (engine.now(), &mut self.tables);
        let cpu = tables[thread].cpu;
        tables.charge(now, cpu);
        tables.track(now, cpu);
        let (slice, tick) = (self.queues.slice(), self.profile.machine.scheduler.tick.0 as i64);
        let record = &mut tables.threads[thread];
        record.utilization.sleeps();
        record.last_ran = Some(now);
        record.entity.lag = tables.cpus[cpu].queue.lag_of(&record.entity, slice, tick);
        if let State::Blocked { .. } = record.state {
            self.queues.stay_in_debt(tables, cpu, thread);
        }
        self.stop_running(engine, cpu, thread);
        self.tables[cpu].must_resched = false;
        self.run_next(engine, cpu);
    }

    /// The thread no longer runs on `cpu`, and no other thread does yet.
    fn stop_running(&mut self, engine: &Engine, cpu: CpuId, thread: ThreadId) {
        self.accounts.end_stay(Resource::Cpu(cpu), engine.now());
        let cpu_state = &mut self.tables[cpu];
        cpu_state.current = None;
        cpu_state.last = Some(thread);
        cpu_state.pace = Pace::FULL;
        let touching = self.tables[thread].touching;
        self.pacing.line_changed(&mut self.tables, engine, touching);
    }

    /// `schedule()`: gives a free CPU to the thread that should have it.
    fn run_next(&mut self, engine: &Engine, cpu: CpuId) {
        let (now, tables) = (engine.now(), &mut self.tables);
        if let Some(index) = self.queues.pick_next(tables, now, cpu, None) {
            let next = self.queues.take(tables, now, cpu, index).thread;
            self.switch_to(engine, cpu, next);
        } else if let Some(next) = self.balancing.newly_idle(tables, &mut self.queues, now, cpu) {
            self.switch_to(engine, cpu, next);
        } else {
            self.go_idle(engine, cpu);
        }
    }

    fn go_idle(&mut self, engine: &Engine, cpu: CpuId) {
        let context_switch = self.costs().context_switch;
        self.tables.cpus.idle += 1;
        let cpu_state = &mut self.tables[cpu];
        cpu_state.rested = true;
        cpu_state.free_from = cpu_state.free_from.max(engine.now()) + context_switch;
        self.pacing.speeds_changed(&mut self.tables, engine, cpu);
    }

    fn switch_to(&mut self, engine: &Engine, cpu: CpuId, thread: ThreadId) {
        let same = self.tables[cpu].last == Some(thread);
        let cost = if same {
            Nanos::ZERO
        } else {
            self.costs().context_switch
        };
        // The CPU was busy and stays so.
        self.tables.cpus.idle += 1;
        self.dispatch(engine, cpu, thread, cost);
    }

    /// Puts the thread on a free CPU, where its burst goes on after `delay`.
    fn dispatch(&mut self, engine: &Engine, cpu: CpuId, thread: ThreadId, delay: Nanos) {
        let (now, tables) = (engine.now(), &mut self.tables);
        let costs = &self.profile.machine;
        tables.cpus.idle -= 1;
        let is_hot = tables[cpu].is_hot(now, costs.scheduler.hot_for);
        let delay_of_caches = tables.delay_of_caches(&costs.cache, is_hot, cpu, thread);
        tables.track(now, cpu);
        tables.carry(now, thread, cpu);
        let record = &mut tables.threads[thread];
        if record.state == State::Queued {
            self.accounts.enter_activity(record, now);
        }
        record.state = State::OnCpu;
        record.cold.or_after(delay_of_caches, costs.cache.refill);
        self.accounts.begin_stay(Resource::Cpu(cpu), thread, now);
        record.entity.protected_until = if self.queues.takes_turns() {
            record.entity.vruntime + self.queues.slice()
        } else {
            record.entity.deadline
        };
        let cpu_state = &mut tables.cpus[cpu];
        cpu_state.current = Some(thread);
        cpu_state.rested = false;
        cpu_state.seen = record.entity.vruntime;
        cpu_state.charged_until = now.max(cpu_state.free_from) + delay;
        if cpu_state.last != Some(thread) {
            self.accounts.switches += 1;
        }
        let touching = record.touching;
        self.pacing.speeds_changed(tables, engine, cpu);
        self.pacing.line_changed(tables, engine, touching);
        tables.schedule_end_of_burst(engine, cpu, thread);
    }

    fn reschedule_if_better(&mut self, engine: &Engine, cpu: CpuId) {
        let running = self.tables.running_on(cpu).copied();
        let tables = &mut self.tables;
        let better = self.queues.pick_next(tables, engine.now(), cpu, running.as_ref());
        if better.is_some() {
            self.give_way(engine, cpu);
        }
    }

    /// The running thread gives way: at once, or at its next step if it is just being polled.
    fn give_way(&mut self, engine: &Engine, cpu: CpuId) {
        let current = self.tables[cpu].current.expect("only a busy CPU has to give way");
        if self.tables[current].in_burst {
            self.reschedule(engine, cpu);
        } else {
            self.tables[cpu].must_resched = true;
        }
    }

    /// Preempts the running thread in favour of the thread that should run now.
    fn reschedule(&mut self, engine: &Engine, cpu: CpuId) {
        let (now, tables) = (engine.now(), &mut self.tables);
        tables.charge(now, cpu);
        tables[cpu].must_resched = false;
        let current = tables[cpu].current.expect("only a busy CPU is rescheduled");
        let running = tables[current].entity;
        let Some(index) = self.queues.pick_next(tables, now, cpu, Some(&running)) else {
            tables.schedule_end_of_burst(engine, cpu, current);
            return;
        };
        let next = self.queues.take(tables, now, cpu, index).thread;
        tables.track(now, cpu);
        self.stop_running(engine, cpu, current);
        let record = &mut self.tables[current];
        engine.cancel(record.slot);
        record.state = State::Queued;
        record.last_ran = Some(now);
        self.accounts.enter_run_queue(record, now);
        let entity = record.entity;
        self.queues.put(&mut self.tables, now, cpu, current, entity);
        self.switch_to(engine, cpu, next);
    }
}
