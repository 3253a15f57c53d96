//! `gilsim probe`: measures a Python function and prints the `[[task]]` that describes it.

use std::path::PathBuf;
use std::time::Duration;

use crate::host::{self, Failure, Interpreter, Request};
use crate::report;

use super::{DONE, FAILED, UNUSABLE, interruption, print};

/// Seconds for imports and the first call, and for calls that take longer beside another thread that wants the lock.
const PATIENCE: f64 = 300.0;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Function to measure; its module is searched for in the current folder first
    #[arg(value_name = "MODULE:FUNCTION", value_parser = target)]
    target: String,
    /// Arguments of each call: a Python expression, evaluated in the module
    ///
    /// The value is a tuple of all arguments, or the only argument.
    #[arg(long, value_name = "EXPRESSION", default_value = "()")]
    args: String,
    /// Number of calls, each made alone and beside a thread that wants the interpreter lock (GIL)
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u32).range(3..=10_000))]
    repeat: u32,
    /// Stop after this time, but not before three calls
    #[arg(long, value_name = "SECONDS", default_value_t = 20.0, value_parser = seconds)]
    seconds: f64,
    /// Run the function with this interpreter
    #[arg(long, value_name = "PATH", default_value = "python3")]
    python: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  gilsim probe shop.images:thumbnail --args '(\"photo.jpg\", 200)'
  gilsim probe json:dumps --args 'list(range(1000))'";

pub(super) fn probe(arguments: &Arguments) -> anyhow::Result<u8> {
    let interpreter = Interpreter::at(&arguments.python)?;
    let interrupted = interruption()?;
    let request = Request {
        target: arguments.target.clone(),
        arguments: arguments.args.clone(),
        repeats: arguments.repeat,
        seconds: arguments.seconds,
    };
    let limit = Duration::from_secs_f64(arguments.seconds + PATIENCE);
    match host::probe(&interpreter, &request, limit, &interrupted) {
        Ok(probed) => {
            print(&report::probed::task(&request, &interpreter.release, &probed));
            Ok(DONE)
        }
        Err(Failure::Failed(why)) => {
            eprintln!("error: cannot probe {}: {why}", arguments.target);
            Ok(UNUSABLE)
        }
        Err(Failure::Limit) => {
            eprintln!(
                "error: {} has not come to an end after {} s; probe it with less to do",
                arguments.target,
                limit.as_secs()
            );
            Ok(FAILED)
        }
        Err(Failure::Interrupted) => {
            eprintln!("error: interrupted");
            Ok(FAILED)
        }
    }
}

fn target(text: &str) -> Result<String, String> {
    match text.split_once(':') {
        Some((module, function)) if !module.is_empty() && !function.is_empty() => Ok(text.to_owned()),
        _ => Err("it is written module:function, e.g. shop.images:thumbnail".to_owned()),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(seconds),
        _ => Err("a number of seconds, up to a day".to_owned()),
    }
}
