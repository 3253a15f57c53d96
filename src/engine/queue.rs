//! Pending events: at most one for each slot, ordered by (time, sequence).
//!
//! The queue is a 4-ary heap that knows the position of each slot, so that overwriting and cancelling leave no stale
//! entries. Beside it is a first-in-first-out ring for events that are due now: they come after all events in the heap
//! that are due at the same time, because those were scheduled earlier.

use std::collections::VecDeque;

use crate::units::Nanos;

/// A place in the event queue that holds at most one pending event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u32);

impl Slot {
    /// Slots are numbered from 0 in the order of their creation.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What happens when a slot fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The slot's thread of control is resumed.
    Resume,
    /// The operating system's handler is called.
    Interrupt,
}

/// An event: a slot that fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it fires.
    pub time: Nanos,
    /// The slot.
    pub slot: Slot,
    /// What happens.
    pub action: Action,
}

/// All pending events.
#[derive(Default)]
pub struct EventQueue {
    heap: Vec<Entry>,
    now: VecDeque<Entry>,
    /// The position of each slot's event.
    positions: Vec<Position>,
    /// The slot whose event fired last, if that event came from the heap. It stays at the root until its slot is
    /// scheduled again, which overwrites it, or until the next event is popped.
    spent: Option<Slot>,
    sequence: u64,
}

/// A pending event in one number, ordered by time, then sequence. Slot and action, in the lowest bits, never decide the
/// order. Four entries, a node's children, fill one cache line. 2^40 events take a day to simulate.
///
/// ```text
///  127     64 63                24 23         1      0
///  | time    | sequence, 40 bits  | slot       | action
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry(u128);

const TIME_SHIFT: u32 = 64;
const SEQUENCE_SHIFT: u32 = 24;

impl Entry {
    fn new(time: Nanos, sequence: u64, slot: Slot, action: Action) -> Self {
        let what =
            sequence << SEQUENCE_SHIFT | u64::from(slot.0) << 1 | u64::from(action == Action::Interrupt);
        Self(u128::from(time.0) << TIME_SHIFT | u128::from(what))
    }

    fn time(self) -> Nanos {
        Nanos((self.0 >> TIME_SHIFT) as u64)
    }

    fn slot(self) -> Slot {
        Slot(self.0 as u32 >> 1 & MOST_SLOTS)
    }

    /// The low bits of the sequence, which tell the ring's entries apart.
    fn ticket(self) -> u32 {
        (self.0 >> SEQUENCE_SHIFT) as u32 | Position::RING
    }

    fn event(self) -> Event {
        let action = if self.0 & 1 == 0 {
            Action::Resume
        } else {
            Action::Interrupt
        };
        Event {
            time: self.time(),
            slot: self.slot(),
            action,
        }
    }
}

const MOST_SLOTS: u32 = (1 << (SEQUENCE_SHIFT - 1)) - 1;

/// The position of a slot's event: an index of the heap, the ticket of an entry of the ring, or nowhere. An entry of
/// the ring with a different ticket is a cancelled event.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Position(u32);

impl Position {
    const NOWHERE: Self = Self(Self::RING - 1);
    const RING: u32 = 1 << 31;

    fn in_heap(self) -> Option<usize> {
        (self.0 < Self::NOWHERE.0).then_some(self.0 as usize)
    }
}

/// Number of children of each node.
const ARITY: usize = 4;

impl EventQueue {
    /// Adds a slot without a pending event.
    pub fn add_slot(&mut self) -> Slot {
        let slot = Slot(self.positions.len() as u32);
        assert!(slot.0 < MOST_SLOTS, "more than {MOST_SLOTS} threads");
        self.positions.push(Position::NOWHERE);
        slot
    }

    /// Adds an event on `slot`, in place of its pending event, if there is one.
    #[inline]
    pub fn schedule(&mut self, slot: Slot, time: Nanos, now: Nanos, action: Action) {
        self.sequence += 1;
        if self.spent == Some(slot) {
            self.spent = None;
        }
        let entry = Entry::new(time, self.sequence, slot, action);
        let pending = self.positions[slot.index()].in_heap();
        if time > now {
            match pending {
                Some(position) => self.replace(position, entry),
                None => {
                    self.heap.push(entry);
                    self.sift_up(self.heap.len() - 1, entry);
                }
            }
        } else {
            if let Some(position) = pending {
                self.remove(position);
            }
            self.positions[slot.index()] = Position(entry.ticket());
            self.now.push_back(entry);
        }
    }

    /// Cancels the event on `slot`, if there is one.
    #[inline]
    pub fn cancel(&mut self, slot: Slot) {
        if self.spent == Some(slot) {
            self.spent = None;
        }
        if let Some(position) = self.positions[slot.index()].in_heap() {
            self.remove(position);
        }
        self.positions[slot.index()] = Position::NOWHERE;
    }

    /// Takes the next event off the queue.
    // Not inlined, it would return the event through memory, which doubles its cost.
    #[inline(always)]
    pub fn pop(&mut self, now: Nanos) -> Option<Event> {
        if let Some(slot) = self.spent.take() {
            self.positions[slot.index()] = Position::NOWHERE;
            self.remove(0);
        }
        while let Some(&due) = self.now.front() {
            // The heap's events for this moment were scheduled earlier, hence before all events in the ring.
            if self.heap.first().is_some_and(|head| head.time() <= now) {
                break;
            }
            self.now.pop_front();
            let position = &mut self.positions[due.slot().index()];
            if position.0 == due.ticket() {
                *position = Position::NOWHERE;
                return Some(due.event());
            }
        }
        let event = self.heap.first()?.event();
        self.spent = Some(event.slot);
        Some(event)
    }

    /// When the next event is due.
    #[inline]
    pub fn next_time(&self) -> Option<Nanos> {
        // The event that fired last is still at the root; the earliest pending one is among its children.
        let earliest = match self.spent {
            None => self.heap.first(),
            Some(_) => self.heap.iter().skip(1).take(ARITY).min(),
        };
        let due = self.now.front().map(|due| due.time());
        due.or(earliest.map(|head| head.time()))
    }

    /// Puts `entry` in the place of another one.
    fn replace(&mut self, position: usize, entry: Entry) {
        if entry < self.heap[position] {
            self.sift_up(position, entry);
        } else {
            self.sift_down(position, entry);
        }
    }

    fn remove(&mut self, position: usize) {
        let last = self
            .heap
            .pop()
            .expect("a position in the heap means that it is not empty");
        if position < self.heap.len() {
            self.replace(position, last);
        }
    }

    /// Moves `entry` from the hole at `position` towards the root until its parent is earlier.
    fn sift_up(&mut self, mut position: usize, entry: Entry) {
        while position > 0 {
            let parent = (position - 1) / ARITY;
            if self.heap[parent] < entry {
                break;
            }
            self.put(position, self.heap[parent]);
            position = parent;
        }
        self.put(position, entry);
    }

    /// Moves `entry` from the hole at `position` towards the leaves until its children are later.
    fn sift_down(&mut self, mut position: usize, entry: Entry) {
        loop {
            let first = position * ARITY + 1;
            let earliest = if let Some(children) = self.heap.get(first..first + ARITY) {
                // A tournament of two rounds, without branches that could be mispredicted.
                let left = usize::from(children[1] < children[0]);
                let right = 2 + usize::from(children[3] < children[2]);
                first
                    + if children[right] < children[left] {
                        right
                    } else {
                        left
                    }
            } else if first < self.heap.len() {
                (first..self.heap.len())
                    .min_by_key(|&child| self.heap[child])
                    .expect("there is a child")
            } else {
                break;
            };
            if entry < self.heap[earliest] {
                break;
            }
            self.put(position, self.heap[earliest]);
            position = earliest;
        }
        self.put(position, entry);
    }

    fn put(&mut self, position: usize, entry: Entry) {
        self.heap[position] = entry;
        self.positions[entry.slot().index()] = Position(position as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Compares the queue with the simplest equivalent: a sorted map from (time, sequence) to slot.
        #[test]
        fn fires_like_a_sorted_map(operations in prop::collection::vec((0u32..40, 0u64..6, 0u8..8), 1..400)) {
            let mut queue = EventQueue::default();
            let slots: Vec<Slot> = (0..40).map(|_| queue.add_slot()).collect();
            let mut model: BTreeMap<(u64, u64), u32> = BTreeMap::new();
            let (mut now, mut sequence) = (0, 0);
            for (slot, delay, kind) in operations {
                match kind {
                    0 => {
                        model.retain(|_, pending| *pending != slot);
                        queue.cancel(slots[slot as usize]);
                    }
                    1 | 2 => {
                        let expected = model.pop_first();
                        let event = queue.pop(Nanos(now));
                        prop_assert_eq!(
                            event.map(|event| (event.time.0, event.slot)),
                            expected.map(|((time, _), slot)| (time, slots[slot as usize]))
                        );
                        now = event.map_or(now, |event| event.time.0);
                    }
                    _ => {
                        model.retain(|_, pending| *pending != slot);
                        sequence += 1;
                        model.insert((now + delay, sequence), slot);
                        queue.schedule(slots[slot as usize], Nanos(now + delay), Nanos(now), Action::Resume);
                    }
                }
            }
        }
    }
}
