//! What a thread awaits from the operating system: a burst of CPU work, or a wait.
//!
//! Both begin when they are first polled, and not when they are created, so that they can be passed around.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::Os;
use super::thread::{ObjectId, ThreadId, Woken, Work};
use crate::units::Nanos;

/// CPU work of the calling thread. Its result is the work that an interruption left undone.
#[must_use = "work is done only where this is awaited"]
pub struct Burst<'a> {
    pub(super) os: &'a Os,
    pub(super) me: ThreadId,
    pub(super) work: Work,
    pub(super) kind: BurstKind,
    pub(super) begun: bool,
}

/// The kind of work in a burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BurstKind {
    /// The kernel's work, or a task's own.
    Plain,
    /// Code, which pays for cold caches.
    Code,
    /// Code that may be cut short.
    InterruptibleCode,
}

impl Future for Burst<'_> {
    type Output = Work;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Work> {
        let mut scheduler = self.os.scheduler.borrow_mut();
        if self.begun {
            return Poll::Ready(scheduler.resumed(self.me));
        }
        if scheduler.is_over(self.me) {
            // It was killed while it was being polled, and goes no further.
            return Poll::Pending;
        }
        if self.work.is_done() && !scheduler.must_resched(self.me) {
            return Poll::Ready(Work::NONE);
        }
        if scheduler.start_burst(&self.os.engine, self.me, self.work, self.kind) {
            return Poll::Ready(scheduler.resumed(self.me));
        }
        drop(scheduler);
        self.begun = true;
        Poll::Pending
    }
}

/// The calling thread may have woken another one, and gives way if it has to.
#[must_use = "the calling thread gives way only where this is awaited"]
pub struct Wakeup<'a>(pub(super) Option<Burst<'a>>);

impl Wakeup<'_> {
    /// There was no thread to wake.
    pub(super) const NOBODY: Self = Self(None);
}

impl<'a> From<Burst<'a>> for Wakeup<'a> {
    fn from(burst: Burst<'a>) -> Self {
        Self(Some(burst))
    }
}

impl Future for Wakeup<'_> {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            None => Poll::Ready(()),
            Some(burst) => Pin::new(burst).poll(context).map(|_| ()),
        }
    }
}

/// What ends a wait.
#[derive(Clone, Copy, Debug)]
pub(super) enum Until {
    /// Another thread, which provides what is waited for.
    Woken,
    /// Another thread, which is certain to come: the wait never causes a deadlock.
    SurelyWoken,
    /// Another thread, or a timer after this time and its slack.
    Timer(Nanos),
    /// A timer after this time and its slack. The thread then looks whether what it waits for is there.
    NextLook(Nanos),
    /// A device, after exactly this time.
    Device(Nanos),
}

/// A wait of the calling thread, off-core. Its result is what ended it.
#[must_use = "a thread waits only where this is awaited"]
pub struct Wait<'a> {
    pub(super) os: &'a Os,
    pub(super) me: ThreadId,
    pub(super) object: Option<ObjectId>,
    pub(super) until: Until,
    pub(super) begun: bool,
}

impl Future for Wait<'_> {
    type Output = Woken;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Woken> {
        let (os, me) = (self.os, self.me);
        if self.begun {
            let mut scheduler = os.scheduler.borrow_mut();
            scheduler.resumed(me);
            return Poll::Ready(scheduler.tables[me].woken);
        }
        if os.scheduler.borrow().is_over(me) {
            return Poll::Pending;
        }
        let deadline = match self.until {
            Until::Woken | Until::SurelyWoken => None,
            Until::Timer(time) | Until::NextLook(time) => Some(os.timer_after(time)),
            Until::Device(time) => Some(os.now().saturating_add(time)),
        };
        let hopeful = !matches!(self.until, Until::Woken | Until::NextLook(_));
        os.scheduler
            .borrow_mut()
            .block(&os.engine, me, self.object, deadline, hopeful);
        if !hopeful {
            os.lost_hope(me);
        }
        self.begun = true;
        Poll::Pending
    }
}
