//! The accuracy of the simulation over many scenarios: on the console, as CSV and as JSON.

use crate::report::compared::{CHOICES, FIGURES, figures_of, short, values_of};
use crate::report::console::{self, render};
use crate::report::{OutputFile, Outputs, csv, human, json};
use crate::results::column::{Column, Unit};
use crate::results::{Sheet, Value};
use crate::study::compare::{Accuracy, ComparedRow, Comparison};
use crate::study::validation::{Bounds, Validated, Validation};

/// A row for each scenario, then the figures over all of them; at most `width` columns wide.
pub fn table(validation: &Validation, bounds: &Bounds, width: u16) -> String {
    let scenarios = &validation.scenarios;
    let of = |cell: &dyn Fn(&Comparison) -> Option<String>| -> Vec<String> {
        let cell = |scenario: &Validated| scenario.comparison.as_ref().and_then(cell).unwrap_or_default();
        scenarios.iter().map(cell).collect()
    };
    let accuracy =
        |cell: &dyn Fn(&Accuracy) -> String| of(&|comparison| comparison.main_accuracy().as_ref().map(cell));
    let columns = [
        console::Column::words(
            "scenario",
            scenarios.iter().map(|scenario| scenario.name.clone()).collect(),
        ),
        console::Column::numbers(
            "configurations",
            accuracy(&|accuracy| accuracy.configurations.to_string()),
        ),
        console::Column::numbers(
            "median error",
            accuracy(&|accuracy| human::percent(accuracy.median)),
        ),
        console::Column::numbers("90 %", accuracy(&|accuracy| human::percent(accuracy.p90))),
        console::Column::numbers("winners", of(&winners)),
        console::Column::numbers(
            "regret",
            of(&|comparison| comparison.largest_regret().map(human::percent)),
        ),
        console::Column::words("largest error", of(&farthest)),
    ];
    format!("{}{}", render(&columns, width), verdict(validation, bounds))
}

/// The sweeps with a right choice, out of all sweeps.
fn winners(comparison: &Comparison) -> Option<String> {
    let choices = &comparison.choices;
    let right = choices.iter().filter(|choice| choice.right).count();
    (!choices.is_empty()).then(|| format!("{right}/{}", choices.len()))
}

/// The configuration with the largest error.
fn farthest(comparison: &Comparison) -> Option<String> {
    let error = |row: &&ComparedRow| row.main().map_or(0.0, |main| main.error.abs());
    let row = comparison
        .rows
        .iter()
        .max_by(|a, b| error(a).total_cmp(&error(b)))?;
    let main = row.main()?;
    Some(format!(
        "{} ({})",
        human::signed_percent(main.error),
        configuration(comparison, row)
    ))
}

/// The settings that distinguish a row from the others of its scenario, in words.
fn configuration(comparison: &Comparison, row: &ComparedRow) -> String {
    let columns = comparison.identity.iter().zip(&row.identity).enumerate();
    let words = columns.filter_map(|(index, (column, value))| {
        let differs = || {
            comparison
                .rows
                .iter()
                .any(|other| other.identity[index] != *value)
        };
        match column.as_str() {
            _ if *value == Value::Empty => None,
            "scenario" | "executor" => None,
            "run" => Some(value.to_string()),
            _ if !differs() => None,
            "start_method" => Some(value.to_string()),
            _ => Some(format!("{} = {value}", short(column))),
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Each bound, and whether it holds; then what was skipped.
fn verdict(validation: &Validation, bounds: &Bounds) -> String {
    let mut text = String::new();
    if let Some(accuracy) = validation.accuracy() {
        text += &format!(
            "{} configurations: median error {}, 90th percentile {}; {} within the spread of the measurement\n",
            accuracy.configurations,
            human::percent(accuracy.median),
            human::percent(accuracy.p90),
            accuracy.within_spread
        );
    }
    if let Some((regret, sweeps)) = validation.mean_regret() {
        text += &format!(
            "following the simulation costs {} on average over {sweeps} sweeps\n",
            human::percent(regret)
        );
    }
    for judged in validation.judged(bounds) {
        let figure = judged.figure.map_or("unknown".to_owned(), human::percent);
        let (side, verdict) = (
            if judged.is_most { "at most" } else { "at least" },
            if judged.holds() { "holds" } else { "MISSED" },
        );
        text += &format!(
            "{verdict}: {} {figure}, {side} {}\n",
            judged.what,
            human::percent(judged.bound)
        );
    }
    for scenario in &validation.scenarios {
        for (reason, number) in &scenario.left_out {
            text += &format!("skipped in {}: {number}, because {reason}\n", scenario.name);
        }
    }
    text
}

/// The columns of `validation.csv` before those of `compared.csv`.
pub(super) const CONFIGURATION: [Column; 2] = [
    SCENARIO,
    Column::new(
        "configuration",
        Unit::Text,
        "The configuration in words, or how many configurations were skipped; then `remark` says why.",
    ),
];

/// The first column of `validation.csv` and `validation_choices.csv`.
pub(super) const SCENARIO: Column = Column::new(
    "scenario",
    Unit::Text,
    "The name of the scenario file without `.toml`.",
);

/// `validation.csv`: a row for each scenario, configuration and figure.
pub fn sheet(validation: &Validation) -> Sheet {
    let mut rows = Vec::new();
    for scenario in &validation.scenarios {
        for row in scenario.comparison.iter().flat_map(|comparison| &comparison.rows) {
            rows.extend(rows_of(scenario, row));
        }
        for (reason, number) in &scenario.left_out {
            let mut values: Vec<Value> = vec![scenario.name.as_str().into()];
            values.push(format!("{number} left out").as_str().into());
            values.extend(vec![Value::Empty; FIGURES.len() - 1]);
            values.push(reason.as_str().into());
            rows.push(values);
        }
    }
    Sheet::new([], CONFIGURATION.into_iter().chain(FIGURES), rows)
}

fn rows_of(scenario: &Validated, row: &ComparedRow) -> Vec<Vec<Value>> {
    let words = scenario
        .comparison
        .as_ref()
        .map(|comparison| configuration(comparison, row))
        .unwrap_or_default();
    let identity = [scenario.name.as_str().into(), words.as_str().into()];
    figures_of(row)
        .map(|figure| identity.iter().cloned().chain(figure).collect())
        .collect()
}

/// `validation_choices.csv`: a row for each scenario and sweep.
fn choices_sheet(validation: &Validation) -> Sheet {
    let mut rows = Vec::new();
    for scenario in &validation.scenarios {
        if let Some(comparison) = &scenario.comparison {
            rows.extend(comparison.choices.iter().map(|choice| {
                let mut values = vec![scenario.name.as_str().into()];
                values.extend(values_of(comparison, choice));
                values
            }));
        }
    }
    Sheet::new([], std::iter::once(SCENARIO).chain(CHOICES), rows)
}

/// `validation.csv` as text, for `--format csv`.
pub fn to_csv(validation: &Validation) -> String {
    String::from_utf8(csv::csv(&sheet(validation))).expect("CSV is made of strings, commas and line breaks")
}

/// The rows of `validation.csv` as JSON, for `--format json`.
pub fn to_json(validation: &Validation) -> String {
    json::json(&sheet(validation))
}

/// The files over all scenarios.
pub fn outputs(validation: &Validation, bounds: &Bounds) -> Outputs {
    let file = |name, bytes| OutputFile { name, bytes };
    Outputs::new(vec![
        file("validation.csv", csv::csv(&sheet(validation))),
        file("validation_choices.csv", csv::csv(&choices_sheet(validation))),
        file("validation.txt", table(validation, bounds, 120).into_bytes()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::made_up;
    use crate::study::compare::compare;

    fn validation() -> Validation {
        let compared = |results: crate::results::Results| {
            let forked_on_16 = 14;
            let measured = made_up::measured(&results, |row, repetition| {
                let noise = 1.0 + (repetition % 3) as f64 / 50.0;
                if row == forked_on_16 { 2.0 * noise } else { noise }
            });
            Validated {
                name: results.scenario.name.clone(),
                comparison: Some(
                    compare(&results.replications_sheet(), &measured.repetitions_sheet()).unwrap(),
                ),
                left_out: Vec::new(),
            }
        };
        Validation {
            scenarios: vec![
                compared(made_up::quickstart()),
                compared(made_up::echo()),
                Validated {
                    name: "event_loop".to_owned(),
                    comparison: None,
                    left_out: vec![("event loops cannot be measured yet".to_owned(), 4)],
                },
            ],
        }
    }

    #[test]
    fn reads_well_at_100_columns() {
        insta::assert_snapshot!(table(&validation(), &Bounds::REQUIRED, 100));
    }

    #[test]
    fn every_row_has_a_value_in_every_column() {
        let validation = validation();
        for sheet in [sheet(&validation), choices_sheet(&validation)] {
            assert!(!sheet.rows.is_empty());
            assert!(sheet.rows.iter().all(|row| row.len() == sheet.columns.len()));
        }
    }
}
