//! Whether a repetition can be trusted: what others took of the machine meanwhile, and how fast it did the same work.
//!
//! A core has several speeds: its clock changes, and so does what the neighbour on the other half of it does. A session
//! calibrates its work at the speed that it finds, so the speed has to be the same before and after, and that of all
//! other sessions: one that was calibrated in a bad moment does another amount of work than the rest.

use std::collections::BTreeMap;

use crate::results::Status;
use crate::results::measured::Repetition;
use crate::results::statistics::median;

/// Work whose speed has changed by more than this between before and after was not what it should have been.
const MOST_DRIFT: f64 = 0.05;
/// A machine that others kept busy for more than this share of its time was not ours.
const MOST_ELSEWHERE: f64 = 0.05;
/// A session whose speed is further from the median of all is not comparable with them. `calibrate` refuses a machine
/// whose slow moments take 1.3 times as long as its fast ones, which is so much to either side.
const MOST_OFF: f64 = 0.15;
/// Of two sessions that differ nobody knows which is off.
const FEWEST_SESSIONS: usize = 3;

/// CPU time of one count of each kind of work, ns, by the name that the Python side has for it. All sessions have those
/// of bytecode, others where they have such steps.
pub type Speeds = BTreeMap<String, f64>;

/// A repetition that nobody has judged yet.
#[derive(Clone, Debug)]
pub struct Tried {
    /// What came out.
    pub repetition: Repetition,
    /// Before it, and after it where that can be told.
    pub speeds: Vec<Speeds>,
}

/// How fast all sessions of one interpreter have been so far.
#[derive(Debug, Default)]
pub struct Pace {
    /// Of each session that did this work, the mean of before and after.
    by_work: BTreeMap<String, Vec<f64>>,
}

impl Pace {
    /// One more session.
    pub fn note(&mut self, tried: &Tried) {
        let Some(before) = tried.speeds.first() else {
            return;
        };
        for work in before.keys() {
            let times = tried.speeds.iter().filter_map(|speeds| speeds.get(work));
            let mean = times.sum::<f64>() / tried.speeds.len() as f64;
            self.by_work.entry(work.clone()).or_default().push(mean);
        }
    }

    /// How many times as fast as the median session it was, where that is farthest from 1; `None` where that
    /// cannot be told.
    fn speed(&self, tried: &Tried) -> Option<f64> {
        let usual = |work| {
            let sessions = self.by_work.get(work)?;
            median(sessions).filter(|_| sessions.len() >= FEWEST_SESSIONS)
        };
        let each = tried.speeds.iter().flatten();
        let speeds = each.filter_map(|(work, time)| Some(usual(work)? / time));
        speeds.max_by(|one, other| off(*one).total_cmp(&off(*other)))
    }

    /// Whether it was much faster or slower than the others.
    pub fn is_off(&self, tried: &Tried) -> bool {
        self.speed(tried).is_some_and(|speed| off(speed) > MOST_OFF)
    }

    /// What disturbed it most, as a multiple of what is tolerated.
    fn noise(&self, tried: &Tried) -> f64 {
        let elsewhere = tried.repetition.elsewhere.unwrap_or(0.0);
        let off = self.speed(tried).map_or(0.0, off);
        (drift(&tried.speeds) / MOST_DRIFT)
            .max(elsewhere / MOST_ELSEWHERE)
            .max(off / MOST_OFF)
    }

    /// Whether it cannot be trusted. What did not come to an end is what it is.
    pub fn is_noisy(&self, tried: &Tried) -> bool {
        tried.repetition.replication.status == Status::Done && self.noise(tried) > 1.0
    }

    /// The quieter of two.
    pub fn quieter(&self, first: Tried, second: Tried) -> Tried {
        if self.noise(&second) < self.noise(&first) {
            second
        } else {
            first
        }
    }

    /// Judged by what is known now.
    pub fn judged(&self, tried: &Tried) -> Repetition {
        Repetition {
            drift: drift(&tried.speeds),
            speed: self.speed(tried),
            noisy: self.is_noisy(tried),
            ..tried.repetition.clone()
        }
    }
}

fn off(speed: f64) -> f64 {
    (speed - 1.0).abs()
}

/// By how much the speed of any work has changed between before and after.
fn drift(speeds: &[Speeds]) -> f64 {
    let [before, after] = speeds else { return 0.0 };
    let changes = before
        .iter()
        .filter_map(|(work, time)| Some(off(after.get(work)? / time)));
    changes.fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::super::answer::failed;
    use super::*;

    /// A session in which a count of bytecode took so long, before and after.
    fn session(times: &[f64]) -> Tried {
        let mut tried = failed(0, Status::Done, String::new());
        let speeds = times.iter().map(|&time| Speeds::from([("0".to_owned(), time)]));
        tried.speeds = speeds.collect();
        tried
    }

    fn pace(times: &[f64]) -> Pace {
        let mut pace = Pace::default();
        times.iter().for_each(|&time| pace.note(&session(&[time])));
        pace
    }

    #[test]
    fn a_session_at_another_speed_than_the_others_is_noisy() {
        let pace = pace(&[50.0, 51.0, 50.0, 80.0, 49.0]);
        assert!(!pace.is_noisy(&session(&[52.0, 51.0])));
        assert!(pace.is_noisy(&session(&[80.0, 80.0])));
        assert!(pace.is_noisy(&session(&[30.0])));
        assert_eq!(pace.judged(&session(&[100.0])).speed, Some(0.5));
    }

    #[test]
    fn the_first_session_is_judged_when_there_are_others() {
        let first = session(&[80.0]);
        assert!(!pace(&[80.0, 50.0]).is_noisy(&first));
        assert!(pace(&[80.0, 50.0, 50.0]).is_noisy(&first));
    }

    #[test]
    fn a_change_of_speed_is_noise_at_any_speed() {
        let pace = pace(&[50.0, 50.0, 50.0]);
        let changed = session(&[48.0, 52.0]);
        assert!(!pace.is_off(&changed));
        assert!(pace.is_noisy(&changed));
        assert_eq!(pace.quieter(changed, session(&[50.0, 50.0])).speeds[0]["0"], 50.0);
    }

    #[test]
    fn what_did_not_end_is_not_noisy() {
        let mut broken = session(&[500.0]);
        broken.repetition.replication.status = Status::Broken;
        assert!(!pace(&[50.0, 50.0, 50.0]).is_noisy(&broken));
    }
}
