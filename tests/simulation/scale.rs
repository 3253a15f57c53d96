//! A large scenario: every item completes, with a bounded number of events per item. Benchmarks measure time and memory.

use crate::common;
use std::sync::Arc;

use gilsim::results::{Replication, Status};
use gilsim::workload;

const ITEMS: u64 = 100_000;

fn simulate(step: &str, run: &str) -> Replication {
    let text = format!(
        "[machine]\ncores = 16\n[[task]]\nname = \"item\"\ncount = {ITEMS}\nsteps = [{step}]\n\
         [[run]]\nworkers = 64\n{run}"
    );
    let scenario = common::scenario(&text);
    let configuration = Arc::new(scenario.configurations[0].clone());
    workload::simulate(&configuration, &scenario.replicate, 0)
}

fn assert_all_done_in(outcome: &Replication, events_per_item: u64) {
    assert_eq!(
        (outcome.status, outcome.items),
        (Status::Done, ITEMS),
        "{}",
        outcome.detail
    );
    let events = outcome.events / ITEMS;
    assert!(events <= events_per_item, "{events} events an item");
}

#[test]
fn a_hundred_thousand_items_through_64_processes() {
    let outcome = simulate(
        "{ python = \"5ms\" }",
        "executor = \"processes\"\nchunksize = 1\n",
    );
    assert_all_done_in(&outcome, 60);
}

#[test]
fn a_hundred_thousand_items_through_64_threads() {
    let outcome = simulate("{ native = \"5ms\" }", "executor = \"threads\"\n");
    assert_all_done_in(&outcome, 10);
}
