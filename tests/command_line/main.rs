//! The `gilsim` binary as a user runs it, with nothing else on the machine but the scenario.

mod command;

mod determinism;
mod reference;
mod verbs;
