//! The Python code of executors and event loops. All of it is bytecode, which runs while the thread holds the interpreter
//! lock.

use crate::units::Nanos;

use super::declare::costs;

costs! {
    /// `concurrent.futures.ThreadPoolExecutor`.
    pub struct ThreadPoolCosts in "[thread_pool]" {
        /// CPU time of `submit` until the work item is queued and a thread exists for it, without `idle_acquire`.
        pub submit: Nanos,
        /// CPU time of a worker from the end of one item to the start of the next, without `idle_release`.
        pub take: Nanos,
        /// CPU time of a worker's `_idle_semaphore.release()`, which holds the semaphore's own lock.
        pub idle_release: Nanos,
        /// CPU time of the caller's `_idle_semaphore.acquire(timeout=0)`, which holds the semaphore's own lock.
        pub idle_acquire: Nanos,
        /// CPU time of `Future.set_result` without the wake-up.
        pub set_result: Nanos,
        /// CPU time of `Future.result` of a future that is done.
        pub result: Nanos,
    }

    /// `concurrent.futures.ProcessPoolExecutor`.
    pub struct ProcessPoolCosts in "[process_pool]" {
        /// CPU time to import `concurrent.futures.process` in a worker that inherits no modules; it needs the module to
        /// unpickle its work.
        pub imports: Nanos,
        /// CPU time to build the executor: queues, pipes, semaphores.
        pub build: Nanos,
        /// CPU time of `submit` until the work id is queued, without the wake-up pipe.
        pub submit: Nanos,
        /// CPU time of the manager thread to move one work item into the call queue.
        pub fill: Nanos,
        /// CPU time of the queue's feeder thread for one item, without pickling and writing.
        pub feed: Nanos,
        /// CPU time of the manager thread for one wait for results, without the descriptors.
        pub wait: Nanos,
        /// CPU time of the manager thread for one result, until the caller is woken up.
        pub set_result: Nanos,
        /// CPU time of the manager thread for one future that receives an exception, until the caller is woken up.
        pub set_exception: Nanos,
        /// CPU time of a worker for one call, without pickling and pipes.
        pub call: Nanos,
        /// CPU time of a worker for each item of a chunk.
        pub item: Nanos,
        /// CPU time of `Future.result` of a future that is done, and of the chunk's iterator.
        pub result: Nanos,
    }

    /// `multiprocessing.Pool`.
    pub struct PoolCosts in "[pool]" {
        /// CPU time to import `multiprocessing.pool` in a worker that inherits no modules; it needs the module to unpickle
        /// its work.
        pub imports: Nanos,
        /// CPU time to build the pool (queues, pipes, semaphores) without its processes and threads.
        pub build: Nanos,
        /// CPU time of the caller for one call of `map`, `imap` or `apply_async`, until it is in the task queue.
        pub apply: Nanos,
        /// CPU time of the task handler for one task, without the pickling and writing that every message needs.
        pub task: Nanos,
        /// CPU time of a worker for one task, without pickling and pipes.
        pub call: Nanos,
        /// CPU time of a worker for each item of a chunk.
        pub item: Nanos,
        /// CPU time of the result handler for one result, without unpickling and reading.
        pub set: Nanos,
        /// CPU time of the caller's `AsyncResult.get` of a result that has arrived, or of `next` of an iterator.
        pub get: Nanos,
    }

    /// `asyncio`.
    pub struct AsyncioCosts in "[asyncio]" {
        /// CPU time of one iteration of the loop (`_run_once`, `EpollSelector.select`) without its system call and its
        /// callbacks.
        pub iteration: Nanos,
        /// CPU time of one callback: `call_soon`, and `Handle._run` around it.
        pub handle: Nanos,
        /// CPU time of `_process_events` for each event that the selector reports.
        pub event: Nanos,
        /// CPU time of one timer: `call_later`, and its removal from the heap.
        pub timer: Nanos,
        /// CPU time of a task's start and end: `create_task`, and setting its result.
        pub task: Nanos,
        /// CPU time of a task from its wake-up to its next wait, without its own code: `Task.__step`, the future that it
        /// waits for, `Task.__wakeup`.
        pub step: Nanos,
        /// CPU time of `gather` for each of its tasks.
        pub gather: Nanos,
        /// CPU time of `async with` a `Semaphore` or a `Lock` that is free.
        pub acquire: Nanos,
        /// CPU time of `run_in_executor` around the executor's `submit`: `to_thread`, `wrap_future`, and passing on the
        /// result.
        pub run_in_executor: Nanos,
        /// CPU time of a stream for a message that arrives: `_read_ready`, `feed_data`, `StreamReader.read`.
        pub read: Nanos,
        /// CPU time of `StreamWriter.write` without its `send`.
        pub write: Nanos,
        /// CPU time of a new connection: transport, protocol and streams.
        pub connection: Nanos,
    }
}
