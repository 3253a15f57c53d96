//! The profile of `gilsim validate`: given, or calibrated between the measurements of the programs.
//!
//! The speed of a machine changes within minutes. If all costs were measured before the programs, all of them would be off
//! in the same direction. So some rounds of all probes run before the programs, some between them and some at the end, and
//! one profile is made from all samples.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::Context;

use crate::host::{Calibration, Effort, Evidence, HostError, Interpreter, Pace, gather};
use crate::profile::Profile;

use super::super::calibrate::{warn_of_skipped, with_bar};

/// The number of program rounds between two measurements of the costs.
pub(super) const ROUNDS_BETWEEN: usize = 12;

/// A profile to read the scenarios with until the costs are known.
const UNTIL_KNOWN: &str = "description = \"not calibrated yet\"\nlike = \"linux-x86_64\"\n";

/// Where the costs come from.
pub(super) enum Costs<'a> {
    /// The text of a profile.
    Given(String),
    /// They are measured on this host, part by part.
    Measured(Parts<'a>),
}

/// A calibration in several parts.
pub(super) struct Parts<'a> {
    interpreter: &'a Interpreter,
    interrupted: &'a AtomicBool,
    effort: Effort,
    /// Rounds of each part.
    rounds: u32,
    gathered: Vec<Evidence>,
}

/// The finished profile.
pub(super) struct Known {
    /// Its text.
    pub text: String,
    /// Why it cannot be trusted; empty where it can.
    pub complaints: Vec<String>,
}

impl<'a> Costs<'a> {
    /// The text of a file, or a profile that is the same as a bundled one.
    pub fn given(name: &str) -> anyhow::Result<Self> {
        let profile = Profile::load(name, Path::new(""))
            .map_err(|mistakes| anyhow::anyhow!("the profile {name} cannot be used:\n{mistakes}"))?;
        if Path::new(name).is_file() {
            let text = std::fs::read_to_string(name).with_context(|| format!("cannot read {name}"))?;
            return Ok(Self::Given(text));
        }
        let description = toml::Value::String(profile.description.clone());
        Ok(Self::Given(format!(
            "description = {description}\nlike = \"{name}\"\n"
        )))
    }

    /// Costs to be measured between this number of program rounds, with as many samples in total as a calibration has.
    pub fn measured(
        interpreter: &'a Interpreter,
        interrupted: &'a AtomicBool,
        effort: Effort,
        rounds: usize,
    ) -> Self {
        let parts = 1 + rounds.div_ceil(ROUNDS_BETWEEN) as u32;
        Self::Measured(Parts {
            interpreter,
            interrupted,
            effort,
            rounds: effort.rounds().start().div_ceil(parts),
            gathered: Vec::new(),
        })
    }

    /// The profile to read scenarios with before anything is simulated.
    pub fn until_known(&self) -> &str {
        match self {
            Self::Given(text) => text,
            Self::Measured(_) => UNTIL_KNOWN,
        }
    }

    /// Measures the next part, if costs are measured at all; `pace` is the interpreter's. A part that fails is skipped if
    /// there are earlier ones.
    ///
    /// # Errors
    /// Those of [`gather`], of the first part.
    pub fn measure(&mut self, pace: &mut Pace) -> Result<(), HostError> {
        let Self::Measured(parts) = self else {
            return Ok(());
        };
        match parts.gather(pace) {
            Err(error) if !parts.gathered.is_empty() => {
                if !matches!(error, HostError::Interrupted) {
                    eprintln!("warning: {error}; the profile uses the earlier calibrations");
                }
                Ok(())
            }
            first => first,
        }
    }

    /// Why the measurements so far cannot be trusted; empty where nothing is wrong.
    pub fn complaints(&self) -> Vec<String> {
        match self {
            Self::Given(_) => Vec::new(),
            Self::Measured(parts) => parts.calibration().complaints(),
        }
    }

    /// The profile of all parts, once there is one.
    ///
    /// # Errors
    /// It is no profile: see [`Calibration::profile`].
    pub fn known(self) -> anyhow::Result<Known> {
        let parts = match self {
            Self::Given(text) => {
                return Ok(Known {
                    text,
                    complaints: Vec::new(),
                });
            }
            Self::Measured(parts) => parts,
        };
        let calibration = parts.calibration();
        eprintln!(
            "Calibrated {} times: {}",
            parts.gathered.len(),
            calibration.noise()
        );
        warn_of_skipped(&calibration);
        Ok(Known {
            text: calibration.profile()?,
            complaints: calibration.complaints(),
        })
    }
}

impl Parts<'_> {
    fn gather(&mut self, pace: &mut Pace) -> Result<(), HostError> {
        let rounds = self.rounds..=self.rounds;
        let evidence = with_bar(|progress| {
            gather(
                self.interpreter,
                self.effort,
                rounds,
                pace,
                self.interrupted,
                progress,
            )
        })?;
        self.gathered.push(evidence);
        Ok(())
    }

    fn calibration(&self) -> Calibration {
        let evidence = Evidence::pooled(&self.gathered).expect("the first part comes before all else");
        Calibration::of(self.interpreter, evidence)
    }
}
