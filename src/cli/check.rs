//! `gilsim check`: whether a scenario can be simulated or a profile can be used, and what is wrong if not.

use std::path::PathBuf;

use crate::experiment;
use crate::profile::Profile;
use crate::scenario::Scenario;
use crate::units::grouped;

use super::{Changes, DONE, complain};

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Scenario file or profile to check
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
    let path = &arguments.scenario;
    if overrides.is_empty()
        && seed.is_none()
        && let Some(profile) = Profile::check_file(path)
    {
        return Ok(match profile {
            Ok(profile) => {
                eprintln!("{} is a valid profile: {}", path.display(), profile.description);
                DONE
            }
            Err(diagnostics) => complain(&diagnostics),
        });
    }
    match Scenario::load(path, overrides, *seed) {
        Ok(scenario) => {
            eprintln!(
                "{} is valid: {} configurations, {} simulations",
                path.display(),
                grouped(scenario.configurations.len() as u64),
                grouped(experiment::simulations(&scenario))
            );
            Ok(DONE)
        }
        Err(diagnostics) => Ok(complain(&diagnostics)),
    }
}
