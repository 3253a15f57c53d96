//! How a replication or a repetition ended.

use crate::input::words;

words! {
    /// How a replication or a repetition ended, from the best to the worst.
    pub enum Status {
        Done = "done" => "All work was done.",
        Limit = "limit" => "The work was not done within the `limit` of simulated time.",
        Broken = "broken" => "A worker process died, and the executor raised an exception in the parent, such as `BrokenProcessPool`.",
        Crashed = "crashed" => "The parent process itself died.",
        OutOfMemory = "out-of-memory" => "Memory ran out, and the kernel killed the parent process.",
        Deadlock = "deadlock" => "No foreground thread could ever continue.",
        Failed = "failed" => "The real interpreter ended without a result; only in measurements.",
    }
}
