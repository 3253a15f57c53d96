//! The cost of starting a process, by start method.

use crate::common;
use std::sync::Arc;

use gilsim::units::Nanos;
use gilsim::workload;

/// Makespan in seconds of `count` processes under a start method, with 100 ms of imports.
fn makespan(version: &str, method: &str, count: u32) -> f64 {
    let text = format!(
        r#"
        [machine]
        cores = 16
        [python]
        version = "{version}"
        [program]
        imports = "100ms"
        [[task]]
        name = "item"
        count = {count}
        steps = [{{ python = "1ms" }}]
        [[run]]
        executor = "process-per-task"
        {method}
        "#
    );
    let scenario = common::scenario(&text);
    let configuration = Arc::new(scenario.configurations[0].clone());
    let outcome = workload::simulate(&configuration, &scenario.replicate, 0);
    outcome.makespan.0 as f64 / 1e9
}

const FORK: &str = "start_method = \"fork\"";
const SPAWN: &str = "start_method = \"spawn\"";
const SERVER: &str = "start_method = \"forkserver\"";
const RUNNING: &str = "start_method = \"forkserver\"\nforkserver = \"running\"";

#[test]
fn a_forked_child_imports_nothing_and_a_spawned_one_everything() {
    assert!(makespan("3.13", FORK, 8) < 0.02);
    assert!(makespan("3.13", SPAWN, 8) > 0.1);
}

#[test]
fn a_fork_server_imports_the_main_module_from_3_13_on_and_its_children_before() {
    // Until then the import comes after the server's boot, and again in a child.
    assert!(makespan("3.13", SERVER, 8) > 0.1);
    assert!(makespan("3.13", RUNNING, 8) < 0.02);
    assert!(makespan("3.12", RUNNING, 8) > 0.1);
}

#[test]
fn the_makespan_grows_with_the_processes_by_what_the_parent_does_for_each() {
    for (method, least, most) in [(FORK, 1.2, 4.0), (RUNNING, 1.2, 4.0), (SPAWN, 1.02, 1.5)] {
        let growth = makespan("3.13", method, 8) / makespan("3.13", method, 1);
        assert!((least..most).contains(&growth), "{method}: {growth}");
    }
}

/// Two processes that do nothing. Creating one takes 1 ms, and copying everything that a fork leaves shared takes 8 ms.
fn makespan_with_copies(method: &str) -> Nanos {
    let text = format!(
        r#"
        [machine]
        cores = 4
        [[task]]
        name = "item"
        count = 2
        steps = [{{ python = "1us" }}]
        [[run]]
        executor = "process-per-task"
        {method}
        "#
    );
    let scenario = common::scenario(&text);
    let mut configuration = scenario.configurations[0].clone();
    configuration.machine.profile = common::free_profile(|profile| {
        let process = &mut profile.python.process;
        process.create = Nanos::from_millis(1);
        process.copies = Nanos::from_millis(8);
    });
    workload::simulate(&Arc::new(configuration), &scenario.replicate, 0).makespan
}

#[test]
fn after_a_fork_the_parent_copies_what_it_writes_to_and_after_a_spawn_it_shares_nothing() {
    assert_eq!(makespan_with_copies(SPAWN).0 / 1_000_000, 2);
    // On its way to the second fork.
    assert_eq!(makespan_with_copies(FORK).0 / 1_000_000, 10);
}
