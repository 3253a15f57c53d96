//! The command line: one file per verb. Arguments in, calls down, exit code out.
//!
//! Results go to standard output or to files, words to standard error.

mod calibrate;
mod check;
mod compare;
mod measure;
mod probe;
mod run;
mod schema;
mod validate;

use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::input::Diagnostics;

/// All is well.
const DONE: u8 = 0;
/// A row, a comparison or a check failed.
const FAILED: u8 = 1;
/// The input is of no use, or the output has nowhere to go.
const UNUSABLE: u8 = 2;

/// What threads and processes would make of a Python program, before anyone rewrites it.
#[derive(Debug, Parser)]
#[command(name = "gilsim", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Simulate a scenario: a table on the terminal, tables and plots in files.
    Run(run::Arguments),
    /// Run a scenario on the real interpreter, on this machine.
    Measure(measure::Arguments),
    /// Hold what was simulated against what was measured.
    Compare(compare::Arguments),
    /// Run a function of yours and write the `[[task]]` that does what it does.
    Probe(probe::Arguments),
    /// Say what is wrong with a scenario, without simulating it.
    Check(check::Arguments),
    /// Measure what this host costs under its Python, and write a profile.
    Calibrate(calibrate::Arguments),
    /// Calibrate this host, then simulate, measure and compare many small programs: how far the simulation is off here.
    Validate(validate::Arguments),
    /// Print the JSON Schema of scenario files, for editors.
    Schema,
    /// Print the first draws of every distribution: the same in every build of one version.
    #[command(hide = true)]
    Draws,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for a person.
    #[default]
    Table,
    /// `results.csv`.
    Csv,
    /// The same as JSON: a list of objects.
    Json,
}

/// The scenario and what is changed in it.
#[derive(Debug, clap::Args)]
struct ScenarioArguments {
    /// The scenario file.
    #[arg(required_unless_present = "verify")]
    scenario: Option<PathBuf>,
    /// Put VALUE where the scenario has something else; a list sweeps. May be repeated.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    overrides: Vec<String>,
    /// Name the random streams by this number instead of the scenario's `seed`.
    #[arg(long)]
    seed: Option<u64>,
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let code = match Arguments::parse().verb {
        Verb::Run(arguments) => run::run(&arguments),
        Verb::Measure(arguments) => measure::measure(&arguments),
        Verb::Compare(arguments) => compare::compare_with(&arguments),
        Verb::Probe(arguments) => probe::probe(&arguments),
        Verb::Check(arguments) => check::check(&arguments),
        Verb::Calibrate(arguments) => calibrate::run(&arguments),
        Verb::Validate(arguments) => validate::validate(&arguments),
        Verb::Schema => schema::print(),
        Verb::Draws => {
            print(&crate::random::first_draws());
            Ok(DONE)
        }
    };
    ExitCode::from(code.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        UNUSABLE
    }))
}

/// Prints results. A reader that has seen enough (`| head`) is no error.
fn print(results: &str) {
    let _ = stdout().write_all(results.as_bytes());
}

/// Says everything that is wrong with an input.
fn complain(diagnostics: &Diagnostics) -> u8 {
    eprintln!("{}", diagnostics.render(colour()));
    UNUSABLE
}

/// Set by Ctrl-C and by whoever asks this process to end.
fn interruption() -> anyhow::Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    let signals = [
        signal_hook::consts::SIGINT,
        signal_hook::consts::SIGTERM,
        signal_hook::consts::SIGHUP,
    ];
    #[cfg(not(unix))]
    let signals = [signal_hook::consts::SIGINT];
    for signal in signals {
        signal_hook::flag::register(signal, interrupted.clone()).context("cannot listen for Ctrl-C")?;
    }
    Ok(interrupted)
}

/// On a terminal a bar for so many of something, elsewhere nothing.
fn progress_bar(number: u64, of_what: &str) -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(&format!("{{bar:40}} {{pos}}/{{len}} {of_what}, {{eta}} left"));
    ProgressBar::new(number).with_style(style.expect("the template is well-formed"))
}

/// How wide a table may be.
fn width() -> u16 {
    comfy_table::Table::new().width().unwrap_or(100)
}

/// Whether words may be coloured: on a terminal, unless the user asked for none (<https://no-color.org>).
fn colour() -> bool {
    stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
