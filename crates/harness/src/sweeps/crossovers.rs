//! Where the answer turns along a swept knob: a pure function of the journal.
//!
//! The groups of a sweep share their rounds, so each round is a curve of its own: `d_r(v) = ln t_b - ln t_a` at every
//! value v. Where it changes sign, by straight lines between neighbouring values, is that round's crossing; the
//! crossover is the median over rounds, with an interval of order statistics. (Interpolated per round and then judged
//! over rounds, as Task Bench, SC 2020, finds its smallest effective granularity.)
//!
//! A round in which b is faster throughout counts as a crossing below the range, one in which it never is as one above:
//! order statistics can hold both. METHODOLOGY.md says what becomes of curves that change sides several times.

use results::journal::Event;
use results::{At, Crossover, Found, Group};

use super::crossing::{AtValue, Side, curves, judge};
use super::{Point, Series, gather};

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

impl Series<'_> {
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
        let curves = curves(&measured.iter().map(|(_, differences)| differences).collect::<Vec<&AtValue>>());
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
            once: sides.iter().filter(|side| side.crosses_once(falling)).count() as u32,
            leaders: false,
        })
    }
}
