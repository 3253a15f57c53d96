//! `asyncio` as its source defines it: the order in which callbacks run, when the loop wakes up, and what blocks it. On
//! these machines only the mechanism under test has a cost.

use crate::common;
use std::cell::RefCell;
use std::rc::Rc;

use gilsim::cpython::asyncio::{EventLoop, Semaphore};
use gilsim::cpython::{Interpreter, ThreadState};
use gilsim::experiment;
use gilsim::model::{Python, Version};
use gilsim::os::{Os, Outcome};
use gilsim::profile::Profile;
use gilsim::random::Key;
use gilsim::results::Replication;
use gilsim::units::Nanos;

type Log = Rc<RefCell<Vec<(u64, &'static str)>>>;

/// Runs a loop in the main thread of a program, on two cores, until `main` is over.
fn run<F: Future<Output = ()> + 'static>(
    change: impl FnOnce(&mut Profile),
    main: impl FnOnce(Rc<EventLoop>, Log) -> F + 'static,
) -> (Rc<Os>, Vec<(u64, &'static str)>) {
    let profile = common::free_profile(change);
    let os = common::machine(2, 1, profile.clone());
    let python = Python {
        version: Version::release(3, 13),
        switch_interval: Nanos::from_millis(5),
        check_interval: 100,
    };
    let log = Log::default();
    let interpreter = Interpreter::new(&os, "the program", &profile, &python, Key::root(1, 0));
    let written = log.clone();
    common::spawn(&os, "the main thread", |id| async move {
        let me = ThreadState { interpreter, id };
        me.attach().await;
        EventLoop::run(&me, |event_loop| main(event_loop, written)).await;
        me.os().stop();
    });
    assert_eq!(os.run(Nanos::from_secs(60)), Outcome::Done);
    let log = log.take();
    (os, log)
}

fn note(event_loop: &EventLoop, log: &Log, what: &'static str) {
    let now = event_loop.thread.os().now().0 / 1_000;
    log.borrow_mut().push((now, what));
}

#[test]
fn what_a_callback_makes_ready_waits_for_the_next_iteration() {
    let (_, log) = run(
        |_| (),
        |event_loop, log| async move {
            let mut tasks = Vec::new();
            for names in [["a1", "a2"], ["b1", "b2"], ["c1", "c2"]] {
                let (inner, log) = (event_loop.clone(), log.clone());
                let task = async move {
                    note(&inner, &log, names[0]);
                    inner.sleep(Nanos::ZERO).await;
                    note(&inner, &log, names[1]);
                };
                tasks.push(event_loop.create_task(task).await);
            }
            let all = event_loop.gather(&tasks).await;
            event_loop.wait(&all).await;
            note(&event_loop, &log, "all");
        },
    );
    let order: Vec<&str> = log.into_iter().map(|(_, what)| what).collect();
    assert_eq!(order, ["a1", "b1", "c1", "a2", "b2", "c2", "all"]);
}

#[test]
fn a_timer_is_rounded_up_to_milliseconds_but_not_beside_an_answer() {
    let (_, log) = run(
        |_| (),
        |event_loop, log| async move {
            event_loop.sleep(Nanos::from_micros(1_200)).await;
            note(&event_loop, &log, "alone");
            let (inner, other) = (event_loop.clone(), log.clone());
            let asking = async move {
                inner
                    .open_connection()
                    .ask(&inner, Nanos::from_micros(1_500))
                    .await;
                note(&inner, &other, "answer");
            };
            let asking = event_loop.create_task(asking).await;
            event_loop.sleep(Nanos::from_micros(1_200)).await;
            note(&event_loop, &log, "beside an answer");
            event_loop.wait(asking.done()).await;
        },
    );
    // The answer wakes the loop, and by then the timer is due. Its callback runs behind the reader, and so do their tasks.
    assert_eq!(
        log,
        [(2_000, "alone"), (3_500, "answer"), (3_500, "beside an answer")]
    );
}

#[test]
fn a_semaphore_is_given_to_the_task_that_has_waited_longest() {
    let (_, log) = run(
        |_| (),
        |event_loop, log| async move {
            let semaphore = Rc::new(Semaphore::new(2));
            let mut tasks = Vec::new();
            for (name, time) in [("a", 3), ("b", 1), ("c", 4), ("d", 1)] {
                let (inner, log, semaphore) = (event_loop.clone(), log.clone(), semaphore.clone());
                let task = async move {
                    semaphore.acquire(&inner).await;
                    inner.sleep(Nanos::from_millis(time)).await;
                    note(&inner, &log, name);
                    semaphore.release(&inner);
                };
                tasks.push(event_loop.create_task(task).await);
            }
            let all = event_loop.gather(&tasks).await;
            event_loop.wait(&all).await;
        },
    );
    assert_eq!(log, [(1_000, "b"), (3_000, "a"), (4_000, "d"), (5_000, "c")]);
}

#[test]
fn a_loop_that_is_over_leaves_nothing_behind() {
    let (os, _) = run(
        |_| (),
        |event_loop, _| async move {
            let inner = event_loop.clone();
            let endless = async move { inner.sleep(Nanos::from_secs(1_000)).await };
            event_loop.create_task(endless).await;
            event_loop.sleep(Nanos::from_millis(1)).await;
        },
    );
    assert_eq!(Rc::strong_count(&os), 1, "a coroutine outlived its loop");
}

/// The first replication of a scenario's only configuration.
fn play(text: &str) -> Replication {
    let mut results = experiment::run(common::scenario(text), || ());
    results.rows.swap_remove(0).replications.swap_remove(0)
}

fn items(steps: &str, run: &str) -> Nanos {
    let text = format!(
        "[machine]\ncores = 4\nprofile = \"profiles/free.toml\"\n[[task]]\nname = \"item\"\ncount = 4\n\
         steps = [{steps}]\n[[run]]\nexecutor = \"asyncio\"\n{run}"
    );
    play(&text).makespan
}

#[test]
fn items_wait_together_and_compute_one_after_the_other() {
    let millis = Nanos::from_millis;
    assert_eq!(items("{ io = \"10ms\" }", ""), millis(10));
    assert_eq!(items("{ io = \"10ms\" }", "workers = 2"), millis(20));
    assert_eq!(items("{ python = \"10ms\" }", ""), millis(40));
    // C code without the lock blocks the loop as well, unless it goes elsewhere.
    assert_eq!(items("{ native = \"10ms\" }", "offload = \"thread\""), millis(40));
    let offloaded = "{ native = \"10ms\", offload = true }";
    assert_eq!(items(offloaded, ""), millis(40));
    assert_eq!(items(offloaded, "offload = \"thread\""), millis(10));
}

#[test]
fn a_thread_takes_nothing_off_the_interpreter_lock_and_a_process_does() {
    let offloaded = "{ python = \"50ms\", offload = true }";
    let millis = Nanos::from_millis;
    assert_eq!(items(offloaded, "offload = \"thread\""), millis(200));
    let processes = items(offloaded, "offload = \"process\"");
    assert!(processes < millis(51), "{processes}");
}

#[test]
fn a_lock_is_held_across_what_is_awaited() {
    let locked = "{ lock = \"one\", steps = [{ io = \"10ms\" }, { native = \"5ms\", offload = true }] }";
    assert_eq!(items(locked, "offload = \"thread\""), Nanos::from_millis(60));
}

#[test]
fn items_wait_for_those_that_they_depend_on_and_no_others() {
    let text = "[machine]\ncores = 4\nprofile = \"profiles/free.toml\"\n\
        [[task]]\nname = \"slow\"\ncount = 1\nsteps = [{ io = \"50ms\" }]\n\
        [[task]]\nname = \"fetch\"\ncount = 3\nsteps = [{ io = \"10ms\" }]\n\
        [[task]]\nname = \"each\"\nafter = { fetch = \"each\" }\nsteps = [{ io = \"20ms\" }]\n\
        [[task]]\nname = \"all\"\nafter = [\"each\", \"slow\"]\nsteps = [{ io = \"7ms\" }]\n\
        [[run]]\nexecutor = \"asyncio\"\n";
    assert_eq!(play(text).makespan, Nanos::from_millis(57));
}

mod beside_a_busy_thread {
    use super::*;

    /// Requests per second of a client that sends the next request when it has the reply, beside one busy thread. On this
    /// machine a system call takes longer than a wake-up, so that each call hands the lock over.
    fn requests_per_second(steps: &str) -> f64 {
        let text = format!(
            "[machine]\ncores = 4\nprofile = \"profiles/convoy.toml\"\n\
             [[task]]\nname = \"echo\"\nclients = 1\nduration = \"10s\"\nsteps = [{steps}]\n\
             [[background]]\nname = \"busy\"\nsteps = [{{ python = \"forever\" }}]\n\
             [[run]]\nexecutor = \"asyncio\"\n"
        );
        let outcome = play(&text);
        outcome.items as f64 / outcome.counted.as_secs_f64()
    }

    fn assert_takes(intervals: f64, steps: &str) {
        let took = 1.0 / requests_per_second(steps) / 0.005;
        assert!(
            (intervals..intervals * 1.03).contains(&took),
            "{steps}: {took} intervals instead of {intervals}"
        );
    }

    /// A poll that waits, `recv`, a poll that need not wait, `send`. An echo in `data_received`, without a task that is to
    /// be woken, has no second poll.
    #[test]
    fn each_system_call_of_a_request_costs_an_interval() {
        assert_takes(4.0, "{ python = \"1us\" }");
    }

    /// A poll that waits, `recv`, and a poll before the coroutine goes on.
    #[test]
    fn an_answer_that_is_awaited_costs_three_more() {
        assert_takes(7.0, "{ io = \"100us\" }");
    }

    #[test]
    fn c_code_without_the_lock_costs_one_more() {
        assert_takes(5.0, "{ native = \"20us\" }");
    }
}

/// Makespans of the runs of a scenario with `cores` cores, whose only task has 8 items with these steps.
fn makespans_of_loops(version: &str, steps: &str, threads: &[u32]) -> Vec<Nanos> {
    let runs: String = threads
        .iter()
        .map(|threads| {
            format!("[[run]]\nname = \"{threads}\"\nexecutor = \"loop-per-thread\"\nthreads = {threads}\n")
        })
        .collect();
    let scenario = common::scenario(&format!(
        "machine = {{ cores = 4 }}\npython.version = \"{version}\"\n\
         [[task]]\nname = \"item\"\ncount = 8\nsteps = [{steps}]\n{runs}"
    ));
    let results = experiment::run(scenario, || ());
    let first = results.rows.iter().map(|row| &row.replications[0]);
    first.map(|replication| replication.makespan).collect()
}

#[test]
fn loops_in_several_threads_run_side_by_side_only_without_the_interpreter_lock() {
    let steps = "{ python = \"20ms\" }";
    let with_lock = makespans_of_loops("3.14", steps, &[1, 4]);
    assert!(with_lock[1] > Nanos::from_millis(160), "{with_lock:?}");
    let free = makespans_of_loops("3.14t", steps, &[1, 4]);
    let gain = free[0].0 as f64 / free[1].0 as f64;
    assert!((3.7..=4.0).contains(&gain), "{free:?}");
}

#[test]
fn loops_in_several_threads_wait_no_longer_than_one_loop() {
    // All items wait at the same time, on however many loops they are.
    for makespan in makespans_of_loops("3.14", "{ io = \"50ms\" }", &[1, 2, 8]) {
        assert!(
            Nanos::from_millis(50) < makespan && makespan < Nanos::from_millis(53),
            "{makespan}"
        );
    }
}
