//! A lopsided tree that adds up its leaves in order; two of them may panic.

use std::ops::Range;

use patterns::fork_join::Split;
use patterns::{ForkJoin, Workload, Wrong};
use serde::{Deserialize, Serialize};

pub(super) const LEAVES: u64 = 1000;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Tree {
    pub(super) faulty: bool,
}

impl Workload for Tree {
    const ID: &'static str = "tree";
    type Input = ();
    fn input(&self, _: u64, _: usize) {}
}

impl ForkJoin for Tree {
    type Node = Range<u64>;
    type Parcel<'i> = Range<u64>;
    type Value = Range<u64>;

    fn root(&self, (): &()) -> Range<u64> {
        0..LEAVES
    }
    fn split(&self, (): &(), node: &Range<u64>) -> Split<Range<u64>> {
        // A third to the left: halves of very different size.
        let middle = node.start + (node.end - node.start).div_ceil(3);
        if node.end - node.start == 1 { Split::Leaf } else { Split::Two(node.start..middle, middle..node.end) }
    }
    fn leaf(&self, (): &(), node: Range<u64>) -> Range<u64> {
        // One in each half, so that two workers panic where there are two.
        assert!(!self.faulty || node.start % (LEAVES / 2) != 100, "as told");
        node
    }
    fn join(&self, (): &(), node: Range<u64>, left: Range<u64>, right: Range<u64>) -> Range<u64> {
        assert_eq!((left.start, left.end, right.end), (node.start, right.start, node.end), "joined out of order");
        node
    }
    fn pack(&self, (): &(), node: Range<u64>) -> Range<u64> {
        node
    }
    fn unpack(&self, parcel: Range<u64>) -> ((), Range<u64>) {
        ((), parcel)
    }
    fn leaves(&self, (): &()) -> Option<u64> {
        Some(LEAVES)
    }
    fn verify(&self, (): &(), answer: &Range<u64>) -> Result<(), Wrong> {
        if *answer == (0..LEAVES) { Ok(()) } else { Err(format!("{answer:?}").into()) }
    }
}
