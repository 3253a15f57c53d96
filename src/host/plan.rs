//! What one repetition of one configuration has to do, with every time drawn: the line that the Python side reads.
//!
//! Repetition r takes the draws of the simulator's replication r, so that both do the same work.

mod group;
mod run;
mod steps;

pub use group::{largest_chunk, too_many_arrive};

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use super::pace::{Look, Pace};
use super::{Machine, slowdown};
use crate::model::draws;
use crate::random::Key;
use crate::scenario::{Configuration, Step, Transport, working_order};
use crate::units::Nanos;
use group::Group;
use run::Run;
use steps::{Planned, Player, Steps, drawn, time_of};

/// The number of rounds that are drawn for background threads, initializers, imports and the requests of clients.
/// After the last one, the Python side begins again with the first.
const ROUNDS: u64 = 256;

/// One repetition of one configuration.
#[derive(Debug, Serialize)]
pub struct Plan {
    cpus: Option<Vec<u32>>,
    /// The CPUs of the clients of a server.
    other_cpus: Vec<u32>,
    switch_interval_s: f64,
    /// How many times as long bytecode takes as in the build with the interpreter lock.
    slowdown: f64,
    /// The usual speed of a CPU, where it is known, and how long to wait until every CPU has it.
    usual: Option<Look>,
    patience_s: f64,
    executor: &'static str,
    run: Run,
    order: Vec<usize>,
    groups: Vec<Group>,
    /// For each thread the steps of its rounds.
    background: Vec<Vec<Steps>>,
    setups: Vec<Steps>,
    imports: Vec<Steps>,
    memory: u64,
    /// The part of `memory` that is objects which workers use.
    touched: u64,
    in_segments: bool,
    locks: Vec<String>,
    counters: Vec<String>,
    /// Whether a counter is a `multiprocessing.Value`; otherwise it is an attribute.
    counters_of_processes: bool,
}

impl Plan {
    /// The plan of one repetition. `key` is the root key of the replication with the same number.
    pub fn of(configuration: &Configuration, machine: &Machine, key: Key) -> Self {
        let program = &configuration.program;
        let tasks = configuration.tasks.iter().enumerate();
        let groups = tasks.map(|(index, task)| Group::of(configuration, index, task, key));
        let background = configuration.background.iter().flat_map(|background| {
            (0..background.count).map(move |number| {
                let key = draws::background(key, &background.name, number.into());
                drawn(&background.steps, Player::Thread, ROUNDS, |round| {
                    key.number(round)
                })
            })
        });
        let import = |number| {
            let time = program
                .imports
                .sample_keyed(draws::imports(draws::program(key), number));
            vec![Planned::Python(time.0)]
        };
        let imports = match program.imports.is_random() {
            true => ROUNDS,
            false if program.imports.is_zero() => 0,
            false => 1,
        };
        let locks: BTreeSet<&str> = configuration.every_step().filter_map(Step::lock).collect();
        let counters: BTreeSet<&str> = configuration.every_step().filter_map(Step::state).collect();
        Self {
            cpus: machine.cpus(configuration.machine.cores),
            other_cpus: machine.other_cpus(configuration.machine.cores),
            switch_interval_s: configuration.python.switch_interval.as_secs_f64(),
            slowdown: slowdown::of_profile(configuration),
            usual: None,
            patience_s: 0.0,
            executor: configuration.executor.name().word(),
            run: Run::of(&configuration.executor.facts()),
            order: working_order(&configuration.tasks),
            groups: groups.collect(),
            background: background.collect(),
            setups: if program.setup.is_empty() {
                Vec::new()
            } else {
                drawn(&program.setup, Player::Thread, ROUNDS, |number| {
                    draws::setup(key, number)
                })
            },
            imports: (0..imports).map(import).collect(),
            memory: (program.memory.0 + program.modules.0).saturating_sub(program.touched.0),
            touched: program.touched.0,
            in_segments: configuration.transport == Transport::SharedMemory,
            locks: locks.into_iter().map(str::to_owned).collect(),
            counters: counters.into_iter().map(str::to_owned).collect(),
            counters_of_processes: configuration.executor.start_method().is_some(),
        }
    }

    /// The plan with bytecode that takes `slowdown` times as long as in the build with the interpreter lock.
    pub(super) fn slowed(mut self, slowdown: Option<f64>) -> Self {
        if let Some(slowdown) = slowdown {
            self.slowdown = slowdown;
        }
        self
    }

    /// The plan with a wait of at most `patience` until every CPU runs at its usual speed.
    pub(super) fn at_pace(mut self, pace: &Pace, patience: Duration) -> Self {
        self.usual = pace.usual();
        self.patience_s = patience.as_secs_f64();
        self
    }

    /// The line that the Python side reads.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("a plan consists of numbers, strings and lists") + "\n"
    }
}

impl Plan {
    /// Whether any process crashes.
    pub fn has_crashes(&self) -> bool {
        let items = self.groups.iter().flat_map(|group| &group.steps);
        let all = items.chain(self.background.iter().flatten()).chain(&self.setups);
        all.flatten().any(Planned::crashes)
    }

    /// An upper bound of the time that the work takes: nothing runs in parallel, and every step waits for the
    /// interpreter lock.
    pub fn longest_time(&self) -> Nanos {
        // ns for a byte: slower than any pickling and copying to a worker and back.
        const PER_BYTE: u64 = 100;
        let interval = (self.switch_interval_s * 1e9) as u64;
        let per_step = interval.saturating_mul(1 + self.background.len() as u64);
        let of = |steps: &Steps| time_of(steps, per_step);
        let groups = self.groups.iter().map(|group| group.longest_time(of, PER_BYTE));
        let work = groups.fold(0, u64::saturating_add);
        let items: u64 = self.groups.iter().map(|group| group.count).sum();
        let workers = self.run.workers.map_or(items, u64::from);
        let longest = |lists: &[Steps]| lists.iter().map(of).max().unwrap_or(0).saturating_mul(workers);
        Nanos(
            work.saturating_add(longest(&self.setups))
                .saturating_add(longest(&self.imports)),
        )
    }
}
