//! The answer of the Python side about one repetition.

use std::time::Duration;

use serde::Deserialize;

use super::pace::Look;
use super::quiet::{Speeds, Tried};
use crate::results::measured::Repetition;
use crate::results::{Latency, Replication, Status, TimeByActivity};
use crate::units::{Bytes, Nanos};

/// The line of JSON.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// The repetition finished.
    Done(Figures),
    /// The executor lost a worker, and the parent got an exception.
    Broken {
        /// The exception, and how far the run got.
        broken: String,
    },
    /// The parent process died in a step.
    Crashed {
        #[serde(rename = "crashed")]
        _crashed: bool,
    },
}

/// The measured values; times in ns.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    makespan: u64,
    teardown: u64,
    items: u64,
    counted: u64,
    latencies: [u64; 4],
    lost_updates: Option<u64>,
    speeds: Vec<Speeds>,
    /// The state of each CPU before the work was calibrated, before it began, and after it ended.
    moments: Vec<Vec<Look>>,
    /// The time spent waiting for a quiet moment.
    waited_s: f64,
    elsewhere: Option<f64>,
}

impl Answer {
    /// The answer as a result.
    pub fn into_tried(self, number: u64) -> Tried {
        match self {
            Self::Done(figures) => figures.into_tried(number),
            Self::Broken { broken } => failed(number, Status::Broken, broken),
            Self::Crashed { .. } => {
                let detail = "the program's own process crashed".to_owned();
                failed(number, Status::Crashed, detail)
            }
        }
    }
}

impl Figures {
    fn into_tried(self, number: u64) -> Tried {
        let [mean, p50, p95, p99] = self.latencies.map(Nanos);
        let replication = Replication {
            makespan: Nanos(self.makespan),
            teardown: Nanos(self.teardown),
            items: self.items,
            counted: Nanos(self.counted),
            latency: Latency { mean, p50, p95, p99 },
            lost_updates: self.lost_updates,
            ..without_figures(Status::Done, String::new())
        };
        Tried {
            speeds: self.speeds,
            looks: self.moments.concat(),
            waited: Duration::try_from_secs_f64(self.waited_s).unwrap_or_default(),
            ..unjudged(number, replication, self.elsewhere)
        }
    }
}

/// A repetition without a result.
pub fn failed(number: u64, status: Status, detail: String) -> Tried {
    unjudged(number, without_figures(status, detail), None)
}

fn unjudged(number: u64, replication: Replication, elsewhere: Option<f64>) -> Tried {
    let repetition = Repetition {
        number,
        replication,
        baseline: None,
        drift: 0.0,
        speed: None,
        elsewhere,
        noisy: false,
    };
    Tried {
        repetition,
        speeds: Vec::new(),
        looks: Vec::new(),
        waited: Duration::ZERO,
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
