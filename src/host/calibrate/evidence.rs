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
    /// The scheduler's base slice, ns: for the superuser only.
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
    /// The samples of one name.
    pub fn samples(&self, name: &str) -> Option<&[f64]> {
        self.samples.get(name).map(Vec::as_slice)
    }

    /// Their figure; `None` where there are none.
    pub fn figure(&self, name: &str) -> Option<Figure> {
        Figure::of(self.samples(name)?)
    }
}
