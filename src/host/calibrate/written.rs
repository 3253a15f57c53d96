//! The text of a calibrated profile: the measured fields with their sources, and a list of fields that were not
//! measured.

use std::fmt::Write;

use super::Calibration;
use crate::input::Diagnostics;
use crate::profile::Profile;

/// The profile that supplies the fields that were not measured.
const MODEL: &str = "linux-x86_64";

/// The largest number of columns in a line.
const WIDTH: usize = 120;

/// The whole text, checked with the parser of profiles.
pub fn profile(calibration: &Calibration) -> Result<String, Diagnostics> {
    let mut text = head(calibration);
    let mut tables: Vec<&str> = calibration.costs.iter().map(|cost| cost.table).collect();
    tables.sort_unstable();
    tables.dedup();
    // The tables are in the order in which they were first measured.
    tables.sort_by_key(|table| calibration.costs.iter().position(|cost| cost.table == *table));
    for table in tables {
        let _ = write!(text, "\n[{table}]\n");
        for cost in calibration.costs.iter().filter(|cost| cost.table == table) {
            text.push_str(&comment(&cost.source));
            let _ = writeln!(text, "{} = {}", cost.field, cost.value);
        }
    }
    text.push('\n');
    text.push_str(&comment(&format!(
        "Not measured, and taken from {MODEL}: {}",
        missing(calibration).join(", ")
    )));
    Profile::parse("the calibrated profile", &text)?;
    Ok(text)
}

/// The host that was measured, and how quiet it was.
fn head(calibration: &Calibration) -> String {
    let host = &calibration.evidence.facts.host;
    let mut text = comment(&format!(
        "Measured by gilsim {} with CPython {}. Times of threads and processes are CPU time; {}.",
        env!("CARGO_PKG_VERSION"),
        calibration.interpreter.release,
        calibration.noise
    ));
    for complaint in calibration.complaints() {
        text.push_str(&comment(&format!(
            "TOO NOISY, and written because of --force: {complaint}."
        )));
    }
    for (probe, why) in calibration.skipped() {
        text.push_str(&comment(&format!("The probe {probe} cannot run here: {why}.")));
    }
    if host.cpus < 2 {
        text.push_str(&comment(
            "There is one CPU only: what it takes to wake a thread on another one was not measured.",
        ));
    }
    if let Some(quota) = host.quota {
        text.push_str(&comment(&format!("The control group grants {quota} CPUs.")));
    }
    let threads = if host.cpus == 1 {
        "one CPU".to_owned()
    } else if host.cpus == host.cores {
        format!("{} CPUs", host.cpus)
    } else {
        format!("{} cores, {} hardware threads", host.cores, host.cpus)
    };
    let libc = host.libc.as_deref().unwrap_or("libc unknown");
    let description = format!(
        "{}, {threads}, Linux {}, {libc}, CPython {}",
        host.model, host.kernel, calibration.interpreter.release
    );
    let _ = writeln!(text, "description = {}", toml::Value::String(description));
    let _ = writeln!(text, "like = \"{MODEL}\"");
    text
}

/// Every field of the model that was not measured, as `table.field`.
fn missing(calibration: &Calibration) -> Vec<String> {
    let model = Profile::load(MODEL, std::path::Path::new("")).expect("a bundled profile is complete");
    let tables: toml::Table = toml::from_str(&model.text).expect("a bundled profile is well-formed");
    let is_known = |table: &str, field: &str| {
        let mut costs = calibration.costs.iter();
        costs.any(|cost| cost.table == table && cost.field == field)
    };
    let tables = tables
        .iter()
        .filter_map(|(name, table)| Some((name, table.as_table()?)));
    tables
        .flat_map(|(table, fields)| fields.keys().map(move |field| (table, field)))
        .filter(|(table, field)| !is_known(table, field))
        .map(|(table, field)| format!("{table}.{field}"))
        .collect()
}

/// The text as lines of a comment.
fn comment(text: &str) -> String {
    let mut lines = String::new();
    let mut line = "#".to_owned();
    for word in text.split_whitespace() {
        if line.len() + 1 + word.len() > WIDTH {
            let _ = writeln!(lines, "{line}");
            line = "#".to_owned();
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(lines, "{line}");
    lines
}
