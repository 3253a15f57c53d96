//! The CPUs (hardware threads) and who runs on them: slices, ticks, preemption, placement, balance.
//!
//! Models `kernel/sched/core.c` and the parts of `kernel/sched/fair.c` around the run queue ([`fair`](super::fair)):
//! `try_to_wake_up`, `select_idle_sibling`, `wakeup_preempt`, `task_tick_fair`, `sched_balance_newidle`.
//! Where a profile says so, threads take [`turns`] instead. Slices end at ticks only; a tick is simulated only where
//! more than one thread wants the CPU, and the ones in between are made up for by arithmetic.

mod accounting;
mod balance;
mod cache_line;
mod cold_caches;
mod cpu;
mod enqueue;
mod joint_speed;
mod newly_idle;
mod periodic_balance;
mod placement;
mod sleepers;
mod slices;
mod turns;
mod utilization;
mod wake_affine;

pub use cache_line::{LineId, Touching};
pub(crate) use cold_caches::Cold;
pub(crate) use wake_affine::{Wakes, Waking};

use cache_line::Pace;
use cpu::Cpu;
use newly_idle::Overloaded;
use periodic_balance::Rounds;
use utilization::IdleScan;

use rand::distr::Distribution;

use super::inspect::{Resource, Stays};
use super::process::Processes;
use super::suspension::BurstKind;
use super::thread::{Activity, FULL_SPEED, ObjectId, State, Thread, ThreadId, Woken, Work};
use crate::engine::{Action, Engine, Ledger};
use crate::profile::{CacheCosts, CacheLineCosts, JointSpeed, SchedulerCosts};
use crate::random::{Key, Stream};
use crate::units::Nanos;

/// Everything that the operating system keeps about threads and CPUs.
pub(crate) struct Scheduler {
    pub threads: Vec<Thread>,
    pub cpus: Vec<Cpu>,
    pub ledger: Ledger,
    pub processes: Processes,
    pub stays: Stays,
    /// Times that a CPU went from one thread to another.
    pub switches: u64,
    cores: usize,
    costs: SchedulerCosts,
    joint_speed: JointSpeed,
    cache: CacheCosts,
    cache_line: CacheLineCosts,
    /// How many there are.
    lines: u32,
    /// All CPUs run at full speed whatever their neighbours do.
    flat: bool,
    idle: usize,
    /// Whether it matters how busy CPUs have been.
    tracks: bool,
    idle_scan: IdleScan,
    /// The thread that was resumed last: at work at this moment, unless an interrupt is.
    polled: Option<ThreadId>,
    /// Of threads from queue to queue.
    moves: u64,
    /// Of threads that took a turn in a queue, where they take turns.
    turns: i64,
    /// Threads in all run queues together.
    waiting: usize,
    /// Threads that sleep and are in a run queue still.
    in_debt: usize,
    overloaded: Overloaded,
    /// The tick at which busy CPUs last looked at each other.
    balanced: Nanos,
    latency: Stream,
    dice: Stream,
    race: Stream,
}

impl Scheduler {
    /// `cores` x `smt` CPUs; CPU `c + k * cores` is the k-th hardware thread of core `c`.
    pub fn new(
        engine: &Engine,
        (cores, smt): (usize, usize),
        (costs, joint_speed, cache, cache_line): (SchedulerCosts, JointSpeed, CacheCosts, CacheLineCosts),
        ledger: Ledger,
        key: Key,
    ) -> Self {
        Self {
            threads: Vec::new(),
            cpus: (0..cores * smt)
                .map(|cpu| Cpu::new(engine.add_slot(), Rounds::from(costs.tick * cpu as u64)))
                .collect(),
            stays: Stays::new(ledger.is_recording()),
            ledger,
            processes: Processes::default(),
            switches: 0,
            cores,
            idle: cores * smt,
            tracks: utilization::is_tracked(&costs, cores * smt),
            idle_scan: IdleScan::all_of(cores * smt),
            polled: None,
            moves: 0,
            turns: 0,
            waiting: 0,
            in_debt: 0,
            overloaded: Overloaded::default(),
            balanced: Nanos::ZERO,
            costs,
            flat: smt == 1 && joint_speed.busy_cores.iter().all(|&speed| speed == FULL_SPEED),
            joint_speed,
            cache,
            cache_line,
            lines: 0,
            latency: Stream::named(key.name("wake latency")),
            dice: Stream::named(key.name("newidle balance")),
            race: Stream::named(key.name("balance")),
        }
    }

    /// A new burst for a thread that has its CPU. It runs at once, unless it had to give way.
    /// True if it is over already, for nothing else happens before its end.
    pub fn start_burst(&mut self, engine: &Engine, thread: ThreadId, work: Work, kind: BurstKind) -> bool {
        let cpu = self.threads[thread.index()].cpu;
        self.charge(engine, cpu);
        let delay = self.delay_of_code(thread, work, kind);
        let record = &mut self.threads[thread.index()];
        debug_assert!(
            record.state == State::OnCpu && !record.in_burst,
            "{} has no CPU",
            record.name
        );
        record.ask(work.plus(delay));
        record.interruptible = kind == BurstKind::InterruptibleCode;
        record.in_burst = true;
        if self.cpus[cpu].must_resched {
            self.reschedule(engine, cpu);
            return false;
        }
        let end = self.end_of_burst(cpu, thread);
        let over = engine.skip_to(end);
        if !over {
            engine.schedule(self.threads[thread.index()].slot, end, Action::Resume);
        }
        over
    }

    /// Whether the thread, which is being polled, has been told to give way.
    pub fn must_resched(&self, thread: ThreadId) -> bool {
        let record = &self.threads[thread.index()];
        !record.external && self.cpus[record.cpu].must_resched
    }

    /// Lets a burst end after `gap` more work at most; what lies beyond is kept for the thread to take up again.
    pub fn interrupt(&mut self, engine: &Engine, thread: ThreadId, gap: Work) {
        let record = &self.threads[thread.index()];
        if !record.in_burst || !record.interruptible {
            return;
        }
        let (cpu, on_cpu) = (record.cpu, record.state == State::OnCpu);
        if on_cpu {
            self.charge(engine, cpu);
        }
        let record = &mut self.threads[thread.index()];
        if record.remaining > gap {
            record.beyond.0 += record.remaining.0 - gap.0;
            record.remaining = gap;
            if on_cpu {
                self.schedule_end_of_burst(engine, cpu, thread);
            }
        }
    }

    /// The thread gives up its CPU and waits, until `deadline` at most.
    pub fn block(
        &mut self,
        engine: &Engine,
        thread: ThreadId,
        object: Option<ObjectId>,
        deadline: Option<Nanos>,
        hopeful: bool,
    ) {
        let record = &mut self.threads[thread.index()];
        record.waits_for = object;
        record.state = State::Blocked { hopeful };
        record.woken = Woken::Signalled;
        if let Some(deadline) = deadline {
            engine.schedule(record.slot, deadline.max(engine.now()), Action::Interrupt);
        }
        if !record.external {
            self.cpus[record.cpu].free_from = engine.now() + self.costs.sleep;
            record.entity.vruntime += self.costs.sleep.0 as i64;
            self.leave_cpu(engine, thread);
        }
    }

    /// The thread is being polled: its burst or wait is over. Gives back what an interruption left undone.
    pub fn resumed(&mut self, thread: ThreadId) -> Work {
        self.polled = Some(thread);
        let record = &mut self.threads[thread.index()];
        record.in_burst = false;
        record.give_back()
    }

    /// The thread is over and leaves its CPU for good.
    pub fn end(&mut self, engine: &Engine, thread: ThreadId) {
        self.threads[thread.index()].state = State::Ended;
        self.enter(engine, thread, Activity::Ended);
        if !self.threads[thread.index()].external {
            self.leave_cpu(engine, thread);
            self.forget(engine, thread);
        }
    }

    /// Whether the thread's life is over.
    #[inline]
    pub fn is_over(&self, thread: ThreadId) -> bool {
        self.threads[thread.index()].state == State::Ended
    }

    /// The thread is over wherever it is: on a CPU, in a run queue, or waiting.
    pub fn kill(&mut self, engine: &Engine, thread: ThreadId) {
        let (state, cpu, slot) = {
            let record = &self.threads[thread.index()];
            (record.state, record.cpu, record.slot)
        };
        engine.cancel(slot);
        match state {
            State::OnCpu => self.charge(engine, cpu),
            State::Queued => {
                self.track_waiting(engine, thread);
                if let Some(index) = self.cpus[cpu].queue.position_of(thread) {
                    self.take(engine, cpu, index);
                }
            }
            State::Blocked { .. } if self.threads[thread.index()].in_debt => {
                if let Some(index) = self.cpus[cpu].queue.position_of(thread) {
                    self.let_go(engine, cpu, index);
                }
            }
            State::Blocked { .. } | State::External | State::Ended => {}
        }
        let record = &mut self.threads[thread.index()];
        record.abandon();
        record.killed = true;
        record.state = State::Ended;
        self.enter(engine, thread, Activity::Ended);
        if state == State::OnCpu {
            self.leave_cpu(engine, thread);
        }
        if state != State::External && state != State::Ended {
            self.forget(engine, thread);
        }
    }

    /// Ends a wait. False where the thread was not waiting.
    pub fn wake(&mut self, engine: &Engine, thread: ThreadId, woken: Woken, waking: Waking) -> bool {
        let record = &mut self.threads[thread.index()];
        let State::Blocked { .. } = record.state else {
            return false;
        };
        record.woken = woken;
        record.remaining = Work::NONE;
        record.beyond = Work::NONE;
        if record.external {
            record.state = State::External;
            engine.schedule(record.slot, engine.now(), Action::Resume);
            return true;
        }
        record.in_burst = true;
        let cpu = self.cpu_for_woken(engine, thread, waking);
        self.threads[thread.index()].woke_hot = self.is_hot(engine, cpu);
        if self.is_idle(cpu) {
            let latency = self.wake_latency(engine, cpu);
            let entity = &mut self.threads[thread.index()].entity;
            entity.lag = 0;
            entity.deadline = entity.vruntime + self.costs.base_slice.0 as i64;
            self.dispatch(engine, cpu, thread, latency);
        } else {
            engine.cancel(self.threads[thread.index()].slot);
            if self.takes_turns() {
                self.queue_up(engine, cpu, thread);
            } else {
                self.enqueue_woken(engine, cpu, thread);
            }
        }
        true
    }

    /// From now on the thread is busy with `activity`.
    pub fn enter(&mut self, engine: &Engine, thread: ThreadId, activity: Activity) {
        let record = &mut self.threads[thread.index()];
        record.activity = activity;
        self.ledger.enter(record.track, activity.label(), engine.now());
    }

    /// From now until a thread runs on `cpu`, which is idle.
    fn wake_latency(&mut self, engine: &Engine, cpu: usize) -> Nanos {
        if self.is_hot(engine, cpu) {
            self.costs.wake_latency_hot.sample(&mut self.latency)
        } else {
            self.costs.wake_latency.sample(&mut self.latency)
        }
    }

    /// Whether a CPU has something in its caches of what the kernel does at wake-ups: it is busy or was so just now.
    fn is_hot(&self, engine: &Engine, cpu: usize) -> bool {
        let cpu = &self.cpus[cpu];
        cpu.current.is_some() || engine.now() < cpu.free_from + self.costs.hot_for
    }

    /// The thread gives up its CPU.
    fn leave_cpu(&mut self, engine: &Engine, thread: ThreadId) {
        let cpu = self.threads[thread.index()].cpu;
        self.charge(engine, cpu);
        self.track(engine, cpu);
        let (slice, tick) = (self.costs.base_slice.0 as i64, self.costs.tick.0 as i64);
        let record = &mut self.threads[thread.index()];
        record.utilization.sleeps();
        record.last_ran = Some(engine.now());
        record.entity.lag = self.cpus[cpu].queue.lag_of(&record.entity, slice, tick);
        if let State::Blocked { .. } = record.state {
            self.stay_in_debt(cpu, thread);
        }
        self.stays.end(Resource::Cpu(cpu), engine.now());
        let cpu_state = &mut self.cpus[cpu];
        cpu_state.current = None;
        cpu_state.last = Some(thread);
        cpu_state.must_resched = false;
        cpu_state.pace = Pace::FULL;
        self.line_changed(engine, self.threads[thread.index()].touching);
        self.run_next(engine, cpu);
    }

    /// `schedule()`: gives a free CPU to whoever should have it.
    fn run_next(&mut self, engine: &Engine, cpu: usize) {
        if let Some(index) = self.pick_next(engine, cpu, None) {
            let next = self.take(engine, cpu, index).thread;
            self.switch_to(engine, cpu, next);
        } else if let Some(next) = self.newly_idle(engine, cpu) {
            self.switch_to(engine, cpu, next);
        } else {
            self.go_idle(engine, cpu);
        }
    }

    fn go_idle(&mut self, engine: &Engine, cpu: usize) {
        self.idle += 1;
        self.cpus[cpu].rested = true;
        self.cpus[cpu].free_from = self.cpus[cpu].free_from.max(engine.now()) + self.costs.context_switch;
        self.speeds_changed(engine, cpu);
    }

    fn switch_to(&mut self, engine: &Engine, cpu: usize, thread: ThreadId) {
        let same = self.cpus[cpu].last == Some(thread);
        let cost = if same {
            Nanos::ZERO
        } else {
            self.costs.context_switch
        };
        // The CPU was busy and stays so.
        self.idle += 1;
        self.dispatch(engine, cpu, thread, cost);
    }

    /// Puts the thread on a free CPU, where its burst goes on after `delay`.
    fn dispatch(&mut self, engine: &Engine, cpu: usize, thread: ThreadId, delay: Nanos) {
        self.idle -= 1;
        let takes_turns = self.takes_turns();
        let delay_of_caches = self.delay_of_caches(engine, cpu, thread);
        self.track(engine, cpu);
        self.carry(engine, thread, cpu);
        let record = &mut self.threads[thread.index()];
        if record.state == State::Queued {
            self.ledger
                .enter(record.track, record.activity.label(), engine.now());
        }
        record.state = State::OnCpu;
        record.cold.or_after(delay_of_caches, self.cache.refill);
        self.stays.begin(Resource::Cpu(cpu), thread, engine.now());
        record.entity.protected_until = if takes_turns {
            record.entity.vruntime + self.costs.base_slice.0 as i64
        } else {
            record.entity.deadline
        };
        let cpu_state = &mut self.cpus[cpu];
        cpu_state.current = Some(thread);
        cpu_state.rested = false;
        cpu_state.seen = self.threads[thread.index()].entity.vruntime;
        cpu_state.charged_until = engine.now().max(cpu_state.free_from) + delay;
        if cpu_state.last != Some(thread) {
            self.switches += 1;
        }
        self.speeds_changed(engine, cpu);
        self.line_changed(engine, self.threads[thread.index()].touching);
        self.schedule_end_of_burst(engine, cpu, thread);
    }

    fn schedule_end_of_burst(&mut self, engine: &Engine, cpu: usize, thread: ThreadId) {
        let end = self.end_of_burst(cpu, thread);
        engine.schedule(self.threads[thread.index()].slot, end, Action::Resume);
    }

    fn end_of_burst(&self, cpu: usize, thread: ThreadId) -> Nanos {
        let cpu = &self.cpus[cpu];
        let left = self.threads[thread.index()].remaining.units();
        cpu.charged_until
            .saturating_add(cpu.pace.time_for(left, cpu.speed))
    }

    fn reschedule_if_better(&mut self, engine: &Engine, cpu: usize) {
        let running = self.running_on(cpu).copied();
        if self.pick_next(engine, cpu, running.as_ref()).is_some() {
            self.give_way(engine, cpu);
        }
    }

    /// The running thread gives way: at once, or at its next step if it is just being polled.
    fn give_way(&mut self, engine: &Engine, cpu: usize) {
        let current = self.cpus[cpu].current.expect("only a busy CPU has to give way");
        if self.threads[current.index()].in_burst {
            self.reschedule(engine, cpu);
        } else {
            self.cpus[cpu].must_resched = true;
        }
    }

    /// Preempts the running thread in favour of whoever should run now.
    fn reschedule(&mut self, engine: &Engine, cpu: usize) {
        self.charge(engine, cpu);
        self.cpus[cpu].must_resched = false;
        let running = self.running_on(cpu).copied();
        let Some(index) = self.pick_next(engine, cpu, running.as_ref()) else {
            let current = self.cpus[cpu].current.expect("only a busy CPU is rescheduled");
            self.schedule_end_of_burst(engine, cpu, current);
            return;
        };
        let next = self.take(engine, cpu, index).thread;
        self.stays.end(Resource::Cpu(cpu), engine.now());
        self.track(engine, cpu);
        let cpu_state = &mut self.cpus[cpu];
        let current = cpu_state.current.take().expect("only a busy CPU is rescheduled");
        cpu_state.last = Some(current);
        cpu_state.pace = Pace::FULL;
        self.line_changed(engine, self.threads[current.index()].touching);
        let record = &mut self.threads[current.index()];
        engine.cancel(record.slot);
        record.state = State::Queued;
        record.last_ran = Some(engine.now());
        self.ledger
            .enter(record.track, Activity::ReadyWithoutCore.label(), engine.now());
        let entity = record.entity;
        self.put(engine, cpu, current, entity);
        self.switch_to(engine, cpu, next);
    }
}
