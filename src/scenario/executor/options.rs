//! Options of `[[run]]` that several executors take: workers, start method, chunk size.

use crate::input::{Complaint, Field, Reader, Value};
use crate::model::{ForkServer, ProcessStart, StartMethod, Version};
use crate::units::grouped;

use super::super::DependencyKind;
use super::super::Machine;
use super::super::decode::Task;
use super::super::decode::small;
use super::super::format::MOST_THREADS;

/// Every key of `[[run]]` that only some executors take.
pub const SPECIAL_KEYS: &[&str] = &[
    "workers",
    "start_method",
    "forkserver",
    "channel",
    "sender",
    "method",
    "chunksize",
    "max_tasks_per_child",
    "threads",
    "offload",
    "transport",
];

/// A `[[run]]` whose executor is being read, and what it runs on.
pub struct Run<'r, 't> {
    /// The table.
    pub reader: &'r Reader<'t>,
    /// The simulated machine.
    pub machine: &'r Machine,
    /// The interpreter's version, overrides of the run included.
    pub version: Version,
    /// All groups of tasks.
    pub tasks: &'r [Task<'t>],
}

impl<'t> Run<'_, 't> {
    /// The number of CPUs that `os.cpu_count()` returns.
    pub fn cpus(&self) -> u32 {
        self.machine.cores * self.machine.smt
    }

    /// The number of threads where `max_workers` is not given: `min(32, cpus + 4)` since 3.8, `cpus * 5` from 3.5 on, and
    /// none before (`Lib/concurrent/futures/thread.py`).
    pub fn default_threads(&self) -> Option<u32> {
        if self.version >= Version::release(3, 8) {
            Some((self.cpus() + 4).min(32))
        } else {
            (self.version >= Version::release(3, 5)).then_some(self.cpus() * 5)
        }
    }

    /// `workers`: an integer, `"default"`, `"cores"` or `"2*cores+1"`.
    pub fn workers(&self, default: Option<u32>) -> Option<u32> {
        match self.workers_or_default()? {
            Some(workers) => Some(workers),
            None if default.is_some() => default,
            None => self.reader.refuse(
                Complaint::at(
                    self.reader.value_place("workers"),
                    format!("Python {} has no default number of threads", self.version),
                )
                .label("ThreadPoolExecutor needs max_workers before 3.5")
                .help("set `workers` to a number, or to \"cores\""),
            ),
        }
    }

    /// The same; `None` inside where it is absent or `"default"`.
    pub fn workers_or_default(&self) -> Option<Option<u32>> {
        let Some(field) = self.reader.given("workers") else {
            return Some(None);
        };
        match &field.node.value {
            Value::Text(text) if text == "default" => Some(None),
            Value::Text(text) => match sum_of_cores(text, self.machine.cores) {
                None => refuse_expression(&field),
                Some(workers @ 1..=MOST_THREADS) => Some(Some(small(workers))),
                Some(workers) => field.complain(
                    format!("{} workers; at most {}", grouped(workers), grouped(MOST_THREADS)),
                    &format!("with {} cores", self.machine.cores),
                ),
            },
            _ => field.integer().map(|workers| Some(small(workers))),
        }
    }

    /// `start_method` and `forkserver`: what the run says, or what the interpreter does on Linux, which is fork up to 3.13
    /// and forkserver from 3.14 on.
    pub fn start(&self) -> Option<ProcessStart> {
        let fork_server: ForkServer = self.reader.word_of("forkserver")?;
        let Some(field) = self.reader.given("start_method") else {
            let method = if self.version >= Version::release(3, 14) {
                StartMethod::Forkserver
            } else {
                StartMethod::Fork
            };
            return Some(ProcessStart { method, fork_server });
        };
        let method = field.word_of()?;
        if self.version < Version::release(3, 4) && method != StartMethod::Fork {
            return field.refuse(
                Complaint::at(
                    field.node.place,
                    format!(
                        "Python {}.{} can only fork",
                        self.version.major, self.version.minor
                    ),
                )
                .label("start methods came with 3.4")
                .help("use \"fork\", or a later `version`"),
            );
        }
        Some(ProcessStart { method, fork_server })
    }

    /// `chunksize` of an executor: items per call. With `each`, an item is submitted by itself as soon as the one that it
    /// waits for is done.
    pub fn chunksize(&self) -> Option<u64> {
        let Some(field) = self.reader.given("chunksize") else {
            return Some(1);
        };
        if matches!(field.node.value, Value::Text(_)) {
            return field.word().map(|_| 1);
        }
        let chunksize = field.integer()?;
        let waits_for_each = |task: &&Task<'_>| {
            let mut after = task.group.after.iter();
            after.any(|edge| edge.kind == DependencyKind::Each)
        };
        match self.tasks.iter().find(waits_for_each) {
            Some(task) if chunksize > 1 => field.refuse(
                Complaint::at(
                    field.node.place,
                    "`chunksize` cannot be more than 1 with \"each\"",
                )
                .label("sends several items at a time")
                .see(
                    task.reader.value_place("after"),
                    "these are submitted one by one, as the items that they wait for complete",
                )
                .help("set chunksize = 1, or wait for \"all\""),
            ),
            _ => Some(chunksize),
        }
    }
}

fn refuse_expression<T>(field: &Field<'_>) -> Option<T> {
    field.refuse(
        Complaint::at(
            field.node.place,
            format!("`workers` must be {}", field.shape.describe()),
        )
        .label("none of these")
        .help("write a sum as \"N*cores+M\" with whole numbers N and M"),
    )
}

/// `cores`, `2*cores`, `cores+1`, `2*cores+1`; blanks allowed.
fn sum_of_cores(text: &str, cores: u32) -> Option<u64> {
    let text: String = text.chars().filter(|c| *c != ' ').collect();
    let (product, plus) = text.split_once('+').unwrap_or((&text, "0"));
    let factor = match product.strip_suffix("cores")? {
        "" => "1",
        factor => factor.strip_suffix('*')?,
    };
    let number = |digits: &str| {
        let plain = digits.len() <= 12 && digits.bytes().all(|byte| byte.is_ascii_digit());
        if plain { digits.parse::<u64>().ok() } else { None }
    };
    let workers = number(factor)? * u64::from(cores) + number(plus)?;
    (workers > 0).then_some(workers)
}

#[cfg(test)]
mod tests {
    use super::super::ExecutorName;
    use super::{SPECIAL_KEYS, sum_of_cores};

    #[test]
    fn every_key_that_an_executor_takes_is_special_and_every_special_key_is_taken() {
        let taken = |key: &&str| ExecutorName::ALL.iter().any(|name| name.keys().contains(key));
        assert!(SPECIAL_KEYS.iter().all(taken));
        let all = ExecutorName::ALL.iter().flat_map(|name| name.keys());
        for key in all {
            assert!(SPECIAL_KEYS.contains(key), "{key}");
        }
    }

    #[test]
    fn sums_of_cores_are_read_and_others_are_not() {
        for (text, workers) in [
            ("cores", Some(4)),
            ("2*cores", Some(8)),
            ("cores+1", Some(5)),
            ("2 * cores + 1", Some(9)),
            ("0*cores+3", Some(3)),
            ("0*cores", None),
            ("cores*2", None),
            ("2cores", None),
            ("cores-1", None),
            ("*cores", None),
            ("cores+", None),
            ("+1", None),
            ("", None),
            ("99999999999999999999*cores", None),
        ] {
            assert_eq!(
                sum_of_cores(text, 4),
                workers.filter(|_| text != "cores+"),
                "{text}"
            );
        }
    }
}
