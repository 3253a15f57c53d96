//! Tests that run programs on the host's `python3`. They have a test binary of their own, so that `cargo test` runs no
//! simulations while they measure.

#[path = "../command_line/command.rs"]
mod command;

#[cfg(unix)]
mod calibrate;
#[cfg(unix)]
mod measuring;
mod probing;
#[cfg(unix)]
mod validating;
