//! Runs a function of the user's in isolation, and finds out what it does: `src/host/python/probe.py`.

use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::interpreter::Interpreter;
use super::session::{Failure, Session};
use crate::model::{Payload, PayloadKind};
use crate::results::statistics::median;
use crate::units::{Bytes, Nanos};

/// The Python side. It imports the user's module, so it runs in the user's folder and environment.
const SCRIPT: &str = concat!(include_str!("python/orphan.py"), include_str!("python/probe.py"));

/// Steps with a smaller share of the total are measurement errors.
const LEAST_SHARE: f64 = 0.01;

/// A call of which less than this share is unknown is clear, and this number of clear calls is enough.
const CLEAR: f64 = 0.05;
const FEWEST_CLEAR: usize = 3;

/// The function to call, and how often to call it.
#[derive(Debug, Serialize)]
pub struct Request {
    /// `module:function`
    pub target: String,
    /// A Python expression for its arguments, evaluated in the module: a tuple, or the only argument.
    pub arguments: String,
    /// The largest number of calls, both alone and beside a thread that wants the interpreter lock.
    pub repeats: u32,
    /// No further call is started after this number of seconds, but at least three calls are made.
    pub seconds: f64,
}

/// The ways in which a function spends its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Doing {
    /// Bytecode, or C calls of less than about a millisecond, with the interpreter lock.
    Python,
    /// Longer C calls that keep the interpreter lock.
    NativeHoldingLock,
    /// On a core, without the interpreter lock.
    Native,
    /// Off-core.
    Io,
}

impl Doing {
    /// In the order in which the Python side reports them.
    const ALL: [Self; 4] = [Self::Python, Self::NativeHoldingLock, Self::Native, Self::Io];
}

/// One of the ways in which a call spends its time.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The way.
    pub doing: Doing,
    /// The time in each call, in seconds.
    pub seconds: Vec<f64>,
    /// Its share of a call: the minimum and the maximum over all calls.
    pub shares: (f64, f64),
}

/// The arguments or the result of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data {
    /// The payload as a scenario states it.
    pub payload: Payload,
    /// CPU time to pickle it.
    pub dumps: Nanos,
    /// CPU time to unpickle it.
    pub loads: Nanos,
}

/// The result of a probe.
#[derive(Clone, Debug, PartialEq)]
pub struct Probed {
    /// CPU time of importing its module and the modules that it imports.
    pub imports: Nanos,
    /// The number of calls that were evaluated.
    pub calls: usize,
    /// For a call alone, in seconds: CPU time and time off-core.
    pub seconds: Vec<f64>,
    /// The parts of a call, in their order; parts below 1 % are left out.
    pub parts: Vec<Part>,
    /// The median share of its CPU time that is unknown because the machine was busy elsewhere.
    pub unknown: f64,
    /// Median CPU time of other threads that the function has started, in seconds.
    pub other_threads: f64,
    /// The largest memory growth of the process during a call, if the kernel reports it.
    pub memory: Option<Bytes>,
    /// A tuple of all arguments.
    pub argument: Data,
    /// The result of the function.
    pub result: Data,
}

/// The line of JSON; times in ns.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Answer {
    Refusal { refusal: String },
    Found(Found),
}

#[derive(Debug, Deserialize)]
struct Found {
    imports: u64,
    alone: Vec<Alone>,
    competed: Vec<Competed>,
    argument: Described,
    result: Described,
}

#[derive(Debug, Deserialize)]
struct Alone {
    wall: u64,
    cpu: u64,
    queued: u64,
    other_threads: u64,
    memory: Option<u64>,
}

/// What the second thread observed.
#[derive(Debug, Deserialize)]
struct Competed {
    held: u64,
    held_by_c: u64,
    released: u64,
    /// CPU time of the function while the second thread had no core.
    unknown: u64,
    /// The mean position in time of each of: held, held by C, released and off-core.
    moments: [u64; 4],
}

#[derive(Debug, Deserialize)]
struct Described {
    size: u64,
    kind: String,
    dumps: u64,
    loads: u64,
}

/// Probes a function.
///
/// # Errors
/// The error is a message for the user: the interpreter is free-threaded or fails, or the function cannot be found,
/// called or pickled.
pub fn probe(
    interpreter: &Interpreter,
    request: &Request,
    limit: Duration,
    interrupted: &AtomicBool,
) -> Result<Probed, Failure> {
    if interpreter.version.free_threaded {
        return Err(Failure::Failed(format!(
            "{} is a free-threaded build: without an interpreter lock, bytecode cannot be told apart from \
             code that runs in parallel\nprobe with the build that has the interpreter lock: --python PATH",
            interpreter.executable.display()
        )));
    }
    let no_folder = |error| {
        Failure::Failed(format!(
            "cannot write into the folder for temporary files: {error}"
        ))
    };
    let folder = tempfile::tempdir().map_err(no_folder)?;
    let mut line = serde_json::to_string(request).expect("a request is plain text and numbers");
    line.push('\n');
    let mut command = Command::new(&interpreter.executable);
    command.args(["-c", SCRIPT]);
    let errors = folder.path().join("errors.txt");
    let line = Session::of(command, &errors, &line)?.answer(limit, interrupted)?;
    match serde_json::from_str(&line) {
        Ok(Answer::Refusal { refusal }) => Err(Failure::Failed(refusal)),
        Ok(Answer::Found(found)) => Ok(found.judge()),
        Err(error) => Err(Failure::Failed(format!("the answer is invalid: {error}: {line}"))),
    }
}

impl Found {
    fn judge(&self) -> Probed {
        let seconds = |nanos: u64| nanos as f64 / 1e9;
        let off_core: Vec<f64> = self
            .alone
            .iter()
            .map(|call| seconds(call.wall.saturating_sub(call.cpu).saturating_sub(call.queued)))
            .collect();
        let cpu: Vec<f64> = self.alone.iter().map(|call| seconds(call.cpu)).collect();
        let whole: Vec<f64> = cpu
            .iter()
            .zip(&off_core)
            .map(|(cpu, off_core)| cpu + off_core)
            .collect();
        let seen = self.worth_believing();
        let of_cpu = |part: fn(&Competed) -> u64| -> Vec<f64> {
            let shares = seen.iter().filter(|seen| seen.known() > 0);
            shares
                .map(|seen| part(seen) as f64 / seen.known() as f64)
                .collect()
        };
        let shares = [
            of_cpu(|seen| seen.held),
            of_cpu(|seen| seen.held_by_c),
            of_cpu(|seen| seen.released),
        ];
        let mut parts: Vec<(u64, Part)> = Vec::new();
        for (index, doing) in Doing::ALL.into_iter().enumerate() {
            let (times, (least, most)) = match shares.get(index) {
                Some(shares) => {
                    let usual = median(shares).unwrap_or_default();
                    let on_core = median(&cpu).unwrap_or_default() / median(&whole).unwrap_or(1.0).max(1e-9);
                    let (least, most) = extremes(shares);
                    let times = cpu.iter().map(|cpu| cpu * usual).collect::<Vec<f64>>();
                    (times, (least * on_core, most * on_core))
                }
                None => {
                    let shares: Vec<f64> = off_core
                        .iter()
                        .zip(&whole)
                        .map(|(part, whole)| part / whole.max(1e-9))
                        .collect();
                    (off_core.clone(), extremes(&shares))
                }
            };
            let share = median(&times).unwrap_or_default() / median(&whole).unwrap_or(1.0).max(1e-9);
            if share >= LEAST_SHARE {
                let moments: Vec<f64> = seen.iter().map(|seen| seen.moments[index] as f64).collect();
                let moment = median(&moments).unwrap_or_default() as u64;
                let part = Part {
                    doing,
                    seconds: times,
                    shares: (least, most),
                };
                parts.push((moment, part));
            }
        }
        parts.sort_by_key(|(moment, _)| *moment);
        let unknown: Vec<f64> = seen.iter().map(|seen| seen.unknown_share()).collect();
        let others: Vec<f64> = self
            .alone
            .iter()
            .map(|call| seconds(call.other_threads))
            .collect();
        Probed {
            imports: Nanos(self.imports),
            calls: self.alone.len(),
            seconds: whole,
            parts: parts.into_iter().map(|(_, part)| part).collect(),
            unknown: median(&unknown).unwrap_or_default(),
            other_threads: median(&others).unwrap_or_default(),
            memory: self.alone.iter().filter_map(|call| call.memory).max().map(Bytes),
            argument: self.argument.data(),
            result: self.result.data(),
        }
    }
}

impl Found {
    /// The calls that were observed almost completely, if there are at least three; else all.
    fn worth_believing(&self) -> Vec<&Competed> {
        let mut seen: Vec<&Competed> = self.competed.iter().collect();
        let clear: Vec<&Competed> = seen
            .iter()
            .copied()
            .filter(|seen| seen.unknown_share() < CLEAR)
            .collect();
        if clear.len() >= FEWEST_CLEAR {
            seen = clear;
        }
        seen
    }
}

impl Competed {
    fn known(&self) -> u64 {
        self.held + self.held_by_c + self.released
    }

    fn unknown_share(&self) -> f64 {
        self.unknown as f64 / (self.known() + self.unknown).max(1) as f64
    }
}

impl Described {
    fn data(&self) -> Data {
        Data {
            payload: Payload {
                size: Bytes(self.size),
                kind: match self.kind.as_str() {
                    "list[float]" => PayloadKind::ListFloat,
                    "list[int]" => PayloadKind::ListInt,
                    "list[tuple]" => PayloadKind::ListTuple,
                    "dict" => PayloadKind::Dict,
                    _ => PayloadKind::Bytes,
                },
            },
            dumps: Nanos(self.dumps),
            loads: Nanos(self.loads),
        }
    }
}

fn extremes(samples: &[f64]) -> (f64, f64) {
    samples.iter().fold((f64::MAX, 0.0), |(least, most), &sample| {
        (sample.min(least), sample.max(most))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data() -> Described {
        Described {
            size: 4,
            kind: "bytes".to_owned(),
            dumps: 1_000,
            loads: 900,
        }
    }

    /// Calls of `cpu` ms on a core and `off_core` ms elsewhere, of which the second thread observed `seen`: held, held
    /// by C calls, released, unknown.
    fn found(cpu: u64, off_core: u64, seen: &[[u64; 4]]) -> Found {
        let alone = |_| Alone {
            wall: (cpu + off_core + 7) * 1_000_000,
            cpu: cpu * 1_000_000,
            queued: 7_000_000,
            other_threads: 0,
            memory: Some(1 << 20),
        };
        let competed = |[held, held_by_c, released, unknown]: &[u64; 4]| Competed {
            held: *held,
            held_by_c: *held_by_c,
            released: *released,
            unknown: *unknown,
            moments: [3, 4, 2, 1],
        };
        Found {
            imports: 5,
            alone: seen.iter().map(alone).collect(),
            competed: seen.iter().map(competed).collect(),
            argument: data(),
            result: data(),
        }
    }

    fn shares(probed: &Probed) -> Vec<(Doing, u64)> {
        let ms = |part: &Part| (median(&part.seconds).expect("there are calls") * 1e3).round() as u64;
        probed.parts.iter().map(|part| (part.doing, ms(part))).collect()
    }

    #[test]
    fn cpu_time_is_divided_as_the_second_thread_saw_it_and_parts_come_in_their_order() {
        let probed = found(40, 60, &[[10, 20, 10, 0]; 3]).judge();
        assert_eq!(
            shares(&probed),
            [
                (Doing::Io, 60),
                (Doing::Native, 10),
                (Doing::Python, 10),
                (Doing::NativeHoldingLock, 20)
            ]
        );
        assert_eq!(probed.memory, Some(Bytes(1 << 20)));
    }

    #[test]
    fn time_without_a_core_is_not_the_functions() {
        let probed = found(40, 0, &[[1, 0, 0, 0]; 3]).judge();
        assert_eq!(shares(&probed), [(Doing::Python, 40)]);
    }

    #[test]
    fn calls_of_which_little_was_seen_count_only_where_there_are_no_others() {
        let clear = [0, 0, 40, 0];
        let blind = [40, 0, 0, 400];
        let probed = found(40, 0, &[clear, blind, clear, blind, clear, blind, blind, blind]).judge();
        assert_eq!(shares(&probed), [(Doing::Native, 40)]);
        assert_eq!(probed.unknown, 0.0);
        let probed = found(40, 0, &[blind; 3]).judge();
        assert!(probed.unknown > 0.9);
    }

    #[test]
    fn a_part_of_less_than_a_hundredth_is_a_measuring_error() {
        let probed = found(1_000, 5, &[[995, 5, 0, 0]; 3]).judge();
        assert_eq!(shares(&probed), [(Doing::Python, 995)]);
    }
}
