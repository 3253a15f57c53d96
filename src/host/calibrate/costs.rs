//! From samples to the fields of a cost profile.
//!
//! Each field is what was measured, less what the model charges for by another field. So they are in the order in which
//! they need each other: system calls first, then what calls them.

mod executors;
mod kernel;
mod processes;

use super::evidence::Evidence;
use super::figure::{Figure, short};
use crate::units::{Bytes, Nanos};

/// One field of a profile.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// The table that it stands in.
    pub table: &'static str,
    /// Its name there.
    pub field: &'static str,
    /// Its value, as TOML.
    pub value: String,
    /// Where the value comes from, for a comment behind it.
    pub source: String,
    /// What it was calculated from, where that is one figure.
    pub figure: Option<Figure>,
}

/// Every field that there are samples for.
pub fn all(evidence: &Evidence) -> Vec<Cost> {
    let mut costs = Costs {
        evidence,
        found: Vec::new(),
    };
    kernel::scheduler(&mut costs);
    kernel::joint_speed(&mut costs);
    kernel::interpreter_lock(&mut costs);
    kernel::subinterpreters(&mut costs);
    processes::threads(&mut costs);
    processes::processes(&mut costs);
    processes::pickle(&mut costs);
    kernel::pipes(&mut costs);
    executors::thread_pool(&mut costs);
    executors::process_pool(&mut costs);
    executors::pool(&mut costs);
    processes::memory(&mut costs);
    costs.found
}

/// The samples, and the fields so far.
struct Costs<'a> {
    evidence: &'a Evidence,
    found: Vec<Cost>,
}

impl Costs<'_> {
    /// What was measured under that name.
    fn figure(&self, name: &str) -> Option<Figure> {
        self.evidence.figure(name)
    }

    /// A field of a time, ns.
    fn time(&mut self, table: &'static str, field: &'static str, figure: Option<Figure>, what: &str) {
        let Some(figure) = figure else { return };
        let less = if figure.median < 0.0 {
            "; nothing is left of it"
        } else {
            ""
        };
        let (unit, name) = unit_of(figure.median);
        self.found.push(Cost {
            table,
            field,
            value: quoted(nanos(figure.median)),
            source: measured(figure / unit, name, &format!("{what}{less}")),
            figure: Some(figure),
        });
    }

    /// A field of a size, bytes.
    fn size(&mut self, table: &'static str, field: &'static str, figure: Option<Figure>, what: &str) {
        let Some(figure) = figure else { return };
        self.found.push(Cost {
            table,
            field,
            value: quoted(Bytes(figure.median.max(0.0).round() as u64)),
            source: measured(figure, "B", what),
            figure: Some(figure),
        });
    }

    /// A field whose value is no single time or size.
    fn other(&mut self, table: &'static str, field: &'static str, value: String, source: String) {
        self.found.push(Cost {
            table,
            field,
            value,
            source,
            figure: None,
        });
    }
}

// What several fields are calculated with.
impl Costs<'_> {
    /// Letting go of the interpreter lock and taking it back.
    fn uncontended(&self) -> Option<Figure> {
        Some(self.figure("hash released")? - self.figure("hash kept")?)
    }

    /// `dumps` or `loads` of next to nothing.
    fn pickle_call(&self) -> Option<Figure> {
        Some((self.figure("dumps")? + self.figure("loads")?) / 2.0)
    }

    /// `os.write` or `os.read`, without the loop around it and the interpreter lock.
    fn system_call(&self, name: &str) -> Option<Figure> {
        Some(self.figure(name)? - self.figure("c call")? - self.uncontended()?)
    }

    /// A system call as the model charges for it: with the interpreter lock around it.
    fn with_lock(&self, name: &str) -> Option<Figure> {
        Some(self.system_call(name)? + self.uncontended()?)
    }

    /// Bytecode of `send_bytes` and `recv_bytes`: the mean of both.
    fn connection(&self) -> Option<Figure> {
        let sending = self.figure("send_bytes")? - self.with_lock("write")?;
        let receiving = self.figure("recv_bytes")? - self.with_lock("read")? * 2.0;
        Some((sending + receiving) / 2.0)
    }

    /// `recv_bytes` as the model charges for it.
    fn receive(&self) -> Option<Figure> {
        Some(self.connection()? + self.with_lock("read")? * 2.0)
    }

    /// `send_bytes` as the model charges for it.
    fn send(&self) -> Option<Figure> {
        Some(self.connection()? + self.with_lock("write")?)
    }

    /// Waking a thread on a CPU that is busy. Only a sum is measured, see [`kernel::scheduler`].
    fn futex_wake(&self) -> Option<Figure> {
        Some(kernel::switch(self)? * kernel::SHARES[0])
    }

    /// What each descriptor more adds to a wait.
    fn descriptor(&self, name: &str) -> Option<Figure> {
        // The probe waits on 1 and on 33.
        Some((self.figure(&format!("{name} 33"))? - self.figure(&format!("{name} 1"))?) / 32.0)
    }
}

/// `measured: ...`, and of what.
fn measured(figure: Figure, unit: &str, what: &str) -> String {
    let [median, lower, upper] = [figure.median, figure.lower, figure.upper].map(short);
    let separator = if what.is_empty() { "" } else { "; " };
    format!(
        "measured: median {median} {unit}, quartiles {lower} to {upper}, {} samples{separator}{what}",
        figure.samples
    )
}

/// A time, with three significant digits.
fn nanos(time: f64) -> Nanos {
    let mut unit = 1.0;
    while time >= unit * 1_000.0 {
        unit *= 10.0;
    }
    Nanos(((time.max(0.0) / unit).round() * unit) as u64)
}

/// As many ns as the unit that a time is best told in, and its name.
fn unit_of(time: f64) -> (f64, &'static str) {
    match time.abs() {
        1e6.. => (1e6, "ms"),
        1e3..1e6 => (1e3, "us"),
        _ => (1.0, "ns"),
    }
}

fn quoted(value: impl std::fmt::Display) -> String {
    format!("\"{value}\"")
}
