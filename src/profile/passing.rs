//! Data that passes between threads and processes of Python: pickles, queues, managers, shared memory.

use crate::units::{Bytes, Nanos};

use super::declare::costs;
use super::kernel::BytesPerMicro;

costs! {
    /// Serialization by `pickle`.
    pub struct PickleCosts in "[pickle]" {
        /// CPU time of `dumps` of a small message.
        pub call_dumps: Nanos,
        /// CPU time of `loads` of a small message.
        pub call_loads: Nanos,
        /// Pickled size of a call or a result without its payload.
        pub envelope: Bytes,
        /// CPU time of `ForkingPickler.dumps` of a plain object such as a small number.
        pub object_dumps: Nanos,
        /// CPU time of `loads` of a plain object.
        pub object_loads: Nanos,
        /// Pickled size of an object without its payload.
        pub object: Bytes,
        /// Speed of `dumps` by kind of payload, MB/s.
        pub dumps: PickleSpeeds,
        /// Speed of `loads` by kind of payload, MB/s.
        pub loads: PickleSpeeds,
        /// Speed of freeing the objects that `loads` made, by kind of payload, MB/s of the pickle.
        pub free: PickleSpeeds,
    }

    /// `multiprocessing.connection`: the bytecode around the system calls of a pipe, in whose table it stands.
    pub struct ConnectionCosts {
        /// CPU time of the bytecode of `Connection.send_bytes` or `recv_bytes` around the system calls.
        #[key("connection")]
        pub message: Nanos,
        /// Speed at which `Connection._recv` joins the parts of a large message while it holds the interpreter lock, MB/s.
        pub gather: BytesPerMicro,
        /// CPU time of the bytecode of `multiprocessing.connection.wait` around its selector, without the descriptors.
        pub selector: Nanos,
        /// CPU time of the bytecode that registers one descriptor with the selector.
        pub register: Nanos,
    }

    /// Speeds by kind of payload, MB/s.
    pub struct PickleSpeeds in "a table of speeds" {
        /// Speed for one bytes object, MB/s.
        pub bytes: BytesPerMicro,
        /// Speed for a list of floats, MB/s.
        #[key("list-float")]
        pub list_float: BytesPerMicro,
        /// Speed for a list of small integers, MB/s.
        #[key("list-int")]
        pub list_int: BytesPerMicro,
        /// Speed for a dictionary of strings and numbers, MB/s.
        pub dict: BytesPerMicro,
        /// Speed for a list of tuples, MB/s.
        #[key("list-tuple")]
        pub list_tuple: BytesPerMicro,
    }

    /// `multiprocessing.Queue`, `JoinableQueue` and `SimpleQueue`: bytecode beside pickling and the connection, with their
    /// locks uncontended.
    pub struct QueueCosts in "[queue]" {
        /// CPU time of a new interpreter to import `multiprocessing.queues` and `multiprocessing.synchronize`.
        pub imports: Nanos,
        /// CPU time of `SimpleQueue.put`.
        pub simple_put: Nanos,
        /// CPU time of `SimpleQueue.get`.
        pub simple_get: Nanos,
        /// CPU time of `Queue.put` until the object is in the feeder thread's buffer.
        pub put: Nanos,
        /// CPU time of the feeder thread for one object.
        pub feed: Nanos,
        /// CPU time of `Queue.get`.
        pub get: Nanos,
        /// CPU time that `JoinableQueue.put` takes longer than `Queue.put`.
        pub count: Nanos,
        /// CPU time of `JoinableQueue.task_done`.
        pub task_done: Nanos,
    }

    /// `multiprocessing.Manager`: bytecode beside pickling and the connection.
    pub struct ManagerCosts in "[manager]" {
        /// CPU time to compute the digest of a challenge, for the side that answers and for the side that checks the answer.
        pub challenge: Nanos,
        /// CPU time of `BaseProxy._callmethod`.
        pub call: Nanos,
        /// CPU time of `Server.serve_client` for one request.
        pub serve: Nanos,
        /// CPU time of `queue.Queue.put` or `get` in the server while no thread waits.
        pub method: Nanos,
    }

    /// `multiprocessing.shared_memory` and `multiprocessing.resource_tracker`.
    pub struct SharedMemoryCosts in "[shared_memory]" {
        /// CPU time of `SharedMemory(create=True)` (`shm_open`, `ftruncate`, `mmap`) without the message to the resource
        /// tracker.
        pub create: Nanos,
        /// CPU time of `SharedMemory(name)` without the message to the resource tracker.
        pub attach: Nanos,
        /// CPU time of `SharedMemory.close`.
        pub close: Nanos,
        /// CPU time of `SharedMemory.unlink` without the message to the resource tracker and without freeing pages.
        pub unlink: Nanos,
        /// CPU time of the first access to a page by any process: a page fault that allocates and clears it.
        pub allocate_page: Nanos,
        /// CPU time of a process's first access to a page that exists: a page fault that maps it, and some of the pages
        /// after it.
        pub map_page: Nanos,
        /// CPU time to free a page.
        pub free_page: Nanos,
        /// Speed of copying into and out of pages that are mapped, MB/s.
        pub copy: BytesPerMicro,
        /// CPU time of `register` or `unregister` without the two writes to the resource tracker.
        pub register: Nanos,
        /// CPU time to start the resource tracker, in the process that needs it first.
        pub tracker_start: Nanos,
        /// CPU time of the resource tracker until it reads its first line.
        pub tracker_boot: Nanos,
        /// CPU time of the resource tracker for one line.
        pub track: Nanos,
    }
}
