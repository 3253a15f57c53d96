//! `gilsim calibrate` as a user runs it: with shell scripts in place of interpreters, and with the host's interpreter.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::command::{Desk, Said, python3};
use gilsim::profile::Profile;

/// The description that an interpreter of this version gives of itself.
fn answer(version: &str, minor: u8) -> String {
    format!(
        r#"if [ "$1" = "-c" ]; then
  echo '{{"executable": "'"$0"'", "implementation": "CPython", "version": "{version}", "major": 3, "minor": {minor}, "free_threaded": false}}'
  exit
fi
"#
    )
}

/// Writes a shell script that pretends to be an interpreter.
fn interpreter(desk: &Desk, script: &str) -> String {
    desk.write("python", format!("#!/bin/sh\n{script}"));
    let path = desk.path().join("python");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it can be made to run");
    path.to_str().expect("a plain path").to_owned()
}

/// Runs `gilsim calibrate` with such an interpreter.
fn calibrate(desk: &Desk, script: &str, more: &[&str]) -> Said {
    let python = interpreter(desk, script);
    let arguments = [&["calibrate", "--quick", "--python", python.as_str()], more].concat();
    desk.gilsim(&arguments)
}

/// The last message of the Python side, when other programs used this share of the CPUs.
fn evidence(busy: f64) -> String {
    format!(
        r#"read plan
echo '{{"probes": 1}}'
echo '{{"takes": [{{"probe": "locking", "looks": [[50.0, 90000.0], [51.0, 80000.0]], "samples": {{"hash kept": [1000], "hash released": [1070]}}}}]}}'
echo '{{"skipped": {{"waking": "OSError: none"}}, "elsewhere": {{"busy": {busy}, "stolen": 0.0}}, "host": {{"cpus": 1, "cores": 1, "model": "a processor", "kernel": "6.1", "libc": null, "quota": 1.5, "tick": 4000000, "base_slice": null, "migration_cost": null}}}}'
"#
    )
}

/// Requires that the directory contains only the script.
#[track_caller]
fn nothing_is_left(desk: &Desk) {
    let files: Vec<_> = desk.files("").into_keys().collect();
    assert_eq!(files, [Path::new("python")]);
}

#[test]
fn a_profile_says_what_was_measured_and_what_was_not() {
    let desk = Desk::new();
    let said = calibrate(&desk, &(answer("3.11.7", 11) + &evidence(0.0)), &[]).exits_with(0);
    assert!(said.stderr.starts_with("The host was quiet: "), "{}", said.stderr);
    assert!(
        said.stderr
            .contains("the probe waking failed and is skipped: OSError: none")
    );
    let text = desk.read("profile.toml");
    for line in [
        "# The probe waking cannot run here: OSError: none.",
        "# There is one CPU only: what it takes to wake a thread on another one was not measured.",
        "# The control group grants 1.5 CPUs.",
        "description = \"a processor, one CPU, Linux 6.1, libc unknown, CPython 3.11.7\"",
        "like = \"linux-x86_64\"",
        "uncontended = \"70ns\"",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(text.contains("# measured: median 70 ns, quartiles 70 to 70, 1 sample; sha256"));
    assert!(text.contains("# Not measured, and taken from linux-x86_64: scheduler.base_slice,"));
    assert!(!text.contains("TOO NOISY"));

    let profile = Profile::load("profile.toml", desk.path()).expect("it can be used");
    let model = Profile::load("linux-x86_64", desk.path()).expect("it is bundled");
    assert_eq!(profile.python.gil.uncontended.0, 70);
    assert_eq!(profile.python.pool, model.python.pool);
}

#[test]
fn a_noisy_host_is_refused_unless_forced() {
    let desk = Desk::new();
    let script = answer("3.11.7", 11) + &evidence(0.5);
    let said = calibrate(&desk, &script, &[]).exits_with(1);
    assert!(
        said.stderr
            .contains("other programs used 50 % of the CPUs; the limit is 15 %")
    );
    assert!(
        said.stderr
            .contains("nothing is written; run it again on a quiet host, or use --force")
    );
    nothing_is_left(&desk);

    calibrate(&desk, &script, &["--force", "-o", "noisy.toml"]).exits_with(0);
    let text = desk.read("noisy.toml");
    assert!(
        text.contains("# TOO NOISY, and written because of --force: other programs used 50 % of the CPUs")
    );
    Profile::load("noisy.toml", desk.path()).expect("it can be used all the same");
}

#[test]
fn without_a_usable_interpreter_nothing_begins() {
    let desk = Desk::new();
    let said = desk
        .gilsim(&["calibrate", "--python", "/no/such/python"])
        .exits_with(2);
    assert!(
        said.stderr
            .contains("cannot start the interpreter /no/such/python")
    );
    assert_eq!(desk.files("").len(), 0);

    let said = calibrate(&desk, &answer("3.8.18", 8), &[]).exits_with(2);
    assert!(said.stderr.contains("is CPython 3.8.18, but"), "{}", said.stderr);
    let free = answer("3.13.0", 13).replace("\"free_threaded\": false", "\"free_threaded\": true");
    let said = calibrate(&desk, &free, &[]).exits_with(2);
    assert!(
        said.stderr.contains("is a free-threaded build, whose bytecode"),
        "{}",
        said.stderr
    );
    let said = calibrate(&desk, "echo hello\n", &[]).exits_with(2);
    assert!(
        said.stderr.contains("is not a Python interpreter"),
        "{}",
        said.stderr
    );
    nothing_is_left(&desk);
}

#[test]
fn a_place_that_cannot_be_written_to_is_found_out_first() {
    let desk = Desk::new();
    let script = answer("3.11.7", 11) + "touch asked-for-more\n" + &evidence(0.0);
    let said = calibrate(&desk, &script, &["-o", "no/such/folder/profile.toml"]).exits_with(2);
    assert!(
        said.stderr.contains("cannot write no/such/folder/profile.toml: "),
        "{}",
        said.stderr
    );
    let said = calibrate(&desk, &script, &["-o", "."]).exits_with(2);
    assert!(
        said.stderr.contains("it is a folder; name a file with --out"),
        "{}",
        said.stderr
    );
    // What is no plain file would be replaced by one, be it /dev/stdout.
    let socket = Desk::new();
    let path = socket.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket is made");
    let said = calibrate(&desk, &script, &["-o", path.to_str().expect("a plain path")]).exits_with(2);
    assert!(
        said.stderr.contains("it is not a regular file"),
        "{}",
        said.stderr
    );
    assert!(!path.is_file());
    nothing_is_left(&desk);
}

#[test]
fn an_interpreter_that_crashes_in_the_middle_leaves_the_old_profile_as_it_was() {
    let desk = Desk::new();
    desk.write("profile.toml", "old");
    let script = answer("3.11.7", 11)
        + "read plan\necho '{\"probes\": 2}'\nX\necho 'Segmentation fault' >&2\nkill -SEGV $$\n";
    let said = calibrate(&desk, &script, &[]).exits_with(2);
    assert!(
        said.stderr
            .contains("cannot calibrate: the interpreter ended early: Segmentation fault"),
        "{}",
        said.stderr
    );
    assert_eq!(desk.read("profile.toml"), "old");
    assert_eq!(desk.files("").len(), 2);
}

#[test]
fn an_interrupted_calibration_leaves_neither_file_nor_process() {
    let desk = Desk::new();
    let script = answer("3.11.7", 11) + "echo $$ > pid\nread plan\nexec sleep 600\n";
    let script = script.replace("> pid", &format!("> {}", desk.path().join("pid").display()));
    let python = interpreter(&desk, &script);
    let mut gilsim = desk
        .command(&["calibrate", "--python", &python])
        .stderr(Stdio::null())
        .spawn()
        .expect("gilsim starts");
    wait_until("the interpreter runs", || {
        desk.files("").contains_key(Path::new("pid")) && !desk.read("pid").is_empty()
    });
    let interrupted = Command::new("kill")
        .args(["-INT", &gilsim.id().to_string()])
        .status();
    assert!(interrupted.expect("kill is there").success());
    let status = gilsim.wait().expect("it ends");
    assert_eq!(status.code(), Some(2));
    let pid = desk.read("pid");
    wait_until("the interpreter is gone", || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    });
    let files: Vec<_> = desk.files("").into_keys().collect();
    assert_eq!(files, [Path::new("pid"), Path::new("python")]);
}

#[track_caller]
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "{what}: not so after 30 s"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Every probe works on this host, whatever its speed, and the results make a profile.
#[test]
fn the_host_is_calibrated_with_every_probe() {
    if python3().is_none() {
        return;
    }
    let desk = Desk::new();
    let said = desk
        .gilsim(&["calibrate", "--quick", "--force", "-o", "here.toml"])
        .exits_with(0);
    assert!(!said.stderr.contains("warning"), "{}", said.stderr);
    let text = desk.read("here.toml");
    assert!(!text.contains("cannot run here"), "{text}");
    let profile = Profile::load("here.toml", desk.path()).expect("it can be used");
    assert_eq!(profile.text.matches("like = \"linux-x86_64\"").count(), 1);

    // Those that need neither two CPUs nor a new interpreter.
    for field in [
        "tick",
        "context_switch",
        "timer_slack",
        "busy_cores",
        "uncontended",
        "sched_yield",
        "bootstrap",
        "finish",
        "fork_per_mib",
        "boot",
        "exec",
        "preparation",
        "forkserver_request",
        "exit",
        "spawn_exit",
        "forkserver_bootstrap",
        "exitcode",
        "sentinel",
        "envelope",
        "call_dumps",
        "call_loads",
        "dumps",
        "loads",
        "copy",
        "selector",
        "poll_again",
        "connection",
        "take",
        "feed",
        "fill",
        "wait",
        "task",
        "set",
        "interpreter",
        "forked_worker",
    ] {
        let found = text.lines().any(|line| line.starts_with(&format!("{field} = ")));
        assert!(found, "{field} is missing\n{text}");
    }
}
