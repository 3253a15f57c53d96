//! `read(2)`, `write(2)` and `poll(2)` of pipes and sockets: the same calls on different buffers.

use std::future::Future;

use super::{Os, Pipe, ThreadId};
use crate::units::Bytes;

/// A stream of bytes from one end to the other, in order.
pub trait ByteStream {
    /// An empty stream. Deadlock reports call it `name`.
    fn new(os: &Os, name: &str) -> Self;

    /// `write(2)`, blocking: returns when all bytes are in the buffer.
    fn write(&self, os: &Os, me: ThreadId, bytes: Bytes) -> impl Future<Output = ()>;

    /// `read(2)`, blocking: waits until there is something to read, then takes at most `bytes` of it. Returns the
    /// number of bytes.
    fn read(&self, os: &Os, me: ThreadId, bytes: Bytes) -> impl Future<Output = Bytes>;

    /// `poll(2)`, blocking: waits until there is something to read.
    fn wait_until_readable(&self, os: &Os, me: ThreadId) -> impl Future<Output = ()>;
}

impl ByteStream for Pipe {
    fn new(os: &Os, name: &str) -> Self {
        Self::new(os, name)
    }

    async fn write(&self, os: &Os, me: ThreadId, bytes: Bytes) {
        self.write(os, me, bytes).await;
    }

    async fn read(&self, os: &Os, me: ThreadId, bytes: Bytes) -> Bytes {
        self.read(os, me, bytes).await
    }

    async fn wait_until_readable(&self, os: &Os, me: ThreadId) {
        self.wait_until_readable(os, me).await;
    }
}
