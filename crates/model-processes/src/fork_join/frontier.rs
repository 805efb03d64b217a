//! The frontier of a tree: where it was cut so that its parts can be shipped, and what was above.

use std::collections::VecDeque;

use patterns::fork_join::{Counted, Split};
use patterns::{Error, ForkJoin, Job};

/// The top of a tree.
pub(super) struct Frontier<W: ForkJoin> {
    /// The nodes above the cut and at it; halves come after the node that was split.
    nodes: Vec<(W::Node, Option<Halves>)>,
    /// The nodes at the cut.
    subtrees: Vec<usize>,
}

/// The places of the two halves of a node.
type Halves = (usize, usize);

impl<W: ForkJoin> Frontier<W> {
    /// Splits breadth first, always one of the shallowest nodes, until there are so many subtrees or all are leaves.
    pub(super) fn of(job: &Job<W>, enough: usize) -> Self {
        let mut nodes = vec![(job.workload.root(&job.input), None)];
        let (mut open, mut subtrees) = (VecDeque::from([0]), Vec::new());
        while open.len() + subtrees.len() < enough
            && let Some(next) = open.pop_front()
        {
            match job.workload.split(&job.input, &nodes[next].0) {
                Split::Leaf => subtrees.push(next),
                Split::Two(left, right) => {
                    let halves = (nodes.len(), nodes.len() + 1);
                    nodes[next].1 = Some(halves);
                    nodes.extend([(left, None), (right, None)]);
                    open.extend([halves.0, halves.1]);
                }
            }
        }
        // The shallowest are the largest, as far as anybody knows: they go first.
        open.extend(subtrees);
        Self { nodes, subtrees: open.into() }
    }

    /// Number of subtrees.
    pub(super) fn len(&self) -> usize {
        self.subtrees.len()
    }

    /// The root of a subtree.
    pub(super) fn node(&self, index: usize) -> &W::Node {
        &self.nodes[self.subtrees[index]].0
    }

    /// Joins the values of the subtrees the way they were split.
    pub(super) fn join(
        &self,
        job: &Job<W>,
        done: impl IntoIterator<Item = (usize, Counted<W>)>,
    ) -> Result<Counted<W>, Error> {
        let mut values: Vec<Option<Counted<W>>> = self.nodes.iter().map(|_| None).collect();
        for (index, counted) in done {
            values[self.subtrees[index]] = Some(counted);
        }
        // From the last node to the first: halves before what they are halves of.
        for (place, (node, halves)) in self.nodes.iter().enumerate().rev() {
            if let Some((left, right)) = *halves {
                let (Some(left), Some(right)) = (values[left].take(), values[right].take()) else { break };
                values[place] = Some(Counted::join(&job.workload, &job.input, node.clone(), left, right));
            }
        }
        values.swap_remove(0).ok_or_else(|| Error::other("a subtree is missing"))
    }
}
