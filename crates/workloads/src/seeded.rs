//! The generator of all inputs: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA
//! 2014). Ten lines in any language, and it can be asked for its n-th number directly. On top of it, draws by Zipf's law.

use std::hint::black_box;

/// The `index`-th number of the sequence that starts at `seed`.
#[inline]
#[must_use]
pub const fn nth(seed: u64, index: u64) -> u64 {
    mix(seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15)))
}

/// Scatters the bits of a number.
#[inline]
#[must_use]
pub const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// `n` squares, mixed so that no closed form is left for the optimizer to find: the unit of work inside and outside locks.
///
/// It stays in registers, and there is one copy of it that all strategies call. A black box round each number went through
/// the stack, and how fast that is depends on where the stack happens to lie: the same loop, inlined, took 1.7 times the CPU
/// time in one strategy as in another.
#[inline(never)]
#[must_use]
pub fn squares(n: u64) -> u64 {
    (0..n).fold(0, |mixed: u64, i| mixed.rotate_left(5) ^ i.wrapping_mul(i))
}

/// `n` squares and nothing else, and nothing at all for 0.
#[inline]
pub fn work(n: u64) {
    if n > 0 {
        black_box(squares(black_box(n)));
    }
}

/// Ranks by Zipf's law: rank r comes with probability proportional to 1 / (r + 1)^exponent; exponent 0 is uniform. A
/// table of draws, so that a draw is one look-up and generating stays cheap.
#[derive(Debug)]
pub struct Zipf {
    table: Vec<u32>,
    shift: u32,
}

impl Zipf {
    /// Over at most 2^32 `ranks`, in 2^`bits` draws (1 to 32): a rank rarer than one in that many may never come.
    #[must_use]
    pub fn new(ranks: u64, exponent: f64, bits: u32) -> Self {
        let weight = |rank: u64| (rank as f64 + 1.0).powf(-exponent);
        let total: f64 = (0..ranks).map(weight).sum();
        let draws = 1_u64 << bits;
        let mut table = Vec::with_capacity(draws as usize);
        let (mut rank, mut reached) = (0, weight(0));
        for draw in 0..draws {
            while (draw as f64 + 0.5) / draws as f64 * total > reached && rank + 1 < ranks {
                rank += 1;
                reached += weight(rank);
            }
            table.push(rank as u32);
        }
        Self { table, shift: u64::BITS - bits }
    }

    /// In so many draws that each rank comes where all are equally likely: four a rank, and 2^16 at least.
    #[must_use]
    pub fn fine(ranks: u64, exponent: f64) -> Self {
        Self::new(ranks, exponent, (ranks.max(1).ilog2() + 3).max(16))
    }

    /// The rank that the highest bits of a random number draw; the low ones are free for something else.
    #[inline]
    #[must_use]
    pub fn rank(&self, random: u64) -> u64 {
        u64::from(self.table[(random >> self.shift) as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_published_one() {
        // First outputs of the reference implementation for seed 1234567.
        let published = [6457827717110365317, 3203168211198807973, 9817491932198370423];
        assert_eq!([0, 1, 2].map(|i| nth(1234567, i)), published);
    }

    #[test]
    fn ranks_come_as_often_as_zipf_says() {
        let counts = |zipf: &Zipf, ranks: usize| {
            let mut counts = vec![0_u32; ranks];
            (0..1 << 16).for_each(|draw: u64| counts[zipf.rank(draw << 48) as usize] += 1);
            counts
        };
        assert_eq!(counts(&Zipf::new(1, 1.0, 16), 1), [1 << 16]);
        assert_eq!(counts(&Zipf::new(8, 0.0, 16), 8), [1 << 13; 8]);
        // 1 + 1/2 + 1/3 = 11/6: six, three and two of eleven.
        assert_eq!(counts(&Zipf::new(3, 1.0, 16), 3), [35_747, 17_873, 11_916]);
        // Exponent 2: 36, 9 and 4 of 49.
        assert_eq!(counts(&Zipf::new(3, 2.0, 16), 3), [48_149, 12_037, 5_350]);
    }

    #[test]
    fn with_a_fine_table_every_rank_comes() {
        for ranks in [1, 2, 3, 100, 70_000, 1 << 17] {
            let zipf = Zipf::fine(ranks, 0.0);
            let drawn: std::collections::HashSet<u32> = zipf.table.iter().copied().collect();
            assert_eq!((drawn.len() as u64, zipf.table.last()), (ranks, Some(&(ranks as u32 - 1))));
        }
    }
}
