//! Threads and processes, the data that they exchange, and their memory.

use super::caches::{warm, without};
use super::{Cost, Costs};
use crate::host::calibrate::figure::{Figure, short};

/// The largest value that a profile may have for copies, ns.
const MOST_OF_COPIES: f64 = 10_000_000.0;

pub(super) fn threads(costs: &mut Costs) {
    // The threads run one after the other on one CPU, so each one follows another thread.
    let warm = |time: Figure| warm(costs, time, "thread");
    let without_wake = |name: &str| Some(warm(costs.figure(name)?) - costs.futex_wake()?);
    let (bootstrap, finish) = (without_wake("thread reached"), without_wake("thread rest"));
    let create = costs.figure("thread start").map(warm);
    costs.time(
        "thread",
        "create",
        create,
        "the parent in Thread() and start(), with warm caches",
    );
    costs.time(
        "thread",
        "bootstrap",
        bootstrap,
        "the child before its target, with warm caches, less futex_wake",
    );
    costs.time(
        "thread",
        "finish",
        finish,
        "all that is left, join among it, with warm caches, less futex_wake",
    );
}

pub(super) fn processes(costs: &mut Costs) {
    // The parent has waited for the child before, and the child starts on a CPU of its own.
    let idle = |name: &str| Some(warm(costs, costs.figure(name)?, "idle"));
    let pipes = || Some((costs.with_lock("open pipe")? + costs.with_lock("close")?) * 2.0);
    let create = || Some(without_copies(costs, idle("fork start")?) - pipes()?);
    // The description of the work is charged separately from the parent's part.
    let describing = || Some(costs.figure("dumps")? + costs.with_lock("write")?);
    let others = |name: &str| Some(idle(name)? - create()? - describing()?);
    let served = || Some(idle("forkserver reached")? - costs.with_lock("read")? - costs.figure("loads")?);
    let (create, exec, request) = (create(), others("spawn start"), others("forkserver start"));
    let (bootstrap, served, join) = (idle("fork reached"), served(), idle("join"));
    costs.time(
        "process",
        "create",
        create,
        "Process() and start() by fork, with warm caches, less os.fork, two pipes and copies",
    );
    if let Some((fork, per_mib)) = fork(costs) {
        costs.time(
            "process",
            "fork",
            Some(fork),
            "os.fork in start(), extrapolated to no memory of its own",
        );
        costs.time("process", "fork_per_mib", Some(per_mib), "256 MiB of small pages");
    }
    for (field, probe, what) in [
        (
            "copies",
            "copies",
            "after a fork, what starts an executor takes longer",
        ),
        (
            "child_copies",
            "child copies",
            "the same in the child, at its target",
        ),
        ("copied_after", "copied after", "without a fork"),
    ] {
        let figure = copies(costs, probe);
        costs.time("process", field, figure, what);
    }
    costs.time(
        "process",
        "bootstrap",
        bootstrap,
        "a forked child's clock at its target, less cold caches",
    );
    costs.time(
        "process",
        "forkserver_bootstrap",
        served,
        "the same of a fork server's child, less what it reads and unpickles",
    );
    costs.time(
        "process",
        "boot",
        costs.figure("spawn reached"),
        "the child's clock at its target",
    );
    costs.time(
        "process",
        "forkserver_boot",
        costs.figure("fork server boot"),
        "CPU time of a fork server that waits for its first request",
    );
    costs.time(
        "shared_memory",
        "tracker_boot",
        costs.figure("tracker boot"),
        "CPU time of a resource tracker that waits for its first line",
    );
    costs.time(
        "process",
        "exec",
        exec,
        "Process() and start() by spawn, less create, pickling and the pipe",
    );
    let preparation = preparation(costs);
    costs.size(
        "process",
        "preparation",
        preparation,
        "less the envelope that the model adds",
    );
    costs.time(
        "process",
        "forkserver_request",
        request,
        "start() by a fork server that is up, less create, pickling and the pipe",
    );
    costs.time(
        "process",
        "exit",
        costs.figure("fork rest"),
        "all that a forked child takes after its target",
    );
    costs.time(
        "process",
        "spawn_exit",
        costs.figure("spawn rest"),
        "all that a spawned child takes after its target",
    );
    costs.time(
        "process",
        "join",
        join,
        "of a child that has exited, with warm caches",
    );
    // A pool checks its workers in a loop without a pause, so a check must take some time.
    let some_time = |figure: Figure| figure.clamp(1.0, f64::INFINITY);
    let exitcode = || Some(some_time(costs.figure("exitcode")? - costs.figure("waitpid")?));
    let waitpid = || Some(some_time(costs.figure("waitpid")? - costs.uncontended()?));
    let (exitcode, waitpid) = (exitcode(), waitpid());
    costs.time(
        "process",
        "exitcode",
        exitcode,
        "of a child that runs, less waitpid",
    );
    costs.time(
        "process",
        "waitpid",
        waitpid,
        "os.waitpid(pid, os.WNOHANG), less the lock",
    );
    costs.time("process", "sentinel", costs.figure("sentinel"), "");
}

/// A time measured right after a fork, less the copies made meanwhile: the model adds these again.
fn without_copies(costs: &Costs, time: Figure) -> Figure {
    match (copies(costs, "copies"), copies(costs, "copied after")) {
        (Some(delay), Some(refill)) => without(time, delay.median, refill.median),
        _ => time,
    }
}

/// The measured cost of copies, limited to the range of a profile.
fn copies(costs: &Costs, probe: &str) -> Option<Figure> {
    Some(costs.figure(probe)?.clamp(1.0, MOST_OF_COPIES))
}

/// `os.fork` of a process without memory of its own, and the cost of each additional MiB.
fn fork(costs: &Costs) -> Option<(Figure, Figure)> {
    let (little, much) = (costs.figure("os.fork 0")?, costs.figure("os.fork 256")?);
    let (least, most) = (costs.figure("mapped 0")?, costs.figure("mapped 256")?);
    let per_mib = (much - little) / (most.median - least.median).max(1.0);
    Some((costs.figure("fork os.fork")? - per_mib * least.median, per_mib))
}

/// Length of the description of the work for a spawned child, without its envelope.
fn preparation(costs: &Costs) -> Option<Figure> {
    Some(costs.figure("preparation")? - envelope(costs)?)
}

/// Mean length of a call and a result without a payload.
fn envelope(costs: &Costs) -> Option<Figure> {
    Some((costs.figure("size of call_item")? + costs.figure("size of result_item")?) / 2.0)
}

/// The names of a kind of payload in the profile and in the probe.
const KINDS: [(&str, &str); 5] = [
    ("bytes", "bytes"),
    ("list-float", "list[float]"),
    ("list-int", "list[int]"),
    ("dict", "dict"),
    ("list-tuple", "list[tuple]"),
];

pub(super) fn pickle(costs: &mut Costs) {
    costs.time(
        "pickle",
        "call_dumps",
        costs.figure("dumps"),
        "ForkingPickler, a small tuple",
    );
    costs.time("pickle", "call_loads", costs.figure("loads"), "the same");
    let envelope = envelope(costs);
    costs.size(
        "pickle",
        "envelope",
        envelope,
        "the mean of a _CallItem and a _ResultItem",
    );
    speeds(costs, "dumps");
    speeds(costs, "loads");
}

/// The MB/s of every kind, or nothing.
fn speeds(costs: &mut Costs, direction: &'static str) {
    let speed = |kind: &str| {
        let time = costs.figure(&format!("{direction} {kind}"))? - costs.figure(direction)?;
        let size = costs.figure(&format!("size of {kind}"))?;
        // A longer time means a lower speed.
        let of = |time: f64| size.median * 1e3 / time.max(1.0);
        Some(Figure {
            median: of(time.median),
            lower: of(time.upper),
            upper: of(time.lower),
            samples: time.samples,
        })
    };
    let known: Option<Vec<(&str, Figure)>> = KINDS
        .iter()
        .map(|&(name, kind)| Some((name, speed(kind)?)))
        .collect();
    let Some(known) = known else { return };
    let values: Vec<String> = known
        .iter()
        .map(|(name, speed)| format!("{name} = {:.0}", speed.median.max(1.0)))
        .collect();
    let quartiles: Vec<String> = known
        .iter()
        .map(|(_, speed)| format!("{} to {}", short(speed.lower), short(speed.upper)))
        .collect();
    let samples = known
        .iter()
        .map(|(_, speed)| speed.samples)
        .min()
        .unwrap_or_default();
    costs.found.push(Cost {
        table: "pickle",
        field: direction,
        value: format!("{{ {} }}", values.join(", ")),
        source: format!(
            "measured: quartiles {}, {samples} samples each",
            quartiles.join(", ")
        ),
        figure: None,
    });
}

pub(super) fn queues(costs: &mut Costs) {
    let imports = costs.figure("import queues");
    costs.time("queue", "imports", imports, "CPU time in a spawned process");
}

pub(super) fn memory(costs: &mut Costs) {
    costs.size(
        "memory",
        "interpreter",
        costs.figure("spawn memory"),
        "private pages of a spawned child",
    );
    costs.size("memory", "subinterpreter", costs.figure("interpreter memory"), "");
    costs.size(
        "memory",
        "thread",
        costs.figure("thread memory"),
        "of 40 that wait",
    );
    costs.size(
        "memory",
        "forked_worker",
        costs.figure("fork memory"),
        "private pages of a forked child",
    );
}
