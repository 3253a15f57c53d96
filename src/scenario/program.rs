//! `[program]`: what a process consists of before its first task.

use crate::random::Time;
use crate::units::Bytes;

use super::Step;

/// `[program]`
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// CPU time of importing the main module again. Every spawned worker pays it, and under forkserver the server, once.
    pub imports: Time,
    /// Data in the parent when workers start. It makes a fork more expensive.
    pub memory: Bytes,
    /// The part of `memory` that is Python objects which every worker uses. A forked worker gets its own copy of their
    /// pages; workers that are started in other ways create objects of their own.
    pub touched: Bytes,
    /// Memory that the imported modules occupy: in the parent, again in every spawned worker and in every interpreter of
    /// a pool; under forkserver once, in the server.
    pub modules: Bytes,
    /// The initializer, which runs once per worker.
    pub setup: Vec<Step>,
}
