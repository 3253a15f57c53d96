//! Questions about results: how they compare with published and with measured figures.

pub mod choices;
pub mod compare;
pub mod programs;
pub mod published;
pub mod validation;
