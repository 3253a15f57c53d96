//! The event loop: `Lib/asyncio/base_events.py` (`BaseEventLoop`), `events.py` (`Handle`), `runners.py`.
//!
//! An iteration asks the selector which descriptors are readable, and then runs the callbacks that are ready. Callbacks
//! that these make ready wait for the next iteration, which asks the selector first. So the interpreter lock is released
//! once for each iteration.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::futures::Future;
use super::selector_events::Selector;
use super::tasks::{Gathering, Task};
use crate::cpython::interpreter::pystate::ThreadState;
use crate::os::{Activity, Network};
use crate::profile::AsyncioCosts;
use crate::units::Nanos;

/// `MAXIMUM_SELECT_TIMEOUT`: the longest time that the selector waits.
const MAXIMUM_SELECT_TIMEOUT: Nanos = Nanos::from_secs(24 * 3600);

/// `BaseEventLoop`, and the thread that runs it.
pub struct EventLoop {
    /// Its thread.
    pub thread: ThreadState,
    /// `_ready`
    ready: RefCell<VecDeque<Handle>>,
    /// `_scheduled`: the timers, ordered by the time at which they are due and then by the order of their creation.
    scheduled: RefCell<BTreeMap<(Nanos, u64), Handle>>,
    timers_set: Cell<u64>,
    stopping: Cell<bool>,
    pub(crate) selector: Selector,
    /// The network, through which coroutines wait for other machines.
    pub(crate) network: Rc<Network>,
    /// The number of coroutines that wait for an answer of another machine.
    pub(crate) asked: Cell<u64>,
    /// `_all_tasks`
    pub(crate) all_tasks: RefCell<BTreeMap<u64, Rc<Task>>>,
    pub(crate) tasks_made: Cell<u64>,
    /// The future that the running coroutine has just yielded to its task.
    pub(crate) yielded: Cell<Option<Rc<Future>>>,
}

/// A callback.
pub(crate) enum Handle {
    /// `Task.__step`, `Task.__wakeup`
    Step(Rc<Task>),
    /// `Future.set_result`, and `_set_state` of a future that follows another
    SetResult(Rc<Future>),
    /// `_done_callback` of `gather`
    Gathered(Rc<Gathering>),
    /// The reader of a descriptor.
    Read(usize),
    /// `_run_until_complete_cb`
    Stop,
}

impl EventLoop {
    /// `asyncio.run(main(loop))`: runs until `main` returns. Unfinished tasks are dropped.
    pub async fn run<F: std::future::Future<Output = ()> + 'static>(
        thread: &ThreadState,
        main: impl FnOnce(Rc<Self>) -> F,
    ) {
        let event_loop = Rc::new(Self {
            thread: thread.clone(),
            ready: RefCell::default(),
            scheduled: RefCell::default(),
            timers_set: Cell::new(0),
            stopping: Cell::new(false),
            selector: Selector::new(thread.os()),
            network: Network::start(thread.os()),
            asked: Cell::new(0),
            all_tasks: RefCell::default(),
            tasks_made: Cell::new(0),
            yielded: Cell::new(None),
        });
        let _closing = Closing(event_loop.clone());
        let before = thread.enter(Activity::Ipc);
        let main = event_loop.create_task(main(event_loop.clone())).await;
        main.done().add_done_callback(&event_loop, Handle::Stop);
        while !event_loop.stopping.get() {
            event_loop.run_once().await;
        }
        thread.enter(before);
    }

    pub(crate) fn costs(&self) -> &AsyncioCosts {
        &self.thread.costs().asyncio
    }

    /// `stop`: `run` ends with this iteration.
    pub fn stop(&self) {
        self.stopping.set(true);
    }

    /// `call_later`
    pub(crate) async fn call_later(&self, delay: Nanos, handle: Handle) {
        self.thread.bytecode(self.costs().timer).await;
        let number = self.timers_set.replace(self.timers_set.get() + 1);
        let when = self.thread.os().now().saturating_add(delay);
        self.scheduled.borrow_mut().insert((when, number), handle);
    }

    /// `call_soon`. Its CPU time is paid when the callback is called.
    pub(crate) fn call_soon(&self, handle: Handle) {
        self.ready.borrow_mut().push_back(handle);
    }

    /// `call_soon_threadsafe`, called by any thread of the process. It wakes the loop, which may be asleep.
    pub(crate) async fn call_soon_threadsafe(&self, me: &ThreadState, handle: Handle) {
        self.call_soon(handle);
        self.write_to_self(me).await;
    }

    /// `_run_once`
    async fn run_once(&self) {
        self.thread.bytecode(self.costs().iteration).await;
        let now = self.thread.os().now();
        let first = self
            .scheduled
            .borrow()
            .first_key_value()
            .map(|(&(when, _), _)| when);
        let timeout = match first {
            _ if !self.ready.borrow().is_empty() => Some(Nanos::ZERO),
            Some(when) => Some(when.saturating_sub(now).min(MAXIMUM_SELECT_TIMEOUT)),
            None => None,
        };
        let events = self.select(timeout).await;
        // _process_events
        self.thread
            .bytecode(self.costs().event * events.len() as u64)
            .await;
        for event in events {
            self.call_soon(Handle::Read(event));
        }
        self.take_due_timers();
        let todo = self.ready.borrow().len();
        for _ in 0..todo {
            let handle = self.ready.borrow_mut().pop_front();
            let Some(handle) = handle else { break };
            self.call(handle).await;
        }
    }

    /// The part of `_run_once` that makes the due timers ready.
    fn take_due_timers(&self) {
        let mut scheduled = self.scheduled.borrow_mut();
        let now = self.thread.os().now();
        while let Some(first) = scheduled.first_entry()
            && first.key().0 <= now
        {
            self.call_soon(first.remove());
        }
    }

    /// `Handle._run`
    async fn call(&self, handle: Handle) {
        self.thread.bytecode(self.costs().handle).await;
        match handle {
            Handle::Step(task) => self.step(&task).await,
            Handle::SetResult(future) => future.set_result(self),
            Handle::Gathered(gathering) => gathering.one_is_done(self),
            Handle::Read(descriptor) => self.read_ready(descriptor).await,
            Handle::Stop => self.stop(),
        }
    }
}

/// Breaks the circle of references from the loop to its tasks, to their coroutines and back to the loop, however the run
/// ends.
struct Closing(Rc<EventLoop>);

impl Drop for Closing {
    fn drop(&mut self) {
        let event_loop = &self.0;
        event_loop.selector.forget_readers();
        event_loop.ready.take();
        event_loop.scheduled.take();
        for task in event_loop.all_tasks.take().into_values() {
            task.forget();
        }
    }
}
