//! One value of a tree, checked against its shape while it is decoded.

use std::fmt;

use crate::units::{Bytes, Nanos, QuantityError};

use super::complaints::Complaint;
use super::format::{Shape, Words};
use super::reader::Reading;
use super::suggest::{did_you_mean, list};
use super::tree::{Node, Table, Value};
use super::words::WordEnum;

/// A value, its name and its shape. Every method that decodes it returns `None` after complaining.
#[derive(Clone, Copy, Debug)]
pub struct Field<'t> {
    /// The list of complaints, and the point of the sweep that is read.
    pub reading: Reading<'t>,
    /// The value, any axis resolved.
    pub node: &'t Node,
    /// Its key.
    pub name: &'t str,
    /// What it may be.
    pub shape: &'static Shape,
}

impl<'t> Field<'t> {
    /// An integer within the shape's bounds.
    pub fn integer(&self) -> Option<u64> {
        let (min, max) = self.alternative(|shape| match shape {
            Shape::Integer { min, max } => Some((*min, *max)),
            _ => None,
        })?;
        let Value::Integer(value) = self.node.value else {
            return self.mistaken();
        };
        match u64::try_from(value) {
            Ok(value) if (min..=max).contains(&value) => Some(value),
            _ => self.out_of_bounds(if value < i128::from(min) {
                "too small"
            } else {
                "too large"
            }),
        }
    }

    /// A number within the shape's bounds; an integer is a number.
    pub fn number(&self) -> Option<f64> {
        let (above, max) = self.alternative(|shape| match shape {
            Shape::Number { above, max } => Some((*above, *max)),
            _ => None,
        })?;
        let value = match &self.node.value {
            Value::Integer(value) => *value as f64,
            Value::Float(text) => text.replace('_', "").parse().unwrap_or(f64::NAN),
            _ => return self.mistaken(),
        };
        if value > above && value <= max {
            return Some(value);
        }
        self.out_of_bounds(match value {
            _ if value > max => "too large",
            _ if value <= above => "too small",
            _ => "not a number",
        })
    }

    /// A duration within the shape's bounds.
    pub fn duration(&self) -> Option<Nanos> {
        let (min, max) = self.alternative(|shape| match shape {
            Shape::Duration { min, max } => Some((*min, *max)),
            _ => None,
        })?;
        let value: Nanos = self.quantity()?;
        if value < min {
            let why = if value == Nanos::ZERO {
                "zero".to_owned()
            } else {
                format!("shorter than {min}")
            };
            return self.out_of_bounds(&why);
        }
        if value > max {
            return self.out_of_bounds(&format!("longer than {}", Longest(max)));
        }
        Some(value)
    }

    /// A size within the shape's bounds.
    pub fn size(&self) -> Option<Bytes> {
        let max = self.alternative(|shape| match shape {
            Shape::Size { max } => Some(*max),
            _ => None,
        })?;
        let value: Bytes = self.quantity()?;
        if value > max {
            self.out_of_bounds(&format!("more than {max}"))
        } else {
            Some(value)
        }
    }

    /// Text that is not empty.
    pub fn text(&self) -> Option<&'t str> {
        let Value::Text(text) = &self.node.value else {
            return self.mistaken();
        };
        if text.trim().is_empty() || text.chars().any(char::is_control) {
            return self.complain(
                format!("`{}` must be a line of text", self.name),
                "there is nothing to read here",
            );
        }
        Some(text)
    }

    /// Letters, digits, `_` and `-`.
    pub fn identifier(&self) -> Option<&'t str> {
        let text = self.text()?;
        let wrong = text
            .chars()
            .find(|c| !(c.is_alphanumeric() || matches!(c, '_' | '-')));
        match wrong {
            None => Some(text),
            Some(c) => self.complain(
                format!("`{}` must be {}", self.name, self.shape.describe()),
                &format!("`{c}` cannot be part of a dotted path"),
            ),
        }
    }

    /// `true` or `false`
    pub fn boolean(&self) -> Option<bool> {
        match self.node.value {
            Value::Boolean(value) => Some(value),
            _ => self.mistaken(),
        }
    }

    /// One of the shape's words.
    pub fn word(&self) -> Option<&'static str> {
        let words: &'static Words = self.alternative(|shape| match shape {
            Shape::Words(words) => Some(*words),
            _ => None,
        })?;
        let text = match &self.node.value {
            Value::Text(text) => text.as_str(),
            Value::Refused | Value::List(_) => return self.mistaken(),
            _ if words.otherwise.is_some() => "",
            _ => return self.mistaken(),
        };
        match words.list.iter().find(|word| word.text == text) {
            Some(word) if !word.later => Some(word.text),
            Some(word) => self.not_yet(&format!("`{}`", word.text), words),
            None if words.otherwise.is_some() => self.not_yet(words.otherwise.unwrap_or_default(), words),
            None => {
                let mut complaint =
                    Complaint::at(self.node.place, format!("`{}` cannot be \"{text}\"", self.name))
                        .label("not one of them");
                if let Some(guess) = did_you_mean(text, words.list.iter().map(|word| word.text)) {
                    complaint = complaint.label(guess);
                }
                self.refuse(complaint.help(format!(
                    "`{}` is one of {}",
                    self.name,
                    list(&words.quoted(), "and")
                )))
            }
        }
    }

    /// The variant of an enum whose words the shape lists.
    pub fn word_of<W: WordEnum>(&self) -> Option<W> {
        let word = self.word()?;
        Some(W::from_word(word).expect("the shape lists the words of this enum"))
    }

    /// The elements of a list, each as a field of its own.
    pub fn elements(&self) -> Option<Vec<Field<'t>>> {
        let element = self.alternative(|shape| match shape {
            Shape::List(element) => Some(*element),
            _ => None,
        })?;
        let Value::List(nodes) = &self.node.value else {
            return self.mistaken();
        };
        Some(
            nodes
                .iter()
                .map(|node| self.reading.field(node, self.name, element))
                .collect(),
        )
    }

    /// A table with keys of the user's choice: each key, its place and its value.
    pub fn pairs(&self) -> Option<Vec<(&'t str, super::Place, Field<'t>)>> {
        let element = self.alternative(|shape| match shape {
            Shape::Map(element) => Some(*element),
            _ => None,
        })?;
        let table = self.table()?;
        let pair = |entry: &'t super::Entry| {
            (
                entry.key.as_str(),
                entry.key_place,
                self.reading.field(&entry.node, &entry.key, element),
            )
        };
        Some(table.entries.iter().map(pair).collect())
    }

    /// A table.
    pub fn table(&self) -> Option<&'t Table> {
        match &self.node.value {
            Value::Table(table) => Some(table),
            _ => self.mistaken(),
        }
    }

    /// The tables of an array of tables, each as a node.
    pub fn tables(&self) -> Option<&'t [Node]> {
        match &self.node.value {
            Value::List(nodes) => Some(nodes),
            Value::Table(_) => self.refuse(
                Complaint::at(
                    self.node.place,
                    format!("[[{}]] has two pairs of brackets", self.name),
                )
                .label("one pair is missing")
                .help(format!("there may be several: write [[{}]]", self.name)),
            ),
            _ => self.mistaken(),
        }
    }

    /// A number with a unit.
    fn quantity<Q: std::str::FromStr<Err = QuantityError>>(&self) -> Option<Q> {
        match &self.node.value {
            Value::Text(text) => match text.parse() {
                Ok(value) => Some(value),
                Err(error) => self.refuse(
                    Complaint::at(
                        self.node.place,
                        format!("`{}` is not {}", self.name, self.quantity_in_words()),
                    )
                    .label(error.to_string())
                    .help(error.help()),
                ),
            },
            Value::Integer(_) | Value::Float(_) => {
                let written = self.reading.complaints.text(self.node.place);
                match written.parse::<Q>() {
                    Err(error) => self.refuse(
                        Complaint::at(self.node.place, format!("`{}` needs a unit", self.name))
                            .label("a number alone says neither seconds nor bytes")
                            .help(error.help()),
                    ),
                    Ok(_) => self.mistaken(),
                }
            }
            _ => self.mistaken(),
        }
    }

    fn quantity_in_words(&self) -> String {
        let is_quantity = |shape: &&Shape| matches!(shape, Shape::Duration { .. } | Shape::Size { .. });
        self.shape
            .alternatives()
            .iter()
            .find(is_quantity)
            .unwrap_or(self.shape)
            .describe()
    }

    /// Complains that the value is of another kind than the shape requires.
    pub fn mistaken<T>(&self) -> Option<T> {
        if matches!(self.node.value, Value::Refused) {
            return None;
        }
        let mut complaint = Complaint::at(
            self.node.place,
            format!("`{}` must be {}", self.name, self.shape.describe()),
        )
        .label(format!("this is {}", self.node.kind()));
        let wants_text = self.shape.alternatives().iter().any(|shape| {
            matches!(
                shape,
                Shape::Text | Shape::Name | Shape::Words(_) | Shape::Pattern { .. }
            )
        });
        let wants_plain = matches!(
            self.shape,
            Shape::Integer { .. } | Shape::Number { .. } | Shape::Boolean
        );
        let is_plain = |text: &str| text.parse::<f64>().is_ok() || text == "true" || text == "false";
        match &self.node.value {
            Value::Integer(_) | Value::Float(_) | Value::Boolean(_) if wants_text => {
                let written = self.reading.complaints.text(self.node.place);
                complaint = complaint.help(format!("write it in quotes: \"{written}\""));
            }
            Value::List(_) if self.reading.has_sweeps() => {
                complaint = complaint.help("a list sweeps over its values, but not here");
            }
            Value::List(_) => complaint = complaint.help("write one value without brackets"),
            Value::Table(_)
                if self
                    .shape
                    .alternatives()
                    .iter()
                    .any(|shape| matches!(shape, Shape::List(_))) =>
            {
                complaint = complaint.help("put it in brackets: [{ ... }]");
            }
            Value::Text(text) if wants_plain && is_plain(text) => {
                complaint = complaint.help(format!("write it without quotes: {text}"));
            }
            _ => {}
        }
        self.refuse(complaint)
    }

    /// Complains about a value outside its bounds.
    fn out_of_bounds<T>(&self, why: &str) -> Option<T> {
        let shape = self.shape.alternatives().iter().find(|shape| {
            !matches!(
                shape,
                Shape::Words(_) | Shape::Pattern { .. } | Shape::OneOf(_) | Shape::Table(_)
            )
        });
        let expected = match shape {
            Some(Shape::Duration { min, max }) if min.0 == 1 => {
                format!("more than zero and at most {}", Longest(*max))
            }
            Some(Shape::Duration { min, max }) if min.0 == 0 => format!("at most {}", Longest(*max)),
            Some(Shape::Duration { min, max }) => format!("from {min} to {}", Longest(*max)),
            Some(Shape::Size { max }) => format!("at most {max}"),
            Some(shape) => shape.describe(),
            None => self.shape.describe(),
        };
        self.complain(format!("`{}` must be {expected}", self.name), why)
    }

    /// Refuses a word that is known, but not implemented yet.
    fn not_yet<T>(&self, what: &str, words: &Words) -> Option<T> {
        self.refuse(
            Complaint::at(self.node.place, format!("{what} is not simulated yet"))
                .label("not implemented yet")
                .help(format!(
                    "what is: {} = {}",
                    self.name,
                    list(&words.quoted(), "or")
                )),
        )
    }

    /// Complains about this value.
    pub fn complain<T>(&self, title: impl Into<String>, label: &str) -> Option<T> {
        self.refuse(Complaint::at(self.node.place, title).label(label))
    }

    /// Adds a complaint and returns `None`.
    pub fn refuse<T>(&self, complaint: Complaint) -> Option<T> {
        self.reading.complaints.refuse(complaint)
    }

    /// The alternative of the shape that `pick` accepts. Complains where the shape has none.
    fn alternative<A>(&self, pick: impl Fn(&'static Shape) -> Option<A>) -> Option<A> {
        let shape: &'static Shape = self.shape;
        match shape.alternatives().iter().find_map(pick) {
            Some(alternative) => Some(alternative),
            None => self.mistaken(),
        }
    }
}

/// An upper bound in words: in days where it is a whole number of them.
struct Longest(Nanos);

impl fmt::Display for Longest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: u64 = 24 * 3_600_000_000_000;
        if self.0.0 > 0 && self.0.0.is_multiple_of(DAY) {
            write!(f, "{} days", self.0.0 / DAY)
        } else {
            write!(f, "{}", self.0)
        }
    }
}
