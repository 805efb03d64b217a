//! Where the answer turns along a swept knob: a pure function of the journal.
//!
//! The groups of a sweep share their rounds, so each round is a curve of its own: `d_r(v) = ln t_b - ln t_a` at every
//! value v. Where it changes sign, by straight lines between neighbouring values, is that round's crossing; the
//! crossover is the median over rounds, with an interval of order statistics. (Interpolated per round and then judged
//! over rounds, as Task Bench, SC 2020, finds its smallest effective granularity.)
//!
//! A round in which b is faster throughout counts as a crossing below the range, one in which it never is as one above:
//! order statistics can hold both. METHODOLOGY.md says what becomes of curves that change sides several times.

use std::collections::{BTreeMap, BTreeSet};

use results::journal::{Event, Outcome, PlannedCell, PlannedGroup, Sample};
use results::{At, Crossover, Found, Group, Sweep};

use crate::journal::group_of;
use crate::statistics::{median, rank};

/// Every crossover of every sweep: each contender against the reference, then the leaders of both ends if they differ.
/// `groups` are the verdicts of the same run; each interval holds by itself at `alpha`.
#[must_use]
pub fn crossovers(events: &[Event], groups: &[Group], alpha: f64) -> Vec<Crossover> {
    let mut found = Vec::new();
    for series in gather(events) {
        if let Some(reference) = series.contenders(|cell| cell.reference).first() {
            let others = series.contenders(|cell| !cell.reference && !cell.deliberately_wrong);
            found.extend(others.iter().filter_map(|other| series.crossover((reference, other), alpha)));
        }
        if let Some((first, last)) = series.leaders(groups) {
            let between = series.crossover((&first, &last), alpha);
            found.extend(between.map(|crossover| Crossover { leaders: true, ..crossover }));
        }
    }
    found
}

/// The groups of one sweep, in the order of their values.
struct Series<'e> {
    points: Vec<Point<'e>>,
}

/// One value of the knob.
struct Point<'e> {
    sweep: &'e Sweep,
    group: &'e PlannedGroup,
    far: &'e [String],
    failed: BTreeSet<&'e str>,
    /// Cell ID, then round, to its time.
    times: BTreeMap<&'e str, BTreeMap<u32, f64>>,
}

fn gather(events: &[Event]) -> Vec<Series<'_>> {
    let mut points: Vec<Point<'_>> = Vec::new();
    for event in events {
        if let Event::Group(group) = event {
            points.extend(group.sweep.as_ref().map(|sweep| Point::new(sweep, group)));
            continue;
        }
        let Some(id) = group_of(event) else { continue };
        let Some(point) = points.iter_mut().find(|point| point.group.id == id) else { continue };
        match event {
            Event::Calibrated(calibrated) => point.far = &calibrated.far,
            Event::Sample(sample) => point.take(sample),
            _ => {}
        }
    }
    let mut all: Vec<Series<'_>> = Vec::new();
    for point in points {
        let same = |series: &&mut Series<'_>| {
            let sweep = series.points[0].sweep;
            (&sweep.series, &sweep.knob) == (&point.sweep.series, &point.sweep.knob)
        };
        match all.iter_mut().find(same) {
            Some(series) => series.points.push(point),
            None => all.push(Series { points: vec![point] }),
        }
    }
    all.iter_mut().for_each(|series| series.points.sort_by(|a, b| a.sweep.value.total_cmp(&b.sweep.value)));
    all
}

impl<'e> Point<'e> {
    fn new(sweep: &'e Sweep, group: &'e PlannedGroup) -> Self {
        Self { sweep, group, far: &[], failed: BTreeSet::new(), times: BTreeMap::new() }
    }

    fn take(&mut self, sample: &'e Sample) {
        match &sample.outcome {
            Outcome::Measured { .. } if sample.round == 0 => {}
            Outcome::Measured { elapsed_ns, .. } => {
                let mean = elapsed_ns.iter().sum::<u64>() as f64 / elapsed_ns.len().max(1) as f64;
                self.times.entry(&sample.cell).or_default().insert(sample.round, mean.max(1.0));
            }
            Outcome::Failed { .. } | Outcome::TimedOut { .. } => _ = self.failed.insert(&sample.cell),
        }
    }

    fn cell(&self, contender: &str) -> Option<&'e PlannedCell> {
        self.group.cells.iter().find(|cell| name(cell) == contender && !self.failed.contains(cell.id.as_str()))
    }

    /// `ln t_b - ln t_a` by round, and whether that is all there will be: a far contender is sampled three times only.
    fn differences(&self, a: &str, b: &str) -> Option<(BTreeMap<u32, f64>, bool)> {
        let (a, b) = (self.cell(a)?, self.cell(b)?);
        let (of_a, of_b) = (self.times.get(a.id.as_str())?, self.times.get(b.id.as_str())?);
        let both = of_b.iter().filter_map(|(round, b)| Some((*round, b.ln() - of_a.get(round)?.ln())));
        let both: BTreeMap<u32, f64> = both.collect();
        let far = self.far.contains(&a.id) || self.far.contains(&b.id);
        (!both.is_empty()).then_some((both, far))
    }
}

/// `model/strategy`.
fn name(cell: &PlannedCell) -> String {
    format!("{}/{}", cell.model, cell.strategy)
}

impl Series<'_> {
    /// Contenders of any value, in the order of the plan.
    fn contenders(&self, wanted: impl Fn(&PlannedCell) -> bool) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for cell in self.points.iter().flat_map(|point| &point.group.cells).filter(|cell| wanted(cell)) {
            let name = name(cell);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The leaders at the smallest and the largest value that have one, where the choice between them matters: at one
    /// end at least, the other is not in the best set.
    fn leaders(&self, groups: &[Group]) -> Option<(String, String)> {
        let of = |point: &Point<'_>| groups.iter().find(|group| group.id == point.group.id && group.leader.is_some());
        let first = self.points.iter().find_map(of)?;
        let last = self.points.iter().rev().find_map(of)?;
        let (from, to) = (first.leader.clone()?, last.leader.clone()?);
        let matters = !first.best_set.contains(&to) || !last.best_set.contains(&from);
        (from != to && matters).then_some((from, to))
    }

    /// From which value on b is faster than a, or the other way round if that is how they cross.
    fn crossover(&self, (a, b): (&str, &str), alpha: f64) -> Option<Crossover> {
        let measured: Vec<_> =
            self.points.iter().filter_map(|point| Some((point.sweep, point.differences(a, b)?))).collect();
        let [(first, _), .., (last, _)] = measured.as_slice() else { return None };
        let linear = measured.iter().any(|(sweep, _)| sweep.linear || sweep.value <= 0.0);
        let place = |value: f64| if linear { value } else { value.ln() };
        let back = |at: f64| if linear { at } else { at.exp() };
        let places: Vec<f64> = measured.iter().map(|(sweep, _)| place(sweep.value)).collect();
        let curves = curves(&measured.iter().map(|(_, differences)| differences).collect::<Vec<_>>());
        let sides: Vec<Side> = curves.iter().map(|curve| Side::of(curve, &places)).collect();
        let falls = |falling: bool| sides.iter().filter(|side| side.crosses(falling)).count();
        let falling = falls(true) >= falls(false);
        let judged = judge(&sides, falling, alpha);
        // Who does not cross is said to be faster, or not, than the reference; never the reference than it.
        let turned = !falling && judged.found == Found::Crosses;
        let found = match judged.found {
            Found::Already if !falling => Found::NotReached,
            Found::NotReached if !falling => Found::Already,
            other => other,
        };
        let keep = falling || turned;
        let at = |end: Option<f64>| end.filter(|_| keep).map(back);
        let group = self.points[0].group;
        let mut knobs = group.knobs.clone();
        knobs.remove(&first.knob);
        let (from, to) = if turned { (b, a) } else { (a, b) };
        Some(Crossover {
            workload: group.workload.clone(),
            knobs,
            knob: first.knob.clone(),
            workers: group.workers,
            series: first.series.clone(),
            from: from.to_owned(),
            to: to.to_owned(),
            at: At { value: at(judged.value), lo: at(judged.lo), hi: at(judged.hi) },
            unit: first.unit.clone(),
            found,
            range: (first.value, last.value),
            rounds: sides.len() as u32,
            once: sides
                .iter()
                .filter(|side| matches!(side, Side::At { once: true, falling: f, .. } if *f == falling))
                .count() as u32,
            leaders: false,
        })
    }
}

/// One curve a round in which every value that is sampled in all rounds was. A far contender is too far for its place
/// to matter: the median of its samples stands in every round.
fn curves(points: &[&(BTreeMap<u32, f64>, bool)]) -> Vec<Vec<f64>> {
    let near = || points.iter().filter(|(_, far)| !far).map(|(by_round, _)| by_round);
    let some = near().next().or_else(|| points.first().map(|(by_round, _)| by_round));
    let rounds = some.into_iter().flat_map(BTreeMap::keys).filter(|round| near().all(|one| one.contains_key(round)));
    let value = |(by_round, far): &(BTreeMap<u32, f64>, bool), round: &u32| {
        let middle = || median(&by_round.values().copied().collect::<Vec<_>>());
        if *far { middle() } else { by_round[round] }
    };
    rounds.map(|round| points.iter().map(|point| value(point, round)).collect()).collect()
}

/// What one round says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Side {
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
    fn of(curve: &[f64], places: &[f64]) -> Self {
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

    fn crosses(&self, falling: bool) -> bool {
        matches!(self, Self::At { falling: f, .. } if *f == falling)
    }
}

/// What all rounds say, on the axis of places.
struct Judged {
    found: Found,
    value: Option<f64>,
    lo: Option<f64>,
    hi: Option<f64>,
}

/// The median of the crossings in this direction and its interval. A round that says neither widens the interval at
/// both ends.
fn judge(sides: &[Side], falling: bool, alpha: f64) -> Judged {
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
