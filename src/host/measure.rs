//! Which configurations are measured, in which order, and how often.
//!
//! Repetitions of different configurations take turns, so that a busy neighbour hurts all alike. Each waits until all
//! CPUs are as usual, but not for long. None is done again: where a machine is noisy all the time, the middle of many is
//! nearer to what is usual than the quietest of a few.

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

/// How long one of them waits for a quiet moment.
const LONGEST_WAIT: Duration = Duration::from_secs(4);

/// What to measure, and with what.
pub struct Measuring<'a> {
    /// On which machine.
    pub machine: Machine,
    /// At least one, each of another version.
    pub interpreters: &'a [Interpreter],
    /// The labels of the only runs to measure; all where there are none.
    pub only: &'a [String],
    /// Set when somebody does not want to wait any longer.
    pub interrupted: &'a AtomicBool,
}

impl Measuring<'_> {
    fn wants(&self, configuration: &Configuration) -> bool {
        self.only.is_empty() || self.only.contains(&configuration.label)
    }
}

/// A scenario that is being measured, round by round.
pub struct Measurement<'a> {
    bench: Bench<'a>,
    jobs: Vec<Option<Job>>,
    left_out: Vec<LeftOut>,
    /// How many rounds there have been.
    rounds: u64,
    interrupted: bool,
}

/// A distinct configuration and what has come of it.
struct Job {
    configuration: Arc<Configuration>,
    interpreter: usize,
    tried: Vec<Tried>,
}

/// What a session takes.
struct Bench<'a> {
    scripts: Scripts,
    scenario: &'a Scenario,
    measuring: &'a Measuring<'a>,
    /// How much longer bytecode takes with each interpreter, where that is known.
    slowdowns: Vec<Option<f64>>,
    /// For waiting. Each repetition adds half of what it took.
    spare: Cell<Duration>,
}

impl<'a> Measurement<'a> {
    /// Of every configuration that can be measured, and the sequential runs that they are compared with.
    ///
    /// # Errors
    /// The Python side cannot be written down, or an interpreter does not tell how slow its bytecode is.
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

    /// How many sessions a round has.
    pub fn sessions(&self) -> u64 {
        self.jobs.iter().flatten().count() as u64
    }

    /// One more repetition of every configuration. `paces` are those of the interpreters, so far as they are known; `done`
    /// is called after each session. What is interrupted keeps every repetition that was complete.
    pub fn round(&mut self, paces: &mut [Pace], done: impl Fn()) {
        let number = self.rounds;
        self.rounds += 1;
        // Each round begins with another one, for some hurt those who follow them.
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

    /// What there is so far, judged by what is known of the interpreters by now.
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
    /// That takes as long every time. What has failed in another way may have been unlucky.
    fn has_reached_limit(&self) -> bool {
        let mut tried = self.tried.iter();
        tried.any(|tried| tried.repetition.replication.status == Status::Limit)
    }

    /// The repetition of this number.
    fn repetition(&self, number: u64) -> Option<&Tried> {
        self.tried.iter().find(|tried| tried.repetition.number == number)
    }
}

/// Each distinct configuration that is wanted and can be measured; else `None` in its place.
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
                // Without it there is no speedup, and all else all the same.
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
    /// One repetition; `None` when interrupted.
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

/// After which a repetition is given up: the scenario's limit, or much more than the work takes.
fn limit(scenario: &Scenario, plan: &Plan) -> Duration {
    const AT_LEAST: Nanos = Nanos::from_secs(60);
    // Who waits for a process that has crashed will do so for ever.
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

/// Repetitions beside those of their baselines, for each configuration that has any.
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
        // A job may be there for those alone that are compared with it.
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
