//! Keyed random streams: every draw has a name, so the same item takes the same time under every executor.
//!
//! A stream is named by what it is for (seed, replication, task, item, step, repeat index), never by when it is
//! asked: adding a configuration or a worker changes no other draw.
//!
//! ```
//! use gilsim::random::{Time, Key};
//! use gilsim::units::Nanos;
//!
//! let seed = 7;
//! let replication = 0;
//! let resize = Key::root(seed, replication).name("task").name("resize");
//! let time = Time::Exponential { mean: Nanos::from_millis(5) };
//! assert_eq!(time.sample_keyed(resize.number(17)), time.sample_keyed(resize.number(17)));
//! ```
//!
//! Draws are the same on every platform and in every build. To keep it so, no floating-point function whose result
//! the platform may choose (`f64::exp`, `ln`, `powf`, ...; `clippy.toml` forbids them) comes between a stream and a
//! sample: only IEEE 754's exact operations and the `libm` crate. `rand_distr` cannot promise that, since it computes
//! through `num-traits`, whose `std` feature (on, as soon as any crate of the build asks for it) swaps the library.

mod draws;
mod key;
mod stream;
mod table;
mod time;
mod variates;

pub use draws::first_draws;
pub use key::Key;
pub use stream::Stream;
pub use table::Table;
pub use time::{Impossible, Time};
