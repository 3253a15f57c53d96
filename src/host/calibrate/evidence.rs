//! What the Python side brings back: samples by name, and what the kernel says about the machine.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::figure::Figure;

/// Everything that was measured.
#[derive(Clone, Debug, Deserialize)]
pub struct Evidence {
    /// Samples by the name that the probe gave them: ns where they are times.
    pub samples: BTreeMap<String, Vec<f64>>,
    /// What was read.
    pub host: HostFacts,
    /// Probes that failed, and why.
    pub skipped: BTreeMap<String, String>,
    /// What others did meanwhile.
    pub elsewhere: Elsewhere,
}

/// What the kernel says about the machine.
#[derive(Clone, Debug, Deserialize)]
pub struct HostFacts {
    /// Hardware threads that this process may use.
    pub cpus: usize,
    /// Cores that these belong to.
    pub cores: usize,
    /// Of the processor.
    pub model: String,
    /// Its release.
    pub kernel: String,
    /// Name and version, where it says so.
    pub libc: Option<String>,
    /// CPUs that the control group is granted.
    pub quota: Option<f64>,
    /// Between two ticks, ns.
    pub tick: f64,
    /// The scheduler's base slice, ns: Linux 6.6 and later tell.
    pub base_slice: Option<f64>,
    /// What the scheduler takes for the price of a migration, ns: for the superuser only.
    pub migration_cost: Option<f64>,
}

/// Shares of all CPUs while it was measured.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Elsewhere {
    /// Other processes had them.
    pub busy: f64,
    /// The host of this virtual machine had them.
    pub stolen: f64,
}

impl Evidence {
    /// All samples of several parts together, of which there is at least one; `None` without any.
    ///
    /// A probe that was of no use in one part and worked in another has figures, so it counts as one that worked.
    pub fn pooled(parts: &[Self]) -> Option<Self> {
        let mut pooled = parts.first()?.clone();
        for part in &parts[1..] {
            for (name, samples) in &part.samples {
                pooled
                    .samples
                    .entry(name.clone())
                    .or_default()
                    .extend_from_slice(samples);
            }
            pooled.skipped.retain(|probe, _| part.skipped.contains_key(probe));
        }
        // All parts take about as long.
        let mean = |of: fn(&Elsewhere) -> f64| {
            parts.iter().map(|part| of(&part.elsewhere)).sum::<f64>() / parts.len() as f64
        };
        pooled.elsewhere = Elsewhere {
            busy: mean(|elsewhere| elsewhere.busy),
            stolen: mean(|elsewhere| elsewhere.stolen),
        };
        Some(pooled)
    }

    /// The samples of one name.
    pub fn samples(&self, name: &str) -> Option<&[f64]> {
        self.samples.get(name).map(Vec::as_slice)
    }

    /// Their figure; `None` where there are none.
    pub fn figure(&self, name: &str) -> Option<Figure> {
        Figure::of(self.samples(name)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Evidence {
        /// From a host with nothing special to it.
        pub fn made_up(samples: &[(&str, &[f64])]) -> Self {
            let samples = samples
                .iter()
                .map(|(name, samples)| ((*name).to_owned(), samples.to_vec()));
            Self {
                samples: samples.collect(),
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
                skipped: BTreeMap::new(),
                elsewhere: Elsewhere {
                    busy: 0.0,
                    stolen: 0.0,
                },
            }
        }
    }

    fn part(samples: &[(&str, &[f64])], skipped: &[&str], busy: f64) -> Evidence {
        let skipped = skipped.iter().map(|name| ((*name).to_owned(), "no".to_owned()));
        Evidence {
            skipped: skipped.collect(),
            elsewhere: Elsewhere { busy, stolen: 0.0 },
            ..Evidence::made_up(samples)
        }
    }

    #[test]
    fn parts_are_one_calibration() {
        let parts = [
            part(&[("a", &[1.0, 2.0])], &["never", "once"], 0.1),
            part(&[("a", &[3.0]), ("b", &[4.0])], &["never"], 0.3),
        ];
        let pooled = Evidence::pooled(&parts).unwrap();
        assert_eq!(pooled.samples("a"), Some(&[1.0, 2.0, 3.0][..]));
        assert_eq!(pooled.samples("b"), Some(&[4.0][..]));
        assert_eq!(pooled.skipped.keys().collect::<Vec<_>>(), ["never"]);
        assert!((pooled.elsewhere.busy - 0.2).abs() < 1e-9);
        assert!(Evidence::pooled(&[]).is_none());
    }
}
