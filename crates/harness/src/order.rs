//! The order within a round: rows of a Williams square (Williams 1949), in which every alternative stands in every
//! position, and follows every other, equally often.

/// Draws orders without replacement until a square is used up, then starts another.
#[derive(Debug)]
pub(crate) struct Orders {
    size: usize,
    rows: Vec<Vec<usize>>,
}

impl Orders {
    pub(crate) fn new(size: usize) -> Self {
        Self { size, rows: Vec::new() }
    }

    /// The next order of `0..size`.
    pub(crate) fn next(&mut self, random: &mut fastrand::Rng) -> Vec<usize> {
        if self.rows.is_empty() {
            self.rows = square(self.size);
            // A random relabelling: which alternative is "0" must not depend on the list.
            let mut names: Vec<usize> = (0..self.size).collect();
            random.shuffle(&mut names);
            self.rows.iter_mut().flatten().for_each(|name| *name = names[*name]);
            random.shuffle(&mut self.rows);
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
            let mut random = fastrand::Rng::with_seed(seed);
            let mut orders = Orders::new(5);
            (0..20).map(|_| orders.next(&mut random)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert_eq!(Orders::new(1).next(&mut fastrand::Rng::with_seed(1)), [0]);
    }
}
