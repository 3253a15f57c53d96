//! Places in the files that were read.

/// A text that complaints can refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// A file's path as the user typed it, or another name of the text.
    pub name: String,
    /// The text itself.
    pub text: String,
}

/// A stretch of a source, or all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Index of the source, as [`Complaints::add_source`](super::Complaints::add_source) gave it.
    pub source: usize,
    /// First byte and the byte after the last; `None` for the source as a whole.
    pub span: Option<(usize, usize)>,
}

impl Place {
    /// The whole source, for example because something is missing from it.
    pub const fn whole(source: usize) -> Self {
        Self { source, span: None }
    }

    /// Bytes `start..end` of a source.
    pub const fn new(source: usize, start: usize, end: usize) -> Self {
        Self {
            source,
            span: Some((start, end)),
        }
    }
}
