//! One fresh interpreter that executes one repetition or a calibration. It is started, waited for, and ended together
//! with all processes that it started.
//!
//! It leads a process group of its own. The group is always killed when its time is over. If this process ends first,
//! the closed pipe of the standard input ends the group (see `die_with_parent` in `session.py`).

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::answer::Answer;
use super::interpreter::Interpreter;
use super::plan::Plan;
use super::scripts::Scripts;

/// The interval at which to check for an interruption.
const LOOK: Duration = Duration::from_millis(50);
/// The answer may still be in the pipe when the process has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The file for the error messages of `main.py`, beside the scripts.
pub(super) const ERRORS: &str = "errors.txt";

/// The reason why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// The process ended without an answer; the reason, in its own words.
    Failed(String),
    /// It took too long.
    Limit,
    /// The session was interrupted.
    Interrupted,
}

/// The process and all processes that it has started.
pub(super) struct Session {
    child: Child,
    /// The file for its error messages.
    errors: PathBuf,
    lines: Receiver<String>,
    /// Stays open until there is an answer: closing it ends the session.
    _input: ChildStdin,
}

/// Executes one repetition.
pub fn run(
    scripts: &Scripts,
    interpreter: &Interpreter,
    plan: &Plan,
    limit: Duration,
    interrupted: &AtomicBool,
) -> Result<Answer, Failure> {
    let line = Session::start(scripts, interpreter, &plan.to_line())?.answer(limit, interrupted)?;
    serde_json::from_str(&line)
        .map_err(|error| Failure::Failed(format!("the answer is invalid: {error}: {line}")))
}

impl Session {
    /// Starts `main.py` and sends it the work: a line of JSON.
    pub(super) fn start(scripts: &Scripts, interpreter: &Interpreter, task: &str) -> Result<Self, Failure> {
        let command = scripts.command(&interpreter.executable);
        Self::of(command, &scripts.path(ERRORS), task)
    }

    /// Starts an interpreter and sends it the work. Its error messages go into the file `errors`.
    pub(super) fn of(command: Command, errors: &Path, task: &str) -> Result<Self, Failure> {
        Self::spawn(command, errors, task)
            .map_err(|error| Failure::Failed(format!("cannot start the interpreter: {error}")))
    }

    fn spawn(mut command: Command, errors: &Path, task: &str) -> io::Result<Self> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(errors)?);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let output = child
            .stdout
            .take()
            .expect("the standard output is a pipe, taken once");
        let mut input = child
            .stdin
            .take()
            .expect("the standard input is a pipe, taken once");
        // If the process does not read its input, it has already failed, and a later read reports that.
        let _ = input.write_all(task.as_bytes());
        let (sender, lines) = mpsc::channel();
        // The thread ends when the last process that holds the pipe ends.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            child,
            errors: errors.to_owned(),
            lines,
            _input: input,
        })
    }

    /// Returns its only line, then ends the process and all processes that it has started.
    pub(super) fn answer(mut self, limit: Duration, interrupted: &AtomicBool) -> Result<String, Failure> {
        let line = self.wait(limit, interrupted)?;
        line.ok_or_else(|| Failure::Failed(self.last_words()))
    }

    /// The line of a traceback that says why the process has ended early.
    pub(super) fn last_words(&self) -> String {
        // If the file cannot be read, the reason is unknown.
        let errors = std::fs::read_to_string(&self.errors).unwrap_or_default();
        let told = errors
            .lines()
            .rev()
            .find(|line| !line.trim().is_empty() && !line.starts_with(' '));
        match told {
            Some(line) => format!("the interpreter ended early: {}", line.trim()),
            None => "the interpreter ended early without an error message".to_owned(),
        }
    }

    /// The next line of its answer; `None` if the process ends without one.
    pub(super) fn wait(
        &mut self,
        limit: Duration,
        interrupted: &AtomicBool,
    ) -> Result<Option<String>, Failure> {
        let began = Instant::now();
        loop {
            match self.lines.recv_timeout(LOOK) {
                Ok(line) => return Ok(Some(line)),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if interrupted.load(Ordering::Relaxed) {
                return Err(Failure::Interrupted);
            }
            if began.elapsed() > limit {
                return Err(Failure::Limit);
            }
            if !matches!(self.child.try_wait(), Ok(None)) {
                return Ok(self.lines.recv_timeout(LAST_WORDS).ok());
            }
        }
    }
}

impl Drop for Session {
    /// The group is killed first: until its leader has been waited for, its number cannot be reused.
    fn drop(&mut self) {
        kill_group(&mut self.child);
        // The process is dead; if it cannot be waited for, nothing is left to do.
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
fn kill_group(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // If the group does not exist, it has already ended.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill_group(child: &mut Child) {
    // The process has already ended, or nothing else can be tried.
    let _ = child.kill();
}
