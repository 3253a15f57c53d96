//! A scenario becomes configurations x replications, and these become results: in parallel, in a fixed order.

use std::sync::Arc;

use rayon::prelude::*;

use crate::results::{Replication, Results, Row, Status};
use crate::scenario::{Configuration, Distinct, Scenario};
use crate::units::Nanos;
use crate::workload;

/// Simulates every replication of every configuration, and of the sequential runs that they are compared with.
///
/// `done` is called after each simulation with the number of those that are done; see `simulations`. The results do
/// not depend on how many threads rayon has.
pub fn run(scenario: Scenario, done: impl Fn() + Sync) -> Results {
    let plan = Distinct::of(&scenario);
    let replications = u64::from(scenario.replicate.replications);
    let jobs: Vec<(&Arc<Configuration>, u64)> = plan
        .configurations
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
    Distinct::of(scenario).configurations.len() as u64 * u64::from(scenario.replicate.replications)
}

fn makespan_if_done(replication: &Replication) -> Option<Nanos> {
    (replication.status == Status::Done).then_some(replication.makespan)
}
