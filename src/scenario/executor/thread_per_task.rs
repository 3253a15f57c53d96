//! `"thread-per-task"`: one `threading.Thread` for each item.

use super::{Accepts, Describe, Facts, Home, Run, Uses};

/// One `threading.Thread` for each item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadPerTask;

impl Describe for ThreadPerTask {
    const KEYS: &'static [&'static str] = &[];
    const ACCEPTS: Accepts = Accepts::Items;

    fn read(_: &Run<'_, '_>) -> Option<Self> {
        Some(Self)
    }

    fn facts(&self) -> Facts {
        Facts::of(Home::Threads)
    }

    fn threads_at_once(&self, items: u64) -> u64 {
        items
    }

    fn obstacle(&self, _: &Uses) -> Option<&'static str> {
        None
    }
}
