//! `n-queens`: counts the ways to put n queens on a board so that none attacks another: a search tree of uneven subtrees,
//! forked in its upper rows.

use patterns::fork_join::Split;
use patterns::{Domain, ForkJoin, Knob, Preset, Size, Workload, Wrong};
use serde::{Deserialize, Serialize};

/// Counts all solutions by backtracking over rows with three bit sets (columns and both diagonals), as Richards
/// describes it (Backtracking Algorithms in MCPL using Bit Patterns and Recursion, 1997). Mirror images are not used.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct NQueens {
    /// Queens, rows and columns.
    pub n: u32,
    /// Rows that are filled by forking; below them a leaf searches by itself.
    pub cut_off: u32,
}

impl Default for NQueens {
    fn default() -> Self {
        Self { n: 12, cut_off: 3 }
    }
}

/// Solutions for n = 1 to 16, published (OEIS A000170).
const PUBLISHED: [u64; 16] =
    [1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2_680, 14_200, 73_712, 365_596, 2_279_184, 14_772_512];

/// A board with its upper rows filled, and the columns that are still to be tried in the next row: a set of siblings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Siblings {
    columns: u32,
    left: u32,
    right: u32,
    candidates: u32,
}

impl Siblings {
    /// The board with one more queen, in the candidate whose bit this is.
    #[inline]
    fn with(self, queen: u32, full: u32) -> Self {
        let columns = self.columns | queen;
        let left = (self.left | queen) << 1;
        let right = (self.right | queen) >> 1;
        Self { columns, left, right, candidates: full & !(columns | left | right) }
    }
}

impl NQueens {
    fn full(&self) -> u32 {
        (1 << self.n) - 1
    }

    /// A row with a single candidate has no two halves: its queen is put there, until there is a choice or an end.
    #[inline]
    fn settled(&self, mut node: Siblings) -> Siblings {
        while node.candidates.is_power_of_two() && node.columns.count_ones() < self.cut_off {
            node = node.with(node.candidates, self.full());
        }
        node
    }
}

/// Solutions below a board.
fn solutions(node: Siblings, full: u32) -> u64 {
    if node.columns == full {
        return 1;
    }
    let mut found = 0;
    let mut rest = node.candidates;
    while rest != 0 {
        let queen = rest & rest.wrapping_neg();
        rest ^= queen;
        found += solutions(node.with(queen, full), full);
    }
    found
}

/// What is known before: how many leaves the recursion has.
#[derive(Debug)]
pub struct Known {
    leaves: u64,
}

impl Workload for NQueens {
    const ID: &'static str = "n-queens";
    const ABOUT: &'static str =
        "count the solutions of n queens: a search tree of uneven subtrees, forked in its upper rows";
    const KNOBS: &'static [Knob] = &[
        Knob { id: "n", domain: Domain::Integer { min: 1, max: 16 }, about: "queens, rows and columns" },
        Knob {
            id: "cut-off",
            domain: Domain::Integer { min: 0, max: 6 },
            about: "rows filled by forking; below them a leaf searches by itself",
        },
    ];
    const PRESETS: &'static [Preset] = &[Preset { id: "fine", knobs: &[("cut-off", "6")] }];
    type Input = Known;

    fn sized(size: Size) -> Self {
        match size {
            Size::Smoke => Self { n: 6, cut_off: 2 },
            Size::Default => Self::default(),
            Size::Large => Self { n: 14, cut_off: 4 },
        }
    }

    fn input(&self, _seed: u64, _clients: usize) -> Known {
        let mut queens = Vec::new();
        Known { leaves: leaves(&mut queens, self.n, self.n.min(self.cut_off)) }
    }
}

/// Leaves of the recursion, by coordinates and not by bits: boards with `deepest` rows filled, and dead ends before that.
fn leaves(queens: &mut Vec<u32>, n: u32, deepest: u32) -> u64 {
    if queens.len() as u32 == deepest {
        return 1;
    }
    let mut below = 0;
    for column in 0..n {
        let attacks = |(back, queen): (u32, &u32)| queen.abs_diff(column) == back || *queen == column;
        if !(1..).zip(queens.iter().rev()).any(attacks) {
            queens.push(column);
            below += leaves(queens, n, deepest);
            queens.pop();
        }
    }
    below.max(1)
}

impl ForkJoin for NQueens {
    type Node = Siblings;
    type Parcel<'i> = Siblings;
    type Value = u64;

    fn root(&self, _: &Known) -> Siblings {
        self.settled(Siblings { columns: 0, left: 0, right: 0, candidates: self.full() })
    }

    #[inline]
    fn split(&self, _: &Known, node: &Siblings) -> Split<Siblings> {
        let choices = node.candidates.count_ones();
        if choices < 2 || node.columns.count_ones() >= self.cut_off {
            return Split::Leaf;
        }
        let upper = (0..choices / 2).fold(node.candidates, |rest, _| rest & (rest - 1));
        let half = |candidates: u32| {
            if candidates.is_power_of_two() {
                self.settled(node.with(candidates, self.full()))
            } else {
                Siblings { candidates, ..*node }
            }
        };
        Split::Two(half(node.candidates ^ upper), half(upper))
    }

    #[inline]
    fn leaf(&self, _: &Known, node: Siblings) -> u64 {
        solutions(node, self.full())
    }

    #[inline]
    fn join(&self, _: &Known, _: Siblings, left: u64, right: u64) -> u64 {
        left + right
    }

    fn pack(&self, _: &Known, node: Siblings) -> Siblings {
        node
    }

    fn unpack(&self, parcel: Siblings) -> (Known, Siblings) {
        (Known { leaves: 0 }, parcel)
    }

    fn leaves(&self, input: &Known) -> Option<u64> {
        Some(input.leaves)
    }

    fn verify(&self, _: &Known, answer: &u64) -> Result<(), Wrong> {
        let right = PUBLISHED[self.n as usize - 1];
        if *answer == right { Ok(()) } else { Err(format!("{answer} solutions for {}, not {right}", self.n).into()) }
    }
}

#[cfg(test)]
mod tests {
    use patterns::fork_join::sequential;

    use super::*;

    #[test]
    fn the_published_counts_whatever_is_forked() {
        for n in 1..=10 {
            for cut_off in 0..=6 {
                let workload = NQueens { n, cut_off };
                let input = workload.input(7, 1);
                let counted = sequential(&workload, &input, workload.root(&input));
                assert_eq!(workload.verify(&input, &counted.value), Ok(()));
                assert_eq!(Some(counted.leaves), workload.leaves(&input), "{workload:?}");
            }
        }
    }

    #[test]
    fn nothing_but_the_node_is_shipped() {
        let workload = NQueens::sized(Size::Smoke);
        let input = workload.input(7, 1);
        let Split::Two(left, _) = workload.split(&input, &workload.root(&input)) else { panic!("the root forks") };
        let bytes = postcard::to_stdvec(&workload.pack(&input, left)).unwrap();
        assert_eq!(workload.unpack(postcard::from_bytes(&bytes).unwrap()).1, left);
    }
}
