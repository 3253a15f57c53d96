//! The interpreter itself: CPython's folder `Python/`.
//!
//! | module | models |
//! |---|---|
//! | [`pystate`] | `pystate.c`: interpreters, thread states, attaching and detaching |
//! | [`ceval`] | `ceval.c`: running bytecode, checking the eval breaker |
//! | [`interpreter_lock`] | the choice between the following three, by version and build |
//! | [`ticker_lock`] | `ceval.c` before 3.2: the interpreter lock that is released every 100 ticks |
//! | [`ceval_gil`] | `ceval_gil.c` from 3.2 on: the interpreter lock that is handed over on request |
//! | [`stop_the_world`] | `pystate.c` of the free-threaded build, which has no interpreter lock |
//! | [`gc_free_threading`] | `gc_free_threading.c`: garbage collection, which stops the world |
//! | [`shared_objects`] | reference counts and locks of objects, in the free-threaded build |
//! | [`py_mutex`], [`parking_lot`] | `lock.c` and `parking_lot.c`, from 3.13 on |

mod ceval;
mod ceval_gil;
mod gc_free_threading;
mod interpreter_lock;
pub(crate) mod parking_lot;
pub(crate) mod py_mutex;
pub(crate) mod pystate;
mod shared_objects;
mod stop_the_world;
mod ticker_lock;

#[cfg(feature = "internals")]
pub use ceval_gil::{Gil, LockEvent, LockStep};
#[cfg(feature = "internals")]
pub use interpreter_lock::InterpreterLock;
#[cfg(feature = "internals")]
pub use py_mutex::PyMutex;
pub use pystate::{Interpreter, ThreadState};
#[cfg(feature = "internals")]
pub use ticker_lock::TickerLock;
