//! The results of the Python side: samples by name, and what the kernel reports about the machine.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::pace::{Look, Pace};
use super::figure::Figure;

/// Everything that was measured.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Every execution of a probe.
    takes: Vec<Take>,
    /// The samples of the takes that count, by the name that the probe gave them; times in ns.
    pub samples: BTreeMap<String, Vec<f64>>,
    /// Around the takes that count: the time of a round of bytecode, as a share of the usual time.
    pub rounds: Vec<f64>,
    /// The number of takes that do not count.
    aside: usize,
    /// The facts that were read at the end.
    pub facts: Facts,
}

/// The samples of one execution of a probe.
#[derive(Clone, Debug, Deserialize)]
pub struct Take {
    probe: String,
    /// The state of each CPU just before and just after.
    looks: Vec<Look>,
    samples: BTreeMap<String, Vec<f64>>,
}

/// The last line of the Python side.
#[derive(Clone, Debug, Deserialize)]
pub struct Facts {
    /// What the kernel reports.
    pub host: HostFacts,
    /// Probes that failed, and why.
    pub skipped: BTreeMap<String, String>,
    /// The CPU time that others used meanwhile.
    pub elsewhere: Elsewhere,
}

/// What the kernel reports about the machine.
#[derive(Clone, Debug, Deserialize)]
pub struct HostFacts {
    /// Hardware threads that this process may use.
    pub cpus: usize,
    /// The cores that these belong to.
    pub cores: usize,
    /// The model of the processor.
    pub model: String,
    /// The release of the kernel.
    pub kernel: String,
    /// The name and version of the C library, if it reports them.
    pub libc: Option<String>,
    /// The number of CPUs that the control group grants.
    pub quota: Option<f64>,
    /// The time between two ticks, ns.
    pub tick: f64,
    /// The scheduler's base slice, ns: Linux 6.6 and later report it.
    pub base_slice: Option<f64>,
    /// The scheduler's assumed cost of a migration, ns: only the superuser can read it.
    pub migration_cost: Option<f64>,
}

/// The shares of all CPUs that others used during the measurement.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Elsewhere {
    /// The share of other processes.
    pub busy: f64,
    /// The share that the host of this virtual machine took.
    pub stolen: f64,
}

impl Evidence {
    /// The evidence of these takes. A take counts if the machine was as usual; if a probe has no such take, all of them
    /// count.
    pub fn of(takes: Vec<Take>, facts: Facts) -> Self {
        let mut pace = Pace::default();
        pace.note(&looks(&takes));
        let (quiet, mut others): (Vec<&Take>, Vec<&Take>) =
            takes.iter().partition(|take| pace.noise(&take.looks) <= 1.0);
        let all = others.len();
        others.retain(|take| quiet.iter().all(|quiet| quiet.probe != take.probe));
        let aside = all - others.len();
        let usual = pace.usual().map_or(1.0, |Look(round, _)| round);
        let (mut samples, mut rounds) = (BTreeMap::<String, Vec<f64>>::new(), Vec::new());
        for take in quiet.into_iter().chain(others) {
            rounds.extend(take.looks.iter().map(|Look(round, _)| round / usual));
            for (name, more) in &take.samples {
                samples.entry(name.clone()).or_default().extend_from_slice(more);
            }
        }
        Self {
            takes,
            samples,
            rounds,
            aside,
            facts,
        }
    }

    /// The evidence of several parts together; `None` if there are none.
    ///
    /// A probe that failed in one part and worked in another has figures, so it counts as one that worked.
    pub fn pooled(parts: &[Self]) -> Option<Self> {
        let mut facts = parts.first()?.facts.clone();
        for part in &parts[1..] {
            let skipped = &part.facts.skipped;
            facts.skipped.retain(|probe, _| skipped.contains_key(probe));
        }
        // All parts take about as long.
        let mean = |of: fn(&Elsewhere) -> f64| {
            parts.iter().map(|part| of(&part.facts.elsewhere)).sum::<f64>() / parts.len() as f64
        };
        facts.elsewhere = Elsewhere {
            busy: mean(|elsewhere| elsewhere.busy),
            stolen: mean(|elsewhere| elsewhere.stolen),
        };
        let takes = parts.iter().flat_map(|part| part.takes.iter().cloned());
        Some(Self::of(takes.collect(), facts))
    }

    /// The state of the CPUs before and after every take, whether it counts or not.
    pub fn all_looks(&self) -> Vec<Look> {
        looks(&self.takes)
    }

    /// The number of takes that do not count, and the number of all takes.
    pub fn set_aside(&self) -> (usize, usize) {
        (self.aside, self.takes.len())
    }

    /// The samples with one name.
    pub fn samples(&self, name: &str) -> Option<&[f64]> {
        self.samples.get(name).map(Vec::as_slice)
    }

    /// The figure of the samples with this name; `None` if there are none.
    pub fn figure(&self, name: &str) -> Option<Figure> {
        Figure::of(self.samples(name)?)
    }
}

/// The state of the CPUs before and after each of the takes.
fn looks(takes: &[Take]) -> Vec<Look> {
    takes.iter().flat_map(|take| take.looks.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Evidence {
        /// The facts of an ordinary host.
        pub fn made_up(samples: &[(&str, &[f64])]) -> Self {
            part(&[take("all", &[], samples)], &[], 0.0)
        }
    }

    fn take(probe: &str, rounds: &[f64], samples: &[(&str, &[f64])]) -> Take {
        let samples = samples
            .iter()
            .map(|(name, samples)| ((*name).to_owned(), samples.to_vec()));
        Take {
            probe: probe.to_owned(),
            looks: rounds.iter().map(|&round| Look(round, 100.0)).collect(),
            samples: samples.collect(),
        }
    }

    fn part(takes: &[Take], skipped: &[&str], busy: f64) -> Evidence {
        let skipped = skipped.iter().map(|name| ((*name).to_owned(), "no".to_owned()));
        let facts = Facts {
            host: HostFacts {
                cpus: 4,
                cores: 4,
                model: "a processor".to_owned(),
                kernel: "6.1".to_owned(),
                libc: None,
                quota: None,
                tick: 4e6,
                base_slice: None,
                migration_cost: None,
            },
            skipped: skipped.collect(),
            elsewhere: Elsewhere { busy, stolen: 0.0 },
        };
        Evidence::of(takes.to_vec(), facts)
    }

    #[test]
    fn parts_are_one_calibration() {
        let parts = [
            part(
                &[take("first", &[], &[("a", &[1.0, 2.0])])],
                &["never", "once"],
                0.1,
            ),
            part(
                &[take("first", &[], &[("a", &[3.0]), ("b", &[4.0])])],
                &["never"],
                0.3,
            ),
        ];
        let pooled = Evidence::pooled(&parts).unwrap();
        assert_eq!(pooled.samples("a"), Some(&[1.0, 2.0, 3.0][..]));
        assert_eq!(pooled.samples("b"), Some(&[4.0][..]));
        assert_eq!(pooled.facts.skipped.keys().collect::<Vec<_>>(), ["never"]);
        assert!((pooled.facts.elsewhere.busy - 0.2).abs() < 1e-9);
        assert!(Evidence::pooled(&[]).is_none());
    }

    #[test]
    fn what_was_measured_at_another_speed_does_not_count_beside_what_was_not() {
        let usual = [50.0, 51.0, 50.0, 49.0];
        let takes = [
            take("one", &usual, &[("a", &[1.0])]),
            take("one", &[50.0, 50.0, 50.0, 90.0], &[("a", &[2.0])]),
            take("one", &usual, &[("a", &[3.0])]),
            take("other", &[90.0, 90.0, 50.0, 50.0], &[("b", &[4.0])]),
        ];
        let evidence = part(&takes, &[], 0.0);
        assert_eq!(evidence.samples("a"), Some(&[1.0, 3.0][..]));
        assert_eq!(evidence.samples("b"), Some(&[4.0][..]));
        assert_eq!(evidence.rounds.len(), 12);
        assert_eq!(evidence.set_aside(), (1, 4));
        assert!(evidence.rounds.contains(&1.8));
        // With more takes, the slow ones may turn out to be the usual ones.
        let slow = part(&vec![take("other", &[90.0; 8], &[]); 4], &[], 0.0);
        let pooled = Evidence::pooled(&[evidence, slow]).unwrap();
        assert_eq!(pooled.samples("a"), Some(&[1.0, 2.0, 3.0][..]));
    }
}
