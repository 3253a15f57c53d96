//! The operating system: CPUs and their scheduler, threads and processes, memory, and what threads wait for.
//!
//! Knows nothing of Python. A thread is an `async fn` that names itself in every call (`os.compute(me, ...)`): what
//! it awaits here is either a burst of CPU work or a wait, and the scheduler decides when either is over.

mod byte_stream;
mod condition_variable;
mod counted_queue;
mod deadlock;
mod epoll;
mod fair;
mod inspect;
mod kill;
mod memory;
mod mutex;
mod network;
mod out_of_memory;
mod pelt;
mod pipe;
mod process;
mod scheduler;
mod semaphore;
mod suspension;
mod thread;
mod unix_socket;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

pub use byte_stream::ByteStream;
pub use condition_variable::{ConditionVariable, Settle};
pub use counted_queue::CountedQueue;
pub use epoll::{Descriptor, Epoll};
pub use inspect::{Footprint, Life, Resource, Stay};
pub use memory::{PAGE, SegmentId, pages};
pub use mutex::Mutex;
pub use network::Network;
pub use out_of_memory::Kill;
pub use pipe::{CAPACITY as PIPE_CAPACITY, Pipe};
pub use process::{Parting, ProcessId};
pub use scheduler::{LineId, Touching};
pub use semaphore::Semaphore;
pub use suspension::{Burst, Wait, Wakeup};
pub use thread::{Activity, ObjectId, ThreadId, ThreadSpec, Woken, Work};
pub use unix_socket::UnixSocket;

use rand::distr::Distribution;

use crate::engine::{Ended, Engine, Ledger, Slot};
use crate::profile::{Costs, Profile};
use crate::random::{Key, Stream};
use crate::units::Nanos;
use deadlock::Objects;
use memory::Memory;
use out_of_memory::Limit;
use scheduler::{Scheduler, Waking};
use suspension::{BurstKind, Until};
use thread::{State, Thread};

/// A machine with its operating system.
pub struct Os {
    engine: Engine,
    scheduler: RefCell<Scheduler>,
    memory: RefCell<Memory>,
    memory_limit: RefCell<Limit>,
    objects: RefCell<Objects>,
    /// Foreground threads that something will make go on: running, ready or waiting for the clock.
    hopeful: Cell<usize>,
    deadlock: RefCell<Option<String>>,
    slack: RefCell<Stream>,
    profile: Arc<Profile>,
    recording: bool,
}

/// How a simulation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody called [`Os::stop`]: the foreground is done.
    Done,
    /// The time limit passed.
    Limit,
    /// No foreground thread can ever go on; says who waits for what.
    Deadlock(String),
}

impl Os {
    /// A machine of `cores` x `smt` CPUs at time zero. `key` names its random latencies.
    pub fn new(cores: usize, smt: usize, profile: Arc<Profile>, key: Key) -> Rc<Self> {
        Self::with_ledger(cores, smt, profile, key, Ledger::default())
    }

    /// The same, keeping every span of every thread, CPU and lock: see [`Os::spans`] and [`Os::stays`].
    pub fn recording(cores: usize, smt: usize, profile: Arc<Profile>, key: Key) -> Rc<Self> {
        Self::with_ledger(cores, smt, profile, key, Ledger::recording())
    }

    fn with_ledger(cores: usize, smt: usize, profile: Arc<Profile>, key: Key, ledger: Ledger) -> Rc<Self> {
        let engine = Engine::new();
        let recording = ledger.is_recording();
        let scheduler = Scheduler::new(
            &engine,
            (cores, smt),
            (
                profile.costs.scheduler.clone(),
                profile.costs.joint_speed.clone(),
                profile.costs.cache.clone(),
                profile.costs.cache_line.clone(),
            ),
            ledger,
            key,
        );
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
    pub(crate) fn costs(&self) -> &Costs {
        &self.profile.costs
    }

    /// Whether every span, stay and step is kept: see [`Os::recording`].
    pub const fn is_recording(&self) -> bool {
        self.recording
    }

    /// The simulated time.
    pub fn now(&self) -> Nanos {
        self.engine.now()
    }

    /// Lets the machine run until the foreground is done, is stuck for good, or `limit` has passed.
    pub fn run(&self, limit: Nanos) -> Outcome {
        let cpus = self.scheduler.borrow().cpus.len();
        let ended = self
            .engine
            .run(limit, |slot: Slot| match slot.index().checked_sub(cpus) {
                None => self.scheduler.borrow_mut().tick(&self.engine, slot.index()),
                Some(thread) => {
                    self.wake_because(ThreadId(thread as u32), Woken::TimedOut, Waking::Plainly);
                }
            });
        match (self.deadlock.take(), ended) {
            (Some(report), _) => Outcome::Deadlock(report),
            (None, Ended::Stopped) => Outcome::Done,
            (None, Ended::Limit) => Outcome::Limit,
            (None, Ended::Exhausted) => Outcome::Deadlock(self.who_waits_for_what()),
        }
    }

    /// Ends [`Os::run`]: the foreground is done.
    pub fn stop(&self) {
        self.engine.stop();
    }

    /// A new process that maps no memory yet.
    pub fn add_process(&self) -> ProcessId {
        self.scheduler.borrow_mut().processes.add()
    }

    /// A new thread, ready to run. `body` is given the thread's id.
    pub fn spawn<F: Future<Output = ()> + 'static>(
        self: &Rc<Self>,
        spec: ThreadSpec,
        body: impl FnOnce(ThreadId) -> F,
    ) -> ThreadId {
        self.spawn_where(spec, false, body)
    }

    /// A thread that lives outside the machine (a client on the network): it needs no CPU, does no CPU work, and
    /// goes on the moment that its wait is over.
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
        let thread = ThreadId(scheduler.threads.len() as u32);
        let slot = self.engine.add_slot();
        let track = scheduler.ledger.open(spec.activity.label(), self.now());
        let foreground = spec.foreground;
        let cpu = scheduler.cpu_for_new_thread(&self.engine);
        scheduler
            .threads
            .push(Thread::new(spec, slot, track, external, cpu, self.now()));
        if foreground {
            self.hopeful.set(self.hopeful.get() + 1);
        }
        scheduler.wake(&self.engine, thread, Woken::Signalled, Waking::AtBirth);
        scheduler.guess_utilization(&self.engine, thread);
        drop(scheduler);
        let (os, life) = (self.clone(), body(thread));
        self.engine.spawn(slot, async move {
            os.resumed(thread);
            life.await;
            os.ended(thread);
        });
        thread
    }

    /// CPU work of the calling thread, at the pace of the core that it gets; preempted and resumed at will.
    pub fn compute(&self, me: ThreadId, time: Nanos) -> Burst<'_> {
        Burst {
            os: self,
            me,
            work: Work::at_full_speed(time),
            kind: BurstKind::Plain,
            begun: false,
        }
    }

    /// The same of code that has to come into the core's caches first: of the interpreter, not of the kernel, whose way to
    /// a thread that wakes is in the wake-up latency.
    pub fn execute(&self, me: ThreadId, time: Nanos) -> Burst<'_> {
        Burst {
            kind: BurstKind::Code,
            ..self.compute(me, time)
        }
    }

    /// The same that [`Os::interrupt`] may cut short. Gives back what is left of it.
    pub fn execute_interruptibly(&self, me: ThreadId, work: Work) -> Burst<'_> {
        Burst {
            work,
            kind: BurstKind::InterruptibleCode,
            ..self.compute(me, Nanos::ZERO)
        }
    }

    /// Makes an interruptible burst of `thread` end after at most `gap` more CPU time. Nothing happens if it is
    /// in no such burst.
    pub fn interrupt(&self, thread: ThreadId, gap: Nanos) {
        self.scheduler
            .borrow_mut()
            .interrupt(&self.engine, thread, Work::at_full_speed(gap));
    }

    /// A cost too small for an event of its own: the calling thread works it off before its next burst.
    pub fn owe(&self, me: ThreadId, time: Nanos) {
        let owed = &mut self.scheduler.borrow_mut().threads[me.index()].owed;
        *owed = owed.plus(Work::at_full_speed(time));
    }

    /// A cache line that threads will write to.
    pub fn add_line(&self) -> LineId {
        self.scheduler.borrow_mut().add_line()
    }

    /// From now on the calling thread keeps touching a cache line while it works, or none.
    pub fn touch(&self, me: ThreadId, touching: Option<Touching>) {
        self.scheduler.borrow_mut().touch(&self.engine, me, touching);
    }

    /// Where the kernel returns to the program: the calling thread gives way if it has been told to.
    pub fn preemption_point(&self, me: ThreadId) -> Burst<'_> {
        self.compute(me, Nanos::ZERO)
    }

    /// Wakes a thread that sleeps on a futex, if there is one, for which the calling thread pays before it goes on; on
    /// its way back from the kernel it may have to give way to whom it woke.
    #[inline]
    pub(crate) fn futex_wake(&self, me: ThreadId, sleeper: impl Into<Option<ThreadId>>) -> Wakeup<'_> {
        self.wake_and_pay(me, sleeper.into(), Waking::Plainly)
    }

    /// The same where nobody sees when the call returns: the cost goes before the calling thread's next burst.
    #[inline]
    pub(crate) fn futex_wake_on_credit(
        &self,
        me: ThreadId,
        sleeper: impl Into<Option<ThreadId>>,
    ) -> Wakeup<'_> {
        self.wake_on_credit(me, sleeper.into(), Waking::Plainly)
    }

    /// Wakes a thread that waits for bytes or for room: the calling thread is taken to be about to wait itself
    /// (`wake_up_interruptible_sync_poll`).
    #[inline]
    pub(crate) fn sync_wake(&self, me: ThreadId, sleeper: impl Into<Option<ThreadId>>) -> Wakeup<'_> {
        self.wake_and_pay(me, sleeper.into(), Waking::Synchronously)
    }

    /// The same where nobody sees when the call returns.
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

    /// Wakes a sleeper. Says what that costs the calling thread.
    fn wake_at_cost(&self, me: ThreadId, sleeper: ThreadId, waking: Waking) -> Nanos {
        let slept = self.wake_because(sleeper, Woken::Signalled, waking);
        let costs = &self.costs().scheduler;
        let threads = &self.scheduler.borrow().threads;
        if threads[me.index()].external || threads[sleeper.index()].external {
            // The network is no futex.
            Nanos::ZERO
        } else if slept && threads[sleeper.index()].state == State::OnCpu {
            costs.futex_wake + costs.wake_idle_core
        } else {
            costs.futex_wake
        }
    }

    /// Waits off-core for `object`, until woken.
    pub fn block(&self, me: ThreadId, object: ObjectId) -> Wait<'_> {
        self.wait(me, Some(object), Until::Woken)
    }

    /// Waits off-core for `object`, until woken or for `time` and the timer's slack.
    pub fn block_for(&self, me: ThreadId, object: ObjectId, time: Nanos) -> Wait<'_> {
        self.wait(me, Some(object), Until::Timer(time))
    }

    /// Waits off-core for `time` and the timer's slack.
    pub fn sleep(&self, me: ThreadId, time: Nanos) -> Wait<'_> {
        self.wait(me, None, Until::Timer(time))
    }

    /// Waits off-core for `time` and the timer's slack, only to look then whether `object` is there: as long as it is
    /// not, the thread is none that goes on by itself.
    pub fn sleep_between_looks(&self, me: ThreadId, object: ObjectId, time: Nanos) -> Wait<'_> {
        self.wait(me, Some(object), Until::NextLook(time))
    }

    /// Waits off-core for a device that answers after `time` exactly: no timer, no slack.
    pub fn wait_for_device(&self, me: ThreadId, time: Nanos) -> Wait<'_> {
        self.wait(me, None, Until::Device(time))
    }

    /// Waits off-core for `object`, until woken by a thread that is sure to come, so that the wait never makes a
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
        let record = &scheduler.threads[thread.index()];
        if record.foreground && record.state == (State::Blocked { hopeful: false }) {
            self.hopeful.set(self.hopeful.get() + 1);
        }
        scheduler.wake(&self.engine, thread, woken, waking)
    }

    /// Whether a thread has a CPU.
    pub(crate) fn is_on_cpu(&self, thread: ThreadId) -> bool {
        self.scheduler.borrow().threads[thread.index()].state == State::OnCpu
    }

    /// Whether the calling thread's last wait ended on a core that was not cold: one that had just been busy.
    pub(crate) fn woke_hot(&self, me: ThreadId) -> bool {
        self.scheduler.borrow().threads[me.index()].woke_hot
    }

    /// Sets what the calling thread is busy with, and gives back what it was before.
    pub fn enter(&self, me: ThreadId, activity: Activity) -> Activity {
        let mut scheduler = self.scheduler.borrow_mut();
        let before = scheduler.threads[me.index()].activity;
        if before != activity && before != Activity::Ended {
            scheduler.enter(&self.engine, me, activity);
        }
        before
    }

    /// A process ends, and its memory is given back, but for pages that processes which it forked still map. Says whether
    /// it had not ended before.
    pub fn exit_process(&self, process: ProcessId) -> bool {
        self.memory.borrow_mut().exit(process);
        self.scheduler.borrow_mut().processes.end(process)
    }

    /// Whose thread it is; `None` outside of all processes.
    pub fn process_of(&self, thread: ThreadId) -> Option<ProcessId> {
        self.scheduler.borrow().threads[thread.index()].process
    }

    /// As reports name a thread.
    pub fn name_of(&self, thread: ThreadId) -> Rc<str> {
        self.scheduler.borrow().threads[thread.index()].name.clone()
    }

    /// How many events have fired.
    pub fn events(&self) -> u64 {
        self.engine.events()
    }

    /// Times that a CPU went from one thread to another.
    pub fn switches(&self) -> u64 {
        self.scheduler.borrow().switches
    }

    /// Time that a thread has spent with an activity until now.
    pub fn time_in(&self, thread: ThreadId, activity: Activity) -> Nanos {
        let scheduler = self.scheduler.borrow();
        let totals = scheduler
            .ledger
            .totals(scheduler.threads[thread.index()].track, self.now());
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
