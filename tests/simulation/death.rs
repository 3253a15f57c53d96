//! The state that a killed process leaves behind, and how each executor reacts when a worker dies.

use crate::common;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use gilsim::os::{Activity, Os, Outcome, Parting, Pipe, ProcessId, Semaphore, ThreadId, ThreadSpec, Work};
use gilsim::profile::Profile;
use gilsim::results::{Replication, Status};
use gilsim::units::Nanos;
use gilsim::workload;

use crate::common::{free_profile, machine, spawn};

const MILLISECOND: Nanos = Nanos::from_millis(1);

mod the_kernel {
    use super::*;

    fn free() -> Arc<Profile> {
        free_profile(|_| ())
    }

    fn spawn_in<F: Future<Output = ()> + 'static>(
        os: &Rc<Os>,
        process: ProcessId,
        name: &str,
        body: impl FnOnce(ThreadId) -> F,
    ) -> ThreadId {
        os.spawn(spec(Some(process), name), body)
    }

    fn spec(process: Option<ProcessId>, name: &str) -> ThreadSpec {
        ThreadSpec {
            name: name.into(),
            process,
            foreground: true,
            activity: Activity::Running,
        }
    }

    /// Kills `process` after 5 ms, then does `more`.
    fn kill_later<F: Future<Output = ()> + 'static>(
        os: &Rc<Os>,
        process: ProcessId,
        more: impl FnOnce(ThreadId) -> F + 'static,
    ) {
        let inner = os.clone();
        spawn(os, "killer", move |me| async move {
            inner.wait_for_device(me, MILLISECOND * 5).await;
            inner.kill(process);
            more(me).await;
        });
    }

    #[test]
    fn ends_its_threads_wherever_they_are() {
        let os = machine(1, 1, free());
        let process = os.add_process();
        let never = Rc::new(Semaphore::new(&os, "what never comes", 0));
        for name in ["running", "ready"] {
            let inner = os.clone();
            spawn_in(&os, process, name, move |me| async move {
                inner.compute(me, Nanos::from_secs(1)).await;
            });
        }
        let inner = os.clone();
        spawn_in(&os, process, "asleep", move |me| async move {
            inner.sleep(me, Nanos::from_secs(1)).await;
        });
        let (inner, semaphore) = (os.clone(), never.clone());
        spawn_in(&os, process, "waiting", move |me| async move {
            semaphore.wait(&inner, me).await;
        });
        let inner = os.clone();
        spawn(&os, "alive", move |me| async move {
            inner.compute(me, Nanos::from_secs(1)).await;
        });
        let inner = os.clone();
        os.spawn_external(spec(None, "killer"), move |me| async move {
            inner.wait_for_device(me, MILLISECOND * 5).await;
            inner.kill(process);
        });
        assert_eq!(os.run(MILLISECOND * 10), Outcome::Limit);
        for life in &os.lives()[..4] {
            assert_eq!(life.ended, Some(MILLISECOND * 5), "{life:?}");
            assert!(life.left.is_done(), "{life:?}");
        }
        // All of the CPU is its own from then on.
        let alive = &os.lives()[4];
        assert!(alive.done >= Work::at_full_speed(MILLISECOND * 5), "{alive:?}");
    }

    #[test]
    fn leaves_a_lock_locked_and_the_report_says_who_had_it() {
        let os = machine(2, 1, free());
        let process = os.add_process();
        let lock = Rc::new(Semaphore::lock(&os, "the lock"));
        let (inner, held) = (os.clone(), lock.clone());
        spawn_in(&os, process, "holder", move |me| async move {
            held.wait(&inner, me).await;
            inner.sleep(me, Nanos::from_secs(1)).await;
        });
        let inner = os.clone();
        kill_later(&os, process, move |me| async move { lock.wait(&inner, me).await });
        assert_eq!(
            os.run(Nanos::from_secs(2)),
            Outcome::Deadlock("killer waits for the lock (held by holder, which was killed)".to_owned())
        );
    }

    #[test]
    fn passes_over_the_dead_in_a_queue_that_others_share() {
        let os = machine(2, 1, free());
        let process = os.add_process();
        let semaphore = Rc::new(Semaphore::new(&os, "a unit", 0));
        let (inner, waited) = (os.clone(), semaphore.clone());
        spawn_in(&os, process, "first in the queue", move |me| async move {
            waited.wait(&inner, me).await;
        });
        let (inner, waited) = (os.clone(), semaphore.clone());
        spawn(&os, "second", move |me| async move {
            inner.wait_for_device(me, MILLISECOND).await;
            waited.wait(&inner, me).await;
            inner.stop();
        });
        let inner = os.clone();
        kill_later(
            &os,
            process,
            move |me| async move { semaphore.post(&inner, me).await },
        );
        assert_eq!(os.run(Nanos::from_secs(1)), Outcome::Done);
    }

    #[test]
    fn tells_the_parent_through_the_sentinel_and_waitpid() {
        let os = machine(2, 1, free());
        let process = os.add_process();
        let parting = Parting {
            exited: Rc::new(Semaphore::new(&os, "the child to exit", 0)),
            sentinel: Rc::new(Pipe::new(&os, "the sentinel")),
        };
        os.set_parting(process, parting.clone());
        let inner = os.clone();
        spawn_in(&os, process, "child", move |me| async move {
            inner.sleep(me, Nanos::from_secs(1)).await;
        });
        let inner = os.clone();
        spawn(&os, "parent", move |me| async move {
            Pipe::wait_for_any(&inner, me, &[&parting.sentinel]).await;
            assert_eq!(inner.now(), MILLISECOND * 5);
            parting.exited.wait(&inner, me).await;
            inner.stop();
        });
        kill_later(&os, process, move |_| async {});
        assert_eq!(os.run(Nanos::from_secs(2)), Outcome::Done);
    }

    #[test]
    fn ends_the_thread_that_kills_its_own_process() {
        let os = machine(1, 1, free());
        let process = os.add_process();
        let went_on = Rc::new(Cell::new(false));
        let (inner, seen) = (os.clone(), went_on.clone());
        spawn_in(&os, process, "suicidal", move |me| async move {
            inner.compute(me, MILLISECOND).await;
            inner.kill(process);
            inner.compute(me, MILLISECOND).await;
            seen.set(true);
        });
        let inner = os.clone();
        spawn(&os, "another", move |me| async move {
            inner.compute(me, MILLISECOND * 3).await;
            inner.stop();
        });
        assert_eq!(os.run(Nanos::from_secs(1)), Outcome::Done);
        assert!(!went_on.get());
        assert_eq!(os.now(), MILLISECOND * 4);
    }
}

/// One replication of a run of items with these steps.
fn simulate(version: &str, setup: &str, item: &str, run: &str) -> Replication {
    let text = format!(
        "[machine]\ncores = 4\n[python]\nversion = \"{version}\"\n[program]\nsetup = [{setup}]\n\
         [replicate]\nreplications = 1\nseed = 5\nlimit = \"1min\"\n\
         [[task]]\nname = \"item\"\ncount = 40\n{item}\n\
         [[background]]\nname = \"busy\"\nsteps = [{{ python = \"forever\" }}]\n[[run]]\n{run}"
    );
    let scenario = common::scenario(&text);
    let configuration = Arc::new(scenario.configurations[0].clone());
    workload::simulate(&configuration, &scenario.replicate, 0)
}

const ITEM: &str = "steps = [{ native = \"1ms\" }, { crash = 0.1 }]";
const EXECUTOR: &str = "executor = \"processes\"\nworkers = 3\n";
const POOL: &str = "executor = \"pool\"\nworkers = 3\nchunksize = 1\n";

/// What follows "crashed at " in a detail.
fn where_it_crashed(outcome: &Replication) -> &str {
    let (_, rest) = outcome.detail.split_once(" crashed at ").expect(&outcome.detail);
    rest.split([',', ';', ' ']).nth(1).expect("item 7 of ...")
}

#[test]
fn an_executor_breaks_and_tells_its_caller() {
    for version in ["3.8", "3.11", "3.13", "3.14t"] {
        let outcome = simulate(version, "", ITEM, EXECUTOR);
        assert_eq!(outcome.status, Status::Broken, "{outcome:?}");
        assert!(
            outcome.detail.starts_with(
                "BrokenProcessPool: A process in the process pool was terminated abruptly while the future was \
                 running or pending. (worker "
            ),
            "{}",
            outcome.detail
        );
        assert!(outcome.items < 40, "{outcome:?}");
    }
}

#[test]
fn an_executor_breaks_where_calls_wait_for_each_other_too() {
    let item = format!("{ITEM}\n[[task]]\nname = \"next\"\nafter = {{ item = \"each\" }}\n{ITEM}");
    assert_eq!(simulate("3.13", "", &item, EXECUTOR).status, Status::Broken);
}

/// gh-94777
#[test]
fn an_executor_that_breaks_while_its_feeder_writes_hung_before_3_11() {
    let item = format!("argument = \"1 MB\"\n{ITEM}");
    let before = simulate("3.10", "", &item, EXECUTOR);
    assert_eq!(before.status, Status::Deadlock, "{before:?}");
    assert!(
        before.detail.contains("waits for room in the call queue"),
        "{}",
        before.detail
    );
    assert_eq!(simulate("3.11", "", &item, EXECUTOR).status, Status::Broken);
}

#[test]
fn a_pool_replaces_the_worker_and_waits_for_its_result_for_ever() {
    for version in ["3.2", "3.7", "3.8", "3.13"] {
        for method in ["map", "imap", "imap_unordered", "apply_async"] {
            let chunksize = match method {
                "apply_async" => "",
                _ => "chunksize = 1\n",
            };
            let run = format!("executor = \"pool\"\nworkers = 3\nmethod = \"{method}\"\n{chunksize}");
            let outcome = simulate(version, "", ITEM, &run);
            assert_eq!(outcome.status, Status::Deadlock, "{outcome:?}");
            let detail = &outcome.detail;
            let is_there = |number| detail.contains(&format!("worker {number} waits for "));
            assert!(
                (3..20).any(is_there) && detail.contains(" crashed at item "),
                "{detail}"
            );
        }
    }
}

#[test]
fn a_pool_survives_workers_that_die_before_they_have_a_task_and_an_executor_does_not() {
    let steps = "steps = [{ native = \"1ms\" }]";
    for version in ["3.7", "3.13"] {
        let outcome = simulate(version, "{ crash = 0.7 }", steps, POOL);
        assert_eq!(
            (outcome.status, outcome.items),
            (Status::Done, 40),
            "{}",
            outcome.detail
        );
        let outcome = simulate(version, "{ crash = 0.7 }", steps, EXECUTOR);
        assert_eq!(
            (outcome.status, outcome.items),
            (Status::Broken, 0),
            "{}",
            outcome.detail
        );
    }
}

#[test]
fn a_lock_that_a_dead_worker_holds_is_never_free_again() {
    let item = "steps = [{ lock = \"a\", steps = [{ native = \"1ms\" }, { crash = 0.1 }] }]";
    let outcome = simulate("3.13", "", item, POOL);
    assert_eq!(outcome.status, Status::Deadlock, "{outcome:?}");
    let detail = &outcome.detail;
    assert!(
        detail.contains("waits for the lock \"a\" (held by worker ")
            && detail.contains(", which was killed)"),
        "{detail}"
    );
}

#[test]
fn a_result_of_a_process_of_its_own_never_comes() {
    let item = format!("result = \"1 kB\"\n{ITEM}");
    let outcome = simulate("3.13", "", &item, "executor = \"process-per-task\"\n");
    assert_eq!(outcome.status, Status::Deadlock, "{outcome:?}");
    assert!(
        outcome
            .detail
            .contains("the main thread waits for something to read from the result queue"),
        "{}",
        outcome.detail
    );
}

#[test]
fn a_parent_that_only_joins_its_processes_does_not_notice() {
    let outcome = simulate("3.13", "", ITEM, "executor = \"process-per-task\"\n");
    assert_eq!(outcome.status, Status::Done, "{outcome:?}");
    assert!(
        outcome.detail.contains(" crashed") && outcome.detail.ends_with(", and the program went on"),
        "{}",
        outcome.detail
    );
}

#[test]
fn where_all_is_one_process_it_takes_the_program_with_it() {
    let executors = ["sequential", "threads", "thread-per-task", "interpreters"];
    for executor in executors {
        let outcome = simulate("3.14", "", ITEM, &format!("executor = \"{executor}\"\n"));
        assert_eq!(outcome.status, Status::Crashed, "{outcome:?}");
        assert!(
            outcome.detail.contains(", and the whole program with it"),
            "{}",
            outcome.detail
        );
    }
}

#[test]
fn the_same_item_crashes_under_every_executor() {
    let run = "executor = \"sequential\"\n";
    let sequential = simulate("3.13", "", ITEM, run);
    // All that comes before it is done, and in a plain loop in this order.
    assert_eq!(where_it_crashed(&sequential), sequential.items.to_string());
    for run in [
        "executor = \"processes\"\nworkers = 1\n",
        "executor = \"pool\"\nworkers = 1\n",
    ] {
        let outcome = simulate("3.13", "", ITEM, run);
        assert_eq!(
            where_it_crashed(&outcome),
            where_it_crashed(&sequential),
            "{outcome:?}"
        );
    }
}

#[test]
fn nothing_changes_where_no_worker_crashes() {
    let item = "steps = [{ native = \"1ms\" }, { crash = 1e-9 }]";
    let outcome = simulate("3.13", "", item, POOL);
    assert_eq!(
        (outcome.status, outcome.items, outcome.detail.as_str()),
        (Status::Done, 40, "")
    );
}
