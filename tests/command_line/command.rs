//! Runs the binary as a user does, in a temporary directory.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A temporary directory to run in.
pub struct Desk {
    folder: TempDir,
}

/// The output and the exit code of a command.
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Desk {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// A temporary directory with one scenario, `scenario.toml`.
    pub fn with(scenario: &str) -> Self {
        let desk = Self::new();
        desk.write("scenario.toml", scenario);
        desk
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), text).expect("a file is written");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Every file below a folder of the temporary directory, by its path relative to that folder.
    pub fn files(&self, folder: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        files(&self.path().join(folder))
    }

    /// The command `gilsim` with these arguments. The caller starts it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gilsim"));
        command
            .args(arguments)
            .current_dir(self.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn gilsim(&self, arguments: &[&str]) -> Said {
        Said::of(self.command(arguments).output().expect("gilsim starts"))
    }
}

impl Said {
    pub fn of(output: Output) -> Self {
        let said = Self {
            code: output.status.code().expect("no signal ended it"),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        };
        assert!(!said.stderr.contains("panicked"), "{}", said.stderr);
        said
    }

    /// Requires an exit code.
    #[track_caller]
    pub fn exits_with(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }
}

/// Every file below a folder, by its path relative to that folder.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries = next
            .read_dir()
            .unwrap_or_else(|error| panic!("{}: {error}", next.display()));
        for entry in entries {
            let path = entry.expect("can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).expect("can be read");
                all.insert(path.strip_prefix(folder).expect("below it").to_owned(), bytes);
            }
        }
    }
    all
}

/// The version of the host's `python3`, such as `3.11`. Without a `python3` 3.9 or newer, reports that the test is
/// skipped, or fails if `GILSIM_REQUIRE_PYTHON` is set.
pub fn python3() -> Option<String> {
    let question = "import sys; print('%d.%d' % sys.version_info[:2], sys.version_info >= (3, 9))";
    let output = Command::new("python3").args(["-c", question]).output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let version = match said.as_deref().map(|said| said.trim().split_once(' ')) {
        Ok(Some((version, "True"))) => Some(version.to_owned()),
        _ => None,
    };
    if version.is_none() {
        assert!(
            std::env::var_os("GILSIM_REQUIRE_PYTHON").is_none(),
            "there is no python3 3.9 or newer, and GILSIM_REQUIRE_PYTHON requires one"
        );
        eprintln!("skipped: there is no python3 3.9 or newer");
    }
    version
}
