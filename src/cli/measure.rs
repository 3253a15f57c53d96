//! `gilsim measure`: runs a scenario on the real interpreter, prints a table and writes files.

use std::path::{Path, PathBuf};

use indicatif::ProgressBar;

use crate::host::{Interpreter, Machine, Measurement, Measuring, Pace};
use crate::input::{did_you_mean, list};
use crate::report::{self, Outputs};
use crate::results::Status;
use crate::results::measured::Measured;
use crate::scenario::Scenario;

use super::{Changes, DONE, FAILED, Format, UNUSABLE, complain, interruption, print, progress_bar, width};

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Scenario file to measure
    scenario: PathBuf,
    #[command(flatten)]
    changes: Changes,
    /// Measure with this interpreter instead of python3. May be repeated, to measure several versions
    ///
    /// Each interpreter measures the configurations of its own version. It must be CPython 3.9 or newer.
    #[arg(long, value_name = "PATH")]
    python: Vec<PathBuf>,
    /// Number of repetitions; by default the number of replications, but 3 to 5
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    repeat: Option<u64>,
    /// Measure only the run of this name. May be repeated
    #[arg(long, value_name = "RUN")]
    only: Vec<String>,
    /// Write results into this folder instead of output/SCENARIO-measured
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What to print on standard output
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

const EXAMPLES: &str = "\
Examples:
  gilsim measure scenarios/quickstart.toml --set python.version=3.11
  gilsim measure my-program.toml --only threads --python /usr/bin/python3.13";

pub(super) fn measure(arguments: &Arguments) -> anyhow::Result<u8> {
    let Changes { overrides, seed } = &arguments.changes;
    let scenario = match Scenario::load(&arguments.scenario, overrides, *seed) {
        Ok(scenario) => scenario,
        Err(diagnostics) => return Ok(complain(&diagnostics)),
    };
    if let Some(complaint) = unknown_run(&scenario, &arguments.only) {
        eprintln!("error: {complaint}");
        return Ok(UNUSABLE);
    }
    let interpreters = Interpreter::all(&arguments.python)?;
    let folder = arguments
        .out
        .clone()
        .unwrap_or_else(|| Path::new("output").join(format!("{}-measured", scenario.name)));
    Outputs::check_folder(&folder)?;
    let interrupted = interruption()?;
    let usual = u64::from(scenario.replicate.replications).clamp(3, 5);
    let measuring = Measuring {
        machine: Machine::here(),
        interpreters: &interpreters,
        only: &arguments.only,
        interrupted: &interrupted,
    };
    let mut paces = vec![Pace::default(); interpreters.len()];
    let mut measurement = Measurement::begin(&scenario, &measuring)?;
    let repetitions = arguments.repeat.unwrap_or(usual);
    let bar = progress_bar(measurement.sessions() * repetitions, "runs");
    for _ in 0..repetitions {
        if one_round(&mut measurement, &mut paces, &folder, &bar)?.interrupted {
            break;
        }
    }
    bar.finish_and_clear();
    let measured = measurement.measured(&paces);
    for line in report::measured::left_out(&measured) {
        eprintln!("{line}");
    }
    if measured.rows.is_empty() {
        say_nothing_was_measured(&measured, &interpreters);
        return Ok(FAILED);
    }
    print(&match arguments.format {
        Format::Table => report::measured::table(&measured, width()),
        Format::Csv => report::measured::to_csv(&measured),
        Format::Json => report::measured::to_json(&measured),
    });
    say_noise(&measured);
    eprintln!("Every repetition is in {}", folder.display());
    Ok(say_failures(&measured))
}

/// Measures one more repetition of everything, and writes all repetitions so far into `folder`, so that an interruption
/// loses no complete repetition.
pub(super) fn one_round(
    measurement: &mut Measurement<'_>,
    paces: &mut [Pace],
    folder: &Path,
    bar: &ProgressBar,
) -> anyhow::Result<Measured> {
    measurement.round(paces, || bar.inc(1));
    let measured = measurement.measured(paces);
    report::measured::outputs(&measured).write(folder)?;
    Ok(measured)
}

/// What is wrong with the names given to `--only`, if anything.
fn unknown_run(scenario: &Scenario, only: &[String]) -> Option<String> {
    let mut labels: Vec<&str> = Vec::new();
    for configuration in &scenario.configurations {
        if !labels.contains(&configuration.label.as_str()) {
            labels.push(&configuration.label);
        }
    }
    let unknown = only.iter().find(|name| !labels.contains(&name.as_str()))?;
    let guess =
        did_you_mean(unknown, labels.iter().copied()).map_or(String::new(), |guess| format!("; {guess}"));
    Some(format!(
        "--only {unknown}: {} has no run of that name{guess}\nits runs are {}",
        scenario.path.display(),
        list(&labels, "and")
    ))
}

fn say_nothing_was_measured(measured: &Measured, interpreters: &[Interpreter]) {
    if measured.interrupted {
        eprintln!("error: interrupted before anything was complete");
        return;
    }
    eprintln!("error: nothing could be measured");
    let version = interpreters[0].version;
    let configurations = &measured.scenario.configurations;
    if configurations.iter().all(|c| c.python.version != version) {
        eprintln!(
            "use --set python.version={version} for both `run` and `measure`, or name an interpreter of the right version \
             with --python PATH"
        );
    }
}

fn say_noise(measured: &Measured) {
    let noisy: usize = measured.rows.iter().map(|row| row.noisy()).sum();
    let all: usize = measured.rows.iter().map(|row| row.repetitions.len()).sum();
    if noisy > 0 {
        eprintln!(
            "warning: during {noisy} of {all} repetitions this machine was busy with other programs, or was not at its usual \
             speed; see the column `noisy`"
        );
    }
}

fn say_failures(measured: &Measured) -> u8 {
    let failed = measured
        .rows
        .iter()
        .filter(|row| {
            let mut repetitions = row.repetitions.iter();
            repetitions.any(|repetition| repetition.replication.status != Status::Done)
        })
        .count();
    if failed > 0 {
        eprintln!(
            "error: {failed} of {} configurations failed; see `status` and `detail`",
            measured.rows.len()
        );
    }
    if measured.interrupted {
        eprintln!("error: interrupted; the repetitions that were complete are printed and written");
    }
    if failed > 0 || measured.interrupted {
        FAILED
    } else {
        DONE
    }
}
