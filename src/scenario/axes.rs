//! The first stage of reading a scenario: a list where the format expects one value becomes a sweep axis.
//!
//! The walk follows the format's tables, so axes come in the format's order; each list becomes a
//! [`Value::Axis`], and later a configuration is the tree read at one point of all its axes.

use std::collections::BTreeSet;

use crate::input::{Complaint, Complaints, Format, Node, Shape, Value};
use crate::units::{Bytes, Nanos, grouped};

use super::Setting;
use super::format::{MOST_CONFIGURATIONS, PYTHON, SCENARIO};

/// A key that is swept.
#[derive(Debug)]
pub struct Axis {
    /// Dotted path: the column in `results.csv`.
    path: String,
    /// The section, and for `[python]` the key: the override of a run has the position of the overridden key.
    rank: (usize, usize),
    /// The only run that it applies to, or `None` for all runs.
    run: Option<usize>,
    /// The values, in the order of the list.
    values: Vec<Setting>,
    /// The place of the list in the file.
    place: crate::input::Place,
}

/// All axes of a scenario.
#[derive(Debug, Default)]
pub struct Axes {
    axes: Vec<Axis>,
}

/// A point of a run's sweep.
#[derive(Debug)]
pub struct Point {
    /// For every axis of the scenario the index of its value; 0 for axes that do not apply to the run.
    pub choice: Vec<usize>,
    /// The values of the axes that apply to the run, first axis first.
    pub swept: Vec<Setting>,
}

/// Turns every list that stands for a single value into an axis. A single value at a path in `promoted` becomes an
/// axis of one value, so that it has a column.
pub fn mark(complaints: &Complaints, root: &mut Node, promoted: &BTreeSet<String>) -> Axes {
    let mut marker = Marker {
        complaints,
        promoted,
        axes: Axes::default(),
        rank: (0, 0),
        run: None,
    };
    let Value::Table(table) = &mut root.value else {
        return marker.axes;
    };
    for (section, key) in SCENARIO.keys.iter().enumerate() {
        let Some(entry) = table.get_mut(key.name) else {
            continue;
        };
        marker.rank = (section, 0);
        match (&key.shape, &mut entry.node.value) {
            (Shape::Table(format), _) => marker.table(&mut entry.node, format, key.name),
            (Shape::Tables(format), Value::List(nodes)) if key.name == "run" => {
                for (index, node) in nodes.iter_mut().enumerate() {
                    marker.run = Some(index);
                    marker.table(node, format, "run");
                }
                marker.run = None;
            }
            (Shape::Tables(format), Value::List(nodes)) => {
                for node in nodes {
                    let path = format!("{}.{}", key.name, super::overrides::name_of(node).unwrap_or("?"));
                    marker.table(node, format, &path);
                }
            }
            _ => {}
        }
    }
    let axes = marker.axes;
    refuse_contested_overrides(complaints, root);
    axes
}

struct Marker<'a> {
    complaints: &'a Complaints,
    promoted: &'a BTreeSet<String>,
    axes: Axes,
    rank: (usize, usize),
    run: Option<usize>,
}

impl Marker<'_> {
    fn table(&mut self, node: &mut Node, format: &'static Format, path: &str) {
        let Value::Table(table) = &mut node.value else {
            return;
        };
        for key in format.keys.iter().filter(|key| !key.is_later()) {
            let Some(entry) = table.get_mut(key.name) else {
                continue;
            };
            let here = self.rank;
            let overridden = PYTHON.keys.iter().position(|known| known.name == key.name);
            let path = match overridden {
                // An override has the path and the position of the key that it overrides.
                Some(index) if self.run.is_some() || path == PYTHON_PATH => {
                    self.rank = (python_section(), index);
                    format!("{PYTHON_PATH}.{}", key.name)
                }
                _ => format!("{path}.{}", key.name),
            };
            self.value(&mut entry.node, &key.shape, key.sweep, &path);
            self.rank = here;
        }
    }

    fn value(&mut self, node: &mut Node, shape: &'static Shape, sweep: bool, path: &str) {
        let takes_lists = shape
            .alternatives()
            .iter()
            .any(|shape| matches!(shape, Shape::List(_)));
        match &mut node.value {
            Value::List(_) if sweep && !takes_lists => self.axis(node, shape, path),
            Value::List(nodes) => {
                for shape in shape.alternatives() {
                    let Shape::List(element) = shape else { continue };
                    for (index, node) in nodes.iter_mut().enumerate() {
                        self.value(node, element, false, &format!("{path}.{index}"));
                    }
                }
            }
            _ if sweep && self.promoted.contains(path) => {
                let node_before = node.clone();
                self.add(node, vec![node_before], shape, path);
            }
            Value::Table(table) => {
                for shape in shape.alternatives() {
                    match shape {
                        Shape::Table(format) => return self.table(node, format, path),
                        Shape::OneOf(choice) => {
                            let variant = choice
                                .variants
                                .iter()
                                .find(|format| table.get(format.tag().name).is_some());
                            return variant.map_or((), |format| self.table(node, format, path));
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// Turns a list into an axis, or refuses it.
    fn axis(&mut self, node: &mut Node, shape: &'static Shape, path: &str) {
        let place = node.place;
        let Value::List(values) = std::mem::replace(&mut node.value, Value::Refused) else {
            return;
        };
        let complaint = if values.is_empty() {
            Complaint::at(place, format!("`{path}` is swept over no values")).label("an empty list").help(
                "a list instead of one value is a sweep: add values to it, or write one value without brackets",
            )
        } else if let Some(inner) = values.iter().find_map(inner_list) {
            Complaint::at(inner.place, format!("`{path}` is swept over a list of lists"))
                .label("this list is inside another")
                .help("use a flat list of values")
        } else if let Some((first, second)) = repeated(&values, self.complaints) {
            Complaint::at(
                second.place,
                format!("`{path}` is swept over the same value twice"),
            )
            .label("again")
            .see(first.place, "the first time")
            .help("remove one of the two: each value of a sweep is simulated once")
        } else {
            return self.add(node, values, shape, path);
        };
        self.complaints.add(complaint);
    }

    fn add(&mut self, node: &mut Node, values: Vec<Node>, shape: &'static Shape, path: &str) {
        let settings = values
            .iter()
            .map(|value| Setting {
                path: path.to_owned(),
                shown: shown(value, self.complaints),
                number: number(value, shape),
            })
            .collect();
        let axis = self.axes.axes.len();
        self.axes.axes.push(Axis {
            path: path.to_owned(),
            rank: self.rank,
            run: self.run,
            values: settings,
            place: node.place,
        });
        node.value = Value::Axis { axis, values };
    }
}

/// Refuses a key that is swept under `[python]` and overridden in a run, because the baseline of that run would be
/// ambiguous.
fn refuse_contested_overrides(complaints: &Complaints, root: &Node) {
    let Value::Table(table) = &root.value else { return };
    let Some(Value::Table(python)) = table.get(PYTHON_PATH).map(|entry| &entry.node.value) else {
        return;
    };
    let Some(Value::List(runs)) = table.get("run").map(|entry| &entry.node.value) else {
        return;
    };
    for key in PYTHON.keys {
        let Some(shared) = python.get(key.name) else {
            continue;
        };
        let Value::Axis { values, .. } = &shared.node.value else {
            continue;
        };
        for run in runs {
            let Value::Table(run) = &run.value else { continue };
            let Some(overriding) = run.get(key.name) else {
                continue;
            };
            if values.len() > 1 || !matches!(overriding.node.value, Value::Axis { .. }) {
                let title = format!("`{}` is swept under [python] and overridden in a run", key.name);
                let complaint = Complaint::at(overriding.key_place, title)
                    .label("overridden here")
                    .see(shared.key_place, "swept here")
                    .help("keep one of the two: it is not clear which of the swept values the baseline of this run has");
                complaints.add(complaint);
            }
        }
    }
}

const PYTHON_PATH: &str = "python";

fn python_section() -> usize {
    SCENARIO
        .keys
        .iter()
        .position(|key| key.name == PYTHON_PATH)
        .expect("the format has a [python]")
}

/// The first list anywhere in a value.
fn inner_list(node: &Node) -> Option<&Node> {
    match &node.value {
        Value::List(_) => Some(node),
        Value::Table(table) => table.entries.iter().find_map(|entry| inner_list(&entry.node)),
        _ => None,
    }
}

/// The first two values with the same spelling.
fn repeated<'n>(values: &'n [Node], complaints: &Complaints) -> Option<(&'n Node, &'n Node)> {
    let mut seen = std::collections::BTreeMap::new();
    values.iter().find_map(|value| {
        seen.insert(shown(value, complaints), value)
            .map(|first| (first, value))
    })
}

/// A value as the user wrote it, without the quotes.
pub fn shown(node: &Node, complaints: &Complaints) -> String {
    match &node.value {
        Value::Text(text) => text.clone(),
        Value::Integer(value) => value.to_string(),
        _ => complaints.text(node.place),
    }
}

/// A value as a plain number: durations in seconds, sizes in bytes.
fn number(node: &Node, shape: &'static Shape) -> Option<f64> {
    match &node.value {
        Value::Integer(value) => Some(*value as f64),
        Value::Float(text) => text.replace('_', "").parse().ok(),
        Value::Text(text) => shape.alternatives().iter().find_map(|shape| match shape {
            Shape::Duration { .. } => text.parse::<Nanos>().ok().map(Nanos::as_secs_f64),
            Shape::Size { .. } => text.parse::<Bytes>().ok().map(|size| size.0 as f64),
            _ => None,
        }),
        _ => None,
    }
}

impl Axes {
    /// The axes of a run, first (slowest) to last.
    fn of_run(&self, run: usize) -> Vec<usize> {
        let own = |axis: &Axis| axis.run == Some(run);
        let overridden = |axis: &Axis| {
            self.axes
                .iter()
                .any(|other| own(other) && other.path == axis.path)
        };
        let concerns = |axis: &Axis| own(axis) || (axis.run.is_none() && !overridden(axis));
        let mut of_run: Vec<usize> = (0..self.axes.len())
            .filter(|axis| concerns(&self.axes[*axis]))
            .collect();
        of_run.sort_by_key(|axis| self.axes[*axis].rank);
        of_run
    }

    /// The paths of all axes.
    pub fn paths(&self) -> BTreeSet<&str> {
        self.axes.iter().map(|axis| axis.path.as_str()).collect()
    }

    /// Whether the number of configurations is within the limit. If not, this refuses the scenario.
    pub fn are_few_enough(&self, complaints: &Complaints, runs: usize) -> bool {
        let size = |run| {
            let lengths = self
                .of_run(run)
                .into_iter()
                .map(|axis| self.axes[axis].values.len() as u128);
            lengths.fold(1u128, u128::saturating_mul)
        };
        let total = (0..runs).map(size).fold(0u128, u128::saturating_add);
        if total <= MOST_CONFIGURATIONS {
            return true;
        }
        let most = grouped(MOST_CONFIGURATIONS as u64);
        let number = u64::try_from(total).map_or("more than 10^19".to_owned(), grouped);
        let mut largest: Vec<&Axis> = self.axes.iter().collect();
        largest.sort_by_key(|axis| std::cmp::Reverse(axis.values.len()));
        let label = |axis: &Axis| format!("{} values", axis.values.len());
        if let [first, others @ ..] = largest.as_slice() {
            let title = format!("{number} configurations; at most {most} are simulated");
            let mut complaint = Complaint::at(first.place, title).label(label(first));
            for axis in others.iter().take(5) {
                complaint = complaint.see(axis.place, label(axis));
            }
            complaints.add(
                complaint.help("sweep fewer keys, or fewer values of each: the numbers of values multiply"),
            );
        }
        false
    }

    /// Every point of a run's sweep, in order.
    pub fn points(&self, run: usize) -> impl Iterator<Item = Point> {
        let of_run = self.of_run(run);
        let mut next = Some(vec![0; self.axes.len()]);
        std::iter::from_fn(move || {
            let choice = next.take()?;
            next = self.turn(&of_run, choice.clone());
            let swept = of_run
                .iter()
                .map(|axis| self.axes[*axis].values[choice[*axis]].clone())
                .collect();
            Some(Point { choice, swept })
        })
    }

    /// The next point. As in an odometer, the last axis moves fastest.
    fn turn(&self, of_run: &[usize], mut choice: Vec<usize>) -> Option<Vec<usize>> {
        for axis in of_run.iter().rev() {
            choice[*axis] += 1;
            if choice[*axis] < self.axes[*axis].values.len() {
                return Some(choice);
            }
            choice[*axis] = 0;
        }
        None
    }
}
