//! A condition variable with timed waits: `pthread_cond_t` of glibc 2.25 to 2.40 (`nptl/pthread_cond_wait.c`,
//! `nptl/pthread_cond_signal.c`).
//!
//! Waiters stand in two groups. Signals go to the older one until each of its members has one; then it is closed, and
//! the younger becomes the older. A signal names nobody: it is a token of the group, and the thread that the futex
//! wakes for it, the oldest sleeper, may find that another has taken it. That happens where a thread has begun its
//! wait and is still on its way to sleep.
//!
//! ```text
//!  waiter A  begins -- unlocks -- (no token yet) -- system call ----------- takes the token, never sleeps
//!  waiter B  (asleep) .......................................... woken -- no token left -- sleeps again
//!  signaller                                         puts a token, wakes the oldest sleeper: B
//! ```
//!
//! Left out: a signaller that closes a group waits in glibc until all who were woken from it have left (`__g_refs`).
//! Tried at intervals of 5 ms, that moved the rates and who is next by less than 2 %, an idle thread's latency by up to
//! 8 %, and on crowded machines it doubled the events.
//!
//! `fifo` and `random` stand beside this mechanism for platforms that choose their waiters otherwise.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;

use rand::distr::Distribution;

use super::{Mutex, ObjectId, Os, ThreadId, Wakeup, Woken};
use crate::profile::WakeOrder;
use crate::random::{Key, Stream, Table};
use crate::units::Nanos;

/// Waiters in the order in which they began.
pub struct Condition {
    object: ObjectId,
    waits: RefCell<VecDeque<Wait>>,
    /// Signals in the older group that nobody has taken yet: `__g_signals`.
    tokens: Cell<usize>,
    /// Numbers the threads that fall asleep: the futex wakes in this order.
    asleep: Cell<u64>,
    order: WakeOrder,
    random: RefCell<Stream>,
    settle: Settle,
}

/// CPU time from beginning to wait until the kernel has queued the thread.
#[derive(Clone)]
pub struct Settle {
    /// By a thread that woke on a core that had just been busy: the way into the kernel is in its caches.
    pub hot: Table,
    /// On a core that had been idle for long.
    pub cold: Table,
}

struct Wait {
    thread: ThreadId,
    group: Group,
    /// Position in the futex's queue, while it sleeps there.
    sleeps: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    /// Takes no signals yet: G2.
    Younger,
    /// G1.
    Older,
    /// Was G1, and has a signal for each member; or this waiter was chosen by name.
    Closed,
}

impl Condition {
    /// With nobody waiting.
    pub fn new(os: &Os, name: &str, order: WakeOrder, settle: Settle, key: Key) -> Self {
        Self {
            object: os.add_object(name).0,
            waits: RefCell::default(),
            tokens: Cell::new(0),
            asleep: Cell::new(0),
            order,
            random: RefCell::new(Stream::named(key.name(name))),
            settle,
        }
    }

    /// Waits for a signal that is sure to come, with `mutex` open meanwhile: `pthread_cond_wait`.
    pub fn wait<'a>(
        &'a self,
        os: &'a Os,
        me: ThreadId,
        mutex: &'a Mutex,
    ) -> impl Future<Output = Woken> + 'a {
        self.wait_until(os, me, mutex, None)
    }

    /// The same for at most `time` and the timer's slack: `pthread_cond_timedwait`.
    pub fn timed_wait<'a>(
        &'a self,
        os: &'a Os,
        me: ThreadId,
        mutex: &'a Mutex,
        time: Nanos,
    ) -> impl Future<Output = Woken> + 'a {
        self.wait_until(os, me, mutex, Some(os.now().saturating_add(time)))
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
            self.waits.borrow_mut().push_back(Wait {
                thread: me,
                group: Group::Younger,
                sleeps: None,
            });
            mutex.unlock(os, me).await;
            let mut woken = Woken::Signalled;
            while !self.take_signal(me) {
                // Until the kernel has queued it, a signal keeps it from sleeping.
                let settle = if os.woke_hot(me) {
                    &self.settle.hot
                } else {
                    &self.settle.cold
                };
                let settle = settle.sample(&mut self.random.borrow_mut());
                os.compute(me, settle).await;
                if self.take_signal(me) {
                    break;
                }
                self.fall_asleep(me);
                let left = deadline.map(|deadline| deadline.saturating_sub(os.now()));
                woken = os.block_for_sure(me, self.object, left).await;
                // Only now that it has a core again is a time-out final: the futex may have woken it in between.
                let timed_out = self.leave_futex(me) && woken == Woken::TimedOut;
                if timed_out {
                    self.cancel(os, me).await;
                    break;
                }
                woken = Woken::Signalled;
            }
            mutex.lock(os, me).await;
            woken
        }
    }

    /// Wakes one waiter, which may push the caller off its CPU: `pthread_cond_signal`.
    pub fn signal<'a>(&self, os: &'a Os, me: ThreadId) -> Wakeup<'a> {
        if !self.has_any(|wait| wait.group != Group::Closed) {
            return Wakeup::NOBODY;
        }
        let sleeper = match self.order {
            WakeOrder::Groups => {
                if self.unsignalled() == 0 && !self.switch_groups() {
                    return Wakeup::NOBODY;
                }
                self.tokens.set(self.tokens.get() + 1);
                self.oldest_sleeper()
            }
            WakeOrder::Fifo | WakeOrder::Random => self.choose(),
        };
        // The caller holds the mutex during the system call, which is made even if nobody sleeps: who has taken the
        // token, or comes by, runs into it.
        match sleeper {
            Some(sleeper) => os.futex_wake(me, sleeper),
            None => os.compute(me, os.costs().scheduler.futex_wake).into(),
        }
    }

    /// Members of the older group that have no signal: `__g_size`.
    fn unsignalled(&self) -> usize {
        let waits = self.waits.borrow();
        let members = waits.iter().filter(|wait| wait.group == Group::Older).count();
        members - self.tokens.get()
    }

    /// `__condvar_quiesce_and_switch_g1`: the younger group becomes the older. False where that leaves nobody.
    fn switch_groups(&self) -> bool {
        if !self.has_any(|wait| wait.group == Group::Younger) {
            return false;
        }
        for wait in self.waits.borrow_mut().iter_mut() {
            if wait.group == Group::Older {
                wait.group = Group::Closed;
            }
        }
        self.tokens.set(0);
        for wait in self.waits.borrow_mut().iter_mut() {
            if wait.group == Group::Younger {
                wait.group = Group::Older;
            }
        }
        self.unsignalled() > 0
    }

    /// `futex_wake(&__g_signals, 1)`
    fn oldest_sleeper(&self) -> Option<ThreadId> {
        let mut waits = self.waits.borrow_mut();
        let oldest = waits
            .iter_mut()
            .filter(|wait| wait.group == Group::Older && wait.sleeps.is_some())
            .min_by_key(|wait| wait.sleeps)?;
        oldest.sleeps = None;
        Some(oldest.thread)
    }

    /// Picks a waiter by name. Says whom to wake; one that is still awake sees for itself.
    fn choose(&self) -> Option<ThreadId> {
        let mut waits = self.waits.borrow_mut();
        let mut waiting: Vec<&mut Wait> = waits
            .iter_mut()
            .filter(|wait| wait.group != Group::Closed)
            .collect();
        if waiting.is_empty() {
            return None;
        }
        let index = match self.order {
            WakeOrder::Random => self.random.borrow_mut().below(waiting.len() as u64) as usize,
            WakeOrder::Groups | WakeOrder::Fifo => 0,
        };
        let chosen = &mut waiting[index];
        chosen.group = Group::Closed;
        chosen.sleeps.take().map(|_| chosen.thread)
    }

    /// Leaves with a signal, if there is one for this waiter.
    fn take_signal(&self, me: ThreadId) -> bool {
        let group = self.of(me, |wait| wait.group);
        let signalled = match group {
            Group::Younger => false,
            Group::Older => self.tokens.get() > 0,
            Group::Closed => true,
        };
        if signalled {
            if group == Group::Older {
                self.tokens.set(self.tokens.get() - 1);
            }
            self.forget(me);
        }
        signalled
    }

    fn fall_asleep(&self, me: ThreadId) {
        self.asleep.set(self.asleep.get() + 1);
        self.of(me, |wait| wait.sleeps = Some(self.asleep.get()));
    }

    /// Back from the futex. True if nobody woke it there.
    fn leave_futex(&self, me: ThreadId) -> bool {
        self.of(me, |wait| wait.sleeps.take().is_some())
    }

    /// `__condvar_cancel_waiting`: gives up. If all others of its group have a signal, the one left is its own, and it
    /// passes it on.
    fn cancel<'a>(&self, os: &'a Os, me: ThreadId) -> Wakeup<'a> {
        let group = self.of(me, |wait| wait.group);
        let last_unsignalled = match group {
            Group::Younger => false,
            Group::Older => self.unsignalled() == 0,
            Group::Closed => true,
        };
        if group == Group::Older && last_unsignalled {
            self.tokens.set(self.tokens.get() - 1);
        }
        self.forget(me);
        if last_unsignalled {
            self.signal(os, me)
        } else {
            Wakeup::NOBODY
        }
    }

    fn has_any(&self, is: impl Fn(&Wait) -> bool) -> bool {
        self.waits.borrow().iter().any(is)
    }

    /// Looks at a waiter's own wait.
    fn of<T>(&self, me: ThreadId, look: impl FnOnce(&mut Wait) -> T) -> T {
        let mut waits = self.waits.borrow_mut();
        let wait = waits
            .iter_mut()
            .find(|wait| wait.thread == me)
            .expect("a waiter stands in the list until it leaves by itself");
        look(wait)
    }

    fn forget(&self, me: ThreadId) {
        self.waits.borrow_mut().retain(|wait| wait.thread != me);
    }
}
