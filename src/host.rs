//! The real interpreter: runs a scenario's configurations on this machine, with the standard library's own executors.
//!
//! The Python side (`src/host/python/`) is part of the binary; all that it needs is some `python3`. Nothing here knows
//! the simulator: the work comes from the scenario, with the draws that the simulator takes as well.
//!
//! ```text
//!  plan      what one repetition has to do, every time drawn      -> one line of JSON
//!  session   one fresh interpreter that does it                   <- one line of JSON
//!  slowdown  how much longer bytecode takes without the lock, where both builds are there
//!  measure   which configurations, in which order, how often
//!  pace      what the machine is like most of the time
//!  quiet     whether what came out can be trusted
//! ```
//! [`calibrate()`] uses the same sessions to measure what a profile of this machine says, and [`probe()`] to find out what
//! a function of the user's does.

mod answer;
mod calibrate;
mod interpreter;
mod machine;
mod measure;
mod obstacles;
mod pace;
mod plan;
mod probe;
mod quiet;
mod scripts;
mod session;
mod slowdown;

use std::path::PathBuf;

use thiserror::Error;

pub use calibrate::{Calibration, Effort, Evidence, Progress, calibrate, gather};
pub use interpreter::Interpreter;
pub use machine::Machine;
pub use measure::{Measurement, Measuring};
pub use pace::Pace;
#[cfg(feature = "internals")]
pub use plan::Plan;
pub use probe::{Data, Doing, Part, Probed, Request, probe};
pub use session::Failure;

/// Why nothing can be measured.
#[derive(Debug, Error)]
pub enum HostError {
    /// There is no such program, or it does not start.
    #[error("cannot start the interpreter {}: {source}\nname another one with --python PATH", path.display())]
    NoInterpreter {
        /// As named.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A program that is no Python.
    #[error("{} is not a Python interpreter: {said}\nname another one with --python PATH", path.display())]
    NotPython {
        /// As named.
        path: PathBuf,
        /// How it answered.
        said: String,
    },
    /// A Python that lacks what the measuring side needs.
    #[error("{} is {what}, but measuring needs CPython 3.9 or newer\nname another one with --python PATH", path.display())]
    Unsuitable {
        /// As named.
        path: PathBuf,
        /// Which Python it is.
        what: String,
    },
    /// Two interpreters of one version.
    #[error(
        "{} and {} are both CPython {version}: which of the two shall measure it? Name one of them",
        first.display(),
        second.display()
    )]
    SameVersion {
        /// As named.
        first: PathBuf,
        /// As named.
        second: PathBuf,
        /// Of both.
        version: String,
    },
    /// The Python side cannot be put where the interpreter finds it.
    #[error("cannot write into the folder for temporary files: {source}\nset TMPDIR to another one")]
    Scratch {
        /// What the operating system says.
        source: std::io::Error,
    },
    /// Its bytecode takes longer already, and the model would make it longer once more.
    #[error(
        "{} is a free-threaded build, whose bytecode the model makes longer by itself (free_threaded.slowdown)\n\
         calibrate with the build that has the interpreter lock: --python PATH",
        path.display()
    )]
    FreeThreaded {
        /// The interpreter.
        path: PathBuf,
    },
    /// How long its bytecode takes is not known.
    #[error("{} cannot time a loop of bytecode: {said}", path.display())]
    Bytecode {
        /// The interpreter.
        path: PathBuf,
        /// What happened.
        said: String,
    },
    /// The probes did not come to an end.
    #[error("{} cannot calibrate: {said}", path.display())]
    Calibration {
        /// The interpreter.
        path: PathBuf,
        /// What happened.
        said: String,
    },
    /// Somebody did not want to wait any longer.
    #[error("interrupted; nothing is written")]
    Interrupted,
}
