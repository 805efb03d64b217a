//! The order within a round: rows of a Williams square (Williams 1949), in which every alternative stands in every
//! position, and follows every other, equally often.

use sha2::{Digest as _, Sha256};

/// Random numbers of their own for each name: drawing more of one stream moves no other.
pub(super) fn stream(seed: u64, name: &str) -> fastrand::Rng {
    let digest = Sha256::digest(format!("{seed} {name}"));
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    fastrand::Rng::with_seed(u64::from_le_bytes(first))
}

/// Draws orders without replacement until a square is used up, then starts another.
#[derive(Debug)]
pub(super) struct Orders {
    size: usize,
    rows: Vec<Vec<usize>>,
    random: fastrand::Rng,
}

impl Orders {
    pub(super) fn new(size: usize, random: fastrand::Rng) -> Self {
        Self { size, rows: Vec::new(), random }
    }

    /// The next order of `0..size`.
    pub(super) fn draw(&mut self) -> Vec<usize> {
        if self.rows.is_empty() {
            self.rows = square(self.size);
            // A random relabelling: which alternative is "0" must not depend on the list.
            let mut names: Vec<usize> = (0..self.size).collect();
            self.random.shuffle(&mut names);
            self.rows.iter_mut().flatten().for_each(|name| *name = names[*name]);
            self.random.shuffle(&mut self.rows);
        }
        self.rows.pop().unwrap_or_default()
    }
}

/// The rows of a Williams square: `size` of them where that is even, twice as many (with the mirrored ones) where odd.
fn square(size: usize) -> Vec<Vec<usize>> {
    let first: Vec<usize> = (0..size).map(|i| if i % 2 == 1 { i.div_ceil(2) } else { (size - i / 2) % size }).collect();
    let rows = (0..size).map(|shift| first.iter().map(|place| (place + shift) % size).collect::<Vec<_>>());
    if size.is_multiple_of(2) {
        return rows.collect();
    }
    rows.flat_map(|row| [row.clone(), row.into_iter().rev().collect()]).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn every_position_and_every_neighbour_equally_often() {
        for size in 2..=12 {
            let rows = square(size);
            let mut positions: HashMap<(usize, usize), usize> = HashMap::new();
            let mut neighbours: HashMap<(usize, usize), usize> = HashMap::new();
            for row in &rows {
                row.iter().enumerate().for_each(|place| *positions.entry((place.0, *place.1)).or_default() += 1);
                row.windows(2).for_each(|pair| *neighbours.entry((pair[0], pair[1])).or_default() += 1);
            }
            let per = rows.len() / size;
            assert_eq!(positions.len(), size * size);
            assert!(positions.values().all(|count| *count == per), "positions of {size}");
            assert_eq!(neighbours.len(), size * (size - 1));
            assert!(neighbours.values().all(|count| *count == per), "neighbours of {size}");
        }
    }

    #[test]
    fn the_same_seed_draws_the_same_orders() {
        let draw = |seed| {
            let mut orders = Orders::new(5, stream(seed, "a group"));
            (0..20).map(|_| orders.draw()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert_ne!(stream(7, "a").u64(..), stream(7, "b").u64(..));
        assert_eq!(Orders::new(1, stream(1, "")).draw(), [0]);
    }
}
