//! Durations and sizes as text: `5ms`, `64 KiB`. Parsing uses integers and is exact. A text that is not a whole number
//! of nanoseconds or bytes is an error and is not rounded.

use std::fmt;
use std::str::FromStr;

use super::{Bytes, Nanos};

/// A kind of quantity: its units and the words for it in messages.
#[derive(Debug, PartialEq, Eq)]
pub struct Quantity {
    /// Its name with an article: `a duration`.
    what: &'static str,
    /// An example of the text.
    example: &'static str,
    /// Every unit, and its size in the smallest unit.
    units: &'static [(&'static str, u64)],
    /// Wrong units that people write, and the units that they mean.
    aliases: &'static [(&'static str, &'static str)],
    /// The name of the smallest unit.
    smallest: &'static str,
}

/// Time, in nanoseconds.
static DURATION: Quantity = Quantity {
    what: "a duration",
    example: "5ms",
    units: &[
        ("ns", 1),
        ("us", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("min", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ],
    aliases: &[
        ("µs", "us"),
        ("μs", "us"),
        ("usec", "us"),
        ("msec", "ms"),
        ("sec", "s"),
        ("secs", "s"),
        ("second", "s"),
        ("seconds", "s"),
        ("m", "min"),
        ("mins", "min"),
        ("minute", "min"),
        ("minutes", "min"),
        ("hr", "h"),
        ("hour", "h"),
        ("hours", "h"),
    ],
    smallest: "nanoseconds",
};

/// Memory, in bytes.
static SIZE: Quantity = Quantity {
    what: "a size",
    example: "64 KiB",
    units: &[
        ("B", 1),
        ("kB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
    ],
    aliases: &[
        ("b", "B"),
        ("bytes", "B"),
        ("byte", "B"),
        ("k", "kB"),
        ("K", "KiB"),
        ("KB", "kB"),
        ("kb", "kB"),
        ("Kb", "kB"),
        ("M", "MiB"),
        ("mb", "MB"),
        ("Mb", "MB"),
        ("G", "GiB"),
        ("gb", "GB"),
        ("Gb", "GB"),
        ("kiB", "KiB"),
        ("kib", "KiB"),
        ("mib", "MiB"),
        ("gib", "GiB"),
    ],
    smallest: "bytes",
};

/// The reason why a text is not a quantity. Its message is for the person who wrote the text.
#[derive(Debug, PartialEq, Eq)]
pub struct QuantityError {
    quantity: &'static Quantity,
    reason: Reason,
}

#[derive(Debug, PartialEq, Eq)]
enum Reason {
    NoNumber,
    NoUnit { number: String },
    UnknownUnit { number: String, unit: String },
    Negative,
    NotWhole,
    TooLarge,
}

impl fmt::Display for QuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Quantity { what, smallest, .. } = self.quantity;
        match &self.reason {
            Reason::NoNumber => write!(f, "{what} is a number and a unit"),
            Reason::NoUnit { .. } => write!(f, "{what} needs a unit"),
            Reason::UnknownUnit { unit, .. } => write!(f, "unknown unit `{unit}`"),
            Reason::Negative => write!(f, "{what} cannot be negative"),
            Reason::NotWhole => write!(f, "not a whole number of {smallest}"),
            Reason::TooLarge => write!(f, "{what} this large does not fit"),
        }
    }
}

impl std::error::Error for QuantityError {}

impl QuantityError {
    /// What to write instead, in one sentence.
    pub fn help(&self) -> String {
        let quantity = self.quantity;
        let names: Vec<&str> = quantity.units.iter().map(|(name, _)| *name).collect();
        let one_of = match names.split_last() {
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        };
        match &self.reason {
            Reason::NoUnit { number } => {
                let unit = quantity.example.trim_start_matches(|c: char| c.is_ascii_digit());
                format!("the unit is one of {one_of}: for instance \"{number}{unit}\"")
            }
            Reason::UnknownUnit { number, unit } => match quantity.meant(unit) {
                Some(meant) => format!("did you mean \"{number}{meant}\"? The units are {one_of}"),
                None => format!("the units are {one_of}"),
            },
            Reason::NotWhole => {
                format!(
                    "{} is counted in whole {}; round it",
                    quantity.what, quantity.smallest
                )
            }
            Reason::NoNumber | Reason::Negative | Reason::TooLarge => {
                format!("write it like \"{}\"; the units are {one_of}", quantity.example)
            }
        }
    }
}

impl Quantity {
    /// The unit that a person who wrote `unit` meant.
    fn meant(&self, unit: &str) -> Option<&'static str> {
        let alias = self
            .aliases
            .iter()
            .find(|(name, _)| *name == unit)
            .map(|(_, meant)| *meant);
        let other_case = || {
            self.units
                .iter()
                .map(|(n, _)| *n)
                .find(|n| n.eq_ignore_ascii_case(unit))
        };
        alias.or_else(other_case)
    }

    /// Parses `<decimal><unit>`, with optional blanks between the two.
    fn parse(&'static self, text: &str) -> Result<u64, QuantityError> {
        self.value(text.trim()).map_err(|reason| QuantityError {
            quantity: self,
            reason,
        })
    }

    fn value(&self, text: &str) -> Result<u64, Reason> {
        if text.starts_with('-') && text[1..].trim_start().starts_with(|c: char| c.is_ascii_digit()) {
            return Err(Reason::Negative);
        }
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, unit) = (&text[..end], text[end..].trim_start());
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let malformed = fraction.contains('.') || number.ends_with('.');
        if whole.is_empty() || malformed {
            return Err(Reason::NoNumber);
        }
        if unit.is_empty() {
            return Err(Reason::NoUnit {
                number: number.to_owned(),
            });
        }
        let Some((_, size)) = self.units.iter().find(|(name, _)| *name == unit) else {
            return Err(Reason::UnknownUnit {
                number: number.to_owned(),
                unit: unit.to_owned(),
            });
        };
        let fraction = fraction.trim_end_matches('0');
        let whole: u128 = whole.parse().map_err(|_| Reason::TooLarge)?;
        let whole = whole.checked_mul(u128::from(*size)).ok_or(Reason::TooLarge)?;
        // A unit has at most 13 digits, so a number with a longer fraction is not whole. A shorter fraction fits into
        // 128 bits.
        if fraction.len() > 18 {
            return Err(Reason::NotWhole);
        }
        let parts = 10u128.pow(fraction.len() as u32);
        let fraction: u128 = if fraction.is_empty() {
            0
        } else {
            fraction.parse().map_err(|_| Reason::NoNumber)?
        };
        let scaled = fraction * u128::from(*size);
        if !scaled.is_multiple_of(parts) {
            return Err(Reason::NotWhole);
        }
        let total = whole.checked_add(scaled / parts).ok_or(Reason::TooLarge)?;
        u64::try_from(total).map_err(|_| Reason::TooLarge)
    }
}

impl Quantity {
    /// A regular expression for the text, for the JSON Schema.
    fn pattern(&self) -> String {
        let units: Vec<&str> = self.units.iter().map(|(name, _)| *name).collect();
        format!(r"^\s*[0-9]+(\.[0-9]+)?\s*({})\s*$", units.join("|"))
    }
}

impl Nanos {
    /// A regular expression for the text of a duration.
    pub fn pattern() -> String {
        DURATION.pattern()
    }
}

impl Bytes {
    /// A regular expression for the text of a size.
    pub fn pattern() -> String {
        SIZE.pattern()
    }
}

impl FromStr for Nanos {
    type Err = QuantityError;

    /// Parses `5ms`, `1.5 s`, `2h`. The units are ns, us, ms, s, min and h.
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        DURATION.parse(text).map(Self)
    }
}

impl FromStr for Bytes {
    type Err = QuantityError;

    /// Parses `64 KiB`, `2MB`, `17 B`. kB, MB and GB are powers of 1000; KiB, MiB and GiB are powers of 1024.
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        SIZE.parse(text).map(Self)
    }
}

impl fmt::Display for Nanos {
    /// Writes the exact time in the largest of ns, us, ms and s that is not longer, or in h where it is a number of
    /// whole hours: `5ms`, `1.25s`, `90s`, `2h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::FOREVER {
            return f.write_str("forever");
        }
        if self.0 > 0 && self.0.is_multiple_of(HOUR) {
            return write!(f, "{}h", self.0 / HOUR);
        }
        let (unit, name) = match self.0 {
            0..1_000 => (1, "ns"),
            1_000..1_000_000 => (1_000, "us"),
            1_000_000..1_000_000_000 => (1_000_000, "ms"),
            _ => (1_000_000_000, "s"),
        };
        write_decimal(f, self.0, unit)?;
        f.write_str(name)
    }
}

impl fmt::Display for Bytes {
    /// Writes the exact size in the largest of B, kB, MB and GB that is not larger, or in KiB, MiB or GiB where it is a
    /// whole number of these.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, name) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
            if self.0 >= unit && self.0.is_multiple_of(unit) && !self.0.is_multiple_of(1_000) {
                return write!(f, "{} {name}", self.0 / unit);
            }
        }
        let (unit, name) = match self.0 {
            0..1_000 => (1, "B"),
            1_000..1_000_000 => (1_000, "kB"),
            1_000_000..1_000_000_000 => (1_000_000, "MB"),
            _ => (1_000_000_000, "GB"),
        };
        write_decimal(f, self.0, unit)?;
        write!(f, " {name}")
    }
}

/// Nanoseconds.
const HOUR: u64 = 3_600_000_000_000;

/// Writes every digit of `value / unit`, without trailing zeros. The unit is a power of ten.
fn write_decimal(f: &mut fmt::Formatter<'_>, value: u64, unit: u64) -> fmt::Result {
    write!(f, "{}", value / unit)?;
    let rest = value % unit;
    if rest == 0 {
        return Ok(());
    }
    let digits = unit.ilog10() as usize;
    let fraction = format!("{rest:0digits$}");
    write!(f, ".{}", fraction.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos(text: &str) -> Result<u64, String> {
        text.parse::<Nanos>().map(|n| n.0).map_err(|e| e.to_string())
    }

    #[test]
    fn durations_are_read_exactly() {
        for (text, expected) in [
            ("0ns", 0),
            ("5ms", 5_000_000),
            ("1.5 ms", 1_500_000),
            ("0.000001ms", 1),
            ("2h", 7_200_000_000_000),
            ("1.50min", 90_000_000_000),
        ] {
            assert_eq!(nanos(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_says_why() {
        for (text, why) in [
            ("", "a duration is a number and a unit"),
            ("ms", "a duration is a number and a unit"),
            ("1.2.3ms", "a duration is a number and a unit"),
            ("5.ms", "a duration is a number and a unit"),
            ("5", "a duration needs a unit"),
            ("5 sec", "unknown unit `sec`"),
            ("-5ms", "a duration cannot be negative"),
            ("1.5ns", "not a whole number of nanoseconds"),
            ("0.0000000000000000000001h", "not a whole number of nanoseconds"),
            ("99999999999h", "a duration this large does not fit"),
            (
                "999999999999999999999999999999999999999999h",
                "a duration this large does not fit",
            ),
        ] {
            assert_eq!(nanos(text), Err(why.to_owned()), "{text}");
        }
    }

    #[test]
    fn help_names_the_unit_that_was_meant() {
        let help = |text: &str| text.parse::<Bytes>().expect_err("no size").help();
        assert!(
            help("2 KB").starts_with("did you mean \"2kB\"?"),
            "{}",
            help("2 KB")
        );
        assert!(help("2").ends_with("for instance \"2 KiB\""), "{}", help("2"));
    }

    #[test]
    fn what_is_shown_reads_back() {
        for value in [
            0,
            999,
            1_000,
            1_024,
            65_536,
            1_500_000,
            2_000_000,
            1 << 30,
            1_000_000_007,
            u64::MAX - 1,
        ] {
            assert_eq!(Bytes(value).to_string().parse(), Ok(Bytes(value)));
            assert_eq!(Nanos(value).to_string().parse(), Ok(Nanos(value)));
        }
        assert_eq!(Nanos(1_250_000_000).to_string(), "1.25s");
        assert_eq!(Nanos::from_secs(90).to_string(), "90s");
        assert_eq!(Nanos::from_secs(7200).to_string(), "2h");
        assert_eq!(Bytes(65_536).to_string(), "64 KiB");
        assert_eq!(Bytes(120_000_000).to_string(), "120 MB");
    }
}
