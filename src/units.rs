//! Quantities whose type is their unit: whole nanoseconds and whole bytes.
//!
//! ```
//! use gilsim::units::{Bytes, Nanos};
//!
//! let time: Nanos = "1.5 ms".parse()?;
//! assert_eq!(time + Nanos::from_micros(250), Nanos(1_750_000));
//! assert_eq!((time * 4).to_string(), "6ms");
//! assert_eq!("64 KiB".parse(), Ok(Bytes::from_kib(64)));
//! # Ok::<(), gilsim::units::QuantityError>(())
//! ```

mod digits;
mod quantity;

pub use digits::{grouped, grouped_by};
pub use quantity::{Quantity, QuantityError};

use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Sub};

/// A point in simulated time, or a duration, in whole nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(pub u64);

impl Nanos {
    /// No time, or the start of a simulation.
    pub const ZERO: Self = Self(0);
    /// The longest time that a scenario can contain, 100 days. Twice as much still fits into 64 bits in units of
    /// 1/1024 ns.
    pub const LONGEST: Self = Self(100 * 24 * 3_600_000_000_000);
    /// Later than every event: the end of work that never ends.
    pub const FOREVER: Self = Self(u64::MAX);

    /// Whole microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros * 1_000)
    }

    /// Whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis * 1_000_000)
    }

    /// Whole seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * 1_000_000_000)
    }

    /// The time in seconds, for reports. The simulation itself uses whole nanoseconds only.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The difference, or zero where `other` is later.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The sum, or [`Nanos::FOREVER`] where it does not fit.
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Add for Nanos {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Nanos {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Nanos {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Mul<u64> for Nanos {
    type Output = Self;
    fn mul(self, times: u64) -> Self {
        Self(self.0 * times)
    }
}

impl Div<u64> for Nanos {
    type Output = Self;
    fn div(self, parts: u64) -> Self {
        Self(self.0 / parts)
    }
}

impl Sum for Nanos {
    fn sum<I: Iterator<Item = Self>>(times: I) -> Self {
        times.fold(Self::ZERO, Add::add)
    }
}

/// A size in whole bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

impl Bytes {
    /// No bytes.
    pub const ZERO: Self = Self(0);

    /// `kib` units of 1,024 bytes.
    pub const fn from_kib(kib: u64) -> Self {
        Self(kib * 1024)
    }
}
