//! The interpreter lock of CPython 3.2 to 3.14: `Python/ceval_gil.c`, `take_gil` and `drop_gil`.
//!
//! ```text
//!  waiter   |--- timed wait: one interval ---|request|-- wait --|--- runs ...
//!  holder   |--- bytecode ----------------------|check|drop|-- forced-switch wait --|-- timed wait ...
//!                                               eval breaker    until another thread has taken the lock
//! ```
//!
//! A waiter may ask for the lock only after a whole interval in which the lock did not change hands. The holder
//! notices at its next look at the eval breaker, lets go, and waits until another thread has really taken the
//! lock. Everything else (the convoy effect, starving threads, slices rounded up to the tick) follows.

mod steps;

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use steps::Steps;
pub use steps::{LockEvent, LockStep};

use rand::distr::Distribution;

use crate::model::Version;
use crate::os::{Activity, ConditionVariable, Mutex, ObjectId, Os, Settle, ThreadId, Woken};
use crate::profile::Profile;
use crate::random::{Key, Stream};
use crate::units::Nanos;

/// The lock of one interpreter: `struct _gil_runtime_state`.
pub struct Gil {
    object: ObjectId,
    /// `sys.setswitchinterval`
    interval: Nanos,
    last_holder: Cell<Option<ThreadId>>,
    locked: Cell<bool>,
    /// Times that the lock went to another thread than the one before.
    switch_number: Cell<u64>,
    cond: ConditionVariable,
    mutex: Mutex,
    /// Where a forced release waits until another thread has taken the lock.
    switch_cond: ConditionVariable,
    switch_mutex: Mutex,
    request: Cell<DropRequest>,
    protocol: Protocol,
    eval_check: RefCell<Stream>,
    steps: Steps,
    profile: Arc<Profile>,
}

/// `gil_drop_request`
#[derive(Clone, Copy, PartialEq, Eq)]
enum DropRequest {
    None,
    /// Up to 3.12: a flag of the interpreter, seen by whoever holds the lock.
    Interpreter,
    /// From 3.13: a bit in the eval breaker of one thread (`_PY_GIL_DROP_REQUEST_BIT`).
    Thread(ThreadId),
}

/// What differs between versions.
#[derive(Clone, Copy)]
struct Protocol {
    /// 3.13: the drop request is a bit on `last_holder` alone.
    request_on_holder: bool,
    /// 3.10: looks at the eval breaker at loop back-edges, function entry and after calls only.
    rare_eval_checks: bool,
    /// A thread's last release leaves `last_holder` alone and waits for nobody. Not so from 3.9 to 3.11: before and
    /// after, `PyThreadState_DeleteCurrent` gives `drop_gil` no thread state, or says `final_release` (3.13).
    silent_final_release: bool,
}

impl Gil {
    /// An open lock, as `version` has it. `process` tells it from others in reports; `key` names its random draws.
    pub fn new(
        os: &Os,
        process: &str,
        profile: &Arc<Profile>,
        version: Version,
        interval: Nanos,
        key: Key,
    ) -> Self {
        let costs = &profile.costs.gil;
        let name = format!("the interpreter lock of {process}");
        let condition = |what: &str| {
            let key = key.name(process);
            ConditionVariable::new(
                os,
                &format!("{name}{what}"),
                costs.wake_order,
                Settle {
                    hot: costs.settle_hot.clone(),
                    cold: costs.settle.clone(),
                },
                key,
            )
        };
        Self {
            object: os.add_object(name.as_str()).0,
            interval: interval.max(Nanos::from_micros(1)),
            last_holder: Cell::new(None),
            locked: Cell::new(false),
            switch_number: Cell::new(0),
            cond: condition(""),
            mutex: Mutex::new(os, &format!("{name} (its mutex)")),
            switch_cond: condition(" to be taken by another thread"),
            switch_mutex: Mutex::new(os, &format!("{name} (its switch mutex)")),
            request: Cell::new(DropRequest::None),
            protocol: Protocol {
                request_on_holder: version >= Version::release(3, 13),
                rare_eval_checks: version >= Version::release(3, 10),
                silent_final_release: !(Version::release(3, 9)..Version::release(3, 12)).contains(&version),
            },
            eval_check: RefCell::new(Stream::named(key.name(process).name("eval check"))),
            steps: Steps::on(os),
            profile: profile.clone(),
        }
    }

    /// Times that the lock went from one thread to another.
    pub fn switches(&self) -> u64 {
        self.switch_number.get()
    }

    /// Every step taken so far: empty unless the machine was made by [`Os::recording`].
    pub fn steps(&self) -> Vec<LockEvent> {
        self.steps.all()
    }

    /// Whether `me` has been asked to let go.
    pub fn drop_requested(&self, me: ThreadId) -> bool {
        match self.request.get() {
            DropRequest::None => false,
            DropRequest::Interpreter => true,
            DropRequest::Thread(thread) => thread == me,
        }
    }

    /// CPU time until a running thread next looks at its eval breaker.
    pub fn until_eval_check(&self) -> Nanos {
        let costs = &self.profile.costs.gil;
        let check = if self.protocol.rare_eval_checks {
            &costs.eval_check
        } else {
            &costs.eval_check_before_3_10
        };
        check.sample(&mut self.eval_check.borrow_mut())
    }

    /// `drop_gil`: lets go of the lock, and after a drop request waits until another thread has it.
    pub async fn drop_gil(&self, os: &Os, me: ThreadId) {
        assert!(self.locked.get(), "the lock is released by its holder");
        self.last_holder.set(Some(me));
        self.drop_gil_impl(os, me).await;

        // The request may have come while it was letting go.
        if self.drop_requested(me) {
            self.switch_mutex.lock(os, me).await;
            // Not switched yet: wait for it, or this thread would take the lock again at once.
            if self.last_holder.get() == Some(me) {
                self.reset_drop_request(me);
                let before = os.enter(me, Activity::WaitingForLock);
                self.steps.note(os, me, LockStep::WaitsForSwitch);
                self.switch_cond.wait(os, me, &self.switch_mutex).await;
                self.steps.note(os, me, LockStep::Switched);
                os.enter(me, before);
            }
            self.switch_mutex.unlock(os, me).await;
        }
    }

    /// `drop_gil` with `final_release`: the thread will never want the lock again.
    pub async fn drop_gil_for_good(&self, os: &Os, me: ThreadId) {
        if self.protocol.silent_final_release {
            self.drop_gil_impl(os, me).await;
        } else {
            self.drop_gil(os, me).await;
        }
    }

    /// `drop_gil_impl`
    async fn drop_gil_impl(&self, os: &Os, me: ThreadId) {
        self.mutex.lock(os, me).await;
        self.locked.set(false);
        os.note_holder(self.object, None);
        let step = if self.drop_requested(me) {
            LockStep::ReleasesOnRequest
        } else {
            LockStep::Releases
        };
        self.steps.note(os, me, step);
        self.cond.signal(os, me).await;
        self.mutex.unlock(os, me).await;
    }

    /// `take_gil`: returns with the lock held.
    pub async fn take_gil(&self, os: &Os, me: ThreadId) {
        os.owe(me, self.profile.costs.gil.uncontended);
        self.steps.note(os, me, LockStep::Wants);
        self.mutex.lock(os, me).await;

        if self.locked.get() {
            let before = os.enter(me, Activity::WaitingForLock);
            while self.locked.get() {
                let saved_switch_number = self.switch_number.get();
                self.steps.note(os, me, LockStep::Waits);
                let woken = self.cond.timed_wait(os, me, &self.mutex, self.interval).await;
                let step = match woken {
                    Woken::TimedOut => LockStep::TimedOut,
                    Woken::Signalled => LockStep::Signalled,
                };
                self.steps.note(os, me, step);
                // Only if a whole interval went by without a switch may this thread ask the holder to let go.
                if woken == Woken::TimedOut
                    && self.locked.get()
                    && self.switch_number.get() == saved_switch_number
                {
                    self.steps.note(os, me, LockStep::Requests);
                    self.set_drop_request(os);
                }
            }
            os.enter(me, before);
        }

        // The lock is free and its mutex ours: take it.
        self.switch_mutex.lock(os, me).await;
        self.locked.set(true);
        os.note_holder(self.object, Some(me));
        self.steps.note(os, me, LockStep::Has);
        if self.last_holder.get() != Some(me) {
            self.last_holder.set(Some(me));
            self.switch_number.set(self.switch_number.get() + 1);
        }
        self.switch_cond.signal(os, me).await;
        self.switch_mutex.unlock(os, me).await;

        self.reset_drop_request(me);
        self.mutex.unlock(os, me).await;
    }

    /// `SET_GIL_DROP_REQUEST`: the holder will notice at its next look at the eval breaker.
    fn set_drop_request(&self, os: &Os) {
        let Some(holder) = self.last_holder.get() else {
            return;
        };
        let request = if self.protocol.request_on_holder {
            DropRequest::Thread(holder)
        } else {
            DropRequest::Interpreter
        };
        self.request.set(request);
        os.interrupt(holder, self.until_eval_check());
    }

    /// `RESET_GIL_DROP_REQUEST`
    fn reset_drop_request(&self, me: ThreadId) {
        if self.drop_requested(me) {
            self.request.set(DropRequest::None);
        }
    }
}
