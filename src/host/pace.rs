//! What a machine is like most of the time.
//!
//! A core has several speeds: its clock changes, and so does what the neighbour on the other half of it does, for seconds
//! at a time. And the machine's own host may let a CPU that was idle wait. Only what was measured in like moments can be
//! compared, and a profile holds for such moments. So everything that is measured says what each CPU was like just before
//! and just after, and most of these looks show what is usual.

use serde::{Deserialize, Serialize};

use crate::results::statistics::median;

/// Speeds are alike if no one is lower than another by more than this factor.
const ALIKE: f64 = 1.2;

/// What takes longer or shorter than usual by more than this share was at another speed.
const MOST_OFF: f64 = 0.15;

/// Where sleeps are too long by more than this many times what is usual, others had the CPU.
const MOST_LATE: f64 = 2.0;

/// Of a few looks nobody knows which are off.
const FEWEST: usize = 8;

/// A look at one CPU: the CPU time that a round of bytecode takes, and how much longer than asked a short sleep is on
/// average; ns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look(pub f64, pub f64);

/// All looks so far, with one interpreter.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    /// Ascending.
    rounds: Vec<f64>,
    lates: Vec<f64>,
    /// What follows from these: asked for far more often than they change.
    usual: Option<Look>,
}

impl Pace {
    /// More of them.
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

    /// What a CPU is like most of the time; `None` while nobody can tell.
    pub fn usual(&self) -> Option<Look> {
        self.usual
    }

    /// The middle of those rounds that are alike, where most are.
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

    /// How many times as fast as usual it was, at the look that is farthest off; `None` where that cannot be told.
    pub fn speed(&self, looks: &[Look]) -> Option<f64> {
        let Look(usual, _) = self.usual?;
        let speeds = looks.iter().map(|Look(round, _)| usual / round);
        speeds.max_by(|one, other| off(*one).total_cmp(&off(*other)))
    }

    /// How far from usual it was, as a multiple of what is tolerated; nothing where that cannot be told.
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
