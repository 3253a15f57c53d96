//! `gilsim probe` on the host's interpreter. No test asserts a time, only what was observed of the function.

use crate::command::{Desk, Said, python3};

const KNOWN: &str = r#"
import time

NOT_A_FUNCTION = 1

def sleeping(seconds):
    time.sleep(seconds)
    return [0.5] * 2000

def raising():
    raise ValueError("no such photo")

def exiting():
    raise SystemExit(3)

def lambdas():
    return lambda: None

class Gallery:
    @staticmethod
    def thumbnail(size):
        print("this is no answer")
        return bytes(size)
"#;

fn probe(arguments: &[&str]) -> Option<(Desk, Said)> {
    python3()?;
    if std::thread::available_parallelism().map_or(1, |cpus| cpus.get()) < 2 {
        eprintln!("skipped: a thread that wants the lock needs a CPU of its own, and there is only one");
        return None;
    }
    let desk = Desk::new();
    desk.write("known.py", KNOWN);
    let arguments: Vec<&str> = ["probe"].iter().chain(arguments).copied().collect();
    let said = desk.gilsim(&arguments);
    Some((desk, said))
}

#[test]
fn a_function_that_sleeps_becomes_a_task_that_waits() {
    let Some((desk, said)) = probe(&["known:sleeping", "--args", "(0.02,)", "--repeat", "3"]) else {
        return;
    };
    let said = said.exits_with(0);
    assert!(said.stdout.contains("{ io = "), "{}", said.stdout);
    assert!(said.stdout.contains("kind = \"list[float]\""), "{}", said.stdout);
    // What it prints is ready to be used.
    let scenario = format!(
        "[machine]\ncores = 2\n{}[[run]]\nexecutor = \"threads\"\nworkers = 2\n",
        said.stdout
    );
    desk.write("scenario.toml", &scenario);
    desk.gilsim(&["check", "scenario.toml"]).exits_with(0);
}

#[test]
fn a_method_is_found_and_its_output_is_not_taken_for_the_result() {
    let Some((_, said)) = probe(&["known:Gallery.thumbnail", "--args", "50_000", "--repeat", "3"]) else {
        return;
    };
    let said = said.exits_with(0);
    assert!(said.stdout.contains("name = \"thumbnail\""), "{}", said.stdout);
    assert!(said.stdout.contains("result = \"50 kB\""), "{}", said.stdout);
}

#[test]
fn what_cannot_be_probed_is_refused_with_the_reason() {
    for (target, arguments, complaint) in [
        ("nothing:at_all", "()", "no module `nothing`"),
        ("known:absent", "()", "`known` has no `absent`"),
        ("known:NOT_A_FUNCTION", "()", "is not a function but int"),
        ("known:raising", "()", "it raised ValueError: no such photo"),
        ("known:exiting", "()", "it called sys.exit()"),
        ("known:sleeping", "()", "it raised TypeError"),
        ("known:sleeping", "1 +", "cannot be evaluated: SyntaxError"),
        (
            "known:sleeping",
            "(lambda: 1,)",
            "its arguments cannot be pickled",
        ),
        ("known:lambdas", "()", "its result cannot be pickled"),
    ] {
        let Some((_, said)) = probe(&[target, "--args", arguments]) else {
            return;
        };
        let said = said.exits_with(2);
        assert!(said.stderr.contains(complaint), "{target}: {}", said.stderr);
        assert!(said.stdout.is_empty(), "{target}: {}", said.stdout);
    }
}

#[test]
fn a_target_without_a_function_is_refused() {
    let said = Desk::new().gilsim(&["probe", "known"]).exits_with(2);
    assert!(said.stderr.contains("module:function"), "{}", said.stderr);
}

#[test]
fn without_a_lock_there_is_nothing_to_ask_for() {
    use std::os::unix::fs::PermissionsExt;

    let desk = Desk::new();
    let path = desk.path().join("free");
    let answer = r#"{"executable": "free", "implementation": "CPython", "version": "3.13.5", "major": 3, "minor": 13, "free_threaded": true}"#;
    desk.write("free", format!("#!/bin/sh\necho '{answer}'\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("permissions are set");
    let python = path.to_string_lossy();
    let said = desk
        .gilsim(&["probe", "known:sleeping", "--python", &python])
        .exits_with(2);
    assert!(
        said.stderr.contains("is a free-threaded build"),
        "{}",
        said.stderr
    );
    assert!(said.stderr.contains("--python PATH"), "{}", said.stderr);
}
