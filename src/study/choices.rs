//! The cost of following the simulation: for each sweep, the configuration that it recommends beside the best one.
//!
//! A sweep is all configurations that do the same work on the same machine. They differ in what a programmer may
//! choose: the run, its workers, its start method, the version of Python and so on.

use super::compare::ComparedRow;
use crate::results::Value;

/// Columns and their values.
pub type Given = Vec<(String, String)>;

/// One sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What all its configurations have in common: identity columns and their values, empty ones left out.
    pub given: Given,
    /// The number of configurations to choose from.
    pub options: usize,
    /// Index of the compared row that the simulation recommends.
    pub recommended: usize,
    /// Index of the compared row that was measured to be the best.
    pub best: usize,
    /// Whether the recommended one is the best, or no slower than the spread of the two measurements.
    pub right: bool,
    /// The cost of following the recommendation: the measured time of the recommended one over that of the best, minus 1.
    pub regret: f64,
}

/// Every sweep with at least two configurations, in the order of its first row.
pub fn choices(identity: &[String], rows: &[ComparedRow]) -> Vec<Choice> {
    let mut sweeps: Vec<(Given, Vec<usize>)> = Vec::new();
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| row.main().is_some()) {
        let given = given(identity, &row.identity);
        match sweeps.iter_mut().find(|(known, _)| *known == given) {
            Some((_, options)) => options.push(index),
            None => sweeps.push((given, vec![index])),
        }
    }
    sweeps
        .into_iter()
        .filter(|(_, options)| options.len() > 1)
        .filter_map(|(given, options)| choice(given, &options, rows))
        .collect()
}

/// The columns that a programmer cannot choose, with their values.
fn given(identity: &[String], values: &[Value]) -> Given {
    let is_given = |column: &str| {
        let parts = ["machine.", "task.", "background.", "program."];
        matches!(column, "scenario" | "cores") || parts.iter().any(|part| column.starts_with(part))
    };
    identity
        .iter()
        .zip(values)
        .filter(|(column, value)| is_given(column) && **value != Value::Empty)
        .map(|(column, value)| (column.clone(), value.to_string()))
        .collect()
}

fn choice(given: Given, options: &[usize], rows: &[ComparedRow]) -> Option<Choice> {
    // As times, so that less is better: for a throughput, the time of one item.
    let time = |figure: &str, value: f64| {
        if figure == "makespan_s" {
            value
        } else {
            1.0 / value
        }
    };
    let simulated = |index: &usize| {
        let main = rows[*index].main().expect("only such rows are options");
        time(main.figure, main.simulated)
    };
    let measured = |index: &usize| {
        let main = rows[*index].main().expect("only such rows are options");
        time(main.figure, main.measured)
    };
    let spread = |index: usize| rows[index].main().map_or(0.0, |main| main.spread);
    let least = |of: &dyn Fn(&usize) -> f64| options.iter().copied().min_by(|a, b| of(a).total_cmp(&of(b)));
    let (recommended, best) = (least(&simulated)?, least(&measured)?);
    let regret = measured(&recommended) / measured(&best) - 1.0;
    Some(Choice {
        given,
        options: options.len(),
        recommended,
        best,
        right: regret <= spread(recommended).max(spread(best)),
        regret,
    })
}

#[cfg(test)]
mod tests {
    use crate::results::made_up;
    use crate::study::compare::{Comparison, compare};

    fn comparison(factor: impl Fn(usize, usize) -> f64) -> Comparison {
        let results = made_up::quickstart();
        let measured = made_up::measured(&results, factor);
        compare(&results.replications_sheet(), &measured.repetitions_sheet()).unwrap()
    }

    #[test]
    fn cores_are_given_and_the_run_is_chosen() {
        let comparison = comparison(|_, _| 1.0);
        assert_eq!(comparison.choices.len(), 5);
        let first = &comparison.choices[0];
        assert_eq!(first.options, 4);
        assert!(first.given.contains(&("cores".to_owned(), "1".to_owned())));
        assert_eq!(comparison.right_choices(), Some(1.0));
        assert_eq!(comparison.largest_regret(), Some(0.0));
    }

    #[test]
    fn a_wrong_recommendation_is_regretted_as_far_as_it_is_measured_to_be_worse() {
        // Forked processes are recommended on 16 cores, and take a multiple of what was simulated there.
        let forked_on_16 = 14;
        let comparison = comparison(|row, _| if row == forked_on_16 { 20.0 } else { 1.0 });
        let choice = &comparison.choices[4];
        assert_eq!((choice.recommended, choice.best, choice.right), (14, 19, false));
        let times = [14, 19].map(|row| comparison.rows[row].main().unwrap().measured);
        assert!((choice.regret - (times[0] / times[1] - 1.0)).abs() < 1e-12);
        assert_eq!(comparison.right_choices(), Some(0.8));
    }

    #[test]
    fn a_choice_within_the_spread_of_the_best_is_right() {
        let forked_on_16 = 14;
        // On average twice as slow as simulated, and so unsteady that it may have been as fast.
        let comparison = comparison(|row, repetition| match row == forked_on_16 {
            true if repetition == 0 => 9.0,
            true => 3.0,
            false => 1.0,
        });
        assert!(comparison.choices[4].right, "{:?}", comparison.choices[4]);
    }
}
