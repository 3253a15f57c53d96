//! What a chart of results shows: which figure over which setting, and which rows make a line.

use crate::report::plot::names::{Quantity, figure_quantity, label, others, setting_quantity};
use crate::results::figures::Figure;
use crate::results::identity::{self, column_of};
use crate::results::statistics::{Estimate, Interval};
use crate::results::{Results, Status, Summary};
use crate::scenario::{Configuration, Demand, MatchValue, Scenario, TaskGroup};
use crate::study::published::compare;

/// More lines than this cannot be told apart.
const MOST_LINES: usize = 10;
/// More bars than this do not fit on a page.
const MOST_BARS: usize = 24;

/// One of two kinds: over a number, or over nothing but the runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Chart {
    /// A line for each run over a setting that is a number.
    Lines(LineChart),
    /// A bar for each configuration, where no number varies.
    Bars(BarChart),
}

/// A figure over a setting.
#[derive(Clone, Debug, PartialEq)]
pub struct LineChart {
    /// Headline.
    pub title: String,
    /// What the marks mean that the labels do not say.
    pub notes: Vec<String>,
    /// The setting.
    pub x: Quantity,
    /// The figure.
    pub y: Quantity,
    /// At most ten.
    pub lines: Vec<Line>,
    /// Perfect scaling, in rising x; empty where it means nothing.
    pub ideal: Vec<(f64, f64)>,
}

/// The rows of a run that differ only in the setting on the x axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What distinguishes it from the others.
    pub label: String,
    /// In rising x.
    pub points: Vec<(f64, Estimate)>,
    /// A figure that does not depend on x, because the run has no such setting.
    pub level: Option<f64>,
    /// What was measured.
    pub measured: Vec<MeasuredPoint>,
}

/// A figure for each configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct BarChart {
    /// Headline.
    pub title: String,
    /// What the marks mean that the labels do not say.
    pub notes: Vec<String>,
    /// The figure.
    pub x: Quantity,
    /// In the scenario's order.
    pub bars: Vec<Bar>,
}

/// A configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What distinguishes it from the others.
    pub label: String,
    /// `None` where the configuration failed.
    pub figure: Option<Estimate>,
    /// Its status.
    pub status: Status,
    /// What was measured.
    pub measured: Vec<MeasuredPoint>,
}

/// A figure that someone measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasuredPoint {
    /// The setting; without meaning for a bar.
    pub x: f64,
    /// The figure.
    pub y: f64,
    /// Least and largest of several measurements, where that is known.
    pub spread: Option<Interval>,
    /// The profile was fitted on it.
    pub fitted: bool,
}

impl MeasuredPoint {
    /// Every value that must fit on an axis.
    pub fn extent(&self) -> impl Iterator<Item = f64> {
        let ends = self.spread.map(|spread| [spread.low, spread.high]);
        std::iter::once(self.y).chain(ends.into_iter().flatten())
    }
}

/// Figures that were measured, to be drawn beside the simulated ones.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// What their marks mean; empty where there are none.
    pub note: String,
    /// The points of each configuration of the scenario; their `x` has no meaning yet.
    pub points: Vec<Vec<MeasuredPoint>>,
}

/// A row on its way to a chart.
struct Item<'a> {
    configuration: &'a Configuration,
    figure: Option<Estimate>,
    status: Status,
    measured: Vec<MeasuredPoint>,
}

impl Chart {
    /// The published figure over the first setting that the published table matches by. Without a published table, speedup
    /// over cores, workers or the first number that varies; throughput where there is no speedup, and the 99th percentile of
    /// latency where requests arrive independently of the replies.
    pub fn of(results: &Results) -> Self {
        let summaries = results.summaries();
        let figure = figure(results, &summaries);
        let estimates = summaries
            .iter()
            .map(|summary| (figure.estimate(summary), summary.status));
        let scenario = &results.scenario;
        let replications = scenario.replicate.replications;
        Self::beside(
            scenario,
            figure,
            &estimates.collect::<Vec<_>>(),
            replications,
            &published(results),
        )
    }

    /// A figure of each configuration over its replications, and what was measured of it.
    pub fn beside(
        scenario: &Scenario,
        figure: &Figure,
        estimates: &[(Option<Estimate>, Status)],
        replications: u32,
        beside: &Beside,
    ) -> Self {
        let nothing = Vec::new();
        let rows = scenario.configurations.iter().zip(estimates).enumerate();
        let items: Vec<Item> = rows
            .map(|(row, (configuration, (estimate, status)))| Item {
                configuration,
                figure: *estimate,
                status: *status,
                measured: beside.points.get(row).unwrap_or(&nothing).clone(),
            })
            .collect();
        let notes = Notes {
            replications,
            measured: beside.note.clone(),
        };
        match varied(scenario) {
            Some(key) => Self::Lines(line_chart(scenario, &items, figure, &key, &notes)),
            None => Self::Bars(bar_chart(scenario, &items, figure, &notes)),
        }
    }
}

/// The published figures of these configurations.
fn published(results: &Results) -> Beside {
    let Some(published) = &results.scenario.published else {
        return Beside::default();
    };
    let mut points = vec![Vec::new(); results.rows.len()];
    for cell in compare(results) {
        if let Some(row) = cell.row {
            points[row].push(MeasuredPoint {
                x: 0.0,
                y: cell.published,
                spread: None,
                fitted: cell.fitted,
            });
        }
    }
    let fitted = published.cells.iter().any(|cell| cell.fitted);
    let barred = if fitted {
        ", barred where the costs were fitted on them"
    } else {
        ""
    };
    Beside {
        note: format!("open markers: published figures ({}){barred}", published.file),
        points,
    }
}

/// The figure on the y axis.
fn figure(results: &Results, summaries: &[Summary]) -> &'static Figure {
    let published = results
        .scenario
        .published
        .as_ref()
        .and_then(|published| Figure::named(&published.metric.ours));
    let counted = summaries.iter().any(|summary| summary.speedup.is_some());
    let comes_by_itself = |task: &TaskGroup| matches!(task.demand, Demand::Arrivals { .. });
    let mut configurations = results.scenario.configurations.iter();
    let usual = if counted {
        "speedup"
    } else if configurations.any(|configuration| configuration.tasks.iter().any(comes_by_itself)) {
        "latency_p99_s"
    } else {
        "throughput_per_s"
    };
    let usual = Figure::named(usual);
    published.or(usual).expect("both columns are in the schema")
}

/// The key of the setting that is on the x axis; `None` where no number varies within any run.
fn varied(scenario: &Scenario) -> Option<String> {
    let configurations = &scenario.configurations;
    let matched = scenario
        .published
        .iter()
        .flat_map(|published| &published.cells)
        .flat_map(|cell| {
            let numbers = cell
                .matches
                .iter()
                .filter(|(_, value)| matches!(value, MatchValue::Number(_)));
            numbers.map(|(key, _)| key.as_str())
        });
    let swept = identity::swept_paths(configurations);
    // Two values of cores and eight of workers give two lines over workers, not eight over cores.
    let values = |key| distinct_values(configurations, key);
    let resources = if values("workers") > values("cores") {
        ["workers", "cores"]
    } else {
        ["cores", "workers"]
    };
    let mut keys = matched.chain(resources).chain(swept).chain(["chunksize"]);
    keys.find(|key| varies(configurations, key)).map(str::to_owned)
}

/// The number of different values over all runs.
fn distinct_values(configurations: &[Configuration], key: &str) -> usize {
    let mut values: Vec<f64> = configurations
        .iter()
        .filter_map(|configuration| identity::setting(configuration, key)?.number)
        .collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values.len()
}

/// Whether some run has two configurations with different numbers there.
fn varies(configurations: &[Configuration], key: &str) -> bool {
    let mut firsts: Vec<(usize, f64)> = Vec::new();
    configurations.iter().any(|configuration| {
        let Some(number) = identity::setting(configuration, key).and_then(|setting| setting.number) else {
            return false;
        };
        match firsts.iter().find(|(run, _)| *run == configuration.run) {
            Some((_, first)) => *first != number,
            None => {
                firsts.push((configuration.run, number));
                false
            }
        }
    })
}

fn line_chart(scenario: &Scenario, items: &[Item], figure: &Figure, key: &str, marks: &Notes) -> LineChart {
    let mut groups: Vec<Vec<&Item>> = Vec::new();
    for item in items {
        let same = |group: &&mut Vec<&Item>| {
            group[0].configuration.run == item.configuration.run
                && others(group[0].configuration, key).eq(others(item.configuration, key))
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(item),
            None => groups.push(vec![item]),
        }
    }
    let all = groups.len();
    if all > MOST_LINES {
        groups = (0..MOST_LINES)
            .map(|index| groups[index * all / MOST_LINES].clone())
            .collect();
    }
    let firsts: Vec<&Configuration> = groups.iter().map(|group| group[0].configuration).collect();
    let lines: Vec<Line> = groups
        .iter()
        .map(|group| line(group, key, label(group[0].configuration, &firsts, Some(key))))
        .collect();

    let mut notes = notes(marks, items);
    if lines
        .iter()
        .flat_map(|line| &line.points)
        .any(|(_, estimate)| estimate.interval.is_some())
    {
        notes.insert(0, interval_note(marks, "shaded"));
    }
    if all > MOST_LINES {
        notes.push(format!("{MOST_LINES} of {all} lines; results.csv has them all"));
    }
    let ideal = if figure.column.name == "speedup" {
        ideal(items, &lines, key)
    } else {
        Vec::new()
    };
    LineChart {
        title: scenario.title.clone(),
        notes,
        x: setting_quantity(&firsts, key),
        y: figure_quantity(figure.column.name),
        lines,
        ideal,
    }
}

fn line(group: &[&Item], key: &str, label: String) -> Line {
    let x = |configuration| identity::setting(configuration, key).and_then(|setting| setting.number);
    let mut points: Vec<(f64, Estimate)> = group
        .iter()
        .filter_map(|item| Some((x(item.configuration)?, item.figure?)))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let level = match group {
        [only] if x(only.configuration).is_none() => only.figure.map(|figure| figure.mean),
        _ => None,
    };
    let mut measured = Vec::new();
    for item in group {
        if let Some(x) = x(item.configuration) {
            let at = |point: &MeasuredPoint| MeasuredPoint { x, ..*point };
            measured.extend(item.measured.iter().map(at));
        }
    }
    measured.sort_by(|a, b| a.x.total_cmp(&b.x));
    Line {
        label,
        points,
        level,
        measured,
    }
}

fn bar_chart(scenario: &Scenario, items: &[Item], figure: &Figure, marks: &Notes) -> BarChart {
    let all: Vec<&Configuration> = items.iter().map(|item| item.configuration).collect();
    let bars: Vec<Bar> = items
        .iter()
        .take(MOST_BARS)
        .map(|item| Bar {
            label: label(item.configuration, &all, None),
            figure: item.figure,
            status: item.status,
            measured: item.measured.clone(),
        })
        .collect();
    let mut notes = notes(marks, items);
    if bars
        .iter()
        .filter_map(|bar| bar.figure)
        .any(|figure| figure.interval.is_some())
    {
        notes.insert(0, interval_note(marks, "whiskers"));
    }
    if items.len() > MOST_BARS {
        notes.push(format!(
            "the first {MOST_BARS} of {}; results.csv has them all",
            items.len()
        ));
    }
    BarChart {
        title: scenario.title.clone(),
        notes,
        x: figure_quantity(figure.column.name),
        bars,
    }
}

/// Perfect scaling over cores, or over workers. Workers beyond the number of cores do not help, unless the results show that
/// they mostly wait. Empty where a line is above it, or where x is another setting.
fn ideal(items: &[Item], lines: &[Line], key: &str) -> Vec<(f64, f64)> {
    let points = || {
        lines
            .iter()
            .flat_map(|line| &line.points)
            .map(|(x, figure)| (*x, figure.mean))
    };
    let cores = items
        .iter()
        .map(|item| item.configuration.machine.cores)
        .max()
        .unwrap_or(1);
    let cores = f64::from(cores);
    let bound = match column_of(key) {
        "cores" => f64::INFINITY,
        "workers" if points().all(|(_, speedup)| speedup <= 1.25 * cores) => cores,
        "workers" => f64::INFINITY,
        _ => return Vec::new(),
    };
    let mut xs: Vec<f64> = points()
        .map(|(x, _)| x)
        .chain([bound])
        .filter(|x| x.is_finite())
        .collect();
    let most = points().map(|(x, _)| x).fold(0.0, f64::max);
    let least = points().map(|(x, _)| x).fold(f64::INFINITY, f64::min);
    xs.retain(|x| (least..=most).contains(x));
    xs.sort_by(f64::total_cmp);
    xs.dedup();
    if points().any(|(x, speedup)| speedup > 1.05 * x) || xs.len() < 2 {
        return Vec::new();
    }
    xs.into_iter().map(|x| (x, x.min(bound))).collect()
}

/// What the marks of a chart mean.
struct Notes {
    replications: u32,
    measured: String,
}

fn interval_note(marks: &Notes, mark: &str) -> String {
    format!(
        "{mark}: 95 % confidence interval of {} replications",
        marks.replications
    )
}

fn notes(marks: &Notes, items: &[Item]) -> Vec<String> {
    let mut notes = Vec::new();
    if !marks.measured.is_empty() {
        notes.push(marks.measured.clone());
    }
    let missing = items.iter().filter(|item| item.figure.is_none()).count();
    if missing > 0 {
        notes.push(format!("{missing} without this figure; results.csv says why"));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::axis::Unit;
    use crate::results::made_up;

    fn lines(results: &Results) -> LineChart {
        match Chart::of(results) {
            Chart::Lines(chart) => chart,
            Chart::Bars(_) => panic!("a number varies"),
        }
    }

    fn labels(chart: &LineChart) -> Vec<&str> {
        chart.lines.iter().map(|line| line.label.as_str()).collect()
    }

    #[test]
    fn speedup_over_cores_has_a_line_for_each_run_and_start_method() {
        let chart = lines(&made_up::quickstart());
        assert_eq!(
            (chart.x.name.as_str(), chart.y.name.as_str()),
            ("Cores", "Speedup over the sequential run")
        );
        assert_eq!(
            labels(&chart),
            ["sequential", "threads", "processes, fork", "processes, spawn"]
        );
        assert!(chart.lines.iter().all(|line| line.points.len() == 5));
        assert_eq!(chart.ideal.last(), Some(&(16.0, 16.0)));
        assert_eq!(
            chart.notes,
            ["shaded: 95 % confidence interval of 20 replications"]
        );
    }

    #[test]
    fn a_published_table_decides_figure_and_setting() {
        let chart = lines(&made_up::echo());
        assert_eq!(
            (chart.x.name.as_str(), chart.x.unit),
            ("Switch interval", Unit::Seconds)
        );
        assert_eq!(chart.y.name, "Throughput (per second)");
        assert_eq!(labels(&chart), ["busy = 0", "busy = 1", "busy = 2", "busy = 4"]);
        let published: Vec<usize> = chart.lines.iter().map(|line| line.measured.len()).collect();
        assert_eq!(published, [5, 5, 5, 4]);
        assert!(chart.ideal.is_empty());
        assert_eq!(
            labels(&lines(&made_up::countdown())),
            ["workers = 1", "workers = 2", "workers = 4", "workers = 8"]
        );
    }

    #[test]
    fn without_a_number_that_varies_there_are_bars() {
        assert!(matches!(Chart::of(&made_up::runs_only()), Chart::Bars(chart) if chart.bars.len() == 5));
    }

    #[test]
    fn the_resource_that_varies_more_is_on_the_axis() {
        let mut results = made_up::io_bound();
        let half = results.scenario.configurations.len() / 2;
        for configuration in &mut results.scenario.configurations[half..] {
            configuration.machine.cores *= 2;
        }
        assert_eq!(lines(&results).x.name, "Workers");
        assert_eq!(lines(&made_up::quickstart()).x.name, "Cores");
    }

    #[test]
    fn workers_beyond_the_cores_are_no_ideal_unless_the_work_mostly_waits() {
        let waiting = lines(&made_up::io_bound());
        assert_eq!(waiting.ideal.last(), Some(&(64.0, 64.0)));
        let mut busy = made_up::io_bound();
        for row in &mut busy.rows {
            row.baseline
                .iter_mut()
                .flatten()
                .for_each(|baseline| *baseline = *baseline / 8);
        }
        assert_eq!(lines(&busy).ideal.last(), Some(&(64.0, 4.0)));
    }
}
