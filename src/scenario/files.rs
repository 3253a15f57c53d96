//! The files that a scenario names. Each is read once, for all configurations.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::input::{Complaint, Complaints, Field, Place, read_text};
use crate::profile::Profile;
use crate::units::Nanos;

/// The longest CSV file that is read.
pub const LONGEST_TABLE: u64 = 64 << 20;

/// The files that have been read. `None` stands for a file that has been refused.
#[derive(Debug)]
pub struct Files {
    /// Paths in a scenario are relative to its folder.
    base: PathBuf,
    profiles: RefCell<BTreeMap<String, Option<Arc<Profile>>>>,
    measured: RefCell<BTreeMap<String, Option<Arc<[Nanos]>>>>,
}

impl Files {
    /// Reads relative to a scenario's folder.
    pub fn new(base: &Path) -> Self {
        Self {
            base: base.to_owned(),
            profiles: RefCell::default(),
            measured: RefCell::default(),
        }
    }

    /// The cost profile that a field names.
    pub fn profile(&self, field_text: &str, place: Place, complaints: &Complaints) -> Option<Arc<Profile>> {
        let mut profiles = self.profiles.borrow_mut();
        let load = || Profile::read(complaints, field_text, &self.base, Some(place));
        profiles.entry(field_text.to_owned()).or_insert_with(load).clone()
    }

    /// The durations in the CSV file that a field names.
    pub fn measured(&self, field: &Field<'_>) -> Option<Arc<[Nanos]>> {
        let name = field.text()?;
        let mut measured = self.measured.borrow_mut();
        let load = || {
            let source = self.table(field.reading.complaints, name, field.node.place)?;
            durations(field.reading.complaints, source)
        };
        measured.entry(name.to_owned()).or_insert_with(load).clone()
    }

    /// The text of a CSV file, as a source. `place` is where the scenario names it.
    pub fn table(&self, complaints: &Complaints, name: &str, place: Place) -> Option<usize> {
        let path = self.base.join(name);
        read_text(
            complaints,
            &path,
            &path.display().to_string(),
            LONGEST_TABLE,
            Some(place),
        )
    }
}

/// One duration in seconds per line; the first line may be a header.
fn durations(complaints: &Complaints, source: usize) -> Option<Arc<[Nanos]>> {
    let text = complaints.source_text(source);
    let mut values = Vec::new();
    let mut start = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let written = line.trim();
        let from = start + (line.len() - line.trim_start().len());
        start += line.len();
        if written.is_empty() {
            continue;
        }
        match seconds(written) {
            Ok(value) => values.push(value),
            Err(_) if index == 0 && written.starts_with(|c: char| c.is_alphabetic() || c == '"') => {}
            Err(why) => {
                let place = Place::new(source, from, from + written.len());
                return complaints.refuse(
                    Complaint::at(place, "this line is not a duration in seconds")
                        .label(why)
                        .help(
                            "write one number of seconds per line, such as 0.0125; the first line may be a header",
                        ),
                );
            }
        }
    }
    if values.is_empty() {
        let complaint = Complaint::at(Place::whole(source), "this file contains no duration");
        return complaints.refuse(complaint.help("write one number of seconds per line, such as 0.0125"));
    }
    Some(values.into())
}

/// A decimal number of seconds, rounded to whole nanoseconds, because clocks print more digits than are exact.
fn seconds(text: &str) -> Result<Nanos, String> {
    let value: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    match value {
        value if value.is_nan() => Err("not a number".to_owned()),
        value if value < 0.0 => Err("a duration cannot be negative".to_owned()),
        value if value > Nanos::LONGEST.as_secs_f64() => Err("longer than 100 days".to_owned()),
        value => Ok(Nanos((value * 1e9).round() as u64)),
    }
}
