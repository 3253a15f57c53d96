//! Which interpreter runs a program.

use crate::units::Nanos;

/// `[python]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Python {
    /// Picks the lock's protocol and the default start method.
    pub version: Version,
    /// `sys.setswitchinterval`, at least 1 us as the interpreter has it. Means nothing before 3.2.
    pub switch_interval: Nanos,
    /// `sys.setcheckinterval`, in ticks, at least 1. Means nothing from 3.2 on.
    pub check_interval: u32,
}

/// A CPython feature release, e.g. 3.13, in one of its builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 3
    pub major: u8,
    /// 13
    pub minor: u8,
    /// Built without the interpreter lock (`Py_GIL_DISABLED`): the `t` of `3.13t`.
    pub free_threaded: bool,
}

impl Version {
    /// The first with a timed lock that is handed over on request.
    pub const NEW_LOCK: Self = Self::release(3, 2);

    /// A release by its numbers, in the build with the lock: the earlier of the two in the order of versions.
    pub const fn release(major: u8, minor: u8) -> Self {
        Self {
            major,
            minor,
            free_threaded: false,
        }
    }

    /// The free-threaded build of the same release.
    pub const fn free_threaded(self) -> Self {
        Self {
            free_threaded: true,
            ..self
        }
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let build = if self.free_threaded { "t" } else { "" };
        write!(f, "{}.{}{build}", self.major, self.minor)
    }
}
