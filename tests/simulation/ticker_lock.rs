//! The interpreter lock before 3.2: which thread holds it when, and the cost of each check.

use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;

use gilsim::cpython::{Interpreter, Thread, ThreadState};
use gilsim::model::{Python, Version};
use gilsim::os::{CountedQueue, Mutex, Os, Outcome};
use gilsim::profile::Profile;
use gilsim::random::{Key, Table, Time};
use gilsim::units::Nanos;

use crate::common::{free_profile, machine, profile, spawn};

const RUN: Nanos = Nanos::from_secs(2);

/// The result of running some busy threads.
struct Busy {
    /// Number of times a different thread took the lock.
    hand_overs: u64,
    /// Number of times a CPU switched to a different thread.
    cpu_switches: u64,
    /// Bytecode that all threads together have run.
    done: Nanos,
}

fn busy(name: &str, cores: usize, threads: u32, check_interval: u32) -> Busy {
    let key = Key::root(1, 0);
    let profile = Profile::load(name, Path::new(".")).unwrap();
    let os = Os::new(cores, 1, profile.clone(), key);
    let python = Python {
        version: Version::release(2, 7),
        switch_interval: Nanos::from_millis(5),
        check_interval,
    };
    let interpreter = Interpreter::new(&os, "the program", &profile, &python, key);
    let done = Rc::new(Cell::new(Nanos::ZERO));
    let (shared, sum) = (interpreter.clone(), done.clone());
    spawn(&os, "main", move |id| async move {
        let me = ThreadState {
            interpreter: shared,
            id,
        };
        me.attach().await;
        for number in 0..threads {
            let sum = sum.clone();
            let run = |me: ThreadState| async move {
                let chunk = Nanos::from_micros(100);
                loop {
                    me.bytecode(chunk).await;
                    sum.set(sum.get() + chunk);
                }
            };
            Thread::start(&me, &format!("busy {number}"), false, run).await;
        }
        me.detach().await;
        me.os().sleep(me.id, RUN).await;
        me.os().stop();
    });
    assert_eq!(os.run(RUN * 2), Outcome::Done);
    Busy {
        hand_overs: interpreter.lock.switches(),
        cpu_switches: os.switches(),
        done: done.get(),
    }
}

/// The number of checks in an amount of bytecode.
fn checks(name: &str, bytecode: Nanos) -> u64 {
    let tick = profile(name).python.gil.tick;
    bytecode.0 / (tick.0 * 101)
}

#[test]
fn on_two_cores_the_runner_keeps_the_lock_at_most_checks() {
    for name in ["linux-x86_64", "macos-2009-macbook"] {
        let busy = busy(name, 2, 2, 100);
        let checks = checks(name, busy.done);
        assert!(busy.hand_overs > 100, "{name}: {}", busy.hand_overs);
        assert!(
            busy.hand_overs * 2 < checks,
            "{name}: {} of {checks}",
            busy.hand_overs
        );
    }
}

#[test]
fn on_one_core_the_lock_changes_hands_only_where_the_core_does() {
    for name in ["linux-x86_64", "macos-2009-macbook"] {
        let busy = busy(name, 1, 2, 100);
        assert!(busy.hand_overs > 10, "{name}: {}", busy.hand_overs);
        assert!(
            busy.hand_overs <= busy.cpu_switches,
            "{name}: {} with {} switches of the core",
            busy.hand_overs,
            busy.cpu_switches
        );
    }
}

#[test]
fn two_threads_get_less_done_than_one_and_least_on_two_cores() {
    let done = |cores, threads| busy("macos-2009-macbook", cores, threads, 100).done;
    let (alone, one_core, two_cores) = (done(2, 1), done(1, 2), done(2, 2));
    assert!(
        two_cores < one_core && one_core < alone,
        "{two_cores} < {one_core} < {alone}"
    );
}

#[test]
fn the_longer_the_check_interval_the_less_checks_cost() {
    let done = |check_interval| busy("macos-2009-macbook", 1, 2, check_interval).done;
    let (often, rarely) = (done(100), done(1_000));
    assert!(often * 10 < rarely * 8, "{often} and {rarely}");
}

/// Times that a signal took its thread: before anybody waits, while somebody sleeps, and while whom it woke is on
/// its way.
#[test]
fn a_signal_enters_the_kernel_as_long_as_a_waiter_is_counted() {
    let profile = free_profile(|profile| {
        profile.machine.scheduler.futex_wake = Nanos(3_000);
        profile.machine.scheduler.futex_wake_nobody = Table::from(Time::Constant(Nanos(2_000)));
        profile.machine.scheduler.wake_latency = Table::from(Time::Constant(Nanos(10_000)));
    });
    let os = machine(2, 1, profile);
    let queue = Rc::new(CountedQueue::of_lock(&os, "the lock", Key::root(1, 0)));
    let (inner, shared) = (os.clone(), queue.clone());
    spawn(&os, "waiter", move |me| async move {
        inner.compute(me, Nanos(500_000)).await;
        shared.set_owner(Some(me));
        shared.wait(&inner, me, Nanos::ZERO, None).await;
    });
    let inner = os.clone();
    spawn(&os, "signaller", move |me| async move {
        let mut took = Vec::new();
        for begin in [100_000, 900_000, 0, 1_000_000] {
            let wait = Nanos(begin).saturating_sub(inner.now());
            inner.compute(me, wait).await;
            let before = inner.now();
            queue.signal(&inner, me).await;
            took.push((inner.now() - before).0);
        }
        assert_eq!(took, [0, 3_000, 2_000, 0]);
        inner.stop();
    });
    assert_eq!(os.run(Nanos::from_secs(1)), Outcome::Done);
}

/// A waiter keeps the mutex while it goes to sleep: a thread that wants the mutex waits until then.
#[test]
fn a_mutex_opens_as_the_waiter_falls_asleep() {
    let os = machine(2, 1, free_profile(|_| ()));
    let queue = Rc::new(CountedQueue::of_lock(&os, "the lock", Key::root(1, 0)));
    let mutex = Rc::new(Mutex::new(&os, "its mutex"));
    let (inner, shared, guard) = (os.clone(), queue.clone(), mutex.clone());
    spawn(&os, "waiter", move |me| async move {
        shared.set_owner(Some(me));
        guard.lock(&inner, me).await;
        shared.wait(&inner, me, Nanos(5_000), Some(&guard)).await;
        assert_eq!(inner.now(), Nanos(6_000));
        inner.stop();
    });
    let inner = os.clone();
    spawn(&os, "signaller", move |me| async move {
        inner.compute(me, Nanos(1_000)).await;
        mutex.lock(&inner, me).await;
        assert_eq!(inner.now(), Nanos(5_000));
        mutex.unlock(&inner, me).await;
        inner.compute(me, Nanos(1_000)).await;
        queue.signal(&inner, me).await;
    });
    assert_eq!(os.run(Nanos::from_secs(1)), Outcome::Done);
}

/// The holder releases the lock while a waiter is about to sleep, and never signals again.
#[test]
fn a_waiter_that_finds_the_lock_free_before_sleeping_does_not_sleep() {
    let os = machine(2, 1, free_profile(|_| ()));
    let queue = Rc::new(CountedQueue::of_lock(&os, "the lock", Key::root(1, 0)));
    let (inner, shared) = (os.clone(), queue.clone());
    spawn(&os, "holder", move |me| async move {
        shared.set_owner(Some(me));
        inner.compute(me, Nanos(3_000)).await;
        shared.set_owner(None);
        shared.signal(&inner, me).await;
    });
    let inner = os.clone();
    spawn(&os, "waiter", move |me| async move {
        inner.compute(me, Nanos(1_000)).await;
        queue.wait(&inner, me, Nanos(5_000), None).await;
        assert_eq!(inner.now(), Nanos(6_000));
        inner.stop();
    });
    assert_eq!(os.run(Nanos::from_secs(1)), Outcome::Done);
}
