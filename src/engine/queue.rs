//! What is about to happen: one event for each slot, ordered by (time, sequence).
//!
//! A 4-ary heap that knows where each slot stands in it, so that overwriting and cancelling leave nothing stale
//! behind. Beside it a first-in-first-out ring for what is due now: events scheduled for the present moment come
//! after everything in the heap that is due at it, because the heap's were scheduled earlier.

use std::collections::VecDeque;

use crate::units::Nanos;

/// A place in the event queue that holds at most one pending event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u32);

impl Slot {
    /// Slots are numbered from 0 in the order of their creation.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What happens when a slot fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The slot's thread of control goes on.
    Resume,
    /// The operating system's handler is called.
    Interrupt,
}

/// A slot that fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub time: Nanos,
    /// Which.
    pub slot: Slot,
    /// How.
    pub action: Action,
}

/// All pending events.
#[derive(Default)]
pub struct EventQueue {
    heap: Vec<Entry>,
    now: VecDeque<Entry>,
    places: Vec<Place>,
    sequence: u64,
}

/// An event in the heap or the ring. `key` orders it: time first, then sequence.
#[derive(Clone, Copy)]
struct Entry {
    key: (Nanos, u64),
    slot: Slot,
}

/// Where a slot's event stands, and what it will do.
#[derive(Clone, Copy)]
struct Place {
    position: Position,
    action: Action,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    Nowhere,
    Heap(u32),
    /// In the ring, under this sequence number; an entry of the ring with another one is a cancelled event.
    Ring(u64),
}

/// Children of each node; four keep a node's children within two cache lines.
const ARITY: usize = 4;

impl EventQueue {
    /// A new slot with nothing pending.
    pub fn add_slot(&mut self) -> Slot {
        let slot = Slot(u32::try_from(self.places.len()).expect("fewer than 2^32 slots"));
        self.places.push(Place { position: Position::Nowhere, action: Action::Resume });
        slot
    }

    /// Puts an event on `slot`, in place of any pending one.
    pub fn schedule(&mut self, slot: Slot, time: Nanos, now: Nanos, action: Action) {
        self.sequence += 1;
        let entry = Entry { key: (time, self.sequence), slot };
        let place = &mut self.places[slot.index()];
        place.action = action;
        match place.position {
            Position::Heap(position) if time > now => self.replace(position as usize, entry),
            Position::Heap(position) => {
                self.remove(position as usize);
                self.push_now(entry);
            }
            _ if time > now => {
                self.heap.push(entry);
                self.sift_up(self.heap.len() - 1, entry);
            }
            _ => self.push_now(entry),
        }
    }

    /// Takes back the event on `slot`, if there is one.
    pub fn cancel(&mut self, slot: Slot) {
        if let Position::Heap(position) = self.places[slot.index()].position {
            self.remove(position as usize);
        }
        self.places[slot.index()].position = Position::Nowhere;
    }

    /// The next event, off the queue.
    pub fn pop(&mut self, now: Nanos) -> Option<Event> {
        loop {
            let due_in_heap = self.heap.first().is_some_and(|head| head.key.0 <= now);
            if due_in_heap || self.now.is_empty() {
                let head = *self.heap.first()?;
                self.remove(0);
                return Some(self.fire(head));
            }
            let head = self.now.pop_front()?;
            if self.places[head.slot.index()].position == Position::Ring(head.key.1) {
                return Some(self.fire(head));
            }
        }
    }

    /// How many events wait in the heap: for tests and benchmarks.
    pub fn len(&self) -> usize {
        self.heap.len() + self.now.len()
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn fire(&mut self, entry: Entry) -> Event {
        let place = &mut self.places[entry.slot.index()];
        place.position = Position::Nowhere;
        Event { time: entry.key.0, slot: entry.slot, action: place.action }
    }

    fn push_now(&mut self, entry: Entry) {
        self.places[entry.slot.index()].position = Position::Ring(entry.key.1);
        self.now.push_back(entry);
    }

    /// Puts `entry` where another one of its slot stands.
    fn replace(&mut self, position: usize, entry: Entry) {
        if entry.key < self.heap[position].key {
            self.sift_up(position, entry);
        } else {
            self.sift_down(position, entry);
        }
    }

    fn remove(&mut self, position: usize) {
        let last = self.heap.pop().expect("a position in the heap means that it is not empty");
        if position < self.heap.len() {
            self.replace(position, last);
        }
    }

    /// Moves `entry` from the hole at `position` towards the root until its parent is earlier.
    fn sift_up(&mut self, mut position: usize, entry: Entry) {
        while position > 0 {
            let parent = (position - 1) / ARITY;
            if self.heap[parent].key < entry.key {
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
            if first >= self.heap.len() {
                break;
            }
            let children = &self.heap[first..self.heap.len().min(first + ARITY)];
            let mut least = 0;
            for child in 1..children.len() {
                if children[child].key < children[least].key {
                    least = child;
                }
            }
            if entry.key < children[least].key {
                break;
            }
            self.put(position, children[least]);
            position = first + least;
        }
        self.put(position, entry);
    }

    fn put(&mut self, position: usize, entry: Entry) {
        self.heap[position] = entry;
        self.places[entry.slot.index()].position = Position::Heap(position as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// The queue against the plainest thing that does the same: a sorted map from (time, sequence) to slot.
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
