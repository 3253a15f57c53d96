//! The behaviour of a probed function as the `[[task]]` of a scenario, with the evidence in comments.

use std::fmt::Write;

use super::human;
use crate::host::{Data, Doing, Part, Probed, Request};
use crate::model::PayloadKind;
use crate::results::statistics::{mean, median};
use crate::units::Bytes;

/// A time that varies by less than this from call to call is written as one number.
const STEADY: f64 = 0.05;

/// A larger share of unexplained CPU time may change the result.
const MUCH_UNKNOWN: f64 = 0.2;

/// The kind of smaller data does not matter.
const LEAST_DATA: Bytes = Bytes(1_000);

/// The text to paste into a scenario.
pub fn task(request: &Request, release: &str, probed: &Probed) -> String {
    let mut text = String::new();
    let function = request
        .target
        .rsplit([':', '.'])
        .next()
        .unwrap_or(&request.target);
    let usual = median(&probed.seconds).unwrap_or_default();
    say(
        &mut text,
        format!(
            "# {} with {} on CPython {release}: {} a call, the median of {}",
            request.target,
            request.arguments,
            human::duration(usual),
            probed.calls,
        ),
    );
    for part in &probed.parts {
        say(&mut text, explain(part, usual));
    }
    if probed.other_threads > 0.01 * usual {
        let time = human::duration(probed.other_threads);
        say(
            &mut text,
            format!(
                "#   and {time} of CPU time in other threads of the call, which the steps below do not include"
            ),
        );
    }
    if probed.unknown > MUCH_UNKNOWN {
        say(
            &mut text,
            format!(
                "#   uncertain: this machine was busy with other programs during {} % of the time; try again on a quiet machine",
                rounded_percent(probed.unknown)
            ),
        );
    }
    for (what, data) in [("arguments", &probed.argument), ("result", &probed.result)] {
        say(&mut text, explain_data(what, data));
    }
    if let Some(memory) = probed.memory {
        let memory = human::bytes(memory.0 as f64);
        say(
            &mut text,
            format!("#   memory: at most {memory} more than before the call"),
        );
    }
    say(
        &mut text,
        format!(
            "#   importing its module takes {}: [program] imports",
            human::duration(probed.imports.as_secs_f64())
        ),
    );
    say(&mut text, "[[task]]".to_owned());
    say(&mut text, format!("name = \"{function}\""));
    say(&mut text, "count = 100    # as many items as you have".to_owned());
    for (key, data) in [("argument", &probed.argument), ("result", &probed.result)] {
        say(&mut text, format!("{key} = {}", payload(data)));
    }
    say(&mut text, "steps = [".to_owned());
    for part in &probed.parts {
        say(&mut text, format!("  {},", step(part)));
    }
    if probed.parts.is_empty() {
        say(&mut text, "  { python = \"0ns\" },".to_owned());
    }
    say(&mut text, "]".to_owned());
    text
}

fn say(text: &mut String, line: String) {
    writeln!(text, "{line}").expect("a string takes what it is given");
}

/// The time of a part, its share of a call, and the range of that share over the calls.
fn explain(part: &Part, whole: f64) -> String {
    let what = match part.doing {
        Doing::Python => "with the interpreter lock, in bytecode",
        Doing::NativeHoldingLock => "with the interpreter lock, in C calls",
        Doing::Native => "on a core, without the lock",
        Doing::Io => "off-core",
    };
    let time = median(&part.seconds).unwrap_or_default();
    format!(
        "#   {:<9} {what}: {} % of a call ({} to {} %)",
        human::duration(time),
        rounded_percent(time / whole.max(1e-9)),
        rounded_percent(part.shares.0),
        rounded_percent(part.shares.1),
    )
}

fn rounded_percent(share: f64) -> f64 {
    (share * 100.0).round()
}

fn explain_data(what: &str, data: &Data) -> String {
    format!(
        "#   {what}: {} pickled, in {}; unpickled in {}",
        human::bytes(data.payload.size.0 as f64),
        human::duration(data.dumps.as_secs_f64()),
        human::duration(data.loads.as_secs_f64()),
    )
}

fn payload(data: &Data) -> String {
    let size = human::bytes(data.payload.size.0 as f64);
    let kind = match data.payload.kind {
        PayloadKind::Bytes => None,
        PayloadKind::ListFloat => Some("list[float]"),
        PayloadKind::ListInt => Some("list[int]"),
        PayloadKind::Dict => Some("dict"),
        PayloadKind::ListTuple => Some("list[tuple]"),
    };
    match kind {
        Some(kind) if data.payload.size >= LEAST_DATA => {
            format!("{{ size = \"{size}\", kind = \"{kind}\" }}")
        }
        _ => format!("\"{size}\""),
    }
}

fn step(part: &Part) -> String {
    let time = time(&part.seconds);
    match part.doing {
        Doing::Python => format!("{{ python = {time} }}"),
        Doing::NativeHoldingLock => format!("{{ native = {time}, holds_lock = true }}"),
        Doing::Native => format!("{{ native = {time} }}"),
        Doing::Io => format!("{{ io = {time} }}"),
    }
}

/// One number where the calls take the same time, else a distribution with the same mean and spread.
fn time(seconds: &[f64]) -> String {
    let mean = mean(seconds).unwrap_or_default();
    let squares: f64 = seconds.iter().map(|s| (s - mean) * (s - mean)).sum();
    let spread = (squares / (seconds.len().max(2) - 1) as f64).sqrt() / mean.max(1e-12);
    if spread < STEADY {
        format!("\"{}\"", written(median(seconds).unwrap_or_default()))
    } else {
        format!(
            "{{ lognormal = {{ mean = \"{}\", cv = {spread:.2} }} }}",
            written(mean)
        )
    }
}

/// As a scenario has it: `5.2ms`.
fn written(seconds: f64) -> String {
    human::duration(seconds).replace(' ', "").replace('µ', "u")
}
