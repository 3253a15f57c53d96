//! Tests that run the `gilsim` binary and need no Python interpreter.

mod command;

mod determinism;
mod reference;
mod verbs;
