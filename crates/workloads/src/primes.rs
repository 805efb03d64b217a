//! `primes`: counts the primes below n by trial division, in ranges whose cost grows along the way.

use std::ops::Range;

use patterns::{Domain, Knob, MapReduce, Preset, Size, Workload, Wrong};
use serde::{Deserialize, Serialize};

use crate::release;

/// Counts the primes below `n`, cut into `tasks` ranges.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Primes {
    /// Upper bound, exclusive.
    pub n: u64,
    /// Number of ranges.
    pub tasks: u64,
    /// Share of each task that runs without a global interpreter lock, 0 to 1.
    pub release_share: f64,
}

impl Default for Primes {
    fn default() -> Self {
        Self { n: 300_000, tasks: 64, release_share: 0.0 }
    }
}

/// pi(n), published (OEIS A006880 and tables of pi): oracles nobody can tune to.
const PUBLISHED: [(u64, u64); 10] = [
    (100, 25),
    (1_000, 168),
    (10_000, 1_229),
    (100_000, 9_592),
    (200_000, 17_984),
    (300_000, 25_997),
    (1_000_000, 78_498),
    (2_000_000, 148_933),
    (4_000_000, 283_146),
    (10_000_000, 664_579),
];

impl Workload for Primes {
    const ID: &'static str = "primes";
    const ABOUT: &'static str = "count primes by trial division: CPU-bound ranges of growing cost";
    const KNOBS: &'static [Knob] = &[
        Knob { id: "n", domain: Domain::Integer { min: 0, max: 1 << 32 }, about: "count the primes below n" },
        Knob { id: "tasks", domain: Domain::Integer { min: 1, max: 1 << 24 }, about: "number of ranges" },
        release::KNOB,
    ];
    const PRESETS: &'static [Preset] = &[Preset { id: "coarse", knobs: &[("n", "4000000"), ("tasks", "256")] }];
    type Input = ();

    fn sized(size: Size) -> Self {
        match size {
            Size::Smoke => Self { n: 1_000, tasks: 10, ..Self::default() },
            Size::Default => Self::default(),
            Size::Large => Self { n: 4_000_000, tasks: 1_024, ..Self::default() },
        }
    }

    fn input(&self, _seed: u64, _clients: usize) {}
}

impl MapReduce for Primes {
    type Task<'i> = Range<u64>;
    type Partial = u64;

    fn tasks(&self, (): &()) -> usize {
        self.tasks as usize
    }

    fn empty(&self) -> u64 {
        0
    }

    #[inline]
    fn task(&self, (): &(), index: usize) -> Range<u64> {
        let edge = |index: u64| (u128::from(self.n) * u128::from(index) / u128::from(self.tasks)) as u64;
        edge(index as u64)..edge(index as u64 + 1)
    }

    #[inline]
    fn items(&self, task: &Range<u64>) -> usize {
        (task.end - task.start) as usize
    }

    #[inline(never)]
    fn map(&self, task: &Range<u64>, items: Range<usize>, into: &mut u64) {
        let numbers = task.start + items.start as u64..task.start + items.end as u64;
        *into += numbers.filter(|&number| is_prime(number)).count() as u64;
    }

    fn released(&self) -> f64 {
        self.release_share
    }

    fn merge(&self, into: &mut u64, other: u64) {
        *into += other;
    }

    fn verify(&self, (): &(), answer: &u64) -> Result<(), Wrong> {
        let published = PUBLISHED.iter().find(|(n, _)| *n == self.n).map(|(_, count)| *count);
        let right = published.unwrap_or_else(|| sieve(self.n));
        if *answer == right { Ok(()) } else { Err(format!("{answer} primes below {}, not {right}", self.n).into()) }
    }
}

fn is_prime(n: u64) -> bool {
    if n < 4 {
        return n > 1;
    }
    if n.is_multiple_of(2) || n.is_multiple_of(3) {
        return false;
    }
    let mut divisor = 5;
    while divisor * divisor <= n {
        if n.is_multiple_of(divisor) || n.is_multiple_of(divisor + 2) {
            return false;
        }
        divisor += 6;
    }
    true
}

/// The oracle for other n: the sieve of Eratosthenes, which shares nothing with the kernel.
fn sieve(n: u64) -> u64 {
    let n = n as usize;
    let mut composite = vec![false; n];
    let mut count = 0;
    for number in 2..n {
        if !composite[number] {
            count += 1;
            composite.iter_mut().skip(number * number).step_by(number).for_each(|mark| *mark = true);
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sieve_agrees_with_the_published_counts() {
        for (n, count) in &PUBLISHED[..9] {
            assert_eq!(sieve(*n), *count, "pi({n})");
        }
    }
}
