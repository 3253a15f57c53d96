//! Large numbers for people: their digits in groups of three, separated by a space in every output alike.

/// `1 000 000`
pub fn grouped(value: u64) -> String {
    grouped_by(&value.to_string(), " ")
}

/// A number in plain decimal, such as `-1234.5`, with a separator between groups of three digits before the point.
pub fn grouped_by(decimal: &str, separator: &str) -> String {
    let (sign, digits) = decimal
        .strip_prefix('-')
        .map_or(("", decimal), |digits| ("-", digits));
    let whole = digits.find('.').unwrap_or(digits.len());
    let mut grouped = sign.to_owned();
    for (index, digit) in digits.char_indices() {
        if index > 0 && index < whole && (whole - index).is_multiple_of(3) {
            grouped += separator;
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_digits_before_the_point_are_grouped() {
        for (decimal, shown) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1 000"),
            ("-1234.5678", "-1 234.5678"),
            ("1000000", "1 000 000"),
        ] {
            assert_eq!(grouped_by(decimal, " "), shown);
        }
        assert_eq!(grouped(u64::MAX), "18 446 744 073 709 551 615");
    }
}
