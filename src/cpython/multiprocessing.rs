//! `multiprocessing`: each file mirrors the file of the same name in `Lib/multiprocessing/`, except `channel`, which has no
//! counterpart.

mod channel;
pub(crate) mod connection;
mod context;
mod forkserver;
mod managers;
mod pool;
mod popen_fork;
mod popen_forkserver;
mod popen_spawn_posix;
pub(crate) mod process;
pub(crate) mod queues;
mod resource_tracker;
mod shared_memory;
mod spawn;
mod synchronize;

pub use channel::{Channel, Channels, SharedEnd};
pub use context::Launcher;
pub use pool::{ApplyResult, Callback, Pool, default_chunksize};
pub use process::Process;
pub use queues::SharedSimpleQueue;
pub use shared_memory::SharedMemory;
pub use synchronize::SemLock;
