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

use std::ops::RangeInclusive;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::Deserialize;

use super::pace::Pace;
use super::scripts::Scripts;
use super::session::{Failure, Session};
use super::{HostError, Interpreter};

use costs::Cost;
pub use evidence::Evidence;
use evidence::{Facts, Take};
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
    /// How often to go through all probes: at least, and at most if there is time.
    pub fn rounds(self) -> RangeInclusive<u32> {
        match self {
            Self::Quick => 1..=3,
            Self::Full => 3..=12,
        }
    }

    /// What the Python side is told: how often to go through all probes, for how long, how many seconds of these to wait
    /// each time for quiet moments and what these are like, and how many samples of what is slow to take.
    fn plan(self, rounds: &RangeInclusive<u32>, pace: &Pace) -> String {
        let (seconds, patience, effort) = match self {
            Self::Quick => (12, 2, 2),
            Self::Full => (60, 5, 4),
        };
        let plan = serde_json::json!({
            "least_rounds": rounds.start(),
            "most_rounds": rounds.end(),
            "seconds": seconds,
            "patience_s": patience,
            "usual": pace.usual(),
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
    Done { takes: Vec<Take> },
    Finished(Facts),
}

/// How far the calibration is, for a progress bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The largest number of probes.
    Begun(u64),
    /// One of them is through.
    Done,
}

/// Measures with this interpreter. `interrupted` ends it early; `progress` is told how far it is.
///
/// # Errors
/// Those of [`gather`].
pub fn calibrate(
    interpreter: &Interpreter,
    effort: Effort,
    interrupted: &AtomicBool,
    progress: impl FnMut(Progress),
) -> Result<Calibration, HostError> {
    let pace = &mut Pace::default();
    let evidence = gather(interpreter, effort, effort.rounds(), pace, interrupted, progress)?;
    Ok(Calibration::of(interpreter, evidence))
}

/// Runs all probes that number of times: a part of a calibration that is spread over a longer time. `pace` is the
/// interpreter's, so far as known.
///
/// # Errors
/// The interpreter is free-threaded. The Python side cannot be written down, ends early, hangs, or says what makes no sense; or somebody interrupted it.
pub fn gather(
    interpreter: &Interpreter,
    effort: Effort,
    rounds: RangeInclusive<u32>,
    pace: &mut Pace,
    interrupted: &AtomicBool,
    progress: impl FnMut(Progress),
) -> Result<Evidence, HostError> {
    let plan = effort.plan(&rounds, pace);
    let evidence = gather_within(PATIENCE, interpreter, &plan, interrupted, progress)?;
    pace.note(&evidence.all_looks());
    Ok(evidence)
}

/// The same, with so much patience for each probe.
fn gather_within(
    patience: Duration,
    interpreter: &Interpreter,
    plan: &str,
    interrupted: &AtomicBool,
    mut progress: impl FnMut(Progress),
) -> Result<Evidence, HostError> {
    if interpreter.version.free_threaded {
        return Err(HostError::FreeThreaded {
            path: interpreter.executable.clone(),
        });
    }
    let scripts = Scripts::for_calibration().map_err(|source| HostError::Scratch { source })?;
    let failed = |said: String| HostError::Calibration {
        path: interpreter.executable.clone(),
        said,
    };
    let wait = |session: &mut Session| match session.wait(patience, interrupted) {
        Ok(Some(line)) => serde_json::from_str(&line)
            .map_err(|_| failed(format!("it says what makes no sense: {}", shortened(&line)))),
        Ok(None) => Err(failed(session.last_words())),
        Err(Failure::Failed(said)) => Err(failed(said)),
        Err(Failure::Limit) => Err(failed(format!(
            "it has said nothing for {:.0} s",
            patience.as_secs_f64()
        ))),
        Err(Failure::Interrupted) => Err(HostError::Interrupted),
    };
    let mut session = Session::start(&scripts, interpreter, plan).map_err(|failure| match failure {
        Failure::Failed(said) => failed(said),
        Failure::Limit | Failure::Interrupted => HostError::Interrupted,
    })?;
    let mut takes = Vec::new();
    loop {
        match wait(&mut session)? {
            Line::Begun { probes } => progress(Progress::Begun(probes)),
            Line::Done { takes: more } => {
                takes.extend(more);
                progress(Progress::Done);
            }
            Line::Finished(facts) => return Ok(Evidence::of(takes, facts)),
        }
    }
}

/// The beginning of a line, which may be very long.
fn shortened(line: &str) -> String {
    const MOST: usize = 100;
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    }
}

impl Calibration {
    /// What follows from the evidence.
    pub fn of(interpreter: &Interpreter, evidence: Evidence) -> Self {
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
        let skipped = self.evidence.facts.skipped.iter();
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
    pub fn profile(&self) -> Result<String, crate::input::Diagnostics> {
        written::profile(self)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Instant;

    use super::*;
    use crate::model::Version;

    /// A shell script in place of an interpreter.
    #[cfg(unix)]
    fn script(folder: &tempfile::TempDir, text: &str) -> Interpreter {
        use std::os::unix::fs::PermissionsExt;

        let executable: PathBuf = folder.path().join("python");
        std::fs::write(&executable, format!("#!/bin/sh\n{text}")).unwrap();
        std::fs::set_permissions(&executable, std::fs::Permissions::from_mode(0o755)).unwrap();
        Interpreter {
            executable,
            version: Version::release(3, 11),
            release: "3.11.7".to_owned(),
        }
    }

    #[cfg(unix)]
    fn fails(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let interpreter = script(&folder, text);
        let patience = Duration::from_secs(2);
        let never = AtomicBool::new(false);
        let plan = Effort::Quick.plan(&Effort::Quick.rounds(), &Pace::default());
        let failed = gather_within(patience, &interpreter, &plan, &never, |_| {});
        failed.unwrap_err().to_string()
    }

    #[cfg(unix)]
    #[test]
    fn an_interpreter_that_hangs_is_ended_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let pids = folder.path().join("pids");
        let began = Instant::now();
        let said = fails(&format!(
            "sleep 600 & echo $! >> {0}; echo $$ >> {0}; echo '{{\"probes\": 1}}'; sleep 600",
            pids.display()
        ));
        assert!(said.ends_with("it has said nothing for 2 s"), "{said}");
        assert!(began.elapsed() < Duration::from_secs(60));
        let pids = std::fs::read_to_string(pids).unwrap();
        assert_eq!(pids.lines().count(), 2);
        for pid in pids.lines() {
            // Who is dead and has not been waited for by its new parent yet is a zombie.
            let gone = |_| {
                let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
                stat.is_empty() || stat.contains(") Z ")
            };
            let looks = 0..100;
            assert!(
                looks.into_iter().any(|look| {
                    std::thread::sleep(Duration::from_millis(look.min(20)));
                    gone(look)
                }),
                "{pid} still runs"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_interpreter_that_ends_early_says_why() {
        let said = fails("echo '{\"probes\": 1}'; echo 'MemoryError: no more' >&2; exit 1");
        assert!(
            said.ends_with("the interpreter ended early: MemoryError: no more"),
            "{said}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn what_makes_no_sense_is_shown_and_cut_short() {
        let said = fails(&format!(
            "echo '{{\"probes\": \"{}\"}}'; sleep 5",
            "x".repeat(300)
        ));
        assert!(
            said.contains("it says what makes no sense: {\"probes\": \"xxx"),
            "{said}"
        );
        assert!(said.len() < 300, "{said}");
    }
}
