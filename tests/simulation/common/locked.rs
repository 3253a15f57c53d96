//! Programs like the measured ones, simulated on the interpreter lock, and statistics of the log of its steps.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use gilsim::cpython::{Interpreter, LockEvent, LockStep, Thread, ThreadState};
use gilsim::model::{Python, Version};
use gilsim::os::{Activity, Os, Outcome, Pipe, ThreadId, ThreadSpec};
use gilsim::profile::Profile;
use gilsim::random::{Key, Stream, Time};
use gilsim::units::{Bytes, Nanos};
use rand::distr::Distribution;

/// The work of the busy threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Busy {
    /// Bytecode.
    Python,
    /// C calls that hold the lock, each of this time at least and at most.
    Held(Nanos, Nanos),
}

/// A program of busy threads, with its machine and interpreter.
#[derive(Clone)]
pub struct Program {
    pub profile: Arc<Profile>,
    pub version: Version,
    pub cores: usize,
    pub threads: u32,
    pub interval: Nanos,
    pub busy: Busy,
    pub runs_for: Nanos,
}

const SETTLE: Nanos = Nanos::from_millis(200);

impl Program {
    fn build(&self, seed: u64) -> (Rc<Os>, Rc<Interpreter>, Key) {
        let key = Key::root(seed, 0);
        let os = Os::recording(self.cores, 1, self.profile.clone(), key);
        let python = Python {
            version: self.version,
            switch_interval: self.interval,
            check_interval: 100,
        };
        let interpreter = Interpreter::new(&os, "the program", &self.profile, &python, key);
        (os, interpreter, key)
    }

    async fn start_busy(&self, me: &ThreadState, key: Key) {
        for number in 0..self.threads {
            let busy = self.busy;
            let mut stream = Stream::named(key.name("calls").number(u64::from(number)));
            let body = move |me: ThreadState| async move {
                match busy {
                    Busy::Python => me.bytecode(Nanos::FOREVER).await,
                    Busy::Held(min, max) => loop {
                        let call = Time::Uniform { min, max }.sample(&mut stream);
                        me.native_holding_lock(call).await;
                        me.bytecode(Nanos(500)).await;
                    },
                }
            };
            Thread::start(me, &format!("busy {number}"), false, body).await;
        }
    }

    /// Runs the busy threads alone.
    pub fn trace(&self) -> Trace {
        let (os, interpreter, key) = self.build(1);
        let (program, lock) = (self.clone(), interpreter.clone());
        let from = Rc::new(Cell::new(Nanos::ZERO));
        let began = from.clone();
        os.spawn(main_thread(), move |id| async move {
            let me = ThreadState { interpreter, id };
            me.attach().await;
            program.start_busy(&me, key).await;
            let start = me.os().now();
            began.set(start);
            me.allow_threads(me.os().sleep(me.id, SETTLE + program.runs_for))
                .await;
            me.os().stop();
        });
        assert_eq!(os.run(Nanos::from_secs(100)), Outcome::Done);
        // What the main thread does at the end is no part of it.
        let (from, to) = (from.get() + SETTLE, from.get() + SETTLE + self.runs_for);
        let steps = lock.lock.steps();
        Trace::of(
            steps.iter().filter(|step| (from..to).contains(&step.at)),
            self.runs_for,
        )
    }

    /// Beside them a thread that sleeps for `nap`, over and over: how much longer each nap took.
    pub fn naps(&self, nap: Nanos, seed: u64) -> Vec<Nanos> {
        let (os, interpreter, key) = self.build(seed);
        let program = self.clone();
        let late = Rc::new(RefCell::new(Vec::new()));
        let log = late.clone();
        os.spawn(main_thread(), move |id| async move {
            let me = ThreadState { interpreter, id };
            me.attach().await;
            program.start_busy(&me, key).await;
            let end = me.os().now() + program.runs_for;
            while me.os().now() < end {
                let from = me.os().now();
                me.allow_threads(me.os().sleep(me.id, nap)).await;
                log.borrow_mut().push(me.os().now() - from - nap);
                me.bytecode(Nanos::from_micros(2)).await;
            }
            me.os().stop();
        });
        assert_eq!(os.run(Nanos::from_secs(1_000)), Outcome::Done);
        late.take()
    }

    /// Beside them a thread that sends back what another process sends, a byte at a time: how often a second.
    pub fn echoes_per_second(&self, seed: u64) -> f64 {
        let (os, interpreter, key) = self.build(seed);
        let program = self.clone();
        let there = Rc::new(Pipe::new(&os, "there"));
        let back = Rc::new(Pipe::new(&os, "back"));
        let echoes = Rc::new(Cell::new(0_u64));
        let client = interpreter.spawned("the client");
        let (to, from) = (there.clone(), back.clone());
        os.spawn(named("client", true), move |id| async move {
            let me = ThreadState {
                interpreter: client,
                id,
            };
            me.attach().await;
            loop {
                me.bytecode(ECHO_BYTECODE).await;
                me.allow_threads(to.write(me.os(), me.id, Bytes(1))).await;
                me.bytecode(ECHO_BYTECODE).await;
                me.allow_threads(from.read(me.os(), me.id, Bytes(1))).await;
            }
        });
        let count = echoes.clone();
        os.spawn(main_thread(), move |id| async move {
            let me = ThreadState { interpreter, id };
            me.attach().await;
            program.start_busy(&me, key).await;
            let end = me.os().now() + program.runs_for;
            while me.os().now() < end {
                me.bytecode(ECHO_BYTECODE).await;
                me.allow_threads(there.read(me.os(), me.id, Bytes(1))).await;
                me.bytecode(ECHO_BYTECODE).await;
                me.allow_threads(back.write(me.os(), me.id, Bytes(1))).await;
                count.set(count.get() + 1);
            }
            me.os().stop();
        });
        assert_eq!(os.run(Nanos::from_secs(1_000)), Outcome::Done);
        echoes.get() as f64 / seconds(self.runs_for)
    }
}

/// `os.read` or `os.write` without its system call: the loop, the call, the bytes object.
const ECHO_BYTECODE: Nanos = Nanos(500);

fn named(name: &str, foreground: bool) -> ThreadSpec {
    ThreadSpec {
        name: name.into(),
        process: None,
        foreground,
        activity: Activity::Running,
    }
}

fn main_thread() -> ThreadSpec {
    named("main", true)
}

fn seconds(time: Nanos) -> f64 {
    time.0 as f64 / 1e9
}

/// Statistics of a log, in the columns of `lock-trace-3.13.csv`. Times in us.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    pub figures: BTreeMap<&'static str, f64>,
    /// For each forced release: from request to release in ns, and whether the asker was next.
    pub settles: Vec<(u64, bool)>,
}

/// The next holder of the lock after a forced release.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Asker,
    Oldest,
    Middle,
    NotWaiting,
}

struct Release {
    at: Nanos,
    /// In a timed wait then, the oldest first.
    waiting: Vec<ThreadId>,
    asker: Option<(Nanos, ThreadId)>,
}

impl Trace {
    pub fn of<'a>(steps: impl Iterator<Item = &'a LockEvent>, time: Nanos) -> Self {
        let mut times: BTreeMap<&'static str, Vec<u64>> = BTreeMap::new();
        let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
        let mut next = Vec::new();
        let mut settles = Vec::new();
        let mut waiting: Vec<(ThreadId, Nanos)> = Vec::new();
        let (mut has, mut last_holder, mut asker): (Option<Nanos>, _, _) = (None, None, None);
        let mut release: Option<Release> = None;
        let mut switching: BTreeMap<ThreadId, Nanos> = BTreeMap::new();
        let leave = |waiting: &mut Vec<(ThreadId, Nanos)>, thread: ThreadId| {
            let index = waiting.iter().position(|(waiter, _)| *waiter == thread)?;
            Some(waiting.remove(index).1)
        };
        for &LockEvent { at, thread, step } in steps {
            match step {
                LockStep::Wants => {}
                LockStep::Waits => waiting.push((thread, at)),
                LockStep::TimedOut => {
                    *counts.entry("timeouts_per_s").or_default() += 1;
                    if let Some(from) = leave(&mut waiting, thread) {
                        times.entry("timed_wait").or_default().push((at - from).0);
                    }
                }
                LockStep::Signalled => {
                    leave(&mut waiting, thread);
                }
                LockStep::Requests => {
                    *counts.entry("requests_per_s").or_default() += 1;
                    asker = Some((at, thread));
                }
                LockStep::Has => {
                    if last_holder != Some(thread) {
                        *counts.entry("switches_per_s").or_default() += 1;
                    }
                    last_holder = Some(thread);
                    has = Some(at);
                    if let Some(release) = release.take() {
                        times
                            .entry("release_to_running")
                            .or_default()
                            .push((at - release.at).0);
                        let asker = release.asker;
                        let who = match release.waiting.iter().position(|&waiter| waiter == thread) {
                            _ if asker.is_some_and(|(_, asker)| asker == thread) => Next::Asker,
                            None => Next::NotWaiting,
                            Some(0) => Next::Oldest,
                            Some(_) => Next::Middle,
                        };
                        if let Some((asked, _)) = asker {
                            settles.push(((release.at - asked).0, who == Next::Asker));
                        }
                        next.push(who);
                    }
                }
                LockStep::Releases => {
                    has = None;
                    release = None;
                    asker = None;
                }
                LockStep::ReleasesOnRequest => {
                    if let Some(from) = has.take() {
                        times.entry("slice").or_default().push((at - from).0);
                    }
                    if let Some((asked, _)) = asker {
                        times
                            .entry("request_to_release")
                            .or_default()
                            .push((at - asked).0);
                    }
                    release = Some(Release {
                        at,
                        waiting: waiting.iter().map(|(waiter, _)| *waiter).collect(),
                        asker: asker.take(),
                    });
                }
                LockStep::WaitsForSwitch => {
                    switching.insert(thread, at);
                }
                LockStep::Switched => {
                    if let Some(from) = switching.remove(&thread) {
                        times.entry("forced_switch_wait").or_default().push((at - from).0);
                    }
                }
            }
        }
        let mut figures: BTreeMap<&'static str, f64> = counts
            .into_iter()
            .map(|(name, count)| (name, count as f64 / seconds(time)))
            .collect();
        for (name, percents) in [
            (
                "slice",
                [Some("slice_p5_us"), Some("slice_p50_us"), Some("slice_p95_us")],
            ),
            ("timed_wait", [None, Some("timed_wait_p50_us"), None]),
            (
                "request_to_release",
                [None, Some("request_to_release_p50_us"), None],
            ),
            (
                "release_to_running",
                [
                    Some("release_to_running_p5_us"),
                    Some("release_to_running_p50_us"),
                    Some("release_to_running_p95_us"),
                ],
            ),
            (
                "forced_switch_wait",
                [None, Some("forced_switch_wait_p50_us"), None],
            ),
        ] {
            let Some(times) = times.get_mut(name) else {
                continue;
            };
            times.sort_unstable();
            for (percent, column) in [5, 50, 95].into_iter().zip(percents) {
                if let Some(column) = column {
                    figures.insert(column, percentile(times, percent) as f64 / 1e3);
                }
            }
        }
        for (column, who) in [
            ("next_is_asker", Next::Asker),
            ("next_is_oldest", Next::Oldest),
            ("next_is_middle", Next::Middle),
            ("next_was_not_waiting", Next::NotWaiting),
        ] {
            let count = next.iter().filter(|&&next| next == who).count();
            figures.insert(column, count as f64 / next.len().max(1) as f64);
        }
        Self { figures, settles }
    }
}

/// Of ascending values, by the nearest rank.
pub fn percentile(ascending: &[u64], percent: usize) -> u64 {
    ascending[(ascending.len() * percent).div_ceil(100).max(1) - 1]
}
