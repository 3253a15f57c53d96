//! A thread of an interpreter: `PyThreadState`, and what it does between two looks at the eval breaker.
//!
//! Mirrors `Python/pystate.c` (`_PyThreadState_Attach`, `_PyThreadState_Detach`), `Python/ceval_gil.c`
//! (`_Py_HandlePending`) and the macros `Py_BEGIN_ALLOW_THREADS` and `Py_END_ALLOW_THREADS`.

use std::future::Future;
use std::rc::Rc;

use super::gil::Gil;
use super::interpreter_lock::InterpreterLock;
use crate::os::{Activity, Os, ProcessId, ThreadId, Work};
use crate::random::Key;
use crate::scenario::Python;
use crate::units::Nanos;

/// An interpreter: one for each process.
pub struct Interpreter {
    /// The machine.
    pub os: Rc<Os>,
    /// The process that it lives in.
    pub process: ProcessId,
    /// As reports name the process.
    pub name: Rc<str>,
    /// Version and switch interval.
    pub python: Python,
    /// Its lock.
    pub lock: InterpreterLock,
    /// Names the random draws of its lock.
    key: Key,
}

impl Interpreter {
    /// An interpreter in a process of its own, which maps nothing yet.
    pub fn new(os: &Rc<Os>, name: &str, python: &Python, key: Key) -> Rc<Self> {
        let lock = InterpreterLock::new(os, name, python, key);
        Rc::new(Self {
            os: os.clone(),
            process: os.add_process(),
            name: name.into(),
            python: python.clone(),
            lock,
            key,
        })
    }

    /// The interpreter of a child process.
    pub fn child(&self, name: &str) -> Rc<Self> {
        Self::new(&self.os, name, &self.python, self.key)
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

    /// Takes the interpreter lock.
    pub async fn attach(&self) {
        self.interpreter.lock.attach(self.os(), self.id).await;
    }

    /// Lets go of the interpreter lock.
    pub async fn detach(&self) {
        self.interpreter.lock.detach(self.os(), self.id).await;
    }

    /// Runs bytecode for `time`, yielding at the eval breaker whenever that is asked for.
    pub async fn bytecode(&self, time: Nanos) {
        match &self.interpreter.lock {
            InterpreterLock::Gil(gil) => self.evaluate(gil, time).await,
        }
    }

    /// `_PyEval_EvalFrameDefault`, as far as the eval breaker is concerned.
    async fn evaluate(&self, gil: &Gil, time: Nanos) {
        let os = self.os();
        let mut left = Work::at_full_speed(time);
        while !left.is_done() {
            // Asked before this burst began, in a C call: the next look is not far.
            let burst = if gil.drop_requested(self.id) {
                left.min(Work::at_full_speed(gil.until_eval_check(os)))
            } else {
                left
            };
            left = left
                .minus(burst)
                .plus(os.compute_interruptibly(self.id, burst).await);
            if !left.is_done() {
                self.look_at_eval_breaker(gil).await;
            }
        }
    }

    /// Runs a C function that keeps the lock: no eval breaker until it returns, and a look at it then
    /// (`CHECK_PERIODIC` at the end of `CALL`).
    pub async fn native_holding_lock(&self, time: Nanos) {
        self.os().compute(self.id, time).await;
        match &self.interpreter.lock {
            InterpreterLock::Gil(gil) => self.look_at_eval_breaker(gil).await,
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
