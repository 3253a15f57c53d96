//! Axes: where a value lies, and which values are worth a tick.

use crate::report::human;
use crate::results::significant;
use crate::units::grouped_by;

/// The unit of a number, which decides how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A count or a ratio.
    Plain,
    /// Time in seconds.
    Seconds,
    /// Size in bytes.
    Bytes,
}

/// How values spread along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// Equal differences are equally far apart.
    Linear,
    /// Equal ratios are equally far apart, ticks at powers of 2.
    Log2,
    /// Equal ratios are equally far apart, ticks at powers of 10.
    Log10,
}

/// One axis of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it shows, with its unit where the ticks do not have it.
    pub label: String,
    /// Value and words, in rising order.
    pub ticks: Vec<(f64, String)>,
    spacing: Spacing,
    low: f64,
    high: f64,
}

impl Axis {
    /// For a setting: ticks at the values themselves where they are few.
    pub fn of_settings(name: &str, unit: Unit, values: &[f64]) -> Self {
        let mut distinct = values.to_vec();
        distinct.sort_by(f64::total_cmp);
        distinct.dedup();
        let (low, high) = range(&distinct);
        let spacing = match () {
            () if distinct.len() > 2 && distinct.iter().all(|value| is_power_of_two(*value)) => Spacing::Log2,
            () if low > 0.0 && high / low > 20.0 => Spacing::Log10,
            () => Spacing::Linear,
        };
        let mut axis = Self {
            label: name.to_owned(),
            ticks: Vec::new(),
            spacing,
            low,
            high,
        };
        axis.widen(0.03);
        let ticks = if distinct.len() <= 9 {
            distinct
        } else {
            axis.round_values()
        };
        axis.name_ticks(&ticks, unit);
        axis
    }

    /// For figures: ticks at round values, from zero unless ratios matter.
    pub fn of_figures(name: &str, unit: Unit, spacing: Spacing, values: &[f64]) -> Self {
        let (low, high) = range(values);
        let low = if spacing == Spacing::Linear {
            low.min(0.0)
        } else {
            low
        };
        let mut axis = Self {
            label: name.to_owned(),
            ticks: Vec::new(),
            spacing,
            low,
            high,
        };
        if spacing == Spacing::Linear {
            axis.high += 0.05 * (high - low);
        } else {
            axis.widen(0.05);
        }
        axis.name_ticks(&axis.round_values(), unit);
        axis
    }

    /// The place of a value along the axis: 0 at its beginning, 1 at its end.
    pub fn position(&self, value: f64) -> f64 {
        let place = |value: f64| {
            if self.spacing == Spacing::Linear {
                value
            } else {
                libm::log2(value)
            }
        };
        let (low, high) = (place(self.low), place(self.high));
        if high > low {
            (place(value) - low) / (high - low)
        } else {
            0.5
        }
    }

    /// Whether equal ratios are equally far apart.
    pub fn is_logarithmic(&self) -> bool {
        self.spacing != Spacing::Linear
    }

    /// Whether ticks are at powers of two.
    pub fn is_binary(&self) -> bool {
        self.spacing == Spacing::Log2
    }

    /// The smallest value on the axis.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// Leaves this share of the length free at both ends.
    fn widen(&mut self, share: f64) {
        if self.spacing == Spacing::Linear {
            let room = if self.high > self.low {
                (self.high - self.low) * share
            } else {
                0.5
            };
            self.low -= room;
            self.high += room;
        } else {
            let room = libm::exp2(libm::log2(self.high / self.low) * share).max(1.05);
            self.low /= room;
            self.high *= room;
        }
    }

    fn round_values(&self) -> Vec<f64> {
        let candidates: Vec<f64> = match self.spacing {
            Spacing::Linear => return self.round_steps(),
            Spacing::Log2 => (-40..=60).map(power_of_two).collect(),
            Spacing::Log10 => {
                let decades = libm::log10(self.high / self.low);
                let digits: &[f64] = match decades {
                    decades if decades < 2.2 => &[1.0, 2.0, 5.0],
                    decades if decades < 4.0 => &[1.0, 3.0],
                    _ => &[1.0],
                };
                let step = if decades > 8.0 { 2 } else { 1 };
                let powers = (-18..=18).step_by(step).map(power_of_ten);
                powers
                    .flat_map(|power| digits.iter().map(move |digit| digit * power))
                    .collect()
            }
        };
        candidates
            .into_iter()
            .filter(|value| (self.low..=self.high).contains(value))
            .collect()
    }

    /// About five steps of 1, 2 or 5 times a power of ten.
    fn round_steps(&self) -> Vec<f64> {
        let wanted = (self.high - self.low) / 6.0;
        let steps = (-18..=18).flat_map(|exponent| [1.0, 2.0, 5.0].map(|digit| (digit, exponent)));
        let step = steps
            .map(|(digit, exponent)| digit * power_of_ten(exponent))
            .find(|step| *step >= wanted);
        let step = step.unwrap_or(wanted);
        let first = (self.low / step).ceil() as i64;
        let last = (self.high / step).floor() as i64;
        (first..=last).map(|index| index as f64 * step).collect()
    }

    /// Writes the values as words. Each tick has a unit where they span many; else the label has it.
    fn name_ticks(&mut self, values: &[f64], unit: Unit) {
        let plain = |value: f64| with_commas(&significant(value, 6));
        self.ticks = values
            .iter()
            .map(|value| {
                let words = match unit {
                    Unit::Plain => plain(*value),
                    Unit::Seconds => human::short_duration(*value),
                    Unit::Bytes => human::bytes(*value),
                };
                (*value, words)
            })
            .collect();
        if unit == Unit::Seconds && self.spacing == Spacing::Linear {
            let largest = values.iter().copied().fold(0.0, f64::max);
            let (length, name) = human::time_unit(largest);
            self.ticks = values
                .iter()
                .map(|value| (*value, plain(value / length)))
                .collect();
            self.label += &format!(" ({name})");
        }
    }
}

/// `10,000`: plots keep the comma of earlier versions, because a plot of the same results has the same bytes.
pub(super) fn with_commas(decimal: &str) -> String {
    grouped_by(decimal, ",")
}

fn range(values: &[f64]) -> (f64, f64) {
    let low = values.iter().copied().min_by(f64::total_cmp).unwrap_or(0.0);
    let high = values.iter().copied().max_by(f64::total_cmp).unwrap_or(1.0);
    (low, high)
}

fn is_power_of_two(value: f64) -> bool {
    (-40..=60).any(|exponent| power_of_two(exponent) == value)
}

/// Exact.
fn power_of_two(exponent: i32) -> f64 {
    libm::ldexp(1.0, exponent)
}

/// The float nearest to it; products of tens would drift.
fn power_of_ten(exponent: i32) -> f64 {
    format!("1e{exponent}")
        .parse()
        .expect("`1e` and a small integer is a number")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, words)| words.as_str()).collect()
    }

    #[test]
    fn core_counts_are_ticks_and_powers_of_two_are_equally_far_apart() {
        let axis = Axis::of_settings("cores", Unit::Plain, &[1.0, 2.0, 4.0, 8.0, 16.0, 1.0]);
        assert_eq!(words(&axis), ["1", "2", "4", "8", "16"]);
        let step = axis.position(2.0) - axis.position(1.0);
        assert!((axis.position(16.0) - axis.position(8.0) - step).abs() < 1e-12);
        let three = Axis::of_settings("cores", Unit::Plain, &[1.0, 2.0, 3.0]);
        assert!(!three.is_logarithmic());
    }

    #[test]
    fn a_wide_range_of_durations_is_logarithmic_with_a_unit_at_each_tick() {
        let axis = Axis::of_settings("switch interval", Unit::Seconds, &[0.0001, 0.001, 0.005, 0.1]);
        assert!(axis.is_logarithmic() && !axis.is_binary());
        assert_eq!(words(&axis), ["100 µs", "1 ms", "5 ms", "100 ms"]);
        assert_eq!(axis.label, "switch interval");
    }

    #[test]
    fn figures_start_at_zero_with_the_unit_in_the_label() {
        let axis = Axis::of_figures("makespan", Unit::Seconds, Spacing::Linear, &[0.31, 0.92]);
        assert_eq!(axis.label, "makespan (ms)");
        assert_eq!(words(&axis), ["0", "200", "400", "600", "800"]);
        assert_eq!(axis.position(0.0), 0.0);
        let rates = Axis::of_figures("rate", Unit::Plain, Spacing::Log10, &[2.0, 30_000.0]);
        assert_eq!(words(&rates), ["10", "100", "1,000", "10,000"]);
    }

    #[test]
    fn a_single_value_lies_in_the_middle() {
        for value in [0.0, 3.0] {
            let axis = Axis::of_settings("cores", Unit::Plain, &[value]);
            assert!((axis.position(value) - 0.5).abs() < 1e-9);
        }
    }
}
