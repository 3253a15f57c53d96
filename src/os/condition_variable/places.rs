//! Numbered places, each with one waiter: a table with a list of free entries.

use std::ops::{Index, IndexMut};

/// The place of one waiter, from the beginning of its wait until it leaves by itself. A thread that is killed
/// during its wait keeps its place, because nothing else in the process learns of its death.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u32);

/// All places of one condition variable.
#[derive(Debug)]
pub(super) struct Places<T> {
    /// What stands in each place; the last waiter's value where the place is free.
    table: Vec<T>,
    free: Vec<Place>,
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self {
            table: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Places<T> {
    pub fn take(&mut self, waiter: T) -> Place {
        if let Some(place) = self.free.pop() {
            self[place] = waiter;
            return place;
        }
        self.table.push(waiter);
        Place(self.table.len() as u32 - 1)
    }

    /// The waiter leaves, and its place may be given to another one.
    pub fn give_back(&mut self, place: Place) {
        self.free.push(place);
    }
}

impl<T> Index<Place> for Places<T> {
    type Output = T;

    fn index(&self, place: Place) -> &T {
        &self.table[place.0 as usize]
    }
}

impl<T> IndexMut<Place> for Places<T> {
    fn index_mut(&mut self, place: Place) -> &mut T {
        &mut self.table[place.0 as usize]
    }
}
