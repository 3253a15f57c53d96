//! Simulated figures beside those that someone published.

use crate::results::figures::Figure;
use crate::results::identity;
use crate::results::statistics::median;
use crate::results::{Results, Summary};
use crate::scenario::{Cell, Configuration, MatchValue};

/// One published figure beside the simulated one.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparedCell {
    /// Index of the cell in the published table.
    pub cell: usize,
    /// Index of the row that it describes; `None` where no configuration matches.
    pub row: Option<usize>,
    /// The simulated figure; `None` where no configuration matches, or where it has no such figure because it failed.
    pub simulated: Option<f64>,
    /// The published figure.
    pub published: f64,
    /// The profile was fitted on this cell, so agreement proves nothing and it is not judged.
    pub fitted: bool,
}

impl ComparedCell {
    /// (simulated - published) / published; `None` without a simulated figure or where theirs is zero.
    pub fn difference(&self) -> Option<f64> {
        let simulated = self.simulated?;
        (self.published != 0.0).then(|| (simulated - self.published) / self.published.abs())
    }
}

/// The errors of the judged cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Cells that are predictions and have a simulated figure.
    pub judged: usize,
    /// Cells that the profile was fitted on.
    pub fitted: usize,
    /// Cells without a simulated figure.
    pub unmatched: usize,
    /// Median absolute relative difference of the judged cells; `None` where there are none.
    pub median: Option<f64>,
    /// The largest of them.
    pub worst: Option<f64>,
}

impl Agreement {
    /// Of all compared cells.
    pub fn of(cells: &[ComparedCell]) -> Self {
        let judged = cells.iter().filter(|cell| !cell.fitted);
        let off: Vec<f64> = judged
            .filter_map(ComparedCell::difference)
            .map(f64::abs)
            .collect();
        Self {
            judged: off.len(),
            fitted: cells.iter().filter(|cell| cell.fitted).count(),
            unmatched: cells
                .iter()
                .filter(|cell| !cell.fitted && cell.difference().is_none())
                .count(),
            median: median(&off),
            worst: off.iter().copied().max_by(f64::total_cmp),
        }
    }
}

/// Compares every published cell with the configurations that it describes, in the order of the table. There is one
/// compared cell for each match, so that a cell that describes several runs judges each of them, and one without a
/// simulated figure where nothing matches. The list is empty where the scenario names no published table.
pub fn compare(results: &Results) -> Vec<ComparedCell> {
    let Some(published) = &results.scenario.published else {
        return Vec::new();
    };
    let figure = Figure::named(&published.metric.ours);
    let configurations = &results.scenario.configurations;
    let mut compared = Vec::new();
    for (index, cell) in published.cells.iter().enumerate() {
        let unmatched = ComparedCell {
            cell: index,
            row: None,
            simulated: None,
            published: cell.value,
            fitted: cell.fitted,
        };
        let before = compared.len();
        for (position, (configuration, row)) in configurations.iter().zip(&results.rows).enumerate() {
            if speaks_of(cell, configuration) {
                let simulated =
                    figure.and_then(|figure| figure.of(&Summary::of(configuration, row)).number());
                compared.push(ComparedCell {
                    row: Some(position),
                    simulated,
                    ..unmatched.clone()
                });
            }
        }
        if compared.len() == before {
            compared.push(unmatched);
        }
    }
    compared
}

fn speaks_of(cell: &Cell, configuration: &Configuration) -> bool {
    cell.matches.iter().all(|(key, value)| {
        identity::setting(configuration, key).is_some_and(|setting| match value {
            MatchValue::Number(number) => setting.number.is_some_and(|ours| alike(ours, *number)),
            MatchValue::Text(text) => setting.shown == *text,
        })
    })
}

/// Equal but for the rounding of a decimal fraction: `5ms` and `0.005`.
fn alike(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::made_up::{self, Maker};
    use crate::scenario::{self, Executor};

    #[test]
    fn every_cell_finds_the_configuration_it_speaks_of() {
        let results = made_up::echo();
        let compared = compare(&results);
        assert_eq!(compared.len(), 19);
        // 10 ms beside two busy threads: the third group of five intervals, the fourth of them.
        assert_eq!(compared[5].row, Some(13));
        assert_eq!((compared[5].published, compared[5].fitted), (30.0, false));
        assert!(compared[7].fitted);
    }

    #[test]
    fn keys_may_be_swept_paths_columns_or_settings_that_are_not_swept() {
        let cell = |key| -> Vec<ComparedCell> {
            let swept = [("run.workers", "2")];
            let maker = Maker::new("keys").run(
                "threads",
                Executor::Threads(scenario::Threads { workers: 2 }),
                &swept,
                3.0,
                Some(3.0),
            );
            compare(&maker.published("makespan_s", &[(&[key], 4.0, false)]).make())
        };
        for key in [
            ("run.workers", 2.0),
            ("workers", 2.0),
            ("cores", 4.0),
            ("python.switch_interval", 0.005),
        ] {
            assert_eq!(cell(key)[0].row, Some(0), "{key:?}");
        }
        for key in [("workers", 3.0), ("nonsense", 2.0)] {
            assert_eq!(
                (cell(key)[0].row, cell(key)[0].simulated),
                (None, None),
                "{key:?}"
            );
        }
    }

    #[test]
    fn only_predictions_are_judged() {
        let cell = |simulated: Option<f64>, published, fitted| ComparedCell {
            cell: 0,
            row: simulated.map(|_| 0),
            simulated,
            published,
            fitted,
        };
        let cells = [
            cell(Some(11.0), 10.0, false),
            cell(Some(7.0), 10.0, false),
            cell(Some(10.0), 10.0, false),
            cell(Some(99.0), 10.0, true),
            cell(None, 10.0, false),
        ];
        let agreement = Agreement::of(&cells);
        assert_eq!(
            (agreement.judged, agreement.fitted, agreement.unmatched),
            (3, 1, 1)
        );
        assert!(
            (agreement.median.unwrap() - 0.1).abs() < 1e-12 && (agreement.worst.unwrap() - 0.3).abs() < 1e-12
        );
        assert_eq!(cells[1].difference(), Some(-0.3));
    }
}
