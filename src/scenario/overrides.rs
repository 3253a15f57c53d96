//! `--set path=value` changes the tree before anything else reads it, so that a value from the command line is checked
//! and swept like one from the file.

use crate::input::{
    Complaint, Complaints, Entry, Format, Node, Place, Shape, Table, Value, WordEnum, did_you_mean, list,
    parse_value,
};

use super::executor::{ExecutorName, SPECIAL_KEYS, executors_with};
use super::format::SCENARIO;

/// The name of the source in messages.
const SOURCE: &str = "command line";
const OPTION: &str = "--set ";

/// A key that `--set` can change: its dotted path and the shape of its value.
type Settable = (String, &'static Shape);

/// Applies every option, in order. Refuses options without a known path or without a value.
pub fn apply(complaints: &Complaints, root: &mut Node, options: &[String]) {
    for option in options {
        let source = complaints.add_source(SOURCE, format!("{OPTION}{option}"));
        apply_one(complaints, root, option, source);
    }
}

fn apply_one(complaints: &Complaints, root: &mut Node, option: &str, source: usize) -> Option<()> {
    let at = |start: usize, end: usize| Place::new(source, OPTION.len() + start, OPTION.len() + end);
    let Some((path, text)) = option.split_once('=') else {
        let complaint = Complaint::at(at(0, option.len()), "`--set` needs a value")
            .label("there is no `=` here")
            .help("write --set path=value, for example --set machine.cores=[1,2,4]");
        return complaints.refuse(complaint);
    };
    let (path_place, text_place) = (at(0, path.len()), at(path.len() + 1, option.len()));
    let path = path.trim();
    let settable = settable_paths(root);
    let Some((_, shape)) = settable.iter().find(|(known, _)| known == path) else {
        let mut complaint = Complaint::at(path_place, format!("unknown path `{path}`"));
        complaint = match did_you_mean(path, settable.iter().map(|(known, _)| known.as_str())) {
            Some(guess) => complaint.label(guess),
            None => complaint.label("this scenario has no such key"),
        };
        return complaints.refuse(complaint.help(
            "use a path such as `machine.cores`, `task.NAME.count`, `task.NAME.steps.0.python` or `run.workers`",
        ));
    };
    let offset = option.len() - text.len() + OPTION.len();
    let Some(value) = value_of(source, offset, text, shape) else {
        let why = if text.trim().is_empty() {
            "there is nothing after the `=`"
        } else {
            "not a value"
        };
        let complaint = Complaint::at(text_place, format!("no value for `{path}`"))
            .label(why)
            .help("write a value as in the file; words and times need no quotes: 5ms, fork, [1,2,4]");
        return complaints.refuse(complaint);
    };
    let (section, keys) = path.split_once('.').unwrap_or((path, ""));
    let Value::Table(table) = &mut root.value else {
        return None;
    };
    match section {
        "run" => set_in_runs(complaints, table, keys, &value, path_place),
        "python" => {
            // The new value applies everywhere, so the overrides of runs are removed.
            for run in tables_of(table, "run") {
                run.entries.retain(|entry| entry.key != keys);
            }
            set_in(root, path, value, path_place)
        }
        _ => set_in(root, path, value, path_place),
    }
}

/// Every path of a scenario that holds, or could hold, a single value.
pub fn settable_paths(root: &Node) -> Vec<Settable> {
    let mut paths = Vec::new();
    let Value::Table(table) = &root.value else {
        return paths;
    };
    for key in SCENARIO.keys {
        let entry = table.get(key.name);
        match (&key.shape, entry.map(|entry| &entry.node.value)) {
            (Shape::Table(format), _) if key.name != "published" => {
                collect_table(entry.map(|entry| &entry.node), format, key.name, &mut paths);
            }
            (Shape::Tables(format), Some(Value::List(nodes))) if key.name != "run" => {
                for node in nodes {
                    if let Some(name) = name_of(node) {
                        collect_table(Some(node), format, &format!("{}.{name}", key.name), &mut paths);
                    }
                }
            }
            (Shape::Tables(format), Some(_)) if key.name == "run" => {
                collect_table(None, format, key.name, &mut paths)
            }
            (Shape::Text, _) => paths.push((key.name.to_owned(), &key.shape)),
            _ => {}
        }
    }
    paths
}

fn collect_table(node: Option<&Node>, format: &'static Format, path: &str, paths: &mut Vec<Settable>) {
    let table = match node.map(|node| &node.value) {
        Some(Value::Table(table)) => Some(table),
        _ => None,
    };
    for key in format
        .keys
        .iter()
        .filter(|key| !matches!(key.name, "name" | "after"))
    {
        let node = table
            .and_then(|table| table.get(key.name))
            .map(|entry| &entry.node);
        collect_value(node, &key.shape, &format!("{path}.{}", key.name), paths);
    }
}

fn collect_value(node: Option<&Node>, shape: &'static Shape, path: &str, paths: &mut Vec<Settable>) {
    let is_list = |shape: &Shape| matches!(shape, Shape::List(_) | Shape::Map(_));
    if !shape.alternatives().iter().any(is_list) {
        paths.push((path.to_owned(), shape));
    }
    for shape in shape.alternatives() {
        match (shape, node.map(|node| &node.value)) {
            (Shape::Table(format), Some(Value::Table(_))) => collect_table(node, format, path, paths),
            (Shape::OneOf(choice), Some(Value::Table(table))) => {
                if let Some(format) = choice.variant_of(|tag| table.get(tag).is_some()) {
                    collect_table(node, format, path, paths);
                }
            }
            (Shape::List(element), Some(Value::List(nodes))) => {
                for (index, node) in nodes.iter().enumerate() {
                    collect_value(Some(node), element, &format!("{path}.{index}"), paths);
                }
            }
            _ => {}
        }
    }
}

/// The value of an option: TOML, or a word, time or size without quotes, alone or in a list.
fn value_of(source: usize, offset: usize, text: &str, shape: &'static Shape) -> Option<Node> {
    let mut node = match parse_value(source, offset, text) {
        Ok(node) => node,
        Err(_) => bare(source, offset, text)?,
    };
    let takes_numbers = |shape: &Shape| matches!(shape, Shape::Integer { .. } | Shape::Number { .. });
    if shape
        .alternatives()
        .iter()
        .any(|shape| matches!(shape, Shape::Text | Shape::Pattern { .. }))
        && !shape.alternatives().iter().any(takes_numbers)
    {
        // `python.version=3.13` is text, though TOML reads a number.
        let as_text = |node: &mut Node| {
            if let (Value::Float(_) | Value::Integer(_), Some((start, end))) = (&node.value, node.place.span)
            {
                node.value = Value::Text(text[start - offset..end - offset].to_owned());
            }
        };
        match &mut node.value {
            Value::List(nodes) => nodes.iter_mut().for_each(as_text),
            _ => as_text(&mut node),
        }
    }
    Some(node)
}

/// Words that need quotes in TOML.
fn bare(source: usize, offset: usize, text: &str) -> Option<Node> {
    let trimmed = text.trim();
    let start = offset + (text.len() - text.trim_start().len());
    let place = Place::new(source, start, start + trimmed.len());
    if let Some(inner) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let mut nodes = Vec::new();
        let mut position = start + 1;
        for item in inner.split(',') {
            nodes.push(match parse_value(source, position, item) {
                Ok(node) => node,
                Err(_) => bare(source, position, item)?,
            });
            position += item.len() + 1;
        }
        return Some(Node {
            value: Value::List(nodes),
            place,
        });
    }
    let is_plain = |c: char| !c.is_control() && !matches!(c, '"' | '\'' | '[' | ']' | '{' | '}' | '#' | '=');
    let plain = !trimmed.is_empty() && trimmed.chars().all(is_plain);
    plain.then(|| Node {
        value: Value::Text(trimmed.to_owned()),
        place,
    })
}

/// Sets a key of every run whose executor takes it. Refuses a key that no run of the scenario takes.
fn set_in_runs(
    complaints: &Complaints,
    root: &mut Table,
    key: &str,
    value: &Node,
    place: Place,
) -> Option<()> {
    let runs = tables_of(root, "run");
    let any = !runs.is_empty();
    let mut known = false;
    for run in runs {
        if knows(run, key) {
            known = true;
            insert(run, key, value.clone(), place);
        }
    }
    if any && !known {
        let complaint = Complaint::at(place, format!("no run of this scenario takes `{key}`"))
            .label("not an option of its executors");
        let help = format!("`{key}` is an option of {}", list(&executors_with(key), "and"));
        return complaints.refuse(complaint.help(help));
    }
    Some(())
}

/// Whether every executor that a run may have takes a key.
fn knows(run: &Table, key: &str) -> bool {
    let knows = |node: &Node| match &node.value {
        Value::Text(executor) => {
            ExecutorName::from_word(executor).is_some_and(|name| name.keys().contains(&key))
        }
        _ => true,
    };
    !SPECIAL_KEYS.contains(&key)
        || run.get("executor").is_none_or(|entry| match &entry.node.value {
            Value::List(nodes) => nodes.iter().all(knows),
            _ => knows(&entry.node),
        })
}

/// Follows a known path and sets the value there. `None` where something else stands instead of a table: it is refused
/// when the table is read.
fn set_in(root: &mut Node, path: &str, value: Node, place: Place) -> Option<()> {
    let mut node = root;
    let mut segments = path.split('.').peekable();
    while let Some(segment) = segments.next() {
        node = match &mut node.value {
            Value::List(nodes) => match segment.parse::<usize>() {
                Ok(index) => nodes.get_mut(index)?,
                Err(_) => nodes.iter_mut().find(|node| name_of(node) == Some(segment))?,
            },
            Value::Table(table) => {
                if segments.peek().is_none() {
                    insert(table, segment, value, place);
                    return Some(());
                }
                if table.get(segment).is_none() {
                    insert(
                        table,
                        segment,
                        Node {
                            value: Value::Table(Table::default()),
                            place,
                        },
                        place,
                    );
                }
                &mut table.get_mut(segment)?.node
            }
            _ => return None,
        };
    }
    *node = value;
    Some(())
}

fn insert(table: &mut Table, key: &str, node: Node, key_place: Place) {
    match table.get_mut(key) {
        Some(entry) => {
            *entry = Entry {
                key: key.to_owned(),
                key_place,
                node,
            }
        }
        None => table.entries.push(Entry {
            key: key.to_owned(),
            key_place,
            node,
        }),
    }
}

fn tables_of<'t>(root: &'t mut Table, key: &str) -> Vec<&'t mut Table> {
    let Some(entry) = root.get_mut(key) else {
        return Vec::new();
    };
    let Value::List(nodes) = &mut entry.node.value else {
        return Vec::new();
    };
    nodes
        .iter_mut()
        .filter_map(|node| match &mut node.value {
            Value::Table(table) => Some(table),
            _ => None,
        })
        .collect()
}

/// The name that a task or background table has in paths.
pub fn name_of(node: &Node) -> Option<&str> {
    let Value::Table(table) = &node.value else {
        return None;
    };
    match &table.get("name")?.node.value {
        Value::Text(name) => Some(name),
        _ => None,
    }
}
