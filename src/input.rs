//! Reading the files that people write: TOML whose keys and values keep their places, so that every complaint can show
//! its line.
//!
//! A file becomes a [`Node`] tree. A [`Format`] says which keys and values a table may hold. A [`Reader`] decodes them, and
//! everything that does not fit becomes a complaint in one [`Complaints`] list, so that a person sees all mistakes at
//! once. Scenarios and profiles are both read this way.

mod complaints;
mod field;
mod file;
mod format;
mod place;
mod reader;
mod render;
mod suggest;
mod tree;
mod words;

pub use complaints::{Complaint, Complaints, Diagnostics};
pub use field::Field;
pub use file::read_text;
pub use format::{Choice, Format, Key, Presence, Shape, Word, Words};
pub use place::Place;
pub use reader::{Reader, Reading};
pub use suggest::{did_you_mean, list, nearest};
pub use tree::{Entry, Node, Table, Value, parse_document, parse_value};
pub use words::WordEnum;
pub(crate) use words::words;
