//! Questions about results: simulated beside published, and beside measured.

pub mod choices;
pub mod compare;
pub mod programs;
pub mod published;
pub mod validation;
