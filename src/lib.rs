//! gilsim: what threads, processes, subinterpreters and the free-threaded build would make of a Python program, before
//! anyone rewrites it.
//!
//! The house, from the roof down; a floor uses only floors below it.
//!
//! | floor | what lives there |
//! |---|---|
//! | [`cli`] | one file per verb: arguments in, calls down, exit code out |
//! | [`report`] | results in; console table, CSV, plots, manifest out |
//! | [`study`] | questions about several results: simulated beside published and measured |
//! | [`host`] | the real interpreter: calibrates a profile of this machine, measures a scenario on it |
//! | [`experiment`] | a scenario becomes configurations x replications, these become results |
//! | [`workload`] | plays a scenario's tasks, steps, clients and background threads on an executor |
//! | [`cpython`] | the interpreter lock, threads, start methods, pickling, queues, executors |
//! | [`os`] | cores and their scheduler, threads and processes, memory, pipes, wait queues |
//! | [`engine`] | the clock, the event queue, simulated threads of control, spans |
//!
//! Beside them, known to all who need them: [`model`] (the words of the field: versions, start methods, payloads),
//! [`scenario`] (what the user wrote, checked), [`profile`] (costs), [`results`] (configurations, rows, statistics); at
//! the bottom [`input`] (TOML with its places), [`random`] and [`units`].

pub mod cli;
pub mod cpython;
pub mod engine;
pub mod experiment;
pub mod host;
pub mod input;
pub mod model;
pub mod os;
pub mod profile;
pub mod random;
pub mod report;
pub mod results;
pub mod scenario;
pub mod study;
pub mod units;
pub mod workload;
