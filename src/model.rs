//! The words of the field: interpreters and their versions, data, processes and channels.
//!
//! A scenario is written in these words, `cpython` acts on them, and the real interpreter is asked for them. They know
//! nothing of files, of simulated machines or of each other's users.

mod channel;
pub mod draws;
mod payload;
mod start_method;
mod version;

pub use channel::ChannelKind;
pub use payload::{Payload, PayloadKind};
pub use start_method::{ForkServer, ProcessStart, StartMethod};
pub use version::{Python, Version};
