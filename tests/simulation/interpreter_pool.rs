//! `InterpreterPoolExecutor`: interpreters side by side in one process, and what crosses between them.

use std::sync::Arc;

use gilsim::results::{Replication, Status};
use gilsim::units::{Bytes, Nanos};
use gilsim::workload;

use crate::common::{profile, scenario};

/// Simulates the first configuration: 8 items on 8 cores of a machine with realistic costs.
fn play(version: &str, executor: &str, task: &str) -> Replication {
    let text = format!(
        "machine = {{ cores = 8 }}\npython.version = \"{version}\"\n\
         [[task]]\nname = \"item\"\ncount = 8\n{task}\n[[run]]\nexecutor = \"{executor}\"\nworkers = 8\n"
    );
    let scenario = scenario(&text);
    let configuration = Arc::new(scenario.configurations[0].clone());
    let replication = workload::simulate(&configuration, &scenario.replicate, 0);
    assert_eq!(replication.status, Status::Done, "{}", replication.detail);
    replication
}

#[test]
fn interpreters_start_and_run_side_by_side() {
    let costs = profile("linux-x86_64").python.clone();
    let own = Nanos::from_millis(100);
    let makespan = play("3.14", "interpreters", "steps = [{ python = \"100ms\" }]").makespan;
    let alone = own + costs.subinterpreter.boot;
    assert!(
        alone < makespan && makespan < alone + Nanos::from_millis(10),
        "{makespan}"
    );
    let threads = play("3.14", "threads", "steps = [{ python = \"100ms\" }]").makespan;
    assert!(threads > own * 8, "{threads}");
}

#[test]
fn an_interpreter_for_each_item_is_booted_for_each_item() {
    let scenario = scenario(
        "machine = { cores = 2 }\npython.version = \"3.14\"\n\
         [[task]]\nname = \"item\"\ncount = 8\nsteps = [{ python = \"100ms\" }]\n\
         [[run]]\nexecutor = \"interpreter-per-task\"\n\
         [[run]]\nexecutor = \"interpreters\"\nworkers = 2\n",
    );
    let makespans: Vec<Nanos> = scenario
        .configurations
        .iter()
        .map(|configuration| {
            let configuration = Arc::new(configuration.clone());
            let replication = workload::simulate(&configuration, &scenario.replicate, 0);
            assert_eq!(replication.status, Status::Done, "{}", replication.detail);
            replication.makespan
        })
        .collect();
    let boot = profile("linux-x86_64").python.subinterpreter.boot;
    let [per_task, pool] = makespans[..] else {
        panic!("there are two runs")
    };
    // Each core boots and closes one interpreter for the pool, and four without it.
    let more = per_task - pool;
    assert!(
        boot * 3 < more && more < boot * 5,
        "{per_task} and {pool}, with {boot} for each"
    );
}

#[test]
fn bytes_cross_as_they_are_and_everything_else_is_pickled() {
    let pickling = |version: &str, kind: &str| {
        let task = format!(
            "argument = {{ size = \"10 MB\", kind = \"{kind}\" }}\nresult = {{ size = \"10 MB\", kind = \"{kind}\" }}\n\
             steps = [{{ python = \"1ms\" }}]"
        );
        play(version, "interpreters", &task).worker_time.serialization
    };
    for version in ["3.14", "3.14t"] {
        assert_eq!(pickling(version, "bytes"), Nanos::ZERO);
        // There and back: 10 MB at 390 and 150 MB/s, on one side each, eight times.
        let expected = (10_000_000 / 390 + 10_000_000 / 150) * 2 * 8;
        let pickling = pickling(version, "list[int]");
        let off = pickling.0.abs_diff(expected * 1_000);
        assert!(off * 100 < pickling.0, "{pickling} instead of {expected} us");
    }
}

#[test]
fn what_is_pickled_for_an_interpreter_holds_up_the_program_and_what_runs_in_it_does_not() {
    // Each result is unpickled under the program's lock, 8 x 10 MB at 150 MB/s; under free threads nothing is in turn.
    let task = "result = { size = \"10 MB\", kind = \"list[int]\" }\nsteps = [{ python = \"1ms\" }]";
    let in_turn = Nanos::from_micros(8 * (10_000_000 / 150));
    let with_lock = play("3.14", "interpreters", task).makespan;
    let free = play("3.14t", "interpreters", task).makespan;
    assert!(with_lock > in_turn, "{with_lock}");
    assert!(free * 2 < in_turn, "{free}");
}

#[test]
fn an_interpreter_maps_less_than_a_process_and_imports_the_main_module_again() {
    let memory = profile("linux-x86_64").python.memory.clone();
    let peak = |executor: &str| play("3.14", executor, "steps = [{ python = \"200ms\" }]").peak_memory;
    let program = memory.code.0 + memory.interpreter.0;
    let each = memory.thread.0 + memory.subinterpreter.0;
    assert_eq!(peak("interpreters"), Bytes(program + 8 * each));
    assert_eq!(peak("threads"), Bytes(program + 8 * memory.thread.0));
    let importing = "steps = [{ python = \"1ms\" }]\n[program]\nimports = \"300ms\"";
    let makespan = play("3.14", "interpreters", importing).makespan;
    let (least, most) = (Nanos::from_millis(300), Nanos::from_millis(330));
    assert!(least < makespan && makespan < most, "{makespan}");
}

#[test]
fn a_lock_of_the_program_is_one_for_all_interpreters() {
    let task = "steps = [{ lock = \"one\", steps = [{ python = \"20ms\" }] }]";
    for version in ["3.14", "3.14t"] {
        let makespan = play(version, "interpreters", task).makespan;
        assert!(makespan > Nanos::from_millis(8 * 20), "{version}: {makespan}");
    }
}
