//! What the Python side says of a repetition.

use serde::Deserialize;

use crate::results::measured::Repetition;
use crate::results::{Latency, Replication, Status, TimeByActivity};
use crate::units::{Bytes, Nanos};

/// Work whose speed has changed by more than this between before and after was not what it should have been.
const MOST_DRIFT: f64 = 0.05;
/// A machine that others kept busy for more than this share of its time was not ours.
const MOST_ELSEWHERE: f64 = 0.05;

/// The line, times in ns.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    makespan: u64,
    teardown: u64,
    items: u64,
    counted: u64,
    latencies: [u64; 4],
    lost_updates: Option<u64>,
    drift: f64,
    elsewhere: Option<f64>,
}

impl Answer {
    /// In the terms of results.
    pub fn into_repetition(self, number: u64) -> Repetition {
        let [mean, p50, p95, p99] = self.latencies.map(Nanos);
        Repetition {
            number,
            replication: Replication {
                makespan: Nanos(self.makespan),
                teardown: Nanos(self.teardown),
                items: self.items,
                counted: Nanos(self.counted),
                latency: Latency { mean, p50, p95, p99 },
                lost_updates: self.lost_updates,
                ..without_figures(Status::Done, String::new())
            },
            baseline: None,
            drift: self.drift,
            elsewhere: self.elsewhere,
            noisy: self.drift > MOST_DRIFT || self.elsewhere.is_some_and(|share| share > MOST_ELSEWHERE),
        }
    }
}

/// A repetition that came to nothing.
pub fn failed(number: u64, status: Status, detail: String) -> Repetition {
    Repetition {
        number,
        replication: without_figures(status, detail),
        baseline: None,
        drift: 0.0,
        elsewhere: None,
        noisy: false,
    }
}

fn without_figures(status: Status, detail: String) -> Replication {
    Replication {
        status,
        detail,
        makespan: Nanos::ZERO,
        teardown: Nanos::ZERO,
        items: 0,
        counted: Nanos::ZERO,
        latency: Latency::default(),
        worker_time: TimeByActivity::default(),
        parent_busy: Nanos::ZERO,
        parent_waiting_for_lock: Nanos::ZERO,
        switches: 0,
        peak_memory: Bytes::ZERO,
        lost_updates: None,
        total: Nanos::ZERO,
        critical_path: Nanos::ZERO,
        events: 0,
    }
}
