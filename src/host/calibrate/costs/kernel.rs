//! The costs of the kernel (switching and waking threads, timers, pipes), joint CPU speeds, and the interpreter lock.

use super::{Cost, Costs, measured, nanos, quoted, unit_of};
use crate::host::calibrate::figure::Figure;
use crate::units::Nanos;

/// The shares of `futex_wake`, `sleep` and `context_switch` in their sum, taken from linux-x86_64.
pub(super) const SHARES: [f64; 3] = [0.25, 0.25, 0.5];

/// The shares of `create` and `boot` of a subinterpreter in their sum, taken from linux-x86_64.
const INTERPRETER_SHARES: [f64; 2] = [200.0 / 7_200.0, 7_000.0 / 7_200.0];

/// The idle times of a CPU before a thread on it is woken, us: as in `waking.py`.
const IDLE: [u32; 5] = [30, 100, 300, 1_000, 5_000];
const LONG_IDLE: u32 = 5_000;
const SHORT_IDLE: u32 = 100;

/// The size of a large message in bytes: as in `piping.py`.
const LARGE: f64 = 61_440.0;

/// The number of values of a distribution: few enough to read, and enough to show a tail of one in twenty.
const PARTS: usize = 20;

/// The time to wake a thread on the same CPU, to go to sleep and to switch to that thread: one way between two
/// processes that write to each other, less the system calls.
pub(super) fn switch(costs: &Costs) -> Option<Figure> {
    Some(costs.figure("one way")? - costs.figure("write")? - costs.figure("read")?)
}

pub(super) fn scheduler(costs: &mut Costs) {
    read(
        costs,
        "tick",
        Some(costs.evidence.facts.host.tick),
        "CLOCK_MONOTONIC_COARSE",
    );
    let base_slice = costs.evidence.facts.host.base_slice;
    read(costs, "base_slice", base_slice, "/proc/self/sched");
    let shared = "of what waking, sleeping and switching take together, divided as in linux-x86_64";
    for (field, share) in [("sleep", SHARES[1]), ("context_switch", SHARES[2])] {
        let part = switch(costs).map(|sum| sum * share);
        costs.time("scheduler", field, part, shared);
    }
    for (field, idle) in [("wake_latency", LONG_IDLE), ("wake_latency_hot", SHORT_IDLE)] {
        if let Some((latency, values)) = latency(costs, idle).zip(latencies(costs, idle)) {
            costs.other(
                "scheduler",
                field,
                empirical(&values),
                wall(
                    latency,
                    &format!("idle for {idle} us; each value is the mean of a twentieth"),
                ),
            );
        }
    }
    hot_for(costs);
    let migration_cost = costs.evidence.facts.host.migration_cost;
    read(
        costs,
        "migration_cost",
        migration_cost,
        "/sys/kernel/debug/sched/migration_cost_ns",
    );
    placement(costs);
    timer_slack(costs);
    costs.time("scheduler", "futex_wake", costs.futex_wake(), shared);
    let elsewhere =
        || Some(costs.figure("release elsewhere")? - costs.figure("release")? - costs.futex_wake()?);
    costs.time(
        "scheduler",
        "wake_idle_core",
        elsewhere(),
        "lock.release() with a sleeper on another CPU, less futex_wake",
    );
}

/// Where woken and waiting threads run: the behavior of released kernels, by version, and what is measured on this one.
fn placement(costs: &mut Costs) {
    let release = costs.evidence.facts.host.kernel.clone();
    let mut numbers = release
        .split(['.', '-'])
        .map_while(|number| number.parse::<u32>().ok());
    if let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) {
        let version = (major, minor, numbers.next().unwrap_or(0));
        let search = if (major, minor) >= SIS_UTIL_FROM {
            "sis-util"
        } else {
            "idle"
        };
        let newidle = if throws_dice(version) {
            "proportional"
        } else {
            "always"
        };
        for (field, value) in [("wake_search", search), ("newidle_balance", newidle)] {
            costs.other(
                "scheduler",
                field,
                format!("\"{value}\""),
                format!("read: Linux {release}"),
            );
        }
    }
    let cpus = costs.evidence.facts.host.cpus;
    costs.other(
        "scheduler",
        "balance_interval",
        format!("\"{}ms\"", 2 * cpus),
        format!("read: {cpus} CPUs"),
    );
    if let Some(below) = costs.figure("pack below") {
        costs.other(
            "scheduler",
            "pack_below",
            format!("{:.0}", below.median),
            measured(
                below,
                "",
                "a woken process on its waker's CPU, by what the waker takes of that",
            ),
        );
    }
}

/// The first release in which `select_idle_cpu` supports `SIS_UTIL`.
const SIS_UTIL_FROM: (u32, u32) = (5, 19);

/// The first releases of older lines in which `sched_balance_newidle` supports `NI_RANDOM`; from 6.19 on all do.
const NI_RANDOM_FROM: [(u32, u32, u32); 3] = [(6, 6, 120), (6, 12, 65), (6, 18, 5)];

/// Whether an idle core looks for threads only as often as earlier searches succeeded.
fn throws_dice(version: (u32, u32, u32)) -> bool {
    let line = (version.0, version.1);
    line >= (6, 19)
        || NI_RANDOM_FROM
            .iter()
            .any(|&first| (first.0, first.1) == line && version >= first)
}

/// A field that the kernel reports, ns.
fn read(costs: &mut Costs, field: &'static str, value: Option<f64>, place: &str) {
    if let Some(value) = value {
        costs.other(
            "scheduler",
            field,
            quoted(Nanos(value as u64)),
            format!("read: {place}"),
        );
    }
}

/// The time from a pipe's writer waking its reader, whose CPU has been idle for `idle` us, until the reader runs.
fn latency(costs: &Costs, idle: u32) -> Option<Figure> {
    Some(costs.figure(&woken_after(idle))? - costs.figure("write")?)
}

/// The latency of each sample, in ascending order.
fn latencies(costs: &Costs, idle: u32) -> Option<Vec<f64>> {
    let write = costs.figure("write")?.median;
    let samples = costs.evidence.samples(&woken_after(idle))?;
    let mut latencies: Vec<f64> = samples.iter().map(|sample| (sample - write).max(1.0)).collect();
    latencies.sort_unstable_by(f64::total_cmp);
    Some(latencies)
}

/// The name that the probe gives to its samples.
fn woken_after(idle: u32) -> String {
    format!("woken after {idle} us")
}

/// The samples as a distribution of a profile, in at most [`PARTS`] values: each is the mean of equally many
/// neighbours.
///
/// No formula describes the samples. Most wake-ups take about as long, but on a virtual machine one in ten or a hundred
/// finds its CPU in use by others and takes ten times as long. A thread that waits for a thousand others waits for
/// these.
fn empirical(ascending: &[f64]) -> String {
    let parts = PARTS.min(ascending.len());
    let values = (0..parts).map(|part| {
        let neighbours = &ascending[part * ascending.len() / parts..(part + 1) * ascending.len() / parts];
        quoted(nanos(neighbours.iter().sum::<f64>() / neighbours.len() as f64))
    });
    format!("{{ empirical = [{}] }}", values.collect::<Vec<_>>().join(", "))
}

/// Describes a wall-clock figure.
fn wall(figure: Figure, what: &str) -> String {
    let (unit, name) = unit_of(figure.median);
    measured(figure / unit, name, what)
}

/// The idle time at which the latency is the geometric mean of that of a hot CPU and that of a cold CPU.
fn hot_for(costs: &mut Costs) {
    let found: Option<Vec<Figure>> = IDLE.iter().map(|&idle| latency(costs, idle)).collect();
    let Some(found) = found else { return };
    let (hot, cold) = (found[1].median, found[IDLE.len() - 1].median);
    // A difference within the spread of the two latencies says nothing.
    if cold < 1.2 * hot {
        return;
    }
    let half_way = (hot * cold).sqrt();
    let after = found.iter().skip(2).position(|figure| figure.median >= half_way);
    let after = after.map_or(IDLE.len() - 1, |index| index + 2);
    let (before, after) = (f64::from(IDLE[after - 1]) * 1e3, f64::from(IDLE[after]) * 1e3);
    let value = quoted(nanos((before * after).sqrt()));
    let told: Vec<String> = IDLE
        .iter()
        .zip(&found)
        .map(|(idle, figure)| format!("{:.0} us after {idle}", figure.median / 1e3))
        .collect();
    costs.other(
        "scheduler",
        "hot_for",
        value,
        format!("measured: woken {}", told.join(", ")),
    );
}

/// How much longer a sleep takes than asked for, less the wake-up latency.
fn timer_slack(costs: &mut Costs) {
    let (Some(late), Some(latency)) = (costs.figure("overslept"), latency(costs, LONG_IDLE)) else {
        return;
    };
    let rest = (late.median - latency.median).max(0.0);
    // The quartile of a uniform distribution is half-way from the median to its end. The latency varies independently.
    let late_by = late.median - late.lower;
    let of_latency = latency.median - latency.lower;
    let half = 2.0 * (late_by * late_by - of_latency * of_latency).max(0.0).sqrt();
    let value = format!(
        "{{ uniform = {{ min = \"{}\", max = \"{}\" }} }}",
        nanos((rest - half).max(0.0)),
        nanos(rest + half)
    );
    costs.other(
        "scheduler",
        "timer_slack",
        value,
        wall(
            late,
            "overslept, less wake_latency; fitted to median and lower quartile",
        ),
    );
}

pub(super) fn joint_speed(costs: &mut Costs) {
    let speed = |figure: Figure| figure.median.min(1_024.0);
    let joint = |count: usize| Some((count, speed(costs.figure(&format!("joint {count}"))?)));
    let known: Vec<(usize, f64)> = std::iter::once((1, 1_024.0))
        .chain((2..=costs.evidence.facts.host.cores).filter_map(joint))
        .collect();
    let samples = costs.figure("joint 2").map_or(0, |figure| figure.samples);
    let speeds: Vec<String> = known
        .windows(2)
        .flat_map(|pair| between(pair[0], pair[1]))
        .chain(known.last().map(|&(_, speed)| speed))
        .map(|speed| format!("{speed:.0}"))
        .collect();
    let source = format!(
        "measured: the same loop on one core and on up to {} in turn; {samples} pairs of turns of two",
        costs.evidence.facts.host.cores
    );
    costs.other(
        "joint_speed",
        "busy_cores",
        format!("[{}]", speeds.join(", ")),
        source,
    );
    if let Some(siblings) = costs.figure("joint siblings") {
        let value = format!("{:.0}", speed(siblings).max(1.0));
        let source = "measured: the same loop on both hardware threads of a core".to_owned();
        costs.other("joint_speed", "sibling_busy", value, source);
    }
}

/// The speeds from one number of cores up to another one, interpolated.
fn between((few, fast): (usize, f64), (many, slow): (usize, f64)) -> Vec<f64> {
    let step = (slow - fast) / (many - few) as f64;
    (0..many - few).map(|more| fast + step * more as f64).collect()
}

pub(super) fn interpreter_lock(costs: &mut Costs) {
    costs.time(
        "gil",
        "uncontended",
        costs.uncontended(),
        "sha256 of 2048 bytes less that of 2047, which keeps the lock",
    );
    let yielding = || Some(costs.figure("sched_yield")? - costs.figure("c call")?);
    costs.time("free_threaded", "sched_yield", yielding(), "");
}

pub(super) fn subinterpreters(costs: &mut Costs) {
    let shared = "of create() and the first call, divided as in linux-x86_64";
    for (field, share) in [("create", INTERPRETER_SHARES[0]), ("boot", INTERPRETER_SHARES[1])] {
        let part = costs.figure("interpreter create").map(|sum| sum * share);
        costs.time("subinterpreter", field, part, shared);
    }
    costs.time(
        "subinterpreter",
        "call",
        costs.figure("interpreter call"),
        "call(do_call, ...), of nothing",
    );
    costs.time("subinterpreter", "close", costs.figure("interpreter close"), "");
}

pub(super) fn pipes(costs: &mut Costs) {
    let (open, close) = (costs.system_call("open pipe"), costs.system_call("close"));
    costs.time("pipe", "open", open, "os.pipe, less call and lock");
    costs.time("pipe", "close", close, "os.close, less call and lock");
    costs.time(
        "pipe",
        "write",
        costs.system_call("write"),
        "os.write of a byte, less call and lock",
    );
    costs.time(
        "pipe",
        "read",
        costs.system_call("read"),
        "os.read of a byte, less call and lock",
    );
    copy(costs);
    let register = || Some(costs.descriptor("wait")? - costs.descriptor("poll again")?);
    let poll = || {
        let one = costs.figure("poll again 1")? - costs.descriptor("poll again")?;
        Some(one - costs.figure("c call")? - costs.uncontended()?)
    };
    let selector = || {
        let one = costs.figure("wait 1")? - costs.descriptor("wait")?;
        Some(one - poll()? - costs.uncontended()?)
    };
    let (register, poll, selector) = (register(), poll(), selector());
    costs.time(
        "pipe",
        "selector",
        selector,
        "connection.wait, extrapolated to no descriptor, less poll",
    );
    costs.time(
        "pipe",
        "register",
        register,
        "connection.wait, each descriptor, less poll_again",
    );
    costs.time("pipe", "poll", poll, "select.poll, extrapolated to no descriptor");
    let descriptor = costs.descriptor("poll");
    costs.time(
        "pipe",
        "poll_descriptor",
        descriptor,
        "the last of 33 being ready",
    );
    costs.time(
        "pipe",
        "poll_again",
        costs.descriptor("poll again"),
        "of 33, with a timeout of 0",
    );
    costs.time(
        "pipe",
        "connection",
        costs.connection(),
        "send_bytes and recv_bytes, less system calls and lock",
    );
}

/// The time to send a 60 KiB message through the pipe, and of the copies that `Connection` makes.
fn copy(costs: &mut Costs) {
    let both =
        || Some(costs.figure("large message")? - costs.figure("send_bytes")? - costs.figure("recv_bytes")?);
    let Some(both) = both() else { return };
    // A large message has a separate write for its header.
    let both = costs.with_lock("write").map_or(both, |write| both - write);
    let speed = 2.0 * LARGE * 1e3 / both.median.max(1.0);
    costs.found.push(Cost {
        table: "pipe",
        field: "copy",
        value: format!("{:.0}", speed.max(1.0)),
        source: measured(both / 1e3, "us", "60 KiB sent and received, more than 60 B are"),
        figure: Some(both),
    });
}

#[cfg(test)]
mod tests {
    use super::throws_dice;

    #[test]
    fn dice_came_to_each_line_of_kernels_by_itself() {
        for old in [(5, 15, 300), (6, 6, 119), (6, 12, 64), (6, 17, 13), (6, 18, 4)] {
            assert!(!throws_dice(old), "{old:?}");
        }
        for new in [(6, 6, 120), (6, 12, 65), (6, 18, 5), (6, 19, 0), (7, 0, 0)] {
            assert!(throws_dice(new), "{new:?}");
        }
    }
}
