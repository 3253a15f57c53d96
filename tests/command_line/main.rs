//! Tests that run the `gilsim` binary and need no Python interpreter.

mod command;

mod determinism;
mod documentation;
mod reference;
mod verbs;
