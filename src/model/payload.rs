//! Data on its way to another process or interpreter.

use crate::input::words;
use crate::units::Bytes;

/// Data that crosses into another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Size once pickled.
    pub size: Bytes,
    /// What it is made of: decides how fast it pickles.
    pub kind: PayloadKind,
}

words! {
    /// What a payload is made of. [`PayloadKind::Bytes`] by default.
    #[derive(Default)]
    pub enum PayloadKind {
        #[default]
        Bytes = "bytes" => "One bytes object or array buffer.",
        ListFloat = "list[float]" => "A list of floats.",
        ListInt = "list[int]" => "A list of integers.",
        Dict = "dict" => "A dictionary from strings to numbers.",
        ListTuple = "list[tuple]" => "A list of small tuples.",
    }
}
