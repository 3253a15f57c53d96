//! The same input gives the same bytes: with any number of jobs, in every run, and in every build.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use gilsim::scenario::Scenario;

use crate::command::{self, Desk, Said};

/// The number of replications to simulate: at most two, for speed, and one of the published scenarios, which simulate
/// minutes in steps of microseconds. A replication does not depend on how many there are.
fn replications(scenario: &Path) -> u32 {
    let own = Scenario::load(scenario, &[], None)
        .unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false)))
        .replicate
        .replications;
    let published = scenario
        .parent()
        .is_some_and(|folder| folder.ends_with("published"));
    own.min(if published { 1 } else { 2 })
}

/// Some scenarios show a program that hangs or that runs out of memory. Their rows report it, and so does the exit code.
fn exit_code(scenario: &Path) -> i32 {
    let ends_badly = ["hanging_queue.toml", "container.toml"];
    i32::from(ends_badly.iter().any(|name| scenario.ends_with(name)))
}

/// Every bundled scenario, in alphabetical order.
fn bundled() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let names = command::files(&root).into_keys();
    let scenarios: Vec<PathBuf> = names
        .filter(|name| name.extension().is_some_and(|extension| extension == "toml"))
        .map(|name| root.join(name))
        .collect();
    assert!(!scenarios.is_empty());
    scenarios
}

/// Runs a scenario with one job, with two jobs, and with two jobs again, and compares every byte.
fn assert_same_bytes(scenario: &Path) {
    let desk = Desk::new();
    let path = scenario.to_str().expect("the path is text");
    let replications = format!("replicate.replications={}", replications(scenario));
    let start = |out: &str, jobs: &str| -> Child {
        let arguments = ["run", path, "--out", out, "--jobs", jobs, "--set", &replications];
        desk.command(&arguments).spawn().expect("gilsim starts")
    };
    let finish = |child: Child| {
        Said::of(child.wait_with_output().expect("gilsim ends")).exits_with(exit_code(scenario))
    };
    let (one, two) = (start("one", "1"), start("two", "2"));
    let (one, two) = (finish(one), finish(two));
    let again = finish(start("again", "2"));
    assert!(
        one.stdout == two.stdout && one.stdout == again.stdout,
        "{path}: the console output differs"
    );
    let expected = desk.files("one");
    assert!(expected.len() >= 5, "{:?}", expected.keys());
    for out in ["two", "again"] {
        let files = desk.files(out);
        assert!(files.keys().eq(expected.keys()), "{path}: {:?}", files.keys());
        for (name, bytes) in &files {
            assert!(
                *bytes == expected[name],
                "{path}: {} of {out} differs",
                name.display()
            );
        }
    }
}

#[test]
fn every_bundled_scenario_gives_the_same_bytes_whatever_the_jobs_and_every_time() {
    let scenarios = bundled();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
            assert_same_bytes(scenario);
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
}

#[test]
fn this_binary_draws_what_every_other_build_draws() {
    let said = Desk::new().gilsim(&["draws"]).exits_with(0);
    assert_eq!(said.stdout, include_str!("../fixtures/draws.txt"));
}

const SCENARIO: &str = r#"
[machine]
cores = [1, 2]
[replicate]
replications = 2
[[task]]
name = "item"
count = 10
steps = [{ python = { exponential = { mean = "1ms" } } }]
[[run]]
executor = "threads"
workers = 2
"#;

/// A temporary directory with the outputs of one run.
fn recorded() -> Desk {
    let desk = Desk::with(SCENARIO);
    desk.gilsim(&[
        "run",
        "scenario.toml",
        "--out",
        "out",
        "--seed",
        "5",
        "--set",
        "task.item.count=12",
    ])
    .exits_with(0);
    desk
}

#[test]
fn verify_confirms_a_run_and_writes_nothing() {
    let desk = recorded();
    let before = desk.files(".");
    let said = desk
        .gilsim(&["run", "--verify", "out/manifest.json"])
        .exits_with(0);
    assert!(said.stdout.is_empty(), "{}", said.stdout);
    assert!(
        said.stderr.contains("The same: 4 files, byte for byte"),
        "{}",
        said.stderr
    );
    assert!(desk.files(".") == before);
}

#[test]
fn verify_says_that_the_scenario_has_changed() {
    let desk = recorded();
    desk.write("scenario.toml", SCENARIO.replace("1ms", "2ms"));
    let said = desk
        .gilsim(&["run", "--verify", "out/manifest.json"])
        .exits_with(1);
    for words in [
        "Not the same",
        "scenario",
        "results.csv: different bytes",
        "speedup.png: different bytes",
    ] {
        assert!(said.stderr.contains(words), "{words} is not in\n{}", said.stderr);
    }
}

#[test]
fn verify_says_which_file_the_manifest_has_otherwise() {
    let desk = recorded();
    let manifest = desk.read("out/manifest.json");
    let at = manifest.find("\"file\": \"speedup.svg\"").expect("it is listed");
    let digest =
        at + manifest[at..].find("\"sha256\": \"").expect("it has a digest") + "\"sha256\": \"".len();
    let other = if manifest.as_bytes()[digest] == b'0' {
        "1"
    } else {
        "0"
    };
    let mut changed = manifest;
    changed.replace_range(digest..=digest, other);
    desk.write("out/manifest.json", changed);
    let said = desk
        .gilsim(&["run", "--verify", "out/manifest.json"])
        .exits_with(1);
    assert!(
        said.stderr.contains("speedup.svg: different bytes"),
        "{}",
        said.stderr
    );
    assert!(!said.stderr.contains("results.csv"), "{}", said.stderr);
}

#[test]
fn an_invalid_manifest_cannot_be_verified() {
    let desk = recorded();
    desk.write("out/manifest.json", "{}");
    desk.gilsim(&["run", "--verify", "out/manifest.json"])
        .exits_with(2);
    desk.gilsim(&["run", "--verify", "nowhere.json"]).exits_with(2);
    let desk = recorded();
    std::fs::remove_file(desk.path().join("scenario.toml")).expect("it was there");
    desk.gilsim(&["run", "--verify", "out/manifest.json"])
        .exits_with(2);
}
