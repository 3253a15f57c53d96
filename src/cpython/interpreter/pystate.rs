//! A thread of an interpreter: `PyThreadState`, and what it does between two looks at the eval breaker.
//!
//! Mirrors `Python/pystate.c` (`_PyThreadState_Attach`, `_PyThreadState_Detach`), `Python/ceval_gil.c`
//! (`_Py_HandlePending`) and the macros `Py_BEGIN_ALLOW_THREADS` and `Py_END_ALLOW_THREADS`.
//!
//! In the free-threaded build the eval breaker says to stop with the rest of the world instead, bytecode takes longer,
//! and what threads share costs each of them: see [`shared_objects`](super::shared_objects).

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

use super::ceval_gil::Gil;
use super::interpreter_lock::{FreeThreaded, InterpreterLock};
use super::shared_objects::SharedObjects;
use crate::model::{Python, Version};
use crate::os::{Activity, Os, Pipe, ProcessId, SegmentId, ThreadId, Work};
use crate::profile::{Costs, Profile};
use crate::random::Key;
use crate::units::Nanos;

/// An interpreter: one for each process, and those that a process has beside its main one.
pub struct Interpreter {
    /// The machine.
    pub os: Rc<Os>,
    /// The process that it lives in.
    pub process: ProcessId,
    /// As reports name the process.
    pub name: Rc<str>,
    /// What its steps cost: see [`Interpreter::costs`].
    profile: Arc<Profile>,
    /// Version, switch interval and check interval.
    pub python: Python,
    /// Its lock.
    pub lock: InterpreterLock,
    /// Its objects that several threads use.
    pub(crate) shared_objects: SharedObjects,
    /// `resource_tracker._resource_tracker`: whom its process tells of what it shares, once it has had to.
    pub(crate) tracker: RefCell<Option<Rc<Pipe>>>,
    /// The pages of CPython's own files, which all its processes map.
    code: SegmentId,
    /// Names the random draws of its lock.
    key: Key,
}

impl Interpreter {
    /// An interpreter in a process of its own, which maps nothing yet but the files of CPython.
    pub fn new(os: &Rc<Os>, name: &str, profile: &Arc<Profile>, python: &Python, key: Key) -> Rc<Self> {
        let (process, code) = (os.add_process(), os.add_segment(false));
        os.map_segment(process, code);
        os.populate(code, profile.costs.memory.code);
        Self::in_process(os, process, code, name, profile, python, key)
    }

    fn in_process(
        os: &Rc<Os>,
        process: ProcessId,
        code: SegmentId,
        name: &str,
        profile: &Arc<Profile>,
        python: &Python,
        key: Key,
    ) -> Rc<Self> {
        let lock = InterpreterLock::new(os, name, profile, python, key);
        Rc::new(Self {
            os: os.clone(),
            process,
            name: name.into(),
            profile: profile.clone(),
            python: python.clone(),
            lock,
            shared_objects: SharedObjects::default(),
            tracker: RefCell::default(),
            code,
            key,
        })
    }

    /// What the steps of the interpreter and of Python's libraries cost. The kernel's costs are those of [`Os::costs`].
    pub(crate) fn costs(&self) -> &Costs {
        &self.profile.costs
    }

    /// Another interpreter of the same process, with a lock of its own: `Py_NewInterpreterFromConfig`.
    pub fn sibling(&self, name: &str) -> Rc<Self> {
        self.like_this(self.process, name)
    }

    /// The interpreter of a child process that is a copy of this one's.
    pub fn forked(&self, name: &str) -> Rc<Self> {
        let process = self.os.add_process();
        self.os.fork_memory(self.process, process);
        self.child(process, name)
    }

    /// The interpreter of a child process that starts anew.
    pub fn spawned(&self, name: &str) -> Rc<Self> {
        let process = self.os.add_process();
        self.os.map_segment(process, self.code);
        self.child(process, name)
    }

    fn like_this(&self, process: ProcessId, name: &str) -> Rc<Self> {
        let Self {
            os,
            code,
            profile,
            python,
            key,
            ..
        } = self;
        Self::in_process(os, process, *code, name, profile, python, *key)
    }

    /// A child knows its parent's resource tracker: the descriptor is inherited or passed on.
    fn child(&self, process: ProcessId, name: &str) -> Rc<Self> {
        let child = self.like_this(process, name);
        *child.tracker.borrow_mut() = self.tracker.borrow().clone();
        child
    }
}

/// A thread that is known to an interpreter.
#[derive(Clone)]
pub struct ThreadState {
    /// Whose thread it is.
    pub interpreter: Rc<Interpreter>,
    /// What the operating system calls it.
    pub id: ThreadId,
}

impl ThreadState {
    /// The machine.
    pub fn os(&self) -> &Rc<Os> {
        &self.interpreter.os
    }

    /// What the steps of the interpreter and of Python's libraries cost. The kernel's costs are those of [`Os::costs`].
    pub(crate) fn costs(&self) -> &Costs {
        self.interpreter.costs()
    }

    /// Takes the interpreter lock.
    pub fn attach(&self) -> impl Future<Output = ()> {
        self.interpreter.lock.attach(self.os(), self.id)
    }

    /// Lets go of the interpreter lock.
    pub fn detach(&self) -> impl Future<Output = ()> {
        self.interpreter.lock.detach(self.os(), self.id)
    }

    /// Runs bytecode for `time`, giving way to other threads as this version of the interpreter does.
    pub async fn bytecode(&self, time: Nanos) {
        match &self.interpreter.lock {
            InterpreterLock::Ticker(lock) => lock.evaluate(self.os(), self.id, time).await,
            InterpreterLock::Gil(gil) => self.evaluate(gil, time).await,
            InterpreterLock::FreeThreaded(free) => self.evaluate_freely(free, time).await,
        }
    }

    /// An augmented assignment, `state.n += 1`: a load, an addition and a store, which take `time` together. From 3.10 on
    /// the eval breaker is not looked at between them, so that with the lock nobody comes in between.
    pub async fn augmented_assignment(&self, time: Nanos) {
        let checks_are_rare = self.interpreter.python.version >= Version::release(3, 10);
        match &self.interpreter.lock {
            InterpreterLock::Gil(_) if checks_are_rare => {
                self.os().compute(self.id, time).await;
            }
            _ => self.bytecode(time).await,
        }
    }

    /// The same as [`ThreadState::bytecode`] for bytecode that keeps touching objects which the threads of this interpreter share under a name. With
    /// the lock that is bytecode like any other.
    pub async fn bytecode_that_shares(&self, time: Nanos, name: &str) {
        let InterpreterLock::FreeThreaded(_) = &self.interpreter.lock else {
            return self.bytecode(time).await;
        };
        let touching = self
            .interpreter
            .shared_objects
            .touching(self.os(), &self.costs().free_threaded, name);
        self.os().touch(self.id, Some(touching));
        self.bytecode(time).await;
        self.os().touch(self.id, None);
    }

    /// `_PyEval_EvalFrameDefault`, as far as the eval breaker is concerned.
    async fn evaluate(&self, gil: &Gil, time: Nanos) {
        let os = self.os();
        let mut left = Work::at_full_speed(time);
        while !left.is_done() {
            // Asked before this burst began, in a C call: the next look is not far.
            let burst = if gil.drop_requested(self.id) {
                left.min(Work::at_full_speed(gil.until_eval_check()))
            } else {
                left
            };
            left = left
                .minus(burst)
                .plus(os.execute_interruptibly(self.id, burst).await);
            if !left.is_done() {
                self.look_at_eval_breaker(gil).await;
            }
        }
    }

    /// The same without a lock: where the eval breaker says so, the thread stops with the rest of the world, or stops it
    /// to collect garbage.
    async fn evaluate_freely(&self, FreeThreaded { world, collector }: &FreeThreaded, time: Nanos) {
        let os = self.os();
        let slowdown = self
            .costs()
            .free_threaded
            .slowdown
            .of(self.interpreter.python.version.minor);
        let mut left = Work::at_full_speed(time).scaled(slowdown);
        while !left.is_done() {
            let mut burst = left.min(collector.until_report(self));
            // Asked before this burst began, in a C call: the next look is not far.
            if world.stop_requested(self.id) {
                burst = burst.min(Work::at_full_speed(world.until_eval_check()));
            }
            let undone = os.execute_interruptibly(self.id, burst).await;
            let done = burst.minus(undone);
            left = left.minus(done);
            let collection_is_due = collector.record(self, done);
            if !left.is_done() && world.stop_requested(self.id) {
                world.suspend(os, self.id).await;
                self.attach().await;
            }
            if collection_is_due {
                collector.collect(world, self).await;
            }
        }
    }

    /// `_PyEval_StopTheWorldAll`: returns once no other thread of this process can touch an object. With the lock there
    /// is nothing to do.
    pub async fn stop_the_world(&self) {
        if let InterpreterLock::FreeThreaded(free) = &self.interpreter.lock {
            free.world.stop(self).await;
        }
    }

    /// `_PyEval_StartTheWorldAll`
    pub async fn start_the_world(&self) {
        if let InterpreterLock::FreeThreaded(free) = &self.interpreter.lock {
            free.world.start(self).await;
        }
    }

    /// Runs a C function that keeps the lock: no eval breaker until it returns, and a look at it then
    /// (`CHECK_PERIODIC` at the end of `CALL`).
    pub async fn native_holding_lock(&self, time: Nanos) {
        self.os().execute(self.id, time).await;
        if let InterpreterLock::Gil(gil) = &self.interpreter.lock {
            self.look_at_eval_breaker(gil).await;
        }
    }

    /// `_Py_HandlePending`, as far as the drop request is concerned.
    async fn look_at_eval_breaker(&self, gil: &Gil) {
        if gil.drop_requested(self.id) {
            self.detach().await;
            self.attach().await;
        }
    }

    /// Runs a C function that releases the lock while it computes.
    pub async fn native(&self, time: Nanos) {
        self.allow_threads(self.os().compute(self.id, time)).await;
    }

    /// Waits for a device without the lock.
    pub async fn io(&self, time: Nanos) {
        let waiting = async {
            let before = self.enter(Activity::Io);
            self.os().wait_for_device(self.id, time).await;
            self.enter(before);
        };
        self.allow_threads(waiting).await;
    }

    /// `Py_BEGIN_ALLOW_THREADS ... Py_END_ALLOW_THREADS`
    pub async fn allow_threads<T>(&self, blocking: impl Future<Output = T>) -> T {
        self.detach().await;
        let result = blocking.await;
        self.attach().await;
        result
    }

    /// The process ends here and now, as by `os._exit` or a segmentation fault in a C extension: nothing is cleaned up,
    /// no lock let go of. Never returns.
    pub async fn crash(&self) -> Infallible {
        self.os().kill(self.interpreter.process);
        std::future::pending().await
    }

    /// From now on the thread is busy with `activity`. Gives back what it was busy with before.
    pub fn enter(&self, activity: Activity) -> Activity {
        self.os().enter(self.id, activity)
    }

    /// Does something as `activity`, and goes back to what was before.
    pub async fn busy_with<T>(&self, activity: Activity, doing: impl Future<Output = T>) -> T {
        let before = self.enter(activity);
        let result = doing.await;
        self.enter(before);
        result
    }
}
