//! `asyncio`: one thread that runs many coroutines, each up to where it has to wait.
//!
//! ```text
//!  loop    |select|callback|callback|  step of a task  |select| ... sleeps ... |callback|step|select|
//!  lock    -------+                                    +------+                +
//!          let go of, whether it waits or not
//! ```
//! A coroutine is an `async` block here as there. Where it waits for a [`Future`] of the loop, its step is over and the
//! loop goes on; where it computes or calls into the system, the loop's thread does.

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
pub use tasks::{Coroutine, Task};
