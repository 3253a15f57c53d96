//! Channels between processes, compared with measurements and with exact results.
//!
//! "Measured" means on a virtual machine with two CPUs (EPYC, Linux 6.18, CPython 3.11).

use crate::common;
use std::sync::Arc;

use gilsim::results::{Replication, Status};
use gilsim::units::Nanos;
use gilsim::workload;

const CHANNELS: [&str; 6] = [
    "pipe",
    "socket_pair",
    "simple_queue",
    "queue",
    "joinable_queue",
    "manager",
];

/// One replication of one run of consumers; `task` and `run` are further keys of theirs.
fn simulate(count: u64, task: &str, others: &str, run: &str) -> Replication {
    let text = format!(
        "[machine]\ncores = 4\n[replicate]\nreplications = 1\n[[task]]\nname = \"item\"\ncount = {count}\n{task}\n\
         {others}[[run]]\nexecutor = \"consumers\"\nstart_method = \"fork\"\n{run}"
    );
    let scenario = common::scenario(&text);
    let configuration = Arc::new(scenario.configurations[0].clone());
    workload::simulate(&configuration, &scenario.replicate, 0)
}

fn done(outcome: Replication) -> Replication {
    assert_eq!(outcome.status, Status::Done, "{}", outcome.detail);
    outcome
}

mod a_sender_that_takes_no_results_until_all_is_sent {
    use super::*;

    const BOTH_WAYS: &str = "argument = \"100 B\"\nresult = \"100 B\"\nsteps = [{ python = \"0ns\" }]";

    fn outcome(channel: &str, sender: &str, workers: u32, count: u64) -> Replication {
        let run = format!("channel = \"{channel}\"\nsender = \"{sender}\"\nworkers = {workers}\n");
        simulate(count, BOTH_WAYS, "", &run)
    }

    /// The most items of 100 bytes, sent back as they are, with which the program does not hang.
    fn most_items(channel: &str) -> u64 {
        let (mut done, mut hangs) = (1, 3_000);
        while hangs - done > 1 {
            let count = (done + hangs) / 2;
            match outcome(channel, "main", 1, count).status {
                Status::Done => done = count,
                _ => hangs = count,
            }
        }
        done
    }

    #[test]
    fn hangs_from_as_many_items_on_as_measured() {
        // Measured: 1084 with a SimpleQueue, 1081 with a pipe, and 500 with a pair of sockets, where it depends on who is
        // when how far: two full ones hold 556, but a full one has room again only once three quarters are free.
        for channel in ["simple_queue", "pipe"] {
            let most = most_items(channel);
            assert!((1_070..=1_092).contains(&most), "{channel}: {most}");
        }
        let most = most_items("socket_pair");
        assert!((480..=560).contains(&most), "{most}");
    }

    #[test]
    fn is_told_that_both_channels_are_full() {
        for channel in ["pipe", "socket_pair", "simple_queue"] {
            let outcome = outcome(channel, "main", 2, 3_000);
            assert_eq!(outcome.status, Status::Deadlock, "{channel}");
            for clause in [
                "the main thread waits for room in the channel of items",
                "waits for room in the channel of results",
                "waits for the writing end of the channel of results (held by worker",
            ] {
                assert!(outcome.detail.contains(clause), "{channel}: {}", outcome.detail);
            }
        }
    }

    #[test]
    fn never_hangs_where_something_else_takes_what_is_put() {
        for channel in ["queue", "joinable_queue", "manager"] {
            assert_eq!(done(outcome(channel, "main", 2, 3_000)).items, 3_000);
        }
        for channel in CHANNELS {
            assert_eq!(done(outcome(channel, "thread", 2, 3_000)).items, 3_000);
        }
    }
}

mod messages_without_an_answer {
    use super::*;

    /// The time of one more number, without the start of the reader.
    fn of_a_number(channel: &str) -> Nanos {
        let makespan = |count| {
            let run = format!("channel = \"{channel}\"\nsender = \"main\"\nworkers = 1\n");
            done(simulate(count, "steps = [{ python = \"0ns\" }]", "", &run)).makespan
        };
        (makespan(6_000) - makespan(2_000)) / 4_000
    }

    #[test]
    fn a_manager_costs_many_times_as_much_as_a_pipe() {
        // Measured: 24 us for a call that wakes no thread, 70 us where each call wakes one; a pipe takes 3 to 10 us.
        let (manager, pipe) = (of_a_number("manager"), of_a_number("pipe"));
        assert!((24..=140).contains(&(manager.0 / 1_000)), "{manager}");
        assert!(manager.0 > 5 * pipe.0, "{manager}, {pipe}");
    }

    #[test]
    fn every_queue_costs_more_than_the_pipe_it_is_made_of() {
        let pipe = of_a_number("pipe");
        for channel in ["simple_queue", "queue", "joinable_queue"] {
            let queue = of_a_number(channel);
            assert!(queue > pipe && queue.0 < 3 * pipe.0, "{channel}: {queue}, {pipe}");
        }
    }

    #[test]
    fn are_done_when_the_workers_are_joined_or_all_is_reported_done() {
        for channel in CHANNELS {
            let run = format!("channel = \"{channel}\"\nworkers = 2\n");
            let outcome = done(simulate(10, "steps = [{ native = \"20ms\" }]", "", &run));
            assert_eq!(outcome.items, 10, "{channel}");
            assert!(outcome.makespan >= Nanos::from_millis(100), "{channel}");
        }
    }
}

mod a_receiver_beside_busy_threads {
    use super::*;

    /// The rate in MB/s at which a parent with this number of busy threads receives messages of 10 MB.
    fn speed(channel: &str, busy: u32, interval: &str) -> f64 {
        let others = format!(
            "[[background]]\nname = \"busy\"\ncount = {busy}\nsteps = [{{ python = \"forever\" }}]\n"
        );
        let task = "result = \"10 MB\"\nsteps = [{ python = \"0ns\" }]";
        let run = format!("channel = \"{channel}\"\nworkers = 1\nswitch_interval = \"{interval}\"\n");
        let makespan = |count| done(simulate(count, task, &others, &run)).makespan;
        let another_two = (makespan(3) - makespan(1)).as_secs_f64();
        20.0 / another_two
    }

    #[test]
    fn gets_a_pipe_full_for_each_switch_interval() {
        // Measured: 340 to 400 MB/s alone; beside one thread 12 to 64, beside two 5 to 21.
        let alone = speed("pipe", 0, "5ms");
        assert!((250.0..600.0).contains(&alone), "{alone}");
        let pipe_full = 65_536.0 / 1e6;
        let beside_one = speed("pipe", 1, "5ms");
        assert!(
            (0.8..1.05).contains(&(beside_one * 0.005 / pipe_full)),
            "{beside_one}"
        );
        let beside_two = speed("pipe", 2, "5ms");
        assert!(beside_two < beside_one * 0.75, "{beside_two}");
        // A tenth of the interval makes it nearly ten times as fast: the timer's slack and the reading are not shorter.
        let often = speed("pipe", 1, "500us");
        assert!((6.0..10.0).contains(&(often / beside_one)), "{often}");
    }

    #[test]
    fn gets_more_out_of_a_socket_which_holds_more() {
        // Measured: 42 MB/s beside one thread.
        let (socket, pipe) = (speed("socket_pair", 1, "5ms"), speed("pipe", 1, "5ms"));
        assert!((2.0..4.0).contains(&(socket / pipe)), "{socket}, {pipe}");
    }
}
