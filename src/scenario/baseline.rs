//! The implied sequential run, which a configuration is compared with, and what makes two configurations the same.

use super::{Configuration, Demand, Executor};

impl Configuration {
    /// The implied sequential run: the same work on the same machine under the scenario's own `[python]`. None where
    /// the work has a duration instead of a count.
    pub fn baseline(&self) -> Option<Self> {
        let counted = self
            .tasks
            .iter()
            .all(|task| matches!(task.demand, Demand::Count(_)));
        counted.then(|| Self {
            executor: Executor::Sequential,
            python: self.baseline_python.clone(),
            ..self.clone()
        })
    }

    /// Everything that its results depend on. Two configurations that agree in it have the same results.
    pub fn essence(&self) -> String {
        let Self {
            machine,
            python,
            program,
            tasks,
            background,
            executor,
            ..
        } = self;
        format!(
            "{} {} {} {python:?} {program:?} {tasks:?} {background:?} {executor:?}",
            machine.cores, machine.smt, machine.profile.name
        )
    }
}
