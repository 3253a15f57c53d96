//! The command as a user runs it: its output, the files that it writes, its exit code.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use crate::command::{Desk, Said};

const GOOD: &str = r#"
[machine]
cores = [1, 2]
[replicate]
replications = 2
[[task]]
name = "item"
count = 8
steps = [{ python = { exponential = { mean = "2ms" } } }, { io = "1ms" }]
[[run]]
executor = "threads"
workers = "cores"
[[run]]
executor = "processes"
workers = 2
"#;

const FILES: [&str; 5] = [
    "manifest.json",
    "replications.csv",
    "results.csv",
    "speedup.png",
    "speedup.svg",
];

fn names(files: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<&str> {
    files.keys().map(|name| name.to_str().expect("text")).collect()
}

/// Rows of a CSV text as maps from column to value.
fn rows(csv: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(csv.as_bytes())
        .deserialize()
        .map(|row| row.expect("a row"))
        .collect()
}

#[test]
fn run_prints_a_table_and_writes_exactly_the_promised_files() {
    let desk = Desk::with(GOOD);
    let said = desk.gilsim(&["run", "scenario.toml"]).exits_with(0);
    for words in ["threads", "processes", "speedup"] {
        assert!(said.stdout.contains(words), "{words} is not in\n{}", said.stdout);
    }
    assert!(said.stderr.contains("events in "), "{}", said.stderr);
    assert_eq!(names(&desk.files("output/scenario")), FILES);
    // Nothing else anywhere.
    assert_eq!(desk.files(".").len(), FILES.len() + 1);
    let results = rows(&desk.read("output/scenario/results.csv"));
    assert_eq!(results.len(), 4);
    assert!(
        results
            .iter()
            .all(|row| row["status"] == "done" && row["replications"] == "2")
    );
    assert_eq!(rows(&desk.read("output/scenario/replications.csv")).len(), 8);
}

#[test]
fn out_names_the_folder_itself() {
    let desk = Desk::with(GOOD);
    desk.gilsim(&["run", "scenario.toml", "--out", "here/and/there"])
        .exits_with(0);
    assert_eq!(names(&desk.files("here/and/there")), FILES);
    assert!(!desk.path().join("output").exists());
}

#[test]
fn csv_on_stdout_is_the_file() {
    let desk = Desk::with(GOOD);
    let said = desk
        .gilsim(&["run", "scenario.toml", "--format", "csv"])
        .exits_with(0);
    assert_eq!(said.stdout, desk.read("output/scenario/results.csv"));
}

#[test]
fn json_on_stdout_agrees_with_the_csv_file() {
    let desk = Desk::with(GOOD);
    let said = desk
        .gilsim(&["run", "scenario.toml", "--format", "json"])
        .exits_with(0);
    let json: Vec<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_str(&said.stdout).expect("a list of objects");
    let results = rows(&desk.read("output/scenario/results.csv"));
    assert_eq!(json.len(), results.len());
    for (object, row) in json.iter().zip(&results) {
        for (column, text) in row {
            match object.get(column) {
                None | Some(serde_json::Value::Null) => assert_eq!(text, "", "{column}"),
                Some(serde_json::Value::String(value)) => assert_eq!(text, value, "{column}"),
                Some(serde_json::Value::Number(value)) => {
                    let number: f64 = text.parse().expect("a number");
                    assert_eq!(Some(number), value.as_f64(), "{column}");
                }
                Some(other) => panic!("{column}: {other}"),
            }
        }
    }
}

#[test]
fn set_and_seed_change_what_they_name() {
    let desk = Desk::with(GOOD);
    let makespans = |options: &[&str]| -> Vec<String> {
        let said = desk
            .gilsim(&[&["run", "scenario.toml", "--format", "csv"], options].concat())
            .exits_with(0);
        rows(&said.stdout)
            .into_iter()
            .map(|row| row["makespan_s"].clone())
            .collect()
    };
    let plain = makespans(&[]);
    assert_eq!(plain, makespans(&["--seed", "1"]), "the default seed is 1");
    assert_ne!(plain, makespans(&["--seed", "2"]));
    assert_eq!(makespans(&["--set", "machine.cores=3"]).len(), 2);
    assert_eq!(makespans(&["--set", "machine.cores=[1, 2, 3]"]).len(), 6);
    let shorter = makespans(&["--set", "task.item.count=4"]);
    assert!(shorter.iter().zip(&plain).all(|(short, plain)| {
        short.parse::<f64>().expect("a number") < plain.parse::<f64>().expect("a number")
    }));
}

const DEADLOCK: &str = r#"
[machine]
cores = 2
[[task]]
name = "ab"
count = 1
steps = [{ lock = "a", steps = [{ io = "10ms" }, { lock = "b", steps = [{ python = "1ms" }] }] }]
[[task]]
name = "ba"
count = 1
steps = [{ lock = "b", steps = [{ io = "10ms" }, { lock = "a", steps = [{ python = "1ms" }] }] }]
[[run]]
executor = "sequential"
[[run]]
executor = "threads"
workers = 2
[[run]]
executor = "processes"
workers = 2
[[run]]
name = "alone"
executor = "threads"
workers = 1
"#;

#[test]
fn a_configuration_that_cannot_end_is_named_and_the_others_still_run() {
    let desk = Desk::with(DEADLOCK);
    let said = desk.gilsim(&["run", "scenario.toml"]).exits_with(1);
    assert!(
        said.stderr.contains("2 of 4 configurations failed"),
        "{}",
        said.stderr
    );
    assert!(said.stdout.contains("deadlock"), "{}", said.stdout);
    let results = rows(&desk.read("output/scenario/results.csv"));
    let statuses: Vec<&str> = results.iter().map(|row| row["status"].as_str()).collect();
    assert_eq!(statuses, ["done", "deadlock", "deadlock", "done"]);
    for row in &results[1..=2] {
        for words in [
            "waits for the lock \"a\" (held by",
            "waits for the lock \"b\" (held by",
        ] {
            assert!(row["detail"].contains(words), "{}", row["detail"]);
        }
        assert_eq!(row["makespan_s"], "");
    }
    assert!(results[3]["makespan_s"].parse::<f64>().expect("a number") > 0.022);
}

#[test]
fn a_configuration_over_its_limit_says_so_even_beside_busy_background_threads() {
    let desk = Desk::with(
        r#"
[machine]
cores = 2
[replicate]
limit = "1s"
[[task]]
name = "item"
count = 2
steps = [{ python = "900ms" }]
[[background]]
name = "busy"
count = [0, 1]
steps = [{ python = "forever" }]
[[run]]
executor = "sequential"
[[run]]
executor = "thread-per-task"
"#,
    );
    desk.gilsim(&["run", "scenario.toml"]).exits_with(1);
    let results = rows(&desk.read("output/scenario/results.csv"));
    assert_eq!(results.len(), 4);
    for row in results {
        assert_eq!(row["status"], "limit");
        assert!(row["detail"].contains("not done after 1s"), "{}", row["detail"]);
    }
    // With enough time both end.
    desk.gilsim(&["run", "scenario.toml", "--set", "replicate.limit=10s"])
        .exits_with(0);
}

/// A text in a good scenario, its replacement, and a word that the error message must contain.
const MISTAKES: [(&str, &str, &str, &str); 16] = [
    ("a typo in a key", "count = 8", "cuont = 8", "count"),
    ("a wrong unit", "\"1ms\"", "\"1mz\"", "ms"),
    ("a negative duration", "\"1ms\"", "\"-1ms\"", "negative"),
    ("zero cores", "cores = [1, 2]", "cores = 0", "1"),
    ("a cycle", "count = 8", "after = [\"item\"]", "item"),
    (
        "a distribution that cannot be",
        "exponential = { mean = \"2ms\" }",
        "normal = { mean = \"2ms\", cv = -1 }",
        "cv",
    ),
    (
        "a missing CSV file",
        "exponential = { mean = \"2ms\" }",
        "empirical = \"none.csv\"",
        "none.csv",
    ),
    (
        "too many tasks",
        "count = 8",
        "count = 1000000000000",
        "10 000 000",
    ),
    (
        "a duration that overflows",
        "\"1ms\"",
        "\"99999999999999999999h\"",
        "does not fit",
    ),
    (
        "an unknown version",
        "[[task]]",
        "[python]\nversion = \"3.99\"\n[[task]]",
        "3.14",
    ),
    ("an unknown executor", "\"threads\"", "\"treads\"", "threads"),
    (
        "a word that comes later",
        "cores = [1, 2]",
        "cores = 1\nquota = 1.5",
        "quota",
    ),
    (
        "no steps",
        "steps = [{ python = { exponential = { mean = \"2ms\" } } }, { io = \"1ms\" }]",
        "steps = []",
        "steps",
    ),
    ("a truncated file", "workers = 2\n", "workers = [", "2"),
    ("an axis of steps", "count = 8", "count = []", "count"),
    (
        "an unknown profile",
        "cores = [1, 2]",
        "cores = 1\nprofile = \"vax\"",
        "linux-x86_64",
    ),
];

/// Requires exit code 2, a message on stderr, nothing on stdout, and no output files.
fn assert_refused(desk: &Desk, arguments: &[&str], words: &[&str]) {
    let before = desk.files(".");
    for verb in ["run", "check"] {
        let said = desk.gilsim(&[&[verb], arguments].concat()).exits_with(2);
        assert_eq!(said.stdout, "");
        for word in words {
            assert!(said.stderr.contains(word), "{word} is not in\n{}", said.stderr);
        }
    }
    assert!(desk.files(".") == before);
    assert!(!desk.path().join("output").exists());
}

#[test]
fn a_mistake_in_the_scenario_is_shown_with_its_place_and_nothing_is_written() {
    for (what, good, bad, word) in MISTAKES {
        assert!(GOOD.contains(good), "{what}");
        let text = GOOD.replacen(good, bad, 1);
        let desk = Desk::with(&text);
        assert_refused(&desk, &["scenario.toml"], &["error", word]);
        let said = desk.gilsim(&["check", "scenario.toml"]);
        let at = said
            .stderr
            .find("scenario.toml:")
            .unwrap_or_else(|| panic!("{what}: {}", said.stderr));
        let mut place = said.stderr[at..].split([':', '\n', ' ']).skip(1);
        let line: usize = place.next().and_then(|line| line.parse().ok()).expect("a line");
        let column: usize = place
            .next()
            .and_then(|column| column.parse().ok())
            .expect("a column");
        let shown = text
            .lines()
            .nth(line - 1)
            .unwrap_or_else(|| panic!("{what}: no line {line}"));
        assert!(column <= shown.chars().count() + 1, "{what}: no column {column}");
        assert!(
            said.stderr.contains(shown.trim()),
            "{what}: the line is not in\n{}",
            said.stderr
        );
    }
}

#[test]
fn no_tasks_and_no_runs_are_refused() {
    let tasks = GOOD.find("[[task]]").expect("it has tasks");
    let runs = GOOD.find("[[run]]").expect("it has runs");
    let without_tasks = format!("{}{}", &GOOD[..tasks], &GOOD[runs..]);
    assert_refused(
        &Desk::with(&without_tasks),
        &["scenario.toml"],
        &["scenario.toml", "task"],
    );
    assert_refused(
        &Desk::with(&GOOD[..runs]),
        &["scenario.toml"],
        &["scenario.toml", "run"],
    );
    assert_refused(&Desk::with(""), &["scenario.toml"], &["scenario.toml"]);
}

#[test]
fn a_file_that_is_not_a_scenario_is_refused() {
    let desk = Desk::new();
    assert_refused(&desk, &["missing.toml"], &["missing.toml"]);
    desk.write("latin-1.toml", b"title = \"caf\xe9\"\n");
    assert_refused(&desk, &["latin-1.toml"], &["latin-1.toml:1:", "UTF-8"]);
    desk.write("binary.toml", [0_u8, 255, 1, 254]);
    assert_refused(&desk, &["binary.toml"], &["binary.toml"]);
    std::fs::create_dir(desk.path().join("folder.toml")).expect("a folder");
    assert_refused(&desk, &["folder.toml"], &["folder.toml"]);
}

#[test]
fn a_mistake_in_an_option_is_shown() {
    let desk = Desk::with(GOOD);
    assert_refused(
        &desk,
        &["scenario.toml", "--set", "machine.corse=2"],
        &["--set", "machine.corse", "cores"],
    );
    assert_refused(
        &desk,
        &["scenario.toml", "--set", "machine.cores=zero"],
        &["--set", "machine.cores"],
    );
    assert_refused(&desk, &["scenario.toml", "--seed", "one"], &["--seed"]);
    for option in [&["--jobs", "0"], &["--format", "xml"]] {
        let said = desk
            .gilsim(&[&["run", "scenario.toml"][..], option].concat())
            .exits_with(2);
        assert!(
            said.stderr.contains(option[0]) && said.stdout.is_empty(),
            "{}",
            said.stderr
        );
    }
    assert!(!desk.path().join("output").exists());
}

/// Permissions do not stop root, but not even root can create a folder below a regular file.
#[test]
fn an_output_folder_that_cannot_be_is_refused_before_anything_runs() {
    let desk = Desk::with(GOOD);
    desk.write("file", "in the way");
    for out in ["file", "file/below"] {
        let said = desk.gilsim(&["run", "scenario.toml", "--out", out]).exits_with(2);
        assert_eq!(said.stdout, "");
        assert!(
            said.stderr.contains("error") && said.stderr.contains("file"),
            "{}",
            said.stderr
        );
        assert!(!said.stderr.contains("events in"), "{}", said.stderr);
    }
    assert_eq!(desk.files(".").len(), 2);
    assert_eq!(desk.read("file"), "in the way");
}

#[test]
fn a_reader_that_closes_stdout_early_is_no_error() {
    let desk = Desk::with(GOOD);
    for arguments in [
        &["run", "scenario.toml", "--format", "csv"][..],
        &["schema"],
        &["draws"],
        &["--help"],
    ] {
        let mut child = desk.command(arguments).spawn().expect("gilsim starts");
        let mut line = String::new();
        let mut stdout = BufReader::with_capacity(1, child.stdout.take().expect("piped"));
        stdout.read_line(&mut line).expect("a line");
        drop(stdout);
        let mut stderr = String::new();
        child
            .stderr
            .take()
            .expect("piped")
            .read_to_string(&mut stderr)
            .expect("text");
        let status = child.wait().expect("gilsim ends");
        assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
        assert_ne!(status.code(), Some(101), "{arguments:?}");
    }
}

#[test]
fn a_closed_stdout_causes_no_panic() {
    let desk = Desk::with(GOOD);
    for arguments in [&["run", "scenario.toml"][..], &["schema"], &["draws"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = desk
            .command(arguments)
            .stdout(writer)
            .output()
            .expect("gilsim starts");
        let said = Said::of(output);
        assert_ne!(said.code, 101, "{arguments:?}: {}", said.stderr);
    }
}

#[test]
fn help_mentions_every_verb() {
    let desk = Desk::new();
    let said = desk.gilsim(&["--help"]).exits_with(0);
    for verb in ["run", "measure", "compare", "check", "schema"] {
        assert!(
            said.stdout.contains(&format!("\n  {verb} ")),
            "{verb} is not in\n{}",
            said.stdout
        );
        desk.gilsim(&[verb, "--help"]).exits_with(0);
    }
    assert!(!said.stdout.contains("draws"), "{}", said.stdout);
    desk.gilsim(&[]).exits_with(2);
    desk.gilsim(&["simulate"]).exits_with(2);
    desk.gilsim(&["run"]).exits_with(2);
}

#[test]
fn check_tells_whether_a_profile_is_valid() {
    let desk = Desk::new();
    desk.write("mine.toml", "description = \"mine\"\nlike = \"linux-x86_64\"\n");
    let said = desk.gilsim(&["check", "mine.toml"]).exits_with(0);
    assert_eq!(said.stderr, "mine.toml is a valid profile: mine\n");
    desk.write(
        "mine.toml",
        "like = \"linux-x86_64\"\n[thread]\ncraete = \"1us\"\n",
    );
    let said = desk.gilsim(&["check", "mine.toml"]).exits_with(2);
    assert!(said.stderr.contains("mine.toml:3:1"), "{}", said.stderr);
    assert!(said.stderr.contains("did you mean `create`?"), "{}", said.stderr);
}

#[test]
fn check_says_what_a_run_would_be_and_writes_nothing() {
    let desk = Desk::with(GOOD);
    let said = desk.gilsim(&["check", "scenario.toml"]).exits_with(0);
    assert!(said.stderr.contains("4 configurations"), "{}", said.stderr);
    assert_eq!(desk.files(".").len(), 1);
}

#[test]
fn two_scenarios_share_no_folder_and_runs_in_two_directories_no_output() {
    let (here, there) = (Desk::with(GOOD), Desk::with(GOOD));
    here.write("other.toml", GOOD);
    here.gilsim(&["run", "scenario.toml"]).exits_with(0);
    here.gilsim(&["run", "other.toml", "--seed", "9"]).exits_with(0);
    there.gilsim(&["run", "scenario.toml"]).exits_with(0);
    assert_ne!(here.files("output/scenario"), here.files("output/other"));
    assert_eq!(here.files("output/scenario"), there.files("output/scenario"));
}
