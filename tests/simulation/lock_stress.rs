//! The interpreter lock of 3.2 and later against CPython's source: on random programs of up to eight threads it is
//! taken and released by the same threads at the same nanoseconds as in a direct transcription of the protocol, and
//! these end at the same time.
//!
//! So that both can be exact, the machine has a CPU for every thread, every latency is constant, and nothing else
//! costs anything.

use std::cell::{Cell, RefCell};
use std::fmt::{self, Display, Formatter};
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use gilsim::cpython::{Interpreter, ThreadState};
use gilsim::model::{Python, Version};
use gilsim::os::{Outcome, Resource};
use gilsim::profile::{Profile, WakeOrder};
use gilsim::random::{Key, Table};
use gilsim::units::Nanos;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use crate::common::lock_protocol::{Account, Held, Mistake, Platform, Program, Protocol, Step};
use crate::common::{self, free_profile, machine, spawn};

const CASES: u32 = 10_000;

/// The number of cases to try.
fn cases() -> u32 {
    common::cases(CASES)
}

/// The number of cases within which every mistake shows. All but one show within a hundred: a request that is kept shows
/// only where a thread ends between the request and the next check of the eval breaker.
const CASES_FOR_A_MISTAKE: usize = 1_000;

/// Threads with something to do, an interpreter and a machine.
#[derive(Clone, Debug)]
struct Case {
    minor: u8,
    platform: Platform,
    programs: Vec<Program>,
}

impl Case {
    /// The result by CPython's source. `None` where the source leaves something to chance.
    fn transcribed(&self, mistake: Option<Mistake>) -> Option<Account> {
        Protocol::play(self.minor, &self.platform, &self.programs, mistake)
    }

    /// The result by the simulator.
    fn simulated(&self) -> Account {
        static FREE: LazyLock<Arc<Profile>> = LazyLock::new(|| free_profile(|_| ()));
        let mut profile = Profile::clone(&FREE);
        profile.machine.scheduler.wake_latency = Table::Constant(self.platform.wake_latency);
        profile.machine.scheduler.wake_latency_hot = Table::Constant(self.platform.wake_latency);
        profile.machine.scheduler.timer_slack = Table::Constant(self.platform.timer_slack);
        profile.python.gil.eval_check = Table::Constant(self.platform.eval_check);
        profile.python.gil.eval_check_before_3_10 = Table::Constant(self.platform.eval_check);
        profile.python.gil.wake_order = WakeOrder::Fifo;
        let profile = Arc::new(profile);
        let os = machine(self.programs.len() + 1, 1, profile.clone());
        let python = Python {
            version: Version::release(3, self.minor),
            switch_interval: self.platform.interval,
            check_interval: 100,
        };
        let interpreter = Interpreter::new(&os, "the program", &profile, &python, Key::root(1, 0));
        let ended = Rc::new(RefCell::new(vec![Nanos::FOREVER; self.programs.len()]));
        for (number, program) in self.programs.iter().enumerate() {
            let (interpreter, program, ended) = (interpreter.clone(), program.clone(), ended.clone());
            spawn(&os, &number.to_string(), move |id| async move {
                let me = ThreadState { interpreter, id };
                live(&me, program).await;
                let mut ended = ended.borrow_mut();
                ended[number] = me.os().now();
                if !ended.contains(&Nanos::FOREVER) {
                    me.os().stop();
                }
            });
        }
        assert_eq!(os.run(Nanos::from_secs(3_600)), Outcome::Done);
        let stays = os.stays().into_iter();
        let held = stays.filter(|stay| matches!(stay.resource, Resource::Lock(_)));
        Account {
            held: held
                .map(|stay| Held {
                    thread: stay.thread.index(),
                    from: stay.from,
                    to: stay.to,
                })
                .collect(),
            ended: ended.take(),
            switches: interpreter.lock.switches(),
        }
    }
}

impl Display for Case {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "CPython 3.{}, {:?}", self.minor, self.platform)?;
        for (number, program) in self.programs.iter().enumerate() {
            writeln!(
                f,
                "thread {number} begins after {:?}: {:?}",
                program.begins, program.steps
            )?;
        }
        Ok(())
    }
}

/// Runs a thread's program on the simulator.
async fn live(me: &ThreadState, program: Program) {
    me.os().wait_for_device(me.id, program.begins).await;
    me.attach().await;
    for step in program.steps {
        match step {
            Step::Bytecode(time) => me.bytecode(time).await,
            Step::CallHoldingLock(time) => me.native_holding_lock(time).await,
            Step::CallWithoutLock(time) => me.native(time).await,
            Step::Device(time) => me.io(time).await,
        }
    }
    me.interpreter.lock.detach_for_good(me.os(), me.id).await;
}

/// The first difference between the two, with the steps before it.
fn difference(transcribed: &Account, simulated: &Account) -> Option<String> {
    let longest = transcribed.held.len().max(simulated.held.len());
    let entry = |held: Option<&Held>| {
        held.map_or("never again".to_owned(), |held| {
            format!("{}: {} - {}", held.thread, held.from.0, held.to.0)
        })
    };
    for index in 0..longest {
        if transcribed.held.get(index) != simulated.held.get(index) {
            let mut text = String::from(
                "holders of the lock, from when to when (ns):\n  as in CPython's source    as simulated\n",
            );
            for index in index.saturating_sub(20)..=index {
                let theirs = entry(transcribed.held.get(index));
                let ours = entry(simulated.held.get(index));
                text += &format!("  {theirs:<25} {ours}\n");
            }
            return Some(text);
        }
    }
    for (thread, (theirs, ours)) in transcribed.ended.iter().zip(&simulated.ended).enumerate() {
        if theirs != ours {
            return Some(format!(
                "thread {thread} ends after {ours} and not after {theirs}"
            ));
        }
    }
    let (theirs, ours) = (transcribed.switches, simulated.switches);
    (theirs != ours).then(|| format!("{ours} switches and not {theirs}"))
}

/// A time of up to one of several scales, in millionths of it: shorter than a look at the eval breaker, about as long
/// as a wake-up, a part of the interval, several intervals.
#[derive(Clone, Copy, Debug)]
struct Length {
    scale: usize,
    millionths: u64,
}

impl Length {
    fn on(self, platform: &Platform) -> Nanos {
        let scale = [
            platform.eval_check * 3,
            platform.wake_latency * 3,
            platform.interval,
            platform.interval * 5,
        ][self.scale];
        Nanos(scale.0 * self.millionths / 1_000_000 + 1)
    }
}

fn length() -> impl Strategy<Value = Length> {
    (0..4usize, 0..1_000_000u64).prop_map(|(scale, millionths)| Length { scale, millionths })
}

/// Odd numbers, so that sums of them are seldom equal.
fn latency(least: u64, most: u64) -> impl Strategy<Value = Nanos> {
    (least / 2..most / 2).prop_map(|half| Nanos(2 * half + 1))
}

fn platform() -> impl Strategy<Value = Platform> {
    let interval = prop_oneof![10..100u64, 100..1_000u64, 1_000..=20_000u64];
    (
        interval,
        latency(100, 60_000),
        latency(0, 100_000),
        latency(100, 6_000),
    )
        .prop_map(|(interval, wake_latency, timer_slack, eval_check)| Platform {
            interval: Nanos::from_micros(interval),
            wake_latency,
            timer_slack,
            eval_check,
        })
}

fn case() -> impl Strategy<Value = Case> {
    let program = (length(), vec((length(), 0..4u8, length()), 1..12), length());
    // The first, and both sides of each change: of a thread's last release in 3.9 and 3.12, of the request in 3.13.
    let minor = select(vec![2, 8, 9, 11, 12, 13, 14]);
    (minor, platform(), vec(program, 2..=8)).prop_map(|(minor, platform, programs)| Case {
        minor,
        programs: programs
            .into_iter()
            .map(|(begins, steps, ends)| Program {
                begins: begins.on(&platform),
                steps: steps
                    .into_iter()
                    .flat_map(|(before, verb, time)| steps_of(verb, before.on(&platform), time.on(&platform)))
                    .chain([Step::Bytecode(ends.on(&platform))])
                    .collect(),
            })
            .collect(),
        platform,
    })
}

/// Some bytecode goes `before` each release. Otherwise the next waiter and the thread that waits for the switch would
/// be woken in one nanosecond.
fn steps_of(verb: u8, before: Nanos, time: Nanos) -> Vec<Step> {
    match verb {
        0 => vec![Step::Bytecode(time)],
        1 => vec![Step::CallHoldingLock(time)],
        2 => vec![Step::Bytecode(before), Step::CallWithoutLock(time)],
        _ => vec![Step::Bytecode(before), Step::Device(time)],
    }
}

fn runner() -> TestRunner {
    TestRunner::new(Config {
        cases: cases(),
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..Config::default()
    })
}

#[test]
fn the_lock_is_taken_and_released_when_cpythons_source_says() {
    let (left_to_chance, switches) = (Cell::new(0), Cell::new(0));
    let result = runner().run(&case(), |case| {
        let Some(transcribed) = case.transcribed(None) else {
            left_to_chance.set(left_to_chance.get() + 1);
            return Ok(());
        };
        switches.set(switches.get() + transcribed.switches);
        match difference(&transcribed, &case.simulated()) {
            None => Ok(()),
            Some(difference) => Err(TestCaseError::fail(difference)),
        }
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(difference, case)) => panic!("{case}\n{difference}"),
        Err(aborted) => panic!("{aborted}"),
    }
    let left_to_chance = left_to_chance.get();
    assert!(
        left_to_chance * 50 < cases(),
        "{left_to_chance} cases are left to chance"
    );
    let enough = 10 * u64::from(cases());
    assert!(switches.get() > enough, "only {} switches", switches.get());
}

#[test]
fn a_mistake_in_any_rule_of_the_transcription_shows() {
    use Mistake::*;
    let mut runner = runner();
    let tried: Vec<(Case, Account)> = (0..CASES_FOR_A_MISTAKE)
        .map(|_| {
            case()
                .new_tree(&mut runner)
                .expect("no case is refused")
                .current()
        })
        .map(|case| (case.clone(), case.simulated()))
        // What differs then is the mistake's doing.
        .filter(|(case, simulated)| case.transcribed(None).as_ref() == Some(simulated))
        .collect();
    for mistake in [
        AsksThoughTheLockWasSwitched,
        AsksThoughSignalled,
        DoesNotWaitForTheSwitch,
        WaitsForTheSwitchOnlyWhenForced,
        WakesTheYoungest,
        KeepsItsPlace,
        KeepsItsTimer,
        LeavesTheQueueWhenItsTimeIsUp,
        EndsAsInOtherVersions,
        KeepsTheRequest,
    ] {
        let shows = |(case, simulated): &(Case, Account)| {
            case.transcribed(Some(mistake))
                .is_some_and(|wrong| difference(&wrong, simulated).is_some())
        };
        assert!(tried.iter().any(shows), "{mistake:?} does not show");
    }
}
