//! `Tree`: a lopsided tree that adds up its leaves in order; a leaf takes a nap, and one of them may go wrong.

use std::ops::Range;

use patterns::fork_join::Split;
use patterns::{ForkJoin, Workload, Wrong};
use serde::{Deserialize, Serialize};

use super::{Mishap, nap};

/// `leaves` naps of `nap_us`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Tree {
    leaves: u64,
    nap_us: u64,
    mishap: Mishap,
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
        0..self.leaves
    }
    fn split(&self, (): &(), node: &Range<u64>) -> Split<Range<u64>> {
        // A tenth to the left: deep on one side.
        let middle = node.start + (node.end - node.start).div_ceil(10);
        if node.end - node.start <= 1 { Split::Leaf } else { Split::Two(node.start..middle, middle..node.end) }
    }
    fn leaf(&self, (): &(), node: Range<u64>) -> Range<u64> {
        nap(self.nap_us);
        if node.start == self.leaves / 2 {
            self.mishap.happens();
        }
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
        Some(self.leaves.max(1))
    }
    fn verify(&self, (): &(), answer: &Range<u64>) -> Result<(), Wrong> {
        if *answer == (0..self.leaves) { Ok(()) } else { Err(format!("{answer:?}").into()) }
    }
}
