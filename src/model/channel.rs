//! Channels of `multiprocessing` that a program uses itself.

use crate::input::words;

words! {
    /// A channel of `multiprocessing` between processes.
    pub enum ChannelKind {
        Pipe = "pipe" => "multiprocessing.Pipe(duplex=False)",
        SocketPair = "socket_pair" => "multiprocessing.Pipe(): a pair of sockets.",
        SimpleQueue = "simple_queue" => "multiprocessing.SimpleQueue",
        Queue = "queue" => "multiprocessing.Queue, with its feeder thread.",
        JoinableQueue = "joinable_queue" => "multiprocessing.JoinableQueue, with task_done() and join().",
        Manager = "manager" => "multiprocessing.Manager().Queue()",
    }
}

impl ChannelKind {
    /// Whether it is a class of `multiprocessing.queues`.
    pub const fn is_queue(self) -> bool {
        match self {
            Self::SimpleQueue | Self::Queue | Self::JoinableQueue => true,
            Self::Pipe | Self::SocketPair | Self::Manager => false,
        }
    }
}
