//! Numbers for people: few digits and the unit that suits the size.

use crate::results::significant;
use crate::results::statistics::Estimate;
use crate::units::{Bytes, grouped_by};

/// Units of time, largest first, with their length in seconds.
const TIME_UNITS: [(f64, &str); 4] = [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")];

/// `1.25 s`, `5.2 ms`, `0 s`.
pub fn duration(seconds: f64) -> String {
    let (unit, name) = time_unit(seconds);
    format!("{} {name}", decimal(&rounded(seconds / unit, 3)))
}

/// `5 ms`, `1.5 s`: as many digits as there are, at most three.
pub fn short_duration(seconds: f64) -> String {
    let (unit, name) = time_unit(seconds);
    format!("{} {name}", significant(seconds / unit, 3))
}

/// `64 KiB`, `2 MB`: in powers of 1,024 where that is what it is, else of 1,000.
pub fn bytes(bytes: f64) -> String {
    const BINARY: [(f64, &str); 3] = [(1_073_741_824.0, "GiB"), (1_048_576.0, "MiB"), (1024.0, "KiB")];
    const DECIMAL: [(f64, &str); 3] = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let whole = BINARY
        .iter()
        .find(|(unit, _)| bytes >= *unit && bytes % unit == 0.0);
    match whole.or(DECIMAL.iter().find(|(unit, _)| bytes >= *unit)) {
        Some((unit, name)) => format!("{} {name}", significant(bytes / unit, 3)),
        None => format!("{} B", significant(bytes, 3)),
    }
}

/// `812 MB`, `1.25 GB`: three digits, in powers of 1,000.
pub fn size(size: Bytes) -> String {
    let (unit, name) = match size.0 {
        0..1_000_000 => (1e3, "kB"),
        1_000_000..1_000_000_000 => (1e6, "MB"),
        _ => (1e9, "GB"),
    };
    format!("{} {name}", decimal(&rounded(size.0 as f64 / unit, 3)))
}

/// `1.25 s ± 0.03`: the uncertainty in the unit of the mean.
pub fn duration_estimate(estimate: &Estimate) -> String {
    let (unit, name) = time_unit(estimate.mean);
    let mean = rounded(estimate.mean / unit, 3);
    match estimate.half_width() {
        Some(half_width) => format!(
            "{} {name} ± {}",
            decimal(&mean),
            decimal(&uncertainty(half_width / unit, &mean))
        ),
        None => format!("{} {name}", decimal(&mean)),
    }
}

/// `3.98 ± 0.02`.
pub fn estimate(estimate: &Estimate) -> String {
    let mean = rounded(estimate.mean, 3);
    match estimate.half_width() {
        Some(half_width) => format!(
            "{} ± {}",
            decimal(&mean),
            decimal(&uncertainty(half_width, &mean))
        ),
        None => decimal(&mean),
    }
}

/// To the last digit of the mean; to one digit of its own where that would read zero.
fn uncertainty(half_width: f64, mean: &str) -> String {
    let decimals = mean.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let aligned = format!("{half_width:.decimals$}");
    if aligned.trim_matches(['0', '.']).is_empty() {
        significant(half_width, 1)
    } else {
        aligned
    }
}

/// `10.73`: a speedup, and so small a number that its digits line up without more ado.
pub fn hundredths(number: f64) -> String {
    decimal(&format!("{number:.2}"))
}

/// A number to at most this many significant digits: `29 700`, `4.95`.
pub fn number(number: f64, digits: usize) -> String {
    decimal(&significant(number, digits))
}

/// The digits before the point in groups of three.
fn decimal(digits: &str) -> String {
    grouped_by(digits, " ")
}

/// `12 %`, `0.4 %`: whole percents from 10 on.
pub fn percent(fraction: f64) -> String {
    let percent = fraction * 100.0;
    let digits = usize::from(percent.abs() < 9.95);
    format!("{percent:.digits$} %")
}

/// `+12 %`, `-0.4 %`.
pub fn signed_percent(fraction: f64) -> String {
    let sign = if fraction >= 0.0 { "+" } else { "" };
    format!("{sign}{}", percent(fraction))
}

/// The largest unit in which the time is at least 1; seconds for zero.
pub fn time_unit(seconds: f64) -> (f64, &'static str) {
    // A hair below 1, so that 999.7 us reads "1 ms" and not "1 000 µs".
    let fits = |unit: &&(f64, &'static str)| seconds.abs() >= unit.0 * 0.9995;
    let smallest = TIME_UNITS[TIME_UNITS.len() - 1];
    if seconds == 0.0 {
        TIME_UNITS[0]
    } else {
        TIME_UNITS.iter().find(fits).copied().unwrap_or(smallest)
    }
}

/// A number with this many significant digits, without groups. Trailing zeros are kept so that columns of figures line
/// up; a whole number keeps all its digits before the point.
pub fn rounded(number: f64, digits: usize) -> String {
    let short = significant(number, digits);
    let whole = short
        .trim_start_matches('-')
        .split('.')
        .next()
        .unwrap_or_default();
    if whole.len() >= digits {
        return format!("{number:.0}");
    }
    if whole != "0" {
        format!("{number:.*}", digits - whole.len())
    } else {
        short
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::statistics::Interval;

    #[test]
    fn sizes_have_three_digits_and_a_power_of_a_thousand() {
        for (bytes, shown) in [
            (0, "0 kB"),
            (17_825_792, "17.8 MB"),
            (999_999_999, "1 000 MB"),
            (1_250_000_000, "1.25 GB"),
            (1 << 40, "1 100 GB"),
        ] {
            assert_eq!(size(Bytes(bytes)), shown);
        }
    }

    #[test]
    fn durations_have_three_digits_and_the_unit_that_suits() {
        let cases = [
            (1.25, "1.25 s"),
            (5.0, "5.00 s"),
            (0.0052, "5.20 ms"),
            (3600.4, "3 600 s"),
            (0.000_999_7, "1.00 ms"),
            (4.2e-8, "42.0 ns"),
            (0.0, "0 s"),
        ];
        for (seconds, shown) in cases {
            assert_eq!(duration(seconds), shown);
        }
    }

    #[test]
    fn sizes_are_binary_where_they_are_round_so() {
        let cases = [
            (65_536.0, "64 KiB"),
            (2e6, "2 MB"),
            (40_000.0, "40 kB"),
            (512.0, "512 B"),
            (0.0, "0 B"),
        ];
        for (size, shown) in cases {
            assert_eq!(bytes(size), shown);
        }
    }

    #[test]
    fn an_uncertainty_is_in_the_unit_of_its_mean() {
        let interval = Some(Interval {
            low: 1.21,
            high: 1.29,
        });
        assert_eq!(
            duration_estimate(&Estimate { mean: 1.25, interval }),
            "1.25 s ± 0.04"
        );
        assert_eq!(
            estimate(&Estimate {
                mean: 29_700.0,
                interval: None
            }),
            "29 700"
        );
    }

    #[test]
    fn percents() {
        assert_eq!(
            (percent(0.123).as_str(), percent(0.004).as_str()),
            ("12 %", "0.4 %")
        );
        assert_eq!(
            (signed_percent(0.5).as_str(), signed_percent(-0.04).as_str()),
            ("+50 %", "-4.0 %")
        );
    }
}
