//! Brackets at the left of a forest: whoever is joined by a line is not separated.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::view::GroupView;

/// The brackets of a group, one line of them a lane.
pub(super) struct Brackets(Vec<Bracket>);

/// Rows that no test tells apart.
struct Bracket {
    rows: Vec<usize>,
    lane: usize,
    best: bool,
}

impl Bracket {
    fn ends(&self) -> (usize, usize) {
        (self.rows.first().copied().unwrap_or_default(), self.rows.last().copied().unwrap_or_default())
    }
}

impl Brackets {
    /// Of the best set, then of every letter that joins others than those.
    pub(super) fn new(group: &GroupView<'_>) -> Self {
        let best: Vec<usize> = (0..group.rows.len()).filter(|at| group.rows[*at].standing.best()).collect();
        let mut letters: BTreeMap<char, Vec<usize>> = BTreeMap::new();
        for (at, row) in group.rows.iter().enumerate() {
            for letter in letters_of(group, &row.cell.contender).chars() {
                letters.entry(letter).or_default().push(at);
            }
        }
        let mut sets: Vec<Vec<usize>> = letters.into_values().collect();
        sets.retain(|set| set.iter().any(|at| !best.contains(at)));
        sets.sort();
        let all = std::iter::once((best, true)).chain(sets.into_iter().map(|set| (set, false)));
        Self::placed(all.filter(|(rows, _)| rows.len() > 1))
    }

    /// Each in the first lane that is free.
    fn placed(sets: impl Iterator<Item = (Vec<usize>, bool)>) -> Self {
        let mut free: Vec<usize> = Vec::new();
        let mut all = Vec::new();
        for (rows, best) in sets {
            let mut bracket = Bracket { rows, lane: 0, best };
            let (first, last) = bracket.ends();
            bracket.lane = free.iter().position(|free| *free <= first).unwrap_or(free.len());
            if bracket.lane == free.len() {
                free.push(0);
            }
            free[bracket.lane] = last + 1;
            all.push(bracket);
        }
        Self(all)
    }

    /// Pixels that they need.
    pub(super) fn width(&self) -> usize {
        let lanes = self.0.iter().map(|bracket| bracket.lane + 1).max().unwrap_or(1);
        (lanes * 4 + 10).max(24)
    }

    /// What stands beside a row; a line has gaps where it passes somebody who is separated.
    pub(super) fn at(&self, group: &GroupView<'_>, row: usize) -> Markup {
        let letters = group.rows.get(row).map_or("", |row| letters_of(group, &row.cell.contender));
        html! {
            @for bracket in self.0.iter().filter(|bracket| bracket.rows.contains(&row)) { i class=(bracket.class(row)) {} }
            @if !letters.is_empty() { span.sr { (letters) } }
        }
    }
}

impl Bracket {
    fn class(&self, row: usize) -> String {
        let (first, last) = self.ends();
        let kind = if self.best { "b0" } else { "b1" };
        let start = if row == first { " s" } else { "" };
        let end = if row == last { " e" } else { "" };
        format!("{kind} l{}{start}{end}", self.lane)
    }
}

/// `ab`: two that share a letter are not separated.
fn letters_of<'a>(group: &GroupView<'a>, contender: &str) -> &'a str {
    group.group.and_then(|group| group.letters.get(contender)).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_that_overlap_stand_in_different_lanes() {
        let sets = [(vec![0, 1, 2], true), (vec![1, 3], false), (vec![2, 3, 4], false), (vec![4, 5], false)];
        let placed = Brackets::placed(sets.into_iter());
        assert_eq!(placed.0.iter().map(|bracket| bracket.lane).collect::<Vec<_>>(), [0, 1, 2, 0]);
        assert_eq!(placed.width(), 24);
        assert_eq!(placed.0[1].class(1), "b1 l1 s");
        assert_eq!(placed.0[0].class(2), "b0 l0 e");
        // It passes row 2, which is not in it.
        assert_eq!(placed.0[1].rows, [1, 3]);
    }
}
