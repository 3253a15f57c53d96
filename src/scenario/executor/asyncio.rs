//! `"asyncio"`: an event loop in the main thread, and a task for each item or connection.

use crate::input::{Complaint, Reader, words};
use crate::model::{ProcessStart, Version};

use super::facts::OffloadFacts;
use super::{Accepts, Describe, Facts, Home, Run, Uses};

words! {
    /// Where steps with `offload` run under an event loop.
    pub enum OffloadTo {
        Loop = "loop" => "On the loop itself, which does nothing else meanwhile.",
        Thread = "thread" => "asyncio.to_thread",
        Process = "process" => "loop.run_in_executor with a ProcessPoolExecutor that has one process for each CPU.",
    }
}

/// Where steps with `offload` run, with what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offload {
    /// On the loop, as any other.
    Loop,
    /// `asyncio.to_thread`
    Thread {
        /// Most threads of the default executor.
        workers: u32,
    },
    /// `loop.run_in_executor` with a `ProcessPoolExecutor`
    Process {
        /// Most processes.
        workers: u32,
        /// How a worker process is started.
        start: ProcessStart,
    },
}

/// `asyncio`: an event loop in the main thread, and a task for each item or connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asyncio {
    /// Most items or requests at a time. `None`: all.
    pub in_flight: Option<u32>,
    /// Where offloaded steps run.
    pub offload: Offload,
}

impl Describe for Asyncio {
    const KEYS: &'static [&'static str] = &["workers", "offload"];
    const ACCEPTS: Accepts = Accepts::Either;

    fn read(run: &Run<'_, '_>) -> Option<Self> {
        require_coroutines(run.reader, run.version)?;
        let in_flight = run.workers_or_default();
        let offload = Offload::read(run)?;
        Some(Self {
            in_flight: in_flight?,
            offload,
        })
    }

    fn facts(&self) -> Facts {
        Facts {
            workers: self.in_flight,
            offload: Some(self.offload.facts()),
            ..Facts::of(Home::Coroutines)
        }
    }

    fn threads_at_once(&self, _: u64) -> u64 {
        1 + self.offload.threads_at_once()
    }

    fn obstacle(&self, uses: &Uses) -> Option<&'static str> {
        if uses.arrivals {
            return Some("requests that arrive at an event loop by themselves cannot be measured yet");
        }
        obstacle_of_a_loop(self.offload, uses)
    }
}

/// Complains about versions without `async def`, which came with 3.5.
pub(super) fn require_coroutines(reader: &Reader<'_>, version: Version) -> Option<()> {
    if version >= Version::release(3, 5) {
        return Some(());
    }
    reader.refuse(
        Complaint::at(
            reader.value_place("executor"),
            format!("Python {version} has no coroutines"),
        )
        .label("`async def` came with 3.5")
        .help("use a later `version`"),
    )
}

/// What cannot be measured with an event loop, whatever it serves.
pub(super) fn obstacle_of_a_loop(offload: Offload, uses: &Uses) -> Option<&'static str> {
    let in_processes = match offload {
        Offload::Process { .. } => true,
        Offload::Loop | Offload::Thread { .. } => false,
    };
    if in_processes && uses.updates_in_setup {
        Some("updates in the initializers of an event loop's processes cannot be measured")
    } else if !cfg!(target_os = "linux") {
        Some("an event loop can be measured only on Linux, for its timers")
    } else {
        None
    }
}

impl Offload {
    /// `offload` of a run.
    pub(super) fn read(run: &Run<'_, '_>) -> Option<Self> {
        Some(match run.reader.word_of("offload")? {
            OffloadTo::Loop => Self::Loop,
            OffloadTo::Thread => Self::Thread {
                workers: run
                    .default_threads()
                    .expect("every version with coroutines has a default"),
            },
            OffloadTo::Process => Self::Process {
                workers: run.cpus(),
                start: run.start()?,
            },
        })
    }

    pub(super) const fn facts(self) -> OffloadFacts {
        match self {
            Self::Loop => OffloadFacts {
                to: OffloadTo::Loop,
                workers: None,
                start: None,
            },
            Self::Thread { workers } => OffloadFacts {
                to: OffloadTo::Thread,
                workers: Some(workers),
                start: None,
            },
            Self::Process { workers, start } => OffloadFacts {
                to: OffloadTo::Process,
                workers: Some(workers),
                start: Some(start),
            },
        }
    }

    /// Threads or processes beside the loop's.
    pub(super) fn threads_at_once(self) -> u64 {
        match self {
            Self::Loop => 0,
            Self::Thread { workers } | Self::Process { workers, .. } => workers.into(),
        }
    }
}
