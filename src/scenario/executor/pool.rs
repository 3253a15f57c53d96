//! `"pool"`: `multiprocessing.Pool` (`Lib/multiprocessing/pool.py`).

use crate::input::{Complaint, Value, words};
use crate::model::{ProcessStart, Version};

use super::{Accepts, Chunks, Describe, Facts, Home, Run, Uses};

words! {
    /// How the parent asks a pool for the items.
    pub enum PoolMethod {
        Map = "map" => "All results together.",
        Starmap = "starmap" => "All results together; items are tuples of arguments.",
        Imap = "imap" => "Results one by one, in order.",
        ImapUnordered = "imap_unordered" => "Results as they come.",
        ApplyAsync = "apply_async" => "A call for each item.",
    }
}

/// `multiprocessing.Pool`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Its processes.
    pub workers: u32,
    /// How a worker process is started.
    pub start: ProcessStart,
    /// How the parent asks for the items.
    pub method: PoolMethod,
    /// Items per task sent to a worker. `None`: as `map` computes it from the number of items; or no chunks at all, under
    /// `apply_async`.
    pub chunksize: Option<u64>,
    /// `maxtasksperchild`: tasks after which a worker is replaced. `None`: never.
    pub max_tasks_per_child: Option<u64>,
}

impl Describe for Pool {
    const KEYS: &'static [&'static str] = &[
        "workers",
        "start_method",
        "forkserver",
        "method",
        "chunksize",
        "max_tasks_per_child",
        "transport",
    ];
    const ACCEPTS: Accepts = Accepts::Items;

    fn read(run: &Run<'_, '_>) -> Option<Self> {
        let workers = run.workers(Some(run.cpus()));
        let start = run.start();
        let method = run.reader.word_of("method");
        let chunksize = method.and_then(|method| chunksize(run, method));
        let max_tasks_per_child = max_tasks_per_child(run);
        Some(Self {
            workers: workers?,
            start: start?,
            method: method?,
            chunksize: chunksize?,
            max_tasks_per_child: max_tasks_per_child?,
        })
    }

    fn facts(&self) -> Facts {
        Facts {
            workers: Some(self.workers),
            start: Some(self.start),
            chunks: match (self.method, self.chunksize) {
                (PoolMethod::ApplyAsync, _) => Chunks::Single,
                (_, Some(chunksize)) => Chunks::Of(chunksize),
                (_, None) => Chunks::ByNumber,
            },
            max_tasks_per_child: self.max_tasks_per_child,
            method: Some(self.method),
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

/// Items per task; `None` inside where the pool computes it from their number, or sends calls one by one.
fn chunksize(run: &Run<'_, '_>, method: PoolMethod) -> Option<Option<u64>> {
    let default = match method {
        PoolMethod::Imap | PoolMethod::ImapUnordered => Some(1),
        PoolMethod::Map | PoolMethod::Starmap | PoolMethod::ApplyAsync => None,
    };
    let Some(field) = run.reader.given("chunksize") else {
        return Some(default);
    };
    if matches!(field.node.value, Value::Text(_)) {
        return field.word().map(|_| default);
    }
    let chunksize = field.integer()?;
    if method == PoolMethod::ApplyAsync {
        return field.refuse(
            Complaint::at(field.node.place, "`apply_async` sends no chunks")
                .label("it makes a call for each item")
                .see(run.reader.value_place("method"), "the method")
                .help("remove it, or use another `method`"),
        );
    }
    Some(Some(chunksize))
}

/// `maxtasksperchild`, from 2.7 and 3.2 on.
fn max_tasks_per_child(run: &Run<'_, '_>) -> Option<Option<u64>> {
    let Some(field) = run.reader.given("max_tasks_per_child") else {
        return Some(None);
    };
    let most = field.integer()?;
    let version = run.version;
    let too_old =
        version < Version::release(2, 7) || (version.major == 3 && version < Version::release(3, 2));
    if too_old {
        return field.refuse(
            Complaint::at(
                field.node.place,
                format!(
                    "a pool of Python {}.{} cannot replace its workers",
                    version.major, version.minor
                ),
            )
            .label("this came with 2.7 and 3.2")
            .help("remove it, or use a later `version`"),
        );
    }
    Some(Some(most))
}
