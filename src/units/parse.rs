//! Durations as people write them: `5ms`, `1.5 s`, `300 us`.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use super::Nanos;

/// The units of a duration, in ns.
const UNITS: [(&str, u64); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Why a text is no duration, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseNanosError {
    /// It does not begin with a number.
    #[error("`{text}` is not a duration: write a number and a unit, such as 5ms or 1.5s")]
    NotANumber {
        /// As written.
        text: String,
    },
    /// A number alone.
    #[error("`{text}` has no unit: write {text}ns, {text}us, {text}ms, {text}s, {text}min or {text}h")]
    NoUnit {
        /// As written.
        text: String,
    },
    /// A number and a word that is no unit.
    #[error("`{unit}` is not a unit of time: use ns, us, ms, s, min or h")]
    UnknownUnit {
        /// As written.
        unit: String,
    },
    /// Simulated time is counted in whole nanoseconds.
    #[error("`{text}` is not a whole number of nanoseconds: leave out its last digits")]
    Fraction {
        /// As written.
        text: String,
    },
    /// More nanoseconds than 64 bits count.
    #[error("`{text}` is too long: the longest duration is 5000000h")]
    TooLong {
        /// As written.
        text: String,
    },
}

impl FromStr for Nanos {
    type Err = ParseNanosError;

    /// A decimal number and its unit, with or without a space between. Exact: no floating point on the way.
    fn from_str(written: &str) -> Result<Self, ParseNanosError> {
        let text = written.trim();
        let own = || text.to_owned();
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, unit) = (&text[..end], text[end..].trim_start());
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        if whole.is_empty() || fraction.is_empty() || fraction.contains('.') {
            return Err(ParseNanosError::NotANumber { text: own() });
        }
        if unit.is_empty() {
            return Err(ParseNanosError::NoUnit { text: own() });
        }
        let Some(&(_, unit)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(ParseNanosError::UnknownUnit {
                unit: unit.to_owned(),
            });
        };
        let Some(fraction) = part_of(unit, fraction) else {
            return Err(ParseNanosError::Fraction { text: own() });
        };
        let whole: Option<u64> = whole.parse().ok();
        let sum = whole.and_then(|whole| whole.checked_mul(unit)?.checked_add(fraction));
        // The last value that fits means "forever", which is not a number of nanoseconds.
        match sum {
            Some(nanos) if nanos < Self::FOREVER.0 => Ok(Self(nanos)),
            _ => Err(ParseNanosError::TooLong { text: own() }),
        }
    }
}

/// The part of `unit` that the digits behind the point stand for, if it is whole.
fn part_of(unit: u64, digits: &str) -> Option<u64> {
    let digits = digits.trim_end_matches('0');
    // Not even an hour, 36 x 10^11 ns, has a whole part with 13 decimals.
    if digits.is_empty() || digits.len() > 12 {
        return digits.is_empty().then_some(0);
    }
    let parts = 10_u64.pow(digits.len() as u32);
    let product = u128::from(unit) * digits.parse::<u128>().ok()?;
    (product % u128::from(parts) == 0).then_some((product / u128::from(parts)) as u64)
}

impl<'de> Deserialize<'de> for Nanos {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Written)
    }
}

struct Written;

impl Visitor<'_> for Written {
    type Value = Nanos;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"a duration in quotes, such as "5ms""#)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Nanos, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_exactly() {
        for (text, nanos) in [
            ("0ns", 0),
            ("17ns", 17),
            ("5us", 5_000),
            (" 5 ms ", 5_000_000),
            ("1.5s", 1_500_000_000),
            ("0.1us", 100),
            ("1.000000001s", 1_000_000_001),
            ("2.000ns", 2),
            ("0.25min", 15_000_000_000),
            ("0.00000000025h", 900),
            ("2h", 7_200_000_000_000),
        ] {
            assert_eq!(text.parse(), Ok(Nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_what_would_be_right() {
        for (text, complaint) in [
            (
                "",
                "`` is not a duration: write a number and a unit, such as 5ms or 1.5s",
            ),
            ("ms", "`ms` is not a duration"),
            ("-5ms", "`-5ms` is not a duration"),
            ("1.2.3ms", "`1.2.3ms` is not a duration"),
            (".5ms", "`.5ms` is not a duration"),
            ("5.ms", "`5.ms` is not a duration"),
            ("5", "`5` has no unit: write 5ns, 5us"),
            (
                "5 sec",
                "`sec` is not a unit of time: use ns, us, ms, s, min or h",
            ),
            ("1.5ns", "`1.5ns` is not a whole number of nanoseconds"),
            ("0.00000000000001h", "is not a whole number of nanoseconds"),
            ("18446744073709551615ns", "is too long"),
            ("6000000h", "`6000000h` is too long"),
            ("99999999999999999999999s", "is too long"),
        ] {
            let error = text.parse::<Nanos>().unwrap_err().to_string();
            assert!(error.contains(complaint), "{text}: {error}");
        }
    }
}
