//! The operating system without Python: which thread gets which CPU, when a sleeper wakes up, and how threads wait for a
//! lock, a semaphore or a pipe.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use gilsim::os::{Mutex, Os, Outcome, Pipe, Resource, Semaphore, Stay};
use gilsim::profile::{Profile, SchedulerPolicy};
use gilsim::random::{Table, Time};
use gilsim::units::{Bytes, Nanos};

use crate::common::{free_profile, machine, profile, spawn, spawn_background};

const SECOND: Nanos = Nanos::from_secs(1);

fn linux() -> Arc<Profile> {
    profile("linux-x86_64")
}

fn millis(time: Nanos) -> u64 {
    time.0 / 1_000_000
}

/// A machine that has run `threads` busy threads for `time`.
fn busy_machine((cores, smt): (usize, usize), threads: usize, time: Nanos, profile: Arc<Profile>) -> Rc<Os> {
    let os = machine(cores, smt, profile);
    for number in 0..threads {
        let inner = os.clone();
        spawn(&os, &format!("busy {number}"), move |me| async move {
            inner.compute(me, Nanos::FOREVER).await;
        });
    }
    assert_eq!(os.run(time), Outcome::Limit);
    os
}

/// CPU time at full speed that each thread got done.
fn done(os: &Os) -> Vec<Nanos> {
    os.lives()
        .iter()
        .map(|life| life.done.at_full_speed_takes())
        .collect()
}

#[test]
fn equal_threads_get_equal_shares_in_the_long_run() {
    for (cores, threads) in [
        (1, 2),
        (1, 3),
        (2, 3),
        (2, 5),
        (2, 9),
        (3, 4),
        (3, 7),
        (4, 9),
        (4, 11),
        (8, 12),
        (16, 20),
    ] {
        // Busy CPUs look at each other every tenth of a second only, and whom they take is a matter of chance: after 25 s
        // three busy processes on two CPUs were still 2 % apart (measured).
        let time = SECOND * 400;
        let os = busy_machine((cores, 1), threads, time, linux());
        let share = time.0 as f64 * cores as f64 / threads as f64;
        for (number, done) in done(&os).into_iter().enumerate() {
            let off = (done.0 as f64 / share - 1.0) * 100.0;
            assert!(
                off.abs() < 2.0,
                "thread {number} of {threads} on {cores} cores is off by {off:.2} %"
            );
        }
    }
}

#[test]
fn no_cpu_is_idle_for_long_while_a_thread_is_ready() {
    let os = machine(3, 1, free_profile(|_| ()));
    for number in 0..8 {
        let inner = os.clone();
        spawn(&os, &format!("now and then {number}"), move |me| async move {
            for round in 0..200 {
                inner
                    .compute(me, Nanos::from_micros(300 * (number + 1) + 37 * round))
                    .await;
                inner
                    .sleep(me, Nanos::from_micros(500 * (8 - number) + 91 * round))
                    .await;
            }
            inner.sleep(me, SECOND * 3_600).await;
        });
    }
    assert_eq!(os.run(SECOND * 60), Outcome::Limit);
    let ready = |span: &&gilsim::engine::Span| span.label == gilsim::os::Activity::ReadyWithoutCore as u8;
    let spans = os.spans();
    let waits: Vec<_> = spans.iter().filter(ready).collect();
    assert!(waits.len() > 100);
    let on_cpu: Vec<Stay> = os
        .stays()
        .into_iter()
        .filter(|stay| matches!(stay.resource, Resource::Cpu(_)))
        .collect();
    for wait in waits {
        // All CPUs together are had for three times the length of the wait. Only a thread that slept in debt, and that the
        // scheduler has not yet come across in its queue, waits there beside an idle CPU: until the next tick at most.
        let had: u64 = on_cpu
            .iter()
            .map(|stay| stay.to.min(wait.to).saturating_sub(stay.from.max(wait.from)).0)
            .sum();
        let unused = 3 * (wait.to - wait.from).0 - had;
        assert!(unused <= 4_000_000, "{wait:?}: {unused} ns");
    }
}

#[test]
fn busy_neighbours_slow_a_cpu_down_as_the_profile_says() {
    let profile = || {
        free_profile(|profile| {
            profile.machine.joint_speed.busy_cores = vec![1024, 896, 768];
            profile.machine.joint_speed.sibling_busy = 640;
        })
    };
    // Threads, and what one of them gets done in a second of 1,024 ms.
    for (threads, each) in [(1, 1024), (2, 896), (3, 768), (4, 768)] {
        let os = busy_machine((4, 2), threads, Nanos::from_millis(1024), profile());
        assert!(
            done(&os).iter().all(|&done| millis(done) == each),
            "{threads}: {:?}",
            done(&os)
        );
    }
    // Beyond four threads hardware threads share cores: both of a pair run at 768 x 640 / 1024.
    let os = busy_machine((4, 2), 8, Nanos::from_millis(1024), profile());
    assert!(
        done(&os).iter().all(|&done| millis(done) == 480),
        "{:?}",
        done(&os)
    );
    let os = busy_machine((1, 2), 2, Nanos::from_millis(1024), profile());
    assert!(
        done(&os).iter().all(|&done| millis(done) == 640),
        "{:?}",
        done(&os)
    );
}

#[test]
fn work_under_way_goes_on_at_the_new_speed_when_a_neighbour_stops() {
    let os = machine(1, 2, free_profile(|_| ()));
    let ended = Rc::new(Cell::new(Nanos::ZERO));
    for (time, last) in [(100, false), (300, true)] {
        let (inner, ended) = (os.clone(), ended.clone());
        spawn(&os, "sibling", move |me| async move {
            inner.compute(me, Nanos::from_millis(time)).await;
            if last {
                ended.set(inner.now());
                inner.stop();
            }
        });
    }
    assert_eq!(os.run(SECOND), Outcome::Done);
    // Half speed until the other has done its 100 ms after 200, then full speed for the remaining 200.
    assert_eq!(ended.get(), Nanos::from_millis(400));
}

#[test]
fn a_sleeper_wakes_after_its_time_the_timers_slack_and_the_wake_latency() {
    let constant = |micros| Table::from(Time::Constant(Nanos::from_micros(micros)));
    let os = machine(
        1,
        1,
        free_profile(|profile| {
            profile.machine.scheduler.timer_slack = constant(70);
            profile.machine.scheduler.wake_latency = constant(20);
        }),
    );
    let times = Rc::new(RefCell::new(Vec::new()));
    let (inner, seen) = (os.clone(), times.clone());
    spawn(&os, "sleeper", move |me| async move {
        let mut before = inner.now();
        let mut lap = || {
            seen.borrow_mut()
                .push((inner.now() - std::mem::replace(&mut before, inner.now())).0)
        };
        inner.sleep(me, Nanos::from_millis(5)).await;
        lap();
        // A device answers without a timer.
        inner.wait_for_device(me, Nanos::from_millis(5)).await;
        lap();
        inner.stop();
    });
    assert_eq!(os.run(SECOND), Outcome::Done);
    assert_eq!(times.take(), [5_090_000, 5_020_000]);
}

#[test]
fn timers_with_a_quantum_go_off_at_its_multiples() {
    let os = machine(
        1,
        1,
        free_profile(|profile| profile.machine.scheduler.timer_quantum = Nanos::from_micros(15_625)),
    );
    let times = Rc::new(RefCell::new(Vec::new()));
    let (inner, seen) = (os.clone(), times.clone());
    spawn(&os, "sleeper", move |me| async move {
        for millis in [5, 20] {
            inner.sleep(me, Nanos::from_millis(millis)).await;
            seen.borrow_mut().push(inner.now().0);
        }
        // A device has no timer.
        inner.wait_for_device(me, Nanos::from_millis(5)).await;
        seen.borrow_mut().push(inner.now().0);
        inner.stop();
    });
    assert_eq!(os.run(SECOND), Outcome::Done);
    assert_eq!(times.take(), [15_625_000, 46_875_000, 51_875_000]);
}

#[test]
fn a_mutex_has_one_holder_at_a_time_in_order_of_waiting() {
    let os = machine(4, 1, linux());
    let lock = Rc::new(Mutex::new(&os, "the lock"));
    let order = Rc::new(RefCell::new(Vec::new()));
    for number in 0..4 {
        let (inner, lock, order) = (os.clone(), lock.clone(), order.clone());
        spawn(&os, &format!("contender {number}"), move |me| async move {
            inner.compute(me, Nanos::from_millis(number)).await;
            lock.lock(&inner, me).await;
            assert_eq!(lock.owner(), Some(me));
            inner.compute(me, Nanos::from_millis(10)).await;
            order.borrow_mut().push(number);
            lock.unlock(&inner, me).await;
            if number == 3 {
                inner.stop();
            }
        });
    }
    assert_eq!(os.run(SECOND), Outcome::Done);
    assert_eq!(order.take(), [0, 1, 2, 3]);
    assert_eq!(lock.owner(), None);
    assert!(os.now() >= Nanos::from_millis(40));
}

#[test]
fn a_semaphore_lets_as_many_in_as_it_has_units() {
    let os = machine(8, 1, free_profile(|_| ()));
    let semaphore = Rc::new(Semaphore::new(&os, "places", 3));
    let (inside, most, left) = (
        Rc::new(Cell::new(0)),
        Rc::new(Cell::new(0)),
        Rc::new(Cell::new(8)),
    );
    for number in 0..8 {
        let (inner, semaphore) = (os.clone(), semaphore.clone());
        let (inside, most, left) = (inside.clone(), most.clone(), left.clone());
        spawn(&os, &format!("guest {number}"), move |me| async move {
            semaphore.wait(&inner, me).await;
            inside.set(inside.get() + 1);
            most.set(inside.get().max(most.get()));
            inner.compute(me, Nanos::from_millis(10)).await;
            inside.set(inside.get() - 1);
            semaphore.post(&inner, me).await;
            left.set(left.get() - 1);
            if left.get() == 0 {
                inner.stop();
            }
        });
    }
    assert_eq!(os.run(SECOND), Outcome::Done);
    assert_eq!((most.get(), semaphore.units()), (3, 3));
    // Three at a time: 3 + 3 + 2.
    assert_eq!(os.now(), Nanos::from_millis(30));
}

#[test]
fn a_writer_waits_when_64_kib_are_in_the_pipe() {
    let os = machine(2, 1, free_profile(|_| ()));
    let pipe = Rc::new(Pipe::new(&os, "the pipe"));
    let written_at = Rc::new(Cell::new([Nanos::ZERO; 2]));
    let (inner, end, times) = (os.clone(), pipe.clone(), written_at.clone());
    spawn(&os, "writer", move |me| async move {
        end.write(&inner, me, Bytes::from_kib(64)).await;
        let full = inner.now();
        end.write(&inner, me, Bytes(1)).await;
        times.set([full, inner.now()]);
        inner.stop();
    });
    let (inner, end) = (os.clone(), pipe.clone());
    spawn(&os, "reader", move |me| async move {
        inner.sleep(me, Nanos::from_millis(50)).await;
        assert_eq!(end.held(), Bytes::from_kib(64));
        // Only a page that has been read to its end makes room.
        assert_eq!(end.read(&inner, me, Bytes(4_095)).await, Bytes(4_095));
        inner.sleep(me, Nanos::from_millis(50)).await;
        assert_eq!(end.read(&inner, me, Bytes(1)).await, Bytes(1));
        inner.sleep(me, SECOND).await;
    });
    assert_eq!(os.run(SECOND), Outcome::Done);
    assert_eq!(written_at.get().map(millis), [0, 100]);
    assert_eq!(pipe.held(), Bytes(60 * 1024 + 1));
}

#[test]
fn a_reader_waits_for_the_first_byte_and_takes_what_is_there() {
    let os = machine(2, 1, free_profile(|_| ()));
    let pipe = Rc::new(Pipe::new(&os, "the pipe"));
    let (inner, end) = (os.clone(), pipe.clone());
    spawn(&os, "reader", move |me| async move {
        assert_eq!(end.read(&inner, me, Bytes(1_000)).await, Bytes(7));
        assert_eq!(millis(inner.now()), 20);
        inner.stop();
    });
    let (inner, end) = (os.clone(), pipe.clone());
    spawn(&os, "writer", move |me| async move {
        inner.sleep(me, Nanos::from_millis(20)).await;
        end.write(&inner, me, Bytes(7)).await;
        inner.sleep(me, SECOND).await;
    });
    assert_eq!(os.run(SECOND), Outcome::Done);
}

#[test]
fn all_bytes_come_through_a_pipe_with_any_writers_and_readers() {
    let os = machine(2, 1, linux());
    let pipe = Rc::new(Pipe::new(&os, "the pipe"));
    for number in 0..3 {
        let (inner, end) = (os.clone(), pipe.clone());
        spawn(&os, &format!("writer {number}"), move |me| async move {
            for part in 1..40 {
                end.write(&inner, me, Bytes(part * 3_001)).await;
            }
        });
    }
    let total = 3 * (1..40).map(|part| part * 3_001).sum::<u64>();
    let read = Rc::new(Cell::new(0));
    for number in 0..2 {
        let (inner, end, read) = (os.clone(), pipe.clone(), read.clone());
        spawn(&os, &format!("reader {number}"), move |me| async move {
            loop {
                let part = end.read(&inner, me, Bytes(10_007)).await;
                read.set(read.get() + part.0);
                if read.get() == total {
                    inner.stop();
                }
            }
        });
    }
    let outcome = os.run(SECOND * 10);
    assert_eq!((outcome, read.get()), (Outcome::Done, total));
}

#[test]
fn a_lock_whose_holder_has_ended_is_a_deadlock_that_says_so() {
    let os = machine(2, 1, linux());
    let lock = Rc::new(Mutex::new(&os, "the lock"));
    let (inner, left_locked) = (os.clone(), lock.clone());
    spawn(&os, "the first", move |me| async move {
        left_locked.lock(&inner, me).await;
        inner.compute(me, Nanos::from_millis(1)).await;
    });
    let (inner, wanted) = (os.clone(), lock.clone());
    spawn(&os, "the second", move |me| async move {
        inner.sleep(me, Nanos::from_micros(10)).await;
        wanted.lock(&inner, me).await;
    });
    // A busy background thread does not hide it.
    let inner = os.clone();
    spawn_background(&os, "busy", move |me| async move {
        inner.compute(me, Nanos::FOREVER).await;
    });
    let expected = "the second waits for the lock (held by the first, which has ended)";
    assert_eq!(os.run(SECOND), Outcome::Deadlock(expected.to_owned()));
    assert!(os.now() < Nanos::from_millis(2));
}

#[test]
fn a_circle_of_waiters_is_a_deadlock_that_names_them_all() {
    let os = machine(2, 1, linux());
    let locks = [0, 1].map(|number| Rc::new(Mutex::new(&os, &format!("lock {number}"))));
    for (first, second) in [(0, 1), (1, 0)] {
        let (inner, first_lock, second_lock) = (os.clone(), locks[first].clone(), locks[second].clone());
        spawn(&os, &format!("thread {first}"), move |me| async move {
            first_lock.lock(&inner, me).await;
            inner.sleep(me, Nanos::from_millis(1)).await;
            second_lock.lock(&inner, me).await;
        });
    }
    let expected =
        "thread 0 waits for lock 1 (held by thread 1); thread 1 waits for lock 0 (held by thread 0)";
    assert_eq!(os.run(SECOND), Outcome::Deadlock(expected.to_owned()));
}

#[test]
fn a_circle_that_a_background_thread_closes_is_a_deadlock() {
    let os = machine(2, 1, linux());
    let locks = [0, 1].map(|number| Rc::new(Mutex::new(&os, &format!("lock {number}"))));
    let (inner, first, second) = (os.clone(), locks[0].clone(), locks[1].clone());
    spawn(&os, "the main thread", move |me| async move {
        first.lock(&inner, me).await;
        inner.sleep(me, Nanos::from_millis(1)).await;
        second.lock(&inner, me).await;
    });
    let (inner, first, second) = (os.clone(), locks[0].clone(), locks[1].clone());
    spawn_background(&os, "the other", move |me| async move {
        second.lock(&inner, me).await;
        inner.sleep(me, Nanos::from_millis(2)).await;
        first.lock(&inner, me).await;
    });
    let inner = os.clone();
    spawn_background(&os, "busy", move |me| async move {
        inner.compute(me, Nanos::FOREVER).await;
    });
    let expected = "the main thread waits for lock 1 (held by the other)";
    assert_eq!(os.run(SECOND), Outcome::Deadlock(expected.to_owned()));
}

/// The first waiter has been woken to take the lock and has not taken it yet; for the second, nobody holds it.
#[test]
fn a_thread_that_waits_for_a_lock_that_is_just_free_is_not_stuck() {
    let os = machine(4, 1, linux());
    let lock = Rc::new(Mutex::new(&os, "the lock"));
    let done = Rc::new(Semaphore::new(&os, "the second waiter's sign", 0));
    for number in 0..3 {
        let (inner, lock, sign) = (os.clone(), lock.clone(), done.clone());
        let id = spawn_background(&os, &format!("contender {number}"), move |me| async move {
            inner.compute(me, Nanos::from_micros(100 * number)).await;
            lock.lock(&inner, me).await;
            inner.compute(me, Nanos::from_millis(1)).await;
            lock.unlock(&inner, me).await;
            if number == 2 {
                sign.post(&inner, me).await;
            }
        });
        if number == 2 {
            done.promise(id);
        }
    }
    let inner = os.clone();
    spawn(&os, "the main thread", move |me| async move {
        while lock.owner().is_some() || inner.now() < Nanos::from_millis(1) {
            inner.compute(me, Nanos::from_micros(1)).await;
        }
        done.wait(&inner, me).await;
        inner.stop();
    });
    assert_eq!(os.run(SECOND), Outcome::Done);
}

#[test]
fn where_threads_take_turns_a_woken_one_waits_for_the_quantum() {
    let turns = free_profile(|profile| {
        profile.machine.scheduler.policy = SchedulerPolicy::RoundRobin;
        profile.machine.scheduler.tick = Nanos::from_millis(1);
        profile.machine.scheduler.base_slice = Nanos::from_millis(10);
    });
    let os = machine(1, 1, turns);
    let inner = os.clone();
    spawn(&os, "busy", move |me| async move {
        inner.compute(me, Nanos::FOREVER).await;
    });
    let inner = os.clone();
    spawn(&os, "sleeper", move |me| async move {
        for _ in 0..10 {
            let asleep = inner.now();
            inner.wait_for_device(me, Nanos::from_millis(3)).await;
            // The busy thread's quantum began when this one fell asleep.
            assert_eq!(millis(inner.now() - asleep), 10);
            inner.compute(me, Nanos(1_000)).await;
        }
        inner.stop();
    });
    assert_eq!(os.run(SECOND), Outcome::Done);
}

#[test]
fn threads_that_take_turns_get_equal_shares() {
    let turns = free_profile(|profile| profile.machine.scheduler.policy = SchedulerPolicy::RoundRobin);
    for (cores, threads) in [(1, 2), (1, 3), (2, 3), (2, 4)] {
        let time = SECOND * 20;
        let os = busy_machine((cores, 1), threads, time, turns.clone());
        let share = time.0 as f64 * cores as f64 / threads as f64;
        for (number, done) in done(&os).into_iter().enumerate() {
            let off = (done.0 as f64 / share - 1.0) * 100.0;
            assert!(
                off.abs() < 10.0,
                "thread {number} of {threads} on {cores} cores is off by {off:.2} %"
            );
        }
    }
}
