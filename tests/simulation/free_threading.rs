//! The free-threaded build: which threads wait for which when there is no interpreter lock.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use gilsim::cpython::{Interpreter, PyMutex, SimpleQueue, Thread, ThreadState};
use gilsim::model::{Python, Version};
use gilsim::os::{Os, Outcome};
use gilsim::profile::Profile;
use gilsim::random::{Key, Table, Time};
use gilsim::units::Nanos;

use crate::common::{free_profile, profile, spawn};

const FREE: Version = Version::release(3, 14).free_threaded();

const fn millis(time: u64) -> Nanos {
    Nanos::from_millis(time)
}

const fn micros(time: u64) -> Nanos {
    Nanos::from_micros(time)
}

fn constant(time: Nanos) -> Table {
    Table::from(Time::Constant(time))
}

/// Runs a program whose main thread is `main`, and returns when it ended.
fn run<F: Future<Output = ()> + 'static>(
    (cores, smt): (usize, usize),
    version: Version,
    profile: Arc<Profile>,
    main: impl FnOnce(ThreadState) -> F + 'static,
) -> Nanos {
    let key = Key::root(1, 0);
    let os = Os::new(cores, smt, profile.clone(), key);
    let python = Python {
        version,
        switch_interval: millis(5),
        check_interval: 100,
    };
    let interpreter = Interpreter::new(&os, "the program", &profile, &python, key);
    spawn(&os, "main", move |id| async move {
        let me = ThreadState { interpreter, id };
        me.attach().await;
        main(me.clone()).await;
        me.os().stop();
    });
    assert_eq!(os.run(Nanos::from_secs(100)), Outcome::Done);
    os.now()
}

/// Starts `count` threads that all do `work`, and waits for them.
async fn side_by_side<F: Future<Output = ()> + 'static>(
    me: &ThreadState,
    count: usize,
    work: impl Fn(ThreadState) -> F + Clone + 'static,
) {
    let mut threads = Vec::new();
    for number in 0..count {
        threads.push(Thread::start(me, &format!("thread {number}"), true, work.clone()).await);
    }
    for thread in threads {
        thread.join(me).await;
    }
}

/// The time that `count` threads take to run `time` of bytecode each, with or without shared objects.
fn time_of(
    count: usize,
    machine: (usize, usize),
    version: Version,
    profile: Arc<Profile>,
    shares: bool,
) -> Nanos {
    run(machine, version, profile, move |me| async move {
        let work = move |me: ThreadState| async move {
            match shares {
                true => me.bytecode_that_shares(millis(12), "state").await,
                false => me.bytecode(millis(12)).await,
            }
        };
        side_by_side(&me, count, work).await;
    })
}

#[test]
fn free_threads_run_side_by_side_and_others_in_turn() {
    let time = |version| time_of(4, (4, 1), version, free_profile(|_| ()), false);
    assert_eq!(time(FREE), millis(12));
    assert!(time(Version::release(3, 14)) >= millis(48));
}

#[test]
fn bytecode_takes_longer_by_what_the_release_costs() {
    let slow = || {
        free_profile(|profile| {
            profile.python.free_threaded.slowdown.release_3_13 = 1536;
            profile.python.free_threaded.slowdown.release_3_14 = 1280;
        })
    };
    for (version, time) in [
        (Version::release(3, 13), 12),
        (Version::release(3, 13).free_threaded(), 18),
        (Version::release(3, 14), 12),
        (FREE, 15),
    ] {
        assert_eq!(
            time_of(1, (2, 1), version, slow(), false),
            millis(time),
            "{version}"
        );
    }
}

mod a_stopped_world {
    use super::*;

    /// The main thread stops the world at 10 ms for 20 ms, beside a thread that does `work` and then says when. Gives
    /// the times at which the world stood and the thread was done.
    fn stopped_beside<F: Future<Output = ()> + 'static>(
        work: impl FnOnce(ThreadState) -> F + 'static,
    ) -> (Nanos, Nanos) {
        let (stood, done) = (Rc::new(Cell::new(Nanos::ZERO)), Rc::new(Cell::new(Nanos::ZERO)));
        let (stands, is_done) = (stood.clone(), done.clone());
        let checks = free_profile(|profile| profile.python.gil.eval_check = constant(micros(3)));
        run((2, 1), FREE, checks, move |me| async move {
            let other = Thread::start(&me, "other", true, move |me| async move {
                work(me.clone()).await;
                is_done.set(me.os().now());
            });
            let other = other.await;
            me.bytecode(millis(10)).await;
            me.stop_the_world().await;
            stands.set(me.os().now());
            me.native_holding_lock(millis(20)).await;
            me.start_the_world().await;
            other.join(&me).await;
        });
        (stood.get(), done.get())
    }

    #[test]
    fn waits_for_a_running_thread_to_look_at_its_eval_breaker() {
        let (stood, done) = stopped_beside(|me| async move { me.bytecode(millis(15)).await });
        assert_eq!(stood, millis(10) + micros(3));
        assert_eq!(done, millis(15 + 20));
    }

    #[test]
    fn waits_for_a_c_call_to_return() {
        let (stood, done) = stopped_beside(|me| async move {
            me.native_holding_lock(millis(13)).await;
            me.bytecode(millis(1)).await;
        });
        assert_eq!(stood, millis(13) + micros(3));
        assert_eq!(done, millis(13 + 20 + 1));
    }

    #[test]
    fn does_not_wait_for_a_blocking_call_but_that_waits_for_it() {
        let (stood, done) = stopped_beside(|me| async move { me.io(millis(15)).await });
        assert_eq!((stood, done), (millis(10), millis(10 + 20)));
        // One that is over only later notices nothing.
        let (stood, done) = stopped_beside(|me| async move { me.io(millis(40)).await });
        assert_eq!((stood, done), (millis(10), millis(40)));
    }

    #[test]
    fn finds_a_thread_that_has_begun_to_block_meanwhile_at_its_next_look() {
        // The C call ends at 10.2 ms; detaching wakes no thread, and the requester polls once a millisecond.
        let (stood, _) = stopped_beside(|me| async move {
            me.native_holding_lock(micros(10_200)).await;
            me.io(millis(40)).await;
        });
        assert_eq!(stood, millis(11));
    }

    #[test]
    fn lets_a_new_thread_in_only_when_it_starts_again() {
        let entered = Rc::new(Cell::new(Nanos::ZERO));
        let seen = entered.clone();
        let slow_to_wake =
            free_profile(|profile| profile.machine.scheduler.wake_latency = constant(millis(1)));
        run((3, 1), FREE, slow_to_wake, move |me| async move {
            let starter = Thread::start(&me, "starter", true, move |me| async move {
                me.bytecode(millis(5)).await;
                // Made now, it comes to life a wake latency later, when the world stands.
                let new = Thread::start(&me, "new", true, move |me| async move {
                    seen.set(me.os().now());
                });
                new.await.join(&me).await;
            });
            let starter = starter.await;
            // The starter is a wake latency ahead: it has made the new thread half a millisecond ago.
            me.bytecode(micros(4_500)).await;
            me.stop_the_world().await;
            assert!(millis(5) < me.os().now() && me.os().now() < millis(10));
            me.native_holding_lock(millis(20)).await;
            me.start_the_world().await;
            starter.join(&me).await;
        });
        assert!(entered.get() > millis(25), "{}", entered.get());
    }
}

#[test]
fn garbage_is_collected_after_an_amount_of_bytecode_of_all_threads_together() {
    let collecting = || {
        free_profile(|profile| {
            profile.python.free_threaded.collection_interval = millis(100);
            profile.python.free_threaded.collection_pause = millis(1);
        })
    };
    let time = |threads: usize| {
        run((4, 1), FREE, collecting(), move |me| async move {
            side_by_side(&me, threads, |me| async move { me.bytecode(millis(1_000)).await }).await;
        })
    };
    // A thread reports every 25.6 ms, so that the fourth report is the first beyond the threshold.
    assert_eq!(time(1), millis(1_000 + 9));
    // Four threads report four times as often, and each collection stops all of them.
    let four = time(4);
    assert!((millis(1_036)..millis(1_042)).contains(&four), "{four}");
}

mod a_mutex {
    use super::*;

    /// When a thread gets the lock that the main thread has for `held`, `times` times with nothing in between.
    fn got_after(version: Version, held: Nanos, times: u32, profile: Arc<Profile>) -> Nanos {
        let got = Rc::new(Cell::new(Nanos::ZERO));
        let seen = got.clone();
        run((2, 1), version, profile, move |me| async move {
            let mutex = Rc::new(PyMutex::new(me.os(), "the lock"));
            let began = me.os().now();
            mutex.lock(&me).await;
            let wanted = mutex.clone();
            let waiter = Thread::start(&me, "waiter", true, move |me| async move {
                wanted.lock(&me).await;
                seen.set(me.os().now() - began);
                wanted.unlock(me.os(), me.id).await;
            });
            let waiter = waiter.await;
            for _ in 0..times {
                me.native(held).await;
                mutex.unlock(me.os(), me.id).await;
                mutex.lock(&me).await;
            }
            mutex.unlock(me.os(), me.id).await;
            waiter.join(&me).await;
        });
        got.get()
    }

    #[test]
    fn is_handed_over_to_a_thread_that_has_waited_a_millisecond() {
        let slow_to_wake =
            || free_profile(|profile| profile.machine.scheduler.wake_latency = constant(micros(1)));
        let got = got_after(FREE, micros(300), 100, slow_to_wake());
        // Three times it comes too late; the fourth time it is handed what it wants.
        assert!((micros(1_200)..micros(1_250)).contains(&got), "{got}");
        let got = got_after(FREE, micros(300), 2, slow_to_wake());
        assert!((micros(600)..micros(650)).contains(&got), "{got}");
    }

    /// How long a thread waits for a lock that is opened `held` after it wants it, where a look at the lock takes 1 us
    /// and to be woken 1 ms.
    fn waits(version: Version, held: Nanos) -> Nanos {
        let costs = free_profile(|profile| {
            profile.machine.scheduler.wake_latency = constant(millis(1));
            profile.python.free_threaded.sched_yield = micros(1);
        });
        let waited = Rc::new(Cell::new(Nanos::ZERO));
        let seen = waited.clone();
        run((2, 1), version, costs, move |me| async move {
            let mutex = Rc::new(PyMutex::new(me.os(), "the lock"));
            mutex.lock(&me).await;
            let wants_it_at = Rc::new(Cell::new(Nanos::ZERO));
            let (wanted, wants_it) = (mutex.clone(), wants_it_at.clone());
            let waiter = Thread::start(&me, "waiter", true, move |me| async move {
                wants_it.set(me.os().now() + millis(20));
                me.native(millis(20)).await;
                let began = me.os().now();
                wanted.lock(&me).await;
                seen.set(me.os().now() - began);
                wanted.unlock(me.os(), me.id).await;
            });
            let waiter = waiter.await;
            me.native(wants_it_at.get() + held - me.os().now()).await;
            mutex.unlock(me.os(), me.id).await;
            waiter.join(&me).await;
        });
        waited.get()
    }

    #[test]
    fn is_looked_at_forty_times_before_a_free_thread_sleeps() {
        assert_eq!(waits(FREE, micros(35)), micros(35));
        assert_eq!(waits(FREE, micros(45)), millis(1) + micros(45));
    }

    #[test]
    fn is_slept_on_at_once_where_there_is_an_interpreter_lock() {
        let waited = waits(Version::release(3, 14), micros(35));
        assert_eq!(waited, millis(1) + micros(35));
    }
}

/// From 3.13 a thread that puts an item hands it to a waiting thread; before, each woken thread wakes the next one.
/// Measured with CPython 3.11: two threads that wait have done 10 ms of I/O each 10.2 ms after two puts in a row.
#[test]
fn as_many_threads_that_wait_are_woken_as_items_are_put_into_a_queue() {
    let time = |version| {
        run((4, 1), version, free_profile(|_| ()), |me| async move {
            let queue = Rc::new(SimpleQueue::new(&me, "work"));
            let mut workers = Vec::new();
            for number in 0..4 {
                let queue = queue.clone();
                let name = format!("worker {number}");
                let worker = Thread::start(&me, &name, true, move |me| async move {
                    while queue.get(&me).await {
                        me.native(millis(10)).await;
                    }
                    queue.put(&me, false).await;
                });
                workers.push(worker.await);
            }
            me.allow_threads(me.os().sleep(me.id, millis(1))).await;
            for _ in 0..4 {
                queue.put(&me, true).await;
            }
            me.allow_threads(me.os().sleep(me.id, millis(9))).await;
            queue.put(&me, false).await;
            for worker in workers {
                worker.join(&me).await;
            }
        })
    };
    for minor in [11, 12, 13, 14] {
        assert_eq!(time(Version::release(3, minor)), millis(11), "3.{minor}");
    }
}

mod shared_objects {
    use super::*;

    fn lines() -> Arc<Profile> {
        free_profile(|profile| {
            profile.python.free_threaded.touch_interval = Nanos(12);
            profile.machine.cache_line.local = Nanos(4);
            profile.machine.cache_line.transfer = Nanos(60);
        })
    }

    #[test]
    fn are_had_by_one_core_at_a_time() {
        let time = |count, machine| time_of(count, machine, FREE, lines(), true);
        // A million touches each: alone an atomic operation for each, two wait for transfers, four for each other.
        assert_eq!(time(1, (4, 1)), millis(12 + 4));
        assert_eq!(time(2, (4, 1)), millis(2 * 60));
        assert_eq!(time(4, (4, 1)), millis(4 * 60));
        // In turn on one core, the line stays where it is.
        assert_eq!(time(2, (1, 1)), millis(2 * (12 + 4)));
        // So it does between the hardware threads of a core, each at half the speed.
        assert_eq!(time(2, (1, 2)), millis(2 * (12 + 4)));
    }

    #[test]
    fn cost_nothing_where_they_are_not_shared_or_there_is_a_lock() {
        assert_eq!(time_of(4, (4, 1), FREE, lines(), false), millis(12));
        let with_lock = Version::release(3, 14);
        assert_eq!(
            time_of(4, (4, 1), with_lock, lines(), true),
            time_of(4, (4, 1), with_lock, lines(), false)
        );
    }

    #[test]
    fn are_faster_to_use_as_soon_as_others_stop_using_them() {
        let ends = Rc::new(RefCell::new(Vec::new()));
        let seen = ends.clone();
        run((2, 1), FREE, lines(), move |me| async move {
            let mut threads = Vec::new();
            for time in [6, 12] {
                let seen = seen.clone();
                let name = format!("{time} ms");
                threads.push(
                    Thread::start(&me, &name, true, move |me| async move {
                        me.bytecode_that_shares(millis(time), "state").await;
                        seen.borrow_mut().push(me.os().now());
                    })
                    .await,
                );
            }
            for thread in threads {
                thread.join(&me).await;
            }
        });
        // Half a million touches each at 120 ns, then half a million at 16 ns.
        assert_eq!(*ends.borrow(), [millis(60), millis(60 + 8)]);
    }

    #[test]
    fn of_different_names_are_on_different_lines() {
        let time = run((2, 1), FREE, lines(), |me| async move {
            let number = Rc::new(Cell::new(0));
            let work = move |me: ThreadState| {
                let name = format!("state {}", number.replace(number.get() + 1));
                async move { me.bytecode_that_shares(millis(12), &name).await }
            };
            side_by_side(&me, 2, work).await;
        });
        assert_eq!(time, millis(12 + 4));
    }

    /// Four threads of 3.14t that do nothing but look up one value in a dictionary get 0.28 of one thread's work done:
    /// github.com/modern-python/modern-di, issue 435. No cost was fitted to that.
    #[test]
    fn slow_four_threads_down_as_was_measured() {
        let linux = || profile("linux-x86_64");
        let one = time_of(1, (4, 1), FREE, linux(), true).0 as f64;
        let four = time_of(4, (4, 1), FREE, linux(), true).0 as f64;
        let speedup = 4.0 * one / four;
        assert!((0.25..0.31).contains(&speedup), "{speedup}");
    }
}
