//! Which configurations are measured, in which order, and how often.
//!
//! Repetitions of different configurations alternate, so that a busy neighbour slows down all of them alike. Each waits
//! until every CPU runs at its usual speed, but not for long. No repetition is repeated: where a machine is always
//! noisy, the median of many repetitions is closer to the usual time than the quietest of a few.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::answer::failed;
use super::obstacles::obstacle;
use super::pace::Pace;
use super::plan::Plan;
use super::quiet::Tried;
use super::scripts::Scripts;
use super::session::{self, Failure};
use super::{HostError, Interpreter, Machine, slowdown};
use crate::random::Key;
use crate::results::Status;
use crate::results::measured::{Host, LeftOut, Measured, MeasuredRow, Repetition};
use crate::scenario::{Configuration, Distinct, Scenario};
use crate::units::Nanos;

/// The longest time that a repetition waits for a quiet moment.
const LONGEST_WAIT: Duration = Duration::from_secs(4);

/// What to measure, and with which interpreters.
pub struct Measuring<'a> {
    /// The machine to measure on.
    pub machine: Machine,
    /// At least one interpreter, each of another version.
    pub interpreters: &'a [Interpreter],
    /// The labels of the runs to measure; if empty, all runs are measured.
    pub only: &'a [String],
    /// Set when the user interrupts the measurement.
    pub interrupted: &'a AtomicBool,
}

impl Measuring<'_> {
    fn wants(&self, configuration: &Configuration) -> bool {
        self.only.is_empty() || self.only.contains(&configuration.label)
    }
}

/// A scenario that is measured round by round.
pub struct Measurement<'a> {
    bench: Bench<'a>,
    jobs: Vec<Option<Job>>,
    left_out: Vec<LeftOut>,
    /// The number of rounds so far.
    rounds: u64,
    interrupted: bool,
}

/// A distinct configuration and its repetitions.
struct Job {
    configuration: Arc<Configuration>,
    interpreter: usize,
    tried: Vec<Tried>,
}

/// What a session needs.
struct Bench<'a> {
    scripts: Scripts,
    scenario: &'a Scenario,
    measuring: &'a Measuring<'a>,
    /// The slowdown of bytecode with each interpreter, where it is known.
    slowdowns: Vec<Option<f64>>,
    /// The time left for waiting. Each repetition adds half of its own duration.
    spare: Cell<Duration>,
}

impl<'a> Measurement<'a> {
    /// Prepares every configuration that can be measured, and the baselines of these configurations.
    ///
    /// # Errors
    /// The Python side cannot be written, or an interpreter fails to report the speed of its bytecode.
    pub fn begin(scenario: &'a Scenario, measuring: &'a Measuring<'a>) -> Result<Self, HostError> {
        let scripts = Scripts::write().map_err(|source| HostError::Scratch { source })?;
        let slowdowns = match slowdown::measured(&scripts, measuring.interpreters, measuring.interrupted) {
            Err(HostError::Interrupted) => Vec::new(),
            slowdowns => slowdowns?,
        };
        let (jobs, left_out) = jobs(scenario, measuring);
        Ok(Self {
            bench: Bench {
                scripts,
                scenario,
                measuring,
                slowdowns,
                spare: Cell::new(Duration::ZERO),
            },
            jobs,
            left_out,
            rounds: 0,
            interrupted: false,
        })
    }

    /// The number of sessions in a round.
    pub fn sessions(&self) -> u64 {
        self.jobs.iter().flatten().count() as u64
    }

    /// Adds one repetition of every configuration. `paces` are those of the interpreters, as far as they are known;
    /// `done` is called after each session. If it is interrupted, every complete repetition is kept.
    pub fn round(&mut self, paces: &mut [Pace], done: impl Fn()) {
        let number = self.rounds;
        self.rounds += 1;
        // Each round begins with another configuration, because some configurations slow down those that follow them.
        let first = number as usize % self.jobs.len().max(1);
        let (late, early) = self.jobs.split_at_mut(first);
        for job in early.iter_mut().chain(late).flatten() {
            if !job.has_reached_limit() {
                let Some(tried) = self.bench.repeat(job, number, &mut paces[job.interpreter]) else {
                    self.interrupted = true;
                    return;
                };
                job.tried.push(tried);
            }
            done();
        }
    }

    /// The results so far, judged by what is known of the interpreters by now.
    pub fn measured(&self, paces: &[Pace]) -> Measured {
        let Bench {
            scenario, measuring, ..
        } = self.bench;
        Measured {
            scenario: scenario.clone(),
            rows: rows(scenario, measuring, &self.jobs, paces, &self.left_out),
            left_out: self.left_out.clone(),
            interrupted: self.interrupted,
            host: host(measuring, &self.bench.slowdowns),
        }
    }
}

impl Job {
    /// A limit is reached in every repetition. Another failure may have been an accident.
    fn has_reached_limit(&self) -> bool {
        let mut tried = self.tried.iter();
        tried.any(|tried| tried.repetition.replication.status == Status::Limit)
    }

    /// The repetition with this number.
    fn repetition(&self, number: u64) -> Option<&Tried> {
        self.tried.iter().find(|tried| tried.repetition.number == number)
    }
}

/// Each distinct configuration that is wanted and can be measured; `None` in place of the others.
fn jobs(scenario: &Scenario, measuring: &Measuring) -> (Vec<Option<Job>>, Vec<LeftOut>) {
    let distinct = Distinct::of(scenario);
    let mut jobs: Vec<Option<Job>> = distinct.configurations.iter().map(|_| None).collect();
    let mut left_out = Vec::new();
    let mut want = |index: usize| -> Result<(), String> {
        let configuration = &distinct.configurations[index];
        if let Some(reason) = obstacle(configuration, &measuring.machine, measuring.interpreters) {
            return Err(reason);
        }
        let suits = |interpreter: &Interpreter| interpreter.version == configuration.python.version;
        jobs[index] = Some(Job {
            configuration: configuration.clone(),
            interpreter: measuring
                .interpreters
                .iter()
                .position(suits)
                .expect("without an interpreter there is an obstacle"),
            tried: Vec::new(),
        });
        Ok(())
    };
    for (index, (own, baseline)) in distinct.rows.iter().enumerate() {
        if !measuring.wants(&scenario.configurations[index]) {
            continue;
        }
        match want(*own) {
            Ok(()) => {
                // Without the baseline there is no speedup, but all other results are the same.
                let _ = baseline.map(&mut want);
            }
            Err(reason) => left_out.push(LeftOut {
                configuration: index,
                reason,
            }),
        }
    }
    (jobs, left_out)
}

impl Bench<'_> {
    /// Runs one repetition; `None` if it is interrupted.
    fn repeat(&self, job: &Job, number: u64, pace: &mut Pace) -> Option<Tried> {
        let began = Instant::now();
        let interrupted = self.measuring.interrupted;
        if interrupted.load(Ordering::Relaxed) {
            return None;
        }
        let key = Key::root(self.scenario.replicate.seed, number);
        let slowdown = self.slowdowns.get(job.interpreter).copied().flatten();
        let patience = self.spare.get().min(LONGEST_WAIT);
        let plan = Plan::of(&job.configuration, &self.measuring.machine, key)
            .slowed(slowdown)
            .at_pace(pace, patience);
        let limit = limit(self.scenario, &plan) + patience;
        let interpreter = &self.measuring.interpreters[job.interpreter];
        let tried = match session::run(&self.scripts, interpreter, &plan, limit, interrupted) {
            Ok(answer) => answer.into_tried(number),
            Err(Failure::Interrupted) => return None,
            Err(Failure::Limit) => {
                let after = format!("not done after {:.0} s", limit.as_secs_f64());
                let detail = match plan.has_crashes() {
                    true => format!("{after}: a process crashed, so its work never completes"),
                    false => after,
                };
                failed(number, Status::Limit, detail)
            }
            Err(Failure::Failed(detail)) => failed(number, Status::Failed, detail),
        };
        pace.note(&tried.looks);
        let took = began.elapsed().saturating_sub(tried.waited);
        let spare = (self.spare.get() + took / 2).saturating_sub(tried.waited);
        self.spare.set(spare);
        Some(tried)
    }
}

/// The time after which a repetition is given up: the scenario's limit, or much more than the work takes.
fn limit(scenario: &Scenario, plan: &Plan) -> Duration {
    const AT_LEAST: Nanos = Nanos::from_secs(60);
    // A thread that waits for a crashed process waits for ever.
    const WITH_CRASHES: Nanos = Nanos::from_secs(10);
    const TIMES_THE_WORK: u64 = 20;
    let at_least = if plan.has_crashes() {
        WITH_CRASHES
    } else {
        AT_LEAST
    };
    let generous = Nanos(plan.longest_time().0.saturating_mul(TIMES_THE_WORK)).saturating_add(at_least);
    Duration::from_nanos(generous.min(scenario.replicate.limit).0)
}

/// Matches the repetitions of each configuration that has a baseline with those of the baseline.
fn rows(
    scenario: &Scenario,
    measuring: &Measuring,
    jobs: &[Option<Job>],
    paces: &[Pace],
    left_out: &[LeftOut],
) -> Vec<MeasuredRow> {
    let mut rows = Vec::new();
    for (configuration, (own, baseline)) in Distinct::of(scenario).rows.iter().enumerate() {
        let is_left_out = left_out.iter().any(|left| left.configuration == configuration);
        // A job may be included only because it is the baseline of these configurations.
        let is_wanted = measuring.wants(&scenario.configurations[configuration]) && !is_left_out;
        let Some(job) = jobs[*own].as_ref().filter(|_| is_wanted) else {
            continue;
        };
        if job.tried.is_empty() {
            continue;
        }
        let judged = |job: &Job, tried: &Tried| tried.judged(&paces[job.interpreter]);
        let baseline = baseline.and_then(|baseline| jobs[baseline].as_ref());
        let with_baseline = |tried: &Tried| {
            let repetition = judged(job, tried);
            let beside = baseline.and_then(|job| Some(judged(job, job.repetition(repetition.number)?)));
            let ended = beside
                .as_ref()
                .filter(|other| other.replication.status == Status::Done);
            Repetition {
                baseline: ended.map(|other| other.replication.makespan),
                noisy: repetition.noisy || beside.as_ref().is_some_and(|other| other.noisy),
                ..repetition
            }
        };
        rows.push(MeasuredRow {
            configuration,
            release: measuring.interpreters[job.interpreter].release.clone(),
            repetitions: job.tried.iter().map(with_baseline).collect(),
        });
    }
    rows
}

fn host(measuring: &Measuring, slowdowns: &[Option<f64>]) -> Host {
    let path = |interpreter: &Interpreter| interpreter.executable.to_string_lossy().into_owned();
    Host {
        cores: measuring.machine.cores(),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        interpreters: measuring
            .interpreters
            .iter()
            .map(|interpreter| (interpreter.release.clone(), path(interpreter)))
            .collect(),
        slowdowns: (measuring.interpreters.iter().zip(slowdowns))
            .filter_map(|(interpreter, slowdown)| Some((interpreter.version.to_string(), (*slowdown)?)))
            .collect(),
    }
}
