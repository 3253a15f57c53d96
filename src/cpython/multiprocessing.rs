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

pub(crate) use channel::{Channel, Channels, SharedEnd};
pub(crate) use context::Launcher;
pub use pool::default_chunksize;
pub(crate) use pool::{ApplyResult, Callback, Pool};
pub(crate) use process::Process;
pub(crate) use queues::SharedSimpleQueue;
pub(crate) use shared_memory::SharedMemory;
pub(crate) use synchronize::SemLock;
