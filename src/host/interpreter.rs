//! Some `python3`: whether it is one, and which.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::HostError;
use super::scripts::without_python_variables;
use crate::scenario::Version;

/// The oldest release that the Python side runs on.
const OLDEST: Version = Version::release(3, 9);

/// Longer than any interpreter takes to say what it is.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks in words that every Python since 2.6 understands.
const QUESTION: &str = "import sys, json, platform, sysconfig
print(json.dumps({
    'executable': sys.executable,
    'implementation': platform.python_implementation(),
    'version': platform.python_version(),
    'major': sys.version_info[0],
    'minor': sys.version_info[1],
    'free_threaded': bool(sysconfig.get_config_var('Py_GIL_DISABLED'))
}))";

/// An interpreter that can measure.
#[derive(Clone, Debug)]
pub struct Interpreter {
    /// The program itself, where the one that was named only leads to it.
    pub executable: PathBuf,
    /// Its feature release and build.
    pub version: Version,
    /// In full, `3.11.7`.
    pub release: String,
}

#[derive(Deserialize)]
struct Answer {
    executable: PathBuf,
    implementation: String,
    version: String,
    major: u8,
    minor: u8,
    free_threaded: bool,
}

impl Interpreter {
    /// Every interpreter that is named, `python3` where none is: each of another version.
    ///
    /// # Errors
    /// One of them is none, or is of no use, or two are of the same version.
    pub fn all(named: &[PathBuf]) -> Result<Vec<Self>, HostError> {
        let usual = [PathBuf::from("python3")];
        let named = if named.is_empty() { &usual[..] } else { named };
        let mut interpreters: Vec<Self> = Vec::new();
        for (index, path) in named.iter().enumerate() {
            let interpreter = Self::at(path)?;
            let same = interpreters
                .iter()
                .position(|known| known.version == interpreter.version);
            if let Some(first) = same {
                return Err(HostError::SameVersion {
                    first: named[first].clone(),
                    second: named[index].clone(),
                    version: interpreter.version.to_string(),
                });
            }
            interpreters.push(interpreter);
        }
        Ok(interpreters)
    }

    /// The interpreter of that path, or of that name on the search path.
    ///
    /// # Errors
    /// There is none, or it is of no use.
    pub fn at(path: &Path) -> Result<Self, HostError> {
        let said = ask(path)?;
        let Ok(answer) = serde_json::from_str::<Answer>(said.trim()) else {
            let first = said.lines().next().unwrap_or_default();
            let said = if first.is_empty() {
                "asked for its version it says nothing".to_owned()
            } else {
                format!("asked for its version it says \"{first}\"")
            };
            return Err(HostError::NotPython {
                path: path.to_owned(),
                said,
            });
        };
        let version = Version {
            free_threaded: answer.free_threaded,
            ..Version::release(answer.major, answer.minor)
        };
        if answer.implementation != "CPython" || version < OLDEST {
            return Err(HostError::Unsuitable {
                path: path.to_owned(),
                what: format!("{} {}", answer.implementation, answer.version),
            });
        }
        Ok(Self {
            executable: answer.executable,
            version,
            release: answer.version,
        })
    }
}

/// What it prints, but not for longer than one waits for an interpreter.
fn ask(path: &Path) -> Result<String, HostError> {
    let no_interpreter = |source| HostError::NoInterpreter {
        path: path.to_owned(),
        source,
    };
    let mut command = Command::new(path);
    without_python_variables(&mut command);
    let mut child = command
        .args(["-c", QUESTION])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(no_interpreter)?;
    let began = Instant::now();
    while child.try_wait().map_err(no_interpreter)?.is_none() {
        if began.elapsed() > PATIENCE {
            // If it will not go there is nothing else to try.
            let _ = child.kill();
            let _ = child.wait();
            return Err(HostError::NotPython {
                path: path.to_owned(),
                said: format!("it does not answer within {} s", PATIENCE.as_secs()),
            });
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().map_err(no_interpreter)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
