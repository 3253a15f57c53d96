//! `"processes"`: `concurrent.futures.ProcessPoolExecutor` (`Lib/concurrent/futures/process.py`).

use crate::input::Complaint;
use crate::model::{ProcessStart, StartMethod, Version};

use super::{Accepts, Chunks, Describe, Facts, Home, Run, Uses};

/// `concurrent.futures.ProcessPoolExecutor`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processes {
    /// Most processes.
    pub workers: u32,
    /// How a worker process is started.
    pub start: ProcessStart,
    /// Items per call sent to a worker.
    pub chunksize: u64,
    /// Calls after which a worker is replaced. `None`: never.
    pub max_tasks_per_child: Option<u64>,
}

impl Describe for Processes {
    const KEYS: &'static [&'static str] = &[
        "workers",
        "start_method",
        "forkserver",
        "chunksize",
        "max_tasks_per_child",
        "transport",
    ];
    const ACCEPTS: Accepts = Accepts::Items;

    fn read(run: &Run<'_, '_>) -> Option<Self> {
        let workers = run.workers(Some(run.cpus()));
        let chunksize = run.chunksize();
        let max_tasks_per_child = max_tasks_per_child(run);
        let start = run.start().map(|start| match max_tasks_per_child {
            // An executor that replaces its workers spawns them by default, for it refuses to fork.
            Some(Some(_)) if !run.reader.has("start_method") => ProcessStart {
                method: StartMethod::Spawn,
                ..start
            },
            _ => start,
        });
        Some(Self {
            workers: workers?,
            start: start?,
            chunksize: chunksize?,
            max_tasks_per_child: max_tasks_per_child?,
        })
    }

    fn facts(&self) -> Facts {
        Facts {
            workers: Some(self.workers),
            start: Some(self.start),
            chunks: Chunks::Of(self.chunksize),
            max_tasks_per_child: self.max_tasks_per_child,
            ..Facts::of(Home::Processes)
        }
    }

    fn threads_at_once(&self, _: u64) -> u64 {
        self.workers.into()
    }

    fn obstacle(&self, _: &Uses) -> Option<&'static str> {
        None
    }
}

/// `max_tasks_per_child`, from 3.11 on and not with fork.
fn max_tasks_per_child(run: &Run<'_, '_>) -> Option<Option<u64>> {
    let Some(field) = run.reader.given("max_tasks_per_child") else {
        return Some(None);
    };
    let most = field.integer()?;
    if run.version < Version::release(3, 11) {
        return field.refuse(
            Complaint::at(
                field.node.place,
                format!(
                    "ProcessPoolExecutor of Python {}.{} cannot replace its workers",
                    run.version.major, run.version.minor
                ),
            )
            .label("this came with 3.11")
            .help("use executor = \"pool\", or a later `version`"),
        );
    }
    if let Some(method) = run.reader.given("start_method")
        && method.word_of::<StartMethod>()? == StartMethod::Fork
    {
        return field.refuse(
            Complaint::at(
                field.node.place,
                "ProcessPoolExecutor cannot replace workers that are forked",
            )
            .label("would fork beside the manager's thread")
            .see(method.node.place, "this is how workers are started")
            .help("use \"spawn\", which is the default here, or \"forkserver\""),
        );
    }
    Some(Some(most))
}
