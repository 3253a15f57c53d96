//! The task graph, and an order in which its groups can be worked off one after the other.

use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};

use super::TaskGroup;

/// Makes a graph of what each group waits for. An edge leads from a group to each group that waits for it, and the
/// nodes have the indices of the groups.
pub fn task_graph<Groups>(waits_for: impl ExactSizeIterator<Item = Groups>) -> DiGraph<(), ()>
where
    Groups: Iterator<Item = usize>,
{
    let mut graph = DiGraph::new();
    let nodes: Vec<NodeIndex> = (0..waits_for.len()).map(|_| graph.add_node(())).collect();
    for (group, earlier) in waits_for.enumerate() {
        for earlier in earlier {
            graph.add_edge(nodes[earlier], nodes[group], ());
        }
    }
    graph
}

/// The indices of all groups, each after those that it waits for. The graph has no cycle: the decoder refused it.
pub fn order_of(graph: &DiGraph<(), ()>) -> Vec<usize> {
    let order = toposort(graph, None).expect("a checked task graph has no cycle");
    order.into_iter().map(NodeIndex::index).collect()
}

/// The indices of checked groups, each after those that it waits for.
pub fn working_order(tasks: &[TaskGroup]) -> Vec<usize> {
    order_of(&task_graph(tasks.iter().map(TaskGroup::waits_for)))
}

impl TaskGroup {
    /// The indices of the groups that this one waits for.
    pub(crate) fn waits_for(&self) -> impl Iterator<Item = usize> {
        self.after.iter().map(|dependency| dependency.group)
    }
}
