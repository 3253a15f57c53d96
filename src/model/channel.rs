//! Channels of `multiprocessing` that a program uses itself.

/// What `multiprocessing` has to send data through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChannelKind {
    /// `Pipe(duplex=False)`
    Pipe,
    /// `Pipe()`: a pair of sockets.
    SocketPair,
    /// `SimpleQueue()`
    SimpleQueue,
    /// `Queue()`
    Queue,
    /// `JoinableQueue()`
    JoinableQueue,
    /// `Manager().Queue()`
    Manager,
}

impl ChannelKind {
    /// One of `multiprocessing.queues`.
    pub const fn is_queue(self) -> bool {
        matches!(self, Self::SimpleQueue | Self::Queue | Self::JoinableQueue)
    }
}
