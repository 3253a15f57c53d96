//! Comparisons of many scenarios together: whether the simulation is accurate enough.

use super::choices::Choice;
use super::compare::{Accuracy, Compared, ComparedRow, Comparison};
use crate::results::statistics::mean;

/// Every scenario that was simulated and measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Validation {
    /// In the order in which they were measured.
    pub scenarios: Vec<Validated>,
}

/// One scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Validated {
    /// Name of its file, without the ending.
    pub name: String,
    /// The comparison; `None` where no configuration could be measured.
    pub comparison: Option<Comparison>,
    /// Why configurations were skipped, and the number for each reason.
    pub left_out: Vec<(String, usize)>,
}

/// The largest errors that a simulation may have, as fractions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The most for the median error of makespan and throughput.
    pub median: f64,
    /// Nine configurations of ten are off by no more than this, or than the spread of their own measurement.
    pub p90: f64,
    /// The least share of sweeps whose simulated winner is the real one, or within its spread.
    pub winners: f64,
    /// The most that it may cost to follow a wrong winner.
    pub regret: f64,
}

impl Bounds {
    /// What `gilsim validate` asks of the model.
    pub const REQUIRED: Self = Self {
        median: 0.10,
        p90: 0.25,
        winners: 0.90,
        regret: 0.05,
    };

    /// Whether one configuration is as near as nine of ten have to be.
    pub fn is_near(&self, compared: &Compared) -> bool {
        compared.error.abs() <= self.p90.max(compared.spread)
    }
}

/// A bound, and the figure that it bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// What is bounded.
    pub what: &'static str,
    /// The figure, as a fraction; `None` where nothing was measured.
    pub figure: Option<f64>,
    /// The bound, as a fraction.
    pub bound: f64,
    /// The figure may not be above its bound; else it may not be below.
    pub is_most: bool,
}

impl Judged {
    /// Whether the bound holds. It does not where the figure is unknown.
    pub fn holds(&self) -> bool {
        match self.figure {
            Some(figure) if self.is_most => figure <= self.bound,
            Some(figure) => figure >= self.bound,
            None => false,
        }
    }
}

impl Validation {
    /// Every configuration with figures, beside its scenario.
    pub fn rows(&self) -> impl Iterator<Item = (&Validated, &ComparedRow)> {
        self.scenarios.iter().flat_map(|scenario| {
            let rows = scenario.comparison.iter().flat_map(|comparison| &comparison.rows);
            rows.map(move |row| (scenario, row))
        })
    }

    fn mains(&self) -> impl Iterator<Item = &Compared> {
        self.rows().filter_map(|(_, row)| row.main())
    }

    /// Every sweep with something to choose.
    pub fn choices(&self) -> impl Iterator<Item = &Choice> {
        let comparisons = self
            .scenarios
            .iter()
            .filter_map(|scenario| scenario.comparison.as_ref());
        comparisons.flat_map(|comparison| &comparison.choices)
    }

    /// Of makespan and throughput over all scenarios; `None` where nothing was measured.
    pub fn accuracy(&self) -> Option<Accuracy> {
        Accuracy::of(self.mains())
    }

    /// Share of the configurations that are as near as nine of ten have to be.
    pub fn near(&self, bounds: &Bounds) -> Option<f64> {
        share(self.mains().map(|compared| bounds.is_near(compared)))
    }

    /// Share of the sweeps whose simulated winner is the real one, or within its spread.
    pub fn right_choices(&self) -> Option<f64> {
        share(self.choices().map(|choice| choice.right))
    }

    /// The largest regret. A choice that the measurement cannot tell from the best one is not regretted.
    pub fn largest_regret(&self) -> Option<f64> {
        let regret = |choice: &Choice| if choice.right { 0.0 } else { choice.regret };
        self.choices().map(regret).max_by(f64::total_cmp)
    }

    /// The mean cost of following the simulation, and the number of sweeps.
    pub fn mean_regret(&self) -> Option<(f64, usize)> {
        let regrets: Vec<f64> = self.choices().map(|choice| choice.regret).collect();
        mean(&regrets).map(|regret| (regret, regrets.len()))
    }

    /// Each bound beside its figure.
    pub fn judged(&self, bounds: &Bounds) -> [Judged; 4] {
        [
            Judged {
                what: "median error",
                figure: self.accuracy().map(|accuracy| accuracy.median),
                bound: bounds.median,
                is_most: true,
            },
            Judged {
                what: "share of configurations off by no more than 25 % or their own spread",
                figure: self.near(bounds),
                bound: 0.9,
                is_most: false,
            },
            Judged {
                what: "share of right winners",
                figure: self.right_choices(),
                bound: bounds.winners,
                is_most: false,
            },
            Judged {
                what: "largest regret of a wrong winner",
                figure: self.largest_regret(),
                bound: bounds.regret,
                is_most: true,
            },
        ]
    }
}

/// The share of `true`; `None` without any.
fn share(each: impl Iterator<Item = bool>) -> Option<f64> {
    let (mut right, mut all) = (0u32, 0u32);
    for holds in each {
        right += u32::from(holds);
        all += 1;
    }
    (all > 0).then(|| f64::from(right) / f64::from(all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::made_up;
    use crate::study::compare::compare;

    /// Two scenarios with 5 and 20 configurations; the measured times are the simulated ones times a factor.
    fn validation(factor: impl Fn(usize, usize) -> f64) -> Validation {
        let scenarios = [made_up::runs_only(), made_up::quickstart()].map(|results| {
            let measured = made_up::measured(&results, &factor);
            Validated {
                name: results.scenario.name.clone(),
                comparison: Some(
                    compare(&results.replications_sheet(), &measured.repetitions_sheet()).unwrap(),
                ),
                left_out: Vec::new(),
            }
        });
        Validation {
            scenarios: scenarios.into(),
        }
    }

    fn held(validation: &Validation) -> [bool; 4] {
        validation.judged(&Bounds::REQUIRED).map(|judged| judged.holds())
    }

    #[test]
    fn a_simulation_that_is_right_holds_every_bound() {
        let validation = validation(|_, _| 1.02);
        assert_eq!(validation.rows().count(), 25);
        assert_eq!(held(&validation), [true; 4]);
    }

    #[test]
    fn each_bound_is_missed_by_itself() {
        // A fifth too slow everywhere: half of all are off by more than a tenth, and none by more than a quarter.
        assert_eq!(held(&validation(|_, _| 1.2)), [false, true, true, true]);
        // Four configurations of 25 are far off, without one of them being chosen.
        let far_off = validation(|row, _| if row < 2 { 2.0 } else { 1.0 });
        assert_eq!(held(&far_off), [true, false, true, true]);
        // The recommended configuration on 16 cores is in fact the slowest: one sweep of six is wrong.
        let wrong = validation(|row, _| if row == 14 { 20.0 } else { 1.0 });
        assert_eq!(held(&wrong), [true, true, false, false]);
    }

    #[test]
    fn what_the_measurement_is_not_sure_of_is_no_error() {
        // Twice as slow as simulated, and so unsteady that it may have been as fast.
        let unsteady = validation(|_, repetition| if repetition == 0 { 6.0 } else { 2.0 });
        assert_eq!(unsteady.near(&Bounds::REQUIRED), Some(1.0));
        let steady = validation(|_, _| 2.0);
        assert_eq!(steady.near(&Bounds::REQUIRED), Some(0.0));
    }

    #[test]
    fn nothing_measured_is_nothing_shown() {
        assert_eq!(held(&Validation::default()), [false; 4]);
    }
}
