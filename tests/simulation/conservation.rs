//! Invariants of every simulation, checked on random scenarios: nothing is lost, nothing has two holders at a time, and
//! no thread is faster than its machine.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use gilsim::engine::Track;
use gilsim::experiment;
use gilsim::model::{ChannelKind, Payload, PayloadKind};
use gilsim::os::{Life, Os, Resource, Stay, Work};
use gilsim::profile::MemoryCosts;
use gilsim::random::Key;
use gilsim::results::{Replication, Status};
use gilsim::scenario::{self, Configuration, Demand, Executor, Offload, Replicate, Sender, Step, Transport};
use gilsim::units::Nanos;
use gilsim::workload::{self, OwnWork};
use proptest::prelude::*;

use crate::common::random_scenarios::{
    counted, crashing, free_of_costs, served, sharing, short_of_memory, updating,
};
use crate::common::{cases, scenario};

/// A configuration that was simulated on a recording machine.
struct Played {
    configuration: Arc<Configuration>,
    replicate: Replicate,
    asked: OwnWork,
    os: Rc<Os>,
    outcome: Replication,
}

fn play(text: &str) -> Played {
    let scenario = scenario(text);
    let configuration = Arc::new(scenario.configurations[0].clone());
    let key = Key::root(scenario.replicate.seed, 0);
    let machine = &configuration.machine;
    let os = Os::recording(
        machine.cores as usize,
        machine.smt as usize,
        machine.profile.clone(),
        key.name("machine"),
    );
    let outcome = workload::play(&os, &configuration, key, &scenario.replicate);
    Played {
        asked: workload::work_asked(&configuration, key),
        replicate: scenario.replicate,
        configuration,
        os,
        outcome,
    }
}

impl Played {
    fn cores(&self) -> u64 {
        u64::from(self.configuration.machine.cores)
    }

    fn lives_named(&self, beginning: &str) -> Vec<Life> {
        let mut lives = self.os.lives();
        lives.retain(|life| life.name.starts_with(beginning));
        lives
    }

    fn check(&self) {
        self.every_thread_does_what_it_was_asked();
        self.nothing_is_had_twice();
        self.no_work_is_done_off_core();
        self.the_spans_of_a_thread_leave_no_gap();
        self.the_same_again_is_the_same();
        match self.outcome.status {
            Status::Done => {
                self.all_items_are_done();
                self.no_thread_is_faster_than_the_machine();
                self.the_workers_time_adds_up_to_their_lives();
                self.what_is_occupied_is_what_the_program_has();
            }
            _ if self.outcome.detail.starts_with("memory ran out") => self.memory_is_limited(),
            Status::OutOfMemory => panic!("{:?}", self.outcome),
            Status::Deadlock if self.outcome.detail.contains(" crashed") => self.a_worker_may_crash(),
            Status::Deadlock => self.a_deadlock_names_two_locks_or_two_full_channels(),
            Status::Crashed | Status::Broken => self.a_worker_may_crash(),
            Status::Failed => panic!("only a real interpreter fails"),
            // A background thread that acquires a lock again right after its release may starve all others, as it
            // would with glibc: the woken thread comes too late.
            Status::Limit => assert!(self.background_takes_locks(), "not done after {}", self.os.now()),
        }
    }

    fn memory_is_limited(&self) {
        let most = self.configuration.machine.memory.expect("there is a limit");
        assert_eq!(self.os.peak_memory(), most, "{:?}", self.outcome);
    }

    /// Of all that was pickled, sent and unpickled, nothing is left but arguments and results in the caller's hands.
    fn what_is_occupied_is_what_the_program_has(&self) {
        let Configuration {
            machine,
            program,
            tasks,
            background,
            transport,
            ..
        } = &*self.configuration;
        let living = self.os.footprints();
        let sum: u64 = living.iter().map(|process| process.unique.0).sum();
        let memory = &machine.profile.python.memory;
        assert_eq!(self.os.occupied().0, memory.code.0 + sum, "{living:?}");
        let helpers = ["the resource tracker", "fork server"];
        // Threads that serve requests do so until the end.
        let serves = tasks.iter().any(|task| !matches!(task.demand, Demand::Count(_)));
        assert!(
            living[1..].iter().all(|process| {
                let name = process.name.as_str();
                helpers.contains(&name) || serves && name.starts_with("worker ")
            }),
            "{living:?}"
        );
        assert!(
            living
                .iter()
                .all(|process| process.resident <= self.os.peak_memory())
        );

        let threads = background.iter().map(|background| u64::from(background.count));
        let mut expected = memory.interpreter.0 + program.modules.0 + program.memory.0;
        expected += threads.sum::<u64>() * memory.thread.0;
        let among_processes = self.configuration.executor.start_method().is_some();
        for task in tasks {
            let Demand::Count(count) = task.demand else { return };
            let (argument, result) = (objects(memory, task.argument), objects(memory, task.result));
            match (transport, among_processes) {
                (Transport::SharedMemory, true) => {
                    // A name of 27 bytes comes back instead of a result.
                    let name = if result > 0 { 27 } else { 0 };
                    expected += (name + result) * count;
                }
                _ => expected += (argument + result) * count,
            }
        }
        // Arguments and results are rounded down to whole bytes, as objects of one item or of several.
        let most = 2 * self.outcome.items;
        assert!(
            living[0].unique.0.abs_diff(expected) <= most,
            "{expected}: {living:?}"
        );
    }

    fn a_worker_may_crash(&self) {
        let Configuration {
            tasks,
            background,
            program,
            ..
        } = &*self.configuration;
        let steps = format!("{tasks:?} {background:?} {program:?}");
        assert!(
            steps.contains("Crash {") && self.outcome.detail.contains(" crashed"),
            "{:?}",
            self.outcome
        );
    }

    fn background_takes_locks(&self) -> bool {
        let takes_lock = |step: &Step| format!("{step:?}").contains("Lock {");
        let background = &self.configuration.background;
        background
            .iter()
            .any(|background| background.steps.iter().any(takes_lock))
    }

    fn every_thread_does_what_it_was_asked(&self) {
        for life in self.os.lives() {
            let accounted = u128::from(life.done.units()) + u128::from(life.left.units());
            assert_eq!(life.asked, accounted, "{life:?}");
            assert!(life.ended.is_none() || life.left.is_done(), "{life:?}");
        }
    }

    fn nothing_is_had_twice(&self) {
        let stays = self.os.stays();
        for (resource, stays) in by(&stays, |stay| stay.resource) {
            assert_one_after_the_other(&stays);
            if let Resource::Cpu(cpu) = resource {
                assert!(
                    (cpu.index() as u32) < self.configuration.machine.cores * self.configuration.machine.smt
                );
            }
        }
        let cpu_only: Vec<Stay> = stays.iter().copied().filter(is_on_cpu).collect();
        for (_, stays) in by(&cpu_only, |stay| stay.thread) {
            assert_one_after_the_other(&stays);
        }
    }

    fn no_work_is_done_off_core(&self) {
        let stays: Vec<Stay> = self.os.stays().into_iter().filter(is_on_cpu).collect();
        let on_cpu = by(&stays, |stay| stay.thread);
        for (thread, life) in self.os.lives().iter().enumerate() {
            let lengths = on_cpu
                .iter()
                .filter(|(id, _)| id.index() == thread)
                .flat_map(|(_, stays)| stays);
            let time: Nanos = lengths.map(|stay| stay.to.min(self.os.now()) - stay.from).sum();
            assert!(
                life.done <= Work::at_full_speed(time),
                "{life:?} had a CPU for {time}"
            );
        }
    }

    fn the_spans_of_a_thread_leave_no_gap(&self) {
        let mut until: BTreeMap<Track, Nanos> = BTreeMap::new();
        for span in self.os.spans() {
            let before = until.insert(span.track, span.to);
            assert_eq!(before.unwrap_or(span.from), span.from, "{span:?}");
            assert!(span.from < span.to);
        }
    }

    fn the_same_again_is_the_same(&self) {
        let again = workload::simulate(&self.configuration, &self.replicate, 0);
        assert_eq!(again, self.outcome);
    }

    fn all_items_are_done(&self) {
        let outcome = &self.outcome;
        let mut counted = true;
        let mut items = 0;
        for task in &self.configuration.tasks {
            match task.demand {
                Demand::Count(count) => items += count,
                Demand::Clients { .. } | Demand::Arrivals { .. } => counted = false,
            }
        }
        if counted {
            assert_eq!(outcome.items, items);
            assert!(outcome.latency.p99 <= outcome.makespan);
        }
        assert!(outcome.latency.p50 <= outcome.latency.p95 && outcome.latency.p95 <= outcome.latency.p99);
    }

    fn no_thread_is_faster_than_the_machine(&self) {
        let Played { asked, outcome, .. } = self;
        let makespan = outcome.makespan;
        assert!(outcome.critical_path <= makespan, "{outcome:?}");
        // What a core yields, out of 1024: two hardware threads yield more than one.
        let speed = &self.configuration.machine.profile.machine.joint_speed;
        let of_core = match self.configuration.machine.smt {
            1 => 1024,
            _ => 1024.max(2 * speed.sibling_busy),
        };
        let most = u128::from(makespan.0) * u128::from(self.cores() * of_core);
        assert!(
            u128::from(asked.cpu().0) * 1024 <= most,
            "{asked:?} in {outcome:?}"
        );
        let has_lock = !self.configuration.python.version.free_threaded;
        let one_interpreter = has_lock
            && matches!(
                self.configuration.executor,
                Executor::Sequential(_)
                    | Executor::Threads(_)
                    | Executor::ThreadPerTask(_)
                    | Executor::LoopPerThread(_)
                    | Executor::Asyncio(scenario::Asyncio {
                        offload: Offload::Loop | Offload::Thread { .. },
                        ..
                    })
            );
        assert!(
            !one_interpreter || asked.locked <= makespan,
            "{asked:?} in {outcome:?}"
        );
        let done: u64 = self
            .os
            .lives()
            .iter()
            .map(|life| life.done.at_full_speed_takes().0)
            .sum();
        assert!(asked.cpu().0 <= done, "{asked:?}, but {done} ns were done");
    }

    fn the_workers_time_adds_up_to_their_lives(&self) {
        let outcome = &self.outcome;
        let finished = self.os.now() - (outcome.total - outcome.makespan);
        let life_before = |life: &Life| life.ended.unwrap_or(finished).min(finished) - life.born;
        // An event loop lives in the main thread, and works as long as the clock of the makespan runs.
        let mut of_loop = Nanos::ZERO;
        let workers = match self.configuration.executor {
            Executor::Sequential(_) => {
                assert_eq!(outcome.worker_time.total(), outcome.makespan);
                return;
            }
            Executor::Asyncio(scenario::Asyncio { offload, .. }) => {
                of_loop = outcome.makespan;
                match offload {
                    Offload::Loop => "nobody else",
                    Offload::Thread { .. } => "pool thread ",
                    Offload::Process { .. } => "worker ",
                }
            }
            Executor::Threads(_) | Executor::Interpreters(_) => "pool thread ",
            Executor::Processes(_) | Executor::Pool(_) | Executor::Consumers(_) => "worker ",
            Executor::ThreadPerTask(_) | Executor::InterpreterPerTask(_) => "thread of item ",
            Executor::ProcessPerTask(_) => "process of item ",
            Executor::LoopPerThread(_) => "event loop ",
            Executor::Server(_) => "server thread ",
        };
        let mut lives = self.lives_named(workers);
        // Workers are replaced even where nothing is left for them to do.
        lives.retain(|life| life.born <= finished);
        assert!(!lives.is_empty() || of_loop > Nanos::ZERO);
        let lives: Nanos = lives.iter().map(life_before).sum();
        assert_eq!(outcome.worker_time.total(), of_loop + lives);
    }

    /// A program whose main thread sends everything before it takes the first result hangs once both channels are full.
    fn a_deadlock_names_two_locks_or_two_full_channels(&self) {
        let detail = &self.outcome.detail;
        if let Executor::Asyncio(_) | Executor::LoopPerThread(_) = self.configuration.executor {
            // Coroutines wait for each other's locks, and the loop for something to happen.
            assert!(
                detail.contains("the main thread waits for an event of its loop"),
                "{detail}"
            );
            return;
        }
        let locks = detail.contains("waits for the lock \"") && detail.contains("(held by ");
        let sends_first = matches!(
            self.configuration.executor,
            Executor::Consumers(scenario::Consumers {
                sender: Sender::Main,
                channel: ChannelKind::Pipe | ChannelKind::SocketPair | ChannelKind::SimpleQueue,
                ..
            })
        );
        let full = |channel: &str| detail.contains(&format!("waits for room in the channel of {channel}"));
        assert!(
            locks || (sends_first && full("items") && full("results")),
            "{detail}"
        );
    }
}

/// What data occupies as objects.
fn objects(memory: &MemoryCosts, payload: Payload) -> u64 {
    let sizes = &memory.objects;
    let share = match payload.kind {
        PayloadKind::Bytes => sizes.bytes,
        PayloadKind::ListFloat => sizes.list_float,
        PayloadKind::ListInt => sizes.list_int,
        PayloadKind::Dict => sizes.dict,
        PayloadKind::ListTuple => sizes.list_tuple,
    };
    payload.size.0 * share / 1024
}

fn is_on_cpu(stay: &Stay) -> bool {
    matches!(stay.resource, Resource::Cpu(_))
}

fn by<K: Ord>(stays: &[Stay], key: impl Fn(&Stay) -> K) -> BTreeMap<K, Vec<Stay>> {
    let mut groups: BTreeMap<K, Vec<Stay>> = BTreeMap::new();
    for stay in stays {
        groups.entry(key(stay)).or_default().push(*stay);
    }
    groups
}

fn assert_one_after_the_other(stays: &[Stay]) {
    for pair in stays.windows(2) {
        assert!(pair[0].to <= pair[1].from, "at the same time: {pair:?}");
    }
}

fn config(usual: u32) -> ProptestConfig {
    ProptestConfig {
        cases: cases(usual),
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn counted_items_conserve_work_time_and_locks(parts in counted()) {
        play(&parts.text()).check();
    }
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn a_process_that_dies_takes_nothing_else_with_it(parts in crashing()) {
        play(&parts.text()).check();
    }
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn shared_memory_is_given_back(parts in sharing()) {
        play(&parts.text()).check();
    }
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn where_memory_runs_out_nothing_else_is_lost(parts in short_of_memory()) {
        play(&parts.text()).check();
    }
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn updates_are_lost_only_where_others_can_interleave(parts in updating()) {
        let played = play(&parts.text());
        played.check();
        let lost = played.outcome.lost_updates.expect("there are updates");
        let unguarded = parts.tasks.contains("lock = \"none\"");
        prop_assert!(lost == 0 || unguarded && played.configuration.executor != Executor::Sequential(scenario::Sequential), "{lost}");
    }
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn served_clients_conserve_work_time_and_locks(parts in served()) {
        play(&parts.text()).check();
    }
}

proptest! {
    #![proptest_config(config(200))]

    /// Pipes and fork servers cannot be had for nothing: a nanosecond for each time that bytes are moved.
    #[test]
    fn on_a_machine_without_costs_exactly_the_work_of_the_items_is_done(parts in free_of_costs()) {
        let played = play(&parts.text());
        played.check();
        if played.outcome.status == Status::Done {
            let asked = played.asked;
            let done: u64 = played.os.lives().iter().map(|life| life.done.at_full_speed_takes().0).sum();
            let moved = match played.configuration.executor {
                Executor::Processes(_) | Executor::ProcessPerTask(_) => 60 * (played.outcome.items + 4),
                // A manager's clients introduce themselves.
                Executor::Consumers(scenario::Consumers { workers, .. }) => {
                    60 * (played.outcome.items + 10 + 4 * u64::from(workers))
                }
                _ => 0,
            };
            prop_assert!((asked.cpu().0..=asked.cpu().0 + moved).contains(&done), "{asked:?}, {done} ns were done");
            if played.configuration.executor == Executor::Sequential(scenario::Sequential) {
                prop_assert_eq!(played.outcome.makespan, asked.total());
            }
        }
    }
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn more_replications_and_other_runs_change_no_row(parts in counted(), workers in 1..6u32) {
        let row_of_own = |replications: u32, before: &str, after: &str| {
            let scenario = scenario(&parts.with_runs(replications, before, after));
            let own = scenario.configurations.iter().position(|c| c.label == "own").expect("it is there");
            experiment::run(scenario, || ()).rows.swap_remove(own)
        };
        let sequential = "[[run]]\nexecutor = \"sequential\"\n";
        let threads = format!("[[run]]\nname = \"other\"\nexecutor = \"threads\"\nworkers = {workers}\n");
        let alone = row_of_own(1, "", "");
        let among = row_of_own(3, &threads, sequential);
        prop_assert_eq!(&alone.replications[..], &among.replications[..1]);
        prop_assert_eq!(&alone.baseline[..], &among.baseline[..1]);
    }
}
