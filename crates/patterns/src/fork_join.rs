//! Fork-join: work that splits itself, and values that join on the way back.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::probe::{Observed, Probe};
use crate::run::{Done, Units};
use crate::strategy::Strategies;
use crate::workload::{Workload, Wrong};

/// A workload that splits itself.
///
/// Binary on purpose: it is what `join`, spawn and a frontier all take without allocating; n-ary work is a set of
/// siblings cut in halves. A closure-passing `join` reads better for rayon but cannot be shipped; a borrowed node fails
/// on tokio. A node that means something beside the input, and a parcel that carries its part of the input, serve all.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a workload of the pattern fork-join",
    note = "implement `patterns::ForkJoin` for it, or register it under the pattern whose trait it implements"
)]
pub trait ForkJoin: Workload {
    /// An index or a small struct, meaningful beside the input.
    type Node: Clone + Send + Sync + 'static;
    /// A node with all the input its subtree needs.
    type Parcel<'i>: Serialize + Deserialize<'i>;
    /// What a subtree is worth.
    type Value: Serialize + DeserializeOwned + Send + 'static;

    /// The whole work.
    fn root(&self, input: &Self::Input) -> Self::Node;
    /// A leaf, or two halves: the workload knows its cut-off.
    fn split(&self, input: &Self::Input, node: &Self::Node) -> Split<Self::Node>;
    /// The kernel of a leaf.
    fn leaf(&self, input: &Self::Input, node: Self::Node) -> Self::Value;
    /// Joins the values of the two halves of a node, in order; what the node itself is worth comes in here.
    fn join(&self, input: &Self::Input, node: Self::Node, left: Self::Value, right: Self::Value) -> Self::Value;
    /// A subtree ready to be shipped.
    fn pack<'i>(&self, input: &'i Self::Input, node: Self::Node) -> Self::Parcel<'i>;
    /// What arrived: the worker's input is what was shipped.
    fn unpack(&self, parcel: Self::Parcel<'_>) -> (Self::Input, Self::Node);
    /// Number of leaves, where it is known before. `None` for trees whose shape only the search shows: then nobody
    /// compares steps with a plan, and the value has to carry a count that [`ForkJoin::verify`] compares instead.
    fn leaves(&self, input: &Self::Input) -> Option<u64>;
    /// The oracle, never inside the timed region.
    ///
    /// # Errors
    /// What differs from the right answer.
    fn verify(&self, input: &Self::Input, answer: &Self::Value) -> Result<(), Wrong>;

    /// What is digested to compare answers across processes and languages; `None` where right answers differ in form.
    fn fingerprint(&self, answer: &Self::Value) -> Option<serde_json::Value> {
        serde_json::to_value(answer).ok()
    }
}

/// The stack of whatever thread recurses, in every model: trees may be thousands of levels deep. It is reserved, not used.
pub const STACK: usize = 64 << 20;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split<N> {
    /// Do it now.
    Leaf,
    /// Left and right, independent of each other.
    Two(N, N),
}

/// What a model says about fork-join.
#[diagnostic::on_unimplemented(
    message = "the model `{Self}` says nothing about the pattern fork-join",
    note = "write `src/fork_join.rs` with `impl RunsForkJoin for {Self}`: a list of strategies, each with its support"
)]
pub trait RunsForkJoin {
    /// Its strategies.
    fn fork_join<W: ForkJoin, P: Probe>() -> Strategies<W, W::Value>;
}

/// The value of a subtree and the leaves it took, counted in the value that travels.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Counted<W: ForkJoin> {
    /// What it is worth.
    pub value: W::Value,
    /// Leaves that were done.
    pub leaves: u64,
}

impl<W: ForkJoin> Counted<W> {
    /// Does a leaf.
    #[inline]
    pub fn leaf(workload: &W, input: &W::Input, node: W::Node) -> Self {
        Self { value: workload.leaf(input, node), leaves: 1 }
    }

    /// Joins the two halves of a node.
    #[inline]
    #[must_use]
    pub fn join(workload: &W, input: &W::Input, node: W::Node, left: Self, right: Self) -> Self {
        let value = workload.join(input, node, left.value, right.value);
        Self { value, leaves: left.leaves + right.leaves }
    }

    /// The end of a round.
    pub fn done(self, units: Units, observed: Observed) -> Done<W::Value> {
        Done { answer: self.value, steps: self.leaves, units, observed }
    }
}

/// The sequential reference: depth first, on the calling thread.
pub fn sequential<W: ForkJoin>(workload: &W, input: &W::Input, node: W::Node) -> Counted<W> {
    match workload.split(input, &node) {
        Split::Leaf => Counted::leaf(workload, input, node),
        Split::Two(left, right) => {
            let left = sequential(workload, input, left);
            let right = sequential(workload, input, right);
            Counted::join(workload, input, node, left, right)
        }
    }
}
