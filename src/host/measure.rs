//! Which configurations are measured, in which order, and how often.
//!
//! Repetitions of different configurations take turns, so that a busy neighbour hurts all alike. A repetition during
//! which the machine was busy elsewhere, or changed its speed, is done again a few times; the quietest counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::answer::failed;
use super::obstacles::obstacle;
use super::plan::Plan;
use super::scripts::Scripts;
use super::session::{self, Failure};
use super::{HostError, Interpreter, Machine, slowdown};
use crate::random::Key;
use crate::results::Status;
use crate::results::measured::{Host, LeftOut, Measured, MeasuredRow, Repetition};
use crate::scenario::{Configuration, Distinct, Scenario};
use crate::units::Nanos;

/// How often a repetition is tried until the machine is quiet.
const MOST_TRIES: u32 = 3;

/// What to measure, and with what.
pub struct Measuring<'a> {
    /// On which machine.
    pub machine: Machine,
    /// At least one, each of another version.
    pub interpreters: &'a [Interpreter],
    /// Of every configuration.
    pub repetitions: u64,
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

/// A distinct configuration and what has come of it.
struct Job {
    configuration: Arc<Configuration>,
    interpreter: usize,
    repetitions: Vec<Repetition>,
}

/// How many sessions [`measure`] will hold if none has to be repeated.
pub fn sessions(scenario: &Scenario, measuring: &Measuring) -> u64 {
    let (jobs, _) = jobs(scenario, measuring);
    jobs.iter().flatten().count() as u64 * measuring.repetitions
}

/// Measures every configuration that can be measured, and the sequential runs that they are compared with.
///
/// `done` is called after each session, `round` after each round of repetitions with what there is so far. What is
/// interrupted ends early, with every repetition that was complete.
///
/// # Errors
/// The Python side cannot be written down, or `round` fails.
pub fn measure<E: From<HostError>>(
    scenario: &Scenario,
    measuring: &Measuring,
    done: impl Fn(),
    mut round: impl FnMut(&Measured) -> Result<(), E>,
) -> Result<Measured, E> {
    let scripts = Scripts::write().map_err(|source| HostError::Scratch { source })?;
    let (mut jobs, left_out) = jobs(scenario, measuring);
    let slowdowns = match slowdown::measured(&scripts, measuring.interpreters, measuring.interrupted) {
        Err(HostError::Interrupted) => Vec::new(),
        slowdowns => slowdowns?,
    };
    let mut measured = Measured {
        scenario: scenario.clone(),
        rows: Vec::new(),
        left_out,
        interrupted: false,
        host: host(measuring, &slowdowns),
    };
    for number in 0..measuring.repetitions {
        // Each round begins with another one, for some hurt those who follow them.
        let first = number as usize % jobs.len().max(1);
        let (late, early) = jobs.split_at_mut(first);
        for job in early.iter_mut().chain(late).flatten() {
            if job.has_failed() {
                done();
                continue;
            }
            let Some(repetition) = repeat(&scripts, measuring, &slowdowns, scenario, job, number) else {
                measured.interrupted = true;
                break;
            };
            job.repetitions.push(repetition);
            done();
        }
        measured.rows = rows(scenario, &jobs, &measured.left_out, measuring);
        round(&measured)?;
        if measured.interrupted {
            break;
        }
    }
    Ok(measured)
}

impl Job {
    /// What has failed once takes its time limit every time.
    fn has_failed(&self) -> bool {
        self.repetitions
            .iter()
            .any(|repetition| repetition.replication.status != Status::Done)
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
            repetitions: Vec::new(),
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

/// One repetition, tried until the machine is quiet; `None` when interrupted.
fn repeat(
    scripts: &Scripts,
    measuring: &Measuring,
    slowdowns: &[Option<f64>],
    scenario: &Scenario,
    job: &Job,
    number: u64,
) -> Option<Repetition> {
    let key = Key::root(scenario.replicate.seed, number);
    let slowdown = slowdowns.get(job.interpreter).copied().flatten();
    let plan = Plan::of(&job.configuration, &measuring.machine, key).slowed(slowdown);
    let limit = limit(scenario, &plan);
    let interpreter = &measuring.interpreters[job.interpreter];
    let mut quietest: Option<Repetition> = None;
    for _ in 0..MOST_TRIES {
        if measuring.interrupted.load(Ordering::Relaxed) {
            return None;
        }
        let repetition = match session::run(scripts, interpreter, &plan, limit, measuring.interrupted) {
            Ok(answer) => answer.into_repetition(number),
            Err(Failure::Interrupted) => return None,
            Err(Failure::Limit) => {
                let after = format!("not done after {:.0} s", limit.as_secs_f64());
                let detail = match plan.has_crashes() {
                    true => format!("{after}: a process crashed, and what it was to do is never done"),
                    false => after,
                };
                failed(number, Status::Limit, detail)
            }
            Err(Failure::Failed(detail)) => failed(number, Status::Failed, detail),
        };
        let quieter = quietest
            .as_ref()
            .is_none_or(|so_far| noise(&repetition) < noise(so_far));
        let noisy = repetition.noisy;
        if quieter {
            quietest = Some(repetition);
        }
        if !noisy {
            break;
        }
    }
    quietest
}

fn noise(repetition: &Repetition) -> f64 {
    repetition.drift.max(repetition.elsewhere.unwrap_or(0.0))
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
    jobs: &[Option<Job>],
    left_out: &[LeftOut],
    measuring: &Measuring,
) -> Vec<MeasuredRow> {
    let mut rows = Vec::new();
    for (configuration, (own, baseline)) in Distinct::of(scenario).rows.iter().enumerate() {
        let is_left_out = left_out.iter().any(|left| left.configuration == configuration);
        // A job may be there for those alone that are compared with it.
        let is_wanted = measuring.wants(&scenario.configurations[configuration]) && !is_left_out;
        let Some(job) = jobs[*own].as_ref().filter(|_| is_wanted) else {
            continue;
        };
        if job.repetitions.is_empty() {
            continue;
        }
        let baseline = baseline.and_then(|baseline| jobs[baseline].as_ref());
        let with_baseline = |repetition: &Repetition| {
            let beside = baseline.and_then(|job| {
                job.repetitions
                    .iter()
                    .find(|other| other.number == repetition.number)
            });
            let ended = beside.filter(|other| other.replication.status == Status::Done);
            Repetition {
                baseline: ended.map(|other| other.replication.makespan),
                noisy: repetition.noisy || beside.is_some_and(|other| other.noisy),
                ..repetition.clone()
            }
        };
        rows.push(MeasuredRow {
            configuration,
            release: measuring.interpreters[job.interpreter].release.clone(),
            repetitions: job.repetitions.iter().map(with_baseline).collect(),
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
