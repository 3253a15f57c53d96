//! One group of items in the plan: how many there are, when they are requested, and what each of them does.

use serde::Serialize;

use super::ROUNDS;
use super::steps::{Player, Steps, drawn};
use crate::model::{Payload, draws};
use crate::random::Key;
use crate::scenario::{Chunks, Configuration, Demand, Dependency, TaskGroup};

/// A group of items. Times are in ns.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    pub count: u64,
    argument: Data,
    result: Data,
    after: Vec<(usize, &'static str)>,
    /// For each item its steps, or one list of steps for all items; with clients, `ROUNDS` lists for each client.
    pub steps: Vec<Steps>,
    clients: Option<Clients>,
    arrivals: Option<Arrivals>,
}

impl Group {
    /// The group of a configuration with this index.
    pub fn of(configuration: &Configuration, index: usize, task: &TaskGroup, key: Key) -> Self {
        let chunk = largest_chunk(configuration);
        let arrivals = Arrivals::of(&task.demand, index as u64, key);
        let come = arrivals
            .as_ref()
            .map_or(0, |arrivals| arrivals.times.len() as u64);
        // A client's requests begin again after `ROUNDS` of them.
        let (count, requests) = match task.demand {
            Demand::Count(count) => (count, 0),
            Demand::Clients { clients, .. } => (0, u64::from(clients) * ROUNDS),
            Demand::Arrivals { .. } => (0, come.max(1)),
        };
        let item = |number: u64| match task.demand {
            Demand::Count(_) | Demand::Arrivals { .. } => number,
            Demand::Clients { .. } => draws::request((number / ROUNDS) as u32, number % ROUNDS),
        };
        let different = |payload: Payload| Data(payload.kind.word(), payload.size.0, chunk.min(count));
        let edge = |dependency: &Dependency| (dependency.group, dependency.kind.word());
        Self {
            count,
            argument: different(task.argument),
            result: different(task.result),
            after: task.after.iter().map(edge).collect(),
            steps: drawn(
                &task.steps,
                Player::of(&configuration.executor),
                count + requests,
                |number| draws::item(key, &task.name, item(number)),
            ),
            clients: Clients::of(&task.demand, index as u64, key),
            arrivals,
        }
    }

    /// An upper bound of the time that its items take one after the other, where `of` bounds the time of steps.
    pub fn longest_time(&self, of: impl Fn(&Steps) -> u64, per_byte: u64) -> u64 {
        let data = self.argument.1.saturating_add(self.result.1);
        let steps = match &self.steps[..] {
            [same] => of(same).saturating_mul(self.count),
            each => each.iter().map(of).fold(0, u64::saturating_add),
        };
        let clients = self.clients.as_ref();
        let arrivals = self.arrivals.as_ref();
        let steps = steps
            .saturating_add(arrivals.map_or(0, |arrivals| arrivals.warmup.saturating_add(arrivals.duration)))
            .saturating_add(clients.map_or(0, |clients| clients.warmup.saturating_add(clients.duration)));
        steps.saturating_add(data.saturating_mul(per_byte).saturating_mul(self.count))
    }
}

/// The clients that request a group's items. Times are in ns.
#[derive(Debug, Serialize)]
struct Clients {
    number: u32,
    duration: u64,
    warmup: u64,
    /// For each client its pauses, or one list of pauses for all clients.
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

/// Requests that arrive on their own. Times are in ns.
#[derive(Debug, Serialize)]
struct Arrivals {
    duration: u64,
    warmup: u64,
    /// When each request arrives, counted from the start.
    times: Vec<u64>,
}

/// The largest number of requests that arrive in one repetition.
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

/// Whether more requests arrive than can be measured.
pub fn too_many_arrive(demand: &Demand) -> bool {
    // The draws of any replication will do, because only the rate matters.
    let arrivals = Arrivals::of(demand, 0, Key::root(0, 0));
    arrivals.is_some_and(|arrivals| arrivals.times.len() > MOST_ARRIVALS / 2)
}

/// Kind, pickled size in bytes, and the number of different objects that may be in one pickle.
#[derive(Debug, Serialize)]
struct Data(&'static str, u64, u64);

/// The largest number of items that travel in one pickle.
pub fn largest_chunk(configuration: &Configuration) -> u64 {
    let count = |task: &TaskGroup| match task.demand {
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
