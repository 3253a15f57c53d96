//! The mistakes in a file. They are collected instead of returned as errors, so that one pass finds all of them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use super::place::{Place, Source};
use super::render;

/// The number of complaints that are kept; further ones would not help.
const MOST_KEPT: usize = 100;

/// One mistake: what is wrong, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// What is wrong, in one line.
    pub title: String,
    /// Where it is.
    pub place: Place,
    /// Text below the marked text; may be empty.
    pub label: String,
    /// Other relevant places, and why they are relevant.
    pub related: Vec<(Place, String)>,
    /// Background, one line each.
    pub notes: Vec<String>,
    /// What to do, one line each.
    pub help: Vec<String>,
}

impl Complaint {
    /// A complaint about `place`.
    pub fn at(place: Place, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            place,
            label: String::new(),
            related: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Sets the text below the marked text.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds another place.
    pub fn see(mut self, place: Place, why: impl Into<String>) -> Self {
        self.related.push((place, why.into()));
        self
    }

    /// Adds background.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}

/// The list to which all readers add. It is shared by reference, hence the cells.
#[derive(Debug, Default)]
pub struct Complaints {
    sources: RefCell<Vec<Source>>,
    list: RefCell<Vec<Complaint>>,
    /// A mistake is met once for each combination of a sweep, but reported once.
    known: RefCell<BTreeSet<(Place, String)>>,
}

impl Complaints {
    /// An empty list without sources.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a text, so that places can refer to it.
    pub fn add_source(&self, name: impl Into<String>, text: impl Into<String>) -> usize {
        let mut sources = self.sources.borrow_mut();
        sources.push(Source {
            name: name.into(),
            text: text.into(),
        });
        sources.len() - 1
    }

    /// The text at a place; empty for a place without a span.
    pub fn text(&self, place: Place) -> String {
        let sources = self.sources.borrow();
        let (start, end) = place.span.unwrap_or((0, 0));
        sources
            .get(place.source)
            .and_then(|s| s.text.get(start..end))
            .unwrap_or_default()
            .to_owned()
    }

    /// The whole text of a source.
    pub fn source_text(&self, source: usize) -> String {
        self.sources
            .borrow()
            .get(source)
            .map(|source| source.text.clone())
            .unwrap_or_default()
    }

    /// Adds a complaint, unless the list has it already.
    pub fn add(&self, complaint: Complaint) {
        let mut list = self.list.borrow_mut();
        if list.len() < MOST_KEPT
            && self
                .known
                .borrow_mut()
                .insert((complaint.place, complaint.title.clone()))
        {
            list.push(complaint);
        }
    }

    /// Adds a complaint and returns `None`: `return complaints.refuse(...)`.
    pub fn refuse<T>(&self, complaint: Complaint) -> Option<T> {
        self.add(complaint);
        None
    }

    /// Whether there is no complaint so far.
    pub fn is_empty(&self) -> bool {
        self.list.borrow().is_empty()
    }

    /// All complaints: files in the order in which they were read, lines from the top.
    pub fn into_diagnostics(self) -> Diagnostics {
        let mut list = self.list.into_inner();
        list.sort_by_key(|complaint| complaint.place);
        Diagnostics {
            sources: self.sources.into_inner(),
            complaints: list,
        }
    }
}

/// Everything that is wrong with a file: at least one complaint, with the texts that the complaints refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics {
    pub(super) sources: Vec<Source>,
    pub(super) complaints: Vec<Complaint>,
}

impl Diagnostics {
    /// The complaints, in the order of the text.
    pub fn complaints(&self) -> &[Complaint] {
        &self.complaints
    }

    /// The complaints as a compiler prints them: file, line and column, the line itself, what is wrong and what to
    /// do. `colour` adds the escape sequences of a terminal.
    pub fn render(&self, colour: bool) -> String {
        render::render(self, colour)
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}
