//! `ThreadPoolExecutor` with tiny items: the lock of its count of idle threads, and who has to take it.

use std::path::Path;

use gilsim::experiment;
use gilsim::scenario::Scenario;

/// How often the interpreter lock changes hands during 3000 items of 50 us on two threads.
fn switches(version: &str) -> u64 {
    let text = format!(
        "[machine]\ncores = 2\nprofile = \"linux-2-cpu-vm\"\n[python]\nversion = \"{version}\"\n[[task]]\nname = \"item\"\ncount = 3000\n\
         steps = [{{ python = \"50us\" }}]\n[[run]]\nexecutor = \"threads\"\nworkers = 2\n"
    );
    let path = Path::new("tiny.toml");
    let scenario = Scenario::parse(path, &text, Path::new(""), &[], None).expect("a scenario");
    experiment::run(scenario, || {}).rows[0].replications[0].switches
}

/// Up to 3.11 a worker counts itself idle after each item, under a lock that it may be preempted with. Measured with
/// CPython 3.11 on the machine of linux-2-cpu-vm: 10 000 to 20 000 voluntary context switches for 10 000 items, instead of 400.
#[test]
fn workers_that_count_themselves_idle_after_each_item_get_into_a_convoy() {
    let (always, when_empty) = (switches("3.11"), switches("3.12"));
    assert!(always > 500, "{always} switches");
    assert!(always > 3 * when_empty, "{always} and {when_empty} switches");
}
