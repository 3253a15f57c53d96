//! `[machine]`: what a configuration runs on.

use std::sync::Arc;

use crate::profile::Profile;
use crate::units::Bytes;

/// `[machine]`
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// Physical cores, 1 to 1,024.
    pub cores: u32,
    /// Hardware threads per core, 1 or 2.
    pub smt: u32,
    /// The memory that all processes together may occupy; `None` where it is unlimited.
    pub memory: Option<Bytes>,
    /// The costs of every operation on this machine.
    pub profile: Arc<Profile>,
}
