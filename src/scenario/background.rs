//! `[[background]]`: threads of the program that run beside the tasks.

use super::Step;

/// `[[background]]`
#[derive(Clone, Debug, PartialEq)]
pub struct Background {
    /// Unique among background threads.
    pub name: String,
    /// The number of such threads, 0 or more.
    pub count: u32,
    /// What each thread does, again and again until the run ends.
    pub steps: Vec<Step>,
}
