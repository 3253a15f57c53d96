//! A measured quantity: its median with its spread, and what can be calculated from several.

use std::ops::{Add, Div, Mul, Sub};

/// Median and quartiles of samples, or of a value calculated from such figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// The median.
    pub median: f64,
    /// The lower quartile.
    pub lower: f64,
    /// The upper quartile.
    pub upper: f64,
    /// The number of samples; for a calculated figure, the smallest number of samples of its parts.
    pub samples: usize,
}

impl Figure {
    /// The figure of these samples; `None` if there are none, or if one is not a number.
    pub fn of(samples: &[f64]) -> Option<Self> {
        if samples.is_empty() || samples.iter().any(|sample| !sample.is_finite()) {
            return None;
        }
        let mut sorted = samples.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        Some(Self {
            median: quantile(&sorted, 0.5),
            lower: quantile(&sorted, 0.25),
            upper: quantile(&sorted, 0.75),
            samples: samples.len(),
        })
    }

    /// The distance between the quartiles.
    pub fn spread(&self) -> f64 {
        self.upper - self.lower
    }

    /// Whether the quartiles are further apart than the median's distance from zero, times `most`.
    pub fn is_unsteady(&self, most: f64) -> bool {
        self.spread() > most * self.median.abs()
    }

    /// The figure with its median limited to this range; the quartiles stay as measured.
    pub fn clamp(self, least: f64, most: f64) -> Self {
        Self {
            median: self.median.clamp(least, most),
            ..self
        }
    }

    /// Combines parts that vary independently: the distances from their medians add up by squares.
    fn from_parts(median: f64, (one, by): (Self, f64), (other, and): (Self, f64)) -> Self {
        let apart = |one: f64, other: f64| (one * one + other * other).sqrt();
        let (down, up) = (by * (one.median - one.lower), by * (one.upper - one.median));
        let (other_down, other_up) = (
            and * (other.median - other.lower),
            and * (other.upper - other.median),
        );
        Self {
            median,
            lower: median - apart(down, other_down),
            upper: median + apart(up, other_up),
            samples: one.samples.min(other.samples),
        }
    }
}

/// The quantile at `at` of ascending samples, interpolated between the two neighbours.
pub fn quantile(sorted: &[f64], at: f64) -> f64 {
    let place = at * (sorted.len() - 1) as f64;
    let below = place.floor();
    let (low, high) = (sorted[below as usize], sorted[place.ceil() as usize]);
    low + (high - low) * (place - below)
}

impl Add for Figure {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::from_parts(self.median + other.median, (self, 1.0), (other, 1.0))
    }
}

impl Sub for Figure {
    type Output = Self;

    /// The upper quartile of the subtrahend determines the lower quartile of the difference.
    fn sub(self, other: Self) -> Self {
        let turned = Self {
            lower: 2.0 * other.median - other.upper,
            upper: 2.0 * other.median - other.lower,
            ..other
        };
        Self::from_parts(self.median - other.median, (self, 1.0), (turned, 1.0))
    }
}

impl Mul<f64> for Figure {
    type Output = Self;

    fn mul(self, by: f64) -> Self {
        Self {
            median: self.median * by,
            lower: self.lower * by,
            upper: self.upper * by,
            samples: self.samples,
        }
    }
}

impl Div<f64> for Figure {
    type Output = Self;

    fn div(self, by: f64) -> Self {
        self * (1.0 / by)
    }
}

/// Rounds to three significant digits.
pub fn short(number: f64) -> String {
    let digits = match number.abs() {
        100.0.. => 0,
        10.0..100.0 => 1,
        1.0..10.0 => 2,
        _ => 3,
    };
    let text = format!("{number:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(samples: &[f64]) -> Figure {
        Figure::of(samples).unwrap()
    }

    #[test]
    fn quartiles_lie_between_the_samples_in_proportion() {
        let one = figure(&[4.0, 1.0, 2.0, 3.0, 5.0]);
        assert_eq!((one.lower, one.median, one.upper), (2.0, 3.0, 4.0));
        assert_eq!(figure(&[1.0, 2.0]).median, 1.5);
        assert_eq!(Figure::of(&[]), None);
        assert_eq!(Figure::of(&[1.0, f64::NAN]), None);
    }

    #[test]
    fn a_difference_spreads_as_far_as_both_parts_together() {
        let one = Figure {
            median: 10.0,
            lower: 7.0,
            upper: 10.0,
            samples: 9,
        };
        let other = Figure {
            median: 4.0,
            lower: 4.0,
            upper: 8.0,
            samples: 5,
        };
        let left = one - other;
        assert_eq!((left.median, left.lower, left.upper), (6.0, 1.0, 6.0));
        assert_eq!(left.samples, 5);
        let both = one + other;
        assert_eq!((both.median, both.lower, both.upper), (14.0, 11.0, 18.0));
    }

    #[test]
    fn a_number_is_written_with_three_digits() {
        for (number, text) in [
            (1_234.5, "1234"),
            (100.0, "100"),
            (23.46, "23.5"),
            (1.234, "1.23"),
            (0.5, "0.5"),
            (-0.25, "-0.25"),
        ] {
            assert_eq!(short(number), text);
        }
    }
}
