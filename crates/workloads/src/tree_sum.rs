//! `tree-sum`: sums a perfect binary tree, forking at every node: what a fork costs when there is nothing else to do.

use patterns::fork_join::Split;
use patterns::{Domain, ForkJoin, Knob, Preset, Size, Workload, Wrong};
use serde::{Deserialize, Serialize};

use crate::seeded::nth;

/// Sums the values in the nodes of a perfect binary tree. It lies in an array in heap order: the children of node i are
/// 2i + 1 and 2i + 2. Nobody is told how large a subtree is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TreeSum {
    /// Nodes of the tree: a power of two less one.
    pub nodes: u64,
    /// Levels below a leaf of the recursion that it sums by itself: with 0 every node forks.
    pub cut_off: u32,
}

impl Default for TreeSum {
    fn default() -> Self {
        Self { nodes: (1 << 21) - 1, cut_off: 0 }
    }
}

const MOST: u64 = (1 << 24) - 1;

/// The tree in heap order, and what it is worth: the wrapping sum of random values, of which none can be left out, or counted
/// twice, without its being another. (A count beside the sum would not fit the registers that a value is returned in.)
#[derive(Debug)]
pub struct Arena {
    values: Vec<u64>,
    /// Nodes that fork: all before this one.
    inner: usize,
    right: u64,
}

impl Arena {
    fn of(values: Vec<u64>, cut_off: u32) -> Self {
        let inner = ((values.len() + 1) >> (cut_off + 1)).saturating_sub(1);
        Self { values, inner, right: 0 }
    }

    /// The values, in heap order.
    #[must_use]
    pub fn values(&self) -> &[u64] {
        &self.values
    }

    /// The levels of the subtree of a node, from the top: neighbours in the array.
    #[inline]
    fn levels(&self, node: usize) -> impl Iterator<Item = &[u64]> {
        let first = move |level: u32| ((node + 1) << level) - 1;
        (0..).map_while(move |level| self.values.get(first(level)..first(level) + (1 << level)))
    }

    /// What a subtree is worth. Out of line, so that forking at every node stays as small as it would be by hand.
    #[inline(never)]
    fn total(&self, node: usize) -> u64 {
        self.levels(node).flatten().fold(0, |sum: u64, value| sum.wrapping_add(*value))
    }
}

/// A subtree on its own, level by level: a tree in heap order again.
#[derive(Debug, Serialize, Deserialize)]
pub struct Subtree {
    #[serde(with = "crate::words")]
    values: Vec<u64>,
}

impl Workload for TreeSum {
    const ID: &'static str = "tree-sum";
    const ABOUT: &'static str = "sum a perfect binary tree, forking at every node: what a fork and its join cost";
    const KNOBS: &'static [Knob] = &[
        Knob { id: "nodes", domain: Domain::Integer { min: 1, max: MOST }, about: "nodes of the tree, 2^k - 1" },
        Knob {
            id: "cut-off",
            domain: Domain::Integer { min: 0, max: 24 },
            about: "levels below a leaf that it sums by itself; 0 forks at every node",
        },
    ];
    const PRESETS: &'static [Preset] = &[Preset { id: "small", knobs: &[("nodes", "1023")] }];
    type Input = Arena;

    fn sized(size: Size) -> Self {
        match size {
            Size::Smoke => Self { nodes: 1_023, ..Self::default() },
            Size::Default => Self::default(),
            Size::Large => Self { nodes: MOST, ..Self::default() },
        }
    }

    fn input(&self, seed: u64, _clients: usize) -> Arena {
        let arena = Arena::of((0..self.nodes).map(|index| nth(seed, index)).collect(), self.cut_off);
        let right = arena.values.iter().fold(0, |sum: u64, value| sum.wrapping_add(*value));
        Arena { right, ..arena }
    }

    fn check(&self) -> Result<(), String> {
        let above = (self.nodes + 1).next_power_of_two();
        if above == self.nodes + 1 {
            return Ok(());
        }
        let (below, above) = (above / 2 - 1, above - 1);
        Err(format!("{} nodes make no perfect tree; allowed: 2^k - 1, the nearest are {below} and {above}", self.nodes))
    }
}

impl ForkJoin for TreeSum {
    type Node = usize;
    type Parcel<'i> = Subtree;
    type Value = u64;

    #[inline]
    fn root(&self, _: &Arena) -> usize {
        0
    }

    #[inline]
    fn split(&self, input: &Arena, &node: &usize) -> Split<usize> {
        if node < input.inner { Split::Two(2 * node + 1, 2 * node + 2) } else { Split::Leaf }
    }

    #[inline]
    fn leaf(&self, input: &Arena, node: usize) -> u64 {
        if self.cut_off == 0 { input.values[node] } else { input.total(node) }
    }

    #[inline]
    fn join(&self, input: &Arena, node: usize, left: u64, right: u64) -> u64 {
        left.wrapping_add(right).wrapping_add(input.values[node])
    }

    fn pack(&self, input: &Arena, node: usize) -> Subtree {
        Subtree { values: input.levels(node).flatten().copied().collect() }
    }

    fn unpack(&self, parcel: Subtree) -> (Arena, usize) {
        // Whoever gets a part has nothing to compare it with: adding it up beforehand would be the work itself.
        (Arena::of(parcel.values, self.cut_off), 0)
    }

    fn leaves(&self, _: &Arena) -> Option<u64> {
        Some(((self.nodes + 1) >> (self.cut_off + 1)).max(1))
    }

    fn verify(&self, input: &Arena, answer: &u64) -> Result<(), Wrong> {
        if *answer == input.right { Ok(()) } else { Err(format!("a sum of {answer}, not {}", input.right).into()) }
    }
}

#[cfg(test)]
mod tests {
    use patterns::fork_join::sequential;

    use super::*;

    #[test]
    fn every_node_is_summed_once_wherever_the_recursion_ends() {
        for nodes in [1, 3, 7, 1_023] {
            for cut_off in [0, 1, 2, 9, 10, 24] {
                let workload = TreeSum { nodes, cut_off };
                let input = workload.input(7, 1);
                let counted = sequential(&workload, &input, workload.root(&input));
                assert_eq!(workload.verify(&input, &counted.value), Ok(()), "{workload:?}");
                assert_eq!(Some(counted.leaves), workload.leaves(&input), "{workload:?}");
            }
        }
    }

    #[test]
    fn a_parcel_holds_its_subtree_and_nothing_else() {
        for cut_off in [0, 1, 3] {
            let workload = TreeSum { nodes: 127, cut_off };
            let input = workload.input(7, 1);
            for node in [0, 1, 2, 5, 14, 30, 63, 126] {
                let bytes = postcard::to_stdvec(&workload.pack(&input, node)).unwrap();
                let (part, root) = workload.unpack(postcard::from_bytes(&bytes).unwrap());
                let there = sequential(&workload, &part, root);
                assert_eq!(there.value, part.values.iter().fold(0, |sum: u64, value| sum.wrapping_add(*value)));
                // Below a leaf of the recursion there is no node of it to compare with.
                if node < workload.leaves(&input).unwrap_or(0) as usize * 2 - 1 {
                    let here = sequential(&workload, &input, node);
                    assert_eq!((here.value, here.leaves), (there.value, there.leaves), "node {node}");
                }
            }
        }
    }

    #[test]
    fn trees_that_are_not_perfect_are_refused() {
        let refused = TreeSum { nodes: 1_000, cut_off: 0 }.check().unwrap_err();
        assert_eq!(refused, "1000 nodes make no perfect tree; allowed: 2^k - 1, the nearest are 511 and 1023");
        assert_eq!(TreeSum { nodes: 1, cut_off: 0 }.check(), Ok(()));
        assert_eq!(TreeSum::sized(Size::Large).check(), Ok(()));
    }
}
