//! A condition variable with timed waits: `pthread_cond_t` of glibc 2.25 to 2.40 (`nptl/pthread_cond_wait.c`,
//! `nptl/pthread_cond_signal.c`).
//!
//! Waiters belong to one of two [`groups`]. Signals go to the older group until each of its members has one; then it is
//! closed, and the younger group becomes the older one. A signal does not name a thread: it is a token of the group.
//! The futex wakes the oldest sleeper for it, but that thread may find that another member has taken the token. That
//! happens when a thread has begun its wait and is still on its way to sleep.
//!
//! ```text
//!  waiter A  begins -- unlocks -- (no token yet) -- system call ----------- takes the token, never sleeps
//!  waiter B  (asleep) .......................................... woken -- no token left -- sleeps again
//!  signaller                                         adds a token, wakes the oldest sleeper: B
//! ```
//!
//! Not modelled: in glibc a signaller that closes a group waits until all threads woken from it have left (`__g_refs`).
//! A model of this with checks every 5 ms changed the rates and the next owner by less than 2 % and an idle thread's
//! latency by up to 8 %, and it doubled the number of events on crowded machines.
//!
//! The orders `fifo` and `random` replace the groups on platforms that choose their waiters otherwise: see
//! [`named_waiters`].
//!
//! A waiter keeps its [`Place`](places::Place) for as long as it waits, so that no operation scans the other waiters.

mod groups;
mod named_waiters;
mod places;

use std::cell::RefCell;
use std::future::Future;

use rand::distr::Distribution;

use super::{Mutex, ObjectId, Os, ThreadId, Wakeup, Woken};
use crate::profile::WakeOrder;
use crate::random::{Key, Stream, Table};
use crate::units::Nanos;
use groups::Groups;
use named_waiters::NamedWaiters;
use places::Place;

/// Threads that wait for a signal.
pub struct ConditionVariable {
    object: ObjectId,
    waiters: RefCell<Waiters>,
    random: RefCell<Stream>,
    settle: Settle,
}

/// CPU time from the beginning of a wait until the kernel has queued the thread.
#[derive(Clone)]
pub struct Settle {
    /// For a thread that woke up on a core that had just been busy: its caches hold the way into the kernel.
    pub hot: Table,
    /// On a core that had been idle for long.
    pub cold: Table,
}

/// The waiters, by the way in which a signal chooses among them.
enum Waiters {
    Groups(Groups),
    Named(NamedWaiters),
}

/// What a signal does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    /// No thread waits for it.
    Lost,
    /// It reaches a waiter that is still on its way to sleep.
    Noticed,
    /// It wakes this sleeper.
    Wakes(ThreadId),
}

impl ConditionVariable {
    /// A condition variable without waiters. `name` appears in deadlock reports; `key` names its random draws.
    pub fn new(os: &Os, name: &str, order: WakeOrder, settle: Settle, key: Key) -> Self {
        let waiters = match order {
            WakeOrder::Groups => Waiters::Groups(Groups::default()),
            WakeOrder::Fifo => Waiters::Named(NamedWaiters::oldest_first()),
            WakeOrder::Random => Waiters::Named(NamedWaiters::at_random()),
        };
        Self {
            object: os.add_object(name).0,
            waiters: RefCell::new(waiters),
            random: RefCell::new(Stream::named(key.name(name))),
            settle,
        }
    }

    /// `__condvar_cancel_waiting`: gives up the wait. If the waiter leaves a signal behind that no other waiter would
    /// take, it passes that signal on.
    fn cancel<'a>(&self, os: &'a Os, me: ThreadId, place: Place) -> Wakeup<'a> {
        let leaves_signal = self.waiters.borrow_mut().cancel(place);
        if leaves_signal {
            self.signal(os, me)
        } else {
            Wakeup::NOBODY
        }
    }

    /// `__pthread_cond_wait_common`
    #[allow(
        clippy::manual_async_fn,
        reason = "an `async fn` copies its arguments once more"
    )]
    fn wait_until<'a>(
        &'a self,
        os: &'a Os,
        me: ThreadId,
        mutex: &'a Mutex,
        deadline: Option<Nanos>,
    ) -> impl Future<Output = Woken> + 'a {
        async move {
            let place = self.waiters.borrow_mut().begin(me);
            mutex.unlock(os, me).await;
            let mut woken = Woken::Signalled;
            while !self.waiters.borrow_mut().take_signal(place) {
                // Until the kernel has queued the thread, a signal keeps it from sleeping.
                let settle = if os.woke_hot(me) {
                    &self.settle.hot
                } else {
                    &self.settle.cold
                };
                let settle = settle.sample(&mut self.random.borrow_mut());
                os.compute(me, settle).await;
                if self.waiters.borrow_mut().take_signal(place) {
                    break;
                }
                self.waiters.borrow_mut().fall_asleep(place);
                let left = deadline.map(|deadline| deadline.saturating_sub(os.now()));
                woken = os.block_for_sure(me, self.object, left).await;
                // A timeout is final only now that the thread has a core again: the futex may have woken it in between.
                let was_asleep = self.waiters.borrow_mut().leave_futex(place);
                if was_asleep && woken == Woken::TimedOut {
                    self.cancel(os, me, place).await;
                    break;
                }
                woken = Woken::Signalled;
            }
            mutex.lock(os, me).await;
            woken
        }
    }

    /// Waits for a signal that is certain to come, and releases `mutex` meanwhile: `pthread_cond_wait`.
    pub fn wait<'a>(
        &'a self,
        os: &'a Os,
        me: ThreadId,
        mutex: &'a Mutex,
    ) -> impl Future<Output = Woken> + 'a {
        self.wait_until(os, me, mutex, None)
    }

    /// Like [`wait`](Self::wait), for at most `time` and the timer's slack: `pthread_cond_timedwait`.
    pub fn timed_wait<'a>(
        &'a self,
        os: &'a Os,
        me: ThreadId,
        mutex: &'a Mutex,
        time: Nanos,
    ) -> impl Future<Output = Woken> + 'a {
        self.wait_until(os, me, mutex, Some(os.now().saturating_add(time)))
    }

    /// Wakes one waiter, which may preempt the caller: `pthread_cond_signal`.
    pub fn signal<'a>(&self, os: &'a Os, me: ThreadId) -> Wakeup<'a> {
        let signal = self.waiters.borrow_mut().signal(&mut self.random.borrow_mut());
        match signal {
            Signal::Lost => Wakeup::NOBODY,
            // The system call is made even if no thread sleeps, and the caller holds the mutex meanwhile: the waiter
            // that takes the signal has to wait for the mutex.
            Signal::Noticed => os.compute(me, os.costs().scheduler.futex_wake).into(),
            Signal::Wakes(sleeper) => os.futex_wake(me, sleeper),
        }
    }
}

impl Waiters {
    /// A thread begins to wait, awake.
    fn begin(&mut self, thread: ThreadId) -> Place {
        match self {
            Self::Groups(groups) => groups.begin(thread),
            Self::Named(waiters) => waiters.begin(thread),
        }
    }

    /// Ends the wait if there is a signal for this waiter. Says whether there was one.
    fn take_signal(&mut self, place: Place) -> bool {
        match self {
            Self::Groups(groups) => groups.take_signal(place),
            Self::Named(waiters) => waiters.take_signal(place),
        }
    }

    /// The kernel has queued the waiter.
    fn fall_asleep(&mut self, place: Place) {
        match self {
            Self::Groups(groups) => groups.fall_asleep(place),
            Self::Named(waiters) => waiters.fall_asleep(place),
        }
    }

    /// The waiter is back from the futex. True if no signal woke it there.
    fn leave_futex(&mut self, place: Place) -> bool {
        match self {
            Self::Groups(groups) => groups.leave_futex(place),
            Self::Named(waiters) => waiters.leave_futex(place),
        }
    }

    /// Ends the wait without a signal. Says whether that leaves a signal behind that must be sent again.
    fn cancel(&mut self, place: Place) -> bool {
        match self {
            Self::Groups(groups) => groups.cancel(place),
            Self::Named(waiters) => waiters.cancel(place),
        }
    }

    fn signal(&mut self, random: &mut Stream) -> Signal {
        match self {
            Self::Groups(groups) => groups.signal(),
            Self::Named(waiters) => waiters.signal(random),
        }
    }
}
