//! `uts`: Unbalanced Tree Search: counts the nodes of a tree whose shape only the search shows, so that nobody can deal
//! it out beforehand.

use patterns::fork_join::Split;
use patterns::{Domain, ForkJoin, Knob, Preset, Size, Workload, Wrong};
use serde::{Deserialize, Serialize};
use sha1::{Digest as _, Sha1};

/// Counts nodes, leaves and depth of a tree of Olivier et al. (UTS: An Unbalanced Tree Search Benchmark, LCPC 2006), with
/// their splittable generator: the state of a node is the SHA-1 of its parent's state and of its own place among its
/// siblings, and says how many children it has.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Uts {
    /// Which tree.
    pub tree: Tree,
}

impl Default for Uts {
    fn default() -> Self {
        Self { tree: Tree::SmallGeo }
    }
}

/// A tree: T1 and T3 are the published ones, the others of the same two kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tree {
    /// Some hundred nodes, of T1's kind.
    TinyGeo,
    /// Some hundred nodes, of T3's kind.
    TinyBin,
    /// A smaller T1.
    SmallGeo,
    /// A smaller T3.
    SmallBin,
    /// Geometric: `-t 1 -a 3 -d 10 -b 4 -r 19`.
    T1,
    /// Binomial: `-t 0 -b 2000 -q 0.124875 -m 8 -r 42`. Its 1572 levels are 4,700 calls deep, since eight siblings are
    /// halved three times: nearly a megabyte of stack in the sequential reference, several where frames are larger.
    T3,
}

/// How many children a node has.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// On average `branching`, geometrically distributed, above the level `depth`; none there.
    Geometric { branching: f64, depth: u32 },
    /// The root `root`, any other node `children` with this probability, or none.
    Binomial { root: u32, probability: f64, children: u32 },
}

/// The cap of the original; the root of a binomial tree is exempt.
const MOST_CHILDREN: u32 = 100;

/// A node's state: what its children are made from.
type State = [u8; 20];

impl Tree {
    fn shape(self) -> Shape {
        match self {
            Self::TinyGeo => Shape::Geometric { branching: 3.0, depth: 4 },
            Self::TinyBin => Shape::Binomial { root: 20, probability: 0.24, children: 4 },
            Self::SmallGeo => Shape::Geometric { branching: 4.0, depth: 8 },
            Self::SmallBin => Shape::Binomial { root: 1_500, probability: 0.122_3, children: 8 },
            Self::T1 => Shape::Geometric { branching: 4.0, depth: 10 },
            Self::T3 => Shape::Binomial { root: 2_000, probability: 0.124_875, children: 8 },
        }
    }

    fn seed(self) -> u32 {
        match self {
            Self::TinyGeo | Self::T1 => 19,
            Self::SmallGeo => 16,
            Self::TinyBin | Self::SmallBin | Self::T3 => 42,
        }
    }

    /// T1 and T3 as published with the benchmark; the others by the loop in the tests below (and by the same in Python).
    fn counts(self) -> Counts {
        let (nodes, leaves, depth) = match self {
            Self::TinyGeo => (400, 293, 4),
            Self::TinyBin => (149, 116, 9),
            Self::SmallGeo => (151_611, 121_473, 8),
            Self::SmallBin => (152_221, 133_380, 200),
            Self::T1 => (4_130_071, 3_305_118, 10),
            Self::T3 => (4_112_897, 3_599_034, 1_572),
        };
        Counts { nodes, leaves, depth }
    }

    /// The state of the root.
    fn root(self) -> State {
        let mut seed = [0; 20];
        seed[16..].copy_from_slice(&self.seed().to_be_bytes());
        Sha1::digest(seed).into()
    }
}

/// The state of child number `index`.
#[inline]
fn spawn(parent: &State, index: u32) -> State {
    let mut bytes = [0; 24];
    bytes[..20].copy_from_slice(parent);
    bytes[20..].copy_from_slice(&index.to_be_bytes());
    Sha1::digest(bytes).into()
}

impl Shape {
    #[inline]
    fn children(self, state: &State, depth: u32) -> u32 {
        let [.., a, b, c, d] = *state;
        let random = f64::from(u32::from_be_bytes([a, b, c, d]) & 0x7FFF_FFFF) / f64::from(1_u32 << 31);
        match self {
            Self::Geometric { depth: end, .. } if depth > 0 && depth >= end => 0,
            Self::Geometric { branching, .. } => {
                // The inverse of the distribution function; its mean is `branching`.
                let children = (1.0 - random).ln() / (1.0 - 1.0 / (1.0 + branching)).ln();
                (children as u32).min(MOST_CHILDREN)
            }
            Self::Binomial { root, .. } if depth == 0 => root,
            Self::Binomial { probability, children, .. } => {
                if random < probability {
                    children
                } else {
                    0
                }
            }
        }
    }
}

/// What a subtree is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Its nodes.
    pub nodes: u64,
    /// Those without children.
    pub leaves: u64,
    /// Depth of the deepest one; the root's is 0.
    pub depth: u32,
}

/// Children `from..to` of the tree node with this state: a tree node with all that is below it, or a set of siblings.
/// There is never exactly one child: an only child stands for its parent, which it counts among its own nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Siblings {
    state: State,
    depth: u32,
    own: u32,
    from: u32,
    to: u32,
}

impl Siblings {
    /// A tree node, down to where there is a choice or an end.
    #[inline]
    fn new(shape: Shape, mut state: State, mut depth: u32) -> Self {
        let mut own = 1;
        loop {
            let to = shape.children(&state, depth);
            if to != 1 {
                return Self { state, depth, own, from: 0, to };
            }
            state = spawn(&state, 0);
            depth += 1;
            own += 1;
        }
    }

    #[inline]
    fn part(&self, shape: Shape, from: u32, to: u32) -> Self {
        if to - from == 1 {
            Self::new(shape, spawn(&self.state, from), self.depth + 1)
        } else {
            Self { own: 0, from, to, ..self.clone() }
        }
    }
}

impl Workload for Uts {
    const ID: &'static str = "uts";
    const ABOUT: &'static str = "Unbalanced Tree Search: count a tree whose shape only the search shows";
    const KNOBS: &'static [Knob] = &[Knob {
        id: "tree",
        domain: Domain::OneOf(&["tiny-geo", "tiny-bin", "small-geo", "small-bin", "t1", "t3"]),
        about: "which tree: geometric or binomial; t1 and t3 are the published ones",
    }];
    const PRESETS: &'static [Preset] = &[
        Preset { id: "bin", knobs: &[("tree", "small-bin")] },
        Preset { id: "t1", knobs: &[("tree", "t1")] },
        Preset { id: "t3", knobs: &[("tree", "t3")] },
    ];
    type Input = ();

    fn sized(size: Size) -> Self {
        match size {
            Size::Smoke => Self { tree: Tree::TinyGeo },
            Size::Default => Self::default(),
            Size::Large => Self { tree: Tree::T1 },
        }
    }

    /// None: the trees are published, so the seed does not change them.
    fn input(&self, _seed: u64, _clients: usize) {}
}

impl ForkJoin for Uts {
    type Node = Siblings;
    type Parcel<'i> = Siblings;
    type Value = Counts;

    fn root(&self, (): &()) -> Siblings {
        Siblings::new(self.tree.shape(), self.tree.root(), 0)
    }

    #[inline]
    fn split(&self, (): &(), node: &Siblings) -> Split<Siblings> {
        if node.from == node.to {
            return Split::Leaf;
        }
        let (shape, middle) = (self.tree.shape(), node.from.midpoint(node.to));
        Split::Two(node.part(shape, node.from, middle), node.part(shape, middle, node.to))
    }

    #[inline]
    fn leaf(&self, (): &(), node: Siblings) -> Counts {
        Counts { nodes: u64::from(node.own), leaves: 1, depth: node.depth }
    }

    #[inline]
    fn join(&self, (): &(), node: Siblings, left: Counts, right: Counts) -> Counts {
        Counts {
            nodes: left.nodes + right.nodes + u64::from(node.own),
            leaves: left.leaves + right.leaves,
            depth: left.depth.max(right.depth),
        }
    }

    fn pack(&self, (): &(), node: Siblings) -> Siblings {
        node
    }

    fn unpack(&self, parcel: Siblings) -> ((), Siblings) {
        ((), parcel)
    }

    fn leaves(&self, (): &()) -> Option<u64> {
        Some(self.tree.counts().leaves)
    }

    fn verify(&self, (): &(), answer: &Counts) -> Result<(), Wrong> {
        let right = self.tree.counts();
        if *answer == right { Ok(()) } else { Err(format!("{answer:?}, not {right:?}").into()) }
    }
}

#[cfg(test)]
mod tests {
    use patterns::fork_join::{Counted, sequential};

    use super::*;

    const SMALL: [Tree; 4] = [Tree::TinyGeo, Tree::TinyBin, Tree::SmallGeo, Tree::SmallBin];

    /// By a loop with a list of nodes to visit, as the original does it: no halves, no only children.
    fn searched(tree: Tree) -> Counts {
        let mut counts = Counts { nodes: 0, leaves: 0, depth: 0 };
        let mut open = vec![(tree.root(), 0)];
        while let Some((state, depth)) = open.pop() {
            let children = tree.shape().children(&state, depth);
            counts.nodes += 1;
            counts.leaves += u64::from(children == 0);
            counts.depth = counts.depth.max(depth);
            open.extend((0..children).map(|index| (spawn(&state, index), depth + 1)));
        }
        counts
    }

    fn counted(tree: Tree) -> Counted<Uts> {
        let workload = Uts { tree };
        sequential(&workload, &(), workload.root(&()))
    }

    #[test]
    fn the_smaller_trees_are_pinned() {
        assert_eq!(SMALL.map(searched), SMALL.map(Tree::counts));
    }

    #[test]
    fn each_leaf_of_the_tree_is_a_leaf_of_the_recursion() {
        for tree in SMALL {
            let counted = counted(tree);
            assert_eq!((counted.value, counted.leaves), (tree.counts(), tree.counts().leaves), "{tree:?}");
        }
    }

    /// On a stack of a size that is the default of nobody, since debug frames are large and T3 is deep.
    #[test]
    fn the_published_trees_have_their_published_sizes() {
        let search = || [Tree::T1, Tree::T3].map(|tree| assert_eq!(counted(tree).value, tree.counts()));
        let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(search).unwrap();
        thread.join().unwrap();
    }

    #[test]
    fn nothing_but_the_node_is_shipped() {
        let workload = Uts { tree: Tree::TinyBin };
        let Split::Two(left, _) = workload.split(&(), &workload.root(&())) else { panic!("the root forks") };
        let bytes = postcard::to_stdvec(&workload.pack(&(), left.clone())).unwrap();
        assert_eq!(workload.unpack(postcard::from_bytes(&bytes).unwrap()).1, left);
    }
}
