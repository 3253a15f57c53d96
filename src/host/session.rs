//! One fresh interpreter that does one repetition, or a calibration: started, waited for, and ended with all that it
//! started.
//!
//! It leads a process group of its own. Whatever happens to it, the group is killed when its time is over; and should
//! this process go first, the closed pipe of its standard input ends the group (see `die_with_parent` in `session.py`).

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

/// How often to look whether to stop waiting.
const LOOK: Duration = Duration::from_millis(50);
/// The answer may still be on its way when the process is gone.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What `main.py` complains of goes into this file, beside the scripts.
pub(super) const ERRORS: &str = "errors.txt";

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// It ended without one; why, in its own words.
    Failed(String),
    /// It took too long.
    Limit,
    /// Nobody wants it any more.
    Interrupted,
}

/// The process and whatever it has started.
pub(super) struct Session {
    child: Child,
    /// What it complains of goes into this file.
    errors: PathBuf,
    lines: Receiver<String>,
    /// Stays open until there is an answer: to close it is to end the session.
    _input: ChildStdin,
}

/// Has one repetition done.
pub fn run(
    scripts: &Scripts,
    interpreter: &Interpreter,
    plan: &Plan,
    limit: Duration,
    interrupted: &AtomicBool,
) -> Result<Answer, Failure> {
    let line = Session::start(scripts, interpreter, &plan.to_line())?.answer(limit, interrupted)?;
    serde_json::from_str(&line)
        .map_err(|error| Failure::Failed(format!("the answer makes no sense: {error}: {line}")))
}

impl Session {
    /// Starts `main.py` and tells it what to do: a line of JSON.
    pub(super) fn start(scripts: &Scripts, interpreter: &Interpreter, task: &str) -> Result<Self, Failure> {
        let command = scripts.command(&interpreter.executable);
        Self::of(command, &scripts.path(ERRORS), task)
    }

    /// Starts an interpreter and tells it what to do. What it complains of goes into the file `errors`.
    pub(super) fn of(command: Command, errors: &Path, task: &str) -> Result<Self, Failure> {
        Self::spawn(command, errors, task)
            .map_err(|error| Failure::Failed(format!("the interpreter does not start: {error}")))
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
        // If it does not read, it has failed already, and says so later.
        let _ = input.write_all(task.as_bytes());
        let (sender, lines) = mpsc::channel();
        // Ends with the last process that holds the pipe.
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

    /// Its only line. It is ended then, with all that it has started.
    pub(super) fn answer(mut self, limit: Duration, interrupted: &AtomicBool) -> Result<String, Failure> {
        let line = self.wait(limit, interrupted)?;
        line.ok_or_else(|| Failure::Failed(self.last_words()))
    }

    /// The line of a traceback that says why it has ended early.
    pub(super) fn last_words(&self) -> String {
        // Where it cannot be read, nothing is known.
        let errors = std::fs::read_to_string(&self.errors).unwrap_or_default();
        let told = errors
            .lines()
            .rev()
            .find(|line| !line.trim().is_empty() && !line.starts_with(' '));
        match told {
            Some(line) => format!("the interpreter ended early: {}", line.trim()),
            None => "the interpreter ended early and did not say why".to_owned(),
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
    /// The group first: as long as its leader has not been waited for, its number is nobody else's.
    fn drop(&mut self) {
        kill_group(&mut self.child);
        // It is dead; if it cannot be waited for there is nothing left to do.
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
fn kill_group(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // No such group is what we want.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill_group(child: &mut Child) {
    // It is gone already, or there is nothing else to try.
    let _ = child.kill();
}
