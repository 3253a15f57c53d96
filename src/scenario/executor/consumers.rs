//! `"consumers"`: processes of the program's own that read items from one channel and write results to another.

use crate::input::{Complaint, words};
use crate::model::{ChannelKind, ProcessStart};

use super::{Accepts, Describe, Facts, Home, Run, Uses};

words! {
    /// Which thread of the parent sends the items.
    pub enum Sender {
        Thread = "thread" => "A thread, while the main thread takes results.",
        Main = "main" => "The main thread, before it takes the first result.",
    }
}

/// Processes that read items from one channel, and write results to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consumers {
    /// Number of processes.
    pub workers: u32,
    /// How a worker process is started.
    pub start: ProcessStart,
    /// What both channels are.
    pub channel: ChannelKind,
    /// Which thread of the parent sends the items.
    pub sender: Sender,
}

impl Describe for Consumers {
    const KEYS: &'static [&'static str] = &[
        "workers",
        "start_method",
        "forkserver",
        "channel",
        "sender",
        "transport",
    ];
    const ACCEPTS: Accepts = Accepts::Items;

    /// All items are sent from the start, so no group may wait for another.
    fn read(run: &Run<'_, '_>) -> Option<Self> {
        let workers = run.workers(Some(run.cpus()));
        let start = run.start();
        let channel = run.reader.word_of("channel");
        let sender = run.reader.word_of("sender");
        if let Some(task) = run.tasks.iter().find(|task| !task.group.after.is_empty()) {
            return run.reader.refuse(
                Complaint::at(
                    run.reader.value_place("executor"),
                    format!("consumers cannot make `{}` wait for other tasks", task.group.name),
                )
                .label("sends all items from the start")
                .see(task.reader.key_place("after"), "these may start only later")
                .help("remove `after`, or use an executor that can wait: \"processes\" or \"pool\""),
            );
        }
        Some(Self {
            workers: workers?,
            start: start?,
            channel: channel?,
            sender: sender?,
        })
    }

    fn facts(&self) -> Facts {
        Facts {
            workers: Some(self.workers),
            start: Some(self.start),
            channel: Some(self.channel),
            sender: Some(self.sender),
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
