//! Questions about results: simulated beside published.

pub mod published;
