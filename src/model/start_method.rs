//! How a worker process is started.

use crate::input::words;

words! {
    /// `multiprocessing.set_start_method`
    pub enum StartMethod {
        Fork = "fork" => "Copy the parent.",
        Spawn = "spawn" => "Start a new interpreter.",
        Forkserver = "forkserver" => "Ask a server process to fork.",
    }
}

words! {
    /// The state of the fork server when the clock starts.
    pub enum ForkServer {
        Cold = "cold" => "The first start of a process boots it.",
        Running = "running" => "It is up: the program has called forkserver.ensure_running() long before.",
    }
}

/// How an executor's worker processes are started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessStart {
    /// The start method.
    pub method: StartMethod,
    /// The state of the fork server. Without effect under the other start methods.
    pub fork_server: ForkServer,
}

impl From<StartMethod> for ProcessStart {
    /// With a fork server that is not up yet.
    fn from(method: StartMethod) -> Self {
        Self {
            method,
            fork_server: ForkServer::Cold,
        }
    }
}
