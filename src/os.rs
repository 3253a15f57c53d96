//! The operating system: CPUs and their scheduler, threads and processes, memory, and what threads wait for.
//!
//! It knows nothing about Python. A thread is an `async fn` that names itself in every call (`os.compute(me, ...)`). It
//! awaits either a burst of CPU work or a wait, and the scheduler decides when either is over.

mod byte_stream;
mod condition_variable;
mod counted_queue;
mod deadlock;
mod epoll;
#[cfg(feature = "internals")]
mod inspect;
mod kill;
mod memory;
mod mutex;
mod network;
mod out_of_memory;
mod pipe;
mod process_table;
mod scheduler;
mod semaphore;
mod stays;
mod suspension;
mod thread;
mod unix_socket;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

pub use byte_stream::ByteStream;
pub(crate) use condition_variable::{ConditionVariable, Settle};
pub use counted_queue::CountedQueue;
pub(crate) use epoll::{Descriptor, Epoll};
#[cfg(feature = "internals")]
pub use inspect::{Footprint, Life};
pub(crate) use memory::{SegmentId, pages};
pub use mutex::Mutex;
pub(crate) use network::Network;
pub(crate) use pipe::CAPACITY as PIPE_CAPACITY;
pub use pipe::Pipe;
pub use process_table::{Parting, ProcessId};
pub use scheduler::CpuId;
pub(crate) use scheduler::{LineId, Touching};
pub use semaphore::Semaphore;
#[cfg(feature = "internals")]
pub use stays::{Resource, Stay};
pub use suspension::{Burst, Wait, Wakeup};
pub use thread::{Activity, ObjectId, ThreadId, ThreadSpec, Woken, Work};
pub use unix_socket::UnixSocket;

use rand::distr::Distribution;

use crate::engine::{Ended, Engine, Ledger, Slot};
use crate::profile::{MachineCosts, Profile};
use crate::random::{Key, Stream};
use crate::units::Nanos;
use deadlock::Objects;
use memory::Memory;
use out_of_memory::Limit;
use scheduler::{Scheduler, SlotOwner, Waking};
use suspension::{BurstKind, Until};
use thread::{State, Thread};

/// A machine with its operating system.
pub struct Os {
    engine: Engine,
    scheduler: RefCell<Scheduler>,
    memory: RefCell<Memory>,
    memory_limit: RefCell<Limit>,
    objects: RefCell<Objects>,
    /// Number of foreground threads that will go on without another thread's help: running, ready or waiting for the
    /// clock.
    hopeful: Cell<usize>,
    deadlock: RefCell<Option<String>>,
    slack: RefCell<Stream>,
    profile: Arc<Profile>,
    recording: bool,
}

/// How a simulation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// [`Os::stop`] was called: the foreground is done.
    Done,
    /// The time limit passed.
    Limit,
    /// No foreground thread can ever go on; the text says which thread waits for what.
    Deadlock(String),
}

impl Os {
    /// A machine of `cores` x `smt` CPUs at time zero. `key` names its random latencies.
    pub fn new(cores: usize, smt: usize, profile: Arc<Profile>, key: Key) -> Rc<Self> {
        Self::with_ledger(cores, smt, profile, key, Ledger::default())
    }

    /// Like [`Os::new`], and keeps every span of every thread, CPU and lock: see [`Os::spans`] and [`Os::stays`].
    #[cfg(feature = "internals")]
    pub fn recording(cores: usize, smt: usize, profile: Arc<Profile>, key: Key) -> Rc<Self> {
        Self::with_ledger(cores, smt, profile, key, Ledger::recording())
    }

    fn with_ledger(cores: usize, smt: usize, profile: Arc<Profile>, key: Key, ledger: Ledger) -> Rc<Self> {
        let engine = Engine::new();
        let recording = ledger.is_recording();
        let scheduler = Scheduler::new(&engine, (cores, smt), &profile, ledger, key);
        Rc::new(Self {
            engine,
            scheduler: RefCell::new(scheduler),
            memory: RefCell::default(),
            memory_limit: RefCell::default(),
            objects: RefCell::default(),
            hopeful: Cell::new(0),
            deadlock: RefCell::new(None),
            slack: RefCell::new(Stream::named(key.name("timer slack"))),
            profile,
            recording,
        })
    }

    /// What the kernel's work costs.
    pub(crate) fn costs(&self) -> &MachineCosts {
        &self.profile.machine
    }

    /// Whether every span, stay and step is kept: see [`Os::recording`].
    pub(crate) const fn is_recording(&self) -> bool {
        self.recording
    }

    /// The simulated time.
    pub fn now(&self) -> Nanos {
        self.engine.now()
    }

    /// Runs the machine until the foreground is done or can never go on, or until `limit`.
    pub fn run(&self, limit: Nanos) -> Outcome {
        let ended = self.engine.run(limit, |slot: Slot| self.interrupted(slot));
        match (self.deadlock.take(), ended) {
            (Some(report), _) => Outcome::Deadlock(report),
            (None, Ended::Stopped) => Outcome::Done,
            (None, Ended::Limit) => Outcome::Limit,
            (None, Ended::Exhausted) => Outcome::Deadlock(self.who_waits_for_what()),
        }
    }

    /// The slot of a CPU or of a waiting thread fired: a tick, or the thread's timer.
    fn interrupted(&self, slot: Slot) {
        let mut scheduler = self.scheduler.borrow_mut();
        match scheduler.tables.owner_of(slot) {
            SlotOwner::Cpu(cpu) => scheduler.tick(&self.engine, cpu),
            SlotOwner::Thread(thread) => {
                drop(scheduler);
                self.wake_because(thread, Woken::TimedOut, Waking::Plainly);
            }
        }
    }

    /// Ends [`Os::run`]: the foreground is done.
    pub fn stop(&self) {
        self.engine.stop();
    }

    /// Adds a process that maps no memory yet.
    pub fn add_process(&self) -> ProcessId {
        self.scheduler.borrow_mut().processes.add()
    }

    /// Adds a thread that is ready to run. `body` receives the thread's id.
    pub fn spawn<F: Future<Output = ()> + 'static>(
        self: &Rc<Self>,
        spec: ThreadSpec,
        body: impl FnOnce(ThreadId) -> F,
    ) -> ThreadId {
        self.spawn_where(spec, false, body)
    }

    /// Adds a thread that lives outside the machine (a client on the network): it needs no CPU, does no CPU work, and
    /// goes on at the moment when its wait is over.
    pub fn spawn_external<F: Future<Output = ()> + 'static>(
        self: &Rc<Self>,
        spec: ThreadSpec,
        body: impl FnOnce(ThreadId) -> F,
    ) -> ThreadId {
        self.spawn_where(spec, true, body)
    }

    fn spawn_where<F: Future<Output = ()> + 'static>(
        self: &Rc<Self>,
        spec: ThreadSpec,
        external: bool,
        body: impl FnOnce(ThreadId) -> F,
    ) -> ThreadId {
        let mut scheduler = self.scheduler.borrow_mut();
        let thread = scheduler.tables.threads.next();
        let slot = self.engine.add_slot();
        let track = scheduler.accounts.ledger.open(spec.activity.label(), self.now());
        let foreground = spec.foreground;
        let cpu = scheduler.cpu_for_new_thread(&self.engine);
        let record = Thread::new(spec, slot, track, external, cpu, self.now());
        scheduler.tables.threads.add(record);
        if foreground {
            self.hopeful.set(self.hopeful.get() + 1);
        }
        scheduler.wake(&self.engine, thread, Woken::Signalled, Waking::AtBirth);
        scheduler.tables.guess_utilization(self.now(), thread);
        drop(scheduler);
        let (os, life) = (self.clone(), body(thread));
        self.engine.spawn(slot, async move {
            os.resumed(thread);
            life.await;
            os.ended(thread);
        });
        thread
    }

    /// CPU work of the calling thread, at the pace of the core that it gets. The thread may be preempted and resumed.
    pub fn compute(&self, me: ThreadId, time: Nanos) -> Burst<'_> {
        Burst {
            os: self,
            me,
            work: Work::at_full_speed(time),
            kind: BurstKind::Plain,
            begun: false,
        }
    }

    /// Like [`Os::compute`], for code that the core's caches must load first: code of the interpreter. The kernel's way
    /// to a thread that wakes up is part of the wake-up latency.
    pub fn execute(&self, me: ThreadId, time: Nanos) -> Burst<'_> {
        Burst {
            kind: BurstKind::Code,
            ..self.compute(me, time)
        }
    }

    /// Like [`Os::execute`], for work that [`Os::interrupt`] may cut short. Returns the work that is left.
    pub(crate) fn execute_interruptibly(&self, me: ThreadId, work: Work) -> Burst<'_> {
        Burst {
            work,
            kind: BurstKind::InterruptibleCode,
            ..self.compute(me, Nanos::ZERO)
        }
    }

    /// Ends an interruptible burst of `thread` after at most `gap` more CPU time. Does nothing if the thread is not in
    /// such a burst.
    pub(crate) fn interrupt(&self, thread: ThreadId, gap: Nanos) {
        self.scheduler
            .borrow_mut()
            .interrupt(&self.engine, thread, Work::at_full_speed(gap));
    }

    /// Adds a cost that is too small for an event of its own: the calling thread pays it before its next burst.
    pub(crate) fn owe(&self, me: ThreadId, time: Nanos) {
        let owed = &mut self.scheduler.borrow_mut().tables[me].owed;
        *owed = owed.plus(Work::at_full_speed(time));
    }

    /// Adds a cache line that threads will write to.
    pub(crate) fn add_line(&self) -> LineId {
        self.scheduler.borrow_mut().pacing.add_line()
    }

    /// From now on the calling thread touches a cache line again and again while it works, or none.
    pub fn touch(&self, me: ThreadId, touching: Option<Touching>) {
        let scheduler = &mut *self.scheduler.borrow_mut();
        scheduler
            .pacing
            .touch(&mut scheduler.tables, &self.engine, me, touching);
    }

    /// The kernel returns to the program: the calling thread gives way if it has been told to.
    pub(crate) fn preemption_point(&self, me: ThreadId) -> Burst<'_> {
        self.compute(me, Nanos::ZERO)
    }

    /// Wakes a thread that sleeps on a futex, if there is one. The calling thread pays for it before it goes on, and
    /// may have to give way to the woken thread on its way back from the kernel.
    #[inline]
    pub(crate) fn futex_wake(&self, me: ThreadId, sleeper: impl Into<Option<ThreadId>>) -> Wakeup<'_> {
        self.wake_and_pay(me, sleeper.into(), Waking::Plainly)
    }

    /// Like [`Os::futex_wake`], where it does not matter when the call returns: the calling thread pays before its next
    /// burst.
    #[inline]
    pub(crate) fn futex_wake_on_credit(
        &self,
        me: ThreadId,
        sleeper: impl Into<Option<ThreadId>>,
    ) -> Wakeup<'_> {
        self.wake_on_credit(me, sleeper.into(), Waking::Plainly)
    }

    /// Wakes a thread that waits for bytes or for room. The kernel assumes that the calling thread is about to wait
    /// itself (`wake_up_interruptible_sync_poll`).
    #[inline]
    pub(crate) fn sync_wake(&self, me: ThreadId, sleeper: impl Into<Option<ThreadId>>) -> Wakeup<'_> {
        self.wake_and_pay(me, sleeper.into(), Waking::Synchronously)
    }

    /// Like [`Os::sync_wake`], where it does not matter when the call returns.
    #[inline]
    pub(crate) fn sync_wake_on_credit(
        &self,
        me: ThreadId,
        sleeper: impl Into<Option<ThreadId>>,
    ) -> Wakeup<'_> {
        self.wake_on_credit(me, sleeper.into(), Waking::Synchronously)
    }

    #[inline]
    fn wake_and_pay(&self, me: ThreadId, sleeper: Option<ThreadId>, waking: Waking) -> Wakeup<'_> {
        Wakeup(sleeper.map(|sleeper| {
            let cost = self.wake_at_cost(me, sleeper, waking);
            self.compute(me, cost)
        }))
    }

    #[inline]
    fn wake_on_credit(&self, me: ThreadId, sleeper: Option<ThreadId>, waking: Waking) -> Wakeup<'_> {
        Wakeup(sleeper.map(|sleeper| {
            let cost = self.wake_at_cost(me, sleeper, waking);
            self.owe(me, cost);
            self.preemption_point(me)
        }))
    }

    /// Wakes a sleeper. Returns what that costs the calling thread.
    fn wake_at_cost(&self, me: ThreadId, sleeper: ThreadId, waking: Waking) -> Nanos {
        let slept = self.wake_because(sleeper, Woken::Signalled, waking);
        let costs = &self.costs().scheduler;
        let threads = &self.scheduler.borrow().tables.threads;
        if threads[me].external || threads[sleeper].external {
            // The network is not a futex.
            Nanos::ZERO
        } else if slept && threads[sleeper].state == State::OnCpu {
            costs.futex_wake + costs.wake_idle_core
        } else {
            costs.futex_wake
        }
    }

    /// Waits off-core for `object`, until woken.
    pub(crate) fn block(&self, me: ThreadId, object: ObjectId) -> Wait<'_> {
        self.wait(me, Some(object), Until::Woken)
    }

    /// Waits off-core for `object`, until woken or for `time` and the timer's slack.
    pub(crate) fn block_for(&self, me: ThreadId, object: ObjectId, time: Nanos) -> Wait<'_> {
        self.wait(me, Some(object), Until::Timer(time))
    }

    /// Waits off-core for `time` and the timer's slack.
    #[cfg(feature = "internals")]
    pub fn sleep(&self, me: ThreadId, time: Nanos) -> Wait<'_> {
        self.wait(me, None, Until::Timer(time))
    }

    /// Waits off-core for `time` and the timer's slack, to look then whether `object` is there. For as long as it is
    /// not, the thread does not count as one that goes on by itself.
    pub(crate) fn sleep_between_looks(&self, me: ThreadId, object: ObjectId, time: Nanos) -> Wait<'_> {
        self.wait(me, Some(object), Until::NextLook(time))
    }

    /// Waits off-core for a device that answers after exactly `time`, without a timer and its slack.
    pub fn wait_for_device(&self, me: ThreadId, time: Nanos) -> Wait<'_> {
        self.wait(me, None, Until::Device(time))
    }

    /// Waits off-core for `object`, until woken by a thread that is certain to come, so that the wait never causes a
    /// deadlock, or for `time` and the timer's slack.
    #[inline]
    pub(crate) fn block_for_sure(&self, me: ThreadId, object: ObjectId, time: Option<Nanos>) -> Wait<'_> {
        self.wait(me, Some(object), time.map_or(Until::SurelyWoken, Until::Timer))
    }

    #[inline]
    fn wait(&self, me: ThreadId, object: Option<ObjectId>, until: Until) -> Wait<'_> {
        Wait {
            os: self,
            me,
            object,
            until,
            begun: false,
        }
    }

    /// When a timer set for `time` from now goes off.
    fn timer_after(&self, time: Nanos) -> Nanos {
        let slack = self
            .costs()
            .scheduler
            .timer_slack
            .sample(&mut self.slack.borrow_mut());
        let time = self.now().saturating_add(time).saturating_add(slack);
        match self.costs().scheduler.timer_quantum {
            Nanos::ZERO => time,
            quantum => Nanos(time.0.checked_next_multiple_of(quantum.0).unwrap_or(u64::MAX)),
        }
    }

    /// Ends a wait of `thread`. False where it was not waiting.
    pub fn wake(&self, thread: ThreadId) -> bool {
        self.wake_because(thread, Woken::Signalled, Waking::Plainly)
    }

    fn wake_because(&self, thread: ThreadId, woken: Woken, waking: Waking) -> bool {
        let mut scheduler = self.scheduler.borrow_mut();
        let record = &scheduler.tables[thread];
        if record.foreground && record.state == (State::Blocked { hopeful: false }) {
            self.hopeful.set(self.hopeful.get() + 1);
        }
        scheduler.wake(&self.engine, thread, woken, waking)
    }

    /// Whether a thread has a CPU.
    pub(crate) fn is_on_cpu(&self, thread: ThreadId) -> bool {
        self.scheduler.borrow().tables[thread].state == State::OnCpu
    }

    /// Whether the calling thread's last wait ended on a core that was not cold: one that had just been busy.
    pub(crate) fn woke_hot(&self, me: ThreadId) -> bool {
        self.scheduler.borrow().tables[me].woke_hot
    }

    /// Sets the activity of the calling thread, and returns its previous one.
    pub fn enter(&self, me: ThreadId, activity: Activity) -> Activity {
        let mut scheduler = self.scheduler.borrow_mut();
        let before = scheduler.tables[me].activity;
        if before != activity && before != Activity::Ended {
            scheduler.enter(&self.engine, me, activity);
        }
        before
    }

    /// Ends a process and gives its memory back, except for pages that its forked children still map. Says whether it
    /// had not ended before.
    pub(crate) fn exit_process(&self, process: ProcessId) -> bool {
        self.memory.borrow_mut().exit(process);
        self.scheduler.borrow_mut().processes.end(process)
    }

    /// The process of a thread; `None` outside of all processes.
    pub(crate) fn process_of(&self, thread: ThreadId) -> Option<ProcessId> {
        self.scheduler.borrow().tables[thread].process
    }

    /// The name of a thread in reports.
    pub(crate) fn name_of(&self, thread: ThreadId) -> Rc<str> {
        self.scheduler.borrow().tables[thread].name.clone()
    }

    /// Number of events that have fired.
    pub fn events(&self) -> u64 {
        self.engine.events()
    }

    /// Number of times that a CPU went from one thread to another.
    pub fn switches(&self) -> u64 {
        self.scheduler.borrow().accounts.switches
    }

    /// Time that a thread has spent with an activity until now.
    pub(crate) fn time_in(&self, thread: ThreadId, activity: Activity) -> Nanos {
        let scheduler = self.scheduler.borrow();
        let totals = scheduler
            .accounts
            .ledger
            .totals(scheduler.tables[thread].track, self.now());
        Nanos(totals[activity.label() as usize])
    }

    /// The calling thread is being polled: its burst or wait is over.
    fn resumed(&self, me: ThreadId) {
        self.scheduler.borrow_mut().resumed(me);
    }

    fn ended(&self, me: ThreadId) {
        self.scheduler.borrow_mut().end(&self.engine, me);
        self.lost_hope(me);
    }
}
