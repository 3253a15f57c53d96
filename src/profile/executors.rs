//! The Python code of executors and event loops: bytecode, hence under the interpreter lock.

use serde::Deserialize;

use crate::units::Nanos;

/// `concurrent.futures.ThreadPoolExecutor`: bytecode, hence under the lock.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThreadPoolCosts {
    /// `submit` until the work item is in the queue and a thread is there for it, without `idle_acquire`.
    pub submit: Nanos,
    /// A worker from one item's end to the next one's start, without `idle_release`.
    pub take: Nanos,
    /// `_idle_semaphore.release()` of a worker, with the semaphore's own lock held.
    pub idle_release: Nanos,
    /// `_idle_semaphore.acquire(timeout=0)` of the caller, likewise.
    pub idle_acquire: Nanos,
    /// `Future.set_result`, without the wake-up.
    pub set_result: Nanos,
    /// `Future.result` of a future that is done.
    pub result: Nanos,
}

/// `concurrent.futures.ProcessPoolExecutor`: bytecode, hence under the lock of the process that runs it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessPoolCosts {
    /// What a worker that inherits no modules imports to unpickle its work: `concurrent.futures.process`.
    pub imports: Nanos,
    /// Building the executor: queues, pipes, semaphores.
    pub build: Nanos,
    /// `submit` until the work id is queued, without the wake-up pipe.
    pub submit: Nanos,
    /// The manager: moving one work item into the call queue.
    pub fill: Nanos,
    /// The queue feeder: one item, without pickling and writing.
    pub feed: Nanos,
    /// The manager: one wait for results, without the descriptors.
    pub wait: Nanos,
    /// The manager: one result, until the caller is woken.
    pub set_result: Nanos,
    /// The manager: one future that gets an exception, until the caller is woken.
    pub set_exception: Nanos,
    /// A worker: one call, without pickling and pipes.
    pub call: Nanos,
    /// A worker: each item of a chunk.
    pub item: Nanos,
    /// `Future.result` of a future that is done, and the chunk's iterator.
    pub result: Nanos,
}

/// `multiprocessing.Pool`: bytecode, hence under the lock of the process that runs it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolCosts {
    /// What a worker that inherits no modules imports to unpickle its work: `multiprocessing.pool`.
    pub imports: Nanos,
    /// Building the pool, without its processes and threads: queues, pipes, semaphores.
    pub build: Nanos,
    /// The caller: one call of `map`, `imap` or `apply_async`, until it is in the task queue.
    pub apply: Nanos,
    /// The task handler: one task, without pickling and writing as they are for any message.
    pub task: Nanos,
    /// A worker: one task, without pickling and pipes.
    pub call: Nanos,
    /// A worker: each item of a chunk.
    pub item: Nanos,
    /// The result handler: one result, without unpickling and reading.
    pub set: Nanos,
    /// The caller: `AsyncResult.get` of a result that is there, or `next` of an iterator.
    pub get: Nanos,
}

/// `asyncio`: bytecode, hence under the lock.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AsyncioCosts {
    /// One iteration of the loop (`_run_once`, `EpollSelector.select`), without its system call and its callbacks.
    pub iteration: Nanos,
    /// One callback: `call_soon`, and `Handle._run` around it.
    pub handle: Nanos,
    /// Each event that the selector reports: `_process_events`.
    pub event: Nanos,
    /// A timer: `call_later`, and taking it from the heap.
    pub timer: Nanos,
    /// A task's start and end: `create_task`, and setting its result.
    pub task: Nanos,
    /// A task from its wake-up to its next wait: `Task.__step`, the future that it waits for, `Task.__wakeup`.
    pub step: Nanos,
    /// `gather`, for each of its tasks.
    pub gather: Nanos,
    /// `async with` a `Semaphore` or a `Lock` that is free.
    pub acquire: Nanos,
    /// `run_in_executor` around the executor's `submit`: `to_thread`, `wrap_future`, and passing the result on.
    pub run_in_executor: Nanos,
    /// A stream's side of a message that arrives: `_read_ready`, `feed_data`, `StreamReader.read`.
    pub read: Nanos,
    /// `StreamWriter.write`
    pub write: Nanos,
    /// A new connection: transport, protocol and streams.
    pub connection: Nanos,
}
