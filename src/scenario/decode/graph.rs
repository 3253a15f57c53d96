//! The task graph: reads `after`, refuses cycles, and derives the number of items of each group.

use petgraph::algo::tarjan_scc;
use petgraph::graph::NodeIndex;

use crate::input::{Complaint, Place, Reader, Value, did_you_mean, list};

use super::super::format::MOST_ITEMS;
use super::super::order::{order_of, task_graph};
use super::super::{Demand, Dependency, DependencyKind};
use super::out_of_place;
use super::task::Task;
use crate::units::grouped;

/// A dependency, and its place in the file.
type Edge = (Dependency, Place);

/// For each group, the groups that it waits for.
pub fn edges(readers: &[Option<Reader<'_>>], names: &[&str]) -> Option<Vec<Vec<Dependency>>> {
    let edges: Vec<Option<Vec<Edge>>> = readers
        .iter()
        .enumerate()
        .map(|(group, reader)| edges_of(&(*reader)?, group, names))
        .collect();
    let edges: Vec<Vec<Edge>> = edges.into_iter().collect::<Option<_>>()?;
    if let Some(cycle) = cycle(&edges) {
        return refuse_cycle(readers, names, &edges, &cycle);
    }
    Some(
        edges
            .into_iter()
            .map(|edges| edges.into_iter().map(|(edge, _)| edge).collect())
            .collect(),
    )
}

fn edges_of(reader: &Reader<'_>, group: usize, names: &[&str]) -> Option<Vec<Edge>> {
    let Some(field) = reader.given("after") else {
        return Some(Vec::new());
    };
    let named: Vec<(&str, Place, Option<DependencyKind>)> = match &field.node.value {
        Value::List(_) => {
            let elements = field.elements()?;
            let named: Vec<_> = elements
                .iter()
                .map(|e| Some((e.text()?, e.node.place, Some(DependencyKind::All))))
                .collect();
            named.into_iter().collect::<Option<_>>()?
        }
        _ => field
            .pairs()?
            .into_iter()
            .map(|(name, place, value)| (name, place, value.word_of()))
            .collect(),
    };
    let edge = |index: usize| {
        let (name, place, kind) = named[index];
        let complaint = if named[..index].iter().any(|(earlier, ..)| *earlier == name) {
            Complaint::at(place, format!("`{name}` stands twice in `after`")).help("remove one of them")
        } else {
            match names.iter().position(|known| *known == name) {
                None => unknown(names, group, name, place),
                Some(first) if first == group => Complaint::at(place, format!("`{name}` comes after itself"))
                    .label("a group cannot wait for itself")
                    .help("name another group, or remove it"),
                Some(first) => {
                    return Some((
                        Dependency {
                            group: first,
                            kind: kind?,
                        },
                        place,
                    ));
                }
            }
        };
        field.refuse(complaint)
    };
    let edges: Vec<Option<Edge>> = (0..named.len()).map(edge).collect();
    edges.into_iter().collect()
}

fn unknown(names: &[&str], group: usize, name: &str, place: Place) -> Complaint {
    let others: Vec<&str> = names
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != group)
        .map(|(_, name)| *name)
        .collect();
    let complaint = Complaint::at(place, format!("there is no task group `{name}`"))
        .label(did_you_mean(name, others.iter().copied()).unwrap_or_default());
    match others.as_slice() {
        [] => complaint.help("this is the only group"),
        [only] => complaint.help(format!("the only other group is {only}")),
        _ => complaint.help(format!("the other groups are {}", list(&others, "and"))),
    }
}

/// The groups of a cycle: each waits for the next one, and the first is the first one in the file.
fn cycle(edges: &[Vec<Edge>]) -> Option<Vec<usize>> {
    let graph = task_graph(edges.iter().map(|edges| edges.iter().map(|(edge, _)| edge.group)));
    let tangled = tarjan_scc(&graph)
        .into_iter()
        .filter(|component| component.len() > 1);
    let component: Vec<usize> = tangled
        .map(|c| c.into_iter().map(NodeIndex::index).collect())
        .min_by_key(|component: &Vec<usize>| first(component))?;
    // Every group of a component waits for another one of it, so the walk returns to a group that it has visited.
    let mut walk = vec![first(&component)];
    loop {
        let here = walk[walk.len() - 1];
        let next = edges[here]
            .iter()
            .map(|(edge, _)| edge.group)
            .find(|group| component.contains(group))?;
        if let Some(start) = walk.iter().position(|seen| *seen == next) {
            return Some(walk.split_off(start));
        }
        walk.push(next);
    }
}

fn first(component: &[usize]) -> usize {
    component.iter().copied().min().unwrap_or(0)
}

fn refuse_cycle<T>(
    readers: &[Option<Reader<'_>>],
    names: &[&str],
    edges: &[Vec<Edge>],
    cycle: &[usize],
) -> Option<T> {
    let place = |position: usize| {
        let next = cycle[(position + 1) % cycle.len()];
        edges[cycle[position]]
            .iter()
            .find(|(edge, _)| edge.group == next)
            .map(|(_, place)| *place)
    };
    let round: Vec<&str> = cycle
        .iter()
        .chain(cycle.first())
        .map(|group| names[*group])
        .collect();
    let says = |position: usize| format!("`{}` waits for `{}`", round[position], round[position + 1]);
    let title = format!("these groups wait for each other: {}", round.join(" -> "));
    let mut complaint = Complaint::at(place(0)?, title).label(says(0));
    for position in 1..cycle.len() {
        complaint = complaint.see(place(position)?, says(position));
    }
    let reader = readers[cycle[0]]?;
    reader.refuse(complaint.help("none of them could ever start: remove one of these dependencies"))
}

/// Sets the number of items that follows from `after`, and refuses a `count` that contradicts it.
pub fn count_items(tasks: &mut [Task<'_>]) -> Option<()> {
    let graph = task_graph(tasks.iter().map(|task| task.group.waits_for()));
    for group in order_of(&graph) {
        let count = count_of(tasks, group)?;
        if let Demand::Count(items) = &mut tasks[group].group.demand {
            *items = count;
        }
    }
    let total = tasks.iter().map(|task| match task.group.demand {
        Demand::Count(count) => count,
        Demand::Clients { .. } | Demand::Arrivals { .. } => 0,
    });
    let total = total.fold(0, u64::saturating_add);
    let last = tasks.last()?;
    if total > MOST_ITEMS {
        let title = format!(
            "{} items; at most {} are simulated",
            grouped(total),
            grouped(MOST_ITEMS)
        );
        return last.reader.refuse(
            Complaint::at(last.demand_place(), title)
                .label("together with the groups before it")
                .help("use fewer items with more work each"),
        );
    }
    Some(())
}

fn count_of(tasks: &[Task<'_>], group: usize) -> Option<u64> {
    let task = &tasks[group];
    let reader = &task.reader;
    let after = &task.group.after;
    if after.is_empty() {
        return match (task.count, task.never_ends().is_some()) {
            (Some(count), _) => Some(count),
            (None, true) => Some(1),
            // An empty `after` does not give the count.
            (None, false) => reader.refuse(
                Complaint::at(
                    reader.key_place("after"),
                    "[[task]] needs `count`, `clients` or `arrivals`",
                )
                .label("an empty `after` gives it no items")
                .help("set `count` to the number of items"),
            ),
        };
    }
    if let Some(key) = task.never_ends() {
        let why = match key {
            "clients" => "clients send requests from the start",
            _ => "requests come from the start",
        };
        let help = format!("a group with `{key}` cannot wait for others");
        return reader.refuse(out_of_place(reader, "after", why, &help));
    }
    if let Some(dependency) = after
        .iter()
        .find(|dependency| tasks[dependency.group].never_ends().is_some())
    {
        let first = &tasks[dependency.group];
        let (key, label) = match first.never_ends() {
            Some("clients") => ("clients", "these clients never stop sending requests"),
            _ => ("arrivals", "these requests never stop"),
        };
        return reader.refuse(
            Complaint::at(
                reader.value_place("after"),
                format!("`{}` never ends", first.group.name),
            )
            .label("so this group would never start")
            .see(first.reader.key_place(key), label)
            .help("only groups with a `count` can come first"),
        );
    }
    let each: Vec<&Task<'_>> = after
        .iter()
        .filter(|dependency| dependency.kind == DependencyKind::Each)
        .map(|dependency| &tasks[dependency.group])
        .collect();
    let items = |task: &Task<'_>| match task.group.demand {
        Demand::Count(count) => count,
        Demand::Clients { .. } | Demand::Arrivals { .. } => 1,
    };
    let Some(one) = each.first() else {
        return Some(task.count.unwrap_or(1));
    };
    if task.count.is_some() {
        let why = format!("`{}` gives it one item for each of its own", one.group.name);
        let help = "remove `count`: \"each\" makes one item for each item of the other group";
        return reader.refuse(out_of_place(reader, "count", &why, help));
    }
    if let Some(other) = each.iter().find(|other| items(other) != items(one)) {
        let title = "\"each\" of groups with different counts";
        return reader.refuse(
            Complaint::at(reader.value_place("after"), title)
                .label(format!(
                    "items wait one by one, and {} are not {}",
                    items(one),
                    items(other)
                ))
                .see(
                    one.demand_place(),
                    format!("`{}` has {}", one.group.name, items(one)),
                )
                .see(
                    other.demand_place(),
                    format!("`{}` has {}", other.group.name, items(other)),
                )
                .help("make the counts equal, or wait for \"all\" items of one of them"),
        );
    }
    Some(items(one))
}
