//! Interpreters and their threads, `PyInterpreterState` and `PyThreadState`: `Python/pystate.c`.
//!
//! How a thread runs bytecode and calls into C is in [`ceval`](super::ceval).

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

use super::interpreter_lock::InterpreterLock;
use super::shared_objects::SharedObjects;
use crate::model::Python;
use crate::os::{Activity, Os, Pipe, ProcessId, SegmentId, ThreadId};
use crate::profile::{Profile, PythonCosts};
use crate::random::Key;

/// An interpreter. Each process has a main one, and may have others beside it.
pub struct Interpreter {
    /// The machine.
    pub os: Rc<Os>,
    /// Its process.
    pub process: ProcessId,
    /// Its name in reports.
    pub name: Rc<str>,
    /// See [`Interpreter::costs`].
    profile: Arc<Profile>,
    /// Version, switch interval and check interval.
    pub python: Python,
    /// Its lock.
    pub lock: InterpreterLock,
    /// Its objects that several of its threads use.
    pub(crate) shared_objects: SharedObjects,
    /// `resource_tracker._resource_tracker._fd`: the pipe to the resource tracker, if the process knows one.
    pub(crate) tracker: RefCell<Option<Rc<Pipe>>>,
    /// The pages of CPython's own files, which all of its processes map.
    code: SegmentId,
    /// Names the random draws of its lock.
    key: Key,
}

impl Interpreter {
    /// The main interpreter of a new process, which maps nothing yet but CPython's own files.
    pub fn new(os: &Rc<Os>, name: &str, profile: &Arc<Profile>, python: &Python, key: Key) -> Rc<Self> {
        let (process, code) = (os.add_process(), os.add_segment(false));
        os.map_segment(process, code);
        os.populate(code, profile.python.memory.code);
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
    pub(crate) fn costs(&self) -> &PythonCosts {
        &self.profile.python
    }

    /// `Py_NewInterpreterFromConfig`: another interpreter of the same process, with a lock of its own.
    pub fn sibling(&self, name: &str) -> Rc<Self> {
        self.like_this(self.process, name)
    }

    /// The interpreter of a child process that is forked from this one's process.
    pub fn forked(&self, name: &str) -> Rc<Self> {
        let process = self.os.add_process();
        self.os.fork_memory(self.process, process);
        self.child(process, name)
    }

    /// The interpreter of a child process that starts from scratch.
    pub fn spawned(&self, name: &str) -> Rc<Self> {
        let process = self.os.add_process();
        self.os.map_segment(process, self.code);
        self.child(process, name)
    }

    /// An interpreter with the same version and costs.
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

    /// A child process knows its parent's resource tracker, because it inherits the descriptor or is sent it.
    fn child(&self, process: ProcessId, name: &str) -> Rc<Self> {
        let child = self.like_this(process, name);
        *child.tracker.borrow_mut() = self.tracker.borrow().clone();
        child
    }
}

/// A thread of an interpreter.
#[derive(Clone)]
pub struct ThreadState {
    /// Its interpreter.
    pub interpreter: Rc<Interpreter>,
    /// Its id in the operating system.
    pub id: ThreadId,
}

impl ThreadState {
    /// The machine.
    pub fn os(&self) -> &Rc<Os> {
        &self.interpreter.os
    }

    /// What the steps of the interpreter and of Python's libraries cost. The kernel's costs are those of [`Os::costs`].
    pub(crate) fn costs(&self) -> &PythonCosts {
        self.interpreter.costs()
    }

    /// `_PyThreadState_Attach`: takes the interpreter lock.
    pub fn attach(&self) -> impl Future<Output = ()> {
        self.interpreter.lock.attach(self.os(), self.id)
    }

    /// `_PyThreadState_Detach`: releases the interpreter lock.
    pub fn detach(&self) -> impl Future<Output = ()> {
        self.interpreter.lock.detach(self.os(), self.id)
    }

    /// `_PyEval_StopTheWorldAll`: returns once no other thread of this process can use an object. With an interpreter
    /// lock there is nothing to do.
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

    /// Ends the process at once, as `os._exit` or a segmentation fault in a C extension does: nothing is cleaned up, and
    /// no lock is released. Never returns.
    pub async fn crash(&self) -> Infallible {
        self.os().kill(self.interpreter.process);
        std::future::pending().await
    }

    /// From now on the time of this thread counts as `activity`. Returns the previous activity.
    pub fn enter(&self, activity: Activity) -> Activity {
        self.os().enter(self.id, activity)
    }

    /// Runs `doing`, whose time counts as `activity`, and then returns to the previous activity.
    pub async fn busy_with<T>(&self, activity: Activity, doing: impl Future<Output = T>) -> T {
        let before = self.enter(activity);
        let result = doing.await;
        self.enter(before);
        result
    }
}
