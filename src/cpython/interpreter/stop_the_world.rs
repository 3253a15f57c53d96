//! What keeps the threads of an interpreter apart in the free-threaded build: `Python/pystate.c`.
//!
//! ```text
//!  requester   |request|-- waits until the others stand --|world stopped|start|
//!  running     --------------------------|check|suspended ---------------|attach|
//!  detached    in a blocking call: counts as suspended; comes back --------|attach|
//! ```
//! A thread attaches by a compare-and-swap from "detached" to "attached". It waits only while it is "suspended", which it
//! becomes when somebody stops the world: to collect garbage, or to fork.

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

/// Between two looks of a requester for threads that have detached meanwhile: `wait_ns` in `stop_the_world`.
const WAIT: Nanos = Nanos::from_millis(1);

/// The threads of an interpreter, and who stops them: `struct _stoptheworld_state`.
pub struct StopTheWorld {
    threads: RefCell<BTreeMap<ThreadId, Thread>>,
    /// One requester at a time.
    mutex: PyMutex,
    requested: Cell<bool>,
    requester: Rc<Cell<Option<ThreadId>>>,
    /// Threads that do not stand yet: `thread_countdown`.
    countdown: Cell<usize>,
    /// What the requester waits for: `stop_event`.
    stopped: ObjectId,
    /// What suspended threads wait for.
    started: ObjectId,
    /// Threads that are parked until the world starts again.
    parked: RefCell<Vec<ThreadId>>,
    eval_check: RefCell<Stream>,
    profile: Arc<Profile>,
}

/// `tstate->state`, and what belongs to it.
#[derive(Clone, Copy)]
struct Thread {
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
    /// Without threads. `process` tells it from others in reports; `key` names its random draws.
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

    /// CPU time until a running thread next looks at its eval breaker.
    pub fn until_eval_check(&self) -> Nanos {
        self.profile
            .costs
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

    /// `_PyThreadState_Attach`
    pub async fn attach(&self, os: &Os, me: ThreadId) {
        os.owe(me, self.profile.costs.free_threaded.attach);
        if !self.try_attach(me) {
            let before = os.enter(me, Activity::WaitingForLock);
            while !self.try_attach(me) {
                self.parked.borrow_mut().push(me);
                os.block(me, self.started).await;
            }
            os.enter(me, before);
        }
    }

    /// `tstate_try_attach`. A thread that is new here while the world is to stop starts out suspended.
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

    /// `_PyThreadState_Detach`: nobody is told, not even who waits for it to stop.
    pub fn detach(&self, me: ThreadId) {
        self.set_state(me, State::Detached);
    }

    /// `tstate_delete_common`
    pub async fn detach_for_good(&self, os: &Os, me: ThreadId) {
        let was = self.threads.borrow_mut().remove(&me);
        if self.requested.get() && was.is_some_and(|thread| thread.state != State::Suspended) {
            self.one_less(os, me).await;
        }
    }

    /// `_PyThreadState_Suspend`: where the eval breaker says that the thread is to stop.
    pub async fn suspend(&self, os: &Os, me: ThreadId) {
        if let Some(thread) = self.threads.borrow_mut().get_mut(&me) {
            thread.please_stop = false;
        }
        if self.requested.get() {
            self.set_state(me, State::Suspended);
            self.one_less(os, me).await;
        } else {
            // The world has stopped and started without it, in a blocking call.
            self.set_state(me, State::Detached);
        }
    }

    /// `decrement_stoptheworld_countdown`
    async fn one_less(&self, os: &Os, me: ThreadId) {
        self.countdown.set(self.countdown.get() - 1);
        if self.countdown.get() == 0
            && let Some(requester) = self.requester.get()
        {
            os.futex_wake(me, requester).await;
        }
    }

    fn set_state(&self, me: ThreadId, state: State) {
        if let Some(thread) = self.threads.borrow_mut().get_mut(&me) {
            thread.state = state;
        }
    }

    /// `stop_the_world`: returns once no other thread of the interpreter can touch an object.
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

    /// `park_detached_threads`: those in blocking calls stand already, those that run are asked to stop.
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
}
