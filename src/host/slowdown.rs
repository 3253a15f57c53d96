//! How much longer bytecode takes in a free-threaded build.
//!
//! A `python` step is so much bytecode as takes its time in the build with the interpreter lock (`free_threaded.slowdown` of
//! a profile makes it longer without one). So its amount cannot be found out with a free-threaded build alone.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::scripts::Scripts;
use super::session::{ERRORS, Failure, Session};
use super::{HostError, Interpreter};
use crate::results::statistics::median;
use crate::scenario::Configuration;

/// The script that times the loop.
const SCRIPT: &str = "bytecode.py";

/// The two builds take turns, so often: a busy neighbour hurts both.
const TURNS: usize = 5;

/// Longer than one of them takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// The factor of each interpreter that is free-threaded and has another one beside it that has the lock; measured by the
/// loop that `python` steps are made of.
///
/// # Errors
/// One of them does not do it, or somebody interrupts it.
pub(super) fn measured(
    scripts: &Scripts,
    interpreters: &[Interpreter],
    interrupted: &AtomicBool,
) -> Result<Vec<Option<f64>>, HostError> {
    let factor = |free: &Interpreter| {
        let Some(locked) = counterpart(free, interpreters) else {
            return Ok(None);
        };
        let mut ratios = Vec::with_capacity(TURNS);
        for _ in 0..TURNS {
            let without = round(scripts, free, interrupted)?;
            ratios.push(without / round(scripts, locked, interrupted)?);
        }
        Ok(median(&ratios))
    };
    interpreters.iter().map(factor).collect()
}

/// Of those with the lock the one whose release is the same, or else the nearest.
fn counterpart<'a>(free: &Interpreter, interpreters: &'a [Interpreter]) -> Option<&'a Interpreter> {
    if !free.version.free_threaded {
        return None;
    }
    let locked = interpreters.iter().filter(|other| !other.version.free_threaded);
    locked.min_by_key(|other| other.version.minor.abs_diff(free.version.minor))
}

/// ns of CPU time.
fn round(scripts: &Scripts, interpreter: &Interpreter, interrupted: &AtomicBool) -> Result<f64, HostError> {
    let failed = |said: String| HostError::Bytecode {
        path: interpreter.executable.clone(),
        said,
    };
    let command = scripts.command_of(SCRIPT, &interpreter.executable);
    let line = Session::of(command, &scripts.path(ERRORS), "\n")
        .and_then(|session| session.answer(PATIENCE, interrupted))
        .map_err(|failure| match failure {
            Failure::Failed(said) => failed(said),
            Failure::Limit => failed(format!("it has said nothing for {} s", PATIENCE.as_secs())),
            Failure::Interrupted => HostError::Interrupted,
        })?;
    let time: f64 = line
        .trim()
        .parse()
        .map_err(|_| failed(format!("it says what makes no sense: {line}")))?;
    if time > 0.0 {
        Ok(time)
    } else {
        Err(failed(format!("a round of a loop takes {time} ns")))
    }
}

/// Where none was measured, what the simulation takes.
pub(super) fn of_profile(configuration: &Configuration) -> f64 {
    /// What the profile's numbers are out of.
    const WHOLE: f64 = 1024.0;
    let version = configuration.python.version;
    if !version.free_threaded {
        return 1.0;
    }
    let slowdown = &configuration.machine.profile.python.free_threaded.slowdown;
    slowdown.of(version.minor) as f64 / WHOLE
}
