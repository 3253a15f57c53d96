//! A scenario becomes configurations x replications, and these become results: in parallel, in a fixed order.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::results::{Replication, Results, Row, Status};
use crate::scenario::{Configuration, Demand, Executor, Scenario, Transport};
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
            *known.entry(what_is_simulated(&configuration)).or_insert_with(|| {
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
                    baseline_of(configuration).map(&mut index_of),
                )
            })
            .collect();
        Self { distinct, rows }
    }
}

/// The implied sequential run: the same work on the same machine under the scenario's own `[python]`. None where the
/// work has a duration instead of a count.
fn baseline_of(configuration: &Configuration) -> Option<Configuration> {
    let counted = configuration
        .tasks
        .iter()
        .all(|task| matches!(task.demand, Demand::Count(_)));
    counted.then(|| Configuration {
        executor: Executor::Sequential,
        transport: Transport::Pickle,
        python: configuration.baseline_python.clone(),
        ..configuration.clone()
    })
}

/// Everything that a simulation depends on. Two configurations that agree in it have the same results.
fn what_is_simulated(configuration: &Configuration) -> String {
    let Configuration {
        machine,
        python,
        program,
        tasks,
        background,
        executor,
        transport,
        ..
    } = configuration;
    format!(
        "{} {} {:?} {} {python:?} {program:?} {tasks:?} {background:?} {executor:?} {transport:?}",
        machine.cores, machine.smt, machine.memory, machine.profile.name
    )
}
