//! How much longer bytecode takes in a free-threaded build.
//!
//! The amount of a `python` step is its time in the build with the interpreter lock (`free_threaded.slowdown` of a
//! profile lengthens it for a build without one). So a free-threaded build alone cannot show how much work a step is.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::scripts::Scripts;
use super::session::{ERRORS, Failure, Session};
use super::{HostError, Interpreter};
use crate::results::statistics::median;
use crate::scenario::Configuration;

/// The script that times the loop.
const SCRIPT: &str = "bytecode.py";

/// The number of turns of each build. They alternate, so that a busy neighbour slows down both.
const TURNS: usize = 5;

/// Longer than one timing takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// The factor of each free-threaded interpreter that has a counterpart with the interpreter lock; measured with the
/// loop that `python` steps are made of.
///
/// # Errors
/// An interpreter fails to time the loop, or the user interrupts it.
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

/// Of the interpreters with the lock, the one of the same release, or else of the nearest one.
fn counterpart<'a>(free: &Interpreter, interpreters: &'a [Interpreter]) -> Option<&'a Interpreter> {
    if !free.version.free_threaded {
        return None;
    }
    let locked = interpreters.iter().filter(|other| !other.version.free_threaded);
    locked.min_by_key(|other| other.version.minor.abs_diff(free.version.minor))
}

/// CPU time, in ns.
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
            Failure::Limit => failed(format!("it has not responded for {} s", PATIENCE.as_secs())),
            Failure::Interrupted => HostError::Interrupted,
        })?;
    let time: f64 = line
        .trim()
        .parse()
        .map_err(|_| failed(format!("its output is invalid: {line}")))?;
    if time > 0.0 {
        Ok(time)
    } else {
        Err(failed(format!("it reports {time} ns for a round of the loop")))
    }
}

/// The factor that the simulation uses, where none was measured.
pub(super) fn of_profile(configuration: &Configuration) -> f64 {
    /// The profile states its values to this precision.
    const WHOLE: f64 = 1024.0;
    let version = configuration.python.version;
    if !version.free_threaded {
        return 1.0;
    }
    let slowdown = &configuration.machine.profile.python.free_threaded.slowdown;
    slowdown.of(version.minor) as f64 / WHOLE
}
