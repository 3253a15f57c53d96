//! `gilsim run`: simulates a scenario, prints a table and writes files; `--verify` compares a new run with a manifest.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::experiment;
use crate::report::{self, Manifest, Outputs, human};
use crate::results::{Results, Status};
use crate::scenario::Scenario;
use crate::units::grouped;

use super::{Changes, DONE, FAILED, Format, UNUSABLE, complain, print, progress_bar, width};

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Scenario file to simulate
    #[arg(required_unless_present = "verify")]
    scenario: Option<PathBuf>,
    #[command(flatten)]
    changes: Changes,
    /// Write results into this folder instead of output/SCENARIO
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What to print on standard output
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Number of configurations to simulate in parallel; by default the number of cores
    ///
    /// The results do not depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    jobs: Option<u32>,
    /// Repeat the run that this manifest.json records, and check that every byte is the same
    ///
    /// Writes nothing. The exit code is 1 if a file differs.
    #[arg(long, value_name = "MANIFEST", conflicts_with_all = ["scenario", "overrides", "seed", "out", "format"])]
    verify: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  gilsim run scenarios/quickstart.toml
  gilsim run scenarios/quickstart.toml --set machine.cores='[1, 2, 3]' -o /tmp/three
  gilsim run --verify output/quickstart/manifest.json";

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<u8> {
    if let Some(jobs) = arguments.jobs {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs as usize);
        pool.build_global().map_err(|error| {
            anyhow::anyhow!("cannot start {jobs} threads: {error}\nuse a smaller number for --jobs")
        })?;
    }
    match &arguments.verify {
        Some(manifest) => verify(manifest),
        None => simulate_and_report(arguments),
    }
}

fn simulate_and_report(arguments: &Arguments) -> anyhow::Result<u8> {
    let Changes { overrides, seed } = &arguments.changes;
    let path = arguments
        .scenario
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

/// Prints how much was simulated, and how fast.
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
        "error: {failed} of {} configurations failed; see `status` and `detail`",
        results.rows.len()
    );
    FAILED
}

fn verify(path: &Path) -> anyhow::Result<u8> {
    let manifest = Manifest::load(path)?;
    let scenario = Path::new(&manifest.scenario.path);
    if !scenario.exists() {
        eprintln!(
            "error: {} records a run of {}, which does not exist; run --verify in the folder where the run was made",
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
