//! Updates of shared state, and when some are lost.

use crate::common;
use std::sync::Arc;

use gilsim::results::{Replication, Status};
use gilsim::workload;

/// Four items of 20,000 updates each.
fn updates(version: &str, update: &str, run: &str) -> Replication {
    let text = format!(
        "[machine]\ncores = 4\n[python]\nversion = \"{version}\"\n[replicate]\nreplications = 1\nseed = 3\n\
         [[task]]\nname = \"count\"\ncount = 4\n\
         steps = [{{ repeat = 20000, steps = [{{ {update} }}, {{ python = {{ exponential = {{ mean = \"2us\" }} }} }}] }}]\n\
         [[run]]\n{run}"
    );
    let scenario = common::scenario(&text);
    let configuration = Arc::new(scenario.configurations[0].clone());
    let outcome = workload::simulate(&configuration, &scenario.replicate, 0);
    assert_eq!(outcome.status, Status::Done, "{}", outcome.detail);
    outcome
}

fn lost(version: &str, update: &str, run: &str) -> u64 {
    updates(version, update, run)
        .lost_updates
        .expect("there are updates")
}

const PARALLEL: [&str; 4] = [
    "executor = \"threads\"\nworkers = 4\n",
    "executor = \"processes\"\nworkers = 4\n",
    "executor = \"pool\"\nworkers = 4\n",
    "executor = \"interpreters\"\nworkers = 4\n",
];
const UNGUARDED: &str = "update = \"n\", window = \"2us\", lock = \"none\"";

#[test]
fn no_update_is_lost_under_a_lock() {
    for update in [
        "update = \"n\"",
        "update = \"n\", window = \"2us\"",
        "update = \"n\", window = \"2us\", lock = \"of the program\"",
    ] {
        let update = update.replace("of the program", "program");
        for run in PARALLEL {
            assert_eq!(lost("3.14", &update, run), 0, "{update} {run}");
        }
        assert_eq!(lost("3.14t", &update, PARALLEL[0]), 0, "{update}");
    }
}

#[test]
fn no_update_is_lost_in_one_thread() {
    assert_eq!(lost("3.14", UNGUARDED, "executor = \"sequential\"\n"), 0);
    for run in PARALLEL {
        assert_eq!(lost("3.14", UNGUARDED, &run.replace('4', "1")), 0, "{run}");
    }
}

#[test]
fn updates_are_lost_without_a_lock() {
    for run in PARALLEL {
        let lost = lost("3.14", UNGUARDED, run);
        assert!((1..80_000).contains(&lost), "{lost} {run}");
    }
}

#[test]
fn more_updates_are_lost_on_free_threads() {
    let with_lock = lost("3.14", UNGUARDED, PARALLEL[0]);
    let free = lost("3.14t", UNGUARDED, PARALLEL[0]);
    assert!(free > with_lock, "{free} {with_lock}");
}

#[test]
fn the_lock_of_the_interpreter_guards_an_augmented_assignment_from_3_10_on() {
    let update = "update = \"n\", lock = \"none\"";
    for version in ["3.10", "3.13"] {
        assert_eq!(lost(version, update, PARALLEL[0]), 0, "{version}");
    }
    // Processes have no such lock in common, and free threads have none at all.
    assert!(lost("3.13", update, PARALLEL[1]) > 0);
    assert!(lost("3.13t", update, PARALLEL[0]) > 0);
}

#[test]
fn the_same_number_of_updates_is_lost_every_time() {
    for run in PARALLEL {
        assert_eq!(updates("3.14", UNGUARDED, run), updates("3.14", UNGUARDED, run));
    }
}

#[test]
fn no_figure_is_reported_where_nothing_is_updated() {
    let text = "[machine]\ncores = 1\n[[task]]\nname = \"a\"\ncount = 1\nsteps = [{ python = \"1ms\" }]\n\
                [[run]]\nexecutor = \"sequential\"\n";
    let scenario = common::scenario(text);
    let configuration = Arc::new(scenario.configurations[0].clone());
    let outcome = workload::simulate(&configuration, &scenario.replicate, 0);
    assert_eq!(outcome.lost_updates, None);
}
