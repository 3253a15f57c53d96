//! What the user wrote, checked: a scenario file as a list of configurations to simulate.
//!
//! A [`Scenario`] is only ever built from a file that passed every check, so no later module checks it again. Sweep axes
//! are already multiplied out: a [`Configuration`] holds single values.

mod axes;
mod background;
mod baseline;
mod configuration;
mod decode;
pub(crate) mod executor;
mod files;
pub(crate) mod format;
mod labels;
mod load;
mod machine;
mod order;
mod overrides;
mod program;
mod published;
mod schema;
mod step;
mod task;

pub use background::Background;
pub use baseline::Distinct;
pub use configuration::{Configuration, Setting, Transport};
pub use executor::*;
pub use machine::Machine;
pub use order::working_order;
pub use program::Program;
pub use published::{Cell, MatchValue, Metric, Published};
pub use schema::schema;
pub use step::{Guard, Step};
pub(crate) use step::{Occupies, every_step, fold, numbered};
pub use task::{Demand, Dependency, DependencyKind, TaskGroup};

use std::path::PathBuf;

use crate::units::Nanos;

/// A scenario file, checked and with its axes multiplied out.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file's name without `.toml`. It names the output folder.
    pub name: String,
    /// The `title` of the file, or its name. It is the headline of tables and plots.
    pub title: String,
    /// The path that the file was read from, as the user typed it.
    pub path: PathBuf,
    /// The file's text as read, before any `--set`.
    pub text: String,
    /// The `--set path=value` options in force, as typed.
    pub overrides: Vec<String>,
    /// The seed, the number of replications and the limit on simulated time.
    pub replicate: Replicate,
    /// Every configuration: runs in the file's order, then axes in the format's order, with the first axis slowest.
    pub configurations: Vec<Configuration>,
    /// Published figures to compare the results with.
    pub published: Option<Published>,
}

/// `[replicate]`: how often and with which seed every configuration is simulated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replicate {
    /// At least 1. The default is 20 where any time is random, else 1.
    pub replications: u32,
    /// The seed that all random streams derive from. The default is 1.
    pub seed: u64,
    /// Simulated time after which a replication is stopped with the status `limit`. The default is one hour.
    pub limit: Nanos,
}
