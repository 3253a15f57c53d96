//! Random numbers: streams that are named by keys, and the times that are sampled from them.
//!
//! A [`Key`] names a [`Stream`] by its purpose (seed, replication, task, item, step, repetition), not by when it is
//! used. So an item takes the same time under every executor, and adding a configuration or a worker changes no other
//! sample.
//!
//! ```
//! use gilsim::random::{Key, Time};
//! use gilsim::units::Nanos;
//!
//! let (seed, replication) = (7, 0);
//! let resize = Key::root(seed, replication).name("task").name("resize");
//! let time = Time::Exponential { mean: Nanos::from_millis(5) };
//! assert_eq!(time.sample_keyed(resize.number(17)), time.sample_keyed(resize.number(17)));
//! ```
//!
//! Streams are generators of the `rand` crate, and times implement its trait `Distribution`:
//!
//! ```
//! use gilsim::random::{Key, Stream, Time};
//! use gilsim::units::Nanos;
//! use rand::distr::Distribution;
//!
//! let time = Time::Uniform { min: Nanos::from_millis(5), max: Nanos::from_millis(6) };
//! let stream = Stream::named(Key::root(7, 0));
//! let three: Vec<Nanos> = time.sample_iter(stream).take(3).collect();
//! assert!(three.iter().all(|sample| (5_000_000..=6_000_000).contains(&sample.0)));
//! ```
//!
//! # The same samples on every platform and in every build
//! No floating-point function whose result depends on the platform (`f64::exp`, `ln`, `powf` and others; `clippy.toml`
//! forbids them) is used between a stream and a sample, only the operations that IEEE 754 defines exactly and the
//! `libm` crate. Therefore `rand` and `rand_distr` sample whatever needs exact operations alone, and the rest is
//! computed here:
//!
//! | from | what |
//! |---|---|
//! | `rand` | integers ([`Uniform`](rand::distr::Uniform)) and numbers between 0 and 1 ([`Open01`](rand::distr::Open01)) |
//! | `rand_distr` | triangular times, and which time of a mix a sample is from (`WeightedAliasIndex` over integers) |
//! | `variates` | normal, log-normal, exponential, Pareto and gamma times |
//!
//! The module `variates` is separate because `rand_distr` computes through `num-traits`, whose feature `std` swaps the
//! maths library. Any crate of a build can turn that feature on, and `plotters` does. `gilsim draws` prints the first
//! samples of every kind of time, to compare builds.

mod draws;
mod key;
mod mix;
mod stream;
mod table;
mod time;
mod variates;

pub use draws::first_draws;
pub use key::Key;
pub use mix::{Mix, Part};
pub use stream::Stream;
pub use table::Table;
pub(crate) use time::TIME;
pub use time::{Impossible, Time};
