//! What everything costs on one kind of host: one TOML file, with the source of each number beside it.
//!
//! The bundled profiles lie in `src/profile/`; a scenario may name one of them or a file of its own. There are no
//! defaults in the code: a profile is complete, or it is `like` a bundled one and says what differs.

mod load;

pub use load::ProfileError;

use serde::Deserialize;

use crate::random::Table;
use crate::units::{Bytes, Nanos};

/// Every cost of a host. Times are CPU time of the thread that pays, at full speed, unless said otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The bundled name, or the path as written.
    pub name: String,
    /// The profile's text, byte for byte, and after it that of the one it is like: their digest goes into the manifest.
    pub text: String,
    /// The costs themselves.
    pub costs: Costs,
}

/// The tables of a profile.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// What the host is, in a sentence.
    pub description: String,
    /// The kernel's scheduler and timers.
    pub scheduler: SchedulerCosts,
    /// How busy neighbours slow a core down.
    pub joint_speed: JointSpeed,
    /// Caches that hold what others need, or nothing.
    pub cache: CacheCosts,
    /// Cache lines that several cores write to.
    pub cache_line: CacheLineCosts,
    /// The interpreter lock.
    pub gil: GilCosts,
    /// What takes the interpreter lock's place in the free-threaded build.
    pub free_threaded: FreeThreadedCosts,
    /// Interpreters beside the main one of a process.
    pub subinterpreter: SubinterpreterCosts,
    /// Updates of what workers share.
    pub shared_state: SharedStateCosts,
    /// Threads.
    pub thread: ThreadCosts,
    /// Processes.
    pub process: ProcessCosts,
    /// Serialization.
    pub pickle: PickleCosts,
    /// Pipes, and connections over them.
    pub pipe: PipeCosts,
    /// Pairs of sockets.
    pub unix_socket: UnixSocketCosts,
    /// `multiprocessing.Queue` and its like, as a program of its own uses them.
    pub queue: QueueCosts,
    /// `multiprocessing.Manager`
    pub manager: ManagerCosts,
    /// Sockets, and waiting for many of them.
    pub socket: SocketCosts,
    /// Shared memory, and the process that keeps track of it.
    pub shared_memory: SharedMemoryCosts,
    /// `concurrent.futures.ThreadPoolExecutor`
    pub thread_pool: ThreadPoolCosts,
    /// `concurrent.futures.ProcessPoolExecutor`
    pub process_pool: ProcessPoolCosts,
    /// `multiprocessing.Pool`
    pub pool: PoolCosts,
    /// `asyncio`
    pub asyncio: AsyncioCosts,
    /// Memory.
    pub memory: MemoryCosts,
}

/// The kernel's scheduler and timers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchedulerCosts {
    /// Between two ticks of a core: 1 s / HZ. Slices end at ticks.
    pub tick: Nanos,
    /// What a thread may use up before another one of equal standing goes first.
    pub base_slice: Nanos,
    /// Between two looks for queues of unequal length.
    pub balance_interval: Nanos,
    /// What a thread that goes to sleep still has its core for: arming a timer, choosing who runs next.
    pub sleep: Nanos,
    /// From one thread to another on the same core.
    pub context_switch: Nanos,
    /// From a wake-up until the thread runs on a core that has been idle for long.
    pub wake_latency: Table,
    /// The same on a core that has just become idle.
    pub wake_latency_hot: Table,
    /// How long a core counts as having just become idle.
    pub hot_for: Nanos,
    /// Whether a thread that is woken looks for an idle core beyond the one it ran on last.
    pub wake_search: WakeSearch,
    /// A thread that ran so recently stays with its core's caches: a core with nothing to do does not take it.
    pub migration_cost: Nanos,
    /// By how much a timer goes off late.
    pub timer_slack: Table,
    /// Timers go off at multiples of it only, as with the 15.6 ms of Windows; 0 where they are exact.
    pub timer_quantum: Nanos,
    /// `futex(FUTEX_WAIT)` until the thread is queued.
    pub futex_wait: Nanos,
    /// `futex(FUTEX_WAKE)`, for the thread that wakes another.
    pub futex_wake: Nanos,
    /// What it takes longer if the other's core is idle: an interrupt has to be sent there.
    pub wake_idle_core: Nanos,
    /// Where nobody sleeps.
    pub futex_wake_nobody: Table,
    /// Who runs next.
    pub policy: SchedulerPolicy,
}

/// Who runs next on a core that several threads want.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SchedulerPolicy {
    /// Whoever is owed most; a woken thread may push in: Linux's EEVDF.
    Fair,
    /// Whoever has waited longest, when a quantum is over: xnu, among threads of equal priority.
    RoundRobin,
}

/// Where a thread that is woken may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WakeSearch {
    /// To the core it ran on last if that is idle, else to any that is.
    Idle,
    /// Always to the core it ran on last. So measured on a virtual machine; presumably because an idle core there
    /// counts as taken away by the host (`available_idle_cpu`, `vcpu_is_preempted`).
    Home,
}

/// How fast a core is, out of 1024, given what its neighbours do.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JointSpeed {
    /// By the number of busy cores, from one upwards; the last entry holds for all beyond.
    pub busy_cores: Vec<u64>,
    /// Each of two hardware threads of a core when both are busy.
    pub sibling_busy: u64,
}

impl JointSpeed {
    /// The speed of a hardware thread, out of 1024, where `busy_cores` cores are busy and `busy_siblings` hardware
    /// threads of its own core.
    pub fn of(&self, busy_cores: usize, busy_siblings: usize) -> u64 {
        let last = self.busy_cores.len() - 1;
        let core = self.busy_cores[busy_cores.saturating_sub(1).min(last)];
        if busy_siblings > 1 {
            (core * self.sibling_busy / 1024).max(1)
        } else {
            core
        }
    }
}

/// What a thread finds in the caches of the core that it comes to, in its branch predictors and translation buffers: the
/// cache-related preemption delay of the literature (J. Mogul and A. Borg, "The effect of context switches on cache
/// performance", 1991; C. Li, C. Ding and K. Shen, "Quantifying the cost of context switch", 2007).
///
/// It falls on the code of interpreter, executors and kernel. A task's own work is as long as the scenario says.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheCosts {
    /// Work after which caches hold again what a thread needs. At most 1 ms.
    pub refill: Nanos,
    /// What that much work takes longer where another thread of the same process had the core before. At most 1 ms, as
    /// all that follow.
    pub after_thread: Nanos,
    /// The same after a thread of another process.
    pub after_process: Nanos,
    /// The same where the core has just become idle: see `scheduler.hot_for`.
    pub after_idle: Nanos,
    /// The same where the core has been idle for long.
    pub after_long_idle: Nanos,
}

/// The interpreter lock.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GilCosts {
    /// From a drop request until the holder's next look at the eval breaker, from 3.10 on: at loop back-edges,
    /// function entry and after calls.
    pub eval_check: Table,
    /// The same before 3.10: at nearly every instruction.
    pub eval_check_before_3_10: Table,
    /// From one look at `_Py_Ticker` to the next, before 3.2: instructions that are dispatched fast do not look.
    pub tick: Nanos,
    /// From the beginning of a wait until asleep: in that moment a signal is taken without sleeping.
    pub settle: Table,
    /// The same on a core that had just been busy when the thread woke.
    pub settle_hot: Table,
    /// Which waiter a signal wakes.
    pub wake_order: WakeOrder,
    /// Whether locks before 3.2 are POSIX semaphores rather than mutex and condition: `USE_SEMAPHORES`.
    pub semaphore: bool,
    /// Giving up and taking the lock around a C call, nobody else wanting it.
    pub uncontended: Nanos,
}

/// Which waiter takes a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WakeOrder {
    /// As glibc has it: one that is still awake on its way to sleep, else the oldest sleeper of the older group.
    Groups,
    /// The oldest.
    Fifo,
    /// Any, equally likely.
    Random,
}

/// A cache line that is written to by atomic operations.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheLineCosts {
    /// What an atomic operation takes longer than a plain one on a line that its core has already.
    pub local: Nanos,
    /// An atomic operation on a line that another core wrote to last: until the line is here, and it is done. Of all
    /// cores that want the line, one has it at a time.
    pub transfer: Nanos,
}

/// What takes the interpreter lock's place in the free-threaded build.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreeThreadedCosts {
    /// How much longer bytecode takes than in the build with the lock, by release.
    pub slowdown: Slowdown,
    /// Detaching and attaching around a C call.
    pub attach: Nanos,
    /// `sched_yield(2)`, which a thread that spins for a `PyMutex` calls between two looks at it.
    pub sched_yield: Nanos,
    /// Bytecode of all threads together between two collections of garbage; `0ns` for none at all.
    pub collection_interval: Nanos,
    /// How long a collection stops the world, once it has stopped.
    pub collection_pause: Nanos,
    /// Bytecode of a step that `shares` between two atomic operations on the shared objects.
    pub touch_interval: Nanos,
}

/// What bytecode takes in the free-threaded build, out of 1024 in the build with the lock.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slowdown {
    /// 3.13
    #[serde(rename = "3.13")]
    pub release_3_13: u64,
    /// 3.14
    #[serde(rename = "3.14")]
    pub release_3_14: u64,
}

/// Interpreters beside the main one of a process, each with a lock of its own.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubinterpreterCosts {
    /// `_interpreters.create` in the creating interpreter, under its lock.
    pub create: Nanos,
    /// The new interpreter until it runs code, under its own lock.
    pub boot: Nanos,
    /// A call from one interpreter into another and back, without its data.
    pub call: Nanos,
    /// What an object that is shareable takes to cross, beside copying it.
    pub share: Nanos,
    /// Its end.
    pub close: Nanos,
}

/// Threads.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThreadCosts {
    /// `Thread(...)` and `start()` in the parent, before it waits for the child's `_started`.
    pub create: Nanos,
    /// The child's way to its target.
    pub bootstrap: Nanos,
    /// The child's way out, and `join`'s bookkeeping.
    pub finish: Nanos,
}

/// Updates of what workers share: bytecode of the worker.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedStateCosts {
    /// `state.n += 1`, an attribute of a common object.
    pub attribute: Nanos,
    /// `raw.value += 1` of a `multiprocessing.RawValue`, or an item of a shared buffer.
    pub raw_value: Nanos,
    /// `value.value += 1` of a `multiprocessing.Value` whose lock is held: each access takes it once more.
    pub value: Nanos,
    /// `with lock:`, without waiting and without what is done inside.
    pub with_lock: Nanos,
    /// `with value.get_lock():`, likewise.
    pub with_value_lock: Nanos,
}

/// Processes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessCosts {
    /// `Process(...)` and `start()` in the parent, without the system call.
    pub create: Nanos,
    /// `fork(2)` of a process that maps next to nothing.
    pub fork: Nanos,
    /// What `fork(2)` takes longer for each MiB that the parent maps.
    pub fork_per_mib: Nanos,
    /// A forked child's way to its target.
    pub bootstrap: Nanos,
    /// The same of a child of the fork server, which unpickles its work and what that needs.
    pub forkserver_bootstrap: Nanos,
    /// A new interpreter until it runs code: start, `site`, importing `multiprocessing`.
    pub boot: Nanos,
    /// Preparing and starting a new interpreter, in the parent.
    pub exec: Nanos,
    /// What is pickled to describe the work to a spawned child.
    pub preparation: Bytes,
    /// A request to the fork server, in the parent.
    pub forkserver_request: Nanos,
    /// The way out of a child that was forked, by whomever: `os._exit`, and the kernel takes its pages back.
    pub exit: Nanos,
    /// That of a spawned one, which takes its interpreter down first: `sys.exit`, `Py_FinalizeEx`.
    pub spawn_exit: Nanos,
    /// `join` in the parent.
    pub join: Nanos,
    /// `Process.exitcode` in the parent, without the system call.
    pub exitcode: Nanos,
    /// `waitpid(2)` of a child that runs.
    pub waitpid: Nanos,
    /// `Process.sentinel` in the parent, in a list of all.
    pub sentinel: Nanos,
    /// `terminate` in the parent.
    pub terminate: Nanos,
}

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

/// Memory, as far as it has been touched; private unless said otherwise.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryCosts {
    /// Pages of the interpreter's own file and of its libraries, which all its processes share.
    pub code: Bytes,
    /// A fresh interpreter.
    pub interpreter: Bytes,
    /// An interpreter beside the main one of its process.
    pub subinterpreter: Bytes,
    /// A thread.
    pub thread: Bytes,
    /// What a forked worker writes to, idle or not, and therefore owns.
    pub forked_worker: Bytes,
    /// The same for a worker that the fork server has forked: it imports what its first call needs.
    pub forkserver_worker: Bytes,
    /// The resource tracker, an interpreter with next to nothing imported.
    pub resource_tracker: Bytes,
    /// A page fault that copies a page of a forked process.
    pub copy_on_write: Nanos,
    /// What data occupies as objects, out of 1024 of its pickled size.
    pub objects: ObjectSizes,
}

/// Out of 1024 of the pickled size, by kind of payload.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ObjectSizes {
    /// One bytes object.
    pub bytes: u64,
    /// A list of floats.
    pub list_float: u64,
    /// A list of small integers.
    pub list_int: u64,
    /// A dictionary of strings and numbers.
    pub dict: u64,
    /// A list of tuples.
    pub list_tuple: u64,
}

impl Costs {
    /// What the types of the fields cannot say.
    fn check(&self) -> Result<(), &'static str> {
        let speeds = &self.joint_speed;
        if speeds.busy_cores.is_empty() || speeds.busy_cores.iter().any(|&speed| speed == 0 || speed > 4096) {
            return Err("joint_speed.busy_cores needs at least one speed, each from 1 to 4096 out of 1024");
        }
        if speeds.sibling_busy == 0 || speeds.sibling_busy > 1024 {
            return Err("joint_speed.sibling_busy is from 1 to 1024");
        }
        if self.scheduler.tick == Nanos::ZERO || self.scheduler.base_slice == Nanos::ZERO {
            return Err("scheduler.tick and scheduler.base_slice take some time");
        }
        if self.gil.tick == Nanos::ZERO {
            return Err("gil.tick takes some time");
        }
        let slowdown = &self.free_threaded.slowdown;
        if [slowdown.release_3_13, slowdown.release_3_14]
            .iter()
            .any(|&slowdown| !(1..=1 << 20).contains(&slowdown))
        {
            return Err("free_threaded.slowdown is from 1 to 1048576 out of 1024");
        }
        if self.free_threaded.touch_interval == Nanos::ZERO {
            return Err("free_threaded.touch_interval is some time");
        }
        // The pace of a thread is a fraction of whole numbers that must stay within 64 bits.
        let longest = Nanos::from_millis(1);
        if self.free_threaded.touch_interval > longest
            || self.cache_line.local > longest
            || self.cache_line.transfer > longest
        {
            return Err(
                "free_threaded.touch_interval, cache_line.local and cache_line.transfer are 1ms at most",
            );
        }
        let cache = &self.cache;
        let delays = [
            cache.after_thread,
            cache.after_process,
            cache.after_idle,
            cache.after_long_idle,
        ];
        if cache.refill == Nanos::ZERO
            || cache.refill > longest
            || delays.iter().any(|&delay| delay > longest)
        {
            return Err("cache.refill is some time, and it and all else of cache are 1ms at most");
        }
        if self.process.exitcode == Nanos::ZERO || self.process.waitpid == Nanos::ZERO {
            return Err(
                "process.exitcode and process.waitpid take some time: a pool looks at its workers without end",
            );
        }
        Ok(())
    }
}
