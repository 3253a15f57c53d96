//! How long things take, as distributions over whole nanoseconds.

use std::sync::Arc;

use crate::units::Nanos;

/// A length of time, fixed or random. Samples are rounded to whole nanoseconds at once.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Always the same.
    Constant(Nanos),
    /// Never ends; for background threads.
    Forever,
    /// Equally likely from `min` to `max`.
    Uniform {
        /// Shortest.
        min: Nanos,
        /// Longest.
        max: Nanos,
    },
    /// Memoryless.
    Exponential {
        /// Mean.
        mean: Nanos,
    },
    /// Normal, negative samples taken as zero.
    Normal {
        /// Mean before the cut at zero.
        mean: Nanos,
        /// Standard deviation over mean.
        cv: f64,
    },
    /// Log-normal with the given mean of the samples, not of their logarithm.
    LogNormal {
        /// Mean.
        mean: Nanos,
        /// Standard deviation over mean.
        cv: f64,
    },
    /// Gamma.
    Gamma {
        /// Mean.
        mean: Nanos,
        /// Standard deviation over mean.
        cv: f64,
    },
    /// Pareto: never shorter than `min`.
    Pareto {
        /// Shortest.
        min: Nanos,
        /// Above 1, so that there is a mean.
        shape: f64,
    },
    /// Each measured value equally likely.
    Empirical(Arc<[Nanos]>),
}
