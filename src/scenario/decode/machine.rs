//! `[machine]` and `[python]`, with what a `[[run]]` overrides.

use crate::input::{Complaint, Field, Reader, Value, did_you_mean};
use crate::units::{Bytes, Nanos};

use super::super::Machine;
use super::super::format::{MACHINE, PYTHON};
use super::Decoder;
use crate::model::{Python, Version};

/// `[machine]`
pub fn machine(decoder: &Decoder<'_>, scenario: &Reader<'_>) -> Option<Machine> {
    let reader = scenario.section("machine", &MACHINE)?;
    let cores = reader.integer("cores");
    let smt = reader.integer("smt");
    let quota = reader.word("quota");
    let memory = memory(&reader);
    let name = reader.text("profile");
    let profile = name.and_then(|name| {
        decoder
            .files
            .profile(name, reader.value_place("profile"), decoder.complaints)
    });
    quota?;
    Some(Machine {
        cores: small(cores?),
        smt: small(smt?),
        memory: memory?,
        profile: profile?,
    })
}

/// The limit on memory, if there is one.
fn memory(reader: &Reader<'_>) -> Option<Option<Bytes>> {
    let Some(field) = reader.given("memory") else {
        return Some(None);
    };
    match &field.node.value {
        Value::Text(text) if text == "unlimited" => Some(None),
        Value::Text(text) if !text.starts_with(|first: char| first.is_ascii_digit()) => field.refuse(
            Complaint::at(
                field.node.place,
                format!("`memory` must be {}", field.shape.describe()),
            )
            .label(did_you_mean(text, ["unlimited"]).unwrap_or_default())
            .help("use a size such as \"2 GB\" or \"512 MiB\""),
        ),
        _ => {
            let memory = field.size()?;
            if memory == Bytes::ZERO {
                return field.refuse(
                    Complaint::at(field.node.place, "the machine has no memory")
                        .label("no process fits into it")
                        .help("use a size such as \"2 GB\", or \"unlimited\""),
                );
            }
            Some(Some(memory))
        }
    }
}

/// A number whose bound in the format is far below 2^32.
pub fn small(value: u64) -> u32 {
    u32::try_from(value).expect("the format's bound fits 32 bits")
}

/// `[python]`, with the overrides of a run if one is given.
pub fn python(scenario: &Reader<'_>, run: Option<Reader<'_>>) -> Option<Python> {
    let reader = scenario.section("python", &PYTHON)?;
    let from = |key: &str| run.filter(|run| run.has(key)).unwrap_or(reader);
    let version = match from("version").given("version") {
        Some(field) => version(&field),
        None => reader.default_text("version").and_then(parse),
    };
    let switch_interval = match from("switch_interval").given("switch_interval") {
        Some(field) => field.duration(),
        None => reader.duration("switch_interval"),
    };
    let check_interval = match from("check_interval").given("check_interval") {
        Some(field) => field.integer(),
        None => reader.integer("check_interval"),
    };
    let version = version?;
    // Each table is checked by itself: [python] without a run, and the overrides of the run.
    let meant = refuse_other_interval(&run.unwrap_or(reader), version);
    let python = Python {
        version,
        switch_interval: whole_micros(switch_interval?),
        check_interval: small(check_interval?),
    };
    meant.then_some(python)
}

/// Refuses the interval of the interpreter lock that this release does not have.
fn refuse_other_interval(reader: &Reader<'_>, version: Version) -> bool {
    let Version { major, minor, .. } = version;
    let (stranger, why, help) = if version < Version::NEW_LOCK {
        (
            "switch_interval",
            "before 3.2 the interpreter lock is released after ticks",
            "remove it, or set `check_interval`, in ticks",
        )
    } else {
        (
            "check_interval",
            "from 3.2 on the interpreter lock is requested after a time",
            "remove it, or set `switch_interval`, a time",
        )
    };
    if reader.has(stranger) {
        let title = format!("Python {major}.{minor} has no `{stranger}`");
        let complaint = Complaint::at(reader.key_place(stranger), title);
        reader.reading.complaints.add(complaint.label(why).help(help));
        return false;
    }
    true
}

/// The interpreter stores whole microseconds and waits for at least one (`_PyEval_SetSwitchInterval` and
/// `take_gil` in `Python/ceval_gil.c`).
fn whole_micros(interval: Nanos) -> Nanos {
    Nanos::from_micros((interval.0 / 1_000).max(1))
}

/// A supported release. The message for other releases says why they are not supported.
fn version(field: &Field<'_>) -> Option<Version> {
    let text = field.text()?;
    if let Some(version) = parse(text) {
        return Some(version);
    }
    let place = field.node.place;
    let known = RELEASES.map(|version| version.to_string());
    let all = "use a release from \"2.6\" to \"3.14\"";
    let complaint = if let Some(with_lock) = text.strip_suffix('t').filter(|text| parse(text).is_some()) {
        Complaint::at(place, format!("Python {with_lock} has no free-threaded build"))
            .label("free-threaded builds exist from 3.13 on")
            .help("use \"3.13t\" or \"3.14t\", or remove the \"t\"")
    } else if matches!(text, "2" | "2.0" | "2.1" | "2.2" | "2.3" | "2.4" | "2.5") {
        Complaint::at(place, format!("Python {text} is not supported"))
            .label("multiprocessing came with 2.6")
            .help(all)
    } else {
        let complaint = Complaint::at(place, format!("unknown Python release `{text}`"));
        let feature = known.iter().find(|known| text.starts_with(&format!("{known}.")));
        let newer = text
            .strip_prefix("3.")
            .and_then(|minor| minor.parse::<u32>().ok())
            .is_some_and(|m| m > 14);
        match feature {
            None if newer => complaint.label("newer than every supported release"),
            Some(feature) => complaint.label(format!("use the feature release: \"{feature}\"")),
            None => complaint.label(did_you_mean(text, known.iter().map(String::as_str)).unwrap_or_default()),
        }
        .help(all)
    };
    field.refuse(complaint)
}

/// The supported releases.
const RELEASES: [Version; 17] = [
    Version::release(2, 6),
    Version::release(2, 7),
    Version::release(3, 0),
    Version::release(3, 1),
    Version::release(3, 2),
    Version::release(3, 3),
    Version::release(3, 4),
    Version::release(3, 5),
    Version::release(3, 6),
    Version::release(3, 7),
    Version::release(3, 8),
    Version::release(3, 9),
    Version::release(3, 10),
    Version::release(3, 11),
    Version::release(3, 12),
    Version::release(3, 13),
    Version::release(3, 14),
];

/// The first release with a free-threaded build.
const FREE_THREADED_FROM: Version = Version::release(3, 13);

fn parse(text: &str) -> Option<Version> {
    let (numbers, free_threaded) = match text.strip_suffix('t') {
        Some(numbers) => (numbers, true),
        None => (text, false),
    };
    let version = RELEASES.into_iter().find(|known| known.to_string() == numbers)?;
    match free_threaded {
        true => (version >= FREE_THREADED_FROM).then(|| version.free_threaded()),
        false => Some(version),
    }
}
