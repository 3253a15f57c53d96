//! The usual speed of a machine.
//!
//! A core has several speeds: its clock frequency changes, and so does the load on its sibling hardware thread, for
//! seconds at a time. On a virtual machine, the host may also delay a CPU that was idle. Only measurements taken under
//! similar conditions can be compared, and a profile holds for such conditions. So each measurement records the state
//! of each CPU just before and just after it, and the majority of these looks defines what is usual.

use serde::{Deserialize, Serialize};

use crate::results::statistics::median;

/// Speeds are alike if they differ by no more than this factor.
const ALIKE: f64 = 1.2;

/// A time that differs from the usual one by more than this share was measured at another speed.
const MOST_OFF: f64 = 0.15;

/// If sleeps are too long by more than this multiple of the usual excess, other processes used the CPU.
const MOST_LATE: f64 = 2.0;

/// With fewer looks than this, outliers cannot be told apart.
const FEWEST: usize = 8;

/// A look at one CPU: the CPU time of a round of bytecode, and the average excess of a short sleep over the time asked
/// for; ns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look(pub f64, pub f64);

/// All looks so far, with one interpreter.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    /// In ascending order.
    rounds: Vec<f64>,
    lates: Vec<f64>,
    /// Derived from the looks, and cached because it is read far more often than the looks change.
    usual: Option<Look>,
}

impl Pace {
    /// Adds looks.
    pub fn note(&mut self, looks: &[Look]) {
        self.rounds.extend(looks.iter().map(|Look(round, _)| round));
        self.lates.extend(looks.iter().map(|Look(_, late)| late));
        self.rounds.sort_unstable_by(f64::total_cmp);
        if self.rounds.len() >= FEWEST {
            self.usual = self
                .usual_round()
                .zip(median(&self.lates))
                .map(|(round, late)| Look(round, late));
        }
    }

    /// The usual state of a CPU; `None` if it is not known yet.
    pub fn usual(&self) -> Option<Look> {
        self.usual
    }

    /// The median of the largest group of rounds that are alike.
    fn usual_round(&self) -> Option<f64> {
        let alike = |first: usize| {
            let end = self
                .rounds
                .partition_point(|round| *round <= self.rounds[first] * ALIKE);
            &self.rounds[first..end]
        };
        let fastest_last = (0..self.rounds.len()).rev().map(alike);
        median(fastest_last.max_by_key(|alike| alike.len())?)
    }

    /// The speed at the look that is farthest off, as a multiple of the usual speed; `None` if that is unknown.
    pub fn speed(&self, looks: &[Look]) -> Option<f64> {
        let Look(usual, _) = self.usual?;
        let speeds = looks.iter().map(|Look(round, _)| usual / round);
        speeds.max_by(|one, other| off(*one).total_cmp(&off(*other)))
    }

    /// The deviation from usual, as a multiple of the tolerated one; nothing if that is unknown.
    pub fn noise(&self, looks: &[Look]) -> f64 {
        let Some(Look(_, usually_late)) = self.usual else {
            return 0.0;
        };
        let late = looks.iter().map(|Look(_, late)| late / usually_late / MOST_LATE);
        let off = self.speed(looks).map_or(0.0, off) / MOST_OFF;
        late.fold(off, f64::max)
    }
}

fn off(speed: f64) -> f64 {
    (speed - 1.0).abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(rounds: &[f64]) -> Vec<Look> {
        rounds.iter().map(|&round| Look(round, 100.0)).collect()
    }

    fn pace(rounds: &[f64]) -> Pace {
        let mut pace = Pace::default();
        pace.note(&looks(rounds));
        pace
    }

    fn usual_round(rounds: &[f64]) -> Option<f64> {
        pace(rounds).usual().map(|Look(round, _)| round)
    }

    #[test]
    fn the_usual_speed_is_where_most_rounds_are_alike() {
        let slow = [80.0, 81.0, 82.0];
        let fast = [50.0, 49.0, 51.0, 50.0, 52.0];
        assert_eq!(usual_round(&[slow.as_slice(), &fast].concat()), Some(50.0));
        let more = [79.0, 83.0, 84.0];
        assert_eq!(usual_round(&[slow.as_slice(), &fast, &more].concat()), Some(81.5));
    }

    #[test]
    fn of_two_speeds_that_are_as_frequent_the_machine_is_the_faster_one() {
        let both = [50.0, 80.0, 50.0, 80.0, 50.0, 80.0, 50.0, 80.0];
        assert_eq!(usual_round(&both), Some(50.0));
    }

    #[test]
    fn few_looks_say_nothing() {
        assert_eq!(usual_round(&[50.0; FEWEST - 1]), None);
        assert_eq!(pace(&[50.0; FEWEST - 1]).noise(&looks(&[80.0])), 0.0);
        assert_eq!(usual_round(&[50.0; FEWEST]), Some(50.0));
    }

    #[test]
    fn the_cpu_that_is_farthest_off_counts() {
        let pace = pace(&[50.0; FEWEST]);
        assert_eq!(pace.speed(&looks(&[50.0, 100.0, 40.0])), Some(0.5));
        assert!(pace.noise(&looks(&[50.0, 51.0, 55.0])) < 1.0);
        assert!(pace.noise(&looks(&[50.0, 60.0])) > 1.0);
        assert!(pace.noise(&looks(&[42.0, 50.0])) > 1.0);
    }

    #[test]
    fn who_is_let_wait_is_noise_at_any_speed() {
        let pace = pace(&[50.0; FEWEST]);
        assert!(pace.noise(&[Look(50.0, 190.0)]) < 1.0);
        assert!(pace.noise(&[Look(50.0, 10.0)]) < 1.0);
        assert!(pace.noise(&[Look(50.0, 100.0), Look(50.0, 210.0)]) > 1.0);
    }
}
