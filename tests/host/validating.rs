//! `gilsim validate` as a user runs it, and its programs. No test asserts how accurate a simulation is: the command
//! itself reports that.
//!
//! Without a `python3` 3.9 or newer, tests that run programs are skipped with a message; with `GILSIM_REQUIRE_PYTHON`
//! they fail.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::command::Desk;
use gilsim::experiment;
use gilsim::results::Status;
use gilsim::scenario::{Executor, Scenario};
use gilsim::study::programs::PROGRAMS;

/// The scenario, with one replication.
fn scenario(name: &str, text: &str) -> Scenario {
    let path = format!("{name}.toml");
    let once = ["replicate.replications=1".to_owned()];
    Scenario::parse(Path::new(&path), text, Path::new(""), &once, None)
        .unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false)))
}

#[test]
fn the_files_of_the_folder_are_exactly_the_programs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/validation");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    let programs: BTreeSet<String> = PROGRAMS
        .iter()
        .map(|program| format!("{}.toml", program.name))
        .collect();
    assert_eq!(files, programs);
}

#[test]
fn the_programs_are_small_and_many_and_end() {
    let mut configurations = 0;
    for program in PROGRAMS {
        let results = experiment::run(scenario(program.name, program.text), || {});
        configurations += results.rows.len();
        for row in &results.rows {
            let replication = &row.replications[0];
            assert_eq!(replication.status, Status::Done, "{}", program.name);
            let seconds = replication.makespan.as_secs_f64();
            assert!(seconds < 2.0, "{} takes {seconds} s", program.name);
        }
    }
    assert!(configurations >= 80, "{configurations}");
}

#[test]
fn the_programs_are_of_every_kind_that_can_be_measured() {
    let scenarios = PROGRAMS.map(|program| scenario(program.name, program.text));
    let has = |kind: fn(&Executor) -> bool| {
        let mut configurations = scenarios.iter().flat_map(|scenario| &scenario.configurations);
        configurations.any(|configuration| kind(&configuration.executor))
    };
    assert!(has(|executor| matches!(executor, Executor::Sequential(_))));
    assert!(has(|executor| matches!(executor, Executor::Threads(_))));
    assert!(has(|executor| matches!(executor, Executor::ThreadPerTask(_))));
    assert!(has(|executor| matches!(executor, Executor::Processes(_))));
    assert!(has(|executor| matches!(executor, Executor::ProcessPerTask(_))));
    assert!(has(|executor| matches!(executor, Executor::Pool(_))));
    assert!(has(|executor| matches!(executor, Executor::Server(_))));
}

#[test]
fn invalid_options_are_refused_before_anything_is_written() {
    let desk = Desk::new();
    desk.write("folder", "a file");
    for (arguments, said) in [
        (&["--only", "nonsense"][..], "[possible values: cpu_bound"),
        (
            &["--python", "no-such-python"],
            "cannot start the interpreter no-such-python",
        ),
        (&["--python", "/bin/true"], "is not a Python interpreter"),
    ] {
        let all: Vec<&str> = ["validate"].iter().chain(arguments).copied().collect();
        let failed = desk.gilsim(&all);
        assert_eq!(failed.code, 2, "{}", failed.stderr);
        assert!(failed.stderr.contains(said), "{}", failed.stderr);
    }
    assert_eq!(desk.files("").len(), 1, "{:?}", desk.files("").keys());
}

/// Whether there is an interpreter.
fn there_is_python() -> bool {
    let question = "import sys; sys.exit(sys.version_info < (3, 9))";
    let status = Command::new("python3").args(["-c", question]).status();
    let there = status.is_ok_and(|status| status.success());
    if !there {
        assert!(
            std::env::var_os("GILSIM_REQUIRE_PYTHON").is_none(),
            "there is no python3 of 3.9 or newer to measure with"
        );
        eprintln!("skipped: there is no python3 of 3.9 or newer to measure with");
    }
    there
}

#[test]
fn each_step_can_be_repeated_by_hand() {
    if !there_is_python() {
        return;
    }
    let desk = Desk::new();
    let validated = desk.gilsim(&[
        "validate",
        "--only",
        "server",
        "--profile",
        "linux-2-cpu-vm",
        "--out",
        "out",
        "--format",
        "csv",
    ]);
    // The exit code is 1 where the simulation is inaccurate on this machine.
    assert!(validated.code < 2, "{}", validated.stderr);
    let throughputs = validated
        .stdout
        .lines()
        .filter(|line| line.contains(",throughput_per_s,"));
    assert_eq!(throughputs.count(), 4, "{}", validated.stdout);
    assert_eq!(desk.read("out/validation.csv"), validated.stdout);
    for file in [
        "profile.toml",
        "server.toml",
        "validation_choices.csv",
        "validation.txt",
    ] {
        assert!(!desk.read(&format!("out/{file}")).is_empty());
    }
    let verified = desk.gilsim(&["run", "--verify", "out/server/manifest.json"]);
    assert_eq!(verified.code, 0, "{}", verified.stderr);
    let before = desk.read("out/server/compared.csv");
    let compared = desk.gilsim(&["compare", "out/server", "out/server"]);
    assert_eq!(compared.code, 0, "{}", compared.stderr);
    assert_eq!(desk.read("out/server/compared.csv"), before);
}

#[test]
fn an_invalid_profile_is_refused() {
    if !there_is_python() {
        return;
    }
    let desk = Desk::new();
    let missing = desk.gilsim(&["validate", "--profile", "nowhere.toml"]);
    assert_eq!(missing.code, 2, "{}", missing.stderr);
    assert!(
        missing.stderr.contains("there is no profile `nowhere.toml`"),
        "{}",
        missing.stderr
    );
    desk.write(
        "mine.toml",
        "description = \"mine\"\nlike = \"linux-x86_64\"\n[thread]\ncreate = \"soon\"\n",
    );
    let bad = desk.gilsim(&["validate", "--profile", "mine.toml"]);
    assert_eq!(bad.code, 2, "{}", bad.stderr);
    assert!(bad.stderr.contains("mine.toml:4:10"), "{}", bad.stderr);
}

#[test]
fn costs_are_measured_beside_the_programs() {
    if !there_is_python() {
        return;
    }
    let desk = Desk::new();
    let arguments = [
        "validate", "--quick", "--force", "--only", "server", "--out", "out",
    ];
    let validated = desk.gilsim(&arguments);
    // The exit code is 1 where the simulation is inaccurate on this machine.
    assert!(validated.code < 2, "{}", validated.stderr);
    assert!(
        validated.stderr.contains("Calibrated 2 times: "),
        "{}",
        validated.stderr
    );
    let profile = desk.read("out/profile.toml");
    assert!(profile.contains("# measured: median "), "{profile}");
    let verified = desk.gilsim(&["run", "--verify", "out/server/manifest.json"]);
    assert_eq!(verified.code, 0, "{}", verified.stderr);
}

#[test]
fn what_was_measured_before_an_interruption_is_compared() {
    if !there_is_python() {
        return;
    }
    let desk = Desk::new();
    let programs = ["--only", "native_holding", "--only", "server"];
    let child = desk
        .command(&["validate", "--profile", "linux-2-cpu-vm", "--out", "out"])
        .args(programs)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("gilsim starts");
    let until = Instant::now() + Duration::from_secs(120);
    while !desk.path().join("out/native_holding/repetitions.csv").exists() {
        assert!(
            Instant::now() < until,
            "the first program was not measured in time"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let interrupted = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(interrupted.expect("kill starts").success());
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("interrupted"), "{said}");
    let validation = desk.read("out/validation.csv");
    assert!(validation.contains("\nnative_holding,"), "{validation}");
    assert!(!validation.contains("\nserver,"), "{validation}");
}
