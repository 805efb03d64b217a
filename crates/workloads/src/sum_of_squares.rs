//! `sum-of-squares`: the classic demonstration of a process pool: a few long sums of i * i, each over the numbers below
//! a limit of its own. Nothing to ship, nothing to share; what is left is the spreading.

use std::hint::black_box;
use std::ops::Range;

use patterns::{Domain, Knob, MapReduce, Preset, Size, Workload, Wrong};
use serde::{Deserialize, Serialize};

use crate::release;

/// `tasks` sums: task k adds the squares of the numbers below `n` + k. Sums are of 64 bits and wrap, as a loop over `u64`
/// does: one sum alone does so from 3.8 million terms on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SumOfSquares {
    /// Number of sums.
    pub tasks: u64,
    /// Terms of the first sum; each next has one more.
    pub n: u64,
    /// Share of each task that runs without a global interpreter lock, 0 to 1.
    pub release_share: f64,
}

impl Default for SumOfSquares {
    fn default() -> Self {
        Self { tasks: 32, n: 1_000_000, release_share: 0.0 }
    }
}

impl Workload for SumOfSquares {
    const ID: &'static str = "sum-of-squares";
    const ABOUT: &'static str = "sum i * i below n, n + 1, ..: the classic demonstration of a process pool";
    const KNOBS: &'static [Knob] = &[
        Knob { id: "tasks", domain: Domain::Integer { min: 0, max: 1 << 24 }, about: "number of sums" },
        Knob { id: "n", domain: Domain::Integer { min: 0, max: 1 << 32 }, about: "terms of the first sum" },
        release::KNOB,
    ];
    const PRESETS: &'static [Preset] = &[Preset { id: "classic", knobs: &[("tasks", "20"), ("n", "5000000")] }];
    type Input = ();

    fn sized(size: Size) -> Self {
        match size {
            Size::Smoke => Self { tasks: 8, n: 1_000, ..Self::default() },
            Size::Default => Self::default(),
            Size::Large => Self { tasks: 256, ..Self::default() },
        }
    }

    fn input(&self, _seed: u64, _clients: usize) {}
}

impl MapReduce for SumOfSquares {
    type Task<'i> = u64;
    type Partial = u64;

    fn tasks(&self, (): &()) -> usize {
        self.tasks as usize
    }

    fn empty(&self) -> u64 {
        0
    }

    #[inline]
    fn task(&self, (): &(), index: usize) -> u64 {
        self.n + index as u64
    }

    #[inline]
    fn items(&self, terms: &u64) -> usize {
        *terms as usize
    }

    #[inline(never)]
    fn map(&self, _: &u64, items: Range<usize>, into: &mut u64) {
        // A zero that LLVM cannot see: without it there is no loop, since LLVM knows the closed form as the oracle does.
        let zero = black_box(0);
        *into = items.fold(*into, |sum, i| {
            let i = i as u64 ^ zero;
            sum.wrapping_add(i.wrapping_mul(i))
        });
    }

    fn released(&self) -> f64 {
        self.release_share
    }

    fn merge(&self, into: &mut u64, other: u64) {
        *into = into.wrapping_add(other);
    }

    fn verify(&self, (): &(), answer: &u64) -> Result<(), Wrong> {
        let right = (self.n..self.n + self.tasks).map(closed_form).fold(0, u64::wrapping_add);
        if *answer == right { Ok(()) } else { Err(format!("the sums add up to {answer}, not {right}").into()) }
    }
}

/// The sum of the squares below n: (n - 1) n (2n - 1) / 6, exact in 128 bits before it wraps.
fn closed_form(n: u64) -> u64 {
    let n = u128::from(n);
    (n.saturating_sub(1) * n * (2 * n).saturating_sub(1) / 6) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_cut_anywhere_is_the_same_sum() {
        let workload = SumOfSquares::default();
        for cut in 0..=11 {
            let mut sum = 0;
            workload.map(&11, 0..cut, &mut sum);
            workload.map(&11, cut..11, &mut sum);
            assert_eq!(sum, 385, "cut at {cut}"); // 1 + 4 + .. + 100, the tenth square pyramidal number (OEIS A000330)
        }
    }

    #[test]
    fn the_closed_form_agrees_with_the_published_numbers() {
        let pyramidal = [0, 1, 5, 14, 30, 55, 91, 140, 204, 285, 385]; // OEIS A000330
        assert_eq!(closed_form(0), 0);
        assert_eq!([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map(closed_form), pyramidal);
        assert_eq!(closed_form(25), 4_900); // the only one that is a square (Watson 1918)
        assert_eq!(closed_form(1_000_001), 333_333_833_333_500_000);
        // 2^32 terms: (2^32 - 1) 2^32 (2^33 - 1) / 6 is 2^31 times an odd number, and wraps to that times 2^31.
        let odd = (u128::from(u32::MAX)) * ((1 << 33) - 1) / 3;
        assert_eq!(closed_form(1 << 32), (odd << 31) as u64);
    }

    #[test]
    fn one_term_less_is_noticed() {
        let workload = SumOfSquares { tasks: 3, n: 5, ..SumOfSquares::default() };
        let right = closed_form(5) + closed_form(6) + closed_form(7);
        assert_eq!(workload.verify(&(), &right), Ok(()));
        assert!(workload.verify(&(), &(right - 36)).is_err());
    }
}
