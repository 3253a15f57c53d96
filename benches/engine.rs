//! The cost of an event: the hold model, a lock that is handed from thread to thread, and CPython's lock.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gilsim::cpython::{Interpreter, Thread, ThreadState};
use gilsim::engine::{Action, Engine, Slot, suspend};
use gilsim::model::{Python, Version};
use gilsim::os::{Activity, Os, ThreadSpec};
use gilsim::profile::Profile;
use gilsim::random::{Key, Stream};
use gilsim::units::Nanos;
use rand::Rng;

const EVENTS: u64 = 200_000;

/// Each of `pending` threads holds for a random time, again and again: one event popped, one pushed.
fn hold(pending: usize) {
    let engine = Rc::new(Engine::new());
    let left = Rc::new(Cell::new(EVENTS));
    for number in 0..pending {
        let slot = engine.add_slot();
        let (inner, left) = (engine.clone(), left.clone());
        let mut stream = Stream::named(Key::root(1, number as u64));
        engine.spawn(slot, async move {
            loop {
                if left.get() == 0 {
                    inner.stop();
                }
                left.set(left.get().saturating_sub(1));
                inner.hold(slot, Nanos(1 + stream.next_u64() % 1_000_000)).await;
            }
        });
        engine.schedule(slot, Nanos(number as u64), Action::Resume);
    }
    engine.run(Nanos::FOREVER, |_| unreachable!("no interrupts here"));
}

/// A lock that goes to the thread that has waited longest.
#[derive(Default)]
struct FifoLock {
    held: Cell<bool>,
    waiters: RefCell<VecDeque<Slot>>,
}

impl FifoLock {
    async fn lock(&self, me: Slot) {
        if self.held.replace(true) {
            self.waiters.borrow_mut().push_back(me);
            suspend().await;
        }
    }

    fn unlock(&self, engine: &Engine) {
        match self.waiters.borrow_mut().pop_front() {
            Some(next) => engine.schedule(next, engine.now(), Action::Resume),
            None => self.held.set(false),
        }
    }
}

/// `threads` threads that want one lock, hold it for a microsecond and want it again.
fn fifo_lock(threads: usize) {
    let engine = Rc::new(Engine::new());
    let lock = Rc::new(FifoLock::default());
    let left = Rc::new(Cell::new(EVENTS));
    for _ in 0..threads {
        let slot = engine.add_slot();
        let (inner, lock, left) = (engine.clone(), lock.clone(), left.clone());
        engine.spawn(slot, async move {
            loop {
                lock.lock(slot).await;
                inner.hold(slot, Nanos(1_000)).await;
                if left.get() == 0 {
                    inner.stop();
                }
                left.set(left.get().saturating_sub(1));
                lock.unlock(&inner);
            }
        });
        engine.schedule(slot, Nanos::ZERO, Action::Resume);
    }
    engine.run(Nanos::FOREVER, |_| unreachable!("no interrupts here"));
}

const HAND_OVERS: u64 = 20_000;

/// `threads` busy threads of one interpreter on as many cores, until the lock has changed hands often enough.
fn interpreter_lock(profile: &Arc<Profile>, threads: u32) {
    let key = Key::root(1, 0);
    let os = Os::new(threads as usize, 1, profile.clone(), key);
    let python = Python {
        version: Version::release(3, 13),
        switch_interval: Nanos::from_millis(5),
        check_interval: 100,
    };
    let interpreter = Interpreter::new(&os, "the program", profile, &python, key);
    let spec = ThreadSpec {
        name: "main".into(),
        process: None,
        foreground: true,
        activity: Activity::Running,
    };
    os.spawn(spec, move |id| async move {
        let me = ThreadState { interpreter, id };
        me.attach().await;
        for number in 0..threads {
            let busy = |me: ThreadState| async move { me.bytecode(Nanos::FOREVER).await };
            Thread::start(&me, &format!("busy {number}"), false, busy).await;
        }
        me.detach().await;
        while me.interpreter.lock.switches() < HAND_OVERS {
            me.os().wait_for_device(me.id, Nanos::from_secs(1)).await;
        }
        me.os().stop();
    });
    os.run(Nanos::FOREVER);
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hold");
    group
        .throughput(Throughput::Elements(EVENTS))
        .measurement_time(Duration::from_secs(3))
        .sample_size(20);
    for pending in [10, 1_000, 100_000] {
        group.bench_with_input(BenchmarkId::from_parameter(pending), &pending, |bench, &n| {
            bench.iter(|| hold(n))
        });
    }
    group.bench_with_input(BenchmarkId::from_parameter(100), &100, |bench, &n| {
        bench.iter(|| hold(n))
    });
    group.finish();

    let profile = Profile::load("linux-x86_64", Path::new(".")).expect("a bundled profile");
    let mut group = criterion.benchmark_group("lock");
    group.measurement_time(Duration::from_secs(3)).sample_size(20);
    group.throughput(Throughput::Elements(EVENTS));
    group.bench_function("fifo/64", |bench| bench.iter(|| fifo_lock(64)));
    group.throughput(Throughput::Elements(HAND_OVERS));
    for threads in [2, 8, 64] {
        let id = BenchmarkId::new("interpreter", threads);
        group.bench_with_input(id, &threads, |bench, &n| {
            bench.iter(|| interpreter_lock(&profile, n))
        });
    }
    group.finish();
}

criterion_group!(engine, benches);
criterion_main!(engine);
