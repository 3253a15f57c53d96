//! `gilsim run`: simulates a scenario, prints a table and writes the rest; `--verify` holds a run to its manifest.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::experiment;
use crate::report::{self, Manifest, Outputs, human};
use crate::results::{Results, Status};
use crate::scenario::Scenario;
use crate::units::grouped;
use anyhow::Context;

use super::{DONE, FAILED, Format, ScenarioArguments, UNUSABLE, complain, print, progress_bar, width};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    scenario: ScenarioArguments,
    /// Write results into this folder instead of `output/SCENARIO`.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Simulate so many configurations at a time; as many as there are cores by default. Results do not depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    jobs: Option<u32>,
    /// Run again what a manifest records, and say whether every byte is the same. Writes nothing.
    #[arg(long, value_name = "MANIFEST", conflicts_with_all = ["scenario", "overrides", "seed", "out", "format"])]
    verify: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<u8> {
    if let Some(jobs) = arguments.jobs {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs as usize);
        pool.build_global()
            .with_context(|| format!("cannot start {jobs} threads"))?;
    }
    match &arguments.verify {
        Some(manifest) => verify(manifest),
        None => simulate_and_report(arguments),
    }
}

fn simulate_and_report(arguments: &Arguments) -> anyhow::Result<u8> {
    let ScenarioArguments {
        scenario,
        overrides,
        seed,
    } = &arguments.scenario;
    let path = scenario
        .as_deref()
        .expect("clap requires it where there is no --verify");
    let scenario = match Scenario::load(path, overrides, *seed) {
        Ok(scenario) => scenario,
        Err(diagnostics) => return Ok(complain(&diagnostics)),
    };
    let folder = arguments
        .out
        .clone()
        .unwrap_or_else(|| Path::new("output").join(&scenario.name));
    report::Outputs::check_folder(&folder)?;
    let (results, took) = simulate(scenario);
    let outputs = Outputs::of(&results)?;
    outputs.write(&folder)?;
    let printed = match arguments.format {
        Format::Table => tables(&results),
        Format::Csv => report::csv(&results),
        Format::Json => report::json(&results),
    };
    print(&printed);
    say_figures(&results, took);
    eprintln!("Results, plots and manifest are in {}", folder.display());
    Ok(say_failures(&results))
}

fn tables(results: &Results) -> String {
    let width = width();
    let mut text = report::table(results, width);
    if let Some(published) = report::published::table(results, width) {
        text.push('\n');
        text.push_str(&published);
    }
    text
}

fn simulate(scenario: Scenario) -> (Results, Duration) {
    let began = Instant::now();
    let bar = progress_bar(experiment::simulations(&scenario), "simulations");
    let results = experiment::run(scenario, || bar.inc(1));
    bar.finish_and_clear();
    (results, began.elapsed())
}

/// How much was simulated, and how fast.
fn say_figures(results: &Results, took: Duration) {
    let replications = || results.rows.iter().flat_map(|row| &row.replications);
    let events: u64 = replications().map(|replication| replication.events).sum();
    let simulated: f64 = replications()
        .map(|replication| replication.makespan.as_secs_f64())
        .sum();
    let seconds = took.as_secs_f64().max(1e-9);
    eprintln!(
        "{} events in {} ({:.1} million per second); {} of simulated time, {} times as fast as real time",
        grouped(events),
        human::duration(seconds),
        events as f64 / seconds / 1e6,
        human::duration(simulated),
        human::number(simulated / seconds, 2),
    );
}

fn say_failures(results: &Results) -> u8 {
    let failed = results
        .rows
        .iter()
        .filter(|row| row.replications.iter().any(|r| r.status != Status::Done))
        .count();
    if failed == 0 {
        return DONE;
    }
    eprintln!(
        "error: {failed} of {} configurations did not end; see `status` and `detail`",
        results.rows.len()
    );
    FAILED
}

fn verify(path: &Path) -> anyhow::Result<u8> {
    let manifest = Manifest::load(path)?;
    let scenario = Path::new(&manifest.scenario.path);
    if !scenario.exists() {
        eprintln!(
            "error: {} records a run of {}, which is not there; verify from the folder that the run was made in",
            path.display(),
            scenario.display()
        );
        return Ok(UNUSABLE);
    }
    let scenario = match Scenario::load(scenario, &manifest.overrides, Some(manifest.seed)) {
        Ok(scenario) => scenario,
        Err(diagnostics) => return Ok(complain(&diagnostics)),
    };
    let (results, _) = simulate(scenario);
    let outputs = Outputs::of(&results)?;
    let differences = manifest.verify(&outputs);
    if differences.is_empty() {
        eprintln!("The same: {} files, byte for byte", manifest.outputs.len());
        return Ok(DONE);
    }
    eprintln!("Not the same as {} records:", path.display());
    for difference in differences {
        eprintln!("  {difference}");
    }
    Ok(FAILED)
}
