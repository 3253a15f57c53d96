//! `gilsim validate`: measures every program of its own and calibrates this host in between, then simulates and compares.
//!
//! All goes into one folder: the profile, each scenario, and beside it a folder with what `run`, `measure` and `compare`
//! would have written. So each step can be done again by hand.

mod costs;

use std::path::PathBuf;
use std::slice;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::experiment;
use crate::host::{Effort, Interpreter, Machine, Measurement, Measuring, Pace};
use crate::report::compared::{self, Simulated};
use crate::report::{self, Outputs, human, validated};
use crate::results::Status;
use crate::results::measured::Measured;
use crate::scenario::Scenario;
use crate::study::compare::{CompareError, Comparison, compare};
use crate::study::programs::{PROGRAMS, Program};
use crate::study::validation::{Bounds, Validated, Validation};

use super::calibrate::refuse;
use super::compare::sheet;
use super::measure::one_round;
use super::{DONE, FAILED, Format, UNUSABLE, complain, interruption, print, progress_bar, width, write_text};
use costs::{Costs, ROUNDS_BETWEEN};

/// Repetitions of each configuration, in full and with `--quick`.
const REPETITIONS: u32 = 4;
const QUICK_REPETITIONS: u32 = 3;

/// Replications of each: no time of these programs is random, but the winner of a race for a lock is.
const REPLICATIONS: u64 = 9;

/// Why a validation is refused.
const TOO_NOISY: &str = "the host is too noisy to calibrate on";

/// The profile's name in the output folder; scenarios find it beside them.
const PROFILE: &str = "profile.toml";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Measure with this interpreter: CPython 3.9 or newer
    #[arg(long, value_name = "PATH", default_value = "python3")]
    python: PathBuf,
    /// Use this profile, a file or a bundled one, instead of calibrating
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// Take 2 minutes instead of 10: a shorter calibration, and fewer programs
    #[arg(long)]
    quick: bool,
    /// Number of repetitions of each configuration; by default 4, with --quick 3
    ///
    /// The more repetitions, the smaller the influence of noise on the host.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: Option<u32>,
    /// Run only the program of this name. May be repeated
    #[arg(long, value_name = "PROGRAM", value_parser = PROGRAMS.map(|program| program.name))]
    only: Vec<String>,
    /// Write results into this folder
    #[arg(short, long, value_name = "DIR", default_value = "output/validation")]
    out: PathBuf,
    /// Continue, and judge the results, even if the host was too noisy to trust the calibration
    #[arg(long)]
    force: bool,
    /// Continue with the next program after a configuration failed
    #[arg(long)]
    keep_going: bool,
    /// What to print on standard output
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

const EXAMPLES: &str = "\
Examples:
  gilsim validate --quick
  gilsim validate --only cpu_bound --only locks -o /tmp/validation";

/// What all programs are measured with.
struct Bench<'a> {
    arguments: &'a Arguments,
    interpreter: &'a Interpreter,
    interrupted: &'a AtomicBool,
}

pub(super) fn validate(arguments: &Arguments) -> anyhow::Result<u8> {
    let began = Instant::now();
    let interpreter = Interpreter::at(&arguments.python)?;
    Outputs::check_folder(&arguments.out)?;
    let interrupted = interruption()?;
    let bench = Bench {
        arguments,
        interpreter: &interpreter,
        interrupted: &interrupted,
    };
    let programs: Vec<&Program> = programs(arguments).collect();
    let mut costs = bench.costs(programs.len() * arguments.repetitions() as usize)?;
    let (measured, mut ended) = match bench.measure(&programs, &mut costs)? {
        Ok(measured) => measured,
        Err(code) => return Ok(code),
    };
    let known = costs
        .known()
        .map_err(|error| anyhow::anyhow!("{error}\nthe measurements are in {}", arguments.out.display()))?;
    write_text(&arguments.out.join(PROFILE), &known.text)?;
    let mut validation = Validation::default();
    for (program, measured) in programs.into_iter().zip(measured) {
        let scenario = match bench.scenario(program)? {
            Ok(scenario) => scenario,
            Err(code) => return Ok(code),
        };
        let validated = bench.compare(program, scenario, &measured)?;
        if !is_whole(&validated) {
            ended = false;
            eprintln!("error: a configuration of {} failed; see `remark`", program.name);
        }
        validation.scenarios.push(validated);
        // After each program, so that an interruption loses no complete one.
        validated::outputs(&validation, &Bounds::REQUIRED).write(&arguments.out)?;
    }
    print(&match arguments.format {
        Format::Table => validated::table(&validation, &Bounds::REQUIRED, width()),
        Format::Csv => validated::to_csv(&validation),
        Format::Json => validated::to_json(&validation),
    });
    eprintln!(
        "All results are in {}, after {}",
        arguments.out.display(),
        human::duration(began.elapsed().as_secs_f64())
    );
    if interrupted.load(Ordering::Relaxed) {
        eprintln!("error: interrupted; the repetitions that were complete are printed and written");
    }
    if !known.complaints.is_empty() && !arguments.force {
        refuse(TOO_NOISY, &known.complaints);
        eprintln!("the errors say little about the simulation; run it again on a quiet host, or use --force");
        ended = false;
    }
    Ok(judge(&validation, ended))
}

impl Arguments {
    fn repetitions(&self) -> u32 {
        self.repeat.unwrap_or(if self.quick {
            QUICK_REPETITIONS
        } else {
            REPETITIONS
        })
    }
}

/// The programs that the options select, in order.
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

impl<'a> Bench<'a> {
    fn costs(&self, rounds: usize) -> anyhow::Result<Costs<'a>> {
        if let Some(name) = &self.arguments.profile {
            return Costs::given(name);
        }
        let effort = if self.arguments.quick {
            Effort::Quick
        } else {
            Effort::Full
        };
        Ok(Costs::measured(
            self.interpreter,
            self.interrupted,
            effort,
            rounds,
        ))
    }

    /// Measures the programs in turns, and the costs in between. Returns the measurements of all programs that were begun,
    /// and whether all of them ended well; or the exit code.
    fn measure(
        &self,
        programs: &[&Program],
        costs: &mut Costs,
    ) -> anyhow::Result<Result<(Vec<Measured>, bool), u8>> {
        // Programs and costs that were measured at one speed go together.
        let mut pace = Pace::default();
        costs.measure(&mut pace)?;
        // A host that is too noisy is reported now, not after ten minutes of measuring.
        let complaints = costs.complaints();
        if !complaints.is_empty() && !self.arguments.force {
            refuse(TOO_NOISY, &complaints);
            eprintln!("run it again on a quiet host, use --force, or name a profile with --profile");
            return Ok(Err(FAILED));
        }
        write_text(&self.arguments.out.join(PROFILE), costs.until_known())?;
        let mut scenarios = Vec::new();
        for program in programs {
            match self.scenario(program)? {
                Ok(scenario) => scenarios.push(scenario),
                Err(code) => return Ok(Err(code)),
            }
        }
        let interpreters = [self.interpreter.clone()];
        let measuring = Measuring {
            machine: Machine::here(),
            interpreters: &interpreters,
            only: &[],
            interrupted: self.interrupted,
        };
        let mut measurements = Vec::new();
        for scenario in &scenarios {
            measurements.push(Measurement::begin(scenario, &measuring)?);
        }
        let (begun, ended) = self.take_turns(programs, &mut measurements, costs, &mut pace)?;
        let mut all = Vec::new();
        for (program, measurement) in programs.iter().zip(&measurements[..begun]) {
            // Only now is the usual speed known.
            let measured = measurement.measured(slice::from_ref(&pace));
            report::measured::outputs(&measured).write(&self.folder(program))?;
            all.push(measured);
        }
        Ok(Ok((all, ended)))
    }

    /// Measures rounds of all programs, until there are enough repetitions or something fails. Returns the number of programs
    /// that were begun, and whether all is well.
    fn take_turns(
        &self,
        programs: &[&Program],
        measurements: &mut [Measurement<'_>],
        costs: &mut Costs,
        pace: &mut Pace,
    ) -> anyhow::Result<(usize, bool)> {
        let (repetitions, mut begun, mut ended) = (self.arguments.repetitions(), 0, true);
        'turns: for repetition in 0..repetitions as usize {
            let bar = progress_bar(measurements.iter().map(Measurement::sessions).sum(), "runs");
            for (number, program) in programs.iter().enumerate() {
                let rounds = repetition * programs.len() + number;
                if rounds > 0 && rounds.is_multiple_of(ROUNDS_BETWEEN) {
                    costs.measure(pace)?;
                }
                if self.is_interrupted() {
                    break 'turns;
                }
                begun = begun.max(number + 1);
                let folder = self.folder(program);
                let measured = one_round(&mut measurements[number], slice::from_mut(pace), &folder, &bar)?;
                if measured.interrupted {
                    break 'turns;
                }
                ended &= !has_failed(&measured);
                if !ended && !self.arguments.keep_going {
                    bar.finish_and_clear();
                    eprintln!(
                        "error: {} failed, so nothing more is measured; use --keep-going to continue",
                        program.name
                    );
                    break 'turns;
                }
            }
            bar.finish_and_clear();
            eprintln!(
                "Measured {} programs, {} of {repetitions} times",
                programs.len(),
                repetition + 1
            );
        }
        if self.is_interrupted() {
            return Ok((begun, false));
        }
        costs.measure(pace)?;
        Ok((begun, ended && !self.is_interrupted()))
    }

    fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// The folder of one program.
    fn folder(&self, program: &Program) -> PathBuf {
        self.arguments.out.join(program.name)
    }

    /// Writes the program beside the profile, and reads it for this interpreter. Returns the exit code if it is invalid.
    fn scenario(&self, program: &Program) -> anyhow::Result<Result<Scenario, u8>> {
        let path = self.arguments.out.join(format!("{}.toml", program.name));
        write_text(&path, program.text)?;
        let overrides = [
            format!("python.version={}", self.interpreter.version),
            format!("machine.profile={PROFILE}"),
            format!("replicate.replications={REPLICATIONS}"),
        ];
        Ok(Scenario::load(&path, &overrides, None).map_err(|diagnostics| complain(&diagnostics)))
    }

    /// Simulates one program, and compares it with what was measured.
    fn compare(
        &self,
        program: &Program,
        scenario: Scenario,
        measured: &Measured,
    ) -> anyhow::Result<Validated> {
        let folder = self.folder(program);
        let results = experiment::run(scenario, || {});
        Outputs::of(&results)?.write(&folder)?;
        // From the written files, so that `gilsim compare` gives the same result by hand.
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
            compared::outputs(comparison, Some(&simulated), &self.interpreter.release)?.write(&folder)?;
            if self.arguments.format == Format::Table {
                show(&results.scenario.title, comparison);
            }
        }
        Ok(Validated {
            name: program.name.to_owned(),
            comparison,
            left_out: left_out(measured),
        })
    }
}

fn show(title: &str, comparison: &Comparison) {
    print(&format!("{title}\n{}\n", compared::table(comparison, width())));
}

/// The reasons for which configurations were skipped, each with their number.
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

/// Whether any repetition failed.
fn has_failed(measured: &Measured) -> bool {
    let mut repetitions = measured.rows.iter().flat_map(|row| &row.repetitions);
    repetitions.any(|repetition| repetition.replication.status != Status::Done)
}

/// Whether every configuration that was measured has its figures.
fn is_whole(validated: &Validated) -> bool {
    let mut rows = validated
        .comparison
        .iter()
        .flat_map(|comparison| &comparison.rows);
    rows.all(|row| row.remark.is_empty())
}

/// Reports each bound that does not hold, and returns the exit code.
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
