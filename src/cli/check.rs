//! `gilsim check`: whether a scenario can be simulated, and what is wrong if not.

use std::path::PathBuf;

use crate::experiment;
use crate::scenario::Scenario;
use crate::units::grouped;

use super::{Changes, DONE, complain};

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Scenario file to check
    scenario: PathBuf,
    #[command(flatten)]
    changes: Changes,
}

const EXAMPLES: &str = "\
Examples:
  gilsim check my-program.toml
  gilsim check my-program.toml --set python.version=3.14";

pub(super) fn check(arguments: &Arguments) -> anyhow::Result<u8> {
    let Changes { overrides, seed } = &arguments.changes;
    match Scenario::load(&arguments.scenario, overrides, *seed) {
        Ok(scenario) => {
            eprintln!(
                "{} is valid: {} configurations, {} simulations",
                arguments.scenario.display(),
                grouped(scenario.configurations.len() as u64),
                grouped(experiment::simulations(&scenario))
            );
            Ok(DONE)
        }
        Err(diagnostics) => Ok(complain(&diagnostics)),
    }
}
