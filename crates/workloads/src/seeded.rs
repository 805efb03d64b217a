//! The generator of all inputs: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA
//! 2014). Ten lines in any language, and it can be asked for its n-th number directly.

use std::hint::black_box;

/// The `index`-th number of the sequence that starts at `seed`.
#[inline]
#[must_use]
pub fn nth(seed: u64, index: u64) -> u64 {
    mix(seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15)))
}

/// Scatters the bits of a number.
#[inline]
#[must_use]
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// `n` squares that the optimizer cannot fold: the unit of work inside and outside locks.
#[inline]
pub fn squares(n: u64) -> u64 {
    (0..n).fold(0, |sum: u64, i| {
        let i = black_box(i);
        sum.wrapping_add(i.wrapping_mul(i))
    })
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
}
