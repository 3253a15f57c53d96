//! `gilsim compare`: compares a simulation with a measurement of the same scenario.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::report::compared::{self, Simulated};
use crate::report::measured::Record;
use crate::report::{Manifest, Outputs, ReportError};
use crate::results::Sheet;
use crate::scenario::Scenario;
use crate::study::compare::{Comparison, compare};

use super::{DONE, FAILED, Format, UNUSABLE, print, width};

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Simulated results: the folder that `gilsim run` wrote, or its results.csv
    results: PathBuf,
    /// Measured results: the folder that `gilsim measure` wrote, or its measured.csv
    measured: PathBuf,
    /// Write tables and plots into this folder instead of the folder of MEASURED
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What to print on standard output
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    bounds: Bounds,
}

/// How inaccurate a prediction may be.
#[derive(Debug, clap::Args)]
struct Bounds {
    /// Fail if the median error of makespan or throughput is above this
    #[arg(long, value_name = "PERCENT")]
    max_median_error: Option<f64>,
    /// Fail if the 90th percentile of that error is above this
    #[arg(long, value_name = "PERCENT")]
    max_p90_error: Option<f64>,
    /// Fail if following the simulation costs more than this in any sweep
    #[arg(long, value_name = "PERCENT")]
    max_regret: Option<f64>,
    /// Fail if the simulation finds the fastest configuration in a smaller share of the sweeps
    #[arg(long, value_name = "PERCENT")]
    min_winners: Option<f64>,
}

const EXAMPLES: &str = "\
Examples:
  gilsim compare output/quickstart output/quickstart-measured
  gilsim compare output/quickstart output/quickstart-measured --max-median-error 10";

pub(super) fn compare_with(arguments: &Arguments) -> anyhow::Result<u8> {
    let simulated = folder_of(&arguments.results);
    let measured = folder_of(&arguments.measured);
    let manifest: Manifest = json(&simulated.join(Manifest::FILE), "run")?;
    let record: Record = json(&measured.join(Record::FILE), "measure")?;
    if let Some(complaint) = mismatch(&manifest, &record) {
        eprintln!("error: {complaint}");
        return Ok(UNUSABLE);
    }
    if manifest.gilsim != record.gilsim {
        eprintln!(
            "warning: simulated by gilsim {}, measured by gilsim {}: their random times may differ",
            manifest.gilsim, record.gilsim
        );
    }
    let replications = sheet(&simulated.join("replications.csv"), "run")?;
    let repetitions = sheet(&measured.join("repetitions.csv"), "measure")?;
    let comparison = compare(&replications, &repetitions)?;
    let folder = arguments.out.clone().unwrap_or(measured);
    write(&comparison, &manifest, &record, &simulated, &folder)?;
    print(&match arguments.format {
        Format::Table => compared::table(&comparison, width()),
        Format::Csv => compared::to_csv(&comparison),
        Format::Json => compared::to_json(&comparison),
    });
    eprintln!("Tables and plots are in {}", folder.display());
    Ok(arguments.bounds.judge(&comparison))
}

/// The folder that the user named, or that the file is in.
fn folder_of(path: &Path) -> PathBuf {
    if path.is_dir() {
        return path.to_owned();
    }
    match path.parent() {
        Some(folder) if path.extension().is_some() => folder.to_owned(),
        _ => path.to_owned(),
    }
}

fn text(path: &Path, verb: &str) -> Result<String, ReportError> {
    std::fs::read_to_string(path).map_err(|error| ReportError::Unreadable {
        path: path.to_owned(),
        reason: format!("{error}\nname a folder that `gilsim {verb}` wrote, with all its files"),
    })
}

fn json<T: DeserializeOwned>(path: &Path, verb: &str) -> Result<T, ReportError> {
    serde_json::from_str(&text(path, verb)?).map_err(|error| ReportError::Unreadable {
        path: path.to_owned(),
        reason: format!("{error}\nit was not written by `gilsim {verb}` of this version; run that again"),
    })
}

pub(super) fn sheet(path: &Path, verb: &str) -> Result<Sheet, ReportError> {
    Sheet::from_csv(&text(path, verb)?).map_err(|reason| ReportError::Unreadable {
        path: path.to_owned(),
        reason: format!("{reason}\nit was not written by `gilsim {verb}` of this version; run that again"),
    })
}

/// Why the two cannot be compared; `None` if they can.
fn mismatch(manifest: &Manifest, record: &Record) -> Option<String> {
    if manifest.scenario.sha256 != record.scenario.sha256 {
        let (simulated, measured) = (&manifest.scenario.path, &record.scenario.path);
        return Some(if simulated == measured {
            format!("{simulated} changed between `run` and `measure`\nrun both again")
        } else {
            format!(
                "{simulated} was simulated, but {measured} was measured\ncompare results of the same scenario"
            )
        });
    }
    let sorted = |options: &[String]| {
        let work = options.iter().filter(|option| !names_a_profile(option));
        let mut options: Vec<String> = work.cloned().collect();
        options.sort();
        options
    };
    if sorted(&manifest.overrides) != sorted(&record.overrides) {
        let options = |options: &[String]| match options {
            [] => "no --set".to_owned(),
            _ => format!("--set {}", options.join(" --set ")),
        };
        return Some(format!(
            "the simulation used {}, the measurement used {}, so they did not do the same work\nuse the same options for \
             `run` and `measure`",
            options(&manifest.overrides),
            options(&record.overrides)
        ));
    }
    (manifest.seed != record.seed).then(|| {
        format!(
            "the simulation used the seed {}, the measurement used {}, so their random times differ\nuse the same --seed for both",
            manifest.seed, record.seed
        )
    })
}

/// Whether an option of `--set` replaces the profile, which does not matter to a measurement. A list would be a sweep.
fn names_a_profile(option: &str) -> bool {
    let named = option
        .split_once('=')
        .filter(|(path, _)| path.trim() == "machine.profile");
    named.is_some_and(|(_, value)| !value.trim_start().starts_with('['))
}

fn write(
    comparison: &Comparison,
    manifest: &Manifest,
    record: &Record,
    simulated: &Path,
    folder: &Path,
) -> anyhow::Result<()> {
    Outputs::check_folder(folder)?;
    let releases: Vec<&str> = record
        .interpreters
        .iter()
        .map(|(release, _)| release.as_str())
        .collect();
    let release = releases.join(" and ");
    let outputs = match scenario(manifest) {
        Ok(scenario) => {
            let results = sheet(&simulated.join("results.csv"), "run")?;
            let simulated = Simulated {
                scenario: &scenario,
                results: &results,
            };
            compared::outputs(comparison, Some(&simulated), &release)?
        }
        Err(reason) => {
            eprintln!("warning: no plot is written, because {reason}");
            compared::outputs(comparison, None, &release)?
        }
    };
    outputs.write(folder)?;
    Ok(())
}

/// The scenario as it was simulated, which names the axes of the plot.
fn scenario(manifest: &Manifest) -> Result<Scenario, String> {
    let path = &manifest.scenario.path;
    let scenario = Scenario::load(Path::new(path), &manifest.overrides, Some(manifest.seed))
        .map_err(|_| format!("{path} can no longer be read from here"))?;
    if Manifest::digest(&scenario) != manifest.scenario.sha256 {
        return Err(format!("{path} has changed since it was simulated"));
    }
    Ok(scenario)
}

impl Bounds {
    /// Reports each bound that does not hold, and returns the exit code.
    fn judge(&self, comparison: &Comparison) -> u8 {
        let accuracy = comparison.main_accuracy();
        let bounds = [
            (
                "median error",
                self.max_median_error,
                accuracy.map(|a| a.median),
                1.0,
            ),
            (
                "90th percentile of the error",
                self.max_p90_error,
                accuracy.map(|a| a.p90),
                1.0,
            ),
            (
                "largest regret",
                self.max_regret,
                comparison.largest_regret(),
                1.0,
            ),
            (
                "share of right winners",
                self.min_winners,
                comparison.right_choices(),
                -1.0,
            ),
        ];
        let mut code = DONE;
        for (what, bound, figure, sign) in bounds {
            let Some(bound) = bound else { continue };
            let Some(figure) = figure else {
                eprintln!("error: the {what} is unknown, because nothing could be compared");
                code = FAILED;
                continue;
            };
            if sign * figure * 100.0 > sign * bound {
                let side = if sign > 0.0 { "above" } else { "below" };
                eprintln!("error: the {what} is {:.1} %, {side} {bound} %", figure * 100.0);
                code = FAILED;
            }
        }
        code
    }
}
