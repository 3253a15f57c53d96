//! `asyncio`: one thread that runs many coroutines, each until it has to wait. Each file mirrors the file of the same name
//! in `Lib/asyncio/`; `executors` mirrors what `run_in_executor` needs from several.
//!
//! ```text
//!  loop    |select|callback|callback|  step of a task  |select| ... sleeps ... |callback|step|select|
//!  lock    -------+                                    +------+                +
//!          released, whether the loop waits or not
//! ```
//! A coroutine is an `async` block in Rust as well. When it waits for a [`Future`] of the loop, its step ends and the loop
//! continues. When it computes or makes a system call, the thread of the loop does so.

mod base_events;
mod executors;
mod futures;
mod locks;
mod selector_events;
mod streams;
mod tasks;

pub use base_events::EventLoop;
pub use futures::Future;
pub use locks::Semaphore;
pub use streams::{ListeningSocket, Stream};
#[cfg(feature = "internals")]
pub use tasks::Coroutine;
pub use tasks::Task;
