//! Decodes the values of one table of a tree by the table's format.

use crate::units::{Bytes, Nanos};

use super::complaints::{Complaint, Complaints};
use super::field::Field;
use super::format::{Choice, Format, Key, Presence, Shape};
use super::place::Place;
use super::suggest::{did_you_mean, list, nearest};
use super::tree::{Entry, Node, Table, Value};
use super::words::WordEnum;

/// The list of complaints, and the point of the sweep that is read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'t> {
    /// The list of complaints.
    pub complaints: &'t Complaints,
    /// For each axis, the index of its value; an axis beyond the end has its first value. `None` in a file without
    /// sweeps.
    choice: Option<&'t [usize]>,
}

impl<'t> Reading<'t> {
    /// Reads a file without sweeps.
    pub fn new(complaints: &'t Complaints) -> Self {
        Self {
            complaints,
            choice: None,
        }
    }

    /// Reads a file at the point of its sweep where each axis has the value with this index.
    pub fn at(complaints: &'t Complaints, choice: &'t [usize]) -> Self {
        Self {
            complaints,
            choice: Some(choice),
        }
    }

    /// Whether a list may stand for one value at a time.
    pub(super) fn has_sweeps(&self) -> bool {
        self.choice.is_some()
    }

    /// The value that an axis has at this point of the sweep; any other node is itself.
    pub fn resolve(&self, node: &'t Node) -> &'t Node {
        match &node.value {
            Value::Axis { axis, values } => {
                let choice = self
                    .choice
                    .and_then(|choice| choice.get(*axis))
                    .copied()
                    .unwrap_or(0);
                values.get(choice).unwrap_or(node)
            }
            _ => node,
        }
    }

    /// A value with its name and its shape.
    pub fn field(&self, node: &'t Node, name: &'t str, shape: &'static Shape) -> Field<'t> {
        Field {
            reading: *self,
            node: self.resolve(node),
            name,
            shape,
        }
    }

    /// Opens a table as the variant of a choice that its tag names.
    pub fn open_choice(&self, node: &'t Node, choice: &'static Choice) -> Option<Reader<'t>> {
        let node = self.resolve(node);
        let table = match &node.value {
            Value::Table(table) => table,
            Value::Refused => return None,
            _ => {
                let complaint = Complaint::at(node.place, format!("expected {}", choice.what))
                    .label(format!("this is {}", node.kind()))
                    .help(format!(
                        "{} is a table with one of {}",
                        choice.what,
                        list(&choice.tags(), "or")
                    ));
                return self.complaints.refuse(complaint);
            }
        };
        let is_tag = |entry: &&Entry| {
            choice
                .variants
                .iter()
                .any(|variant| variant.tag().name == entry.key)
        };
        let tags: Vec<&Entry> = table.entries.iter().filter(is_tag).collect();
        let variant_of = |entry: &Entry| {
            choice
                .variants
                .iter()
                .find(|variant| variant.tag().name == entry.key)
        };
        if let Some(entry) = tags
            .iter()
            .find(|entry| variant_of(entry).is_some_and(|v| v.tag().is_later()))
        {
            return self.refuse_later(variant_of(entry)?.tag(), entry);
        }
        if let Some(variant) = choice.variant_of(|tag| table.get(tag).is_some()) {
            return Reader::open_among(*self, node, variant, choice.variants);
        }
        match tags.as_slice() {
            [] | [_] => self.refuse_untagged(node.place, table, choice),
            [first, second, ..] => self.complaints.refuse(
                Complaint::at(
                    second.key_place,
                    format!("two {}s in {}", choice.tag, choice.what),
                )
                .label("and the second")
                .see(first.key_place, "the first")
                .help(format!(
                    "{} has exactly one {}: {}",
                    choice.what, choice.tag, choice.split
                )),
            ),
        }
    }

    /// Complains about a table that has no tag.
    fn refuse_untagged<T>(&self, place: Place, table: &Table, choice: &'static Choice) -> Option<T> {
        let help = format!("the {}s are {}", choice.tag, list(&choice.tags(), "and"));
        let is_known = |key: &str| choice.variants.iter().any(|variant| variant.key(key).is_some());
        let unknown = table.entries.iter().find(|entry| !is_known(&entry.key));
        let complaint = match unknown {
            Some(entry) => Complaint::at(entry.key_place, format!("unknown {} `{}`", choice.tag, entry.key))
                .label(did_you_mean(&entry.key, choice.tags()).unwrap_or_default()),
            None => Complaint::at(place, format!("{} without a {}", choice.what, choice.tag)),
        };
        self.complaints.refuse(complaint.help(help))
    }

    /// Complains about a key that is known, but not implemented yet.
    fn refuse_later<T>(&self, key: &Key, entry: &Entry) -> Option<T> {
        let Presence::Later(instead) = key.presence else {
            return None;
        };
        let complaint = Complaint::at(entry.key_place, format!("`{}` is not simulated yet", key.name))
            .label("not implemented yet")
            .help(instead);
        self.complaints.refuse(complaint)
    }
}

/// A table whose keys have been checked; its values are checked as they are decoded.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'t> {
    /// The list of complaints, and the point of the sweep that is read.
    pub reading: Reading<'t>,
    /// The whole table's place.
    pub place: Place,
    /// What it may hold.
    pub format: &'static Format,
    table: &'t Table,
}

impl<'t> Reader<'t> {
    /// Checks a table's keys and complains about those that are unknown, missing or not implemented yet. `None` if the
    /// value is not a table.
    pub fn open(reading: Reading<'t>, node: &'t Node, format: &'static Format) -> Option<Self> {
        Self::open_among(reading, node, format, &[])
    }

    /// As [`Reader::open`]; an unknown key may belong to one of the `siblings`.
    fn open_among(
        reading: Reading<'t>,
        node: &'t Node,
        format: &'static Format,
        siblings: &'static [Format],
    ) -> Option<Self> {
        let node = reading.resolve(node);
        let table = match &node.value {
            Value::Table(table) => table,
            Value::Refused => return None,
            _ => return reading.complaints.refuse(no_table(node, format)),
        };
        let reader = Self {
            reading,
            place: node.place,
            format,
            table,
        };
        for entry in &table.entries {
            match format.key(&entry.key) {
                None => reader.refuse_unknown(entry, siblings),
                Some(key) if key.is_later() => {
                    let _: Option<()> = reading.refuse_later(key, entry);
                }
                Some(_) => {}
            }
        }
        let is_missing = |key: &&Key| matches!(key.presence, Presence::Required) && !reader.has(key.name);
        for key in format.keys.iter().filter(is_missing) {
            reader.refuse_missing(key);
        }
        Some(reader)
    }

    fn refuse_unknown(&self, entry: &Entry, siblings: &'static [Format]) {
        let names = self.format.names();
        let owner = siblings.iter().find(|sibling| sibling.key(&entry.key).is_some());
        let label = match owner {
            Some(owner) => format!("it belongs to {}", owner.name),
            None => did_you_mean(&entry.key, names.iter().copied()).unwrap_or_default(),
        };
        let help = match names.as_slice() {
            [only] => format!("its only key is {only}"),
            _ => format!("its keys are {}", list(&names, "and")),
        };
        let title = format!("unknown key `{}` in {}", entry.key, self.format.name);
        self.reading
            .complaints
            .add(Complaint::at(entry.key_place, title).label(label).help(help));
    }

    /// Complains about a key that is missing, unless it is there with a typo, which is reported already.
    fn refuse_missing(&self, key: &Key) {
        let names = self.format.names();
        let unknown = self
            .table
            .entries
            .iter()
            .filter(|entry| self.format.key(&entry.key).is_none());
        if unknown
            .into_iter()
            .any(|entry| nearest(&entry.key, names.iter().copied()) == Some(key.name))
        {
            return;
        }
        let complaint = match key.shape {
            Shape::Table(format) | Shape::Tables(format) => {
                let is_required = |key: &&Key| matches!(key.presence, Presence::Required);
                let required: Vec<&str> = format
                    .keys
                    .iter()
                    .filter(is_required)
                    .map(|key| key.name)
                    .collect();
                Complaint::at(
                    self.place,
                    format!("there is no {} in {}", format.name, self.format.name),
                )
                .help(format!(
                    "add {} with {}: {}",
                    format.name,
                    list(&required, "and"),
                    format.help
                ))
            }
            _ => Complaint::at(self.place, format!("{} needs `{}`", self.format.name, key.name)).help(
                format!("`{}` is {}: {}", key.name, key.shape.describe(), key.help),
            ),
        };
        self.reading.complaints.add(complaint);
    }

    /// Whether the key is there.
    pub fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    /// The key's place, or the table's where the key is absent.
    pub fn key_place(&self, key: &str) -> Place {
        self.table.get(key).map_or(self.place, |entry| entry.key_place)
    }

    /// The value's place, or the table's where the key is absent.
    pub fn value_place(&self, key: &str) -> Place {
        self.given(key).map_or(self.place, |field| field.node.place)
    }

    /// The value of a key, if the key is there.
    pub fn given(&self, key: &str) -> Option<Field<'t>> {
        let entry = self.table.get(key)?;
        Some(
            self.reading
                .field(&entry.node, &entry.key, &self.definition(key).shape),
        )
    }

    /// The table under a key of its own shape.
    pub fn open_table(&self, key: &str) -> Option<Self> {
        let field = self.given(key)?;
        match field.shape {
            Shape::Table(format) => Self::open(self.reading, field.node, format),
            _ => field.mistaken(),
        }
    }

    /// The table under a key, or an empty one where the key is absent.
    pub fn section(&self, key: &str, format: &'static Format) -> Option<Self> {
        match self.given(key) {
            Some(field) => Self::open(self.reading, field.node, format),
            None => Some(Self {
                reading: self.reading,
                place: self.place,
                format,
                table: &EMPTY,
            }),
        }
    }

    /// An integer, or its default.
    pub fn integer(&self, key: &str) -> Option<u64> {
        match (self.given(key), self.definition(key).presence) {
            (Some(field), _) => field.integer(),
            (None, Presence::Integer(default)) => Some(default),
            (None, _) => None,
        }
    }

    /// A number.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.given(key)?.number()
    }

    /// A truth value, or its default.
    pub fn boolean(&self, key: &str) -> Option<bool> {
        match (self.given(key), self.definition(key).presence) {
            (Some(field), _) => field.boolean(),
            (None, Presence::Boolean(default)) => Some(default),
            (None, _) => None,
        }
    }

    /// A duration, or its default.
    pub fn duration(&self, key: &str) -> Option<Nanos> {
        match self.given(key) {
            Some(field) => field.duration(),
            None => self.default_text(key)?.parse().ok(),
        }
    }

    /// A size, or its default.
    pub fn size(&self, key: &str) -> Option<Bytes> {
        match self.given(key) {
            Some(field) => field.size(),
            None => self.default_text(key)?.parse().ok(),
        }
    }

    /// A text, or its default.
    pub fn text(&self, key: &str) -> Option<&'t str> {
        match self.given(key) {
            Some(field) => field.text(),
            None => self.default_text(key),
        }
    }

    /// One of a few words, or the default.
    pub fn word(&self, key: &str) -> Option<&'static str> {
        match self.given(key) {
            Some(field) => field.word(),
            None => self.default_text(key),
        }
    }

    /// The variant of an enum whose words the key's shape lists, or the default.
    pub fn word_of<W: WordEnum>(&self, key: &str) -> Option<W> {
        let word = self.word(key)?;
        Some(W::from_word(word).expect("the key's shape lists the words of this enum"))
    }

    /// A name of letters, digits, `_` and `-`.
    pub fn identifier(&self, key: &str) -> Option<&'t str> {
        self.given(key)?.identifier()
    }

    /// The default text of a key.
    pub fn default_text(&self, key: &str) -> Option<&'static str> {
        match self.definition(key).presence {
            Presence::Text(default) => Some(default),
            _ => None,
        }
    }

    /// Adds a complaint and returns `None`.
    pub fn refuse<T>(&self, complaint: Complaint) -> Option<T> {
        self.reading.complaints.refuse(complaint)
    }

    fn definition(&self, key: &str) -> &'static Key {
        self.format
            .key(key)
            .expect("a decoder asks only for keys that its format lists")
    }
}

/// The table that stands for an absent one.
static EMPTY: Table = Table::EMPTY;

/// The complaint about another value in place of a table.
fn no_table(node: &Node, format: &Format) -> Complaint {
    let complaint = Complaint::at(node.place, format!("{} must be a table", format.name))
        .label(format!("this is {}", node.kind()));
    match node.value {
        Value::List(_) if format.name.starts_with('[') => {
            complaint.help(format!("there is one of it: write {}", format.name))
        }
        _ => complaint.help(format!("its keys are {}", list(&format.names(), "and"))),
    }
}
