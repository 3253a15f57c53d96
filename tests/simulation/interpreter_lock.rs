//! The interpreter lock against what was measured of it: how often busy threads hand it over.

use std::path::Path;
use std::rc::Rc;

use gilsim::cpython::{Gil, Interpreter, Thread, ThreadState};
use gilsim::model::{Python, Version};
use gilsim::os::{Activity, Os, Outcome, ThreadSpec};
use gilsim::profile::Profile;
use gilsim::random::Key;
use gilsim::units::Nanos;

const RUN: Nanos = Nanos::from_secs(10);

/// Runs `threads` busy threads on `cores` cores and gives the mean time between hand-overs.
fn time_between_hand_overs(cores: usize, threads: u32, switch_interval: Nanos) -> Nanos {
    let profile = Profile::load("linux-x86_64", Path::new(".")).unwrap();
    let key = Key::root(1, 0);
    let os = Os::new(cores, 1, profile.clone(), key);
    let python = Python {
        version: Version::release(3, 13),
        switch_interval,
        check_interval: 100,
    };
    let interpreter = Interpreter::new(&os, "the program", &profile, &python, key);
    let spec = ThreadSpec {
        name: "main".into(),
        process: None,
        foreground: true,
        activity: Activity::Running,
    };
    let lock = interpreter.clone();
    os.spawn(spec, move |id| async move {
        let me = ThreadState { interpreter, id };
        me.attach().await;
        for number in 0..threads {
            let busy = |me: ThreadState| async move { me.bytecode(Nanos::FOREVER).await };
            Thread::start(&me, &format!("busy {number}"), false, busy).await;
        }
        me.allow_threads(me.os().sleep(me.id, RUN)).await;
        me.os().stop();
    });
    assert_eq!(os.run(RUN * 2), Outcome::Done);
    eprintln!(
        "switches {} of cpu {} events {}",
        lock.lock.switches(),
        os.switches(),
        os.events()
    );
    let _ = Rc::strong_count(&os);
    RUN / lock.lock.switches()
}

fn assert_within(actual: Nanos, expected_us: u64, percent: u64) {
    let expected = Nanos::from_micros(expected_us);
    let off = actual.0.abs_diff(expected.0) * 100;
    assert!(
        off <= expected.0 * percent,
        "{actual} is not within {percent} % of {expected}"
    );
}

#[test]
fn two_busy_threads_on_two_cores_hand_over_once_an_interval() {
    assert_within(time_between_hand_overs(2, 2, Nanos::from_millis(5)), 5_200, 5);
    assert_within(time_between_hand_overs(2, 2, Nanos::from_micros(500)), 620, 5);
}

#[test]
fn on_one_core_slices_end_at_the_tick() {
    assert_within(time_between_hand_overs(1, 2, Nanos::from_millis(5)), 8_000, 5);
    assert_within(time_between_hand_overs(1, 2, Nanos::from_micros(500)), 4_000, 5);
}

#[test]
fn before_3_10_the_holder_looks_at_the_eval_breaker_sooner() {
    let profile = Profile::load("linux-x86_64", Path::new(".")).unwrap();
    let key = Key::root(1, 0);
    let os = Os::new(1, 1, profile.clone(), key);
    let mean_of = |minor: u8| {
        let version = Version::release(3, minor);
        let gil = Gil::new(&os, "the program", &profile, version, Nanos::from_millis(5), key);
        let draws: Nanos = (0..1_000).map(|_| gil.until_eval_check()).sum();
        draws / 1_000
    };
    assert!(mean_of(9) <= Nanos(100), "{}", mean_of(9));
    assert!(mean_of(10) >= Nanos::from_micros(1), "{}", mean_of(10));
}
