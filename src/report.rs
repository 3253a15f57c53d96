//! Turns results into console tables, CSV, JSON, plots and manifests. Nothing here knows how results were made.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::results::Results;

pub mod compared;
mod console;
mod csv;
pub(crate) mod human;
mod json;
mod manifest;
pub mod measured;
mod output;
mod plot;
pub mod probed;
pub mod published;
mod record;
pub(crate) mod reference;
mod table;
pub mod validated;

#[cfg(feature = "internals")]
pub use manifest::Difference;
pub use manifest::Manifest;
pub use output::{OutputFile, Outputs};
pub use table::table;

/// `results.csv` as text, for `--format csv`.
pub fn csv(results: &Results) -> String {
    String::from_utf8(csv::results(results)).expect("CSV is made of strings, commas and line breaks")
}

/// The rows of `results.csv` as JSON, for `--format json`.
pub fn json(results: &Results) -> String {
    json::results(results)
}

/// Why a report could not be made.
#[derive(Debug, Error)]
pub enum ReportError {
    /// Files cannot be written to the output folder. Nothing was changed in it.
    #[error(
        "cannot write results to {}: {source}\n\
         nothing was written; make the folder writable, or name another one with --out DIR",
        folder.display()
    )]
    Folder {
        /// As the user or the scenario named it.
        folder: PathBuf,
        /// The operating system's own message.
        source: io::Error,
    },
    /// The plotting library failed.
    #[error(
        "cannot draw {file}: {reason}\nplease report this, with the scenario; results.csv has all figures"
    )]
    Plot {
        /// Which file.
        file: &'static str,
        /// The library's own message.
        reason: String,
    },
    /// A file of an earlier command that cannot be read.
    #[error("cannot use {}: {reason}", path.display())]
    Unreadable {
        /// As the user named it, or as it was found beside what the user named.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A manifest that cannot be read.
    #[error("cannot read the manifest {}: {source}\n--verify takes the manifest.json of an earlier run", path.display())]
    ManifestUnreadable {
        /// As the user named it.
        path: PathBuf,
        /// The operating system's own message.
        source: io::Error,
    },
    /// A file that is not a manifest of this version.
    #[error(
        "{} is not a manifest that this gilsim {} can check: {source}\n\
         --verify takes the manifest.json of an earlier run, unchanged",
        path.display(),
        env!("CARGO_PKG_VERSION")
    )]
    ManifestInvalid {
        /// As the user named it.
        path: PathBuf,
        /// Where and what is wrong.
        source: serde_json::Error,
    },
}
