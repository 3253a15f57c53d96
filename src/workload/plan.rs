//! The items of a configuration, numbered through all groups, and what each waits for.

use std::cell::Cell;
use std::ops::Range;

#[cfg(feature = "internals")]
use super::own_work::OwnWork;
use super::own_work::own_work;
use crate::model::{Payload, draws};
use crate::random::Key;
use crate::scenario::{Demand, DependencyKind, TaskGroup, working_order};
use crate::units::{Bytes, Nanos};

/// The task graph, by groups.
pub(super) struct Plan {
    groups: Vec<Group>,
    /// Group indices such that each comes after those that it waits for.
    order: Vec<usize>,
}

struct Group {
    /// Numbers of its items.
    items: Range<u32>,
    waits_for: Vec<Edge>,
    waited_for_by: Vec<Edge>,
}

#[derive(Clone, Copy)]
struct Edge {
    group: usize,
    kind: DependencyKind,
}

/// Which items may start: counted down as others are done.
pub(super) struct Progress {
    /// What each item still waits for.
    waiting: Vec<Cell<u32>>,
    /// How many items of each group are not done.
    undone: Vec<Cell<u32>>,
}

impl Plan {
    /// The plan of checked task groups: their graph has no circle.
    pub fn of(tasks: &[TaskGroup]) -> Self {
        let mut groups: Vec<Group> = Vec::with_capacity(tasks.len());
        let mut next = 0;
        for task in tasks {
            let count = match task.demand {
                Demand::Count(count) => u32::try_from(count).expect("the scenario's limit on items is lower"),
                Demand::Clients { .. } | Demand::Arrivals { .. } => 0,
            };
            let edge = |dependency: &crate::scenario::Dependency| Edge {
                group: dependency.group,
                kind: dependency.kind,
            };
            let waits_for = task.after.iter().map(edge).collect();
            groups.push(Group {
                items: next..next + count,
                waits_for,
                waited_for_by: Vec::new(),
            });
            next += count;
        }
        for (group, task) in tasks.iter().enumerate() {
            for dependency in &task.after {
                groups[dependency.group].waited_for_by.push(Edge {
                    group,
                    kind: dependency.kind,
                });
            }
        }
        Self {
            groups,
            order: working_order(tasks),
        }
    }

    /// Whether any group waits for another.
    pub fn has_dependencies(&self) -> bool {
        self.groups.iter().any(|group| !group.waits_for.is_empty())
    }

    /// Whether any item has something to give back.
    pub fn has_results(&self, tasks: &[TaskGroup]) -> bool {
        tasks.iter().any(|task| task.result.size > Bytes::ZERO)
    }

    /// How many items there are.
    pub fn len(&self) -> u32 {
        self.groups.last().map_or(0, |group| group.items.end)
    }

    /// Group indices in an order in which they can be worked off.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// Numbers of a group's items.
    pub fn items(&self, group: usize) -> Range<u32> {
        self.groups[group].items.clone()
    }

    /// The group of an item, and its index within the group.
    pub fn place_of(&self, item: u32) -> (usize, u32) {
        let group = self.groups.partition_point(|group| group.items.end <= item);
        (group, item - self.groups[group].items.start)
    }

    /// A range of items cut where one group ends and the next begins.
    pub fn split_by_group(&self, items: Range<u32>) -> Vec<Range<u32>> {
        let within = |group: &Group| items.start.max(group.items.start)..items.end.min(group.items.end);
        self.groups
            .iter()
            .map(within)
            .filter(|part| !part.is_empty())
            .collect()
    }

    /// What travels to a worker with `count` items of a group: their own arguments, and the results of the items
    /// that they wait for one by one.
    pub fn arguments(&self, tasks: &[TaskGroup], group: usize, count: u32) -> Vec<Payload> {
        let each = self.groups[group]
            .waits_for
            .iter()
            .filter(|edge| edge.kind == DependencyKind::Each);
        let inherited = each.map(|edge| tasks[edge.group].result);
        std::iter::once(tasks[group].argument)
            .chain(inherited)
            .map(|payload| times(payload, count))
            .collect()
    }

    /// What travels back with the results of `count` items of a group.
    pub fn results(&self, tasks: &[TaskGroup], group: usize, count: u32) -> Vec<Payload> {
        vec![times(tasks[group].result, count)]
    }

    /// Everything still to be done.
    pub fn progress(&self) -> Progress {
        let waits = |group: &Group| group.waits_for.len() as u32;
        let waiting = self
            .groups
            .iter()
            .flat_map(|group| group.items.clone().map(move |_| Cell::new(waits(group))));
        let undone = self
            .groups
            .iter()
            .map(|group| Cell::new(group.items.len() as u32));
        Progress {
            waiting: waiting.collect(),
            undone: undone.collect(),
        }
    }

    /// Items that wait for nothing, in order.
    pub fn ready_from_the_start(&self) -> Vec<u32> {
        let free = self.groups.iter().filter(|group| group.waits_for.is_empty());
        free.flat_map(|group| group.items.clone()).collect()
    }

    /// The items that may start because `done` are done, in order.
    pub fn released_by(&self, progress: &Progress, done: Range<u32>) -> Vec<u32> {
        let (group, _) = self.place_of(done.start);
        let start = self.groups[group].items.start;
        let undone = progress.undone[group].get() - done.len() as u32;
        progress.undone[group].set(undone);
        let mut released = Vec::new();
        let mut count_down = |item: u32| {
            let waiting = &progress.waiting[item as usize];
            waiting.set(waiting.get() - 1);
            if waiting.get() == 0 {
                released.push(item);
            }
        };
        for edge in &self.groups[group].waited_for_by {
            let items = self.items(edge.group);
            match edge.kind {
                DependencyKind::Each => done
                    .clone()
                    .for_each(|item| count_down(items.start + item - start)),
                DependencyKind::All if undone == 0 => items.for_each(&mut count_down),
                DependencyKind::All => {}
            }
        }
        released
    }

    /// The longest chain of items that must follow each other, by their own work alone.
    pub fn critical_path(&self, tasks: &[TaskGroup], key: Key) -> Nanos {
        let mut ends: Vec<Vec<Nanos>> = vec![Vec::new(); tasks.len()];
        for &group in &self.order {
            let task = &tasks[group];
            let all = self.groups[group]
                .waits_for
                .iter()
                .filter(|edge| edge.kind == DependencyKind::All);
            let start = all
                .flat_map(|edge| ends[edge.group].iter().copied())
                .max()
                .unwrap_or_default();
            ends[group] = (0..self.groups[group].items.len())
                .map(|index| {
                    let each = self.groups[group]
                        .waits_for
                        .iter()
                        .filter(|edge| edge.kind == DependencyKind::Each);
                    let start = each.map(|edge| ends[edge.group][index]).fold(start, Nanos::max);
                    start.saturating_add(
                        own_work(&task.steps, draws::item(key, &task.name, index as u64)).total(),
                    )
                })
                .collect();
        }
        ends.into_iter().flatten().max().unwrap_or_default()
    }

    /// What all items together ask for.
    #[cfg(feature = "internals")]
    pub fn total_work(&self, tasks: &[TaskGroup], key: Key) -> OwnWork {
        let works = tasks.iter().enumerate().flat_map(|(group, task)| {
            (0..self.groups[group].items.len() as u64)
                .map(move |index| own_work(&task.steps, draws::item(key, &task.name, index)))
        });
        works.fold(OwnWork::default(), OwnWork::plus)
    }
}

fn times(payload: Payload, count: u32) -> Payload {
    Payload {
        size: Bytes(payload.size.0.saturating_mul(u64::from(count))),
        ..payload
    }
}
