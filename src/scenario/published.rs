//! `[published]`: figures that other people measured and published.

mod read;

pub(super) use read::{matched_paths, published};

/// `[published]`: published figures, read from their file.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// The CSV file as named in the scenario.
    pub file: String,
    /// The column that holds the figure, and the column of our results that means the same.
    pub metric: Metric,
    /// One cell for each row of the file whose figure is not empty.
    pub cells: Vec<Cell>,
}

/// A pair of columns that mean the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// The column of the published file.
    pub theirs: String,
    /// The column of `results.csv`, for example `makespan_s` or `throughput_per_s`.
    pub ours: String,
}

/// One published figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The configurations that it belongs to: `(path or results column, value)`, with numbers in SI units.
    pub matches: Vec<(String, MatchValue)>,
    /// The figure.
    pub value: f64,
    /// Whether the profile was fitted to this cell. Such a cell is not a prediction and is not judged.
    pub fitted: bool,
}

/// A value in a published table.
#[derive(Clone, Debug, PartialEq)]
pub enum MatchValue {
    /// A number in SI units.
    Number(f64),
    /// Anything else.
    Text(String),
}
