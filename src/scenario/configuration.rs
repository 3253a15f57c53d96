//! One point of the sweep.

use crate::input::words;
use crate::model::Python;

use super::step::every_step;
use super::{Background, Executor, Machine, Program, Step, TaskGroup};

/// One point of the sweep, with single values throughout.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// The index of its `[[run]]`, counted from 0.
    pub run: usize,
    /// The run's name in tables and plots: its `name`, or its executor and what distinguishes it from other runs.
    pub label: String,
    /// The swept values of this configuration, one for every axis that its run has, in axis order.
    pub swept: Vec<Setting>,
    /// What it runs on.
    pub machine: Machine,
    /// The interpreter that runs it, with the overrides of the `[[run]]`.
    pub python: Python,
    /// The interpreter of the baseline: `[python]` without the overrides of the `[[run]]`.
    pub baseline_python: Python,
    /// What a process consists of before its first task.
    pub program: Program,
    /// The task groups, in the file's order.
    pub tasks: Vec<TaskGroup>,
    /// Threads that run beside the tasks and never end them.
    pub background: Vec<Background>,
    /// What distributes the tasks over threads and processes.
    pub executor: Executor,
    /// How the items' data gets to other processes and back, where the executor has any.
    pub transport: Transport,
}

impl Configuration {
    /// Every step of items, background threads and initializers, including inner steps.
    pub(crate) fn every_step(&self) -> impl Iterator<Item = &Step> {
        let items = self.tasks.iter().map(|task| &task.steps);
        let background = self.background.iter().map(|background| &background.steps);
        let all = items.chain(background).chain([&self.program.setup]);
        all.flat_map(|steps| every_step(steps))
    }
}

/// A swept value.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Dotted path, for example `background.busy.count`, `task.item.steps.0.python` or `machine.cores`.
    pub path: String,
    /// The value as the user wrote it, without quotes: `5ms`, `4`, `fork`.
    pub shown: String,
    /// The value as a plain number, where it is one: durations in seconds, sizes in bytes.
    pub number: Option<f64>,
}

words! {
    /// How data gets from one process to another.
    #[derive(Default)]
    pub enum Transport {
        #[default]
        Pickle = "pickle" => "The data is pickled and written to a pipe.",
        SharedMemory = "shared_memory" => "The data is in a multiprocessing.shared_memory.SharedMemory, whose name is pickled. Only data of kind \"bytes\" can be.",
    }
}
