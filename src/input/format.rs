//! What a file may hold, as data. The decoder, the sweep, `--set` and the JSON Schema all read these tables, so they
//! cannot disagree.

use crate::units::{Bytes, Nanos, grouped};

use super::suggest::list;

/// A table: its keys, in the order in which they are explained, swept and completed.
#[derive(Debug)]
pub struct Format {
    /// The name that messages use: `[machine]`, `a step with io`.
    pub name: &'static str,
    /// What the table is for, in one sentence.
    pub help: &'static str,
    /// Every key that the table may hold.
    pub keys: &'static [Key],
}

/// A key of a table.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The key as it is written.
    pub name: &'static str,
    /// What its value may be.
    pub shape: Shape,
    /// Whether the key must be there.
    pub presence: Presence,
    /// Whether a list of values here is a sweep axis.
    pub sweep: bool,
    /// What it means, in one sentence.
    pub help: &'static str,
}

/// Whether a key must be there, and which value it has where it is absent.
#[derive(Clone, Copy, Debug)]
pub enum Presence {
    /// The key must be there.
    Required,
    /// The key may be absent, and its absence has a meaning of its own.
    Optional,
    /// An absent key has this text as its value.
    Text(&'static str),
    /// An absent key has this integer as its value.
    Integer(u64),
    /// An absent key has this truth value as its value.
    Boolean(bool),
    /// Known, but not implemented yet: refused, with what to do instead.
    Later(&'static str),
}

impl Key {
    /// A key that must be there.
    pub const fn required(name: &'static str, shape: Shape, help: &'static str) -> Self {
        Self {
            name,
            shape,
            presence: Presence::Required,
            sweep: true,
            help,
        }
    }

    /// A key that may be absent.
    pub const fn optional(name: &'static str, shape: Shape, help: &'static str) -> Self {
        Self {
            name,
            shape,
            presence: Presence::Optional,
            sweep: true,
            help,
        }
    }

    /// A key whose default is `text`.
    pub const fn text(name: &'static str, shape: Shape, text: &'static str, help: &'static str) -> Self {
        Self {
            name,
            shape,
            presence: Presence::Text(text),
            sweep: true,
            help,
        }
    }

    /// A key whose default is `integer`.
    pub const fn integer(name: &'static str, shape: Shape, integer: u64, help: &'static str) -> Self {
        Self {
            name,
            shape,
            presence: Presence::Integer(integer),
            sweep: true,
            help,
        }
    }

    /// A key whose default is `boolean`.
    pub const fn boolean(name: &'static str, boolean: bool, help: &'static str) -> Self {
        Self {
            name,
            shape: Shape::Boolean,
            presence: Presence::Boolean(boolean),
            sweep: true,
            help,
        }
    }

    /// A key that is known, but not implemented yet, and what to do instead.
    pub const fn later(name: &'static str, instead: &'static str) -> Self {
        Self {
            name,
            shape: Shape::Text,
            presence: Presence::Later(instead),
            sweep: false,
            help: "not simulated yet",
        }
    }

    /// The same key, except that a list of values is not a sweep axis.
    pub const fn fixed(mut self) -> Self {
        self.sweep = false;
        self
    }

    /// Whether the key is known, but not implemented yet.
    pub const fn is_later(&self) -> bool {
        matches!(self.presence, Presence::Later(_))
    }
}

impl Format {
    /// The definition of a key.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The names of all keys that are simulated.
    pub fn names(&self) -> Vec<&'static str> {
        self.keys
            .iter()
            .filter(|key| !key.is_later())
            .map(|key| key.name)
            .collect()
    }
}

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Any text that is not empty.
    Text,
    /// Letters, digits, `_` and `-`, because the value becomes part of a dotted path.
    Name,
    /// `true` or `false`
    Boolean,
    /// A whole number, bounds included.
    Integer {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
    },
    /// A finite number above one bound and up to another.
    Number {
        /// Not included.
        above: f64,
        /// Included.
        max: f64,
    },
    /// A text such as `5ms`, bounds included.
    Duration {
        /// Shortest.
        min: Nanos,
        /// Longest.
        max: Nanos,
    },
    /// A text such as `64 KiB`.
    Size {
        /// Largest.
        max: Bytes,
    },
    /// One of a few words.
    Words(&'static Words),
    /// A text of a special form, which its decoder checks.
    Pattern {
        /// In words, with an example.
        what: &'static str,
        /// As a regular expression, for the schema.
        pattern: &'static str,
    },
    /// A table.
    Table(&'static Format),
    /// `[[name]]`, any number of times.
    Tables(&'static Format),
    /// A table with exactly one of several keys that say what it is.
    OneOf(&'static Choice),
    /// A list.
    List(&'static Shape),
    /// A table with keys that the user chooses.
    Map(&'static Shape),
    /// Any of these shapes.
    Either(&'static [Shape]),
}

/// A few words, and what each means.
#[derive(Debug)]
pub struct Words {
    /// Every word.
    pub list: &'static [Word],
    /// The subject of the message where any other value has a meaning that is not implemented yet.
    pub otherwise: Option<&'static str>,
}

/// One word of the format.
#[derive(Debug)]
pub struct Word {
    /// The word as it is written.
    pub text: &'static str,
    /// What it means, in one sentence.
    pub help: &'static str,
    /// Known, but not implemented yet.
    pub later: bool,
}

impl Word {
    /// A word and what it means.
    pub const fn new(text: &'static str, help: &'static str) -> Self {
        Self {
            text,
            help,
            later: false,
        }
    }

    /// A word that is known, but not implemented yet.
    pub const fn later(text: &'static str) -> Self {
        Self {
            text,
            help: "not simulated yet",
            later: true,
        }
    }
}

impl Words {
    /// The words that are simulated, in quotes.
    pub fn quoted(&self) -> Vec<String> {
        self.names().iter().map(|word| format!("\"{word}\"")).collect()
    }

    /// The words that are simulated.
    pub fn names(&self) -> Vec<&'static str> {
        self.list
            .iter()
            .filter(|word| !word.later)
            .map(|word| word.text)
            .collect()
    }
}

/// Tables that are distinguished by one key, their tag: the first key of each variant.
#[derive(Debug)]
pub struct Choice {
    /// Such a table, with an article: `a step`.
    pub what: &'static str,
    /// What messages call the tag: `verb`.
    pub tag: &'static str,
    /// What to do where there are two tags.
    pub split: &'static str,
    /// The variants, each with its tag first.
    pub variants: &'static [Format],
}

impl Choice {
    /// The tags of the variants that are simulated.
    pub fn tags(&self) -> Vec<&'static str> {
        self.variants
            .iter()
            .map(Format::tag)
            .filter(|key| !key.is_later())
            .map(|key| key.name)
            .collect()
    }

    /// The variant whose tag a table has. The table may also have the tag of another variant where that is a key of this
    /// one: `lock` is a verb, and also says which lock guards an update.
    pub fn variant_of(&self, has: impl Fn(&str) -> bool) -> Option<&'static Format> {
        let tags: Vec<&str> = self
            .variants
            .iter()
            .map(|variant| variant.tag().name)
            .filter(|tag| has(tag))
            .collect();
        self.variants
            .iter()
            .find(|variant| has(variant.tag().name) && tags.iter().all(|tag| variant.key(tag).is_some()))
    }
}

impl Format {
    /// The key that tells a variant of a [`Choice`] from the others.
    pub fn tag(&self) -> &'static Key {
        &self.keys[0]
    }
}

impl Shape {
    /// The shape in words: what was expected.
    pub fn describe(&self) -> String {
        match self {
            Self::Text => "text in quotes".to_owned(),
            Self::Name => "made of letters, digits, `_` and `-`".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Integer { min, max } => format!("an integer from {} to {}", grouped(*min), grouped(*max)),
            Self::Number { above, max } => format!("a number above {above} and up to {max}"),
            Self::Duration { .. } => "a duration such as \"5ms\"".to_owned(),
            Self::Size { .. } => "a size such as \"64 KiB\"".to_owned(),
            Self::Words(words) => list(&words.quoted(), "or"),
            Self::Pattern { what, .. } => (*what).to_owned(),
            Self::Table(format) => format!("a table with {}", list(&format.names(), "and")),
            Self::Tables(format) => format!("tables, each under its own {}", format.name),
            Self::OneOf(choice) => format!("{} with one of {}", choice.what, list(&choice.tags(), "or")),
            Self::List(_) => "a list in brackets".to_owned(),
            Self::Map(_) => "a table".to_owned(),
            Self::Either(shapes) => {
                let each: Vec<String> = shapes.iter().map(Self::describe).collect();
                list(&each, "or")
            }
        }
    }

    /// The alternatives of the shape, or the shape itself.
    pub fn alternatives(&self) -> &[Shape] {
        match self {
            Self::Either(shapes) => shapes,
            _ => std::slice::from_ref(self),
        }
    }
}
