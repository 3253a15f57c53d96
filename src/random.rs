//! Keyed random streams: every draw has a name, so the same item takes the same time under every executor.
//!
//! A stream is named by what it is for (seed, replication, task, item, step, repeat index), never by when it is
//! asked: adding a configuration or a worker changes no other draw.

mod distribution;

pub use distribution::Distribution;
