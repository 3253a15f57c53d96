//! Simulated beside measured figures: on the console, as CSV and JSON, and as a plot.

use crate::report::console::{self, render};
use crate::report::plot::{Beside, MeasuredPoint, Plot};
use crate::report::{OutputFile, Outputs, ReportError, csv, human, json};
use crate::results::column::{Column, Unit};
use crate::results::figures::Figure;
use crate::results::statistics::{Estimate, Interval};
use crate::results::{Sheet, Status, Value};
use crate::scenario::Scenario;
use crate::study::choices::Choice;
use crate::study::compare::{Accuracy, Compared, ComparedRow, Comparison, alike};

/// The comparison for a person, at most `width` columns wide.
pub fn table(comparison: &Comparison, width: u16) -> String {
    // Columns are left out until no cell needs a line break; `compared.csv` has all of them.
    let body = |left_out: &[&str]| {
        let mut columns = columns(comparison);
        columns.retain(|column| !left_out.contains(&column.heading.as_str()));
        render(&columns, width)
    };
    let unbroken = |body: &String| body.lines().count() == comparison.rows.len() + 2;
    let body = [&[][..], &["speedup", "sim."]]
        .into_iter()
        .map(body)
        .find(unbroken)
        .unwrap_or_else(|| body(&["speedup", "sim.", "chunk"]));
    format!("{body}{}", verdict(comparison))
}

fn columns(comparison: &Comparison) -> Vec<console::Column> {
    let mut columns: Vec<console::Column> = Vec::new();
    for (index, name) in comparison.identity.iter().enumerate() {
        let cells = comparison.rows.iter().map(|row| row.identity[index].to_string());
        let column = match name.as_str() {
            "run" | "executor" | "start_method" => console::Column::words(short(name), cells.collect()),
            _ => console::Column::numbers(short(name), cells.collect()),
        };
        let is_told_by_run = name == "executor";
        if name == "run" || (column.tells_rows_apart() && !is_told_by_run) {
            columns.push(column);
        }
    }
    let main = |cell: &dyn Fn(&Compared) -> String| -> Vec<String> {
        let rows = comparison.rows.iter();
        rows.map(|row| row.main().map(cell).unwrap_or_default()).collect()
    };
    let speedup = |cell: &dyn Fn(&Compared) -> String| -> Vec<String> {
        let of = |row: &ComparedRow| {
            row.figures
                .iter()
                .find(|figure| figure.figure == "speedup")
                .map(cell)
        };
        comparison
            .rows
            .iter()
            .map(|row| of(row).unwrap_or_default())
            .collect()
    };
    columns.extend([
        console::Column::numbers("measured", main(&|figure| shown(figure.figure, figure.measured))),
        console::Column::numbers(
            "simulated",
            main(&|figure| shown(figure.figure, figure.simulated)),
        ),
        console::Column::numbers("error", main(&|figure| human::signed_percent(figure.error))),
        console::Column::numbers(
            "spread",
            main(&|figure| format!("± {}", human::percent(figure.spread))),
        ),
        console::Column::numbers("speedup", speedup(&|figure| human::hundredths(figure.measured))),
        console::Column::numbers("sim.", speedup(&|figure| human::hundredths(figure.simulated))),
        console::Column::numbers("noisy", comparison.rows.iter().map(noisy).collect()),
        console::Column::words("", comparison.rows.iter().map(|row| row.remark.clone()).collect()),
    ]);
    columns.retain(|column| !column.is_empty());
    columns
}

/// Accuracy and choices over all rows.
fn verdict(comparison: &Comparison) -> String {
    let mut text = String::new();
    for figure in comparison.figures() {
        if let Some(accuracy) = comparison.accuracy(figure) {
            text += &format!("{}: {}\n", in_words(figure), of_accuracy(&accuracy));
        }
    }
    let choices = &comparison.choices;
    if let (Some(largest), Some(mean)) = (comparison.largest_regret(), comparison.mean_regret()) {
        text += &format!(
            "choices: the simulation finds the fastest configuration, or one within the measurement's spread, in {} of {}; following \
             it costs {} on average, {} at most\n",
            choices.iter().filter(|choice| choice.right).count(),
            of_sweeps(choices.len()),
            human::percent(mean),
            human::percent(largest)
        );
        for choice in choices.iter().filter(|choice| !choice.right) {
            text += &format!(
                "  {}: the fastest is {} in the simulation, {} on the host; regret {}\n",
                in_common(choice),
                name(comparison, choice, choice.recommended),
                name(comparison, choice, choice.best),
                human::percent(choice.regret)
            );
        }
    }
    text
}

fn of_accuracy(accuracy: &Accuracy) -> String {
    let number = accuracy.configurations;
    let plural = if number == 1 { "" } else { "s" };
    format!(
        "median error {}, 90th percentile {}, over {number} configuration{plural}; {} within the spread of the measurement",
        human::percent(accuracy.median),
        human::percent(accuracy.p90),
        accuracy.within_spread
    )
}

fn of_sweeps(number: usize) -> String {
    format!("{number} sweep{}", if number == 1 { "" } else { "s" })
}

/// What a sweep's configurations have in common, without the scenario.
fn in_common(choice: &Choice) -> String {
    let parts: Vec<String> = choice
        .given
        .iter()
        .filter(|(column, _)| column != "scenario")
        .map(|(column, value)| format!("{} = {value}", short(column)))
        .collect();
    if parts.is_empty() {
        "all".to_owned()
    } else {
        parts.join(", ")
    }
}

/// The run of a row, and its other settings that are not common to the sweep.
fn name(comparison: &Comparison, choice: &Choice, row: usize) -> String {
    let identity = comparison.identity.iter().zip(&comparison.rows[row].identity);
    let chosen = identity.filter(|(column, value)| {
        let given = choice.given.iter().any(|(given, _)| given == *column);
        !given && column.as_str() != "executor" && **value != Value::Empty
    });
    let words: Vec<String> = chosen
        .map(|(column, value)| match column.as_str() {
            "run" | "start_method" => value.to_string(),
            "chunksize" if *value == Value::Integer(1) => String::new(),
            _ => format!("{} = {value}", short(column)),
        })
        .filter(|words| !words.is_empty())
        .collect();
    words.join(", ")
}

/// The noisy repetitions among those that count.
pub(super) fn noisy(row: &ComparedRow) -> String {
    match row.noisy {
        0 => String::new(),
        noisy => format!("{noisy}/{}", row.repetitions),
    }
}

/// `background.busy.count` is "busy", `start_method` is "start".
pub(super) fn short(column: &str) -> &str {
    match column {
        "start_method" => "start",
        "chunksize" => "chunk",
        _ => {
            let path = column.strip_suffix(".count").unwrap_or(column);
            path.rsplit('.').next().unwrap_or(path)
        }
    }
}

fn in_words(figure: &str) -> &str {
    match figure {
        "makespan_s" => "makespan",
        "throughput_per_s" => "throughput",
        "latency_mean_s" => "mean latency",
        "latency_p99_s" => "99th percentile of latency",
        other => other,
    }
}

pub(super) fn shown(figure: &str, value: f64) -> String {
    if figure.ends_with("_per_s") {
        return human::number(value, 4);
    }
    human::duration(value)
}

/// The columns of `compared.csv` after those that tell the configurations apart.
pub(super) const FIGURES: [Column; 10] = [
    Column::new(
        "figure",
        Unit::Text,
        "The column of `results.csv` that is compared, such as `makespan_s`.",
    ),
    Column::new(
        "measured",
        Unit::OfFigure,
        "The median of the repetitions that were measured.",
    ),
    Column::new("measured_min", Unit::OfFigure, "The smallest of them."),
    Column::new("measured_max", Unit::OfFigure, "The largest of them."),
    Column::new(
        "simulated",
        Unit::OfFigure,
        "The median of the replications with the same random times.",
    ),
    Column::new(
        "error",
        Unit::Fraction,
        "(simulated - measured) / measured, the median of all repetitions: negative if the simulation is too low.",
    ),
    Column::new(
        "spread",
        Unit::Fraction,
        "How far the repetition farthest from the median is from it: the uncertainty of the measurement itself.",
    ),
    Column::new(
        "repetitions",
        Unit::Count,
        "The repetitions that both sides have and that count.",
    ),
    Column::new("noisy", Unit::Count, "How many of these are noisy."),
    Column::new(
        "remark",
        Unit::Text,
        "Why there is nothing to compare. Empty where there is.",
    ),
];

/// The columns of `choices.csv`.
pub(super) const CHOICES: [Column; 6] = [
    Column::new(
        "given",
        Unit::Text,
        "What all configurations of the sweep have in common, such as `cores = 4`.",
    ),
    Column::new(
        "options",
        Unit::Count,
        "The number of configurations to choose from.",
    ),
    Column::new(
        "recommended",
        Unit::Text,
        "The configuration that is the fastest in the simulation.",
    ),
    Column::new(
        "best",
        Unit::Text,
        "The configuration that was measured to be the fastest.",
    ),
    Column::new(
        "right",
        Unit::Flag,
        "Whether the recommended configuration is the best one, or no slower than the spread of the two measurements.",
    ),
    Column::new(
        "regret",
        Unit::Fraction,
        "What it costs to follow the simulation: the measured time of the recommended configuration over that of the best one, \
         minus 1.",
    ),
];

/// The figures of a configuration in the columns of [`FIGURES`]; if it has none, one row that says why.
pub(super) fn figures_of(row: &ComparedRow) -> impl Iterator<Item = Vec<Value>> {
    let named = row.figures.iter().map(|compared| {
        let numbers = [
            compared.measured,
            compared.range.low,
            compared.range.high,
            compared.simulated,
            compared.error,
            compared.spread,
        ];
        let mut values = vec![compared.figure.into()];
        values.extend(numbers.map(Value::Number));
        values
    });
    let none = row.figures.is_empty().then(|| vec![Value::Empty; 7]);
    named.chain(none).map(|mut values| {
        values.push(Value::Integer(row.repetitions as u64));
        values.push(Value::Integer(row.noisy as u64));
        values.push(row.remark.as_str().into());
        values
    })
}

/// `compared.csv`: a row for each configuration and figure, with the columns of [`FIGURES`].
pub fn sheet(comparison: &Comparison) -> Sheet {
    let identity = comparison.identity.iter().map(String::as_str);
    let mut rows = Vec::new();
    for row in &comparison.rows {
        rows.extend(figures_of(row).map(|figure| [row.identity.clone(), figure].concat()));
    }
    Sheet::new(identity, FIGURES, rows)
}

/// `choices.csv`: a row for each sweep, with the columns of [`CHOICES`].
fn choices_sheet(comparison: &Comparison) -> Sheet {
    let rows = comparison.choices.iter();
    Sheet::new(
        [],
        CHOICES,
        rows.map(|choice| values_of(comparison, choice)).collect(),
    )
}

/// A sweep in the columns of [`CHOICES`].
pub(super) fn values_of(comparison: &Comparison, choice: &Choice) -> Vec<Value> {
    vec![
        in_common(choice).as_str().into(),
        Value::Integer(choice.options as u64),
        name(comparison, choice, choice.recommended).as_str().into(),
        name(comparison, choice, choice.best).as_str().into(),
        Value::Integer(choice.right.into()),
        Value::Number(choice.regret),
    ]
}

/// `compared.csv` as text, for `--format csv`.
pub fn to_csv(comparison: &Comparison) -> String {
    String::from_utf8(csv::csv(&sheet(comparison))).expect("CSV is made of strings, commas and line breaks")
}

/// The rows of `compared.csv` as JSON, for `--format json`.
pub fn to_json(comparison: &Comparison) -> String {
    json::json(&sheet(comparison))
}

/// The scenario and what was simulated of it, for a plot.
pub struct Simulated<'a> {
    /// What was asked.
    pub scenario: &'a Scenario,
    /// `results.csv`: a row for each configuration of the scenario.
    pub results: &'a Sheet,
}

/// The files of a comparison; the plot only where the scenario is known. `release` is the CPython that was measured.
///
/// # Errors
/// The plot cannot be drawn.
pub fn outputs(
    comparison: &Comparison,
    simulated: Option<&Simulated>,
    release: &str,
) -> Result<Outputs, ReportError> {
    let file = |name, bytes| OutputFile { name, bytes };
    let mut files = vec![
        file("compared.csv", csv::csv(&sheet(comparison))),
        file("choices.csv", csv::csv(&choices_sheet(comparison))),
    ];
    if let Some(plot) = simulated.and_then(|simulated| plot(comparison, simulated, release)) {
        files.push(file("compared.svg", plot.svg()?));
        files.push(file("compared.png", plot.png()?));
    }
    Ok(Outputs::new(files))
}

/// Measured points with their range on the simulated lines; `None` if the results belong to another scenario.
fn plot(comparison: &Comparison, simulated: &Simulated, release: &str) -> Option<Plot> {
    let Simulated { scenario, results } = simulated;
    if results.rows.len() != scenario.configurations.len() {
        return None;
    }
    let figure = ["speedup", "throughput_per_s", "makespan_s"]
        .into_iter()
        .find(|figure| comparison.of(figure).next().is_some())?;
    let columns = identity_columns(comparison, results)?;
    let mut points = Vec::new();
    for row in &results.rows {
        let identity: Vec<Value> = columns.iter().map(|column| row[*column].clone()).collect();
        let compared = comparison.rows.iter().find(|row| alike(&row.identity, &identity));
        let figures = compared.map_or(&[][..], |row| &row.figures);
        let of_figure = figures.iter().filter(|compared| compared.figure == figure);
        points.push(
            of_figure
                .map(|compared| MeasuredPoint {
                    x: 0.0,
                    y: compared.measured,
                    spread: Some(compared.range),
                    fitted: false,
                })
                .collect(),
        );
    }
    let most = comparison
        .rows
        .iter()
        .map(|row| row.repetitions)
        .max()
        .unwrap_or(0);
    let beside = Beside {
        note: format!(
            "open markers: measured with CPython {release}, median and range of {most} repetitions"
        ),
        points,
    };
    // A row without a figure failed; the plot does not say how.
    let estimates: Vec<(Option<Estimate>, Status)> = results
        .rows
        .iter()
        .map(|row| estimate(results, row, figure))
        .map(|estimate| (estimate, Status::Done))
        .collect();
    let replications = scenario.replicate.replications;
    Some(Plot::beside(
        scenario,
        Figure::named(figure)?,
        &estimates,
        replications,
        &beside,
    ))
}

/// Where `results.csv` has the columns that tell configurations apart.
fn identity_columns(comparison: &Comparison, results: &Sheet) -> Option<Vec<usize>> {
    comparison
        .identity
        .iter()
        .map(|name| results.column(name))
        .collect()
}

/// A figure of a row of `results.csv`, with its confidence interval where it has one.
fn estimate(results: &Sheet, row: &[Value], figure: &str) -> Option<Estimate> {
    let number = |column: &str| row[results.column(column)?].number();
    let (name, unit) = figure
        .strip_suffix("_s")
        .map_or((figure, ""), |name| (name, "_s"));
    let bound = |which: &str| number(&format!("{name}_ci95_{which}{unit}"));
    let interval = bound("low").zip(bound("high"));
    Some(Estimate {
        mean: number(figure)?,
        interval: interval.map(|(low, high)| Interval { low, high }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Results, made_up};
    use crate::study::compare::compare;

    fn comparison(results: &Results, factor: impl Fn(usize, usize) -> f64) -> Comparison {
        let measured = made_up::measured(results, factor);
        compare(&results.replications_sheet(), &measured.repetitions_sheet()).unwrap()
    }

    #[test]
    fn reads_well_at_100_columns() {
        let results = made_up::quickstart();
        let forked_on_16 = 14;
        let slower = |row: usize, repetition: usize| {
            let noise = 1.0 + (repetition % 3) as f64 / 50.0;
            if row == forked_on_16 { 2.0 * noise } else { noise }
        };
        insta::assert_snapshot!(table(&comparison(&results, slower), 100));
    }

    #[test]
    fn every_figure_has_a_row_and_every_column_a_value() {
        let comparison = comparison(&made_up::runs_only(), |_, _| 1.1);
        let sheet = sheet(&comparison);
        assert_eq!(sheet.rows.len(), 10);
        assert!(sheet.rows.iter().all(|row| row.len() == sheet.columns.len()));
    }

    #[test]
    fn the_plot_has_a_point_for_each_configuration_that_was_measured() {
        for results in [made_up::quickstart(), made_up::runs_only(), made_up::echo()] {
            let comparison = comparison(&results, |_, repetition| 1.1 + repetition as f64 / 100.0);
            let sheet = results.sheet();
            let simulated = Simulated {
                scenario: &results.scenario,
                results: &sheet,
            };
            let outputs = outputs(&comparison, Some(&simulated), "3.13.1").unwrap();
            let names: Vec<&str> = outputs.files().iter().map(|file| file.name).collect();
            assert_eq!(
                names,
                ["compared.csv", "choices.csv", "compared.svg", "compared.png"]
            );
            let svg = String::from_utf8(outputs.files()[2].bytes.clone()).unwrap();
            assert!(svg.contains("measured with CPython 3.13.1"));
        }
    }
}
