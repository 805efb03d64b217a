//! Where curves cross zero: one answer a round, then the median over rounds with an interval of order statistics.

use std::collections::BTreeMap;

use results::Found;

use crate::statistics::{median, rank};

/// What each round says at one value of a sweep.
pub(super) struct AtValue {
    pub(super) by_round: BTreeMap<u32, f64>,
    /// That is all there will be: a far contender is sampled three times only.
    pub(super) far: bool,
}

impl AtValue {
    /// The logarithm of one over the other, in the rounds that have both.
    pub(super) fn ratio(over: &BTreeMap<u32, f64>, under: &BTreeMap<u32, f64>, far: bool) -> Option<Self> {
        let both = over.iter().filter_map(|(round, over)| Some((*round, over.ln() - under.get(round)?.ln())));
        let by_round: BTreeMap<u32, f64> = both.collect();
        (!by_round.is_empty()).then_some(Self { by_round, far })
    }

    /// The median over rounds.
    pub(super) fn middle(&self) -> f64 {
        median(&self.by_round.values().copied().collect::<Vec<_>>())
    }
}

/// One curve a round in which every value that is sampled in all rounds was. A far contender is too far for its place
/// to matter: the median of its samples stands in every round.
pub(super) fn curves(points: &[&AtValue]) -> Vec<Vec<f64>> {
    let near = || points.iter().filter(|point| !point.far).map(|point| &point.by_round);
    let some = near().next().or_else(|| points.first().map(|point| &point.by_round));
    let rounds = some.into_iter().flat_map(BTreeMap::keys).filter(|round| near().all(|one| one.contains_key(round)));
    let middles: Vec<f64> = points.iter().map(|point| point.middle()).collect();
    let value = |(point, middle): (&&AtValue, &f64), round: &u32| {
        if point.far { *middle } else { point.by_round[round] }
    };
    rounds.map(|round| points.iter().zip(&middles).map(|point| value(point, round)).collect()).collect()
}

/// What one round says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Side {
    /// b is faster throughout.
    Always,
    /// b is nowhere faster.
    Never,
    /// They change sides here: `falling` where b is slower before and faster after. Of an odd number of changes the
    /// middle one, which noise moves in neither direction; `once` says that there was only one.
    At { place: f64, falling: bool, once: bool },
    /// They change sides and back.
    Unclear,
}

impl Side {
    pub(super) fn of(curve: &[f64], places: &[f64]) -> Self {
        let faster = |index: usize| curve[index] < 0.0;
        let changes: Vec<usize> = (1..curve.len()).filter(|&index| faster(index) != faster(index - 1)).collect();
        match changes.len() {
            0 if faster(0) => Self::Always,
            0 => Self::Never,
            n if n.is_multiple_of(2) => Self::Unclear,
            n => {
                let after = changes[n / 2];
                let (left, right) = (curve[after - 1], curve[after]);
                let share = left / (left - right);
                let place = places[after - 1] + share * (places[after] - places[after - 1]);
                Self::At { place, falling: !faster(0), once: n == 1 }
            }
        }
    }

    pub(super) fn crosses(&self, falling: bool) -> bool {
        matches!(self, Self::At { falling: f, .. } if *f == falling)
    }

    pub(super) fn crosses_once(&self, falling: bool) -> bool {
        matches!(self, Self::At { once: true, falling: f, .. } if *f == falling)
    }
}

/// What all rounds say, on the axis of places.
pub(super) struct Judged {
    pub(super) found: Found,
    pub(super) value: Option<f64>,
    pub(super) lo: Option<f64>,
    pub(super) hi: Option<f64>,
}

/// The median of the crossings in this direction and its interval. A round that says neither widens the interval at
/// both ends.
pub(super) fn judge(sides: &[Side], falling: bool, alpha: f64) -> Judged {
    const BELOW: f64 = f64::NEG_INFINITY;
    const ABOVE: f64 = f64::INFINITY;
    let nothing = |found| Judged { found, value: None, lo: None, hi: None };
    let place = |side: &Side| match side {
        Side::Always => Some(if falling { BELOW } else { ABOVE }),
        Side::Never => Some(if falling { ABOVE } else { BELOW }),
        Side::At { place, falling: f, .. } if *f == falling => Some(*place),
        Side::At { .. } | Side::Unclear => None,
    };
    let several = |side: &&Side| place(side).is_none() || matches!(side, Side::At { once: false, .. });
    if sides.is_empty() {
        return nothing(Found::Open);
    }
    if 2 * sides.iter().filter(several).count() > sides.len() {
        return nothing(Found::Several);
    }
    let sorted = |mut all: Vec<f64>| {
        all.sort_by(f64::total_cmp);
        all
    };
    let known = sorted(sides.iter().filter_map(place).collect());
    let lower = sorted(sides.iter().map(|side| place(side).unwrap_or(BELOW)).collect());
    let upper = sorted(sides.iter().map(|side| place(side).unwrap_or(ABOVE)).collect());
    // The mean of the two middle ones, unless one of them lies outside the range.
    let (left, right) = (known[(known.len() - 1) / 2], known[known.len() / 2]);
    let middle = match (left.is_finite(), right.is_finite()) {
        (true, true) => f64::midpoint(left, right),
        (false, true) => right,
        (true, false) => left,
        (false, false) if left == right => left,
        (false, false) => return nothing(Found::Open),
    };
    let interval = rank(sides.len(), alpha).map(|k| (lower[k - 1], upper[sides.len() - k]));
    if interval == Some((BELOW, ABOVE)) {
        return nothing(Found::Open);
    }
    let end = |end: f64| end.is_finite().then_some(end);
    Judged {
        found: match middle {
            BELOW => Found::Already,
            ABOVE => Found::NotReached,
            _ => Found::Crosses,
        },
        value: end(middle),
        lo: interval.and_then(|(lo, _)| end(lo)),
        hi: interval.and_then(|(_, hi)| end(hi)),
    }
}
