//! Reading a file's text, or complaining why that is impossible.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::complaints::{Complaint, Complaints};
use super::place::Place;

/// Reads at most `limit` bytes of UTF-8 and registers the text as a source under `name`.
///
/// A file that cannot be read (it does not exist, is a directory, is too long or is not UTF-8) causes a complaint at
/// `wanted_at`, the place that names the file, or else at the file itself. Bytes that are not UTF-8 are shown in the file.
pub fn read_text(
    complaints: &Complaints,
    path: &Path,
    name: &str,
    limit: u64,
    wanted_at: Option<Place>,
) -> Option<usize> {
    let refuse = |why: String, help: &str| {
        let place = wanted_at.unwrap_or_else(|| Place::whole(complaints.add_source(name, "")));
        complaints.refuse(Complaint::at(place, format!("cannot read `{name}`: {why}")).help(help))
    };
    let mut bytes = Vec::new();
    // One byte more than allowed is read, because devices and pipes do not know their length.
    let read = File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
    if path.is_dir() {
        return refuse("it is a directory".to_owned(), "name a file in it");
    }
    if let Err(error) = read {
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "no such file".to_owned(),
            std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => error.to_string(),
        };
        return refuse(
            why,
            "check the path; a path inside a file is relative to that file",
        );
    }
    if bytes.len() as u64 > limit {
        return refuse(
            format!("it is longer than {} MiB", limit >> 20),
            "is this the right file?",
        );
    }
    match String::from_utf8(bytes) {
        Ok(text) => Some(complaints.add_source(name, text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            let source = complaints.add_source(name, String::from_utf8_lossy(&bytes));
            // The lossy text is the same up to here, where a three-byte replacement character stands.
            let place = Place::new(source, at, at + '\u{fffd}'.len_utf8());
            let complaint = Complaint::at(place, "the file is not UTF-8")
                .label(format!(
                    "byte {at} is 0x{:02x}, which cannot stand here",
                    bytes[at]
                ))
                .help("save the file as UTF-8");
            complaints.refuse(complaint)
        }
    }
}
