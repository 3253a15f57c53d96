//! A column of an output file: its name, the unit of its values and what it means. The reference pages are made of these.

/// A column that output files have under this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// As it stands in the first line of the file.
    pub name: &'static str,
    /// What its values are counted in.
    pub unit: Unit,
    /// What a value says, in one or two sentences of Markdown.
    pub meaning: &'static str,
}

/// What the values of a column are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A name or a sentence.
    Text,
    /// A number of things, or the mean of several such numbers.
    Count,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// A number of things per second.
    PerSecond,
    /// A part of a whole: 0.25 is a quarter.
    Fraction,
    /// How many times as large one thing is as another.
    Ratio,
    /// 1 for yes, 0 for no.
    Flag,
    /// That of the figure which another column of the row names.
    OfFigure,
}

impl Column {
    /// A column. One without a meaning does not compile, as long as this is called in a constant.
    pub const fn new(name: &'static str, unit: Unit, meaning: &'static str) -> Self {
        assert!(!meaning.is_empty(), "every column says what it means");
        Self { name, unit, meaning }
    }
}

impl Unit {
    /// As it is written in a table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Count => "count",
            Self::Seconds => "s",
            Self::Bytes => "bytes",
            Self::PerSecond => "1/s",
            Self::Fraction => "fraction",
            Self::Ratio => "ratio",
            Self::Flag => "1 or 0",
            Self::OfFigure => "that of the figure",
        }
    }
}
