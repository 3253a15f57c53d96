//! What runs are called in tables and plots.

use std::collections::BTreeMap;

use crate::input::{Complaint, Complaints, Node, Place, Table, Value};

use super::axes::shown;
use super::format::RUN;

/// A name for each run: its own, or its executor with whatever tells it from its siblings. `None` stands for
/// the executor alone: where that is swept, each configuration has its own.
pub fn labels(complaints: &Complaints, runs: &[Node]) -> Vec<Option<String>> {
    let tables: Vec<Option<&Table>> = runs.iter().map(as_table).collect();
    let executors: Vec<String> = tables
        .iter()
        .map(|table| written(complaints, *table, "executor"))
        .collect();
    let is_named = |table: Option<&Table>| table.is_some_and(|table| table.get("name").is_some());
    let label = |index: usize| -> Option<String> {
        let table = tables[index]?;
        if is_named(Some(table)) {
            return Some(written(complaints, Some(table), "name"));
        }
        let siblings: Vec<Option<&Table>> = (0..runs.len())
            .filter(|other| executors[*other] == executors[index] && !is_named(tables[*other]))
            .map(|other| tables[other])
            .collect();
        let mut label = executors[index].clone();
        for key in RUN
            .keys
            .iter()
            .map(|key| key.name)
            .filter(|key| !matches!(*key, "name" | "executor"))
        {
            let own = written(complaints, Some(table), key);
            let differs = siblings
                .iter()
                .any(|sibling| written(complaints, *sibling, key) != own);
            match (differs && !own.is_empty(), key) {
                (false, _) => {}
                (true, "start_method") => label = format!("{label} {own}"),
                (true, _) => label = format!("{label} {key}={own}"),
            }
        }
        (label != executors[index]).then_some(label)
    };
    let labels: Vec<Option<String>> = (0..runs.len()).map(label).collect();
    refuse_duplicates(complaints, runs, &labels, &executors);
    labels
}

/// Complains about runs that nothing tells apart.
fn refuse_duplicates(
    complaints: &Complaints,
    runs: &[Node],
    labels: &[Option<String>],
    executors: &[String],
) {
    let mut seen: BTreeMap<String, Place> = BTreeMap::new();
    for (run, (label, executor)) in runs.iter().zip(labels.iter().zip(executors)) {
        let labels: Vec<String> = match label {
            Some(label) => vec![label.clone()],
            None => executor.split('/').map(str::to_owned).collect(),
        };
        for label in labels.into_iter().filter(|label| !label.is_empty()) {
            if let Some(first) = seen.get(&label) {
                complaints.add(
                    Complaint::at(run.place, format!("two runs are called `{label}`"))
                        .label("the second")
                        .see(*first, "the first")
                        .help("give each a `name` of its own, or take one out"),
                );
            }
            seen.entry(label).or_insert(run.place);
        }
    }
}

fn as_table(node: &Node) -> Option<&Table> {
    match &node.value {
        Value::Table(table) => Some(table),
        _ => None,
    }
}

/// A key's value as the user wrote it, values of a sweep side by side; empty where the key is absent.
fn written(complaints: &Complaints, table: Option<&Table>, key: &str) -> String {
    let Some(entry) = table.and_then(|table| table.get(key)) else {
        return String::new();
    };
    match &entry.node.value {
        Value::Axis { values, .. } => {
            let values: Vec<String> = values.iter().map(|value| shown(value, complaints)).collect();
            values.join("/")
        }
        _ => shown(&entry.node, complaints),
    }
}
