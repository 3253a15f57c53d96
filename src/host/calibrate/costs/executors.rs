//! The Python code of the executors. Each thread's part was run alone; costs that the model charges in other fields
//! (pickling, pipes, waits) are subtracted.

use super::Costs;
use crate::host::calibrate::figure::Figure;

pub(super) fn thread_pool(costs: &mut Costs) {
    let take = || Some(costs.figure("thread pool worker")? - costs.figure("future set_result")?);
    // From 3.12 on, a worker that finds the next item at once does not count itself as idle.
    let take = match costs.figure("idle release") {
        Some(release) if costs.evidence.samples.contains_key("counts idle always") => {
            take().map(|take| take - release)
        }
        _ => take(),
    };
    let submit = || Some(costs.figure("thread pool submit")? - costs.figure("idle acquire")?);
    let submit = submit();
    costs.time(
        "thread_pool",
        "submit",
        submit,
        "the worker being held up, less idle_acquire",
    );
    costs.time(
        "thread_pool",
        "take",
        take,
        "the worker, the caller asleep, less set_result and, before 3.12, idle_release",
    );
    costs.time(
        "thread_pool",
        "idle_release",
        costs.figure("idle release"),
        "threading.Semaphore.release",
    );
    costs.time(
        "thread_pool",
        "idle_acquire",
        costs.figure("idle acquire"),
        "threading.Semaphore.acquire(timeout=0) where there is none",
    );
    costs.time(
        "thread_pool",
        "set_result",
        costs.figure("future set_result"),
        "nobody waiting",
    );
    costs.time(
        "thread_pool",
        "result",
        costs.figure("thread pool result"),
        "of a map that is done",
    );
}

pub(super) fn process_pool(costs: &mut Costs) {
    let item = costs.figure("process pool chunk").map(|chunk| chunk / 1_000.0);
    let submit = || Some(costs.figure("process pool submit")? - costs.send()?);
    let feed = || Some(costs.figure("process pool feed")? - costs.figure("dumps")?);
    let call = || {
        let code = costs.figure("process pool call")? - item?;
        Some(
            code + locks(costs)?
                + extra(costs, "loads", "call_item")?
                + extra(costs, "dumps", "result_item")?,
        )
    };
    let (submit, feed, call, wait) = (submit(), feed(), call(), wait(costs));
    let imports = costs.figure("import process pool");
    costs.time(
        "process_pool",
        "imports",
        imports,
        "CPU time in a spawned process",
    );
    let build = || Some(costs.figure("process pool build")? - costs.with_lock("open pipe")? * 3.0);
    costs.time("process_pool", "build", build(), "less three pipes");
    costs.time("process_pool", "submit", submit, "less the wake-up pipe");
    costs.time("process_pool", "fill", costs.figure("process pool fill"), "");
    costs.time(
        "process_pool",
        "feed",
        feed,
        "Queue._feed with a _CallItem's own pickling, less a pickle of nothing",
    );
    costs.time(
        "process_pool",
        "wait",
        wait,
        "with a _ResultItem's own unpickling, less selectors and pipes",
    );
    costs.time(
        "process_pool",
        "set_result",
        costs.figure("process pool set_result"),
        "",
    );
    costs.time(
        "process_pool",
        "call",
        call,
        "_process_worker with the queues' locks and the items' own pickling",
    );
    costs.time("process_pool", "item", item, "of a chunk of 1000");
    costs.time("process_pool", "result", costs.figure("process pool result"), "");
}

/// `wait_result_broken_or_wakeup` with a result and a wake-up pending: three selectors (one on two pipes, two that
/// check whether the wake-up pipe is empty), a result and a wake-up received.
fn wait(costs: &Costs) -> Option<Figure> {
    let register = costs.descriptor("wait")?;
    let selector = costs.figure("wait 1")? - register;
    let selectors = selector * 3.0 + register * 4.0;
    let received = costs.receive()? * 2.0 + costs.figure("loads")?;
    Some(costs.figure("process pool wait")? - selectors - received)
}

pub(super) fn pool(costs: &mut Costs) {
    let item = costs.figure("pool chunk").map(|chunk| chunk / 1_000.0);
    let task = || Some(costs.figure("pool task")? + extra(costs, "dumps", "task")?);
    let call = || {
        let code = costs.figure("pool call")? - item?;
        Some(code + locks(costs)? + extra(costs, "loads", "task")? + extra(costs, "dumps", "task_result")?)
    };
    let set = || Some(costs.figure("pool set")? + extra(costs, "loads", "task_result")?);
    let (task, call, set) = (task(), call(), set());
    let queues = || Some((costs.figure("simple queue")? - costs.with_lock("open pipe")?) * 3.0);
    let queues = queues();
    let imports = costs.figure("import pool");
    costs.time("pool", "imports", imports, "CPU time in a spawned process");
    costs.time("pool", "build", queues, "three queues, less their pipes");
    costs.time("pool", "apply", costs.figure("pool apply"), "map_async");
    costs.time(
        "pool",
        "task",
        task,
        "with a task's own pickling, less a pickle of nothing",
    );
    costs.time(
        "pool",
        "call",
        call,
        "worker() with the queues' locks and a task's own pickling",
    );
    costs.time("pool", "item", item, "mapstar of 1000");
    costs.time("pool", "set", set, "MapResult, with a result's own unpickling");
    costs.time(
        "pool",
        "get",
        costs.figure("pool get"),
        "of a result that is there",
    );
}

/// How much longer it takes to pickle a message than an almost empty one.
fn extra(costs: &Costs, direction: &str, message: &str) -> Option<Figure> {
    Some(costs.figure(&format!("{direction} {message}"))? - costs.figure(direction)?)
}

/// The locks of a queue's reading end and writing end.
fn locks(costs: &Costs) -> Option<Figure> {
    Some((costs.figure("locked")? - costs.figure("python call")?) * 2.0)
}
