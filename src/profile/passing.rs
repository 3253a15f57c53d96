//! What passes between threads and processes, and by what: pickles, pipes, sockets, queues, shared memory.

use serde::Deserialize;

use crate::units::{Bytes, Nanos};

/// Bytes in a time: a speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u64")]
pub struct BytesPerMicro(u64);

impl TryFrom<u64> for BytesPerMicro {
    type Error = &'static str;

    fn try_from(speed: u64) -> Result<Self, Self::Error> {
        if speed == 0 {
            Err("a speed is at least 1 (MB/s)")
        } else {
            Ok(Self(speed))
        }
    }
}

impl BytesPerMicro {
    /// How long so many bytes take, rounded up to whole ns.
    pub fn time(self, bytes: Bytes) -> Nanos {
        let nanos = (u128::from(bytes.0) * 1_000).div_ceil(u128::from(self.0));
        Nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// Serialization.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PickleCosts {
    /// `dumps` of next to nothing.
    pub call_dumps: Nanos,
    /// `loads` of it.
    pub call_loads: Nanos,
    /// Pickled size of a call or a result beside its payload.
    pub envelope: Bytes,
    /// `ForkingPickler.dumps` of an object that is nothing but data: a small number.
    pub object_dumps: Nanos,
    /// `loads` of it.
    pub object_loads: Nanos,
    /// Pickled size of an object beside its payload.
    pub object: Bytes,
    /// `dumps`, MB/s by kind of payload.
    pub dumps: PickleSpeeds,
    /// `loads`, MB/s by kind of payload.
    pub loads: PickleSpeeds,
    /// Deallocating what `loads` made, MB/s of the pickle.
    pub free: PickleSpeeds,
}

/// MB/s by kind of payload.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PickleSpeeds {
    /// One bytes object.
    pub bytes: BytesPerMicro,
    /// A list of floats.
    pub list_float: BytesPerMicro,
    /// A list of small integers.
    pub list_int: BytesPerMicro,
    /// A dictionary of strings and numbers.
    pub dict: BytesPerMicro,
    /// A list of tuples.
    pub list_tuple: BytesPerMicro,
}

/// Pipes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipeCosts {
    /// `pipe(2)`
    pub open: Nanos,
    /// `close(2)` of one end.
    pub close: Nanos,
    /// `write(2)` of next to nothing.
    pub write: Nanos,
    /// `read(2)` of next to nothing.
    pub read: Nanos,
    /// MB/s into or out of the pipe's buffer.
    pub copy: BytesPerMicro,
    /// Bytecode of `multiprocessing.connection.wait` around its selector, without the descriptors.
    pub selector: Nanos,
    /// Bytecode that registers a descriptor with it.
    pub register: Nanos,
    /// `poll(2)`, without the descriptors.
    pub poll: Nanos,
    /// Each descriptor that it looks at and queues on.
    pub poll_descriptor: Nanos,
    /// Each descriptor that it looks at without queuing: once woken, or where it does not wait.
    pub poll_again: Nanos,
    /// Bytecode of `Connection.send_bytes` or `recv_bytes` around the system calls.
    pub connection: Nanos,
    /// MB/s at which `_recv` puts the parts of a large message together, under the lock.
    pub gather: BytesPerMicro,
    /// MB/s at which `read(2)` touches a fresh buffer of more than 128 KiB for the first time, beside copying into it.
    pub fresh: BytesPerMicro,
}

/// Pairs of `AF_UNIX` sockets.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnixSocketCosts {
    /// `write(2)` of next to nothing, without the kernel's buffer.
    pub write: Nanos,
    /// `read(2)` of next to nothing, without the kernel's buffer.
    pub read: Nanos,
    /// Each buffer of the kernel: getting and queuing it, for the thread that writes.
    pub allocate: Nanos,
    /// The same: giving it back, for the thread that has read it to its end.
    pub free: Nanos,
    /// MB/s into or out of the kernel's buffers.
    pub copy: BytesPerMicro,
}

/// `multiprocessing.Queue`, `JoinableQueue`, `SimpleQueue`: bytecode beside pickling and the connection, with their
/// locks where nobody else wants them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueCosts {
    /// What a new interpreter takes to import `multiprocessing.queues` and `multiprocessing.synchronize`.
    pub imports: Nanos,
    /// `SimpleQueue.put`
    pub simple_put: Nanos,
    /// `SimpleQueue.get`
    pub simple_get: Nanos,
    /// `Queue.put`, until the object is in the feeder's buffer.
    pub put: Nanos,
    /// The feeder: one object.
    pub feed: Nanos,
    /// `Queue.get`
    pub get: Nanos,
    /// What `JoinableQueue.put` takes longer.
    pub count: Nanos,
    /// `JoinableQueue.task_done`
    pub task_done: Nanos,
}

/// `multiprocessing.Manager`: bytecode beside pickling and the connection.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagerCosts {
    /// The digest of a challenge: for whoever answers it, and for whoever checks the answer.
    pub challenge: Nanos,
    /// `BaseProxy._callmethod`
    pub call: Nanos,
    /// `Server.serve_client`: one request.
    pub serve: Nanos,
    /// `queue.Queue.put` or `get` in the server, where nobody waits.
    pub method: Nanos,
}

/// `multiprocessing.shared_memory` and `multiprocessing.resource_tracker`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedMemoryCosts {
    /// `SharedMemory(create=True)`, without telling the resource tracker: `shm_open`, `ftruncate`, `mmap`.
    pub create: Nanos,
    /// `SharedMemory(name)`, likewise.
    pub attach: Nanos,
    /// `close()`
    pub close: Nanos,
    /// `unlink()`, without telling the resource tracker and without freeing pages.
    pub unlink: Nanos,
    /// The first touch of a page by anyone: a page fault that allocates and clears it.
    pub allocate_page: Nanos,
    /// The first touch by a process of a page that is there: a page fault that maps it, and some of those after it.
    pub map_page: Nanos,
    /// Freeing a page.
    pub free_page: Nanos,
    /// Copying into and out of pages that are mapped.
    pub copy: BytesPerMicro,
    /// `register` or `unregister`, without the two lines that it writes to the resource tracker.
    pub register: Nanos,
    /// Starting the resource tracker, in the process that first needs it.
    pub tracker_start: Nanos,
    /// The resource tracker until it reads its first line.
    pub tracker_boot: Nanos,
    /// The resource tracker: one line.
    pub track: Nanos,
}

/// Sockets that do not block, and waiting for many of them: system calls.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SocketCosts {
    /// `epoll_wait(2)` that need not sleep, without what it finds.
    pub epoll_wait: Nanos,
    /// Each descriptor that it finds readable.
    pub epoll_event: Nanos,
    /// `accept(2)` of a connection.
    pub accept: Nanos,
    /// `send(2)` of a small message over TCP.
    pub send: Nanos,
    /// `recv(2)` of a small message over TCP.
    pub recv: Nanos,
    /// `send(2)` of a byte to another end in the same process: the self-pipe of an event loop.
    pub send_local: Nanos,
    /// `recv(2)` of it.
    pub recv_local: Nanos,
    /// `recv(2)` or `accept(2)` that finds nothing, and the exception that this makes.
    pub nothing_there: Nanos,
}
