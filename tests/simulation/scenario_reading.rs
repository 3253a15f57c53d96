//! Valid scenario files, and what they are decoded to.

use std::path::Path;

use gilsim::model::{PayloadKind, StartMethod};
use gilsim::random::Time;
use gilsim::scenario::{
    self, Configuration, Demand, DependencyKind, Executor, Guard, MatchValue, PoolMethod, Scenario, Step,
};
use gilsim::units::{Bytes, Nanos};

fn good(name: &str, options: &[&str]) -> Scenario {
    let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
    let path = Path::new("tests/fixtures/good").join(name).with_extension("toml");
    Scenario::load(&path, &options, None).unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

/// A scenario of one task and the given runs.
fn parse(head: &str, runs: &str) -> Scenario {
    let task = "[[task]]\nname = \"item\"\ncount = 4\nsteps = [{ python = \"5ms\" }]\n";
    let text = format!("{head}\n{task}\n{runs}");
    Scenario::parse(Path::new("x.toml"), &text, Path::new(""), &[], None).unwrap_or_else(|d| panic!("{d}"))
}

fn refused(head: &str, runs: &str) -> String {
    let task = "[[task]]\nname = \"item\"\ncount = 4\nsteps = [{ python = \"5ms\" }]\n";
    let text = format!("{head}\n{task}\n{runs}");
    let result = Scenario::parse(Path::new("x.toml"), &text, Path::new(""), &[], None);
    result.expect_err("is refused").to_string()
}

fn swept(configuration: &Configuration) -> String {
    let settings: Vec<String> = configuration
        .swept
        .iter()
        .map(|s| format!("{}={}", s.path, s.shown))
        .collect();
    settings.join(" ")
}

#[test]
fn runs_come_in_the_files_order_and_the_first_axis_is_slowest() {
    let scenario = good("thumbnails", &[]);
    let processes: Vec<String> = scenario
        .configurations
        .iter()
        .filter(|c| c.run == 2)
        .map(swept)
        .collect();
    let mut expected = Vec::new();
    for cores in [1, 2, 4, 8] {
        for method in ["fork", "spawn"] {
            expected.push(format!("machine.cores={cores} run.start_method={method}"));
        }
    }
    assert_eq!(processes, expected);
    let runs: Vec<usize> = scenario
        .configurations
        .iter()
        .map(|configuration| configuration.run)
        .collect();
    assert!(runs.is_sorted());
    assert_eq!(runs.len(), 4 + 4 * 3 + 4 * 2 + 4);
}

#[test]
fn runs_are_labelled_by_what_tells_them_apart() {
    let runs = "[[run]]\nexecutor = \"sequential\"\n\
                [[run]]\nexecutor = \"processes\"\n\
                [[run]]\nexecutor = \"processes\"\nstart_method = \"spawn\"\nworkers = 2\n\
                [[run]]\nname = \"mine\"\nexecutor = \"processes\"\n";
    let labels: Vec<String> = parse("machine.cores = 4", runs)
        .configurations
        .into_iter()
        .map(|c| c.label)
        .collect();
    assert_eq!(
        labels,
        ["sequential", "processes", "processes workers=2 spawn", "mine"]
    );
}

#[test]
fn a_value_keeps_its_words_and_its_number() {
    let scenario = good("echo", &[]);
    let settings = &scenario.configurations[5].swept;
    assert_eq!(settings[0].path, "python.switch_interval");
    assert_eq!(
        (settings[0].shown.as_str(), settings[0].number),
        ("1ms", Some(0.001))
    );
    assert_eq!(settings[1].path, "background.busy.count");
    assert_eq!((settings[1].shown.as_str(), settings[1].number), ("1", Some(1.0)));
}

#[test]
fn a_run_overrides_the_interpreter_but_not_its_baseline() {
    let scenario = good("echo", &[]);
    let configuration = &scenario.configurations[0];
    assert_eq!(configuration.python.switch_interval, Nanos::from_micros(100));
    assert_eq!(
        configuration.baseline_python.switch_interval,
        Nanos::from_millis(5)
    );
}

#[test]
fn the_switch_interval_is_whole_microseconds_as_the_interpreter_keeps_it() {
    let interval = |text: &str| {
        let head = format!("machine.cores = 1\npython.switch_interval = \"{text}\"");
        parse(&head, "[[run]]\nexecutor = \"threads\"\n").configurations[0]
            .python
            .switch_interval
    };
    assert_eq!(interval("1ns"), Nanos::from_micros(1));
    assert_eq!(interval("2999ns"), Nanos::from_micros(2));
}

#[test]
fn groups_get_their_counts_from_those_they_wait_for() {
    let scenario = good("graph", &[]);
    let tasks = &scenario.configurations[0].tasks;
    let counts: Vec<&Demand> = tasks.iter().map(|task| &task.demand).collect();
    assert_eq!(
        counts,
        [&Demand::Count(100), &Demand::Count(100), &Demand::Count(1)]
    );
    assert_eq!(
        (tasks[1].after[0].group, tasks[1].after[0].kind),
        (0, DependencyKind::Each)
    );
    assert_eq!(
        (tasks[2].after[0].group, tasks[2].after[0].kind),
        (1, DependencyKind::All)
    );
}

#[test]
fn every_word_of_the_format_is_read() {
    let scenario = good("everything", &[]);
    assert_eq!(scenario.replicate.replications, 3);
    assert_eq!(scenario.replicate.seed, 0);
    assert_eq!(scenario.replicate.limit, Nanos::from_secs(600));
    // smt, version, the argument's kind and holds_lock; cores have a column because `match` names them.
    let shared = 2 * 2 * 5 * 2;
    assert_eq!(
        scenario.configurations.len(),
        shared * (1 + 2 + 6 + 1 + 5 + 2 + 2)
    );
    assert!(
        swept(&scenario.configurations[0]).starts_with("machine.cores=2 machine.smt=1 python.version=3.14")
    );
    let task = &scenario.configurations[0].tasks[0];
    assert_eq!(
        (task.argument.size, task.argument.kind),
        (Bytes(1_000), PayloadKind::Bytes)
    );
    assert_eq!(
        task.steps[1],
        Step::Python {
            time: Time::Gamma {
                mean: Nanos::from_millis(4),
                cv: 1.0
            },
            shares: Some("state".to_owned()),
            offload: false,
        }
    );
    let Step::Lock { name, steps } = &task.steps[3] else {
        panic!("a lock: {:?}", task.steps[3])
    };
    let Step::Repeat { times, steps } = &steps[0] else {
        panic!("a repetition: {steps:?}")
    };
    let measured = [1_000_000, 2_500_000, 0].map(Nanos);
    assert_eq!((name.as_str(), *times), ("one", 2));
    assert_eq!(
        *steps,
        [Step::Python {
            time: Time::Empirical(measured.into()),
            shares: None,
            offload: false,
        }]
    );
    let update = |window, guard| Step::Update {
        state: "histogram".to_owned(),
        window,
        guard,
    };
    let micros = Nanos::from_micros(2);
    assert_eq!(
        task.steps[4..],
        [
            update(None, Guard::Own),
            update(Some(Time::Exponential { mean: micros }), Guard::Nobody),
            update(Some(Time::Constant(micros)), Guard::Lock("one".to_owned())),
            Step::Crash { probability: 0.001 },
        ]
    );
    let published = scenario.published.expect("there is a table");
    let fitted: Vec<bool> = published.cells.iter().map(|cell| cell.fitted).collect();
    // The fourth row is not of the kind that `where` asks for.
    assert_eq!(fitted, [true, true, false]);
    assert_eq!(
        published.cells[2].matches[0],
        ("executor".to_owned(), MatchValue::Text("processes".to_owned()))
    );
}

#[test]
fn empty_published_figures_are_left_out() {
    let published = good("echo", &[]).published.expect("there is a table");
    let values: Vec<(f64, bool)> = published
        .cells
        .iter()
        .map(|cell| (cell.value, cell.fitted))
        .collect();
    assert_eq!(
        values,
        [(27000.0, false), (4800.0, false), (190.0, true), (98.5, false)]
    );
}

#[test]
fn defaults_are_those_of_the_interpreter() {
    let executor = |version: &str, run: &str| {
        let head = format!("machine = {{ cores = 6, smt = 2 }}\npython.version = \"{version}\"");
        parse(&head, &format!("[[run]]\n{run}\n")).configurations[0]
            .executor
            .clone()
    };
    assert_eq!(
        executor("3.13", "executor = \"threads\""),
        Executor::Threads(scenario::Threads { workers: 16 })
    );
    assert_eq!(
        executor("3.7", "executor = \"threads\""),
        Executor::Threads(scenario::Threads { workers: 60 })
    );
    assert_eq!(
        executor("3.14t", "executor = \"interpreters\""),
        Executor::Interpreters(scenario::Interpreters { workers: 16 })
    );
    let processes = |start_method: StartMethod| {
        Executor::Processes(scenario::Processes {
            workers: 12,
            start: start_method.into(),
            chunksize: 1,
            max_tasks_per_child: None,
        })
    };
    assert_eq!(
        executor("3.13", "executor = \"processes\""),
        processes(StartMethod::Fork)
    );
    assert_eq!(
        executor("3.13t", "executor = \"processes\""),
        processes(StartMethod::Fork)
    );
    for version in ["3.14", "3.14t"] {
        assert_eq!(
            executor(version, "executor = \"processes\""),
            processes(StartMethod::Forkserver)
        );
    }
    assert_eq!(
        executor("3.13", "executor = \"processes\"\nmax_tasks_per_child = 5"),
        Executor::Processes(scenario::Processes {
            workers: 12,
            start: StartMethod::Spawn.into(),
            chunksize: 1,
            max_tasks_per_child: Some(5),
        })
    );
    let pool = |method, chunksize| {
        Executor::Pool(scenario::Pool {
            workers: 12,
            start: StartMethod::Fork.into(),
            method,
            chunksize,
            max_tasks_per_child: None,
        })
    };
    assert_eq!(
        executor("3.13", "executor = \"pool\""),
        pool(PoolMethod::Map, None)
    );
    assert_eq!(
        executor("3.13", "executor = \"pool\"\nmethod = \"imap\""),
        pool(PoolMethod::Imap, Some(1))
    );
    assert_eq!(
        executor("3.14", "executor = \"process-per-task\""),
        Executor::ProcessPerTask(scenario::ProcessPerTask {
            start: StartMethod::Forkserver.into()
        })
    );
}

#[test]
fn replications_default_to_twenty_where_a_time_is_random() {
    assert_eq!(good("graph", &[]).replicate.replications, 20);
    assert_eq!(good("echo", &[]).replicate.replications, 1);
    assert_eq!(
        good("echo", &["task.request.think={exponential={mean=\"14us\"}}"])
            .replicate
            .replications,
        20
    );
}

#[test]
fn an_option_sets_sweeps_and_adds() {
    let scenario = good(
        "echo",
        &[
            "machine.cores=[1,2]",
            "background.busy.count=1",
            "run.switch_interval=5ms",
        ],
    );
    let all: Vec<String> = scenario.configurations.iter().map(swept).collect();
    let fixed = "python.switch_interval=5ms background.busy.count=1";
    assert_eq!(
        all,
        [
            format!("machine.cores=1 {fixed}"),
            format!("machine.cores=2 {fixed}")
        ]
    );
    assert_eq!(scenario.overrides.len(), 3);
}

#[test]
fn an_option_for_the_interpreter_goes_before_what_runs_say() {
    let scenario = good(
        "echo",
        &["python.switch_interval=[1ms, 2ms]", "background.busy.count=0"],
    );
    let intervals: Vec<Nanos> = scenario
        .configurations
        .iter()
        .map(|c| c.python.switch_interval)
        .collect();
    assert_eq!(intervals, [Nanos::from_millis(1), Nanos::from_millis(2)]);
    assert_eq!(
        scenario.configurations[1].baseline_python.switch_interval,
        Nanos::from_millis(2)
    );
}

#[test]
fn an_option_for_runs_concerns_those_that_know_the_key() {
    let scenario = good(
        "thumbnails",
        &["machine.cores=4", "run.workers=3", "run.start_method=spawn"],
    );
    let executors: Vec<&Executor> = scenario.configurations.iter().map(|c| &c.executor).collect();
    let spawn = |chunksize| {
        Executor::Processes(scenario::Processes {
            workers: 3,
            start: StartMethod::Spawn.into(),
            chunksize,
            max_tasks_per_child: None,
        })
    };
    assert_eq!(
        executors,
        [
            &Executor::Sequential(scenario::Sequential),
            &Executor::Threads(scenario::Threads { workers: 3 }),
            &spawn(1),
            &spawn(16)
        ]
    );
}

#[test]
fn an_option_reaches_into_steps() {
    let options = [
        "machine.cores=1",
        "task.thumbnail.steps.1.native.lognormal.mean=[1ms,2ms]",
        "python.version=3.9",
    ];
    let scenario = good("thumbnails", &options);
    assert_eq!(
        swept(&scenario.configurations[1]),
        "task.thumbnail.steps.1.native.lognormal.mean=2ms"
    );
    let Step::Native { time, .. } = &scenario.configurations[1].tasks[0].steps[1] else {
        panic!("is native")
    };
    assert_eq!(
        *time,
        Time::LogNormal {
            mean: Nanos::from_millis(2),
            cv: 0.3
        }
    );
    assert_eq!(scenario.configurations[0].python.version.minor, 9);
}

#[test]
fn the_seed_of_the_command_line_goes_first() {
    let path = Path::new("tests/fixtures/good/thumbnails.toml");
    assert_eq!(
        Scenario::load(path, &[], None).expect("is good").replicate.seed,
        7
    );
    assert_eq!(
        Scenario::load(path, &[], Some(3))
            .expect("is good")
            .replicate
            .seed,
        3
    );
}

#[test]
fn a_name_and_a_title_come_from_the_file() {
    assert_eq!(good("thumbnails", &[]).title, "Thumbnails of 200 photos");
    let scenario = good("graph", &[]);
    assert_eq!(
        (scenario.name.as_str(), scenario.title.as_str()),
        ("graph", "graph")
    );
}

#[test]
fn a_missing_file_is_reported_like_any_other_error() {
    let complaint = |path: &str| {
        Scenario::load(Path::new(path), &[], None)
            .expect_err("is refused")
            .to_string()
    };
    assert!(complaint("tests/nowhere.toml").contains("cannot read `tests/nowhere.toml`: no such file"));
    assert!(complaint("tests").contains("cannot read `tests`: it is a directory"));
}

#[test]
fn an_error_in_a_sweep_is_reported_once() {
    let runs = "[[run]]\nexecutor = \"processes\"\nstart_method = [\"fork\", \"spwan\"]\n";
    let complaints = refused("machine.cores = [1, 2, 3, 4]", runs);
    assert_eq!(complaints.matches("error:").count(), 1, "{complaints}");
    assert!(complaints.contains("did you mean `spawn`?"), "{complaints}");
}

#[test]
fn colour_is_used_only_on_request() {
    let diagnostics =
        Scenario::parse(Path::new("x.toml"), "", Path::new(""), &[], None).expect_err("is empty");
    assert!(!diagnostics.render(false).contains('\u{1b}'));
    assert!(diagnostics.render(true).contains('\u{1b}'));
}

#[test]
fn a_hundred_thousand_configurations_are_read() {
    let counts: Vec<String> = (1..=100).map(|count| count.to_string()).collect();
    let head = format!(
        "machine.cores = [{0}]\nprogram.imports = \"1ms\"\n",
        counts.join(", ")
    );
    let names: Vec<String> = (1..=1000).map(|workers| workers.to_string()).collect();
    let runs = format!(
        "[[run]]\nexecutor = \"threads\"\nworkers = [{}]\n",
        names.join(", ")
    );
    assert_eq!(parse(&head, &runs).configurations.len(), 100_000);
}
