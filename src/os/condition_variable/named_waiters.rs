//! Waiters of which each signal chooses one by name: the one that began to wait first, or any.

use std::collections::VecDeque;

use super::Signal;
use super::places::{Place, Places};
use crate::os::ThreadId;
use crate::random::Stream;

/// Waiters in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct NamedWaiters {
    waiters: Places<Waiter>,
    /// Waiters without a signal, ordered by number: a position is found by binary search.
    line: VecDeque<(u64, Place)>,
    /// The number of the next waiter.
    next: u64,
    chosen_at_random: bool,
}

#[derive(Debug)]
struct Waiter {
    thread: ThreadId,
    /// Waiters are numbered in the order in which they begin.
    number: u64,
    has_signal: bool,
    is_asleep: bool,
}

impl NamedWaiters {
    pub fn oldest_first() -> Self {
        Self::default()
    }

    pub fn at_random() -> Self {
        Self {
            chosen_at_random: true,
            ..Self::default()
        }
    }

    pub fn begin(&mut self, thread: ThreadId) -> Place {
        let number = self.next;
        self.next += 1;
        let place = self.waiters.take(Waiter {
            thread,
            number,
            has_signal: false,
            is_asleep: false,
        });
        self.line.push_back((number, place));
        place
    }

    pub fn take_signal(&mut self, place: Place) -> bool {
        let has_signal = self.waiters[place].has_signal;
        if has_signal {
            self.waiters.give_back(place);
        }
        has_signal
    }

    pub fn fall_asleep(&mut self, place: Place) {
        self.waiters[place].is_asleep = true;
    }

    pub fn leave_futex(&mut self, place: Place) -> bool {
        std::mem::take(&mut self.waiters[place].is_asleep)
    }

    pub fn cancel(&mut self, place: Place) -> bool {
        let Waiter {
            number, has_signal, ..
        } = self.waiters[place];
        if !has_signal && let Ok(position) = self.line.binary_search_by_key(&number, |&(number, _)| number) {
            self.line.remove(position);
        }
        self.waiters.give_back(place);
        has_signal
    }

    pub fn signal(&mut self, random: &mut Stream) -> Signal {
        let position = if self.chosen_at_random && !self.line.is_empty() {
            random.below(self.line.len() as u64) as usize
        } else {
            0
        };
        let Some((_, place)) = self.line.remove(position) else {
            return Signal::Lost;
        };
        let waiter = &mut self.waiters[place];
        waiter.has_signal = true;
        if std::mem::take(&mut waiter.is_asleep) {
            Signal::Wakes(waiter.thread)
        } else {
            Signal::Noticed
        }
    }
}
