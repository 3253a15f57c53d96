//! The table on the console. People read it, so it shows only what varies or matters, in readable units.

use crate::model::StartMethod;
use crate::report::console::{Column, render};
use crate::report::human;
use crate::results::identity;
use crate::results::statistics::Estimate;
use crate::results::summary::Shares;
use crate::results::{Results, Status, Summary};
use crate::scenario::{Configuration, Transport};
use crate::units::Bytes;

/// Smaller shares of the workers' time are left out.
const WORTH_TELLING: f64 = 0.005;

/// The table for a person, at most `width` columns wide, with a headline above and words below. No colours.
pub fn table(results: &Results, width: u16) -> String {
    let summaries = results.summaries();
    // As many shares as fit without a line break in any cell. If not even one fits, some cell has to wrap.
    let body = |shares| render(&columns(results, &summaries, shares), width);
    let unbroken = |body: &String| body.lines().count() == summaries.len() + 2;
    let body = [3, 2]
        .into_iter()
        .map(body)
        .find(unbroken)
        .unwrap_or_else(|| body(1));
    format!("{}\n{body}{}", headline(results), remarks(results, &summaries))
}

/// `shares` is the number of activities to name in the column of the workers' time.
fn columns(results: &Results, summaries: &[Summary], shares: usize) -> Vec<Column> {
    let mut columns = identity_columns(&results.scenario.configurations);
    let figure = |cell: &dyn Fn(&Summary) -> Option<String>| -> Vec<String> {
        summaries
            .iter()
            .map(|summary| cell(summary).unwrap_or_default())
            .collect()
    };
    columns.extend([
        Column::words(
            "status",
            figure(&|s| (s.status != Status::Done).then(|| s.status.word().to_owned())),
        ),
        Column::numbers(
            "speedup",
            figure(&|s| s.speedup.map(|speedup| human::hundredths(speedup.mean))),
        ),
    ]);
    if summaries.iter().any(|summary| summary.speedup.is_some()) {
        columns.push(Column::numbers(
            "makespan",
            figure(&|s| s.makespan.as_ref().map(human::duration_estimate)),
        ));
    } else {
        columns.extend([
            Column::numbers(
                "per second",
                figure(&|s| s.throughput.as_ref().map(human::estimate)),
            ),
            Column::numbers(
                "latency",
                figure(&|s| s.latency.map(|latency| human::duration(latency.mean))),
            ),
            Column::numbers(
                "99 %",
                figure(&|s| s.latency.map(|latency| human::duration(latency.p99))),
            ),
        ]);
    }
    if asks_about_memory(&results.scenario.configurations) {
        columns.push(Column::numbers(
            "peak memory",
            figure(&|s| Some(human::size(s.peak_memory))),
        ));
    }
    columns.push(Column::numbers(
        "lost updates",
        figure(&|s| {
            let alone = |mean| Estimate { mean, interval: None };
            s.lost_updates.map(|lost| human::estimate(&alone(lost)))
        }),
    ));
    columns.push(Column::words(
        "workers' time",
        figure(&|s| s.shares.map(|all| top_shares(&all, shares))),
    ));
    columns.retain(|column| !column.is_empty());
    columns
}

/// Whether a scenario says anything about memory, apart from the data of items.
fn asks_about_memory(configurations: &[Configuration]) -> bool {
    configurations.iter().any(|configuration| {
        let program = &configuration.program;
        configuration.machine.memory.is_some()
            || program.memory > Bytes::ZERO
            || program.modules > Bytes::ZERO
            || configuration.transport == Transport::SharedMemory
    })
}

/// The run, and the other settings that distinguish the configurations.
pub(super) fn identity_columns(configurations: &[Configuration]) -> Vec<Column> {
    let each = |cell: &dyn Fn(&Configuration) -> String| -> Vec<String> {
        configurations.iter().map(cell).collect()
    };
    let shown = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let mut columns = vec![
        Column::numbers("cores", each(&|c| c.machine.cores.to_string())),
        Column::numbers(
            "workers",
            each(&|c| shown(c.executor.facts().workers.map(u64::from))),
        ),
        Column::words(
            "start",
            each(&|c| {
                c.executor
                    .start_method()
                    .map(StartMethod::word)
                    .unwrap_or_default()
                    .to_owned()
            }),
        ),
        Column::numbers("chunk", each(&|c| identity::chunksize(&c.executor).to_string())),
    ];
    for path in identity::swept_paths(configurations) {
        let cells = each(&|c| {
            let swept = c.swept.iter().find(|setting| setting.path == path);
            swept.map(|setting| setting.shown.clone()).unwrap_or_default()
        });
        columns.push(Column::numbers(short_name(path), cells));
    }
    columns.retain(Column::tells_rows_apart);
    columns.insert(0, Column::words("run", each(&|c| c.label.clone())));
    columns
}

/// `background.busy.count` is "busy", `python.switch_interval` is "switch_interval".
fn short_name(path: &str) -> &str {
    let path = path.strip_suffix(".count").unwrap_or(path);
    path.rsplit('.').next().unwrap_or(path)
}

/// The largest shares, in words.
fn top_shares(shares: &Shares, most: usize) -> String {
    let mut parts: Vec<(&str, f64)> = shares
        .named()
        .filter(|(_, share)| *share >= WORTH_TELLING)
        .collect();
    parts.sort_by(|a, b| b.1.total_cmp(&a.1));
    let words = parts
        .iter()
        .take(most)
        .map(|(activity, share)| format!("{:.0} % {}", share * 100.0, in_words(activity)));
    words.collect::<Vec<_>>().join(", ")
}

fn in_words(activity: &str) -> &str {
    match activity {
        "waiting_for_lock" => "lock",
        "ready_without_core" => "no core",
        "serialization" => "pickling",
        other => other,
    }
}

/// The title, and what is the same for all rows.
fn headline(results: &Results) -> String {
    let scenario = &results.scenario;
    let mut facts = Vec::new();
    if let Some(first) = scenario.configurations.first() {
        let all = |same: &dyn Fn(&Configuration) -> bool| scenario.configurations.iter().all(same);
        if all(&|c| c.machine.cores == first.machine.cores) {
            let plural = if first.machine.cores == 1 { "" } else { "s" };
            facts.push(format!("{} core{plural}", first.machine.cores));
        }
        if all(&|c| c.python.version == first.python.version) {
            facts.push(format!("CPython {}", first.python.version));
        }
        if all(&|c| c.machine.profile.name == first.machine.profile.name) {
            facts.push(format!("costs of {}", first.machine.profile.name));
        }
    }
    let replications = scenario.replicate.replications;
    if replications > 1 {
        facts.push(format!(
            "{replications} replications (± is the 95 % confidence interval)"
        ));
    }
    format!("{}\n{}", scenario.title, facts.join(", "))
}

/// What the table has no column for: the bound that dependencies set, and what went wrong.
fn remarks(results: &Results, summaries: &[Summary]) -> String {
    let mut remarks = String::new();
    let depends = |c: &Configuration| c.tasks.iter().any(|group| !group.after.is_empty());
    if results.scenario.configurations.iter().any(depends) {
        let paths: Vec<f64> = summaries
            .iter()
            .filter_map(|summary| summary.critical_path)
            .collect();
        let shortest = paths.iter().copied().min_by(f64::total_cmp);
        let longest = paths.iter().copied().max_by(f64::total_cmp);
        if let (Some(shortest), Some(longest)) = (shortest, longest) {
            let from = human::duration(shortest);
            let to = human::duration(longest);
            let range = if from == to {
                from
            } else {
                format!("{from} to {to}")
            };
            remarks += &format!(
                "Critical path: the longest chain of dependent items takes {range} of their own work,\nso no executor and no \
                 number of cores can be faster.\n"
            );
        }
    }
    for (configuration, summary) in results.scenario.configurations.iter().zip(summaries) {
        if summary.status != Status::Done && !summary.detail.is_empty() {
            remarks += &format!(
                "{}: {}: {}\n",
                configuration.label,
                summary.status.word(),
                summary.detail
            );
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::made_up;
    use crate::scenario::{Dependency, DependencyKind};

    #[test]
    fn no_line_is_wider_than_asked_for() {
        for results in [
            made_up::quickstart(),
            made_up::echo(),
            made_up::countdown(),
            made_up::runs_only(),
        ] {
            for width in [80, 100, 140] {
                let text = table(&results, width);
                let widest = text
                    .lines()
                    .skip(2)
                    .map(|line| line.chars().count())
                    .max()
                    .unwrap();
                assert!(widest <= width as usize, "{widest} > {width}\n{text}");
            }
        }
    }

    #[test]
    fn reads_well_at_100_columns() {
        insta::assert_snapshot!(table(&made_up::runs_only(), 100));
        insta::assert_snapshot!(table(&made_up::quickstart(), 100));
        insta::assert_snapshot!(table(&made_up::echo(), 100));
    }

    #[test]
    fn what_went_wrong_and_what_cannot_be_beaten_is_said_in_words() {
        let mut results = made_up::runs_only();
        let first = Dependency {
            group: 0,
            kind: DependencyKind::All,
        };
        for configuration in &mut results.scenario.configurations {
            configuration.tasks[0].after = vec![first.clone()];
        }
        results.rows[1].replications[0].status = Status::Deadlock;
        results.rows[1].replications[0].detail = "worker 1 waits for lock a, which worker 2 holds".to_owned();
        let text = table(&results, 100);
        assert!(text.contains("takes 25.0 ms of their own work"), "{text}");
        assert!(
            text.contains("threads: deadlock: 1 of 10 replications: worker 1 waits for lock a"),
            "{text}"
        );
    }
}
