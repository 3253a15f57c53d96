//! A cost profile of this host: measured by probes in Python (`src/host/python/calibrate/`), calculated here.
//!
//! ```text
//!  calibrate.py   probes, over and over                 -> raw samples by name
//!  costs          samples to fields of a profile        -> median, quartiles, number of samples of each
//!  noise          whether the host was quiet enough
//!  written        the profile's text, held against `Profile::parse`
//! ```

mod costs;
mod evidence;
mod figure;
mod noise;
mod written;

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::Deserialize;

use super::scripts::Scripts;
use super::session::{Failure, Session, last_words};
use super::{HostError, Interpreter};

use costs::Cost;
use evidence::Evidence;
use noise::{Noise, UNSTEADY};

/// No probe takes longer, not even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// How thoroughly to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Within some 20 s.
    Quick,
    /// Within some 90 s.
    Full,
}

impl Effort {
    /// What the Python side is told: how often to go through all probes, for how long, and how many samples of what is
    /// slow to take each time.
    fn plan(self) -> String {
        let (least, most, seconds, effort) = match self {
            Self::Quick => (1, 3, 12, 2),
            Self::Full => (3, 12, 60, 4),
        };
        let plan = serde_json::json!({
            "least_rounds": least,
            "most_rounds": most,
            "seconds": seconds,
            "effort": effort,
        });
        format!("{plan}\n")
    }
}

/// What was measured.
#[derive(Debug)]
pub struct Calibration {
    interpreter: Interpreter,
    evidence: Evidence,
    costs: Vec<Cost>,
    noise: Noise,
}

/// A line of the Python side.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Begun { probes: u64 },
    Done { probe: String },
    Finished(Box<Evidence>),
}

/// How far it is, for whoever shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many probes at most.
    Begun(u64),
    /// This one is through.
    Done(String),
}

/// Measures with this interpreter. `interrupted` ends it early; `progress` is told how far it is.
///
/// # Errors
/// The Python side cannot be written down, ends early, hangs, or says what makes no sense; or somebody interrupted it.
pub fn calibrate(
    interpreter: &Interpreter,
    effort: Effort,
    interrupted: &AtomicBool,
    mut progress: impl FnMut(Progress),
) -> Result<Calibration, HostError> {
    let scripts = Scripts::for_calibration().map_err(|source| HostError::Scratch { source })?;
    let failed = |said: String| HostError::Calibration {
        path: interpreter.executable.clone(),
        said,
    };
    let wait = |session: &mut Session| match session.wait(PATIENCE, interrupted) {
        Ok(Some(line)) => {
            serde_json::from_str(&line).map_err(|_| failed(format!("it says what makes no sense: {line}")))
        }
        Ok(None) => Err(failed(last_words(&scripts))),
        Err(Failure::Failed(said)) => Err(failed(said)),
        Err(Failure::Limit) => Err(failed(format!(
            "it has said nothing for {} s",
            PATIENCE.as_secs()
        ))),
        Err(Failure::Interrupted) => Err(HostError::Interrupted),
    };
    let mut session =
        Session::start(&scripts, interpreter, &effort.plan()).map_err(|failure| match failure {
            Failure::Failed(said) => failed(said),
            Failure::Limit | Failure::Interrupted => HostError::Interrupted,
        })?;
    loop {
        match wait(&mut session)? {
            Line::Begun { probes } => progress(Progress::Begun(probes)),
            Line::Done { probe } => progress(Progress::Done(probe)),
            Line::Finished(evidence) => return Ok(Calibration::of(interpreter, *evidence)),
        }
    }
}

impl Calibration {
    fn of(interpreter: &Interpreter, evidence: Evidence) -> Self {
        let costs = costs::all(&evidence);
        let figures = || costs.iter().filter_map(|cost| cost.figure);
        let unsteady = figures().filter(|figure| figure.is_unsteady(UNSTEADY)).count();
        let noise = Noise::of(&evidence, unsteady, figures().count());
        Self {
            interpreter: interpreter.clone(),
            evidence,
            costs,
            noise,
        }
    }

    /// How quiet the host was.
    pub fn noise(&self) -> String {
        self.noise.to_string()
    }

    /// What makes the figures unusable, in words; empty where nothing does.
    pub fn complaints(&self) -> Vec<String> {
        self.noise.complaints()
    }

    /// Probes that this host or interpreter has no place for, and why.
    pub fn skipped(&self) -> impl Iterator<Item = (&str, &str)> {
        let skipped = self.evidence.skipped.iter();
        skipped.map(|(probe, why)| (probe.as_str(), why.as_str()))
    }

    /// How many fields were measured.
    pub fn fields(&self) -> usize {
        self.costs.len()
    }

    /// The profile's text.
    ///
    /// # Errors
    /// It is no profile, which is a mistake of ours: the host has a value that no profile may have.
    pub fn profile(&self) -> Result<String, crate::profile::ProfileError> {
        written::profile(self)
    }
}
