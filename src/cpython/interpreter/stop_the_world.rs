//! Stopping all threads of an interpreter, in the free-threaded build: `Python/pystate.c`.
//!
//! ```text
//!  requester         |request|-- waits for the other threads --|world stopped|start|
//!  attached thread   --------------------------|check|suspended --------------|attach|
//!  detached thread   in a blocking call, counts as suspended; returns ----------|attach|
//! ```
//! A thread attaches with a compare-and-swap from "detached" to "attached". It has to wait only if it is "suspended",
//! which it becomes when another thread stops the world to collect garbage or to fork.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use rand::distr::Distribution;

use super::py_mutex::PyMutex;
use super::pystate::ThreadState;
use crate::os::{Activity, ObjectId, Os, ThreadId};
use crate::profile::Profile;
use crate::random::{Key, Stream};
use crate::units::Nanos;

/// `wait_ns` in `stop_the_world`: how often the requester checks for threads that have detached in the meantime.
const WAIT: Nanos = Nanos::from_millis(1);

/// `struct _stoptheworld_state`, and the states of the threads of an interpreter.
pub struct StopTheWorld {
    threads: RefCell<BTreeMap<ThreadId, Thread>>,
    /// Held by the requester, so that there is only one at a time.
    mutex: PyMutex,
    requested: Cell<bool>,
    requester: Rc<Cell<Option<ThreadId>>>,
    /// `thread_countdown`: the number of threads that have not stopped yet.
    countdown: Cell<usize>,
    /// `stop_event`: the requester waits for it.
    stopped: ObjectId,
    /// The object that suspended threads wait for.
    started: ObjectId,
    /// The threads that are parked until the world starts again.
    parked: RefCell<Vec<ThreadId>>,
    /// Draws the time from a request to the next check of the eval breaker.
    eval_check: RefCell<Stream>,
    profile: Arc<Profile>,
}

/// The part of a thread state that concerns stopping.
#[derive(Clone, Copy)]
struct Thread {
    /// `tstate->state`
    state: State,
    /// `_PY_EVAL_PLEASE_STOP_BIT` of its eval breaker.
    please_stop: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Detached,
    Attached,
    Suspended,
}

impl StopTheWorld {
    /// Without threads. `process` identifies it in reports; `key` names its random draws.
    pub fn new(os: &Os, process: &str, profile: &Arc<Profile>, key: Key) -> Self {
        let (started, requester) = os.add_object(format!("the world of {process} to start again"));
        Self {
            threads: RefCell::default(),
            mutex: PyMutex::new(os, &format!("the right to stop the world of {process}")),
            requested: Cell::new(false),
            requester,
            countdown: Cell::new(0),
            stopped: os.add_object(format!("the world of {process} to stop")).0,
            started,
            parked: RefCell::default(),
            eval_check: RefCell::new(Stream::named(key.name(process).name("eval check"))),
            profile: profile.clone(),
        }
    }

    /// CPU time until a running thread next checks its eval breaker.
    pub fn until_eval_check(&self) -> Nanos {
        self.profile
            .python
            .gil
            .eval_check
            .sample(&mut self.eval_check.borrow_mut())
    }

    /// Whether `me` has been asked to stop.
    pub fn stop_requested(&self, me: ThreadId) -> bool {
        self.threads
            .borrow()
            .get(&me)
            .is_some_and(|thread| thread.please_stop)
    }

    /// `tstate_delete_common`: the thread ends.
    pub async fn detach_for_good(&self, os: &Os, me: ThreadId) {
        let was = self.threads.borrow_mut().remove(&me);
        if self.requested.get() && was.is_some_and(|thread| thread.state != State::Suspended) {
            self.decrement_countdown(os, me).await;
        }
    }

    /// `tstate_try_attach`. A new thread starts as suspended if the world is being stopped.
    fn try_attach(&self, me: ThreadId) -> bool {
        let mut threads = self.threads.borrow_mut();
        let thread = threads.entry(me).or_insert(Thread {
            state: match self.requested.get() {
                true => State::Suspended,
                false => State::Detached,
            },
            please_stop: false,
        });
        let free = thread.state == State::Detached;
        if free {
            thread.state = State::Attached;
        }
        free
    }

    /// `_PyThreadState_Attach`
    pub async fn attach(&self, os: &Os, me: ThreadId) {
        os.owe(me, self.profile.python.free_threaded.attach);
        if !self.try_attach(me) {
            let before = os.enter(me, Activity::WaitingForLock);
            while !self.try_attach(me) {
                self.parked.borrow_mut().push(me);
                os.block(me, self.started).await;
            }
            os.enter(me, before);
        }
    }

    /// `_PyThreadState_Detach`: no other thread is notified, not even a requester that waits for this one to stop.
    pub fn detach(&self, me: ThreadId) {
        self.set_state(me, State::Detached);
    }

    /// `_PyThreadState_Suspend`: the thread stops because its eval breaker says so.
    pub async fn suspend(&self, os: &Os, me: ThreadId) {
        if let Some(thread) = self.threads.borrow_mut().get_mut(&me) {
            thread.please_stop = false;
        }
        if self.requested.get() {
            self.set_state(me, State::Suspended);
            self.decrement_countdown(os, me).await;
        } else {
            // The world stopped and started again while the thread was in a blocking call.
            self.set_state(me, State::Detached);
        }
    }

    /// `decrement_stoptheworld_countdown`
    async fn decrement_countdown(&self, os: &Os, me: ThreadId) {
        self.countdown.set(self.countdown.get() - 1);
        if self.countdown.get() == 0
            && let Some(requester) = self.requester.get()
        {
            os.futex_wake(me, requester).await;
        }
    }

    /// `park_detached_threads`: threads in blocking calls become suspended, running threads are asked to stop. Returns
    /// whether all have stopped.
    fn park_detached_threads(&self, me: &ThreadState) -> bool {
        let mut asked = Vec::new();
        for (&id, thread) in self.threads.borrow_mut().iter_mut() {
            match thread.state {
                State::Detached => {
                    thread.state = State::Suspended;
                    self.countdown.set(self.countdown.get() - 1);
                }
                State::Attached if id != me.id => {
                    thread.please_stop = true;
                    asked.push(id);
                }
                State::Attached | State::Suspended => {}
            }
        }
        for id in asked {
            me.os().interrupt(id, self.until_eval_check());
        }
        self.countdown.get() == 0
    }

    /// `stop_the_world`: returns once no other thread of the interpreter can use an object.
    pub async fn stop(&self, me: &ThreadState) {
        self.mutex.lock(me).await;
        self.requested.set(true);
        self.requester.set(Some(me.id));
        let others = self.threads.borrow().keys().filter(|&&id| id != me.id).count();
        self.countdown.set(others);
        let before = me.enter(Activity::WaitingForLock);
        while self.countdown.get() > 0 && !self.park_detached_threads(me) {
            me.os().block_for(me.id, self.stopped, WAIT).await;
        }
        me.enter(before);
    }

    /// `start_the_world`
    pub async fn start(&self, me: &ThreadState) {
        self.requested.set(false);
        self.requester.set(None);
        for thread in self.threads.borrow_mut().values_mut() {
            if thread.state == State::Suspended {
                thread.state = State::Detached;
            }
        }
        let parked = self.parked.take();
        for thread in parked {
            me.os().futex_wake(me.id, thread).await;
        }
        self.mutex.unlock(me.os(), me.id).await;
    }

    fn set_state(&self, me: ThreadId, state: State) {
        if let Some(thread) = self.threads.borrow_mut().get_mut(&me) {
            thread.state = state;
        }
    }
}
