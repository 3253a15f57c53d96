//! A thread that arrives on a core works slowly until the caches hold its own data. In the same way, a process that
//! shares its pages after a fork works slowly until it has copied them.

use crate::common;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use gilsim::os::{Activity, Os, Outcome, ThreadSpec};
use gilsim::profile::Profile;
use gilsim::units::Nanos;

use crate::common::{free_profile, machine};

const MICRO: u64 = 1_000;
const FAR: Nanos = Nanos::from_secs(1);

/// 20 us of work get back what is lost: 10 us after a thread of the same process, 20 after one of another, 40 and 60 after
/// an idle core.
fn cold() -> Arc<Profile> {
    free_profile(|profile| {
        let cache = &mut profile.machine.cache;
        cache.refill = Nanos(20 * MICRO);
        cache.after_thread = Nanos(10 * MICRO);
        cache.after_process = Nanos(20 * MICRO);
        cache.after_idle = Nanos(40 * MICRO);
        cache.after_long_idle = Nanos(60 * MICRO);
        profile.machine.scheduler.hot_for = Nanos::from_millis(1);
    })
}

/// How long pieces of work take, in us, one after the other, of a thread that is busy with `activity`, has waited for
/// `wait` and finds its core idle.
fn after_a_wait(wait: Nanos, activity: Activity, pieces: &'static [u64]) -> Vec<u64> {
    let os = machine(1, 1, cold());
    let taken = Rc::new(RefCell::new(Vec::new()));
    let (inner, told) = (os.clone(), taken.clone());
    common::spawn(&os, "sleeper", move |me| async move {
        // Until its caches are warm.
        inner.enter(me, Activity::Ipc);
        inner.execute(me, Nanos::from_millis(1)).await;
        inner.wait_for_device(me, wait).await;
        inner.enter(me, activity);
        for &piece in pieces {
            let began = inner.now();
            inner.execute(me, Nanos(piece * MICRO)).await;
            told.borrow_mut().push((inner.now() - began).0 / MICRO);
        }
        inner.stop();
    });
    assert_eq!(os.run(FAR), Outcome::Done);
    taken.take()
}

#[test]
fn code_after_an_idle_core_takes_longer_until_the_caches_are_filled() {
    let short = Nanos(100 * MICRO);
    assert_eq!(after_a_wait(short, Activity::Ipc, &[100, 100]), [140, 100]);
    // Half of what fills them pays half.
    assert_eq!(after_a_wait(short, Activity::Ipc, &[10, 10, 10]), [30, 30, 10]);
    assert_eq!(after_a_wait(short, Activity::Ipc, &[5, 35]), [15, 65]);
}

#[test]
fn the_longer_the_core_was_idle_the_less_is_left() {
    assert_eq!(after_a_wait(Nanos(999 * MICRO), Activity::Ipc, &[100]), [140]);
    assert_eq!(after_a_wait(Nanos(1_001 * MICRO), Activity::Ipc, &[100]), [160]);
}

#[test]
fn the_own_work_of_a_task_is_as_long_as_it_is_said_to_be() {
    assert_eq!(after_a_wait(Nanos(100 * MICRO), Activity::Running, &[100]), [100]);
}

/// The time that 100 us of work take a thread after another thread has used its core, in us.
fn after_another(same_process: bool) -> u64 {
    let os = machine(1, 1, cold());
    let (first, second) = (os.add_process(), os.add_process());
    let other = if same_process { first } else { second };
    let taken = Rc::new(RefCell::new(0));
    let (inner, told) = (os.clone(), taken.clone());
    let spec = |name: &str, process| ThreadSpec {
        name: name.into(),
        process: Some(process),
        foreground: true,
        activity: Activity::Ipc,
    };
    os.spawn(spec("waiter", first), move |me| async move {
        inner.execute(me, Nanos::from_millis(1)).await;
        inner.wait_for_device(me, Nanos(500 * MICRO)).await;
        let began = inner.now();
        inner.execute(me, Nanos(100 * MICRO)).await;
        *told.borrow_mut() = (inner.now() - began).0 / MICRO;
        inner.stop();
    });
    let inner = os.clone();
    os.spawn(spec("other", other), move |me| async move {
        // Ends after the wait does: the core is never idle.
        inner.execute(me, Nanos::from_millis(1)).await;
    });
    assert_eq!(os.run(FAR), Outcome::Done);
    *taken.borrow()
}

#[test]
fn a_thread_of_the_same_process_leaves_more_than_one_of_another() {
    assert_eq!(after_another(true), 110);
    assert_eq!(after_another(false), 120);
}

#[test]
fn a_thread_that_stays_on_its_core_loses_nothing() {
    let os = machine(1, 1, cold());
    let spans = spans_of_work(&os);
    assert_eq!(os.run(FAR), Outcome::Done);
    assert_eq!(*spans.borrow(), [160, 100, 100]);
}

/// A thread that starts on an unused machine, and works three times without leaving its core.
fn spans_of_work(os: &Rc<Os>) -> Rc<RefCell<Vec<u64>>> {
    let taken = Rc::new(RefCell::new(Vec::new()));
    let (inner, told) = (os.clone(), taken.clone());
    common::spawn(os, "worker", move |me| async move {
        inner.wait_for_device(me, Nanos::from_millis(2)).await;
        inner.enter(me, Activity::Serialization);
        for _ in 0..3 {
            let began = inner.now();
            inner.execute(me, Nanos(100 * MICRO)).await;
            told.borrow_mut().push((inner.now() - began).0 / MICRO);
        }
        inner.stop();
    });
    taken
}

#[test]
fn a_process_that_shares_its_pages_is_slow_until_it_has_written_to_them_whichever_thread_does() {
    let os = machine(1, 1, free_profile(|_| {}));
    let (forked, other) = (os.add_process(), os.add_process());
    // 50 us of work write to all of them.
    os.share_pages(forked, Nanos(100 * MICRO), Nanos(50 * MICRO));
    let taken = Rc::new(RefCell::new(Vec::new()));
    let threads = [
        (forked, Activity::Running, 10),
        (forked, Activity::Ipc, 10),
        (other, Activity::Ipc, 10),
        (forked, Activity::Starting, 100),
        (forked, Activity::Starting, 100),
    ];
    for (number, (process, activity, piece)) in (1..).zip(threads) {
        let (inner, told) = (os.clone(), taken.clone());
        let spec = ThreadSpec {
            name: "one of them".into(),
            process: Some(process),
            foreground: true,
            activity,
        };
        os.spawn(spec, move |me| async move {
            inner.wait_for_device(me, Nanos::from_millis(number)).await;
            let began = inner.now();
            inner.execute(me, Nanos(piece * MICRO)).await;
            told.borrow_mut().push((inner.now() - began).0 / MICRO);
            if told.borrow().len() == threads.len() {
                inner.stop();
            }
        });
    }
    assert_eq!(os.run(FAR), Outcome::Done);
    assert_eq!(*taken.borrow(), [10, 30, 10, 180, 100]);
}
