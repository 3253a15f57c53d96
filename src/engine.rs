//! The clock, the event queue and the simulated threads of control.
//!
//! A simulated thread of control is an `async fn`, run by a single-threaded executor in this module: a blocking
//! operation is an `.await`, and no simulated time passes between two awaits. Each thread has one *slot* in the event
//! queue, which holds at most one pending event. Scheduling again overwrites it, so that cancelling an event costs
//! nothing later.
//!
//! A slot fires in one of two ways: it *resumes* its thread (polls the future), or it *interrupts*, which passes the
//! slot to the operating system's handler. No future is polled during another poll.

mod queue;
mod spans;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
#[cfg(feature = "internals")]
use std::task::Poll;
use std::task::{Context, Waker};

pub use queue::{Action, EventQueue, Slot};
#[cfg(feature = "internals")]
pub use spans::{LABELS, Span};
pub use spans::{Label, Ledger, Track};

use crate::units::Nanos;

/// The life of a simulated thread of control, from its first event to its end.
type Body = Pin<Box<dyn Future<Output = ()>>>;

/// The clock, the pending events and the simulated threads of control.
#[derive(Default)]
pub struct Engine {
    now: Cell<Nanos>,
    events: Cell<u64>,
    stopped: Cell<bool>,
    limit: Cell<Nanos>,
    queue: RefCell<EventQueue>,
    /// Threads spawned during the current poll; the main loop adopts them before the next one.
    newborn: RefCell<Vec<(Slot, Body)>>,
    /// Whether `newborn` has any.
    expecting: Cell<bool>,
}

/// Why a simulation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// [`Engine::stop`] was called.
    Stopped,
    /// The next event lies beyond the limit.
    Limit,
    /// No event is pending.
    Exhausted,
}

impl Engine {
    /// An engine at time zero without events.
    pub fn new() -> Self {
        Self::default()
    }

    /// The simulated time.
    #[inline]
    pub fn now(&self) -> Nanos {
        self.now.get()
    }

    /// Number of events that have fired so far.
    pub fn events(&self) -> u64 {
        self.events.get()
    }

    /// Adds a slot without a pending event.
    pub fn add_slot(&self) -> Slot {
        self.queue.borrow_mut().add_slot()
    }

    /// Gives a slot its thread of control. It starts when the slot first fires with [`Action::Resume`].
    pub fn spawn(&self, slot: Slot, body: impl Future<Output = ()> + 'static) {
        self.newborn.borrow_mut().push((slot, Box::pin(body)));
        self.expecting.set(true);
    }

    /// Makes `slot` fire at `time`. This replaces the slot's pending event, if there is one.
    ///
    /// # Panics
    /// If `time` is in the past: any other time would silently give wrong results.
    #[inline]
    pub fn schedule(&self, slot: Slot, time: Nanos, action: Action) {
        assert!(
            time >= self.now.get(),
            "an event at {time} was scheduled at {}",
            self.now.get()
        );
        self.queue
            .borrow_mut()
            .schedule(slot, time, self.now.get(), action);
    }

    /// Advances the clock to `time` if no event is due until then, for a thread that would suspend and be resumed by
    /// the very next event. It counts as that event. False if the thread has to suspend.
    #[inline]
    pub(crate) fn skip_to(&self, time: Nanos) -> bool {
        let free = self.queue.borrow().next_time().is_none_or(|next| time < next);
        let skips = free && time <= self.limit.get() && !self.stopped.get();
        if skips {
            assert!(time >= self.now.get(), "time ran backwards");
            self.now.set(time);
            self.events.set(self.events.get() + 1);
        }
        skips
    }

    /// Cancels the pending event of `slot`, if there is one.
    #[inline]
    pub(crate) fn cancel(&self, slot: Slot) {
        self.queue.borrow_mut().cancel(slot);
    }

    /// Suspends the calling thread for `time`. Its slot must have no other pending event.
    #[cfg(feature = "internals")]
    #[inline]
    pub async fn hold(&self, slot: Slot, time: Nanos) {
        self.schedule(slot, self.now.get().saturating_add(time), Action::Resume);
        suspend().await;
    }

    /// Ends [`Engine::run`] after the current event.
    #[inline]
    pub fn stop(&self) {
        self.stopped.set(true);
    }

    /// Whether [`Engine::stop`] was called.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.get()
    }

    /// Fires events in order of (time, sequence), until the simulation ends in one of the ways of [`Ended`].
    ///
    /// Calls `interrupt` for each slot that fires with [`Action::Interrupt`].
    pub fn run(&self, limit: Nanos, interrupt: impl Fn(Slot)) -> Ended {
        self.limit.set(limit);
        let mut bodies: Vec<Option<Body>> = Vec::new();
        let mut context = Context::from_waker(Waker::noop());
        let ended = loop {
            if self.stopped.get() {
                break Ended::Stopped;
            }
            let Some(event) = self.queue.borrow_mut().pop(self.now.get()) else {
                break Ended::Exhausted;
            };
            assert!(
                event.time >= self.now.get(),
                "time ran backwards from {} to {}",
                self.now.get(),
                event.time
            );
            if event.time > limit {
                self.now.set(limit);
                break Ended::Limit;
            }
            self.now.set(event.time);
            self.events.set(self.events.get() + 1);
            match event.action {
                Action::Interrupt => interrupt(event.slot),
                Action::Resume => {
                    if self.expecting.get() {
                        self.adopt(&mut bodies);
                    }
                    let body = &mut bodies[event.slot.index()];
                    let future = body
                        .as_mut()
                        .expect("only a slot with a living thread is resumed");
                    if future.as_mut().poll(&mut context).is_ready() {
                        *body = None;
                    }
                }
            }
        };
        // A newborn may own a handle on this engine: without this, neither would ever be freed.
        self.newborn.borrow_mut().clear();
        ended
    }

    fn adopt(&self, bodies: &mut Vec<Option<Body>>) {
        self.expecting.set(false);
        for (slot, body) in self.newborn.borrow_mut().drain(..) {
            if bodies.len() <= slot.index() {
                bodies.resize_with(slot.index() + 1, || None);
            }
            bodies[slot.index()] = Some(body);
        }
    }
}

/// Returns control to the engine until the thread's slot resumes it.
#[cfg(feature = "internals")]
#[inline]
pub fn suspend() -> Suspend {
    Suspend { suspended: false }
}

/// See [`suspend`]. The engine polls a thread only when its slot fires, so that the second poll is the resumption.
#[cfg(feature = "internals")]
#[must_use = "a thread suspends only where this is awaited"]
pub struct Suspend {
    suspended: bool,
}

#[cfg(feature = "internals")]
impl Future for Suspend {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.suspended, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    /// Runs `threads` of (start, period, times) and returns the log of (time, thread).
    fn play(threads: &[(u64, u64, u32)], limit: Nanos) -> (Vec<(u64, usize)>, Ended) {
        let engine = Rc::new(Engine::new());
        let log = Rc::new(RefCell::new(Vec::new()));
        for (index, &(start, period, times)) in threads.iter().enumerate() {
            let slot = engine.add_slot();
            let (inner, log) = (engine.clone(), log.clone());
            engine.spawn(slot, async move {
                for _ in 0..times {
                    log.borrow_mut().push((inner.now().0, index));
                    inner.hold(slot, Nanos(period)).await;
                }
            });
            engine.schedule(slot, Nanos(start), Action::Resume);
        }
        let ended = engine.run(limit, |_| unreachable!("no interrupts here"));
        assert_eq!(Rc::strong_count(&engine), 1, "a thread outlived the run");
        (log.take(), ended)
    }

    #[test]
    fn simultaneous_events_fire_in_the_order_of_their_scheduling() {
        let (log, ended) = play(&[(0, 10, 3), (5, 5, 3), (10, 0, 2)], Nanos::FOREVER);
        assert_eq!(
            log,
            [
                (0, 0),
                (5, 1),
                (10, 2),
                (10, 0),
                (10, 1),
                (10, 2),
                (15, 1),
                (20, 0)
            ]
        );
        assert_eq!(ended, Ended::Exhausted);
    }

    #[test]
    fn the_limit_ends_a_run_that_would_go_on() {
        let (log, ended) = play(&[(0, 10, u32::MAX)], Nanos(35));
        assert_eq!(log.len(), 4);
        assert_eq!(ended, Ended::Limit);
    }

    #[test]
    fn a_thread_born_in_a_poll_starts_at_its_own_event() {
        let engine = Rc::new(Engine::new());
        let born_at = Rc::new(Cell::new(Nanos::ZERO));
        let (parent, child) = (engine.add_slot(), engine.add_slot());
        let (inner, seen) = (engine.clone(), born_at.clone());
        engine.spawn(parent, async move {
            inner.hold(parent, Nanos(7)).await;
            let (engine, seen) = (inner.clone(), seen.clone());
            inner.spawn(child, async move { seen.set(engine.now()) });
            inner.schedule(child, Nanos(9), Action::Resume);
        });
        engine.schedule(parent, Nanos::ZERO, Action::Resume);
        engine.run(Nanos::FOREVER, |_| unreachable!("no interrupts here"));
        assert_eq!(born_at.get(), Nanos(9));
    }
}
