//! The interpreter lock of CPython before 3.2: an ordinary lock, let go of and taken again every 100 ticks.
//!
//! Mirrors `Python/ceval.c` of 2.6 to 3.1 (`interpreter_lock`, `_Py_Ticker`, `_Py_CheckInterval`) and
//! `Python/thread_pthread.h` (`PyThread_acquire_lock`, `PyThread_release_lock`).
//!
//! ```text
//!  holder   |-- 101 ticks --|release, signal|take again|-- 101 ticks --|release, signal|take again|--
//!  waiter                                   |---- wake-up ----|locked: sleep again|
//! ```
//!
//! The lock is free while its holder signals, and no longer: a waiter gets it only if it comes to run just then. A
//! wake-up takes some microseconds, so on several cores it mostly comes too late, at the cost of a signal for the
//! holder and of a futile wake-up for the waiter, thousands of times a second. On one core the woken waiter runs
//! when the scheduler has it run, mostly with the lock held by whom it replaced.
//!
//! Without POSIX semaphores the lock is a flag, a condition and a mutex. The mutex is held for some ten instructions,
//! which are part of the cost `gil.uncontended`; but a waiter that goes back to sleep holds it until it is asleep. A
//! holder that comes to its check in that moment has to sleep as well.

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
    /// `lock_released`, or what the semaphore that the lock is sleeps on. Knows who holds the lock.
    released: CountedQueue,
    /// `mut`, which guards `locked`. There is none where the lock is a semaphore.
    mutex: Option<Mutex>,
    last_holder: Cell<Option<ThreadId>>,
    /// Times that the lock went to another thread than the one before.
    switches: Cell<u64>,
    /// The only thread so far. There is no lock before there are two: `PyEval_InitThreads`.
    only_thread: Cell<Option<ThreadId>>,
    in_use: Cell<bool>,
    /// Bytecode until the next check, by whichever thread runs it: `_Py_Ticker`.
    ticker: Cell<Work>,
    /// Bytecode from check to check.
    interval: Work,
    /// Names how long a thread is on its way to sleep.
    settle: RefCell<Stream>,
    /// The holder is in a burst over checks that found nobody waiting.
    is_folding: Cell<bool>,
    /// Whether checks that find nobody waiting are made up for by arithmetic.
    folds: bool,
    profile: Arc<Profile>,
}

impl TickerLock {
    /// An open lock. `process` tells it from others in reports; `check_interval` is in ticks; `key` names its random
    /// costs.
    pub fn new(os: &Os, process: &str, profile: &Arc<Profile>, check_interval: u32, key: Key) -> Self {
        // `--_Py_Ticker < 0`: one tick more than the interval.
        let ticks = u64::from(check_interval) + 1;
        let interval = Work::at_full_speed(profile.costs.gil.tick * ticks);
        let name = format!("the interpreter lock of {process}");
        let mutex = (!profile.costs.gil.semaphore).then(|| Mutex::new(os, &format!("{name} (its mutex)")));
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

    /// Times that the lock went from one thread to another.
    pub fn switches(&self) -> u64 {
        self.switches.get()
    }

    /// `PyThread_acquire_lock`: returns with the lock held.
    pub async fn acquire(&self, os: &Os, me: ThreadId) {
        self.meet(me);
        os.owe(me, self.fast_path());
        self.lock_mutex(os, me).await;
        if self.released.owner().is_some() {
            let before = os.enter(me, Activity::WaitingForLock);
            while let Some(holder) = self.released.owner() {
                if self.is_folding.get() {
                    // From now on somebody is waiting: each check is one.
                    os.interrupt(holder, Nanos::ZERO);
                }
                let settle = self
                    .profile
                    .costs
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

    /// `PyThread_release_lock`: the lock is free before anybody is told.
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

    /// `PyEval_EvalFrameEx`, as far as the ticker is concerned: runs bytecode for `time`.
    pub async fn evaluate(&self, os: &Os, me: ThreadId, time: Nanos) {
        let mut left = Work::at_full_speed(time);
        // Of the last check's cost.
        let mut unpaid = Work::NONE;
        while !left.is_done() {
            if self.ticker.get().is_done() {
                self.ticker.set(self.interval);
                // Other threads may run now.
                self.release(os, me).await;
                self.acquire(os, me).await;
            }
            // With somebody waiting the next check is an event; with nobody all of them are one burst.
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
            // Small costs that were owed come before what was unpaid, and this before the stretch.
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

    /// A second thread: from now on there is a lock.
    fn meet(&self, thread: ThreadId) {
        match self.only_thread.get() {
            None => self.only_thread.set(Some(thread)),
            Some(only) if only != thread => self.in_use.set(true),
            Some(_) => {}
        }
    }

    /// Letting go of the lock and taking it again, nobody else wanting it.
    fn fast_path(&self) -> Nanos {
        if self.in_use.get() {
            self.profile.costs.gil.uncontended
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

    /// A busy thread beside one that waits for a device again and again: when it has the lock back each time, and
    /// how many events all of it took.
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
    fn many_checks_at_once_are_the_same_as_one_by_one() {
        for cores in [1, 2] {
            let (folded, few) = busy_beside_io(cores, true);
            let (one_by_one, many) = busy_beside_io(cores, false);
            assert_eq!(folded, one_by_one, "on {cores} cores");
            assert!(few < many, "{few} events, {many} one by one");
        }
    }
}
