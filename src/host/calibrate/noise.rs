//! How quiet the host was, and whether the measurements on it can be used.

use std::fmt;

use super::evidence::Evidence;
use super::figure::{quantile, short};

/// The largest ratio between the 90th and the 10th percentile of the time of an identical loop. A quiet machine
/// stays below 1.1; a slower clock, or a neighbour that uses the caches, shows at once.
const MOST_UNEVEN: f64 = 1.3;

/// The largest share of all CPUs that others may use. A wake-up is measured in wall time on an idle CPU; above this
/// share too many samples come from busy CPUs, and the quartiles no longer hide them.
const MOST_ELSEWHERE: f64 = 0.15;

/// A figure whose quartiles are further apart than this share of its median is unsteady.
pub const UNSTEADY: f64 = 0.5;

/// The largest share of figures that may be unsteady.
const MOST_UNSTEADY: f64 = 0.25;

/// What disturbed the measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Noise {
    /// The 10th percentile of the time of an identical loop around the takes that count, as a share of its usual time.
    pub fast: f64,
    /// The 90th percentile of the same.
    pub slow: f64,
    /// The number of takes set aside because they were made at an unusual moment, and the number of all takes.
    pub set_aside: (usize, usize),
    /// The share of all CPUs that other processes and the host of this virtual machine used meanwhile.
    pub elsewhere: f64,
    /// The number of unsteady figures.
    pub unsteady: usize,
    /// The number of all figures.
    pub figures: usize,
}

impl Noise {
    /// Judges by the same loop, the kernel's accounts, and the figures themselves.
    pub fn of(evidence: &Evidence, unsteady: usize, figures: usize) -> Self {
        let mut loops = evidence.rounds.clone();
        loops.sort_unstable_by(f64::total_cmp);
        let (fast, slow) = if loops.is_empty() {
            (1.0, 1.0)
        } else {
            (quantile(&loops, 0.1), quantile(&loops, 0.9))
        };
        Self {
            fast,
            slow,
            set_aside: evidence.set_aside(),
            elsewhere: evidence.facts.elsewhere.busy + evidence.facts.elsewhere.stolen,
            unsteady,
            figures,
        }
    }

    /// Why the figures are unusable, in words; empty if they are usable.
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.slow > self.fast * MOST_UNEVEN {
            complaints.push(format!(
                "the same loop took {} times as long in its slow moments as in its fast ones; the limit is {MOST_UNEVEN}",
                short(self.slow / self.fast)
            ));
        }
        if self.elsewhere > MOST_ELSEWHERE {
            complaints.push(format!(
                "other programs used {} of the CPUs; the limit is {}",
                percent(self.elsewhere),
                percent(MOST_ELSEWHERE)
            ));
        }
        if self.unsteady as f64 > MOST_UNSTEADY * self.figures as f64 {
            complaints.push(format!(
                "{} of {} figures vary by more than half; the limit is a quarter of them",
                self.unsteady, self.figures
            ));
        }
        complaints
    }
}

impl fmt::Display for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quiet = if self.complaints().is_empty() {
            "quiet"
        } else {
            "noisy"
        };
        let (aside, all) = self.set_aside;
        write!(
            f,
            "the host was {quiet}: the same loop took {:.2} to {:.2} of its usual time, {aside} of {all} probes came at \
             other moments and were set aside, others had {} of the CPUs, and {} of {} figures vary by more than half",
            self.fast,
            self.slow,
            percent(self.elsewhere),
            self.unsteady,
            self.figures
        )
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Noise = Noise {
        fast: 0.99,
        slow: 1.03,
        set_aside: (2, 39),
        elsewhere: 0.01,
        unsteady: 3,
        figures: 60,
    };

    #[test]
    fn a_quiet_host_is_called_quiet() {
        assert_eq!(QUIET.complaints(), Vec::<String>::new());
        assert_eq!(
            QUIET.to_string(),
            "the host was quiet: the same loop took 0.99 to 1.03 of its usual time, 2 of 39 probes came at other moments \
             and were set aside, others had 1 % of the CPUs, and 3 of 60 figures vary by more than half"
        );
    }

    #[test]
    fn each_kind_of_noise_makes_it_unusable_by_itself() {
        for (noise, complaint) in [
            (Noise { slow: 1.5, ..QUIET }, "the same loop took 1.52 times"),
            (
                Noise {
                    elsewhere: 0.4,
                    ..QUIET
                },
                "other programs used 40 % of the CPUs; the limit is 15 %",
            ),
            (
                Noise {
                    unsteady: 16,
                    ..QUIET
                },
                "16 of 60 figures vary",
            ),
        ] {
            let complaints = noise.complaints();
            assert_eq!(complaints.len(), 1, "{complaints:?}");
            assert!(complaints[0].starts_with(complaint), "{complaints:?}");
            assert!(noise.to_string().starts_with("the host was noisy"), "{noise}");
        }
    }
}
