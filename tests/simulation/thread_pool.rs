//! `ThreadPoolExecutor` with tiny items: its count of idle threads, and which threads acquire the lock of that count.

use std::path::Path;

use gilsim::experiment;
use gilsim::results::Replication;
use gilsim::scenario::Scenario;

/// The replications of the first run.
fn results(text: &str) -> Vec<Replication> {
    let scenario =
        Scenario::parse(Path::new("threads.toml"), text, Path::new(""), &[], None).expect("a scenario");
    experiment::run(scenario, || {}).rows[0].replications.clone()
}

/// The first of them.
fn result(text: &str) -> Replication {
    results(text).swap_remove(0)
}

/// How often CPUs went from one thread to another during 3000 items of 50 us on two threads, at most of nine times: a
/// preemption has to hit a short moment for it.
fn switches(version: &str) -> u64 {
    let text = format!(
        "[machine]\ncores = 2\nprofile = \"linux-2-cpu-vm\"\n[python]\nversion = \"{version}\"\n[[task]]\nname = \"item\"\ncount = 3000\n\
         steps = [{{ python = \"50us\" }}]\n[[run]]\nexecutor = \"threads\"\nworkers = 2\n[replicate]\nreplications = 9\n"
    );
    let switches = results(&text).into_iter().map(|result| result.switches);
    switches.max().expect("nine replications")
}

/// Up to 3.11 a worker counts itself idle after each item, under a lock that it may be preempted with. Measured with
/// CPython 3.11 on the machine of linux-2-cpu-vm: 10 000 to 20 000 voluntary context switches for 10 000 items, instead of 400.
#[test]
fn workers_that_count_themselves_idle_after_each_item_get_into_a_convoy() {
    let (always, when_empty) = (switches("3.11"), switches("3.12"));
    assert!(always > 500, "{always} switches");
    assert!(always > 3 * when_empty, "{always} and {when_empty} switches");
}

/// Up to 3.12 a put wakes one waiting thread, and that thread wakes the next one (`simplequeue_get_impl`). Measured with
/// CPython 3.11: of four waiting threads, all four run after four puts in a row.
#[test]
fn all_threads_that_wait_are_woken_by_work_that_comes_at_once() {
    for version in ["3.11", "3.12", "3.13"] {
        let text = format!(
            "[machine]\ncores = 2\nprofile = \"linux-2-cpu-vm\"\n[python]\nversion = \"{version}\"\n\
             [[task]]\nname = \"first\"\ncount = 4\nsteps = [{{ io = \"20ms\" }}]\n\
             [[task]]\nname = \"then\"\ncount = 4\nsteps = [{{ io = \"20ms\" }}]\nafter = {{ first = \"all\" }}\n\
             [[run]]\nexecutor = \"threads\"\nworkers = 4\n"
        );
        let makespan = result(&text).makespan.as_secs_f64();
        assert!((0.040..0.055).contains(&makespan), "{version}: {makespan} s");
    }
}
