//! How a worker process is started.

/// `multiprocessing.set_start_method`
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StartMethod {
    /// Copy the parent.
    Fork,
    /// Start a new interpreter.
    Spawn,
    /// Ask a server process to fork.
    Forkserver {
        /// The server is up before the clock starts.
        running: bool,
    },
}
