//! Structs that are written as JSON objects, with the meaning of each field for the reference.

/// A field of a JSON object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// As it stands in the file.
    pub name: &'static str,
    /// The lines of its doc comment.
    meaning: &'static [&'static str],
}

impl Field {
    /// A field with its doc comment, line by line.
    pub const fn new(name: &'static str, meaning: &'static [&'static str]) -> Self {
        Self { name, meaning }
    }

    /// What it means.
    pub fn meaning(&self) -> String {
        let lines: Vec<&str> = self.meaning.iter().map(|line| line.trim()).collect();
        lines.join(" ")
    }
}

/// Defines a struct that is written as a JSON object. Its doc comments are the text of the reference, so a field without
/// one does not compile.
macro_rules! record {
    (
        $(#[doc = $about:literal])+
        pub struct $name:ident {
            $(
                $(#[doc = $meaning:literal])+
                $(#[serde($($serde:tt)*)])?
                pub $field:ident: $type:ty,
            )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $(
                $(#[doc = $meaning])+
                $(#[serde($($serde)*)])?
                pub $field: $type,
            )+
        }

        impl $name {
            /// Every field, in the order in which they are written.
            pub(crate) const FIELDS: &'static [$crate::report::record::Field] =
                &[$($crate::report::record::Field::new(stringify!($field), &[$($meaning),+])),+];
        }
    };
}

pub(crate) use record;
