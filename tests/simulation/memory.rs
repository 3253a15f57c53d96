//! The memory of programs: compared with measured figures, and each mechanism by itself.

use std::rc::Rc;
use std::sync::Arc;

use gilsim::os::{Footprint, Os};
use gilsim::random::Key;
use gilsim::results::{Replication, Status};
use gilsim::units::{Bytes, Nanos};
use gilsim::workload;

use crate::common::scenario;

const MB: u64 = 1_000_000;
const MIB: f64 = (1 << 20) as f64;

fn play(text: &str) -> (Rc<Os>, Replication) {
    let scenario = scenario(text);
    let configuration = Arc::new(scenario.configurations[0].clone());
    let machine = &configuration.machine;
    let key = Key::root(scenario.replicate.seed, 0);
    let os = Os::new(
        machine.cores as usize,
        1,
        machine.profile.clone(),
        key.name("machine"),
    );
    let outcome = workload::play(&os, &configuration, key, &scenario.replicate);
    (os, outcome)
}

/// `count` items of 10 ms of Python, on 8 cores.
fn items(count: u32, task: &str, run: &str) -> String {
    format!(
        "[machine]\ncores = 8\n[[task]]\nname = \"t\"\ncount = {count}\nsteps = [{{ python = \"10ms\" }}]\n{task}\n\
         [[run]]\n{run}"
    )
}

fn peak(text: &str) -> u64 {
    let (os, outcome) = play(text);
    assert_eq!(outcome.status, Status::Done, "{}", outcome.detail);
    os.peak_memory().0
}

fn assert_near(simulated: f64, measured: f64, per_cent: f64) {
    let off = (simulated / measured - 1.0) * 100.0;
    assert!(
        off.abs() <= per_cent,
        "{simulated} instead of {measured}: {off:.0} %"
    );
}

/// Eight workers of a `ProcessPoolExecutor` or a thread pool, all alive and idle for now.
fn eight_workers(run: &str) -> (Rc<Os>, Vec<Footprint>) {
    let text = format!(
        "[machine]\ncores = 8\n[replicate]\nlimit = \"2s\"\n\
         [[task]]\nname = \"t\"\ncount = 32\nsteps = [{{ io = \"1h\" }}]\n[[run]]\nworkers = 8\n{run}"
    );
    let (os, outcome) = play(&text);
    assert_eq!(outcome.status, Status::Limit);
    let living = os.footprints();
    (os, living)
}

#[test]
fn eight_workers_occupy_what_was_measured() {
    // MiB in all, resource tracker and fork server included: proportional set sizes with CPython 3.11 and 3.13.
    for (run, measured) in [
        ("executor = \"threads\"", [14.8, 12.8]),
        ("executor = \"processes\"\nstart_method = \"fork\"", [31.0, 26.5]),
        ("executor = \"processes\"\nstart_method = \"spawn\"", [96.1, 84.7]),
        (
            "executor = \"processes\"\nstart_method = \"forkserver\"",
            [72.7, 70.0],
        ),
    ] {
        let (os, _) = eight_workers(run);
        assert_near(os.occupied().0 as f64 / MIB, measured[0], 20.0);
        assert_near(os.occupied().0 as f64 / MIB, measured[1], 35.0);
    }
    // MiB of the workers alone: published unique set sizes with CPython 3.14.
    for (method, published) in [("fork", 15.5), ("forkserver", 33.6), ("spawn", 92.0)] {
        let (_, living) = eight_workers(&format!("executor = \"processes\"\nstart_method = \"{method}\""));
        let workers = living
            .iter()
            .filter(|process| process.name.starts_with("worker "));
        assert_eq!(workers.clone().count(), 8);
        let sum: u64 = workers.map(|process| process.unique.0).sum();
        assert_near(sum as f64 / MIB, published, 15.0);
    }
}

#[test]
fn a_forked_worker_copies_what_it_touches_and_a_spawned_one_imports_again() {
    let program = |parts: &str, method: &str| {
        let run =
            format!("executor = \"processes\"\nworkers = 4\nstart_method = \"{method}\"\n[program]\n{parts}");
        peak(&items(8, "", &run))
    };
    let more = |parts: &str, method: &str| (program(parts, method) - program("", method)).div_ceil(MB);
    let (data, touched) = ("memory = \"300 MB\"", "memory = \"300 MB\"\ntouched = \"100 MB\"");
    for method in ["fork", "spawn", "forkserver"] {
        assert_eq!(more(data, method), 300, "{method}");
    }
    assert_eq!(more(touched, "fork"), 300 + 4 * 100);
    assert_eq!(more(touched, "spawn"), 300 + 4 * 100);
    assert_eq!(more(touched, "forkserver"), 300 + 4 * 100);
    // Modules are in the parent, and once in each new interpreter: four workers, or one fork server.
    assert_eq!(more("modules = \"50 MB\"", "fork"), 50);
    assert_eq!(more("modules = \"50 MB\"", "spawn"), 5 * 50);
    assert_eq!(more("modules = \"50 MB\"", "forkserver"), 2 * 50);
}

#[test]
fn copying_pages_takes_a_forked_worker_time() {
    let makespan = |touched: &str| {
        let run = format!(
            "executor = \"processes\"\nworkers = 1\n[program]\nmemory = \"400 MiB\"\ntouched = \"{touched}\""
        );
        play(&items(1, "", &run)).1.makespan
    };
    let pages = (400 << 20) / 4096;
    assert_eq!(makespan("400 MiB") - makespan("0 B"), Nanos(2_600) * pages);
}

#[test]
fn a_result_is_there_as_object_pickle_and_message_and_in_shared_memory_twice() {
    let result = |size: &str, transport: &str| {
        let run = format!("executor = \"processes\"\nworkers = 1\ntransport = \"{transport}\"");
        peak(&items(1, &format!("result = \"{size}\""), &run))
    };
    let more = |transport: &str| (result("100 MB", transport) - result("1 B", transport)) as f64;
    // The worker has object and pickle until all is sent; then the parent has nearly all of the message.
    assert_near(more("pickle"), 300e6, 1.0);
    // A copy is made while its original is there.
    assert_near(more("shared_memory"), 200e6, 1.0);
}

#[test]
fn arguments_lie_in_shared_memory_once_and_travel_as_copies_otherwise() {
    let arguments = |transport: &str| {
        let run = format!("executor = \"processes\"\nworkers = 4\ntransport = \"{transport}\"");
        peak(&items(16, "argument = \"20 MB\"", &run).replace("10ms", "1s")) / MB
    };
    let (pickled, shared) = (arguments("pickle"), arguments("shared_memory"));
    // One is copied into its segment while all others are there, in either place.
    assert!((16 * 20 + 20..16 * 20 + 70).contains(&shared), "{shared}");
    // At least what four workers have unpickled, beside all of the parent's.
    assert!(pickled > 16 * 20 + 4 * 20 + 20, "{pickled}");
}

#[test]
fn objects_are_larger_than_their_pickles() {
    let arguments = |kind: &str| {
        let task = format!("argument = {{ size = \"10 MB\", kind = \"{kind}\" }}");
        peak(&items(8, &task, "executor = \"threads\"\nworkers = 1")) as f64
    };
    let nothing = peak(&items(8, "", "executor = \"threads\"\nworkers = 1")) as f64;
    for (kind, times) in [
        ("bytes", 1.0),
        ("list[float]", 3.6),
        ("list[int]", 8.3),
        ("dict", 7.8),
    ] {
        assert_near(arguments(kind) - nothing, 80e6 * times, 1.0);
    }
}

#[test]
fn workers_that_are_forked_before_anything_is_shared_start_a_resource_tracker_each() {
    let trackers = |run: &str| {
        let run = format!("{run}\nworkers = 4\ntransport = \"shared_memory\"");
        let (os, outcome) = play(&items(40, "argument = \"1 MB\"", &run));
        assert_eq!(outcome.status, Status::Done);
        let living = os.footprints();
        living
            .iter()
            .filter(|process| process.name == "the resource tracker")
            .count()
    };
    // As measured: Pool() forks at once, and each worker registers the first segment that it attaches to.
    assert_eq!(
        trackers("executor = \"pool\"\nstart_method = \"fork\"\nchunksize = 1"),
        5
    );
    assert_eq!(trackers("executor = \"pool\"\nstart_method = \"spawn\""), 1);
    assert_eq!(trackers("executor = \"pool\"\nstart_method = \"forkserver\""), 1);
    // The executor forks at its first submit, and then the first argument lies in its segment already.
    assert_eq!(trackers("executor = \"processes\"\nstart_method = \"fork\""), 1);
}

#[test]
fn shared_memory_is_slower_with_little_data_and_faster_with_much() {
    let makespan = |size: &str, transport: &str| {
        let run = format!("executor = \"processes\"\nworkers = 4\ntransport = \"{transport}\"");
        play(&items(100, &format!("argument = \"{size}\""), &run))
            .1
            .makespan
    };
    assert!(makespan("1 kB", "pickle") < makespan("1 kB", "shared_memory"));
    assert!(makespan("20 MB", "pickle") > makespan("20 MB", "shared_memory"));
}

/// `memory` in MB.
fn with_memory(memory: u64, text: &str) -> Replication {
    let text = text.replace("cores = 8", &format!("cores = 8\nmemory = \"{memory} MB\""));
    play(&text).1
}

#[test]
fn a_program_that_does_not_fit_is_killed() {
    let text = items(10, "argument = \"50 MB\"", "executor = \"threads\"\nworkers = 2");
    let outcome = with_memory(300, &text);
    assert_eq!(outcome.status, Status::OutOfMemory);
    assert_eq!(
        outcome.detail,
        "memory ran out (287 MiB), and the kernel killed the program itself, which had come to 494 MiB"
    );
    assert_eq!(with_memory(600, &text).status, Status::Done);
}

/// Its only worker makes a result of 200 MB.
fn one_worker() -> String {
    let run = "executor = \"processes\"\nworkers = 1\nstart_method = \"spawn\"";
    items(1, "result = \"200 MB\"", run)
}

#[test]
fn the_largest_process_is_killed_and_its_executor_breaks() {
    let outcome = with_memory(200, &one_worker());
    assert_eq!(outcome.status, Status::Broken, "{}", outcome.detail);
    let told = "memory ran out (191 MiB for 3 processes), and the kernel killed worker 0, which had come to 208 MiB; ";
    assert!(outcome.detail.starts_with(told), "{}", outcome.detail);
    assert_eq!(with_memory(700, &one_worker()).status, Status::Done);
}

#[test]
fn the_reader_of_a_message_from_a_killed_worker_waits_for_the_rest_for_ever() {
    // The parent has the other end of the pipe, too, and so never sees the end of the file.
    let outcome = with_memory(500, &one_worker());
    assert_eq!(outcome.status, Status::Deadlock, "{}", outcome.detail);
    let waits = "executor manager waits for something to read from the result queue";
    assert!(outcome.detail.contains(waits), "{}", outcome.detail);
}

#[test]
fn memory_of_a_killed_process_is_given_back() {
    let text = one_worker().replace("cores = 8", "cores = 8\nmemory = \"500 MB\"");
    let (os, _) = play(&text);
    let living: Vec<String> = os.footprints().into_iter().map(|process| process.name).collect();
    assert_eq!(living, ["the main thread", "the resource tracker"]);
    // What has come of the message is still there.
    assert!(os.occupied() < Bytes(130 * MB), "{:?}", os.occupied());
}
