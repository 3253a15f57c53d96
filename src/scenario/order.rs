//! An order in which groups of tasks can be worked off, one after the other.

use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};

use super::TaskGroup;

/// Indices of checked groups, whose graph has no circle, such that each comes after those that it waits for.
pub fn working_order(tasks: &[TaskGroup]) -> Vec<usize> {
    let mut graph: DiGraph<usize, ()> = DiGraph::new();
    let nodes: Vec<NodeIndex> = (0..tasks.len()).map(|group| graph.add_node(group)).collect();
    for (group, task) in tasks.iter().enumerate() {
        for dependency in &task.after {
            graph.add_edge(nodes[dependency.group], nodes[group], ());
        }
    }
    let order = toposort(&graph, None).expect("a checked task graph has no circle");
    order.into_iter().map(|node| graph[node]).collect()
}
