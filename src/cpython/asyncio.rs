//! `asyncio`: one thread that runs many coroutines, each up to where it has to wait.
//!
//! ```text
//!  loop    |select|callback|callback|  step of a task  |select| ... sleeps ... |callback|step|select|
//!  lock    -------+                                    +------+                +
//!          let go of, whether it waits or not
//! ```
//! A coroutine is an `async` block here as there. Where it waits for a [`Future`] of the loop, its step is over and the
//! loop goes on; where it computes or calls into the system, the loop's thread does.

mod event_loop;
mod executors;
mod futures;
mod locks;
mod selector;
mod streams;
mod tasks;

pub use event_loop::EventLoop;
pub use futures::Future;
pub use locks::Semaphore;
pub use streams::{ListeningSocket, Stream};
pub use tasks::{Coroutine, Task};
