//! gilsim answers one question about a Python program: would threads, processes, subinterpreters, the free-threaded build
//! or asyncio make it faster, with how many workers, on which machine? It simulates the program on each, step by step.
//!
//! A [`Scenario`] says what the program does and what it runs on, [`run`] simulates it, and the [`results`] say how long
//! everything takes and where the time goes:
//!
//! ```
//! use std::path::Path;
//!
//! let text = r#"
//!     [machine]
//!     cores = [1, 4]
//!
//!     [[task]]
//!     name = "resize"
//!     count = 40
//!     steps = [{ python = "25ms" }]
//!
//!     [[run]]
//!     executor = ["threads", "processes"]
//!     workers = "cores"
//! "#;
//! let scenario = gilsim::Scenario::parse(Path::new("resize.toml"), text, Path::new("."), &[], None)?;
//! let results = gilsim::run(scenario, || ());
//! let speedups: Vec<f64> = results
//!     .summaries()
//!     .iter()
//!     .map(|summary| summary.speedup.expect("the tasks have a count").mean)
//!     .collect();
//! let [threads_on_1, threads_on_4, _, processes_on_4] = speedups[..] else {
//!     panic!("two executors, each on 1 and on 4 cores")
//! };
//! assert!(threads_on_1 <= 1.0 && threads_on_4 <= 1.0);
//! assert!(processes_on_4 > 3.5);
//! # Ok::<(), gilsim::Diagnostics>(())
//! ```
//!
//! A scenario that is wrong is refused with every mistake, its place and a correction:
//!
//! ```
//! use std::path::Path;
//!
//! let text = "machine.cores = 4\n[[run]]\nexecutor = \"thread\"\n";
//! let mistakes = gilsim::Scenario::parse(Path::new("typo.toml"), text, Path::new("."), &[], None).unwrap_err();
//! let message = mistakes.render(false);
//! assert!(message.contains("typo.toml:3:12"), "{message}");
//! assert!(message.contains("did you mean `threads`?"), "{message}");
//! ```
//!
//! # The floors
//!
//! From the roof down; a floor uses only the floors below it.
//!
//! | floor | what lives there |
//! |---|---|
//! | `cli` | one file for each verb: arguments in, calls down, exit code out |
//! | `report` | results in; console table, CSV, plots, manifest out |
//! | `study` | questions about several results: simulated beside published and measured |
//! | `host` | the real interpreter: calibrates a profile of this machine, measures a scenario on it |
//! | `experiment` | a scenario becomes configurations x replications, these become results |
//! | `workload` | plays a scenario's tasks, steps, clients and background threads on an executor |
//! | `cpython` | the interpreter lock, threads, start methods, pickling, queues, executors |
//! | `os` | cores and their scheduler, threads and processes, memory, pipes, wait queues |
//! | `engine` | the clock, the event queue, simulated threads of control, spans |
//!
//! Beside them, known to all floors that need them: [`model`] (the words of the field: versions, start methods,
//! payloads), [`scenario`] (what the user wrote, checked), [`profile`] (costs), [`results`] (configurations, rows,
//! statistics); at the bottom `input` (TOML with its places), [`random`] and [`units`].
//!
//! The floors without a link are no part of the library's interface. The hidden feature `internals` opens them to this
//! package's own tests and benchmarks.

pub mod model;
pub mod profile;
pub mod random;
pub mod results;
pub mod scenario;
pub mod units;

pub use experiment::run;
pub use input::Diagnostics;
pub use scenario::Scenario;

/// The `gilsim` command.
#[doc(hidden)]
pub fn main() -> std::process::ExitCode {
    cli::main()
}

#[cfg(not(feature = "internals"))]
mod cli;
#[cfg(feature = "internals")]
pub mod cli;

#[cfg(not(feature = "internals"))]
mod cpython;
#[cfg(feature = "internals")]
pub mod cpython;

#[cfg(not(feature = "internals"))]
mod engine;
#[cfg(feature = "internals")]
pub mod engine;

#[cfg(not(feature = "internals"))]
mod experiment;
#[cfg(feature = "internals")]
pub mod experiment;

#[cfg(not(feature = "internals"))]
mod host;
#[cfg(feature = "internals")]
pub mod host;

#[cfg(not(feature = "internals"))]
mod input;
#[cfg(feature = "internals")]
pub mod input;

#[cfg(not(feature = "internals"))]
mod os;
#[cfg(feature = "internals")]
pub mod os;

#[cfg(not(feature = "internals"))]
mod report;
#[cfg(feature = "internals")]
pub mod report;

#[cfg(not(feature = "internals"))]
mod study;
#[cfg(feature = "internals")]
pub mod study;

#[cfg(not(feature = "internals"))]
mod workload;
#[cfg(feature = "internals")]
pub mod workload;
