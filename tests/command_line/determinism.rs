//! The same bytes, always: whatever the number of jobs, today and tomorrow, in every build.

use crate::command;
use std::path::{Path, PathBuf};
use std::process::Child;

use crate::command::{Desk, Said};

/// Few replications of every configuration, for speed: what each of them is does not depend on their number.
fn few(scenario: &Path) -> &'static str {
    // The published ones simulate minutes in steps of microseconds.
    match scenario
        .parent()
        .is_some_and(|folder| folder.ends_with("published"))
    {
        true => "replicate.replications=1",
        false => "replicate.replications=2",
    }
}

/// Programs that hang, or that run out of memory, are the point of some scenarios: their rows say so, and so does the
/// exit code.
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

#[test]
fn every_bundled_scenario_gives_the_same_bytes_whatever_the_jobs_and_every_time() {
    for scenario in bundled() {
        let desk = Desk::new();
        let start = |out: &str, jobs: &str| -> Child {
            let path = scenario.to_str().expect("the path is text");
            let arguments = ["run", path, "--out", out, "--jobs", jobs, "--set", few(&scenario)];
            desk.command(&arguments).spawn().expect("gilsim starts")
        };
        let finish = |child: Child| {
            Said::of(child.wait_with_output().expect("gilsim ends")).exits_with(exit_code(&scenario))
        };
        let (one, two) = (start("one", "1"), start("two", "2"));
        let (one, two) = (finish(one), finish(two));
        let again = finish(start("again", "2"));
        assert!(
            one.stdout == two.stdout && one.stdout == again.stdout,
            "{}",
            scenario.display()
        );
        let expected = desk.files("one");
        assert!(expected.len() >= 5, "{:?}", expected.keys());
        for out in ["two", "again"] {
            let files = desk.files(out);
            assert!(files.keys().eq(expected.keys()), "{:?}", files.keys());
            for (name, bytes) in &files {
                assert!(
                    *bytes == expected[name],
                    "{}: {} of {out}",
                    scenario.display(),
                    name.display()
                );
            }
        }
    }
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

/// A desk with a run that was recorded.
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
        "results.csv: other bytes",
        "speedup.png: other bytes",
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
        said.stderr.contains("speedup.svg: other bytes"),
        "{}",
        said.stderr
    );
    assert!(!said.stderr.contains("results.csv"), "{}", said.stderr);
}

#[test]
fn a_manifest_that_is_none_cannot_be_verified() {
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
