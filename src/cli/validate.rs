//! `gilsim validate`: calibrates this host, then simulates, measures and compares every program of its own.
//!
//! All goes into one folder: the profile, each scenario, and beside it a folder with what `run`, `measure` and `compare`
//! would have written. So each step can be done again by hand.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::Context;

use crate::experiment;
use crate::host::{Calibration, Effort, Interpreter, Machine, Measuring, Progress, calibrate};
use crate::profile::Profile;
use crate::report::compared::{self, Simulated};
use crate::report::{Outputs, validated};
use crate::results::measured::Measured;
use crate::scenario::Scenario;
use crate::study::compare::{CompareError, Comparison, compare};
use crate::study::programs::{PROGRAMS, Program};
use crate::study::validation::{Bounds, Validated, Validation};

use super::compare::sheet;
use super::measure::measure_into;
use super::{DONE, FAILED, Format, UNUSABLE, complain, interruption, print, progress_bar, width};

/// Repetitions of each configuration.
const REPETITIONS: u64 = 3;

/// The profile's name in the output folder; scenarios find it beside them.
const PROFILE: &str = "profile.toml";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Measure with this interpreter instead of `python3`: CPython 3.9 or newer.
    #[arg(long, value_name = "PATH", default_value = "python3")]
    python: PathBuf,
    /// Take this profile, a file or a bundled one, instead of calibrating.
    #[arg(long, value_name = "FILE")]
    profile: Option<String>,
    /// Take 2 minutes instead of 10: a shorter calibration, and some of the programs.
    #[arg(long)]
    quick: bool,
    /// The program of this name alone. May be repeated.
    #[arg(long, value_name = "PROGRAM", value_parser = PROGRAMS.map(|program| program.name))]
    only: Vec<String>,
    /// Write into this folder instead of `output/validation`.
    #[arg(long, value_name = "DIR", default_value = "output/validation")]
    out: PathBuf,
    /// Go on even if the host was too noisy to trust the calibration.
    #[arg(long)]
    force: bool,
    /// Go on with the next program where a configuration does not end.
    #[arg(long)]
    keep_going: bool,
    /// What to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn validate(arguments: &Arguments) -> anyhow::Result<u8> {
    let began = Instant::now();
    let interpreter = Interpreter::at(&arguments.python)?;
    Outputs::check_folder(&arguments.out)?;
    let interrupted = interruption()?;
    let profile = match profile(arguments, &interpreter, &interrupted)? {
        Ok(profile) => profile,
        Err(code) => return Ok(code),
    };
    write(&arguments.out.join(PROFILE), &profile)?;
    let mut validation = Validation::default();
    let mut ended = true;
    for program in programs(arguments) {
        let scenario = match scenario(program, &arguments.out, &interpreter)? {
            Ok(scenario) => scenario,
            Err(code) => return Ok(code),
        };
        let validated = one(program, scenario, arguments, &interpreter, &interrupted)?;
        let whole = is_whole(&validated);
        validation.scenarios.push(validated);
        // After each, so that nothing complete is lost whatever happens.
        validated::outputs(&validation, &Bounds::REQUIRED).write(&arguments.out)?;
        if interrupted.load(Ordering::Relaxed) {
            eprintln!("error: interrupted; what was complete by then is printed and written");
            ended = false;
            break;
        }
        if !whole {
            ended = false;
            if !arguments.keep_going {
                eprintln!(
                    "error: a configuration of {} did not end, see `remark`; --keep-going goes on with the next",
                    program.name
                );
                break;
            }
        }
    }
    print(&match arguments.format {
        Format::Table => validated::table(&validation, &Bounds::REQUIRED, width()),
        Format::Csv => validated::to_csv(&validation),
        Format::Json => validated::to_json(&validation),
    });
    eprintln!(
        "All of it is in {}, after {:.0} s",
        arguments.out.display(),
        began.elapsed().as_secs_f64()
    );
    Ok(judge(&validation, ended))
}

/// Those that are asked for, in order.
fn programs(arguments: &Arguments) -> impl Iterator<Item = &'static Program> {
    let wanted = |program: &&Program| {
        if arguments.only.is_empty() {
            program.quick || !arguments.quick
        } else {
            arguments.only.iter().any(|name| name == program.name)
        }
    };
    PROGRAMS.iter().filter(wanted)
}

/// The text of the profile to simulate with; else the exit code.
fn profile(
    arguments: &Arguments,
    interpreter: &Interpreter,
    interrupted: &AtomicBool,
) -> anyhow::Result<Result<String, u8>> {
    if let Some(name) = &arguments.profile {
        return given(name).map(Ok);
    }
    let effort = if arguments.quick {
        Effort::Quick
    } else {
        Effort::Full
    };
    let bar = progress_bar(0, "probes");
    let calibration = calibrate(interpreter, effort, interrupted, |progress| match progress {
        Progress::Begun(probes) => bar.set_length(probes),
        Progress::Done => bar.inc(1),
    });
    bar.finish_and_clear();
    let calibration: Calibration = calibration?;
    let complaints = calibration.complaints();
    if !complaints.is_empty() && !arguments.force {
        eprintln!("error: the host is too noisy to calibrate on:");
        for complaint in complaints {
            eprintln!("  {complaint}");
        }
        eprintln!("run it again on a quiet host, or use --force, or name a profile with --profile FILE");
        return Ok(Err(FAILED));
    }
    eprintln!("Calibrated: {}", calibration.noise());
    Ok(Ok(calibration.profile()?))
}

/// A file, or a profile that is just like a bundled one.
fn given(name: &str) -> anyhow::Result<String> {
    let profile = Profile::load(name, Path::new("")).map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
    if Path::new(name).is_file() {
        return std::fs::read_to_string(name).with_context(|| format!("cannot read {name}"));
    }
    let description = toml::Value::String(profile.costs.description.clone());
    Ok(format!("description = {description}\nlike = \"{name}\"\n"))
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text).map_err(|error| anyhow::anyhow!("cannot write {}: {error}", path.display()))
}

/// Writes the program beside the profile, and reads it for this interpreter; else the exit code.
fn scenario(
    program: &Program,
    folder: &Path,
    interpreter: &Interpreter,
) -> anyhow::Result<Result<Scenario, u8>> {
    let path = folder.join(format!("{}.toml", program.name));
    write(&path, program.text)?;
    let overrides = [
        format!("python.version={}", interpreter.version),
        format!("machine.profile={PROFILE}"),
    ];
    Ok(Scenario::load(&path, &overrides, None).map_err(|diagnostics| complain(&diagnostics)))
}

/// Simulates, measures and compares one program.
fn one(
    program: &Program,
    scenario: Scenario,
    arguments: &Arguments,
    interpreter: &Interpreter,
    interrupted: &AtomicBool,
) -> anyhow::Result<Validated> {
    let folder = arguments.out.join(program.name);
    let interpreters = [interpreter.clone()];
    let measuring = Measuring {
        machine: Machine::here(),
        interpreters: &interpreters,
        repetitions: REPETITIONS,
        only: &[],
        interrupted,
    };
    let measured = measure_into(&folder, &scenario, &measuring)?;
    let results = experiment::run(scenario, || {});
    Outputs::of(&results)?.write(&folder)?;
    // As they are written, so that `compare` comes to the same by hand.
    let replications = sheet(&folder.join("replications.csv"), "run")?;
    let repetitions = sheet(&folder.join("repetitions.csv"), "measure")?;
    let comparison = match compare(&replications, &repetitions) {
        Ok(comparison) => Some(comparison),
        Err(CompareError::NothingInCommon) => None,
        Err(error) => return Err(error.into()),
    };
    if let Some(comparison) = &comparison {
        let rows = sheet(&folder.join("results.csv"), "run")?;
        let simulated = Simulated {
            scenario: &results.scenario,
            results: &rows,
        };
        compared::outputs(comparison, Some(&simulated), &interpreter.release)?.write(&folder)?;
        if arguments.format == Format::Table {
            show(&results.scenario.title, comparison);
        }
    }
    Ok(Validated {
        name: program.name.to_owned(),
        comparison,
        left_out: left_out(&measured),
    })
}

fn show(title: &str, comparison: &Comparison) {
    print(&format!("{title}\n{}\n", compared::table(comparison, width())));
}

/// Each reason once.
fn left_out(measured: &Measured) -> Vec<(String, usize)> {
    let mut reasons: Vec<(String, usize)> = Vec::new();
    for left in &measured.left_out {
        match reasons.iter_mut().find(|(reason, _)| *reason == left.reason) {
            Some((_, number)) => *number += 1,
            None => reasons.push((left.reason.clone(), 1)),
        }
    }
    reasons
}

/// Whether every configuration that was measured has its figures.
fn is_whole(validated: &Validated) -> bool {
    let mut rows = validated
        .comparison
        .iter()
        .flat_map(|comparison| &comparison.rows);
    rows.all(|row| row.remark.is_empty())
}

/// Says which bound does not hold.
fn judge(validation: &Validation, ended: bool) -> u8 {
    let mut code = if ended { DONE } else { FAILED };
    if validation.rows().next().is_none() {
        eprintln!("error: nothing could be measured");
        return UNUSABLE;
    }
    for judged in validation.judged(&Bounds::REQUIRED) {
        if !judged.holds() {
            let figure = judged
                .figure
                .map_or("unknown".to_owned(), |figure| format!("{:.1} %", figure * 100.0));
            let side = if judged.is_most { "at most" } else { "at least" };
            eprintln!(
                "error: the {} is {figure}, not {side} {:.0} %",
                judged.what,
                judged.bound * 100.0
            );
            code = FAILED;
        }
    }
    code
}
