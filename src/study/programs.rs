//! The programs of `gilsim validate`: small scenarios over every executor, channel and step, part of the binary.
//!
//! Each configuration takes some tenths of a second. They name neither machine nor version: those are the host's. No
//! cost of any profile is fitted to them.

/// A scenario that comes with gilsim.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Name of its file, without the ending.
    pub name: &'static str,
    /// The file.
    pub text: &'static str,
    /// Whether a quick validation has it as well.
    pub quick: bool,
}

const fn program(name: &'static str, text: &'static str, quick: bool) -> Program {
    Program { name, text, quick }
}

/// One program per line, named for its file.
macro_rules! programs {
    ($($name:literal $quick:literal)*) => {
        [$(program($name, include_str!(concat!("../../scenarios/validation/", $name, ".toml")), $quick)),*]
    };
}

/// All of them, in the order in which they are measured.
pub const PROGRAMS: [Program; 24] = programs! {
    "cpu_bound" true
    "io_bound" true
    "mixed" true
    "native_code" false
    "native_holding" false
    "payload_size" false
    "payload_kind" false
    "tiny_tasks" true
    "ten_thousand" false
    "start_methods" true
    "setup" false
    "replaced_workers" false
    "busy_io" true
    "busy_receiver" false
    "switch_interval" false
    "locks" false
    "task_graph" false
    "consumers" false
    "event_loop" false
    "arrivals" false
    "updates" false
    "shared_memory" false
    "server" true
    "server_threads" false
};
