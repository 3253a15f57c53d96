//! From samples to the fields of a cost profile.
//!
//! Each field is the measured time less the costs that the model charges in other fields. So the fields are calculated
//! in the order of their dependencies: system calls first, then the code that calls them.

mod caches;
mod executors;
mod kernel;
mod processes;

use super::evidence::Evidence;
use super::figure::{Figure, short};
use crate::units::{Bytes, Nanos};

/// One field of a profile.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// The table that contains it.
    pub table: &'static str,
    /// Its name in the table.
    pub field: &'static str,
    /// Its value, as TOML.
    pub value: String,
    /// The source of the value, for a comment above it.
    pub source: String,
    /// The figure that it was calculated from, if it is a single one.
    pub figure: Option<Figure>,
}

/// Calculates every field that there are samples for.
pub fn all(evidence: &Evidence) -> Vec<Cost> {
    let mut costs = Costs {
        evidence,
        found: Vec::new(),
    };
    kernel::scheduler(&mut costs);
    kernel::joint_speed(&mut costs);
    caches::caches(&mut costs);
    kernel::interpreter_lock(&mut costs);
    kernel::subinterpreters(&mut costs);
    processes::threads(&mut costs);
    processes::processes(&mut costs);
    processes::pickle(&mut costs);
    kernel::pipes(&mut costs);
    processes::queues(&mut costs);
    executors::thread_pool(&mut costs);
    executors::process_pool(&mut costs);
    executors::pool(&mut costs);
    processes::memory(&mut costs);
    costs.found
}

/// The samples, and the fields calculated so far.
struct Costs<'a> {
    evidence: &'a Evidence,
    found: Vec<Cost>,
}

impl Costs<'_> {
    /// The figure of the samples with this name.
    fn figure(&self, name: &str) -> Option<Figure> {
        self.evidence.figure(name)
    }

    /// Adds a field that is a time, ns.
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

    /// Adds a field that is a size, bytes.
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

    /// Adds a field whose value is not a single time or size.
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

// Values that several fields are calculated from.
impl Costs<'_> {
    /// The time to release the interpreter lock and to acquire it again.
    fn uncontended(&self) -> Option<Figure> {
        Some(self.figure("hash released")? - self.figure("hash kept")?)
    }

    /// `os.write` or `os.read`, without the loop around it and without the interpreter lock.
    fn system_call(&self, name: &str) -> Option<Figure> {
        Some(self.figure(name)? - self.figure("c call")? - self.uncontended()?)
    }

    /// A system call as the model charges for it: including the interpreter lock around it.
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

    /// The time to wake a thread on a busy CPU. Only a sum is measured, see [`kernel::scheduler`].
    fn futex_wake(&self) -> Option<Figure> {
        Some(kernel::switch(self)? * kernel::SHARES[0])
    }

    /// The additional cost of each descriptor in a wait.
    fn descriptor(&self, name: &str) -> Option<Figure> {
        // The probe waits on 1 and on 33.
        Some((self.figure(&format!("{name} 33"))? - self.figure(&format!("{name} 1"))?) / 32.0)
    }
}

/// `measured: ...`, with the quantity.
fn measured(figure: Figure, unit: &str, what: &str) -> String {
    let [median, lower, upper] = [figure.median, figure.lower, figure.upper].map(short);
    let separator = if what.is_empty() { "" } else { "; " };
    let samples = match figure.samples {
        1 => "1 sample".to_owned(),
        number => format!("{number} samples"),
    };
    format!("measured: median {median} {unit}, quartiles {lower} to {upper}, {samples}{separator}{what}")
}

/// A time, with three significant digits.
fn nanos(time: f64) -> Nanos {
    let mut unit = 1.0;
    while time >= unit * 1_000.0 {
        unit *= 10.0;
    }
    Nanos(((time.max(0.0) / unit).round() * unit) as u64)
}

/// The number of ns in the most readable unit for a time, and the name of the unit.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of a field, if these are the only samples.
    fn value(field: &str, samples: &[(&str, &[f64])]) -> Option<String> {
        let found = all(&Evidence::made_up(samples));
        let cost = found
            .iter()
            .find(|cost| format!("{}.{}", cost.table, cost.field) == field)?;
        Some(cost.value.clone())
    }

    #[track_caller]
    fn comes_to(field: &str, samples: &[(&str, &[f64])], expected: &str) {
        assert_eq!(value(field, samples).as_deref(), Some(expected), "{field}");
    }

    /// The two costs of every system call: 10 ns for the loop, 50 ns for the interpreter lock.
    const CALLS: [(&str, &[f64]); 3] = [
        ("c call", &[10.0]),
        ("hash kept", &[1_000.0]),
        ("hash released", &[1_050.0]),
    ];

    fn with<'a>(more: &[(&'a str, &'a [f64])]) -> Vec<(&'a str, &'a [f64])> {
        CALLS.iter().chain(more).copied().collect()
    }

    #[test]
    fn a_field_without_its_samples_is_left_out() {
        assert_eq!(value("gil.uncontended", &[("hash kept", &[1.0])]), None);
        comes_to("gil.uncontended", &CALLS, "\"50ns\"");
    }

    #[test]
    fn a_system_call_is_what_is_left_without_call_and_lock() {
        comes_to(
            "pipe.write",
            &with(&[("write", &[460.0, 450.0, 470.0])]),
            "\"400ns\"",
        );
        comes_to("process.waitpid", &with(&[("waitpid", &[650.0])]), "\"600ns\"");
        // The time must be positive, even if it is measured as less.
        comes_to("process.waitpid", &with(&[("waitpid", &[20.0])]), "\"1ns\"");
    }

    #[test]
    fn a_connection_is_charged_without_its_system_calls() {
        // Sending: 1000 + (400 + 50). Receiving: 1200 + 2 x (300 + 50).
        let samples = with(&[
            ("write", &[460.0]),
            ("read", &[360.0]),
            ("send_bytes", &[1_450.0]),
            ("recv_bytes", &[1_900.0]),
        ]);
        comes_to("pipe.connection", &samples, "\"1.1us\"");
    }

    #[test]
    fn a_wait_is_told_apart_by_its_descriptors() {
        // poll: 500 and 30 a descriptor; the selector: 1600 and 900 a descriptor, and the poll with its lock.
        let samples = with(&[
            ("poll again 1", &[590.0]),
            ("poll again 33", &[1_550.0]),
            ("poll 1", &[590.0]),
            ("poll 33", &[5_070.0]),
            ("wait 1", &[3_080.0]),
            ("wait 33", &[32_840.0]),
        ]);
        comes_to("pipe.poll_again", &samples, "\"30ns\"");
        comes_to("pipe.poll_descriptor", &samples, "\"140ns\"");
        comes_to("pipe.poll", &samples, "\"500ns\"");
        comes_to("pipe.register", &samples, "\"900ns\"");
        comes_to("pipe.selector", &samples, "\"1.6us\"");
    }

    #[test]
    fn a_fork_is_told_apart_from_the_memory_that_it_copies() {
        let samples: [(&str, &[f64]); 5] = [
            ("fork os.fork", &[300_000.0]),
            ("os.fork 0", &[200_000.0]),
            ("os.fork 256", &[1_224_000.0]),
            ("mapped 0", &[10.0]),
            ("mapped 256", &[266.0]),
        ];
        comes_to("process.fork", &samples, "\"260us\"");
        comes_to("process.fork_per_mib", &samples, "\"4us\"");
    }

    #[test]
    fn what_comes_after_a_fork_is_charged_without_the_copies_that_the_model_adds() {
        // 100 us of code take 200 us longer, and 500 us take 1 ms longer.
        let samples = with(&[
            ("fork start", &[308_000.0]),
            ("copies", &[1_000_000.0]),
            ("copied after", &[500_000.0]),
            ("open pipe", &[2_000.0]),
            ("close", &[2_000.0]),
        ]);
        comes_to("process.create", &samples, "\"94.7us\"");
        comes_to("process.copies", &samples, "\"1ms\"");
    }

    #[test]
    fn what_takes_less_than_nothing_takes_nothing() {
        let samples: [(&str, &[f64]); 4] = [
            ("pool set", &[300.0]),
            ("dumps", &[1_500.0]),
            ("loads", &[500.0]),
            ("loads task_result", &[100.0]),
        ];
        comes_to("pool.set", &samples, "\"0ns\"");
    }

    #[test]
    fn latencies_stay_as_they_were_measured_with_their_tail() {
        let latency = |samples: &[f64]| {
            value(
                "scheduler.wake_latency",
                &[("woken after 5000 us", samples), ("write", &[1_000.0])],
            )
        };
        assert_eq!(
            latency(&[35_000.0, 4_001_000.0, 41_000.0]).as_deref(),
            Some("{ empirical = [\"34us\", \"40us\", \"4ms\"] }")
        );
        // Of sixty samples, the three longest form the last of twenty values.
        let mut sixty = vec![41_000.0; 57];
        sixty.extend([1_001_000.0, 2_001_000.0, 6_001_000.0]);
        let written = latency(&sixty).unwrap();
        assert_eq!(written.matches("us\"").count(), 19);
        assert!(written.ends_with("\"40us\", \"3ms\"] }"), "{written}");
    }

    #[test]
    fn a_timer_is_late_by_what_a_wake_up_does_not_explain() {
        let samples: [(&str, &[f64]); 3] = [
            ("overslept", &[80_000.0, 90_000.0, 100_000.0]),
            ("woken after 5000 us", &[30_000.0]),
            ("write", &[0.0]),
        ];
        comes_to(
            "scheduler.timer_slack",
            &samples,
            "{ uniform = { min = \"50us\", max = \"70us\" } }",
        );
    }

    #[test]
    fn speeds_between_those_measured_are_in_proportion() {
        let samples: [(&str, &[f64]); 2] = [("joint 2", &[1_000.0]), ("joint 4", &[800.0])];
        comes_to("joint_speed.busy_cores", &samples, "[1024, 1000, 900, 800]");
    }

    #[test]
    fn a_pickle_has_the_speed_of_its_data() {
        let mut samples: Vec<(&str, &[f64])> = vec![("dumps", &[1_000.0])];
        for (name, size) in [
            ("dumps bytes", "size of bytes"),
            ("dumps list[float]", "size of list[float]"),
            ("dumps list[int]", "size of list[int]"),
            ("dumps dict", "size of dict"),
            ("dumps list[tuple]", "size of list[tuple]"),
        ] {
            samples.extend([(name, &[501_000.0][..]), (size, &[1e6][..])]);
        }
        comes_to(
            "pickle.dumps",
            &samples,
            "{ bytes = 2000, list-float = 2000, list-int = 2000, dict = 2000, list-tuple = 2000 }",
        );
        assert_eq!(value("pickle.dumps", &samples[..9]), None);
    }

    #[test]
    fn the_parts_of_a_pool_leave_out_what_is_charged_elsewhere() {
        let samples = with(&[
            ("dumps", &[1_500.0]),
            ("loads", &[500.0]),
            ("pool task", &[300.0]),
            ("dumps task", &[3_000.0]),
            ("pool call", &[550.0]),
            ("pool chunk", &[50_000.0]),
            ("locked", &[240.0]),
            ("python call", &[40.0]),
            ("loads task", &[1_400.0]),
            ("dumps task_result", &[1_900.0]),
        ]);
        comes_to("pool.task", &samples, "\"1.8us\"");
        comes_to("pool.item", &samples, "\"50ns\"");
        // 550 - 50, two locks of 200, and 400 and 900 more than empty pickles.
        comes_to("pool.call", &samples, "\"2.2us\"");
    }

    #[test]
    fn a_worker_counts_itself_idle_after_each_item_up_to_3_11_alone() {
        let samples: Vec<(&str, &[f64])> = vec![
            ("thread pool worker", &[3_800.0]),
            ("future set_result", &[800.0]),
            ("idle release", &[700.0]),
        ];
        comes_to("thread_pool.take", &samples, "\"3us\"");
        let mut counting = samples.clone();
        counting.push(("counts idle always", &[1.0]));
        comes_to("thread_pool.take", &counting, "\"2.3us\"");
    }

    #[test]
    fn code_that_was_measured_cold_is_charged_warm() {
        // 20 us of code take 10 us longer, and 60 us take 40 us longer: after four times the work nothing is slower.
        let samples: [(&str, &[f64]); 8] = [
            ("clock", &[1_000.0]),
            ("short code after itself", &[21_000.0]),
            ("short code after idle", &[31_000.0]),
            ("long code after itself", &[61_000.0]),
            ("long code after idle", &[101_000.0]),
            ("long code after thread", &[71_000.0]),
            ("thread start", &[45_000.0]),
            ("join", &[240_000.0]),
        ];
        comes_to("cache.refill", &samples, "\"80us\"");
        comes_to("cache.after_idle", &samples, "\"40us\"");
        // Of 40 us and their extra time after another thread: half of 10 us.
        comes_to("thread.create", &samples, "\"40us\"");
        comes_to("process.join", &samples, "\"200us\"");
        // If nothing is known of caches, the value is the measured one.
        comes_to("process.join", &samples[7..], "\"240us\"");
    }

    #[test]
    fn times_have_three_significant_digits() {
        assert_eq!(nanos(38_963_124.0).to_string(), "39ms");
        assert_eq!(nanos(1_234.4).to_string(), "1.23us");
        assert_eq!(nanos(72.4).to_string(), "72ns");
        assert_eq!(nanos(-3.0).to_string(), "0ns");
    }
}
