//! What is written down while a configuration plays, and the results that this becomes.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use crate::cpython::{BrokenProcessPool, ThreadState};
use crate::os::{Activity, Os, Outcome, ThreadId};
use crate::results::{Latency, Replication, Status, TimeByActivity};
use crate::units::{Bytes, Nanos};

/// Written by the caller's thread and by clients as they go.
#[derive(Default)]
pub(super) struct Record {
    began: Cell<Option<Nanos>>,
    finished: Cell<Option<Nanos>>,
    torn_down: Cell<Option<Nanos>>,
    over: Cell<Option<Nanos>>,
    main: Cell<Option<ThreadId>>,
    /// How the main thread had spent its time when the clock of the makespan started.
    main_before: Cell<TimeByActivity>,
    submitted_at: RefCell<Vec<Nanos>>,
    latencies: RefCell<Vec<u64>>,
    counted: Cell<Option<Nanos>>,
    worker_time: Cell<TimeByActivity>,
    parent_time: Cell<TimeByActivity>,
    setups: Cell<u64>,
    /// By thread: the item that it began last.
    began_last: RefCell<Vec<Option<u32>>>,
    crashes: RefCell<Vec<Crash>>,
    raised: Cell<Option<BrokenProcessPool>>,
}

/// A process that died.
struct Crash {
    thread: ThreadId,
    item: Option<u32>,
    /// It was the program's own.
    is_program: bool,
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

    /// The calling thread begins with an item.
    pub fn works_on(&self, me: &ThreadState, item: u32) {
        let mut began = self.began_last.borrow_mut();
        if began.len() <= me.id.index() {
            began.resize(me.id.index() + 1, None);
        }
        began[me.id.index()] = Some(item);
    }

    /// The calling thread brings its process down.
    pub fn crashed(&self, me: &ThreadState, is_program: bool) {
        let began = self.began_last.borrow();
        self.crashes.borrow_mut().push(Crash {
            thread: me.id,
            item: began.get(me.id.index()).copied().flatten(),
            is_program,
        });
    }

    /// How the caller's dealings with the executor ended.
    pub fn raised(&self, outcome: Result<(), BrokenProcessPool>) {
        self.raised.set(outcome.err());
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

    /// The program is over.
    pub fn end(&self, me: &ThreadState) {
        self.over.set(Some(me.os().now()));
    }

    /// What became of it all. `count` items there were, and each is called by its `place`.
    pub fn conclude(
        &self,
        os: &Os,
        outcome: Outcome,
        critical_path: Nanos,
        count: u32,
        place: impl Fn(u32) -> String,
    ) -> Replication {
        let (status, detail) = match outcome {
            _ if os.killed_for_memory().iter().any(|kill| kill.is_program) => {
                (Status::OutOfMemory, String::new())
            }
            Outcome::Done => self.how_it_ended(os, count, place),
            Outcome::Limit => (
                Status::Limit,
                format!("not done after {} of simulated time", os.now()),
            ),
            Outcome::Deadlock(report) => match self.who_crashed(os, place) {
                Some(crash) => (
                    Status::Deadlock,
                    format!("{crash}, and what it was to do is never done: {report}"),
                ),
                None => (Status::Deadlock, report),
            },
        };
        let detail = match (status, who_was_killed(os)) {
            (Status::Done, _) | (_, None) => detail,
            (_, Some(killed)) if detail.is_empty() => killed,
            (_, Some(killed)) => format!("{killed}; {detail}"),
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
            lost_updates: None,
            total: self.over.get().map_or(makespan, |end| end - began),
            events: os.events(),
        }
    }
}

impl Record {
    /// The status of a program that came to its end, and why that was not the end of its work.
    fn how_it_ended(&self, os: &Os, count: u32, place: impl Fn(u32) -> String) -> (Status, String) {
        let killed = || {
            let kills = os.killed_for_memory();
            kills.first().map(|kill| format!("{} was killed", kill.name))
        };
        let crash = self.who_crashed(os, place).or_else(killed).unwrap_or_default();
        let done = match count {
            0 => String::new(),
            _ => format!("; {} of {count} items were done", self.latencies.borrow().len()),
        };
        if self.crashes.borrow().iter().any(|crash| crash.is_program) {
            (
                Status::Crashed,
                format!("{crash}, and the whole program with it{done}"),
            )
        } else if let Some(exception) = self.raised.get() {
            (Status::Broken, format!("{exception} ({crash}{done})"))
        } else if crash.is_empty() {
            (Status::Done, String::new())
        } else {
            (Status::Done, format!("{crash}, and the program went on"))
        }
    }

    /// The first process that died, and how many others did.
    fn who_crashed(&self, os: &Os, place: impl Fn(u32) -> String) -> Option<String> {
        let crashes = self.crashes.borrow();
        let first = crashes
            .iter()
            .find(|crash| crash.is_program)
            .or(crashes.first())?;
        let item = first
            .item
            .map_or(String::new(), |item| format!(" at {}", place(item)));
        let others = match crashes.len() - 1 {
            0 => String::new(),
            1 => " and another process later".to_owned(),
            more => format!(" and {more} other processes later"),
        };
        Some(format!("{} crashed{item}{others}", os.name_of(first.thread)))
    }
}

/// Whom the kernel killed first because memory ran out, and how many others.
fn who_was_killed(os: &Os) -> Option<String> {
    let kills = os.killed_for_memory();
    let first = kills.first()?;
    let name = match first.is_program {
        true => "the program itself",
        false => &first.name,
    };
    let among = match first.processes {
        1 => String::new(),
        processes => format!(" for {processes} processes"),
    };
    let others = match kills[1..].iter().any(|kill| kill.is_program) {
        true => ", and the program itself later".to_owned(),
        false => match kills.len() - 1 {
            0 => String::new(),
            1 => ", and another process later".to_owned(),
            more => format!(", and {more} other processes later"),
        },
    };
    let (had, limit) = (whole_mib(first.resident), whole_mib(first.limit));
    Some(format!(
        "memory ran out ({limit}{among}), and the kernel killed {name}, which had come to {had}{others}"
    ))
}

/// Rounded up.
fn whole_mib(bytes: Bytes) -> String {
    format!("{} MiB", bytes.0.div_ceil(1 << 20))
}

fn order_statistics(latencies: &mut [u64]) -> Latency {
    if latencies.is_empty() {
        return Latency::default();
    }
    latencies.sort_unstable();
    let count = latencies.len();
    // The nearest rank: the smallest latency that at least this percentage of all latencies do not exceed.
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
