//! The real interpreter: runs a scenario's configurations on this machine, with the standard library's own executors.
//!
//! The Python side (`src/host/python/`) is part of the binary; it needs nothing but a `python3`. Nothing here depends
//! on the simulator: the work comes from the scenario, with the same random draws that the simulator uses.
//!
//! ```text
//! plan      the work of one repetition, with every time drawn    -> one line of JSON
//! session   one fresh interpreter that does this work            <- one line of JSON
//! slowdown  how much longer bytecode takes without the lock, if both builds are available
//! measure   which configurations, in which order, how often
//! pace      the usual speed of the machine
//! quiet     whether a result can be trusted
//! ```
//! [`calibrate()`] uses the same sessions to measure a profile of this machine, and [`probe()`] uses them to find out
//! what a function of the user does.

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

/// The reasons why nothing can be measured.
#[derive(Debug, Error)]
pub enum HostError {
    /// The program does not exist, or it does not start.
    #[error("cannot start the interpreter {}: {source}\nname another one with --python PATH", path.display())]
    NoInterpreter {
        /// The path as given.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The program is not a Python interpreter.
    #[error("{} is not a Python interpreter: {said}\nname another one with --python PATH", path.display())]
    NotPython {
        /// The path as given.
        path: PathBuf,
        /// Its answer.
        said: String,
    },
    /// The Python interpreter lacks what the measuring side needs.
    #[error("{} is {what}, but measuring needs CPython 3.9 or newer\nname another one with --python PATH", path.display())]
    Unsuitable {
        /// The path as given.
        path: PathBuf,
        /// The implementation and version of this Python.
        what: String,
    },
    /// Two interpreters have the same version.
    #[error(
        "{} and {} are both CPython {version}; name only one of them",
        first.display(),
        second.display()
    )]
    SameVersion {
        /// The path as given.
        first: PathBuf,
        /// The path as given.
        second: PathBuf,
        /// Their version.
        version: String,
    },
    /// The Python side cannot be written where the interpreter can find it.
    #[error("cannot write into the folder for temporary files: {source}\nset TMPDIR to a writable folder")]
    Scratch {
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The bytecode of this build is already slower, and the model would slow it down a second time.
    #[error(
        "{} is a free-threaded build, whose bytecode the model already slows down (free_threaded.slowdown)\n\
         calibrate with the build that has the interpreter lock: --python PATH",
        path.display()
    )]
    FreeThreaded {
        /// The interpreter.
        path: PathBuf,
    },
    /// The time that its bytecode takes could not be measured.
    #[error("{} cannot time a loop of bytecode: {said}", path.display())]
    Bytecode {
        /// The interpreter.
        path: PathBuf,
        /// The reason.
        said: String,
    },
    /// The probes did not finish.
    #[error("{} cannot calibrate: {said}", path.display())]
    Calibration {
        /// The interpreter.
        path: PathBuf,
        /// The reason.
        said: String,
    },
    /// The user interrupted the measurement.
    #[error("interrupted; nothing was written")]
    Interrupted,
}
