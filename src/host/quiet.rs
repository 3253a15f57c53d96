//! Whether a repetition can be trusted: how much CPU time others used meanwhile, and how fast the machine was.

use std::collections::BTreeMap;
use std::time::Duration;

use super::pace::{Look, Pace};
use crate::results::Status;
use crate::results::measured::Repetition;

/// If the speed of any work changes by more than this between before and after, the repetition is disturbed.
const MOST_DRIFT: f64 = 0.05;
/// If others keep the machine busy for more than this share of its time, the repetition is disturbed.
const MOST_ELSEWHERE: f64 = 0.05;

/// CPU time of one count of each kind of work, ns, by the name that the Python side uses.
pub type Speeds = BTreeMap<String, f64>;

/// A repetition that has not been judged yet.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The result.
    pub repetition: Repetition,
    /// The speeds before it, and after it if they are known.
    pub speeds: Vec<Speeds>,
    /// The state of each CPU around it.
    pub looks: Vec<Look>,
    /// How long it waited for a quiet moment.
    pub waited: Duration,
}

impl Tried {
    /// The largest disturbance, as a multiple of the tolerated one.
    fn noise(&self, pace: &Pace) -> f64 {
        let elsewhere = self.repetition.elsewhere.unwrap_or(0.0);
        (drift(&self.speeds) / MOST_DRIFT)
            .max(elsewhere / MOST_ELSEWHERE)
            .max(pace.noise(&self.looks))
    }

    /// Whether the repetition cannot be trusted. A repetition that did not finish is never disturbed.
    pub fn is_noisy(&self, pace: &Pace) -> bool {
        self.repetition.replication.status == Status::Done && self.noise(pace) > 1.0
    }

    /// The repetition, judged by what is known now.
    pub fn judged(&self, pace: &Pace) -> Repetition {
        Repetition {
            drift: drift(&self.speeds),
            speed: pace.speed(&self.looks),
            noisy: self.is_noisy(pace),
            ..self.repetition.clone()
        }
    }
}

/// By how much the speed of any work has changed between before and after.
fn drift(speeds: &[Speeds]) -> f64 {
    let [before, after] = speeds else { return 0.0 };
    let changes = before
        .iter()
        .filter_map(|(work, time)| Some((after.get(work)? / time - 1.0).abs()));
    changes.fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::super::answer::failed;
    use super::*;

    /// A session in which a count of bytecode took these times, before and after.
    fn session(times: &[f64]) -> Tried {
        let speeds = times.iter().map(|&time| Speeds::from([("0".to_owned(), time)]));
        Tried {
            speeds: speeds.collect(),
            looks: times.iter().map(|&time| Look(time, 100.0)).collect(),
            ..failed(0, Status::Done, String::new())
        }
    }

    /// The pace of a machine on which a round takes 50 ns.
    fn pace() -> Pace {
        let mut pace = Pace::default();
        pace.note(&[Look(50.0, 100.0); 20]);
        pace
    }

    #[test]
    fn a_session_at_another_speed_than_usual_is_noisy() {
        assert!(!session(&[52.0, 51.0]).is_noisy(&pace()));
        assert!(session(&[80.0, 80.0]).is_noisy(&pace()));
        assert!(session(&[30.0]).is_noisy(&pace()));
        assert_eq!(session(&[100.0]).judged(&pace()).speed, Some(0.5));
    }

    #[test]
    fn one_slow_cpu_is_noise_even_if_the_work_was_calibrated_on_another() {
        let mut slow = session(&[50.0, 50.0]);
        slow.looks.push(Look(80.0, 100.0));
        assert!(slow.is_noisy(&pace()));
    }

    #[test]
    fn a_session_is_judged_when_there_are_others() {
        let first = session(&[80.0]);
        assert!(!first.is_noisy(&Pace::default()));
        assert!(first.is_noisy(&pace()));
    }

    #[test]
    fn a_change_of_speed_is_noise_at_any_speed() {
        assert!(session(&[48.0, 52.0]).is_noisy(&pace()));
    }

    #[test]
    fn what_did_not_end_is_not_noisy() {
        let mut broken = session(&[500.0]);
        broken.repetition.replication.status = Status::Broken;
        assert!(!broken.is_noisy(&pace()));
    }
}
