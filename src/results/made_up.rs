//! Made-up results for tests: plausible figures, nothing simulated.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::{Payload, PayloadKind, Python, StartMethod, Version};
use crate::profile::Profile;
use crate::random::Time;
use crate::results::measured::{Host, Measured, MeasuredRow, Repetition};
use crate::results::{Latency, Replication, Results, Row, Status, TimeByActivity};
use crate::scenario::{
    self, Background, Cell, Configuration, Demand, Executor, Machine, MatchValue, Metric, Program, Published,
    Replicate, Scenario, Setting, Step, TaskGroup, Transport,
};
use crate::units::{Bytes, Nanos};

/// What identifies a published cell, its figure, and whether it was fitted on.
pub type PublishedCell<'a> = (&'a [(&'a str, f64)], f64, bool);

/// Builds results row by row.
pub struct Maker {
    results: Results,
    labels: Vec<String>,
}

impl Maker {
    /// One replication, no rows yet.
    pub fn new(name: &str) -> Self {
        let scenario = Scenario {
            name: name.to_owned(),
            title: format!("Made-up {name}"),
            path: PathBuf::from(format!("scenarios/{name}.toml")),
            text: format!("title = \"Made-up {name}\"\n"),
            overrides: Vec::new(),
            replicate: Replicate {
                replications: 1,
                seed: 7,
                limit: Nanos::from_secs(3600),
            },
            configurations: Vec::new(),
            published: None,
        };
        Self {
            results: Results {
                scenario,
                rows: Vec::new(),
            },
            labels: Vec::new(),
        }
    }

    /// Of every row to come.
    pub fn replications(mut self, replications: u32) -> Self {
        self.results.scenario.replicate.replications = replications;
        self
    }

    /// The scenario's title.
    pub fn title(mut self, title: &str) -> Self {
        self.results.scenario.title = title.to_owned();
        self
    }

    /// A row: rows with equal labels are of one run. `figure` is a makespan in seconds, or the requests per
    /// second where there is no sequential makespan in seconds to compare with.
    pub fn run(
        mut self,
        label: &str,
        executor: Executor,
        swept: &[(&str, &str)],
        figure: f64,
        sequential: Option<f64>,
    ) -> Self {
        if !self.labels.iter().any(|known| known == label) {
            self.labels.push(label.to_owned());
        }
        let run = self.labels.iter().position(|known| known == label).unwrap();
        let swept: Vec<Setting> = swept
            .iter()
            .map(|(path, shown)| Setting {
                path: (*path).to_owned(),
                shown: (*shown).to_owned(),
                number: number(shown),
            })
            .collect();
        let lookup = |path: &str| {
            swept
                .iter()
                .find(|setting| setting.path == path)
                .and_then(|setting| setting.number)
        };
        let python = Python {
            version: Version::release(3, 13),
            switch_interval: Nanos((lookup("python.switch_interval").unwrap_or(0.005) * 1e9).round() as u64),
            check_interval: 100,
        };
        let requests = sequential.is_none();
        let demand = if requests {
            let second = Nanos::from_secs(1);
            Demand::Clients {
                clients: 1,
                think: Time::Constant(second),
                duration: second,
                warmup: Nanos::ZERO,
            }
        } else {
            Demand::Count(200)
        };
        let nothing = Payload {
            size: Bytes(0),
            kind: PayloadKind::Bytes,
        };
        let busy = lookup("background.busy.count").map(|count| Background {
            name: "busy".to_owned(),
            count: count as u32,
            steps: vec![Step::Python {
                time: Time::Forever,
                shares: None,
                offload: false,
            }],
        });
        self.results.scenario.configurations.push(Configuration {
            run,
            label: label.to_owned(),
            machine: Machine {
                cores: lookup("machine.cores").unwrap_or(4.0) as u32,
                smt: 1,
                memory: None,
                profile: Arc::new(Profile {
                    text: "made = \"up\"\n".to_owned(),
                    ..Profile::load("linux-x86_64", Path::new("."))
                        .unwrap()
                        .as_ref()
                        .clone()
                }),
            },
            swept,
            python: python.clone(),
            baseline_python: python,
            program: Program {
                imports: Time::Constant(Nanos::ZERO),
                memory: Bytes(0),
                touched: Bytes(0),
                modules: Bytes(0),
                setup: Vec::new(),
            },
            tasks: vec![TaskGroup {
                name: "item".to_owned(),
                demand,
                argument: nothing,
                result: nothing,
                steps: vec![Step::Python {
                    time: Time::Constant(Nanos::from_millis(1)),
                    shares: None,
                    offload: false,
                }],
                after: Vec::new(),
            }],
            background: busy.into_iter().collect(),
            executor,
            transport: Transport::Pickle,
        });
        let replications = self.results.scenario.replicate.replications;
        let row = Row {
            replications: (0..replications)
                .map(|index| replication(figure, requests, index))
                .collect(),
            baseline: (0..replications)
                .map(|index| sequential.map(|s| secs(s * (1.0 + 0.01 * noise(index + 7)))))
                .collect(),
        };
        self.results.rows.push(row);
        self
    }

    /// Figures to compare with.
    pub fn published(mut self, ours: &str, cells: &[PublishedCell]) -> Self {
        let cells = cells.iter().map(|(matches, value, fitted)| Cell {
            matches: matches
                .iter()
                .map(|(key, value)| ((*key).to_owned(), MatchValue::Number(*value)))
                .collect(),
            value: *value,
            fitted: *fitted,
        });
        self.results.scenario.published = Some(Published {
            file: "skvortsov-2021.csv".to_owned(),
            metric: Metric {
                theirs: "theirs".to_owned(),
                ours: ours.to_owned(),
            },
            cells: cells.collect(),
        });
        self
    }

    /// Done.
    pub fn make(self) -> Results {
        self.results
    }
}

/// Results as if they had been measured, each makespan longer (and throughput lower) by a factor: of row and repetition.
pub fn measured(results: &Results, factor: impl Fn(usize, usize) -> f64) -> Measured {
    let rows = results.rows.iter().enumerate().map(|(configuration, row)| {
        let repetitions = row.replications.iter().enumerate().map(|(index, replication)| {
            let factor = factor(configuration, index);
            let longer = |time: Nanos| secs(time.as_secs_f64() * factor);
            let mut replication = replication.clone();
            if row.baseline[index].is_some() {
                replication.makespan = longer(replication.makespan);
                replication.counted = replication.makespan;
            } else {
                replication.items = (replication.items as f64 / factor) as u64;
            }
            Repetition {
                number: index as u64,
                replication,
                baseline: row.baseline[index],
                drift: 0.01,
                speed: Some(1.0),
                elsewhere: Some(0.0),
                noisy: false,
            }
        });
        MeasuredRow {
            configuration,
            release: "3.13.1".to_owned(),
            repetitions: repetitions.collect(),
        }
    });
    Measured {
        scenario: results.scenario.clone(),
        rows: rows.collect(),
        left_out: Vec::new(),
        interrupted: false,
        host: Host {
            cores: 4,
            system: "linux x86_64".to_owned(),
            interpreters: vec![("3.13.1".to_owned(), "/usr/bin/python3".to_owned())],
            slowdowns: Vec::new(),
        },
    }
}

fn secs(seconds: f64) -> Nanos {
    Nanos((seconds * 1e9).round() as u64)
}

/// Between -1 and 1, the same for the same index.
fn noise(index: u32) -> f64 {
    f64::from(index.wrapping_mul(2_654_435_761) >> 16) / 32_768.0 - 1.0
}

fn number(shown: &str) -> Option<f64> {
    let (digits, unit) = shown.split_at(shown.find(|c: char| c.is_alphabetic()).unwrap_or(shown.len()));
    let unit = match unit {
        "" => 1.0,
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        _ => return None,
    };
    digits.trim().parse::<f64>().ok().map(|digits| digits * unit)
}

fn replication(figure: f64, requests: bool, index: u32) -> Replication {
    let makespan = if requests {
        Nanos::from_secs(20)
    } else {
        secs(figure * (1.0 + 0.06 * noise(index)))
    };
    let items = if requests { (figure * 20.0) as u64 } else { 200 };
    let latency = if requests {
        secs(1.0 / figure)
    } else {
        secs(figure / 20.0)
    };
    Replication {
        status: Status::Done,
        detail: String::new(),
        makespan,
        teardown: Nanos::from_millis(2),
        items,
        counted: makespan,
        latency: Latency {
            mean: latency,
            p50: latency,
            p95: latency * 2,
            p99: latency * 3,
        },
        worker_time: TimeByActivity {
            running: makespan,
            waiting_for_lock: makespan * 2,
            io: makespan / 7,
            idle: makespan / 3,
            ..TimeByActivity::default()
        },
        parent_busy: makespan / 10,
        parent_waiting_for_lock: makespan / 50,
        switches: 1234,
        peak_memory: Bytes(120_000_000),
        lost_updates: None,
        total: Nanos::ZERO,
        critical_path: if requests {
            Nanos::ZERO
        } else {
            // As random as the rest of it, by less than is shown.
            Nanos(25_000_000 + makespan.0 % 997)
        },
        events: 98_765,
    }
}

/// Threads stay flat, processes rise: 1 to 16 cores, 20 replications.
pub fn quickstart() -> Results {
    let mut maker = Maker::new("quickstart")
        .title("Thumbnails of 200 photos")
        .replications(20);
    let cores = ["1", "2", "4", "8", "16"];
    for cores in cores {
        maker = maker.run(
            "sequential",
            Executor::Sequential(scenario::Sequential),
            &[("machine.cores", cores)],
            5.0,
            Some(5.0),
        );
    }
    for (cores, makespan) in cores.into_iter().zip([4.98, 4.2, 4.0, 4.05, 4.1]) {
        let workers = cores.parse().unwrap();
        let swept = [("machine.cores", cores)];
        maker = maker.run(
            "threads",
            Executor::Threads(scenario::Threads { workers }),
            &swept,
            makespan,
            Some(5.0),
        );
    }
    for (method, penalty) in [("fork", 0.03), ("spawn", 0.35)] {
        let start_method = if method == "fork" {
            StartMethod::Fork
        } else {
            StartMethod::Spawn
        };
        for cores in cores {
            let workers: u32 = cores.parse().unwrap();
            let executor = Executor::Processes(scenario::Processes {
                workers,
                start: start_method.into(),
                chunksize: 4,
                max_tasks_per_child: None,
            });
            let swept = [("machine.cores", cores), ("run.start_method", method)];
            let makespan = 5.0 / f64::from(workers) + penalty + 0.008 * f64::from(workers);
            maker = maker.run("processes", executor, &swept, makespan, Some(5.0));
        }
    }
    maker.make()
}

/// Threads that mostly wait: speedup beyond the number of cores.
pub fn io_bound() -> Results {
    let mut maker = Maker::new("io_bound")
        .title("500 requests to a slow service")
        .replications(20);
    for (name, most) in [("threads", 24.0), ("processes", 21.0)] {
        for workers in [1u32, 2, 4, 8, 16, 32, 64] {
            let executor = if name == "threads" {
                Executor::Threads(scenario::Threads { workers })
            } else {
                Executor::Processes(scenario::Processes {
                    workers,
                    start: StartMethod::Fork.into(),
                    chunksize: 1,
                    max_tasks_per_child: None,
                })
            };
            let speedup = f64::from(workers).min(most - f64::from(workers) / 20.0);
            let shown = workers.to_string();
            maker = maker.run(
                name,
                executor,
                &[("run.workers", &shown)],
                26.0 / speedup,
                Some(26.0),
            );
        }
    }
    maker
        .run(
            "sequential",
            Executor::Sequential(scenario::Sequential),
            &[],
            26.0,
            Some(26.0),
        )
        .make()
}

/// An echo server beside busy threads, with its published table; 5 ms is what was fitted on.
pub fn echo() -> Results {
    let mut maker = Maker::new("echo").title("An echo server beside busy threads");
    let intervals = ["100us", "1ms", "5ms", "10ms", "100ms"];
    for busy in ["0", "1", "2", "4"] {
        for interval in intervals {
            let seconds = number(interval).unwrap();
            let count: f64 = busy.parse().unwrap();
            let rate = if count == 0.0 {
                29_700.0
            } else {
                1.0 / (33e-6 + seconds * (0.4 + 0.6 * count)) / 2.0
            };
            let swept = [
                ("python.switch_interval", interval),
                ("background.busy.count", busy),
            ];
            maker = maker.run(
                "server",
                Executor::Server(scenario::Server { threads: 1 }),
                &swept,
                rate,
                None,
            );
        }
    }
    let cell = |interval: f64, busy: f64| {
        [
            ("python.switch_interval", interval),
            ("background.busy.count", busy),
        ]
    };
    let table = [
        (cell(0.1, 0.0), 30_000.0),
        (cell(0.1, 1.0), 5.0),
        (cell(0.1, 2.0), 2.0),
        (cell(0.01, 0.0), 30_000.0),
        (cell(0.01, 1.0), 50.0),
        (cell(0.01, 2.0), 30.0),
        (cell(0.01, 4.0), 15.0),
        (cell(0.005, 0.0), 30_000.0),
        (cell(0.005, 1.0), 100.0),
        (cell(0.005, 2.0), 50.0),
        (cell(0.005, 4.0), 30.0),
        (cell(0.001, 0.0), 30_000.0),
        (cell(0.001, 1.0), 500.0),
        (cell(0.001, 2.0), 280.0),
        (cell(0.001, 4.0), 200.0),
        (cell(0.0001, 0.0), 30_000.0),
        (cell(0.0001, 1.0), 3_200.0),
        (cell(0.0001, 2.0), 1_700.0),
        (cell(0.0001, 4.0), 1_000.0),
    ];
    let cells: Vec<PublishedCell> = table
        .iter()
        .map(|(cell, rate)| (cell.as_slice(), *rate, cell[0].1 == 0.005))
        .collect();
    maker.published("throughput_per_s", &cells).make()
}

/// A countdown split over threads, by switch interval, with its published makespans.
pub fn countdown() -> Results {
    let mut maker = Maker::new("countdown").title("A countdown from 100 million, split over threads");
    let table = [
        ("100ms", [7.29, 6.80, 6.50, 6.61]),
        ("10ms", [6.62, 6.61, 7.15, 6.71]),
        ("5ms", [6.53, 6.58, 7.20, 7.19]),
        ("1ms", [7.02, 7.36, 7.56, 7.12]),
        ("100us", [6.77, 9.20, 9.36, 9.84]),
        ("10us", [6.68, 12.29, 19.15, 30.53]),
        ("1us", [6.89, 17.16, 31.68, 86.44]),
    ];
    let mut cells = Vec::new();
    for (interval, makespans) in table {
        for (workers, published) in [1u32, 2, 4, 8].into_iter().zip(makespans) {
            let seconds = number(interval).unwrap();
            let shown = workers.to_string();
            let swept = [
                ("python.switch_interval", interval),
                ("run.workers", shown.as_str()),
            ];
            let switching = if workers == 1 {
                0.0
            } else {
                8e-6 * f64::from(workers) / (seconds + 8e-6)
            };
            maker = maker.run(
                "threads",
                Executor::Threads(scenario::Threads { workers }),
                &swept,
                6.6 * (1.0 + switching),
                Some(6.6),
            );
            cells.push((
                [
                    ("python.switch_interval", seconds),
                    ("workers", f64::from(workers)),
                ],
                published,
            ));
        }
    }
    let cells: Vec<PublishedCell> = cells
        .iter()
        .map(|(cell, seconds)| (cell.as_slice(), *seconds, cell[0].1 == 0.005))
        .collect();
    maker.published("makespan_s", &cells).make()
}

/// Nothing varies but the run.
pub fn runs_only() -> Results {
    let fork = StartMethod::Fork;
    Maker::new("runs_only")
        .title("Resizing 64 images on 4 cores")
        .replications(10)
        .run(
            "sequential",
            Executor::Sequential(scenario::Sequential),
            &[],
            3.2,
            Some(3.2),
        )
        .run(
            "threads",
            Executor::Threads(scenario::Threads { workers: 4 }),
            &[],
            1.35,
            Some(3.2),
        )
        .run(
            "threads, one per task",
            Executor::ThreadPerTask(scenario::ThreadPerTask),
            &[],
            1.37,
            Some(3.2),
        )
        .run(
            "processes (fork)",
            Executor::Processes(scenario::Processes {
                workers: 4,
                start: fork.into(),
                chunksize: 1,
                max_tasks_per_child: None,
            }),
            &[],
            0.93,
            Some(3.2),
        )
        .run(
            "processes, one per task",
            Executor::ProcessPerTask(scenario::ProcessPerTask { start: fork.into() }),
            &[],
            1.61,
            Some(3.2),
        )
        .make()
}

/// More lines than a chart can show, with long names, and one that never ended.
pub fn crowded() -> Results {
    let mut maker = Maker::new("crowded").title("A title that goes on and on, since nobody told its author that the page ends somewhere, and that even a second line is no excuse for a third one").replications(3);
    for method in [StartMethod::Fork, StartMethod::Spawn] {
        for chunksize in ["1", "4", "16", "64", "256", "1024"] {
            for cores in ["1", "2", "3", "4", "6"] {
                let workers: u32 = cores.parse().unwrap();
                let chunk = chunksize.parse().unwrap();
                let executor = Executor::Processes(scenario::Processes {
                    workers,
                    start: method.into(),
                    chunksize: chunk,
                    max_tasks_per_child: None,
                });
                let swept = [("machine.cores", cores), ("run.chunksize", chunksize)];
                let label = format!("a pool of processes by {method:?}, with a long name");
                let makespan = 5.0 / f64::from(workers) * (1.0 + 0.2 / chunk as f64) + 0.0001 * chunk as f64;
                maker = maker.run(&label, executor, &swept, makespan, Some(5.0));
            }
        }
    }
    let mut results = maker.make();
    results.rows[3].replications[1].status = Status::Limit;
    results
}
