//! Published figures beside the simulated ones: on the console and as `published.csv`.

use crate::report::console::{self, render};
use crate::report::{csv, human};
use crate::results::column::{Column, Unit};
use crate::results::{Results, Sheet, Value};
use crate::scenario::{MatchValue, Published};
use crate::study::published::{Agreement, ComparedCell, compare};

/// The comparison for a person, at most `width` columns wide; `None` where the scenario names no table.
pub fn table(results: &Results, width: u16) -> Option<String> {
    let published = results.scenario.published.as_ref()?;
    let compared = compare(results);
    let keys = keys(published);
    let number = |number: f64| human::number(number, 4);
    let column = |cell: &dyn Fn(&ComparedCell) -> String| compared.iter().map(cell).collect::<Vec<String>>();
    let keys = keys
        .iter()
        .map(|key| console::Column::numbers(key, column(&|cell| value(published, cell, key).to_string())));
    let columns: Vec<console::Column> = keys
        .chain([
            console::Column::numbers("published", column(&|cell| number(cell.published))),
            console::Column::numbers(
                "simulated",
                column(&|cell| cell.simulated.map(number).unwrap_or_default()),
            ),
            console::Column::numbers(
                "difference",
                column(&|cell| cell.difference().map(human::signed_percent).unwrap_or_default()),
            ),
            console::Column::words("", column(&|cell| remark(cell).to_owned())),
        ])
        .collect();
    let headline = format!(
        "{}: published {} beside simulated {}",
        published.file, published.metric.theirs, published.metric.ours
    );
    let verdict = verdict(&Agreement::of(&compared));
    Some(format!("{headline}\n{}{verdict}\n", render(&columns, width)))
}

/// The columns of `published.csv` after those that say which published figure it is.
pub(super) const FIGURES: [Column; 6] = [
    Column::new(
        "metric",
        Unit::Text,
        "The column of `results.csv` that is compared.",
    ),
    Column::new("published", Unit::OfFigure, "The published figure."),
    Column::new(
        "simulated",
        Unit::OfFigure,
        "The simulated figure. Empty where no configuration matches, or where it did not end well.",
    ),
    Column::new(
        "relative_difference",
        Unit::Fraction,
        "(simulated - published) / published.",
    ),
    Column::new(
        "cell",
        Unit::Text,
        "`judged` for a prediction, `fitted` where the profile was fitted on this figure.",
    ),
    Column::new("run", Unit::Text, "The run that the figure is compared with."),
];

/// `published.csv`: a row for each published figure and each configuration that it describes; `None` where the scenario
/// names no published table.
pub fn to_csv(results: &Results) -> Option<Vec<u8>> {
    let published = results.scenario.published.as_ref()?;
    let keys = keys(published);
    let rows = compare(results).into_iter().map(|cell| {
        let run = cell
            .row
            .map(|row| results.scenario.configurations[row].label.as_str())
            .unwrap_or_default();
        let mut values: Vec<Value> = keys.iter().map(|key| value(published, &cell, key)).collect();
        values.extend([
            published.metric.ours.as_str().into(),
            Value::Number(cell.published),
            cell.simulated.into(),
            cell.difference().into(),
            if cell.fitted {
                "fitted".into()
            } else {
                "judged".into()
            },
            run.into(),
        ]);
        values
    });
    let rows = rows.collect();
    Some(csv::csv(&Sheet::new(keys.iter().copied(), FIGURES, rows)))
}

/// The errors of the judged cells, in one line.
fn verdict(agreement: &Agreement) -> String {
    let mut words = match (agreement.median, agreement.worst) {
        (Some(median), Some(worst)) => format!(
            "{} predictions: median error {}, largest {}",
            agreement.judged,
            human::percent(median),
            human::percent(worst)
        ),
        _ => "no predictions to judge".to_owned(),
    };
    if agreement.fitted > 0 {
        words += &format!(
            "; {} other figures were fitted and are not judged",
            agreement.fitted
        );
    }
    if agreement.unmatched > 0 {
        words += &format!(
            "; {} have no configuration that matches and ended well",
            agreement.unmatched
        );
    }
    words
}

fn remark(cell: &ComparedCell) -> &'static str {
    match (cell.fitted, cell.row) {
        (true, _) => "fitted",
        (false, None) => "no matching configuration",
        (false, Some(_)) => "",
    }
}

/// All keys that any cell is matched by, in the order of first use.
fn keys(published: &Published) -> Vec<&str> {
    let mut keys = Vec::new();
    for (key, _) in published.cells.iter().flat_map(|cell| &cell.matches) {
        if !keys.contains(&key.as_str()) {
            keys.push(key.as_str());
        }
    }
    keys
}

fn value(published: &Published, cell: &ComparedCell, key: &str) -> Value {
    let mut matches = published.cells[cell.cell].matches.iter();
    match matches.find(|(matched, _)| matched == key) {
        Some((_, MatchValue::Number(number))) => Value::Number(*number),
        Some((_, MatchValue::Text(text))) => text.as_str().into(),
        None => Value::Empty,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::made_up;

    #[test]
    fn reads_well_at_100_columns() {
        insta::assert_snapshot!(table(&made_up::echo(), 100).unwrap());
    }

    #[test]
    fn csv_has_a_row_for_each_cell() {
        let text = String::from_utf8(to_csv(&made_up::echo()).unwrap()).unwrap();
        let mut lines = text.lines();
        assert_eq!(
            lines.next().unwrap(),
            "python.switch_interval,background.busy.count,metric,published,simulated,relative_difference,cell,run"
        );
        assert_eq!(
            lines.next().unwrap(),
            "0.1,0,throughput_per_s,30000,29700,-0.01,judged,server"
        );
        assert_eq!(text.lines().count(), 20);
    }

    #[test]
    fn a_scenario_without_a_published_table_has_neither() {
        assert_eq!(
            (table(&made_up::quickstart(), 100), to_csv(&made_up::quickstart())),
            (None, None)
        );
    }
}
