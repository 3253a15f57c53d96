//! What one repetition of one configuration has to do, with every time drawn: the line that the Python side reads.
//!
//! Repetition r takes the draws of the simulator's replication r, so that both do the same work.

mod run;
mod steps;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use super::pace::{Look, Pace};
use super::{Machine, slowdown};
use crate::model::{Payload, draws};
use crate::random::Key;
use crate::scenario::{Chunks, Configuration, Demand, Step, Transport, working_order};
use crate::units::Nanos;
use run::Run;
use steps::{Player, Steps, crashes, drawn, time_of};

/// So many rounds of a background thread, initializers and imports are drawn; then it begins again with the first.
const ROUNDS: u64 = 256;

/// The whole of it.
#[derive(Debug, Serialize)]
pub struct Plan {
    cpus: Option<Vec<u32>>,
    /// For the clients of a server.
    other_cpus: Vec<u32>,
    switch_interval_s: f64,
    /// So many times as long bytecode takes as in the build with the interpreter lock.
    slowdown: f64,
    /// What a CPU is like most of the time, where that is known, and how long to wait for such a moment.
    usual: Option<Look>,
    patience_s: f64,
    executor: &'static str,
    run: Run,
    order: Vec<usize>,
    groups: Vec<Group>,
    /// For each thread its rounds.
    background: Vec<Vec<Steps>>,
    setups: Vec<Steps>,
    imports: Vec<Steps>,
    memory: u64,
    /// Of it, objects that workers use.
    touched: u64,
    in_segments: bool,
    locks: Vec<String>,
    counters: Vec<String>,
    /// Whether a counter is a `multiprocessing.Value`, and no attribute.
    counters_of_processes: bool,
}

/// A group of items.
#[derive(Debug, Serialize)]
struct Group {
    count: u64,
    argument: Data,
    result: Data,
    after: Vec<(usize, &'static str)>,
    /// For each item its steps, or one list of steps for all. Where there are clients, for each of them as many lists.
    steps: Vec<Steps>,
    clients: Option<Clients>,
    arrivals: Option<Arrivals>,
}

/// Who asks for a group's items, times in ns.
#[derive(Debug, Serialize)]
struct Clients {
    number: u32,
    duration: u64,
    warmup: u64,
    /// For each client its pauses, or one list of pauses for all.
    think: Vec<Vec<u64>>,
}

impl Clients {
    fn of(demand: &Demand, group: u64, key: Key) -> Option<Self> {
        let Demand::Clients {
            clients,
            think,
            duration,
            warmup,
        } = demand
        else {
            return None;
        };
        let pauses = |client: u32, number: u64| {
            let key = draws::think(key, group, client);
            (0..number)
                .map(|number| think.sample_keyed(key.number(number)).0)
                .collect()
        };
        let random = think.is_random();
        Some(Self {
            number: *clients,
            duration: duration.0,
            warmup: warmup.0,
            think: if random {
                (0..*clients).map(|client| pauses(client, ROUNDS)).collect()
            } else {
                vec![pauses(0, 1)]
            },
        })
    }
}

/// Requests that come by themselves, times in ns.
#[derive(Debug, Serialize)]
struct Arrivals {
    duration: u64,
    warmup: u64,
    /// When each of them comes, from the start.
    times: Vec<u64>,
}

/// More requests than this do not come by themselves in one repetition.
const MOST_ARRIVALS: usize = 1_000_000;

impl Arrivals {
    fn of(demand: &Demand, group: u64, key: Key) -> Option<Self> {
        let Demand::Arrivals {
            between,
            duration,
            warmup,
        } = demand
        else {
            return None;
        };
        let key = draws::arrivals(key, group);
        let end = warmup.saturating_add(*duration).0;
        let mut at = 0_u64;
        let times = (0..).map(|number| {
            at = at.saturating_add(between.sample_keyed(key.number(number)).0);
            at
        });
        Some(Self {
            duration: duration.0,
            warmup: warmup.0,
            times: times.take(MOST_ARRIVALS).take_while(|&at| at < end).collect(),
        })
    }
}

/// Whether more requests come by themselves than can be measured.
pub fn too_many_arrive(demand: &Demand) -> bool {
    // Any replication's: what matters is their rate.
    let arrivals = Arrivals::of(demand, 0, Key::root(0, 0));
    arrivals.is_some_and(|arrivals| arrivals.times.len() > MOST_ARRIVALS / 2)
}

/// Kind, pickled size, and how many different objects may meet in one pickle.
#[derive(Debug, Serialize)]
struct Data(&'static str, u64, u64);

impl Plan {
    /// Of one repetition: `key` is the root key of the replication with the same number.
    pub fn of(configuration: &Configuration, machine: &Machine, key: Key) -> Self {
        let program = &configuration.program;
        let chunk = largest_chunk(configuration);
        let groups = configuration.tasks.iter().enumerate().map(|(group, task)| {
            let arrivals = Arrivals::of(&task.demand, group as u64, key);
            let come = arrivals
                .as_ref()
                .map_or(0, |arrivals| arrivals.times.len() as u64);
            // A client's requests begin again after so many.
            let (count, requests) = match task.demand {
                Demand::Count(count) => (count, 0),
                Demand::Clients { clients, .. } => (0, u64::from(clients) * ROUNDS),
                Demand::Arrivals { .. } => (0, come.max(1)),
            };
            let item = |index: u64| match task.demand {
                Demand::Count(_) | Demand::Arrivals { .. } => index,
                Demand::Clients { .. } => draws::request((index / ROUNDS) as u32, index % ROUNDS),
            };
            let different = |payload: Payload| Data(payload.kind.word(), payload.size.0, chunk.min(count));
            let edge = |dependency: &crate::scenario::Dependency| (dependency.group, dependency.kind.word());
            Group {
                count,
                argument: different(task.argument),
                result: different(task.result),
                after: task.after.iter().map(edge).collect(),
                steps: drawn(
                    &task.steps,
                    Player::of(&configuration.executor),
                    count + requests,
                    |index| draws::item(key, &task.name, item(index)),
                ),
                clients: Clients::of(&task.demand, group as u64, key),
                arrivals,
            }
        });
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
            vec![json!(["python", time.0])]
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

    /// With bytecode that takes so many times as long as in the build with the interpreter lock, if that is known.
    pub(super) fn slowed(mut self, slowdown: Option<f64>) -> Self {
        if let Some(slowdown) = slowdown {
            self.slowdown = slowdown;
        }
        self
    }

    /// In a moment in which the machine is as usual, if one comes soon enough.
    pub(super) fn at_pace(mut self, pace: &Pace, patience: Duration) -> Self {
        self.usual = pace.usual();
        self.patience_s = patience.as_secs_f64();
        self
    }

    /// The line that the Python side reads.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("a plan is made of numbers, strings and lists") + "\n"
    }
}

/// Most items that travel in one pickle.
pub fn largest_chunk(configuration: &Configuration) -> u64 {
    let count = |task: &crate::scenario::TaskGroup| match task.demand {
        Demand::Count(count) => count,
        Demand::Clients { .. } | Demand::Arrivals { .. } => 0,
    };
    let items = configuration.tasks.iter().map(count).max().unwrap_or(0);
    let facts = configuration.executor.facts();
    match facts.chunks {
        Chunks::Single => 1,
        Chunks::Of(chunksize) => chunksize,
        // `Pool._map_async`
        Chunks::ByNumber => items.div_ceil(4 * u64::from(facts.workers.unwrap_or(1))),
    }
}

impl Plan {
    /// Whether any process dies by itself.
    pub fn has_crashes(&self) -> bool {
        let items = self.groups.iter().flat_map(|group| &group.steps);
        let all = items.chain(self.background.iter().flatten()).chain(&self.setups);
        all.into_iter().any(|steps| crashes(steps))
    }

    /// Longer than the work takes if nothing goes in parallel and every step waits for the interpreter lock.
    pub fn longest_time(&self) -> Nanos {
        // Slower than any pickling and copying there and back.
        const PER_BYTE: u64 = 100;
        let interval = (self.switch_interval_s * 1e9) as u64;
        let per_step = interval.saturating_mul(1 + self.background.len() as u64);
        let of = |steps: &Steps| time_of(steps, per_step);
        let groups = self.groups.iter().map(|group| {
            let data = group.argument.1.saturating_add(group.result.1);
            let steps = match &group.steps[..] {
                [same] => of(same).saturating_mul(group.count),
                each => each.iter().map(of).fold(0, u64::saturating_add),
            };
            let clients = group.clients.as_ref();
            let arrivals = group.arrivals.as_ref();
            let steps = steps
                .saturating_add(
                    arrivals.map_or(0, |arrivals| arrivals.warmup.saturating_add(arrivals.duration)),
                )
                .saturating_add(clients.map_or(0, |clients| clients.warmup.saturating_add(clients.duration)));
            steps.saturating_add(data.saturating_mul(PER_BYTE).saturating_mul(group.count))
        });
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
