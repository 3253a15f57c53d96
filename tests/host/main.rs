//! What runs real programs on the host's own `python3`. These tests are a binary of their own, so that `cargo test`
//! does not run simulations beside them.

#[path = "../command_line/command.rs"]
mod command;

#[cfg(unix)]
mod calibrate;
#[cfg(unix)]
mod measuring;
mod probing;
#[cfg(unix)]
mod validating;
