//! Pipes, sockets and the speed of data through them: what the kernel takes, whatever program uses it.

use crate::input::{Field, Shape};
use crate::units::{Bytes, Nanos};

use super::declare::{Cost, costs};

/// A speed of data in bytes per microsecond, which is MB/s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BytesPerMicro(u64);

impl BytesPerMicro {
    /// The time for `bytes`, rounded up to whole nanoseconds.
    pub fn time(self, bytes: Bytes) -> Nanos {
        let nanos = (u128::from(bytes.0) * 1_000).div_ceil(u128::from(self.0));
        Nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

impl Cost for BytesPerMicro {
    /// MB/s, up to 1 PB/s.
    const SHAPE: Shape = Shape::Integer {
        min: 1,
        max: 1_000_000_000,
    };

    fn read(field: &Field<'_>) -> Option<Self> {
        field.integer().map(Self)
    }
}

costs! {
    /// Pipes: the system calls.
    pub struct PipeCosts {
        /// CPU time of `pipe(2)`.
        pub open: Nanos,
        /// CPU time of `close(2)` for one end.
        pub close: Nanos,
        /// CPU time of `write(2)` without the copying.
        pub write: Nanos,
        /// CPU time of `read(2)` without the copying.
        pub read: Nanos,
        /// Speed of copying into or out of the pipe's buffer, MB/s.
        pub copy: BytesPerMicro,
        /// CPU time of `poll(2)` without the descriptors.
        pub poll: Nanos,
        /// CPU time of `poll(2)` for each descriptor that it looks at and queues on.
        pub poll_descriptor: Nanos,
        /// CPU time of `poll(2)` for each descriptor that it looks at without queuing: after a wake-up, or where it does not
        /// wait.
        pub poll_again: Nanos,
        /// Speed at which `read(2)` touches a new buffer of more than 128 KiB for the first time, in addition to the
        /// copying, MB/s.
        pub fresh: BytesPerMicro,
    }

    /// Pairs of `AF_UNIX` stream sockets.
    pub struct UnixSocketCosts in "[unix_socket]" {
        /// CPU time of `write(2)` without the copying and without the kernel's buffers.
        pub write: Nanos,
        /// CPU time of `read(2)` without the copying and without the kernel's buffers.
        pub read: Nanos,
        /// CPU time of the writing thread to allocate and queue one buffer of the kernel.
        pub allocate: Nanos,
        /// CPU time of the reading thread to free one buffer of the kernel that it has emptied.
        pub free: Nanos,
        /// Speed of copying into or out of the kernel's buffers, MB/s.
        pub copy: BytesPerMicro,
    }

    /// System calls on non-blocking sockets, and waiting for many of them with `epoll`.
    pub struct SocketCosts in "[socket]" {
        /// CPU time of `epoll_wait(2)` that does not sleep, without the events that it reports.
        pub epoll_wait: Nanos,
        /// CPU time of `epoll_wait(2)` for each descriptor that it reports as readable.
        pub epoll_event: Nanos,
        /// CPU time of `accept(2)`.
        pub accept: Nanos,
        /// CPU time of `send(2)` for a small message over TCP.
        pub send: Nanos,
        /// CPU time of `recv(2)` for a small message over TCP.
        pub recv: Nanos,
        /// CPU time of `send(2)` for one byte to the self-pipe of an event loop, whose other end is in the same process.
        pub send_local: Nanos,
        /// CPU time of `recv(2)` from the self-pipe of an event loop.
        pub recv_local: Nanos,
        /// CPU time of `recv(2)` or `accept(2)` that finds nothing, and of the exception that it raises.
        pub nothing_there: Nanos,
    }
}
