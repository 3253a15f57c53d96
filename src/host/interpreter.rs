//! Finds `python3` interpreters and their versions.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::HostError;
use super::scripts::without_python_variables;
use crate::model::Version;

/// The oldest release that the Python side runs on.
const OLDEST: Version = Version::release(3, 9);

/// Longer than any interpreter takes to report its version.
const PATIENCE: Duration = Duration::from_secs(20);

/// The question uses only syntax that every Python since 2.6 understands.
const QUESTION: &str = "import os, sys, json, platform, sysconfig
print(json.dumps({
    'executable': sys.executable,
    'file': os.stat(sys.executable)[1:3] if os.name == 'posix' else None,
    'implementation': platform.python_implementation(),
    'version': platform.python_version(),
    'major': sys.version_info[0],
    'minor': sys.version_info[1],
    'free_threaded': bool(sysconfig.get_config_var('Py_GIL_DISABLED'))
}))";

/// An interpreter that can measure.
#[derive(Clone, Debug)]
pub struct Interpreter {
    /// The program itself, if the given path only leads to it. If the program is in a container or under another root
    /// and cannot be started from here, this is the given path.
    pub executable: PathBuf,
    /// Its feature release and build.
    pub version: Version,
    /// The full version, `3.11.7`, or `3.13.5t` for a free-threaded build.
    pub release: String,
}

#[derive(Deserialize)]
struct Answer {
    executable: PathBuf,
    /// The file's number and that of its device.
    file: Option<(u64, u64)>,
    implementation: String,
    version: String,
    major: u8,
    minor: u8,
    free_threaded: bool,
}

impl Interpreter {
    /// Every given interpreter, or `python3` if none is given; each has another version.
    ///
    /// # Errors
    /// A path is not an interpreter, an interpreter is unsuitable, or two have the same version.
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

    /// The interpreter with this path, or with this name on the search path.
    ///
    /// # Errors
    /// It does not exist, or it is unsuitable.
    pub fn at(path: &Path) -> Result<Self, HostError> {
        let said = ask(path)?;
        let Ok(answer) = serde_json::from_str::<Answer>(said.trim()) else {
            let first = said.lines().next().unwrap_or_default();
            let said = if first.is_empty() {
                "it prints nothing when asked for its version".to_owned()
            } else {
                format!("it prints \"{first}\" when asked for its version")
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
            executable: startable(answer.executable, answer.file, path),
            version,
            release: answer.version + if answer.free_threaded { "t" } else { "" },
        })
    }
}

/// The program that answered, if this process finds it under the path that it reported; else the given path, because a
/// script that enters a container or another root reports a path in there.
fn startable(itself: PathBuf, file: Option<(u64, u64)>, named: &Path) -> PathBuf {
    let is_here =
        std::fs::metadata(&itself).is_ok_and(|here| file.is_none_or(|file| identity(&here) == Some(file)));
    if is_here { itself } else { named.to_owned() }
}

/// The number of a file, and that of its device.
#[cfg(unix)]
fn identity(file: &std::fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((file.ino(), file.dev()))
}

#[cfg(not(unix))]
fn identity(_: &std::fs::Metadata) -> Option<(u64, u64)> {
    None
}

/// The output of the command, if it ends in time.
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
            // If it cannot be killed, nothing else can be tried.
            let _ = child.kill();
            let _ = child.wait();
            return Err(HostError::NotPython {
                path: path.to_owned(),
                said: format!("it did not answer within {} s", PATIENCE.as_secs()),
            });
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().map_err(no_interpreter)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A script that answers like an interpreter at `executable`, which is file number 1 there.
    fn at_script(executable: &Path) -> (PathBuf, Interpreter) {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("python");
        let answer = serde_json::json!({
            "executable": executable,
            "file": [1, 1],
            "implementation": "CPython",
            "version": "3.14.0",
            "major": 3,
            "minor": 14,
            "free_threaded": false,
        });
        std::fs::write(&script, format!("#!/bin/sh\necho '{answer}'\n")).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        let interpreter = Interpreter::at(&script).unwrap();
        (script, interpreter)
    }

    #[test]
    fn an_interpreter_under_another_root_is_started_by_what_was_named() {
        let (script, interpreter) = at_script(Path::new("/in/a/container/python3"));
        assert_eq!(interpreter.executable, script);
    }

    #[test]
    fn a_program_of_the_same_path_is_not_the_one_in_the_container() {
        let (script, interpreter) = at_script(Path::new("/bin/sh"));
        assert_eq!(interpreter.executable, script);
    }
}
