//! The profile of `gilsim validate`: given, or calibrated in between of what is measured.
//!
//! A machine changes its speed within minutes. Costs that are all measured before the programs would all be off by as
//! much in the same direction; so some rounds of all probes come before the programs, some after every few of theirs, and
//! some at the end, and one profile is made of all their samples.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::Context;

use crate::host::{Calibration, Effort, Evidence, HostError, Interpreter, Pace, gather};
use crate::profile::Profile;

use super::super::calibrate::{warn_of_skipped, with_bar};

/// So many times a program has a round until costs are measured again.
pub(super) const ROUNDS_BETWEEN: usize = 12;

/// Says what the scenarios need to be read while the costs are not known.
const UNTIL_KNOWN: &str = "description = \"not calibrated yet\"\nlike = \"linux-x86_64\"\n";

/// Where they come from.
pub(super) enum Costs<'a> {
    /// The text of a profile.
    Given(String),
    /// This host, part by part.
    Measured(Parts<'a>),
}

/// A calibration that is spread.
pub(super) struct Parts<'a> {
    interpreter: &'a Interpreter,
    interrupted: &'a AtomicBool,
    effort: Effort,
    /// Of each part.
    rounds: u32,
    gathered: Vec<Evidence>,
}

/// What a profile came to.
pub(super) struct Known {
    /// The profile.
    pub text: String,
    /// Why it cannot be trusted; empty where it can.
    pub complaints: Vec<String>,
}

impl<'a> Costs<'a> {
    /// A file, or a profile that is just like a bundled one.
    pub fn given(name: &str) -> anyhow::Result<Self> {
        let profile = Profile::load(name, Path::new(""))?;
        if Path::new(name).is_file() {
            let text = std::fs::read_to_string(name).with_context(|| format!("cannot read {name}"))?;
            return Ok(Self::Given(text));
        }
        let description = toml::Value::String(profile.costs.description.clone());
        Ok(Self::Given(format!(
            "description = {description}\nlike = \"{name}\"\n"
        )))
    }

    /// To be measured beside so many rounds of programs: as thoroughly as in one piece.
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

    /// What to read scenarios with as long as nothing is simulated.
    pub fn until_known(&self) -> &str {
        match self {
            Self::Given(text) => text,
            Self::Measured(_) => UNTIL_KNOWN,
        }
    }

    /// The next part, if anything is measured; `pace` is the interpreter's. Where it comes to nothing, those before it will
    /// do.
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
                    eprintln!("warning: {error}; what was calibrated before has to do");
                }
                Ok(())
            }
            first => first,
        }
    }

    /// Why what has been measured so far cannot be trusted; empty where nothing is wrong.
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
