//! `gilsim measure` and `gilsim compare` on the real interpreter, as a user runs them. No test asserts a time, because
//! other programs on the same machine can delay anything.
//!
//! Without a `python3` 3.9 or newer these tests are skipped with a message; with `GILSIM_REQUIRE_PYTHON` they fail.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::command::{Desk, Said, python3};
use gilsim::host::{Machine, Plan};
use gilsim::random::Key;
use gilsim::scenario::Scenario;
use gilsim::workload::work_asked;

/// A scenario for the host's interpreter.
fn scenario(version: &str, rest: &str) -> String {
    format!("[python]\nversion = \"{version}\"\n{rest}")
}

/// The command `gilsim`, with its temporary files in the test's directory, by which its processes can be recognised.
fn gilsim(desk: &Desk, arguments: &[&str]) -> Command {
    let mut command = desk.command(arguments);
    command.env("TMPDIR", desk.path());
    command
}

fn run(desk: &Desk, arguments: &[&str]) -> Said {
    Said::of(gilsim(desk, arguments).output().expect("gilsim starts"))
}

fn rows(csv: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(csv.as_bytes())
        .deserialize()
        .map(|row| row.expect("a row"))
        .collect()
}

/// Every process that has a file of this directory on its command line, except `gilsim` itself.
fn processes_of(desk: &Desk) -> Vec<String> {
    let Ok(entries) = Path::new("/proc").read_dir() else {
        return Vec::new();
    };
    let lines = entries.filter_map(|entry| std::fs::read(entry.ok()?.path().join("cmdline")).ok());
    let shown = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    let here = desk.path().to_string_lossy().into_owned();
    shown
        .filter(|line| line.contains(&here) && line.contains("main.py"))
        .collect()
}

/// Waits until the processes are gone: a killed process takes a moment to disappear.
fn assert_no_process_is_left(desk: &Desk) {
    let until = Instant::now() + Duration::from_secs(10);
    while !processes_of(desk).is_empty() {
        assert!(Instant::now() < until, "still there: {:?}", processes_of(desk));
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn assert_nothing_is_left(desk: &Desk) {
    assert_no_process_is_left(desk);
    let left: Vec<_> = desk
        .files(".")
        .into_keys()
        .filter(|path| path.to_string_lossy().contains("gilsim-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

const EVERYTHING: &str = r#"
[machine]
cores = 1
[program]
imports = "1ms"
memory = "1 MB"
setup = [{ io = "1ms" }]
[[task]]
name = "a"
count = 4
argument = { size = "3 kB", kind = "dict" }
result = { size = "2 kB", kind = "list[tuple]" }
steps = [
  { io = { exponential = { mean = "100us" } } },
  { python = "100us", shares = "state" },
  { native = "100us", holds_lock = true },
  { native = "100us" },
  { native = "2us" },
  { lock = "one", steps = [{ repeat = 2, steps = [{ python = { uniform = { min = "0ns", max = "1us" } } }] }] },
]
[[task]]
name = "b"
after = { a = "each" }
steps = [{ python = "100us" }, { repeat = 3, steps = [{ native = "10us" }] }]
[[task]]
name = "c"
count = 2
after = { a = "all", b = "all" }
steps = [{ python = "0ms" }, { io = "0ms" }]
[[background]]
name = "busy"
count = 1
steps = [{ io = "1ms" }, { native = "1ms" }]
[[run]]
executor = ["sequential", "thread-per-task"]
[[run]]
executor = "threads"
workers = 2
[[run]]
executor = "processes"
workers = 2
start_method = ["fork", "spawn", "forkserver"]
[[run]]
executor = "pool"
workers = 2
max_tasks_per_child = 3
method = ["map", "starmap", "imap", "imap_unordered", "apply_async"]
[[run]]
executor = "process-per-task"
start_method = ["fork", "spawn"]
"#;

#[test]
fn every_executor_and_every_step_is_measured() {
    let Some(version) = python3() else { return };
    let desk = Desk::with(&scenario(&version, EVERYTHING));
    let said = run(
        &desk,
        &["measure", "scenario.toml", "--repeat", "1", "--format", "csv"],
    )
    .exits_with(0);
    let measured = rows(&said.stdout);
    assert_eq!(measured.len(), 13);
    for row in &measured {
        assert_eq!(
            (row["status"].as_str(), row["replications"].as_str()),
            ("done", "1"),
            "{row:?}"
        );
        for column in [
            "makespan_s",
            "speedup",
            "throughput_per_s",
            "latency_p99_s",
            "makespan_median_s",
        ] {
            assert!(
                row[column].parse::<f64>().is_ok_and(|figure| figure > 0.0),
                "{column}: {row:?}"
            );
        }
        assert_eq!(row["events"], "");
        assert!(row["interpreter"].starts_with(&version));
    }
    let folder = "output/scenario-measured";
    assert_eq!(desk.read(&format!("{folder}/measured.csv")), said.stdout);
    let repetitions = rows(&desk.read(&format!("{folder}/repetitions.csv")));
    assert_eq!(repetitions.len(), 13);
    assert!(repetitions.iter().all(|row| row["items"] == "10"));
    // The columns of `results.csv`, then more.
    run(&desk, &["run", "scenario.toml"]).exits_with(0);
    let header = |file: &str| desk.read(file).lines().next().expect("a header").to_owned();
    let results = header("output/scenario/results.csv");
    assert!(header(&format!("{folder}/measured.csv")).starts_with(&format!("{results},makespan_min_s,")));
    assert_nothing_is_left(&desk);
}

#[test]
fn chunks_go_to_executors_and_pools() {
    let Some(version) = python3() else { return };
    let rest = r#"
[machine]
cores = 1
[[task]]
name = "item"
count = 7
argument = "1 kB"
result = { size = "1 kB", kind = "list[int]" }
steps = [{ python = "10us" }]
[[run]]
executor = "processes"
workers = 2
chunksize = [1, 3]
[[run]]
executor = "pool"
workers = 2
method = ["map", "imap", "imap_unordered"]
chunksize = [1, 3]
"#;
    let desk = Desk::with(&scenario(&version, rest));
    run(&desk, &["measure", "scenario.toml", "--repeat", "1"]).exits_with(0);
    let repetitions = rows(&desk.read("output/scenario-measured/repetitions.csv"));
    assert_eq!(repetitions.len(), 8);
    assert!(
        repetitions
            .iter()
            .all(|row| row["items"] == "7" && row["status"] == "done")
    );
}

#[test]
fn consumers_get_their_items_through_every_channel() {
    let Some(version) = python3() else { return };
    let rest = r#"
[machine]
cores = 1
[program]
setup = [{ python = "10us" }]
[[task]]
name = "told"
count = 5
argument = "1 kB"
result = { size = "1 kB", kind = "list[int]" }
steps = [{ lock = "one", steps = [{ python = "10us" }] }]
[[task]]
name = "untold"
count = 2
steps = [{ native = "10us" }]
[[run]]
executor = "consumers"
workers = [1, 2]
channel = ["pipe", "socket_pair", "simple_queue", "queue", "joinable_queue", "manager"]
sender = "main"
[[run]]
executor = "consumers"
workers = 2
channel = ["pipe", "queue", "manager"]
start_method = ["spawn", "forkserver"]
sender = "thread"
"#;
    let desk = Desk::with(&scenario(&version, rest));
    run(&desk, &["measure", "scenario.toml", "--repeat", "1"]).exits_with(0);
    let repetitions = rows(&desk.read("output/scenario-measured/repetitions.csv"));
    assert_eq!(repetitions.len(), 18);
    for row in &repetitions {
        assert_eq!((row["items"].as_str(), row["status"].as_str()), ("7", "done"));
    }
    assert_nothing_is_left(&desk);
}

#[test]
fn lost_updates_are_counted_and_a_lock_loses_none() {
    let Some(version) = python3() else { return };
    let rest = r#"
[machine]
cores = 1
[[task]]
name = "a"
count = 20
steps = [
  { update = "guarded", window = { exponential = { mean = "5us" } } },
  { repeat = 3, steps = [{ update = "guarded" }] },
  { update = "other", window = "5us", lock = "one" },
]
[[run]]
executor = ["sequential", "threads", "thread-per-task", "processes", "pool", "process-per-task", "consumers", "asyncio"]
"#;
    let desk = Desk::with(&scenario(&version, rest));
    run(&desk, &["measure", "scenario.toml", "--repeat", "1"]).exits_with(0);
    let repetitions = rows(&desk.read("output/scenario-measured/repetitions.csv"));
    assert_eq!(repetitions.len(), 8);
    for row in &repetitions {
        assert_eq!(
            (row["lost_updates"].as_str(), row["status"].as_str()),
            ("0", "done")
        );
    }
    // Threads that wait while they update for longer than the interval cannot but overwrite each other's.
    let long = rest
        .replace("lock = \"one\"", "lock = \"none\"")
        .replace("window = \"5us\"", "window = \"20ms\"");
    desk.write("long.toml", scenario(&version, &long));
    let arguments = ["measure", "long.toml", "--repeat", "1", "--only", "threads"];
    run(&desk, &arguments).exits_with(0);
    let repetitions = rows(&desk.read("output/long-measured/repetitions.csv"));
    assert_ne!(repetitions[0]["lost_updates"], "0");
}

#[test]
#[cfg(target_os = "linux")]
fn an_event_loop_works_off_items_and_has_steps_run_elsewhere() {
    let Some(version) = python3() else { return };
    let rest = r#"
[machine]
cores = 1
[program]
setup = [{ python = "10us" }]
[[task]]
name = "a"
count = 5
argument = "1 kB"
result = { size = "1 kB", kind = "list[int]" }
steps = [
  { io = { exponential = { mean = "100us" } } },
  { lock = "one", steps = [{ repeat = 2, steps = [{ io = "0us" }, { python = "10us", offload = true }] }] },
]
[[task]]
name = "b"
after = { a = "each" }
steps = [{ native = "10us", offload = true }, { native = "10us", holds_lock = true }]
[[task]]
name = "c"
after = { a = "all", b = "all" }
steps = [{ io = "100us" }]
[[background]]
name = "busy"
count = 1
steps = [{ io = "1ms" }, { native = "1ms" }]
[[run]]
executor = "asyncio"
workers = ["default", 2]
offload = ["loop", "thread", "process"]
"#;
    let desk = Desk::with(&scenario(&version, rest));
    run(&desk, &["measure", "scenario.toml", "--repeat", "1"]).exits_with(0);
    let repetitions = rows(&desk.read("output/scenario-measured/repetitions.csv"));
    assert_eq!(repetitions.len(), 6);
    for row in &repetitions {
        assert_eq!((row["items"].as_str(), row["status"].as_str()), ("11", "done"));
    }
    assert_nothing_is_left(&desk);
}

#[test]
fn shared_memory_and_the_memory_of_processes_are_measured() {
    let Some(version) = python3() else { return };
    let rest = r#"
[machine]
cores = 1
[program]
memory = "2 MB"
touched = "1 MB"
modules = "1 MB"
[[task]]
name = "a"
count = 3
argument = "100 kB"
result = "50 kB"
steps = [{ native = "10us" }]
[[task]]
name = "b"
after = { a = "each" }
steps = [{ native = "10us" }]
[[run]]
executor = ["processes", "process-per-task"]
start_method = ["fork", "forkserver"]
forkserver = "running"
transport = "shared_memory"
[[run]]
executor = "pool"
method = "apply_async"
start_method = "fork"
transport = "shared_memory"
"#;
    let desk = Desk::with(&scenario(&version, rest));
    run(&desk, &["measure", "scenario.toml", "--repeat", "1"]).exits_with(0);
    let repetitions = rows(&desk.read("output/scenario-measured/repetitions.csv"));
    assert_eq!(repetitions.len(), 5);
    for row in &repetitions {
        assert_eq!((row["items"].as_str(), row["status"].as_str()), ("6", "done"));
    }
    assert_nothing_is_left(&desk);
}

#[test]
fn open_arrivals_are_measured() {
    let Some(version) = python3() else { return };
    let rest = r#"
[machine]
cores = 1
[[task]]
name = "request"
arrivals = { exponential = { mean = "1ms" } }
duration = "200ms"
warmup = "50ms"
steps = [{ python = { exponential = { mean = "20us" } } }]
[[run]]
executor = "server"
threads = 2
[[run]]
executor = "asyncio"
"#;
    let desk = Desk::with(&scenario(&version, rest));
    let arguments = ["measure", "scenario.toml", "--repeat", "1", "--format", "csv"];
    let said = run(&desk, &arguments).exits_with(0);
    let measured = rows(&said.stdout);
    assert_eq!(measured.len(), 1);
    let rate = measured[0]["throughput_per_s"].parse::<f64>();
    assert!(rate.is_ok_and(|rate| rate > 0.0), "{measured:?}");
    assert!(said.stderr.contains("at an event loop"), "{}", said.stderr);
}

#[test]
fn the_outcome_of_a_crash_is_measured() {
    let Some(version) = python3() else { return };
    let rest = r#"
[machine]
cores = 1
[replicate]
limit = "5s"
[[task]]
name = "item"
count = 3
steps = [{ crash = 1.0 }]
[[run]]
executor = ["threads", "processes", "pool"]
"#;
    let desk = Desk::with(&scenario(&version, rest));
    let arguments = ["measure", "scenario.toml", "--repeat", "1", "--format", "csv"];
    let said = run(&desk, &arguments).exits_with(1);
    let measured = rows(&said.stdout);
    let statuses: Vec<&str> = measured.iter().map(|row| row["status"].as_str()).collect();
    assert_eq!(statuses, ["crashed", "broken", "limit"]);
    assert_nothing_is_left(&desk);
}

#[test]
fn a_server_answers_its_clients() {
    let Some(version) = python3() else { return };
    let rest = r#"
[machine]
cores = 1
[[task]]
name = "request"
clients = 3
think = { exponential = { mean = "1ms" } }
duration = "200ms"
warmup = "50ms"
steps = [{ python = { exponential = { mean = "20us" } } }, { native = "10us" }]
[[background]]
name = "busy"
count = [0, 1]
steps = [{ python = "forever" }]
[[run]]
executor = "server"
threads = [1, 2]
switch_interval = "1ms"
[[run]]
executor = "asyncio"
switch_interval = "1ms"
"#;
    let desk = Desk::with(&scenario(&version, rest));
    let said = run(
        &desk,
        &["measure", "scenario.toml", "--repeat", "1", "--format", "csv"],
    )
    .exits_with(0);
    let measured = rows(&said.stdout);
    assert_eq!(measured.len(), 6);
    for row in &measured {
        assert_eq!((row["status"].as_str(), row["speedup"].as_str()), ("done", ""));
        assert!(
            row["throughput_per_s"]
                .parse::<f64>()
                .is_ok_and(|rate| rate > 0.0),
            "{row:?}"
        );
    }
    assert_nothing_is_left(&desk);
}

const SMALL: &str = r#"
[machine]
cores = 1
[[task]]
name = "item"
count = 4
steps = [{ python = "1ms" }]
[[run]]
executor = "threads"
workers = 2
[[run]]
executor = "thread-per-task"
"#;

#[test]
fn unsupported_configurations_are_skipped_with_a_reason() {
    let Some(version) = python3() else { return };
    let text = scenario(&version, SMALL).replace("cores = 1", "cores = [1, 1024]\nsmt = [1, 2]");
    let desk = Desk::with(&text);
    let said = run(
        &desk,
        &[
            "measure",
            "scenario.toml",
            "--repeat",
            "1",
            "--format",
            "csv",
            "--only",
            "threads",
        ],
    )
    .exits_with(0);
    let measured = rows(&said.stdout);
    assert_eq!(measured.len(), 1);
    assert_eq!(
        (measured[0]["cores"].as_str(), measured[0]["machine.smt"].as_str()),
        ("1", "1")
    );
    for words in ["it needs 1024 cores", "several hardware threads"] {
        assert!(said.stderr.contains(words), "{}", said.stderr);
    }
    let record: serde_json::Value =
        serde_json::from_str(&desk.read("output/scenario-measured/measured.json")).expect("JSON");
    assert_eq!(record["left_out"].as_array().map(Vec::len), Some(3));
}

#[test]
fn other_versions_are_skipped_with_the_option_that_measures_them() {
    let Some(version) = python3() else { return };
    let other = if version == "3.13" { "3.12" } else { "3.13" };
    let desk = Desk::with(&scenario(other, SMALL));
    let said = run(&desk, &["measure", "scenario.toml"]).exits_with(1);
    let way = format!("--set python.version={version}");
    for words in [&format!("it is for CPython {other}"), &way, "--python PATH"] {
        assert!(said.stderr.contains(words), "{words}: {}", said.stderr);
    }
    let set = format!("python.version={version}");
    run(
        &desk,
        &["measure", "scenario.toml", "--set", &set, "--repeat", "1"],
    )
    .exits_with(0);
}

/// A program in the test's directory that takes the place of an interpreter.
fn fake(desk: &Desk, name: &str, script: &str) -> String {
    desk.write(name, format!("#!/bin/sh\n{script}\n"));
    let path = desk.path().join(name);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("permissions are set");
    path.to_string_lossy().into_owned()
}

/// The description that an interpreter gives of itself.
fn says(executable: &str, major: u8, minor: u8) -> String {
    format!(
        "echo '{{\"executable\": \"{executable}\", \"implementation\": \"CPython\", \"version\": \"{major}.{minor}.1\", \
         \"major\": {major}, \"minor\": {minor}, \"free_threaded\": false}}'"
    )
}

#[test]
fn a_useless_interpreter_is_named_with_a_way_out() {
    let desk = Desk::with(&scenario("3.11", SMALL));
    let none = fake(&desk, "none", "echo hello");
    let silent = fake(&desk, "silent", "exit 3");
    let old = fake(&desk, "old", &says("old", 3, 8));
    for (python, words) in [
        ("no/such/python", "cannot start the interpreter no/such/python"),
        (
            &none,
            "is not a Python interpreter: it prints \"hello\" when asked for its version",
        ),
        (&silent, "it prints nothing when asked for its version"),
        (&old, "is CPython 3.8.1, but measuring needs CPython 3.9 or newer"),
    ] {
        let said = run(&desk, &["measure", "scenario.toml", "--python", python]).exits_with(2);
        assert!(said.stderr.contains(words), "{words}: {}", said.stderr);
        assert!(said.stderr.contains("--python PATH"), "{}", said.stderr);
        assert!(!desk.path().join("output").exists());
    }
}

#[test]
fn bytecode_is_as_much_as_takes_its_time_with_the_lock() {
    let slowdown = |version: &str| {
        let desk = Desk::with(&scenario(version, SMALL));
        let scenario = gilsim::scenario::Scenario::load(&desk.path().join("scenario.toml"), &[], None)
            .expect("a scenario");
        let plan = Plan::of(&scenario.configurations[0], &Machine::here(), Key::root(1, 0));
        let plan: serde_json::Value = serde_json::from_str(&plan.to_line()).expect("JSON");
        plan["slowdown"].as_f64().expect("a number")
    };
    assert_eq!(slowdown("3.13"), 1.0);
    // Where no build with the lock is there to tell: free_threaded.slowdown of linux-x86_64.
    assert_eq!(slowdown("3.13t"), 1434.0 / 1024.0);
}

#[test]
fn a_build_with_the_lock_tells_how_much_longer_bytecode_takes_without() {
    if python3().is_none() {
        return;
    }
    let desk = Desk::with(&scenario("3.13t", SMALL));
    // The same interpreter twice; one of them says that it has no lock.
    let answer = says("$0", 3, 13).replace("\"free_threaded\": false", "\"free_threaded\": true");
    let answer = answer.replace("$0", "'\"$0\"'");
    let free = fake(
        &desk,
        "free",
        &format!("if [ \"$1\" = -c ]; then {answer}; else exec python3 \"$@\"; fi"),
    );
    let arguments = [
        "measure",
        "scenario.toml",
        "--repeat",
        "1",
        "--python",
        &free,
        "--python",
        "python3",
    ];
    run(&desk, &arguments).exits_with(0);
    let record: serde_json::Value =
        serde_json::from_str(&desk.read("output/scenario-measured/measured.json")).expect("JSON");
    let slowdown = &record["slowdowns"][0];
    assert_eq!(slowdown[0], "3.13t");
    assert!(
        slowdown[1].as_f64().is_some_and(|factor| factor > 0.0),
        "{record}"
    );
}

#[test]
fn two_interpreters_of_one_version_are_refused() {
    let desk = Desk::with(&scenario("3.11", SMALL));
    let (one, two) = (
        fake(&desk, "one", &says("one", 3, 11)),
        fake(&desk, "two", &says("two", 3, 11)),
    );
    let arguments = ["measure", "scenario.toml", "--python", &one, "--python", &two];
    let said = run(&desk, &arguments).exits_with(2);
    assert!(said.stderr.contains("are both CPython 3.11"), "{}", said.stderr);
}

#[test]
fn an_interpreter_that_crashes_has_a_row_that_says_so() {
    let desk = Desk::with(&scenario("3.11", SMALL));
    let path = desk.path().join("crashing");
    let script = format!(
        "if [ \"$1\" = -c ]; then\n{}\nelse\necho 'MemoryError: no more of it' >&2; exit 3\nfi",
        says(&path.to_string_lossy(), 3, 11)
    );
    let crashing = fake(&desk, "crashing", &script);
    let arguments = [
        "measure",
        "scenario.toml",
        "--python",
        &crashing,
        "--format",
        "csv",
    ];
    let said = run(&desk, &arguments).exits_with(1);
    assert!(
        said.stderr.contains("2 of 2 configurations failed"),
        "{}",
        said.stderr
    );
    for row in rows(&said.stdout) {
        assert_eq!(
            (row["status"].as_str(), row["makespan_s"].as_str()),
            ("failed", "")
        );
        assert!(row["detail"].contains("MemoryError: no more of it"), "{row:?}");
    }
    assert_nothing_is_left(&desk);
}

/// A program that stands for an interpreter and counts its sessions in a file. `session` is what it does in each, a shell
/// script that knows its `$number`, from 1; `$speed` is what it then says a count of bytecode took.
fn counting(desk: &Desk, session: &str) -> String {
    let sessions = desk.path().join("sessions");
    let path = desk.path().join("counting");
    let script = format!(
        "if [ \"$1\" = -c ]; then\n{}\nelse\necho session >> {sessions}\nnumber=$(wc -l < {sessions})\nspeed=50.0\n{session}\n\
         echo '{{\"makespan\": 1000, \"teardown\": 0, \"items\": 4, \"counted\": 1000, \"latencies\": [1, 1, 1, 1], \
         \"lost_updates\": null, \"elsewhere\": 0.0, \"speeds\": [{{\"0\": '$speed'}}, {{\"0\": '$speed'}}], \
         \"moments\": [[['$speed', 90000.0]], [['$speed', 80000.0]]], \"waited_s\": 0.0}}'\nfi",
        says(&path.to_string_lossy(), 3, 11),
        sessions = sessions.display(),
    );
    fake(desk, "counting", &script)
}

#[test]
fn a_repetition_at_another_speed_than_the_others_is_noisy() {
    let desk = Desk::with(&scenario("3.11", SMALL));
    // The first cannot be known to be off before there are others.
    let counting = counting(&desk, "case $number in 1|9) speed=90.0;; esac");
    let arguments = ["measure", "scenario.toml", "--repeat", "3", "--python", &counting];
    let said = run(&desk, &arguments).exits_with(0);
    assert!(said.stderr.contains("warning: during"), "{}", said.stderr);
    let repetitions = rows(&desk.read("output/scenario-measured/repetitions.csv"));
    // Two runs; their baseline is noisy once, and so is what is compared with it.
    let noisy = repetitions.iter().filter(|row| row["noisy"] == "1").count();
    assert!((2..=4).contains(&noisy), "{repetitions:?}");
    let usual = |row: &&BTreeMap<String, String>| row["noisy"] == "0";
    assert!(repetitions.iter().filter(usual).all(|row| row["speed"] == "1"));
    assert_eq!((repetitions.len(), desk.read("sessions").lines().count()), (6, 9));
}

#[test]
fn a_repetition_that_fails_does_not_stop_the_others() {
    let desk = Desk::with(&scenario("3.11", SMALL));
    let counting = counting(&desk, "[ $number = 1 ] && exit 3");
    let arguments = ["measure", "scenario.toml", "--repeat", "3", "--python", &counting];
    run(&desk, &arguments).exits_with(1);
    let repetitions = rows(&desk.read("output/scenario-measured/repetitions.csv"));
    let failed = repetitions.iter().filter(|row| row["status"] == "failed");
    assert_eq!((failed.count(), repetitions.len()), (1, 6));
    assert_eq!(desk.read("sessions").lines().count(), 9);
}

#[test]
fn a_repetition_over_the_limit_is_ended_and_the_others_continue() {
    let Some(version) = python3() else { return };
    let text = scenario(&version, SMALL).replace(
        "[[run]]\nexecutor = \"threads\"",
        "[[background]]\nname = \"never\"\ncount = [0, 1]\nsteps = [{ native = \"forever\", holds_lock = true }]\n\
         [replicate]\nlimit = \"5s\"\n[[run]]\nexecutor = \"threads\"",
    );
    let desk = Desk::with(&text);
    let arguments = ["measure", "scenario.toml", "--repeat", "1", "--format", "csv"];
    let said = run(&desk, &arguments).exits_with(1);
    let statuses: Vec<(String, String)> = rows(&said.stdout)
        .into_iter()
        .map(|row| (row["background.never.count"].clone(), row["status"].clone()))
        .collect();
    let both = |count: &str, status: &str| (count.to_owned(), status.to_owned());
    let (done, limit) = (both("0", "done"), both("1", "limit"));
    assert_eq!(statuses, [done.clone(), limit.clone(), done, limit]);
    assert_nothing_is_left(&desk);
}

/// Starts a measurement that takes minutes, and returns when its first round is on disk.
fn in_the_middle(desk: &Desk) -> Child {
    let child = gilsim(desk, &["measure", "scenario.toml", "--repeat", "1000"])
        .spawn()
        .expect("gilsim starts");
    let until = Instant::now() + Duration::from_secs(120);
    while !desk
        .path()
        .join("output/scenario-measured/repetitions.csv")
        .exists()
    {
        assert!(Instant::now() < until, "no round was complete in time");
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

fn signal(child: &Child, signal: &str) {
    let status = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(status.expect("kill starts").success());
}

#[test]
fn an_interrupted_measurement_keeps_what_is_complete_and_leaves_no_process() {
    let Some(version) = python3() else { return };
    for how in ["-INT", "-TERM"] {
        let desk = Desk::with(&scenario(&version, SMALL));
        let child = in_the_middle(&desk);
        signal(&child, how);
        let said = Said::of(child.wait_with_output().expect("it ends")).exits_with(1);
        assert!(said.stderr.contains("interrupted"), "{}", said.stderr);
        let measured = rows(&desk.read("output/scenario-measured/measured.csv"));
        assert_eq!(measured.len(), 2);
        assert!(measured.iter().all(|row| row["status"] == "done"));
        assert_nothing_is_left(&desk);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_measurement_that_is_killed_leaves_no_process_either() {
    let Some(version) = python3() else { return };
    let text = scenario(&version, SMALL).replace(
        "executor = \"thread-per-task\"",
        "executor = \"process-per-task\"",
    );
    let desk = Desk::with(&text.replace("1ms", "300ms"));
    let mut child = in_the_middle(&desk);
    signal(&child, "-KILL");
    child.wait().expect("it ends");
    assert_no_process_is_left(&desk);
    assert_eq!(rows(&desk.read("output/scenario-measured/measured.csv")).len(), 2);
}

#[test]
fn a_simulation_is_compared_with_its_measurement() {
    let Some(version) = python3() else { return };
    let desk = Desk::with(&scenario(&version, SMALL));
    run(&desk, &["run", "scenario.toml"]).exits_with(0);
    run(&desk, &["measure", "scenario.toml", "--repeat", "2"]).exits_with(0);
    let (simulated, measured) = ("output/scenario", "output/scenario-measured");
    let said = run(&desk, &["compare", simulated, measured]).exits_with(0);
    for words in [
        "makespan: median error",
        "speedup: median error",
        "choices: the simulation finds",
    ] {
        assert!(said.stdout.contains(words), "{}", said.stdout);
    }
    for file in ["compared.csv", "choices.csv", "compared.svg", "compared.png"] {
        assert!(desk.path().join(measured).join(file).exists(), "{file}");
    }
    let results = format!("{simulated}/results.csv");
    let rows_of = format!("{measured}/measured.csv");
    let said = run(&desk, &["compare", &results, &rows_of, "--format", "csv"]).exits_with(0);
    assert_eq!(said.stdout, desk.read(&format!("{measured}/compared.csv")));
    assert_eq!(rows(&said.stdout).len(), 4);
    // No prediction is that good.
    let bound = ["compare", simulated, measured, "--max-p90-error", "0"];
    let said = run(&desk, &bound).exits_with(1);
    assert!(
        said.stderr.contains("90th percentile of the error"),
        "{}",
        said.stderr
    );
    run(
        &desk,
        &["compare", simulated, measured, "--max-p90-error", "1000000"],
    )
    .exits_with(0);
}

#[test]
fn results_of_different_work_are_not_compared() {
    let Some(version) = python3() else { return };
    let desk = Desk::with(&scenario(&version, SMALL));
    desk.write("other.toml", scenario(&version, SMALL).replace("1ms", "2ms"));
    run(&desk, &["measure", "scenario.toml", "--repeat", "1"]).exits_with(0);
    let measured = "output/scenario-measured";
    for (arguments, words) in [
        (&["run", "other.toml"][..], "compare results of the same scenario"),
        (
            &[
                "run",
                "scenario.toml",
                "--set",
                "task.item.count=5",
                "--out",
                "output/other",
            ],
            "did not do the same work",
        ),
        (
            &["run", "scenario.toml", "--seed", "9", "--out", "output/other"],
            "their random times differ",
        ),
    ] {
        run(&desk, arguments).exits_with(0);
        let said = run(&desk, &["compare", "output/other", measured]).exits_with(2);
        assert!(said.stderr.contains(words), "{words}: {}", said.stderr);
    }
    // The same work, and another profile: measurements do not depend on it.
    let profile = ["--set", "machine.profile=linux-2-cpu-vm"];
    let simulated = ["run", "scenario.toml", "--out", "output/other"];
    run(&desk, &[&simulated[..], &profile].concat()).exits_with(0);
    run(&desk, &["compare", "output/other", measured]).exits_with(0);
    let said = run(&desk, &["compare", measured, measured]).exits_with(2);
    for words in ["manifest.json", "`gilsim run` wrote"] {
        assert!(said.stderr.contains(words), "{}", said.stderr);
    }
}

/// The total time of steps that run in sequence, ns.
fn time_of(steps: &serde_json::Value) -> u64 {
    let times = steps.as_array().expect("a list of steps").iter().map(|step| {
        let number = |index: usize| step[index].as_u64().expect("a number");
        match step[0].as_str().expect("a verb") {
            "lock" => time_of(&step[2]),
            "repeat" => number(1) * time_of(&step[2]),
            _ => number(1),
        }
    });
    times.sum()
}

#[test]
fn a_repetition_does_the_work_of_the_replication_of_its_number() {
    let text = r#"
[machine]
cores = 1
[[task]]
name = "even"
count = 5
steps = [{ native = "61s" }, { repeat = 3, steps = [{ io = "7us" }, { native = "1ms", holds_lock = true }] }]
[[task]]
name = "uneven"
count = 5
steps = [
  { python = { lognormal = { mean = "3ms", cv = 1 } } },
  { lock = "one", steps = [{ repeat = 3, steps = [{ native = { gamma = { mean = "1ms", cv = 2 } } }] }] },
  { io = { pareto = { min = "1ms", shape = 2 } } },
]
[[run]]
executor = "threads"
"#;
    let scenario = Scenario::parse(Path::new("test.toml"), text, Path::new("."), &[], None)
        .unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false)));
    let configuration = &scenario.configurations[0];
    for number in 0..3 {
        let key = Key::root(scenario.replicate.seed, number);
        let line = Plan::of(configuration, &Machine::here(), key).to_line();
        let plan: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        let groups = plan["groups"].as_array().expect("a list of groups");
        let planned: u64 = groups
            .iter()
            .map(|group| match group["steps"].as_array().map(Vec::as_slice) {
                Some([same]) => group["count"].as_u64().expect("a number") * time_of(same),
                Some(each) => each.iter().map(time_of).sum(),
                None => panic!("a list for each item"),
            })
            .sum();
        assert_eq!(planned, work_asked(configuration, key).total().0);
    }
}

#[test]
fn payloads_are_as_large_as_stated_once_they_are_pickled() {
    if python3().is_none() {
        return;
    }
    let question = "
import payloads, pickle
for kind in ['bytes', *payloads.KINDS]:
    for size in (200, 1000, 64 << 10, 1000000):
        length = len(pickle.dumps(payloads.of(kind, size), protocol=4))
        assert abs(length - size) <= max(30, size * 0.02), (kind, size, length)
two = payloads.Payloads('bytes', 1000, 2)
assert two.next() is not two.next()
assert payloads.Payloads('dict', 0, 1).next() is None
";
    let output = Command::new("python3")
        .args(["-B", "-c", question])
        .env(
            "PYTHONPATH",
            concat!(env!("CARGO_MANIFEST_DIR"), "/src/host/python"),
        )
        .output()
        .expect("python3 starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
