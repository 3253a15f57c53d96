//! What is written down while a configuration plays, and the results that this becomes.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use crate::cpython::ThreadState;
use crate::os::{Activity, Os, Outcome, ThreadId};
use crate::results::{Latency, Replication, Status, TimeByActivity};
use crate::units::Nanos;

/// Written by the caller's thread and by clients as they go.
#[derive(Default)]
pub(super) struct Record {
    began: Cell<Option<Nanos>>,
    finished: Cell<Option<Nanos>>,
    torn_down: Cell<Option<Nanos>>,
    main: Cell<Option<ThreadId>>,
    /// How the main thread had spent its time when the clock of the makespan started.
    main_before: Cell<TimeByActivity>,
    submitted_at: RefCell<Vec<Nanos>>,
    latencies: RefCell<Vec<u64>>,
    counted: Cell<Option<Nanos>>,
    worker_time: Cell<TimeByActivity>,
    parent_time: Cell<TimeByActivity>,
    setups: Cell<u64>,
}

impl Record {
    /// The clock of the makespan starts; said again, it starts anew.
    pub fn begin(&self, me: &ThreadState) {
        me.enter(Activity::Running);
        self.began.set(Some(me.os().now()));
        self.main.set(Some(me.id));
        self.main_before.set(time_of(me.os(), me.id));
    }

    /// Numbers the initializers.
    pub fn next_setup(&self) -> u64 {
        self.setups.replace(self.setups.get() + 1)
    }

    /// An item is about to be handed to the executor.
    pub fn submitted(&self, me: &ThreadState, item: u32) {
        let mut submitted = self.submitted_at.borrow_mut();
        if submitted.len() <= item as usize {
            submitted.resize(item as usize + 1, Nanos::ZERO);
        }
        submitted[item as usize] = me.os().now();
    }

    /// The results of some items are in the caller's hands.
    pub fn in_hands(&self, me: &ThreadState, items: Range<u32>) {
        let submitted = self.submitted_at.borrow();
        let now = me.os().now();
        self.latencies
            .borrow_mut()
            .extend(items.map(|item| (now - submitted[item as usize]).0));
    }

    /// A client has its reply within the counted time.
    pub fn answered(&self, latency: Nanos) {
        self.latencies.borrow_mut().push(latency.0);
    }

    /// Requests are counted over this time.
    pub fn count_between(&self, from: Nanos, to: Nanos) {
        self.counted
            .set(Some((to - from).max(self.counted.get().unwrap_or_default())));
    }

    /// The last result is in the caller's hands: the makespan ends. `helpers` are the parent's threads beside the
    /// main one.
    pub fn finish(&self, me: &ThreadState, workers: &[ThreadId], helpers: &[ThreadId]) {
        let os = me.os();
        self.finished.set(Some(os.now()));
        let main = minus(time_of(os, me.id), self.main_before.get());
        let of = |thread: &ThreadId| {
            if *thread == me.id {
                main
            } else {
                time_of(os, *thread)
            }
        };
        self.worker_time
            .set(workers.iter().map(of).fold(TimeByActivity::default(), plus));
        self.parent_time.set(helpers.iter().map(of).fold(main, plus));
    }

    /// The executor has been shut down.
    pub fn tear_down(&self, me: &ThreadState) {
        self.torn_down.set(Some(me.os().now()));
    }

    /// What became of it all.
    pub fn conclude(&self, os: &Os, outcome: Outcome, critical_path: Nanos) -> Replication {
        let (status, detail) = match outcome {
            Outcome::Done => (Status::Done, String::new()),
            Outcome::Limit => (
                Status::Limit,
                format!("not done after {} of simulated time", os.now()),
            ),
            Outcome::Deadlock(report) => (Status::Deadlock, report),
        };
        let began = self.began.get().unwrap_or_else(|| os.now());
        let finished = self.finished.get().unwrap_or_else(|| os.now());
        let makespan = finished - began;
        let parent = self.parent_time.get();
        let mut latencies = self.latencies.take();
        Replication {
            status,
            detail,
            makespan,
            teardown: self.torn_down.get().map_or(Nanos::ZERO, |end| end - finished),
            items: latencies.len() as u64,
            counted: self.counted.get().unwrap_or(makespan),
            latency: order_statistics(&mut latencies),
            worker_time: self.worker_time.get(),
            parent_busy: parent.running + parent.serialization + parent.ipc,
            parent_waiting_for_lock: parent.waiting_for_lock,
            switches: os.switches(),
            peak_memory: os.peak_memory(),
            critical_path,
            events: os.events(),
        }
    }
}

fn order_statistics(latencies: &mut [u64]) -> Latency {
    if latencies.is_empty() {
        return Latency::default();
    }
    latencies.sort_unstable();
    let count = latencies.len();
    // The nearest rank: the smallest latency that at least so many per cent do not exceed.
    let percentile = |percent: usize| Nanos(latencies[(count * percent).div_ceil(100).max(1) - 1]);
    let sum: u128 = latencies.iter().map(|&latency| u128::from(latency)).sum();
    Latency {
        mean: Nanos((sum / count as u128) as u64),
        p50: percentile(50),
        p95: percentile(95),
        p99: percentile(99),
    }
}

/// How a thread has spent its life so far.
fn time_of(os: &Os, thread: ThreadId) -> TimeByActivity {
    let time = |activity| os.time_in(thread, activity);
    TimeByActivity {
        running: time(Activity::Running),
        waiting_for_lock: time(Activity::WaitingForLock),
        ready_without_core: time(Activity::ReadyWithoutCore),
        io: time(Activity::Io),
        serialization: time(Activity::Serialization),
        ipc: time(Activity::Ipc),
        starting: time(Activity::Starting),
        idle: time(Activity::Idle),
    }
}

fn plus(a: TimeByActivity, b: TimeByActivity) -> TimeByActivity {
    combine(a, b, |a, b| a + b)
}

fn minus(a: TimeByActivity, b: TimeByActivity) -> TimeByActivity {
    combine(a, b, |a, b| a - b)
}

fn combine(a: TimeByActivity, b: TimeByActivity, with: impl Fn(Nanos, Nanos) -> Nanos) -> TimeByActivity {
    TimeByActivity {
        running: with(a.running, b.running),
        waiting_for_lock: with(a.waiting_for_lock, b.waiting_for_lock),
        ready_without_core: with(a.ready_without_core, b.ready_without_core),
        io: with(a.io, b.io),
        serialization: with(a.serialization, b.serialization),
        ipc: with(a.ipc, b.ipc),
        starting: with(a.starting, b.starting),
        idle: with(a.idle, b.idle),
    }
}
