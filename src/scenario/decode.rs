//! The second stage of reading a scenario: the tree at one point of the sweep becomes one [`Configuration`].
//!
//! Every function here returns `None` after it has reported a mistake, and checks as much as it can, so that one pass
//! reports all mistakes.

mod graph;
mod limits;
mod loop_locks;
mod machine;
mod run;
mod step;
mod task;
mod time;

use crate::input::{Complaint, Complaints, Node, Reader, Reading};
use crate::units::Bytes;

use super::axes::Point;
use super::files::Files;
use super::format::{PROGRAM, SCENARIO};
use super::{Configuration, Home, Program, Replicate};

pub use machine::small;
pub use task::Task;

/// What every decoder needs.
#[derive(Clone, Copy, Debug)]
pub struct Decoder<'t> {
    /// The scenario, with its axes marked.
    pub root: &'t Node,
    /// The mistakes that have been found.
    pub complaints: &'t Complaints,
    /// The files that the scenario names.
    pub files: &'t Files,
}

/// A run of the scenario.
#[derive(Clone, Copy, Debug)]
pub struct Run<'t> {
    /// Counted from 0.
    pub index: usize,
    /// Its table.
    pub node: &'t Node,
    /// Its name, or what distinguishes it from other runs; `None` where its executor's name is enough.
    pub label: Option<&'t str>,
}

impl<'t> Decoder<'t> {
    /// The scenario's top table, at a point of the sweep.
    pub fn scenario(&self, choice: &'t [usize]) -> Option<Reader<'t>> {
        Reader::open(Reading::at(self.complaints, choice), self.root, &SCENARIO)
    }

    /// One configuration.
    pub fn configuration(&self, run: Run<'t>, point: &'t Point) -> Option<Configuration> {
        let scenario = self.scenario(&point.choice)?;
        let reader = Reader::open(scenario.reading, run.node, &super::format::RUN);
        let machine = machine::machine(self, &scenario);
        let python = machine::python(&scenario, None);
        let overridden = reader.and_then(|reader| machine::python(&scenario, Some(reader)));
        let program = self.program(&scenario);
        let tasks = task::tasks(self, &scenario);
        let background = task::background(self, &scenario);
        let (reader, machine, overridden) = (reader?, machine?, overridden?);
        // Where a task is wrong, the run is checked as if there were no tasks.
        let executor = run::executor(
            &reader,
            &machine,
            overridden.version,
            tasks.as_deref().unwrap_or_default(),
        );
        let transport = run::transport(&reader, tasks.as_deref().unwrap_or_default());
        let (tasks, executor, python) = (tasks?, executor?, python?);
        let (program, background) = (program?, background?);
        if executor.facts().home == Home::Coroutines {
            loop_locks::refuse_common_locks(&reader, &tasks, &background, &program)?;
        }
        let extent = limits::Extent {
            scenario: &scenario,
            run: &reader,
            tasks: &tasks,
            background: &background,
            executor: &executor,
        };
        extent.check();
        let groups = tasks.into_iter().map(|task| task.group).collect();
        Some(Configuration {
            run: run.index,
            label: run.label.or_else(|| reader.word("executor"))?.to_owned(),
            swept: point.swept.clone(),
            machine,
            python: overridden,
            baseline_python: python,
            program,
            tasks: groups,
            background,
            executor,
            transport: transport?,
        })
    }

    /// `[program]`
    fn program(&self, scenario: &Reader<'t>) -> Option<Program> {
        let reader = scenario.section("program", &PROGRAM)?;
        let imports = self.time(&reader, "imports");
        let memory = reader.size("memory");
        let modules = reader.size("modules");
        let touched = memory.and_then(|memory| touched(&reader, memory));
        let setup = match reader.given("setup") {
            Some(field) => self.steps(&field),
            None => Some(Vec::new()),
        };
        let setup = setup.and_then(|steps| step::refuse_endless(&reader, "setup", steps));
        let setup = setup.and_then(|steps| step::refuse_hopeless(&reader, "setup", steps));
        Some(Program {
            imports: imports?,
            memory: memory?,
            touched: touched?,
            modules: modules?,
            setup: setup?,
        })
    }

    /// `[replicate]`. `random` says whether any time of the scenario is random.
    pub fn replicate(&self, scenario: &Reader<'t>, random: bool) -> Option<Replicate> {
        let reader = scenario.section("replicate", &super::format::REPLICATE)?;
        let replications = match reader.has("replications") {
            true => reader.integer("replications"),
            false if random => Some(DEFAULT_REPLICATIONS),
            false => Some(1),
        };
        let seed = reader.integer("seed");
        let limit = reader.duration("limit");
        let replications = u32::try_from(replications?).expect("the format's bound fits 32 bits");
        Some(Replicate {
            replications,
            seed: seed?,
            limit: limit?,
        })
    }
}

/// `touched`, which must not exceed `memory`.
fn touched(reader: &Reader<'_>, memory: Bytes) -> Option<Bytes> {
    let touched = reader.size("touched")?;
    if touched > memory {
        let complaint = Complaint::at(
            reader.value_place("touched"),
            format!("`touched` is {touched}, more than the {memory} of `memory`"),
        )
        .label("more than the parent holds");
        let complaint = match reader.has("memory") {
            true => complaint.see(reader.value_place("memory"), "the data that the parent holds"),
            false => complaint.note("`memory` is 0 B by default"),
        };
        return reader.refuse(
            complaint.help("use a smaller `touched` or a larger `memory`: `touched` is a part of it"),
        );
    }
    Some(touched)
}

/// Enough for a useful confidence interval.
const DEFAULT_REPLICATIONS: u64 = 20;

/// The message about a key that has no meaning where it stands.
fn out_of_place(reader: &Reader<'_>, key: &str, why: &str, help: &str) -> Complaint {
    Complaint::at(reader.key_place(key), format!("`{key}` has no meaning here"))
        .label(why)
        .help(help)
}
