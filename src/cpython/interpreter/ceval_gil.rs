//! The interpreter lock (GIL) of CPython 3.2 to 3.14: `take_gil` and `drop_gil` in `Python/ceval_gil.c`.
//!
//! ```text
//!  waiter   |--- timed wait: one interval ---|request|-- wait --|--- runs ...
//!  holder   |--- bytecode ----------------------|check|drop|-- forced-switch wait --|-- timed wait ...
//!                                               eval breaker    until another thread has taken the lock
//! ```
//!
//! A waiter may request the lock only after a whole interval in which the lock did not change hands. The holder
//! notices the request at its next check of the eval breaker, releases the lock, and waits until another thread has
//! taken it. Everything else follows from this: the convoy effect, starving threads, slices rounded up to the tick.

mod steps;

use std::cell::{Cell, RefCell};
use std::sync::Arc;

#[cfg(feature = "internals")]
pub use steps::LockEvent;
pub use steps::LockStep;
use steps::Steps;

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
    /// Number of times that a different thread took the lock.
    switch_number: Cell<u64>,
    /// Signalled when the lock is released.
    cond: ConditionVariable,
    /// Protects `locked` and `cond`.
    mutex: Mutex,
    /// Signalled when a thread has taken the lock: a forced release waits for that.
    switch_cond: ConditionVariable,
    switch_mutex: Mutex,
    drop_request: Cell<DropRequest>,
    protocol: Protocol,
    /// Draws the time from a drop request to the holder's next check of the eval breaker.
    eval_check: RefCell<Stream>,
    steps: Steps,
    profile: Arc<Profile>,
}

/// `gil_drop_request`, or its successor in the eval breaker of a thread.
#[derive(Clone, Copy, PartialEq, Eq)]
enum DropRequest {
    None,
    /// Up to 3.12: a flag of the interpreter, seen by whichever thread holds the lock.
    Interpreter,
    /// From 3.13: a bit in the eval breaker of one thread (`_PY_GIL_DROP_REQUEST_BIT`).
    Thread(ThreadId),
}

/// The differences between versions.
#[derive(Clone, Copy)]
struct Protocol {
    /// 3.13: the drop request is a bit on `last_holder` alone.
    request_on_holder: bool,
    /// 3.10: the eval breaker is checked only at loop back-edges, at function entry and after calls.
    rare_eval_checks: bool,
    /// A thread's last release neither sets `last_holder` nor waits for a switch. Before 3.9 and in 3.12,
    /// `PyThreadState_DeleteCurrent` passes no thread state to `drop_gil`; from 3.13 on it passes `final_release`.
    silent_final_release: bool,
}

impl Gil {
    /// A free lock, as `version` has it. `process` identifies it in reports; `key` names its random draws.
    pub fn new(
        os: &Os,
        process: &str,
        profile: &Arc<Profile>,
        version: Version,
        interval: Nanos,
        key: Key,
    ) -> Self {
        let costs = &profile.python.gil;
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
            drop_request: Cell::new(DropRequest::None),
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

    /// `SET_GIL_DROP_REQUEST`: the holder notices at its next check of the eval breaker.
    fn set_drop_request(&self, os: &Os) {
        let Some(holder) = self.last_holder.get() else {
            return;
        };
        let request = if self.protocol.request_on_holder {
            DropRequest::Thread(holder)
        } else {
            DropRequest::Interpreter
        };
        self.drop_request.set(request);
        os.interrupt(holder, self.until_eval_check());
    }

    /// `RESET_GIL_DROP_REQUEST`
    fn reset_drop_request(&self, me: ThreadId) {
        if self.drop_requested(me) {
            self.drop_request.set(DropRequest::None);
        }
    }

    /// Whether `me` has been asked to drop the lock.
    pub fn drop_requested(&self, me: ThreadId) -> bool {
        match self.drop_request.get() {
            DropRequest::None => false,
            DropRequest::Interpreter => true,
            DropRequest::Thread(thread) => thread == me,
        }
    }

    /// CPU time until a running thread next checks its eval breaker.
    pub fn until_eval_check(&self) -> Nanos {
        let costs = &self.profile.python.gil;
        let check = if self.protocol.rare_eval_checks {
            &costs.eval_check
        } else {
            &costs.eval_check_before_3_10
        };
        check.sample(&mut self.eval_check.borrow_mut())
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

    /// `drop_gil`: releases the lock and, after a drop request, waits until another thread has taken it.
    pub async fn drop_gil(&self, os: &Os, me: ThreadId) {
        assert!(self.locked.get(), "the lock is released by its holder");
        self.last_holder.set(Some(me));
        self.drop_gil_impl(os, me).await;

        // The request may also have been made during the release.
        if self.drop_requested(me) {
            self.switch_mutex.lock(os, me).await;
            // Not switched yet: wait, or this thread would take the lock again at once.
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

    /// `drop_gil` with `final_release`: the thread will never take the lock again.
    pub async fn drop_gil_for_good(&self, os: &Os, me: ThreadId) {
        if self.protocol.silent_final_release {
            self.drop_gil_impl(os, me).await;
        } else {
            self.drop_gil(os, me).await;
        }
    }

    /// `take_gil`: returns with the lock held.
    pub async fn take_gil(&self, os: &Os, me: ThreadId) {
        os.owe(me, self.profile.python.gil.uncontended);
        self.steps.note(os, me, LockStep::Wants);
        self.mutex.lock(os, me).await;

        if self.locked.get() {
            let before = os.enter(me, Activity::WaitingForLock);
            while self.locked.get() {
                let saved_switchnum = self.switch_number.get();
                self.steps.note(os, me, LockStep::Waits);
                let woken = self.cond.timed_wait(os, me, &self.mutex, self.interval).await;
                let step = match woken {
                    Woken::TimedOut => LockStep::TimedOut,
                    Woken::Signalled => LockStep::Signalled,
                };
                self.steps.note(os, me, step);
                // Without a switch during the whole interval, ask the holder to drop the lock.
                if woken == Woken::TimedOut
                    && self.locked.get()
                    && self.switch_number.get() == saved_switchnum
                {
                    self.steps.note(os, me, LockStep::Requests);
                    self.set_drop_request(os);
                }
            }
            os.enter(me, before);
        }

        // The lock is free, and this thread holds its mutex: take it.
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

    /// Number of times that a different thread took the lock.
    #[cfg(feature = "internals")]
    pub fn switches(&self) -> u64 {
        self.switch_number.get()
    }

    /// All steps so far. Empty unless the machine was made by [`Os::recording`].
    #[cfg(feature = "internals")]
    pub fn steps(&self) -> Vec<LockEvent> {
        self.steps.all()
    }
}
