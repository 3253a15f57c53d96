//! The command line: one file for each verb. It reads arguments, calls the floors below, and chooses the exit code.
//!
//! Results go to standard output or to files, messages to standard error.

mod calibrate;
mod check;
mod compare;
mod measure;
mod probe;
mod reference;
mod run;
mod schema;
mod validate;

use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::input::Diagnostics;

/// All is well.
const DONE: u8 = 0;
/// A configuration, a comparison or a check failed.
const FAILED: u8 = 1;
/// The input is invalid, or the output cannot be written.
const UNUSABLE: u8 = 2;

/// Every exit code and its meaning, for the reference.
const EXIT_CODES: [(u8, &str); 3] = [
    (DONE, "The command succeeded, and every configuration ended well."),
    (
        FAILED,
        "A configuration failed, `--verify` found a difference, a bound of `compare` or `validate` does not hold, the host was \
         too noisy, or the command was interrupted.",
    ),
    (
        UNUSABLE,
        "The command line or the input is invalid, or the output cannot be written.",
    ),
];

/// Simulate a Python program with threads, processes, subinterpreters or asyncio
///
/// A scenario file describes what the program does and the machine that it runs on. gilsim predicts how long the program
/// takes with each executor, and why.
#[derive(Debug, Parser)]
#[command(name = "gilsim", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

const EXAMPLES: &str = "\
Examples:
  gilsim run scenarios/quickstart.toml      Simulate a scenario
  gilsim measure scenarios/quickstart.toml  Run the same scenario on the real interpreter
  gilsim help run                           Explain the options of a verb";

#[derive(Debug, Subcommand)]
enum Verb {
    /// Simulate a scenario: print a table, and write tables and plots
    Run(run::Arguments),
    /// Run a scenario on the real Python interpreter of this machine
    Measure(measure::Arguments),
    /// Compare simulated with measured results
    Compare(compare::Arguments),
    /// Measure a Python function, and print the [[task]] that describes it
    Probe(probe::Arguments),
    /// Report every mistake in a scenario, without simulating it
    Check(check::Arguments),
    /// Measure the costs of this machine and its Python, and write a profile
    Calibrate(calibrate::Arguments),
    /// Check the accuracy of the simulation on this machine
    ///
    /// Calibrates this machine, then simulates, measures and compares many small programs.
    Validate(validate::Arguments),
    /// Print the JSON Schema of scenario files, for editors
    Schema(schema::Arguments),
    /// Print the first random numbers of every distribution: the same in every build of one version
    #[command(hide = true)]
    Draws,
    /// Write the reference pages of the book
    #[command(hide = true)]
    Reference(reference::Arguments),
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for people
    #[default]
    Table,
    /// The main CSV file
    Csv,
    /// The rows of that file as a JSON list of objects
    Json,
}

/// What is changed in a scenario.
#[derive(Debug, clap::Args)]
struct Changes {
    /// Override a scenario value; a list sweeps it. May be repeated
    ///
    /// PATH is the dotted path of the value: machine.cores, python.version, task.NAME.count, task.NAME.steps.0.python,
    /// run.workers. Steps are counted from 0. VALUE is written as in the file, but words and times need no quotes.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    overrides: Vec<String>,
    /// Use this random seed instead of the scenario's
    #[arg(long)]
    seed: Option<u64>,
}

/// Reads the command line, runs its verb and returns the exit code.
pub fn main() -> ExitCode {
    let code = match Arguments::parse().verb {
        Verb::Run(arguments) => run::run(&arguments),
        Verb::Measure(arguments) => measure::measure(&arguments),
        Verb::Compare(arguments) => compare::compare_with(&arguments),
        Verb::Probe(arguments) => probe::probe(&arguments),
        Verb::Check(arguments) => check::check(&arguments),
        Verb::Calibrate(arguments) => calibrate::run(&arguments),
        Verb::Validate(arguments) => validate::validate(&arguments),
        Verb::Schema(_) => schema::print_schema(),
        Verb::Reference(arguments) => reference::write(&arguments),
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

/// Prints results. A reader that closes the pipe early, such as `head`, is no error.
fn print(results: &str) {
    let _ = stdout().write_all(results.as_bytes());
}

/// Writes a text file, with the folder that it is in.
fn write_text(path: &Path, text: &str) -> anyhow::Result<()> {
    let cannot = |error| anyhow::anyhow!("cannot write {}: {error}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(cannot)?;
    }
    std::fs::write(path, text).map_err(cannot)
}

/// Reports everything that is wrong with an input.
fn complain(diagnostics: &Diagnostics) -> u8 {
    eprintln!("{}", diagnostics.render(colour()));
    UNUSABLE
}

/// A flag that Ctrl-C sets, as does a request to terminate.
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

/// A progress bar for this number of things, on a terminal; elsewhere nothing.
fn progress_bar(number: u64, things: &str) -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(&format!("{{bar:40}} {{pos}}/{{len}} {things}, {{eta}} left"));
    ProgressBar::new(number).with_style(style.expect("the template is well-formed"))
}

/// How wide a table may be.
fn width() -> u16 {
    comfy_table::Table::new().width().unwrap_or(100)
}

/// Whether messages may be coloured: on a terminal, unless the user asked for no colour (<https://no-color.org>).
fn colour() -> bool {
    stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
