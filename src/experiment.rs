//! A scenario becomes configurations x replications, and these become results: in parallel, in a fixed order.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::results::{Replication, Results, Row, Status};
use crate::scenario::{Configuration, Scenario};
use crate::units::Nanos;
use crate::workload;

/// Simulates every replication of every configuration, and of the sequential runs that they are compared with.
///
/// `done` is called after each simulation with the number of those that are done; see [`simulations`]. The results do
/// not depend on how many threads rayon has.
pub fn run(scenario: Scenario, done: impl Fn() + Sync) -> Results {
    let plan = Plan::of(&scenario);
    let replications = u64::from(scenario.replicate.replications);
    let jobs: Vec<(&Arc<Configuration>, u64)> = plan
        .distinct
        .iter()
        .flat_map(|configuration| (0..replications).map(move |replication| (configuration, replication)))
        .collect();
    let outcomes: Vec<Replication> = jobs
        .par_iter()
        .map(|&(configuration, replication)| {
            let outcome = workload::simulate(configuration, &scenario.replicate, replication);
            done();
            outcome
        })
        .collect();
    let of = |index: usize| {
        let from = index * replications as usize;
        &outcomes[from..from + replications as usize]
    };
    let rows = plan
        .rows
        .iter()
        .map(|&(own, baseline)| Row {
            replications: of(own).to_vec(),
            baseline: match baseline {
                Some(baseline) => of(baseline).iter().map(makespan_if_done).collect(),
                None => vec![None; replications as usize],
            },
        })
        .collect();
    Results { scenario, rows }
}

/// How many simulations [`run`] will make of a scenario.
pub fn simulations(scenario: &Scenario) -> u64 {
    Plan::of(scenario).distinct.len() as u64 * u64::from(scenario.replicate.replications)
}

fn makespan_if_done(replication: &Replication) -> Option<Nanos> {
    (replication.status == Status::Done).then_some(replication.makespan)
}

/// What to simulate: each distinct configuration once, whoever asks for it.
struct Plan {
    distinct: Vec<Arc<Configuration>>,
    /// For each configuration of the scenario its own and its baseline's index in `distinct`.
    rows: Vec<(usize, Option<usize>)>,
}

impl Plan {
    fn of(scenario: &Scenario) -> Self {
        let mut distinct = Vec::new();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut index_of = |configuration: Configuration| {
            *known.entry(configuration.essence()).or_insert_with(|| {
                distinct.push(Arc::new(configuration));
                distinct.len() - 1
            })
        };
        let rows = scenario
            .configurations
            .iter()
            .map(|configuration| {
                (
                    index_of(configuration.clone()),
                    configuration.baseline().map(&mut index_of),
                )
            })
            .collect();
        Self { distinct, rows }
    }
}
