//! How the costs of a profile are declared: each field once, with its type, its bounds and its meaning.
//!
//! [`costs!`] turns such a declaration into the struct, into the table of the format from which the decoder, the
//! messages, the reference and the JSON Schema come, and into the code that reads it. A new field is one line in one
//! struct, and its value in the complete bundled profile.

use crate::input::{Complaint, Field, Key, Reader, Shape, WordEnum};
use crate::random::{TIME, Table, Time};
use crate::units::{Bytes, Nanos};

/// A value of a profile: what it may be, and how it is read.
pub(super) trait Cost: Sized {
    /// What it may be, where the field sets no bounds of its own.
    const SHAPE: Shape;

    /// The value of a field, or `None` after complaining about it.
    fn read(field: &Field<'_>) -> Option<Self>;
}

/// Costs that stand together in one table of a profile.
pub(super) trait CostTable: Sized {
    /// What they are, in one sentence.
    const HELP: &'static str;
    /// Their keys.
    const KEYS: &'static [Key];

    /// All of them, or `None` after complaining. The reader's format has at least these keys.
    fn read_all(reader: &Reader<'_>) -> Option<Self>;
}

/// Declares structs of costs. The documentation of a field is its help text; `#[key("...")]` gives the key where it is
/// not the field's name, `#[shape(...)]` gives bounds narrower than those of the type. A name in quotes makes the
/// struct a table of its own; without it, another struct has its keys in the same table.
macro_rules! costs {
    ($(
        $(#[doc = $about:tt])+
        $visibility:vis struct $name:ident $(in $table:literal)? {
            $(
                $(#[doc = $help:tt])+
                $(#[key($key:literal)])?
                $(#[shape($shape:expr)])?
                $field_visibility:vis $field:ident: $type:ty,
            )+
        }
    )+) => {$(
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq)]
        $visibility struct $name {
            $(
                $(#[doc = $help])+
                $field_visibility $field: $type,
            )+
        }

        impl $crate::profile::declare::CostTable for $name {
            const HELP: &'static str = concat!($($about),+).trim_ascii();
            const KEYS: &'static [$crate::input::Key] = &[$(
                $crate::input::Key::required(
                    costs!(@key $field $($key)?),
                    costs!(@shape $type $(, $shape)?),
                    concat!($($help),+).trim_ascii(),
                )
                .fixed(),
            )+];

            fn read_all(reader: &$crate::input::Reader<'_>) -> Option<Self> {
                // Everything is read before anything is missed, so that each mistake is reported.
                $(let $field = $crate::profile::declare::read(reader, costs!(@key $field $($key)?));)+
                Some(Self { $($field: $field?),+ })
            }
        }

        $(
            impl $name {
                /// The table of the format.
                pub(super) const FORMAT: &'static $crate::input::Format = &$crate::input::Format {
                    name: $table,
                    help: <Self as $crate::profile::declare::CostTable>::HELP,
                    keys: <Self as $crate::profile::declare::CostTable>::KEYS,
                };
            }

            impl $crate::profile::declare::Cost for $name {
                const SHAPE: $crate::input::Shape = $crate::input::Shape::Table(Self::FORMAT);

                fn read(field: &$crate::input::Field<'_>) -> Option<Self> {
                    let reader = $crate::input::Reader::open(field.reading, field.node, Self::FORMAT)?;
                    <Self as $crate::profile::declare::CostTable>::read_all(&reader)
                }
            }
        )?
    )+};
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
    (@shape $type:ty) => { <$type as $crate::profile::declare::Cost>::SHAPE };
    (@shape $type:ty, $shape:expr) => { $shape };
}

pub(super) use costs;

/// The value under a key, if it is there and as it must be.
pub(super) fn read<C: Cost>(reader: &Reader<'_>, key: &str) -> Option<C> {
    C::read(&reader.given(key)?)
}

/// A time that may be zero and is at most `max`.
pub(super) const fn at_most(max: Nanos) -> Shape {
    Shape::Duration {
        min: Nanos::ZERO,
        max,
    }
}

/// A time of at least 1 ns and at most `max`.
pub(super) const fn some_time_up_to(max: Nanos) -> Shape {
    Shape::Duration { min: Nanos(1), max }
}

/// A time of at least 1 ns: a thread that does nothing else would otherwise never end.
pub(super) const SOME_TIME: Shape = some_time_up_to(Nanos::LONGEST);

/// The largest size of anything, 1 TiB.
const LARGEST: Bytes = Bytes(1 << 40);

impl Cost for Nanos {
    const SHAPE: Shape = at_most(Self::LONGEST);

    fn read(field: &Field<'_>) -> Option<Self> {
        field.duration()
    }
}

impl Cost for Bytes {
    const SHAPE: Shape = Shape::Size { max: LARGEST };

    fn read(field: &Field<'_>) -> Option<Self> {
        field.size()
    }
}

impl Cost for bool {
    const SHAPE: Shape = Shape::Boolean;

    fn read(field: &Field<'_>) -> Option<Self> {
        field.boolean()
    }
}

/// A number out of 1024.
impl Cost for u64 {
    const SHAPE: Shape = Shape::Integer { min: 0, max: 1 << 20 };

    fn read(field: &Field<'_>) -> Option<Self> {
        field.integer()
    }
}

impl<W: WordEnum> Cost for W {
    const SHAPE: Shape = Shape::Words(W::WORDS);

    fn read(field: &Field<'_>) -> Option<Self> {
        field.word_of()
    }
}

impl Cost for String {
    const SHAPE: Shape = Shape::Text;

    fn read(field: &Field<'_>) -> Option<Self> {
        field.text().map(str::to_owned)
    }
}

impl Cost for Table {
    const SHAPE: Shape = TIME;

    fn read(field: &Field<'_>) -> Option<Self> {
        Time::read(field).map(Self::from)
    }
}

/// At least one number.
impl Cost for Vec<u64> {
    const SHAPE: Shape = Shape::List(&<u64 as Cost>::SHAPE);

    fn read(field: &Field<'_>) -> Option<Self> {
        let elements = field.elements()?;
        if elements.is_empty() {
            return field.refuse(
                Complaint::at(field.node.place, format!("`{}` has no numbers", field.name))
                    .label("an empty list")
                    .help("write at least one"),
            );
        }
        let numbers: Vec<Option<u64>> = elements.iter().map(Field::integer).collect();
        numbers.into_iter().collect()
    }
}

/// The keys of two structs, which stand in one table.
pub(super) const fn together<const LENGTH: usize>(first: &[Key], second: &[Key]) -> [Key; LENGTH] {
    assert!(first.len() + second.len() == LENGTH);
    let mut keys = [if first.is_empty() { second[0] } else { first[0] }; LENGTH];
    let mut index = 0;
    while index < LENGTH {
        keys[index] = if index < first.len() {
            first[index]
        } else {
            second[index - first.len()]
        };
        index += 1;
    }
    keys
}
