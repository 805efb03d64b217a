//! rayon, as one writes a recursion by hand: no trait, no node type, no count beside the value.

use anyhow::Result;
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use results::Units;
use workloads::{Arena, NQueens, TreeSum};

use super::Rounds;

/// As large as the stacks of the contract's threads.
const STACK: usize = 64 << 20;

/// `tree-sum`: both children of every node at once.
pub(super) fn tree(_: &TreeSum, arena: &Arena, workers: usize, rounds: Rounds<'_, u64>) -> Result<()> {
    let values = arena.values();
    on_a_pool(workers, rounds, || sum(values, 0))
}

fn sum(values: &[u64], node: usize) -> u64 {
    if 2 * node + 1 >= values.len() {
        return values[node];
    }
    let (left, right) = rayon::join(|| sum(values, 2 * node + 1), || sum(values, 2 * node + 2));
    left.wrapping_add(right).wrapping_add(values[node])
}

fn on_a_pool<A: Send>(workers: usize, rounds: Rounds<'_, A>, run: impl Fn() -> A + Sync) -> Result<()> {
    let pool = ThreadPoolBuilder::new().num_threads(workers).stack_size(STACK).build()?;
    pool.broadcast(|_| ());
    let units = Units { threads: workers as u64, ..Units::default() };
    rounds.run(|timer| Ok((timer.time(|| pool.install(&run)), units)))
}

/// `n-queens`: the free columns of the upper rows in parallel, as rayon's own demonstration has it; alone below.
pub(super) fn queens(queens: &NQueens, workers: usize, rounds: Rounds<'_, u64>) -> Result<()> {
    let board = Board { full: (1 << queens.n) - 1, columns: 0, left: 0, right: 0 };
    on_a_pool(workers, rounds, || in_parallel(board, queens.cut_off))
}

/// Columns and diagonals that are attacked, as bits of the next row.
#[derive(Clone, Copy)]
struct Board {
    full: u32,
    columns: u32,
    left: u32,
    right: u32,
}

impl Board {
    fn free(self) -> u32 {
        self.full & !(self.columns | self.left | self.right)
    }

    fn with(self, queen: u32) -> Self {
        let (left, right) = ((self.left | queen) << 1, (self.right | queen) >> 1);
        Self { columns: self.columns | queen, left, right, ..self }
    }
}

fn in_parallel(board: Board, rows: u32) -> u64 {
    if rows == 0 {
        return alone(board);
    }
    let free = board.free();
    let columns = (0..u32::BITS).into_par_iter().map(|column| 1 << column).filter(|queen| free & queen != 0);
    columns.map(|queen| in_parallel(board.with(queen), rows - 1)).sum()
}

fn alone(board: Board) -> u64 {
    if board.columns == board.full {
        return 1;
    }
    let (mut rest, mut found) = (board.free(), 0);
    while rest != 0 {
        let queen = rest & rest.wrapping_neg();
        rest ^= queen;
        found += alone(board.with(queen));
    }
    found
}
