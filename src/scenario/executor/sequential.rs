//! `"sequential"`: a plain loop in the main thread, and the baseline of every speedup.

use super::{Accepts, Describe, Facts, Home, Run, Uses};

/// A plain loop in the main thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequential;

impl Describe for Sequential {
    const KEYS: &'static [&'static str] = &[];
    const ACCEPTS: Accepts = Accepts::Items;

    fn read(_: &Run<'_, '_>) -> Option<Self> {
        Some(Self)
    }

    fn facts(&self) -> Facts {
        Facts::of(Home::Threads)
    }

    fn threads_at_once(&self, _: u64) -> u64 {
        1
    }

    fn obstacle(&self, _: &Uses) -> Option<&'static str> {
        None
    }
}
