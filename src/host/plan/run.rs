//! What the Python side is told about the executor.

use serde::Serialize;

use crate::model::{ForkServer, StartMethod};
use crate::scenario::{Chunks, Facts};

/// The executor's options, in the words of the scenario; `None` becomes Python's `None`.
#[derive(Debug, Serialize)]
pub(super) struct Run {
    pub workers: Option<u32>,
    start_method: Option<&'static str>,
    forkserver_running: bool,
    chunksize: Option<u64>,
    max_tasks_per_child: Option<u64>,
    method: Option<&'static str>,
    channel: Option<&'static str>,
    sender: Option<&'static str>,
    offload: Option<&'static str>,
    offload_workers: Option<u32>,
}

impl Run {
    pub fn of(facts: &Facts) -> Self {
        let start = facts.start.or(facts.offload.and_then(|offload| offload.start));
        Self {
            workers: facts.workers,
            start_method: start.map(|start| start.method.word()),
            forkserver_running: facts.start.is_some_and(|start| {
                start.method == StartMethod::Forkserver && start.fork_server == ForkServer::Running
            }),
            chunksize: match facts.chunks {
                // `imap` without a chunksize and with one of 1 are two paths of the pool's code.
                Chunks::Of(chunksize) => Some(chunksize),
                Chunks::Single | Chunks::ByNumber => None,
            },
            max_tasks_per_child: facts.max_tasks_per_child,
            method: facts.method.map(|method| method.word()),
            channel: facts.channel.map(|channel| channel.word()),
            sender: facts.sender.map(|sender| sender.word()),
            offload: facts.offload.map(|offload| offload.to.word()),
            offload_workers: facts.offload.and_then(|offload| offload.workers),
        }
    }
}
