//! Data on its way to another process or interpreter.

use crate::units::Bytes;

/// Data that crosses into another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Size once pickled.
    pub size: Bytes,
    /// What it is made of: decides how fast it pickles.
    pub kind: PayloadKind,
}

/// What a payload is made of. [`PayloadKind::Bytes`] where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PayloadKind {
    /// `"bytes"`: one bytes object or array buffer.
    #[default]
    Bytes,
    /// `"list[float]"`
    ListFloat,
    /// `"list[int]"`
    ListInt,
    /// `"dict"`
    Dict,
    /// `"list[tuple]"`
    ListTuple,
}
