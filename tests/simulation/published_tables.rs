//! The bundled scenarios: the published tables within their bounds, and the answers that the examples give.

use std::path::Path;

use gilsim::experiment;
use gilsim::results::{Results, Summary};
use gilsim::scenario::{self, Executor, MatchValue, Scenario};
use gilsim::study::published::{ComparedCell, compare};

fn simulate(scenario: &str, overrides: &[&str]) -> Results {
    let path = Path::new("scenarios").join(format!("{scenario}.toml"));
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    let scenario =
        Scenario::load(&path, &overrides, None).unwrap_or_else(|wrong| panic!("{}", wrong.render(false)));
    experiment::run(scenario, || ())
}

/// A published cell beside the simulated one.
struct Judged {
    matches: Vec<(String, MatchValue)>,
    compared: ComparedCell,
}

fn judge(results: &Results) -> Vec<Judged> {
    let published = results
        .scenario
        .published
        .as_ref()
        .expect("the scenario has a table");
    let judge = |compared: ComparedCell| Judged {
        matches: published.cells[compared.cell].matches.clone(),
        compared,
    };
    compare(results).into_iter().map(judge).collect()
}

impl Judged {
    fn number(&self, key: &str) -> f64 {
        match self.matches.iter().find(|(path, _)| path == key) {
            Some((_, MatchValue::Number(number))) => *number,
            other => panic!("{key} is {other:?}"),
        }
    }

    fn simulated(&self) -> f64 {
        self.compared.simulated.expect("it was simulated")
    }
}

#[test]
fn echo_requests_beside_busy_threads_are_as_published() {
    let cells = judge(&simulate(
        "published/skvortsov-2021-echo",
        &["replicate.replications=1"],
    ));
    let beside_busy_threads: Vec<(f64, f64, f64)> = cells
        .iter()
        .filter(|cell| !cell.compared.fitted)
        .map(|cell| {
            (
                cell.number("python.switch_interval"),
                cell.number("background.busy.count"),
                cell,
            )
        })
        .filter(|(interval, busy, _)| *busy > 0.0 && (0.0001..=0.01).contains(interval))
        .map(|(interval, busy, cell)| {
            (
                interval,
                busy,
                cell.compared.difference().expect("it was simulated"),
            )
        })
        .collect();
    assert_eq!(beside_busy_threads.len(), 9, "{beside_busy_threads:?}");
    let within = beside_busy_threads
        .iter()
        .filter(|(_, _, difference)| difference.abs() <= 0.3)
        .count();
    assert!(
        within >= 8,
        "only {within} of nine cells are within 30 %: {beside_busy_threads:#?}"
    );
}

#[test]
fn hashing_on_two_threads_is_twice_as_fast() {
    let cells = judge(&simulate("published/skvortsov-2021-sha256", &[]));
    let seconds = |threads: f64| {
        cells
            .iter()
            .find(|cell| cell.number("workers") == threads)
            .expect("the table has it")
            .simulated()
    };
    let speedup = seconds(1.0) / seconds(2.0);
    assert!((1.8..=2.2).contains(&speedup), "{speedup}");
}

#[test]
fn a_countdown_takes_as_long_on_any_number_of_threads() {
    let cells = judge(&simulate(
        "published/skvortsov-2021-countdown",
        &["python.switch_interval=[\"5ms\", \"10ms\", \"100ms\"]"],
    ));
    let simulated: Vec<f64> = cells
        .iter()
        .filter(|cell| cell.compared.row.is_some())
        .map(Judged::simulated)
        .collect();
    assert_eq!(simulated.len(), 12);
    let (least, most) = simulated.iter().fold((f64::MAX, 0.0_f64), |(least, most), &s| {
        (least.min(s), most.max(s))
    });
    assert!(most / least <= 1.1, "from {least} s to {most} s");
}

/// Each published time beside the one thread's, simulated and published: (threads, cores, simulated, published).
/// `threads` names the setting that says how many there are; without it there are two.
fn ratios(cells: &[Judged], threads: Option<&str>) -> Vec<(f64, f64, f64, f64)> {
    let one = &cells[0];
    cells[1..]
        .iter()
        .map(|cell| {
            (
                threads.map_or(2.0, |key| cell.number(key)),
                cell.number("machine.cores"),
                cell.simulated() / one.simulated(),
                cell.compared.published / one.compared.published,
            )
        })
        .collect()
}

/// Each time relative to one thread's is within 20 %, and two threads are slower on several cores than on one.
fn assert_as_published(scenario: &str, threads: Option<&str>, expected: usize) {
    let ratios = ratios(&judge(&simulate(scenario, &[])), threads);
    assert_eq!(ratios.len(), expected);
    for (threads, cores, simulated, published) in &ratios {
        let off = simulated / published - 1.0;
        assert!(
            off.abs() <= 0.2,
            "{threads} threads on {cores} cores: {simulated:.3}, published {published:.3}"
        );
    }
    let of_two = |on_one_core: bool| {
        ratios
            .iter()
            .find(|(threads, cores, ..)| *threads == 2.0 && (*cores == 1.0) == on_one_core)
            .expect("the table has it")
            .2
    };
    let (one_core, several_cores) = (of_two(true), of_two(false));
    assert!(
        several_cores > one_core * 1.1 && one_core > 1.1,
        "{scenario}: {several_cores:.3} on several cores, {one_core:.3} on one"
    );
}

#[test]
fn two_countdowns_under_the_lock_before_3_2_cost_what_was_published() {
    assert_as_published("published/beazley-2009", None, 2);
}

#[test]
fn a_split_countdown_under_the_lock_before_3_2_costs_what_was_published() {
    assert_as_published("published/beazley-2010", Some("workers"), 4);
}

/// Simulated seconds of pool-party's benchmark in a mode, and by how much they differ from the published ones.
fn pool_party(benchmark: &str) -> impl Fn(&str) -> (f64, f64) {
    let cells = judge(&simulate(&format!("published/pool-party-{benchmark}"), &[]));
    move |mode| {
        let cell = cells
            .iter()
            .find(|cell| cell.matches == [("run".to_owned(), MatchValue::Text(mode.to_owned()))])
            .expect("the table has it");
        let difference = cell.compared.difference().expect("it was simulated");
        (cell.simulated(), difference)
    }
}

#[test]
fn sixteen_hardware_threads_of_eight_cores_yield_about_five_times_one() {
    for (benchmark, mode) in [
        ("fib", "processes"),
        ("fib", "free_threads"),
        ("nbody-shared", "processes"),
        ("nbody-no-share", "subinterpreters"),
    ] {
        let seconds = pool_party(benchmark);
        let (makespan, difference) = seconds(mode);
        let speedup = seconds("sequential").0 / makespan;
        assert!((4.4..=5.5).contains(&speedup), "{benchmark}, {mode}: {speedup}");
        assert!(difference.abs() < 0.1, "{benchmark}, {mode}: {difference}");
    }
}

#[test]
fn threads_with_a_lock_are_as_fast_as_one_on_any_machine() {
    for benchmark in ["fib", "nbody-shared", "nbody-no-share"] {
        let (_, difference) = pool_party(benchmark)("threads");
        assert!(difference.abs() < 0.05, "{benchmark}: {difference}");
    }
}

#[test]
fn free_threads_pay_where_they_share_little_and_cost_several_times_as_much_where_they_share_all() {
    let slower = |benchmark| {
        let seconds = pool_party(benchmark);
        seconds("free_threads").0 / seconds("sequential").0
    };
    assert!(slower("nbody-no-share") < 0.8, "{}", slower("nbody-no-share"));
    let shared = slower("nbody-shared");
    assert!((3.0..7.0).contains(&shared), "{shared}");
}

#[test]
fn free_threads_answer_whether_they_pay_as_the_scenario_says() {
    let results = simulate("free_threading", &[]);
    let speedups: Vec<(String, f64)> = results
        .scenario
        .configurations
        .iter()
        .zip(results.summaries())
        .map(|(configuration, summary)| {
            let speedup = summary.speedup.expect("it has a baseline").mean;
            (configuration.label.clone(), speedup)
        })
        .collect();
    let of = |label: &str| -> Vec<f64> {
        let own = speedups.iter().filter(|(run, _)| run == label);
        own.map(|(_, speedup)| *speedup).collect()
    };
    let free = of("free threads");
    assert!(free[0] > 7.0 && free.is_sorted_by(|a, b| a > b), "{free:?}");
    assert!(free.last().is_some_and(|&last| last < 0.5), "{free:?}");
    // The caller's threads wake on cores that workers have: all together are too busy to look for another one.
    for (label, least) in [("interpreters", 7.0), ("processes", 6.5)] {
        assert!(of(label).iter().all(|&speedup| speedup > least), "{label}");
    }
    assert!(of("threads").iter().all(|&speedup| speedup < 1.02));
}

#[test]
fn a_countdown_at_short_intervals_pays_for_each_change_of_threads() {
    let cells = judge(&simulate(
        "published/skvortsov-2021-countdown",
        &[
            "python.switch_interval=[\"10us\", \"100us\"]",
            "run.workers=[2, 4, 8]",
        ],
    ));
    let mut judged = 0;
    for cell in cells.iter().filter(|cell| cell.compared.row.is_some()) {
        let (interval, threads) = (cell.number("python.switch_interval"), cell.number("workers"));
        let difference = cell.compared.difference().expect("it was simulated");
        let allowed = if interval < 0.0001 { 0.33 } else { 0.2 };
        assert!(
            difference.abs() <= allowed,
            "{threads} threads at {interval} s: {difference}"
        );
        judged += 1;
    }
    assert_eq!(judged, 6);
}

/// (threads or processes, cores, workers, speedup) of each row.
fn speedups(results: &Results) -> Vec<(bool, u32, u32, f64)> {
    let summaries: Vec<Summary> = results.summaries();
    let rows = results.scenario.configurations.iter().zip(&summaries);
    rows.map(|(configuration, summary)| {
        let (threads, workers) = match configuration.executor {
            Executor::Threads(scenario::Threads { workers }) => (true, workers),
            Executor::Processes(scenario::Processes { workers, .. }) => (false, workers),
            _ => panic!("only pools here"),
        };
        (
            threads,
            configuration.machine.cores,
            workers,
            summary.speedup.expect("it has a baseline").mean,
        )
    })
    .collect()
}

#[test]
fn threads_do_not_speed_up_bytecode_and_processes_do() {
    for (threads, cores, _, speedup) in speedups(&simulate("quickstart", &[])) {
        if threads {
            assert!(
                (0.9..=1.02).contains(&speedup),
                "{cores} cores: threads {speedup}"
            );
        } else if cores <= 8 {
            assert!(
                speedup >= 0.85 * f64::from(cores),
                "{cores} cores: processes {speedup}"
            );
        } else {
            assert!(
                speedup < 0.95 * f64::from(cores),
                "{cores} cores: processes {speedup} do not flatten"
            );
        }
    }
}

#[test]
fn waiting_threads_scale_with_workers_and_not_with_cores() {
    let rows = speedups(&simulate("io_bound", &[]));
    for &(_, cores, workers, speedup) in rows.iter().filter(|row| row.0 && row.2 <= 16) {
        assert!(
            speedup >= 0.85 * f64::from(workers),
            "{cores} cores, {workers} threads: {speedup}"
        );
    }
}

/// Mean latency in seconds beside this number of busy threads.
fn latencies(scenario: &str) -> Vec<(f64, f64)> {
    let cells = judge(&simulate(scenario, &["replicate.replications=2"]));
    let latency = |cell: &Judged| (cell.number("background.busy.count"), cell.simulated());
    cells.iter().map(latency).collect()
}

#[test]
fn a_ping_starves_beside_two_threads_in_bytecode_and_not_beside_c_calls_that_hold_the_lock() {
    let beside_bytecode = latencies("published/ccbench-3.11-pi");
    assert_eq!(beside_bytecode.len(), 4);
    for (busy, latency) in beside_bytecode {
        let expected = if busy < 2.0 { 0.001..0.01 } else { 0.1..0.6 };
        assert!(expected.contains(&latency), "{latency} s beside {busy}");
    }
    let beside_calls = latencies("published/ccbench-3.11-regex");
    assert_eq!(beside_calls.len(), 4);
    for (busy, latency) in beside_calls {
        assert!(latency < 0.012, "{latency} s beside {busy}");
    }
}

#[test]
fn workers_that_compute_and_workers_that_pass_data_cost_what_was_published() {
    for (benchmark, mode) in [
        ("fib", "processes"),
        ("fib", "subinterpreters"),
        ("nbody-no-share", "subinterpreters"),
        ("data-pass", "processes"),
        ("data-pass", "subinterpreters"),
    ] {
        // The loop is fitted, so the ratio to it is off by as much.
        let (_, difference) = pool_party(benchmark)(mode);
        assert!(difference.abs() < 0.25, "{benchmark}, {mode}: {difference}");
    }
}

#[test]
fn starting_eight_workers_takes_what_was_published() {
    for cell in judge(&simulate("published/reasy-start-3.14", &[])) {
        let difference = cell.compared.difference().expect("it was simulated");
        assert!(difference.abs() < 0.1, "{:?}: {difference}", cell.matches);
    }
}

#[test]
fn calls_that_release_the_lock_scale_with_the_threads() {
    for cell in judge(&simulate("published/ccbench-3.11-bz2", &[])) {
        let difference = cell.compared.difference().expect("it was simulated");
        assert!(difference.abs() < 0.05, "{difference}");
    }
}

#[test]
fn a_queue_costs_as_much_more_than_a_connection_as_published() {
    let cells = judge(&simulate("published/pipe-queue", &[]));
    let seconds = |channel: &str| {
        let is_it =
            |cell: &&Judged| cell.matches == [("run".to_owned(), MatchValue::Text(channel.to_owned()))];
        let cell = cells.iter().find(is_it).expect("the table has it");
        (cell.simulated(), cell.compared.published)
    };
    let (pipe, published_pipe) = seconds("pipe");
    for (channel, allowed) in [("queue", 0.15), ("simple_queue", 0.1), ("joinable_queue", 0.1)] {
        let (simulated, published) = seconds(channel);
        let off = (simulated / pipe) / (published / published_pipe) - 1.0;
        assert!(off.abs() <= allowed, "{channel}: {off}");
    }
}
