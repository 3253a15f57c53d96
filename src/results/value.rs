//! One cell of a results table, and the only place where a number becomes digits.

use std::fmt;

/// One cell of a results table.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// There is no such figure, which is not the same as zero.
    Empty,
    /// A name.
    Text(String),
    /// A count.
    Integer(u64),
    /// A measure, shown with 9 significant digits.
    Number(f64),
}

impl Value {
    /// The cell as a number, where it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Empty | Self::Text(_) => None,
            Self::Integer(integer) => Some(*integer as f64),
            Self::Number(number) => Some(*number),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => Ok(()),
            Self::Text(text) => f.write_str(text),
            Self::Integer(integer) => write!(f, "{integer}"),
            Self::Number(number) => f.write_str(&significant(*number, 9)),
        }
    }
}

impl From<Option<f64>> for Value {
    fn from(number: Option<f64>) -> Self {
        number.map_or(Self::Empty, Self::Number)
    }
}

impl From<Option<u64>> for Value {
    fn from(integer: Option<u64>) -> Self {
        integer.map_or(Self::Empty, Self::Integer)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        if text.is_empty() {
            Self::Empty
        } else {
            Self::Text(text.to_owned())
        }
    }
}

/// A number with this many significant digits (at least 1), in plain decimal: no exponent, no trailing zeros. The text is
/// empty for a number that is not finite.
pub fn significant(number: f64, digits: usize) -> String {
    if !number.is_finite() {
        return String::new();
    }
    // The standard library rounds exactly here, so the digits are the same everywhere.
    let scientific = format!("{:.*e}", digits - 1, number.abs());
    let (mantissa, exponent) = scientific.split_once('e').expect("`{:e}` writes an exponent");
    let exponent: i32 = exponent
        .parse()
        .expect("the exponent of a float is a small integer");
    let significand = mantissa.replace('.', "");
    let significand = significand.trim_end_matches('0');
    if significand.is_empty() {
        return "0".to_owned();
    }
    let sign = if number < 0.0 { "-" } else { "" };
    if exponent < 0 {
        return format!("{sign}0.{}{significand}", "0".repeat((-exponent - 1) as usize));
    }
    let whole_digits = exponent as usize + 1;
    if significand.len() <= whole_digits {
        return format!(
            "{sign}{significand}{}",
            "0".repeat(whole_digits - significand.len())
        );
    }
    let (whole, fraction) = significand.split_at(whole_digits);
    format!("{sign}{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nine_digits_in_the_shortest_plain_decimal() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (0.5, "0.5"),
            (100.0, "100"),
            (1.25e-7, "0.000000125"),
            (1.0 / 3.0, "0.333333333"),
            (2.0 / 3.0 * 1e6, "666666.667"),
            (123_456_789_012.0, "123456789000"),
            (999_999_999.96, "1000000000"),
            (-1234.5, "-1234.5"),
            (f64::NAN, ""),
            (f64::INFINITY, ""),
        ];
        for (number, shown) in cases {
            assert_eq!(significant(number, 9), shown);
        }
    }

    proptest! {
        #[test]
        fn nine_digits_read_back_within_half_a_unit_of_the_ninth(number in -1e15..1e15f64, scale in 0..20i32) {
            let number = number * libm::pow(10.0, f64::from(-scale));
            let shown = significant(number, 9);
            let back: f64 = shown.parse().unwrap();
            prop_assert!((back - number).abs() <= number.abs() * 5.000_001e-9);
            prop_assert!(!shown.contains('e'));
            prop_assert!(!(shown.contains('.') && shown.ends_with('0')));
            prop_assert!(shown.trim_start_matches(['-', '0', '.']).trim_end_matches('0').replace('.', "").len() <= 9);
            prop_assert_eq!(significant(back, 9), shown);
        }
    }
}
