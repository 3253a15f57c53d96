//! A TOML document as a tree in which every key and value knows its place.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::complaints::{Complaint, Complaints};
use super::place::Place;

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Its place.
    pub place: Place,
}

/// The values of TOML, and the axis that a list becomes in a sweep.
#[derive(Clone, Debug)]
pub enum Value {
    /// `"..."`
    Text(String),
    /// An integer; one that does not fit becomes the largest or smallest, which is out of bounds everywhere.
    Integer(i128),
    /// A float, as written.
    Float(String),
    /// `true` or `false`
    Boolean(bool),
    /// A date or time, which no format uses.
    Datetime,
    /// `[...]`
    List(Vec<Node>),
    /// `{...}` or `[...]` on a line of its own
    Table(Table),
    /// A list that stands for one value at a time.
    Axis {
        /// The index of the axis, from 0.
        axis: usize,
        /// Its values, at least one.
        values: Vec<Node>,
    },
    /// A value that has been complained about already.
    Refused,
}

/// Keys and values in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The entries; each key occurs once.
    pub entries: Vec<Entry>,
}

/// One `key = value`.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key, without quotes.
    pub key: String,
    /// The key's place.
    pub key_place: Place,
    /// Its value.
    pub node: Node,
}

impl Node {
    /// The kind of the value in words, for the message that another kind was expected.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "text",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a number with a point",
            Value::Boolean(_) => "a truth value",
            Value::Datetime => "a date",
            Value::List(_) | Value::Axis { .. } => "a list",
            Value::Table(_) => "a table",
            Value::Refused => "nothing usable",
        }
    }
}

impl Table {
    /// No entries.
    pub const EMPTY: Self = Self { entries: Vec::new() };

    /// The entry of a key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The entry of a key, for changing it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.key == key)
    }
}

/// Parses a registered source. Complains about every syntax error, not just the first.
pub fn parse_document(complaints: &Complaints, source: usize, text: &str) -> Option<Node> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let value = Value::Table(convert_table(table.into_inner(), source, 0));
        return Some(Node {
            value,
            place: Place::whole(source),
        });
    }
    for error in errors {
        let (start, end) = error.span().map_or((0, 0), |span| (span.start, span.end));
        let title = format!("this is not TOML: {}", error.message());
        complaints.add(hint(
            Complaint::at(Place::new(source, start, end), title),
            error.message(),
            start,
            text,
        ));
    }
    None
}

/// Adds the usual cause of a syntax error.
fn hint(complaint: Complaint, message: &str, at: usize, text: &str) -> Complaint {
    if is_missing_quotes(message) {
        let rest = text[at..]
            .split(['\n', ',', ']', '}', '#'])
            .next()
            .unwrap_or_default()
            .trim();
        if rest.is_empty() {
            return complaint.label("a value is missing here");
        }
        return complaint.help(format!("write it in quotes: \"{rest}\""));
    }
    if message == "duplicate key" {
        let is_table = text[..at].ends_with('[');
        return complaint.help(if is_table {
            "each [table] may stand only once; [[task]], [[run]] and the like, of which there may be several, have two \
             pairs of brackets"
        } else {
            "each key may stand only once in a table: remove one of the two"
        });
    }
    if at >= text.trim_end().len() {
        return complaint
            .label("the file ends here")
            .help("is the file complete?");
    }
    complaint
}

/// Parses one value that starts at byte `offset` of a registered source. Texts need no quotes, as in `5ms`: a shell removes
/// quotes, or the user did not type them.
///
/// # Errors
/// The message of the TOML parser.
pub fn parse_value(source: usize, offset: usize, text: &str) -> Result<Node, String> {
    let (value, errors) = DeValue::parse_recoverable(text);
    match errors
        .iter()
        .find(|error| text.trim().is_empty() || !is_missing_quotes(error.message()))
    {
        None => Ok(convert(value, source, offset)),
        Some(error) => Err(error.message().to_owned()),
    }
}

fn is_missing_quotes(message: &str) -> bool {
    message.starts_with("string values must be quoted")
}

fn convert_table(table: DeTable<'_>, source: usize, offset: usize) -> Table {
    let entries = table
        .into_iter()
        .map(|(key, value)| {
            let span = key.span();
            Entry {
                key: key.into_inner().into_owned(),
                key_place: Place::new(source, offset + span.start, offset + span.end),
                node: convert(value, source, offset),
            }
        })
        .collect();
    Table { entries }
}

fn convert(value: Spanned<DeValue<'_>>, source: usize, offset: usize) -> Node {
    let span = value.span();
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(integer) => {
            let beyond = if integer.as_str().starts_with('-') {
                i128::MIN
            } else {
                i128::MAX
            };
            Value::Integer(i128::from_str_radix(integer.as_str(), integer.radix()).unwrap_or(beyond))
        }
        DeValue::Float(float) => Value::Float(float.as_str().to_owned()),
        DeValue::Boolean(boolean) => Value::Boolean(boolean),
        DeValue::Datetime(_) => Value::Datetime,
        DeValue::Array(array) => Value::List(array.into_iter().map(|v| convert(v, source, offset)).collect()),
        DeValue::Table(table) => Value::Table(convert_table(table, source, offset)),
    };
    Node {
        value,
        place: Place::new(source, offset + span.start, offset + span.end),
    }
}
