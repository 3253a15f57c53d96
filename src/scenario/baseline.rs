//! The baseline of a configuration, and which configurations have the same results.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Configuration, Demand, Executor, Scenario, Sequential, Transport};

/// Each distinct configuration of a scenario once, including baselines.
pub struct Distinct {
    /// The configurations, in the order in which they are first needed.
    pub configurations: Vec<Arc<Configuration>>,
    /// For each configuration of the scenario its index in `configurations`, and the index of its baseline if it has one.
    pub rows: Vec<(usize, Option<usize>)>,
}

impl Distinct {
    /// The configurations of a scenario and their baselines.
    pub fn of(scenario: &Scenario) -> Self {
        let mut configurations = Vec::new();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut index_of = |configuration: Configuration| {
            *known.entry(configuration.essence()).or_insert_with(|| {
                configurations.push(Arc::new(configuration));
                configurations.len() - 1
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
        Self { configurations, rows }
    }
}

impl Configuration {
    /// The baseline: the same work in sequence, on the same machine under the scenario's own `[python]`. None where
    /// the work has a duration instead of a count.
    pub fn baseline(&self) -> Option<Self> {
        let counted = self
            .tasks
            .iter()
            .all(|task| matches!(task.demand, Demand::Count(_)));
        counted.then(|| Self {
            executor: Executor::Sequential(Sequential),
            transport: Transport::Pickle,
            python: self.baseline_python.clone(),
            ..self.clone()
        })
    }

    /// Everything that the results depend on. Two configurations with the same essence have the same results.
    fn essence(&self) -> String {
        let Self {
            machine,
            python,
            program,
            tasks,
            background,
            executor,
            transport,
            ..
        } = self;
        format!(
            "{} {} {:?} {} {python:?} {program:?} {tasks:?} {background:?} {executor:?} {transport:?}",
            machine.cores, machine.smt, machine.memory, machine.profile.name
        )
    }
}
