//! The `gilsim` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    gilsim::main()
}
