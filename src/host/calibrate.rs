//! A cost profile of this host: measured by probes in Python (`src/host/python/calibrate/`), and calculated here.
//!
//! ```text
//! calibrate.py   runs all probes repeatedly            -> raw samples by name
//! costs          turns samples into profile fields     -> median, quartiles, number of samples of each
//! noise          decides whether the host was quiet enough
//! written        the profile's text, checked with `Profile::parse`
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

/// No probe takes longer, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// How thoroughly to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Takes about 20 s.
    Quick,
    /// Takes about 90 s.
    Full,
}

impl Effort {
    /// The number of passes through all probes: the minimum, and the maximum if there is time.
    pub fn rounds(self) -> RangeInclusive<u32> {
        match self {
            Self::Quick => 1..=3,
            Self::Full => 3..=12,
        }
    }

    /// The plan for the Python side: the number of passes through all probes, their total time, how many seconds of it
    /// to wait each time for quiet moments, what a quiet moment is, and the number of samples of slow operations.
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

/// The result of a calibration.
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

/// The progress of a calibration, for display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The largest number of probes.
    Begun(u64),
    /// One of the probes has finished.
    Done,
}

/// Measures with this interpreter. `interrupted` ends it early; `progress` receives each step of the progress.
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

/// Runs this number of passes through all probes: a part of a calibration that is spread over a longer time. `pace` is
/// the interpreter's, as far as it is known.
///
/// # Errors
/// The interpreter is free-threaded; the Python side cannot be written, ends early, hangs, or sends invalid output; or
/// the user interrupts it.
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

/// Gathers the same evidence, with a given patience for each probe.
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
            .map_err(|_| failed(format!("its output is invalid: {}", shortened(&line)))),
        Ok(None) => Err(failed(session.last_words())),
        Err(Failure::Failed(said)) => Err(failed(said)),
        Err(Failure::Limit) => Err(failed(format!(
            "it has not responded for {:.0} s",
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
    /// Derives the profile's fields from the evidence.
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

    /// Why the figures are unusable, in words; empty if they are usable.
    pub fn complaints(&self) -> Vec<String> {
        self.noise.complaints()
    }

    /// Probes that cannot run on this host or interpreter, and the reasons.
    pub fn skipped(&self) -> impl Iterator<Item = (&str, &str)> {
        let skipped = self.evidence.facts.skipped.iter();
        skipped.map(|(probe, why)| (probe.as_str(), why.as_str()))
    }

    /// The number of fields that were measured.
    pub fn fields(&self) -> usize {
        self.costs.len()
    }

    /// The profile's text.
    ///
    /// # Errors
    /// The text is not a valid profile, which is a defect of this program: a value of the host is out of range.
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
        assert!(said.ends_with("it has not responded for 2 s"), "{said}");
        assert!(began.elapsed() < Duration::from_secs(60));
        let pids = std::fs::read_to_string(pids).unwrap();
        assert_eq!(pids.lines().count(), 2);
        for pid in pids.lines() {
            // A dead process that its new parent has not waited for yet is a zombie.
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
            said.contains("its output is invalid: {\"probes\": \"xxx"),
            "{said}"
        );
        assert!(said.len() < 300, "{said}");
    }
}
