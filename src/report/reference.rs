//! The reference pages of the book, made from the tables and types that own what they describe.
//!
//! `gilsim reference` writes them, and a test fails where a page differs from what the code says.

mod formats;
pub(crate) mod markdown;
mod outputs;
mod profile;
mod scenario;

/// The pages about files, each with its name: what scenarios and profiles may hold, and what every command writes.
pub(crate) fn pages() -> [(&'static str, String); 3] {
    [
        ("scenario.md", scenario::page()),
        ("profile.md", profile::page()),
        ("outputs.md", outputs::page()),
    ]
}
