//! `gilsim check`: whether a scenario can be simulated, and what is wrong if not.

use crate::experiment;
use crate::scenario::Scenario;

use super::{DONE, ScenarioArguments, complain};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    scenario: ScenarioArguments,
    /// Not of use here; takes its place in the arguments that `run` and `check` share.
    #[arg(long, hide = true)]
    verify: bool,
}

pub(super) fn check(arguments: &Arguments) -> anyhow::Result<u8> {
    let ScenarioArguments {
        scenario,
        overrides,
        seed,
    } = &arguments.scenario;
    let path = scenario.as_deref().unwrap_or_else(|| std::path::Path::new(""));
    match Scenario::load(path, overrides, *seed) {
        Ok(scenario) => {
            eprintln!(
                "{} is fine: {} configurations, {} simulations",
                path.display(),
                scenario.configurations.len(),
                experiment::simulations(&scenario)
            );
            Ok(DONE)
        }
        Err(diagnostics) => Ok(complain(&diagnostics)),
    }
}
