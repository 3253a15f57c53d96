//! The interpreter lock of CPython before 3.2: an ordinary lock that is released and taken again every 100 ticks.
//!
//! Mirrors `Python/ceval.c` of 2.6 to 3.1 (`interpreter_lock`, `_Py_Ticker`, `_Py_CheckInterval`) and
//! `Python/thread_pthread.h` (`PyThread_acquire_lock`, `PyThread_release_lock`).
//!
//! ```text
//!  holder   |-- 101 ticks --|release, signal|take again|-- 101 ticks --|release, signal|take again|--
//!  waiter                                   |---- wake-up ----|locked: sleep again|
//! ```
//!
//! The lock is free only while its holder signals, so a waiter gets it only if it runs at that moment. A wake-up takes
//! some microseconds, so on several cores the waiter is usually too late. Each attempt costs the holder a signal and the
//! waiter a futile wake-up, thousands of times a second. On one core the woken waiter runs when the scheduler chooses
//! it, usually while the thread that it replaced holds the lock.
//!
//! Without POSIX semaphores the lock is a flag, a condition and a mutex. The mutex is held for about ten instructions,
//! which are part of the cost `gil.uncontended`. However, a waiter that goes back to sleep holds it until it is asleep,
//! and a holder that reaches its check at that moment has to sleep as well.

mod stretch;

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use rand::distr::Distribution;

use crate::os::{Activity, CountedQueue, Mutex, Os, ThreadId, Work};
use crate::profile::Profile;
use crate::random::{Key, Stream};
use crate::units::Nanos;
use stretch::Stretch;

/// The lock of one interpreter: `interpreter_lock`.
pub struct TickerLock {
    /// `lock_released`, or the queue of the semaphore if the lock is one. It knows the holder of the lock.
    released: CountedQueue,
    /// `mut`, which protects `locked`. There is none if the lock is a semaphore.
    mutex: Option<Mutex>,
    last_holder: Cell<Option<ThreadId>>,
    /// Number of times that a different thread took the lock.
    switches: Cell<u64>,
    /// The only thread so far. The lock is created with the second one: `PyEval_InitThreads`.
    only_thread: Cell<Option<ThreadId>>,
    /// Whether there have been two threads, and so the lock is used.
    in_use: Cell<bool>,
    /// Bytecode until the next check, whichever thread runs it: `_Py_Ticker`.
    ticker: Cell<Work>,
    /// Bytecode between two checks: `_Py_CheckInterval`.
    interval: Work,
    /// Draws how long a thread takes to fall asleep.
    settle: RefCell<Stream>,
    /// Whether the holder is in one burst with several checks, none of which has a waiter.
    is_folding: Cell<bool>,
    /// Whether checks without a waiter are computed arithmetically instead of simulated one by one.
    folds: bool,
    profile: Arc<Profile>,
}

impl TickerLock {
    /// A free lock. `process` identifies it in reports; `check_interval` is in ticks; `key` names its random draws.
    pub fn new(os: &Os, process: &str, profile: &Arc<Profile>, check_interval: u32, key: Key) -> Self {
        // `--_Py_Ticker < 0`: one tick more than the interval.
        let ticks = u64::from(check_interval) + 1;
        let interval = Work::at_full_speed(profile.python.gil.tick * ticks);
        let name = format!("the interpreter lock of {process}");
        let mutex = (!profile.python.gil.semaphore).then(|| Mutex::new(os, &format!("{name} (its mutex)")));
        Self {
            released: CountedQueue::of_lock(os, &name, key),
            mutex,
            settle: RefCell::new(Stream::named(key.name(process).name("settle"))),
            last_holder: Cell::new(None),
            switches: Cell::new(0),
            only_thread: Cell::new(None),
            in_use: Cell::new(false),
            ticker: Cell::new(interval),
            interval,
            is_folding: Cell::new(false),
            folds: true,
            profile: profile.clone(),
        }
    }

    /// Number of times that a different thread took the lock.
    #[cfg(feature = "internals")]
    pub fn switches(&self) -> u64 {
        self.switches.get()
    }

    /// `PyThread_acquire_lock`: returns with the lock held.
    pub async fn acquire(&self, os: &Os, me: ThreadId) {
        self.note_thread(me);
        os.owe(me, self.fast_path());
        self.lock_mutex(os, me).await;
        if self.released.owner().is_some() {
            let before = os.enter(me, Activity::WaitingForLock);
            while let Some(holder) = self.released.owner() {
                if self.is_folding.get() {
                    // From now on there is a waiter, so each check is simulated.
                    os.interrupt(holder, Nanos::ZERO);
                }
                let settle = self
                    .profile
                    .python
                    .gil
                    .settle
                    .sample(&mut self.settle.borrow_mut());
                self.released.wait(os, me, settle, self.mutex.as_ref()).await;
            }
            os.enter(me, before);
        }
        self.released.set_owner(Some(me));
        os.note_holder(self.released.object(), Some(me));
        if self.last_holder.replace(Some(me)) != Some(me) {
            self.switches.set(self.switches.get() + 1);
        }
        self.unlock_mutex(os, me).await;
    }

    /// `PyThread_release_lock`: the lock is free before the signal.
    pub async fn release(&self, os: &Os, me: ThreadId) {
        assert_eq!(
            self.released.owner(),
            Some(me),
            "the lock is released by its holder"
        );
        self.lock_mutex(os, me).await;
        self.released.set_owner(None);
        os.note_holder(self.released.object(), None);
        self.unlock_mutex(os, me).await;
        self.released.signal(os, me).await;
    }

    /// `PyEval_EvalFrameEx`, as far as it concerns the ticker: runs bytecode for `time`.
    pub async fn evaluate(&self, os: &Os, me: ThreadId, time: Nanos) {
        let mut left = Work::at_full_speed(time);
        // The unpaid part of the last check's cost.
        let mut unpaid = Work::NONE;
        while !left.is_done() {
            if self.ticker.get().is_done() {
                self.ticker.set(self.interval);
                // Other threads may run now.
                self.release(os, me).await;
                self.acquire(os, me).await;
            }
            // With a waiter the burst ends at the next check. Without one, a single burst covers all checks.
            let folds = self.folds && !self.released.is_waited_for();
            let stretch = Stretch {
                bytecode: if folds { left } else { left.min(self.ticker.get()) },
                first: self.ticker.get(),
                interval: self.interval,
                check: Work::at_full_speed(self.fast_path()),
            };
            let length = stretch.length();
            self.is_folding.set(stretch.checks() > 0);
            let rest = os.execute_interruptibly(me, length.plus(unpaid)).await;
            self.is_folding.set(false);
            // The thread first works off small costs that it owes, then the unpaid cost, and then the stretch.
            let reached = stretch.after(length.minus(rest));
            unpaid = rest.minus(length).plus(reached.unpaid);
            left = left.minus(reached.bytecode);
            self.ticker.set(reached.ticker);
        }
    }

    async fn lock_mutex(&self, os: &Os, me: ThreadId) {
        if let Some(mutex) = &self.mutex {
            mutex.lock(os, me).await;
        }
    }

    async fn unlock_mutex(&self, os: &Os, me: ThreadId) {
        if let Some(mutex) = &self.mutex {
            mutex.unlock(os, me).await;
        }
    }

    /// Notes that `thread` uses the interpreter. With a second thread the lock comes into use.
    fn note_thread(&self, thread: ThreadId) {
        match self.only_thread.get() {
            None => self.only_thread.set(Some(thread)),
            Some(only) if only != thread => self.in_use.set(true),
            Some(_) => {}
        }
    }

    /// CPU time to release the lock and take it again without a waiter.
    fn fast_path(&self) -> Nanos {
        if self.in_use.get() {
            self.profile.python.gil.uncontended
        } else {
            Nanos::ZERO
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::rc::Rc;

    use super::*;
    use crate::os::{Outcome, ThreadSpec};

    /// Runs a busy thread beside one that waits for a device again and again. Returns the time at which that thread has
    /// the lock back each time, and the number of events.
    fn busy_beside_io(cores: usize, folds: bool) -> (Vec<(Nanos, u64)>, u64) {
        let profile = Profile::load("linux-x86_64", Path::new(".")).unwrap();
        let key = Key::root(1, 0);
        let os = Os::new(cores, 1, profile.clone(), key);
        let lock = Rc::new(TickerLock {
            folds,
            ..TickerLock::new(&os, "the program", &profile, 100, key)
        });
        let log = Rc::new(RefCell::new(Vec::new()));
        let spec = |name: &str| ThreadSpec {
            name: name.into(),
            process: None,
            foreground: true,
            activity: Activity::Running,
        };
        let (inner, shared) = (os.clone(), lock.clone());
        os.spawn(spec("busy"), move |me| async move {
            shared.acquire(&inner, me).await;
            for _ in 0..3_000 {
                shared.evaluate(&inner, me, Nanos(33_333)).await;
            }
            shared.release(&inner, me).await;
        });
        let (inner, noted) = (os.clone(), log.clone());
        os.spawn(spec("io"), move |me| async move {
            for round in 0..60 {
                inner.wait_for_device(me, Nanos(811_111 + 7_919 * round)).await;
                lock.acquire(&inner, me).await;
                noted.borrow_mut().push((inner.now(), lock.switches()));
                lock.evaluate(&inner, me, Nanos(27_183)).await;
                lock.release(&inner, me).await;
            }
            inner.stop();
        });
        assert_eq!(os.run(Nanos::from_secs(60)), Outcome::Done);
        let log = log.borrow().clone();
        (log, os.events())
    }

    #[test]
    fn one_burst_over_many_checks_equals_a_burst_for_each() {
        for cores in [1, 2] {
            let (folded, few) = busy_beside_io(cores, true);
            let (one_by_one, many) = busy_beside_io(cores, false);
            assert_eq!(folded, one_by_one, "on {cores} cores");
            assert!(few < many, "{few} events, {many} one by one");
        }
    }
}
