//! Minimum effective task granularity (METG, after Task Bench, Slaughter et al., SC 2020): the mean task from which on a
//! contender keeps a share of what the machine gives. A pure function of the journal.
//!
//! A sweep of task lengths is a curve of efficiency in each round. Efficiency is the time that the work would take if the
//! machine gave this contender what it gave independent copies of the reference in the same round, over the time that it
//! took: a yardstick that all contenders share, so that nobody looks good against its own slow run. Where the curve
//! reaches the share is that round's answer; METG is the median over rounds. METHODOLOGY.md has the definitions.

use std::collections::BTreeMap;

use results::journal::Event;
use results::{Bound, Efficiency, Found, Granularity, Metg};

use super::crossing::{AtValue, Side, curves, judge};
use super::{Point, Series, gather};
use crate::statistics::{interval, median};

/// METG of every contender of every sweep of task lengths; each interval holds by itself at `alpha`.
#[must_use]
pub fn metg(events: &[Event], alpha: f64) -> Vec<Metg> {
    let mut found = Vec::new();
    for series in gather(events).iter().filter(|series| series.points[0].sweep.granularity) {
        let grounds = series.grounds();
        let contenders = series.contenders(|cell| !cell.reference && !cell.deliberately_wrong);
        found.extend(contenders.iter().filter_map(|contender| series.metg(&grounds, contender, alpha)));
    }
    found
}

/// What all contenders are held to at one value.
struct Ground<'s, 'e> {
    point: &'s Point<'e>,
    steps: f64,
    /// A task's mean length at the sequential rate, ns.
    granularity_ns: f64,
    /// The logarithm of its length by round.
    lengths: BTreeMap<u32, f64>,
    /// By round, the time at an efficiency of 1: what so many copies of the reference take to do its work once between
    /// them. How long it took alone cancels out.
    ideal: BTreeMap<u32, f64>,
}

impl<'e> Series<'e> {
    /// By the length of tasks, the shortest first. A value at which the reference was not measured has none.
    fn grounds(&self) -> Vec<Ground<'_, 'e>> {
        let of = |reference: &str, point| -> Option<Ground<'_, 'e>> {
            let point: &Point<'e> = point;
            let (_, alone) = point.times(reference)?;
            let steps = point.steps?;
            let granularity_ns = median(&alone.values().copied().collect::<Vec<_>>()) / steps;
            let ideal = alone.iter().filter_map(|(round, ns)| Some((*round, ns / point.capacity.get(round)?)));
            let lengths = alone.iter().map(|(round, ns)| (*round, (ns / steps).ln())).collect();
            Some(Ground { point, steps, granularity_ns, lengths, ideal: ideal.collect() })
        };
        let references = self.contenders(|cell| cell.reference);
        let reference = references.first().map_or("", String::as_str);
        let mut grounds: Vec<_> = self.points.iter().filter_map(|point| of(reference, point)).collect();
        grounds.sort_by(|a, b| a.granularity_ns.total_cmp(&b.granularity_ns));
        grounds
    }

    /// Nothing where it was measured nowhere.
    fn metg(&self, grounds: &[Ground<'_, 'e>], contender: &str, alpha: f64) -> Option<Metg> {
        let mut measured = grounds.iter().filter_map(|ground| Some((ground, ground.point.times(contender)?.1)));
        let (shortest, times) = measured.next()?;
        let floor: Vec<f64> = times.values().map(|ns| ns / shortest.steps).collect();
        let floor_interval = interval(&floor, alpha);
        let curve: Vec<(&Ground<'_, 'e>, AtValue)> =
            grounds.iter().filter_map(|ground| Some((ground, ground.efficiency(contender)?))).collect();
        // Both axes of a round are its own: what the lengths scatter is in the interval as well.
        let lengths: Vec<AtValue> = curve.iter().map(|(ground, at)| ground.lengths(at.far)).collect();
        let rounds = curves(&curve.iter().map(|(_, at)| at).chain(&lengths).collect::<Vec<_>>());
        let reason = match curve.len() {
            0 => Some("what the machine gave at once was not measured (capacity probe)"),
            1 => Some("it was measured at one length of tasks only"),
            _ => None,
        };
        let ends = curve.first().zip(curve.last()).map(|(a, b)| (a.0.granularity_ns, b.0.granularity_ns));
        let reach = |share: f64| match reason {
            Some(_) => Granularity { found: Found::Open, ..Granularity::default() },
            None => reach(&rounds, share, ends, alpha),
        };
        let first = self.points[0].sweep;
        let group = self.points[0].group;
        let mut knobs = group.knobs.clone();
        knobs.remove(&first.knob);
        Some(Metg {
            workload: group.workload.clone(),
            knobs,
            contender: contender.to_owned(),
            workers: group.workers,
            metg50_ns: reach(0.5),
            metg90_ns: reach(0.9),
            floor_ns: median(&floor),
            floor_lo_ns: floor_interval.map(|(lo, _)| lo),
            floor_hi_ns: floor_interval.map(|(_, hi)| hi),
            floor_at_ns: shortest.granularity_ns,
            reason: reason.map(str::to_owned),
            knob: first.knob.clone(),
            series: first.series.clone(),
            rounds: rounds.len() as u32,
            capacity: capacity(grounds),
            points: curve.iter().map(|(ground, at)| ground.shown(at, alpha)).collect(),
        })
    }
}

/// From where on the rounds stand above a share: `ln share - ln efficiency` falls through 0 there. A round is its
/// efficiencies, then the lengths of the tasks.
fn reach(rounds: &[Vec<f64>], share: f64, ends: Option<(f64, f64)>, alpha: f64) -> Granularity {
    if falls_back(rounds, share, alpha) {
        return Granularity { found: Found::Several, ..Granularity::default() };
    }
    let side = |round: &Vec<f64>| {
        let (efficiencies, lengths) = round.split_at(round.len() / 2);
        let below: Vec<f64> = rising(efficiencies).iter().map(|efficiency| share.ln() - efficiency).collect();
        Side::of(&below, lengths)
    };
    let judged = judge(&rounds.iter().map(side).collect::<Vec<_>>(), true, alpha);
    let ns = |place: Option<f64>| place.map(f64::exp);
    let (value, bound) = match judged.found {
        Found::Crosses => (ns(judged.value), Some(Bound::Is)),
        Found::Already => (ends.map(|(shortest, _)| shortest), Some(Bound::Below)),
        Found::NotReached => (ends.map(|(_, longest)| longest), Some(Bound::Above)),
        Found::Several | Found::Open => (None, None),
    };
    Granularity { value, lo: ns(judged.lo), hi: ns(judged.hi), bound, found: judged.found }
}

/// Whether the rounds establish that it stands above the share at some length, and below at a greater one: then there is no
/// single crossing, and it is not noise.
fn falls_back(rounds: &[Vec<f64>], share: f64, alpha: f64) -> bool {
    let values = rounds.first().map_or(0, |round| round.len() / 2);
    let at = |value: usize| interval(&rounds.iter().map(|round| round[value]).collect::<Vec<_>>(), alpha);
    let mut stood_above = false;
    (0..values).filter_map(at).any(|(lo, hi)| {
        let falls = stood_above && hi < share.ln();
        stood_above |= lo > share.ln();
        falls
    })
}

/// The rising curve that is nearest to this one in absolute deviations: neighbours that fall are pooled, and their median
/// stands for them (isotonic regression; Barlow, Bartholomew, Bremner, Brunk, 1972). Longer tasks are not handed out any
/// worse, so what falls is noise, and a sample that was disturbed far from the crossing does not move it.
fn rising(curve: &[f64]) -> Vec<f64> {
    let mut pools: Vec<(Vec<f64>, f64)> = Vec::new();
    for value in curve {
        let mut pool = (vec![*value], *value);
        while let Some(before) = pools.pop_if(|before| before.1 > pool.1) {
            pool.0.extend(before.0);
            pool.1 = median(&pool.0);
        }
        pools.push(pool);
    }
    pools.into_iter().flat_map(|(values, middle)| std::iter::repeat_n(middle, values.len())).collect()
}

/// The median over values of the median over rounds.
fn capacity(grounds: &[Ground<'_, '_>]) -> Option<f64> {
    let of = |ground: &Ground<'_, '_>| {
        let all: Vec<f64> = ground.point.capacity.values().copied().collect();
        (!all.is_empty()).then(|| median(&all))
    };
    let all: Vec<f64> = grounds.iter().filter_map(of).collect();
    (!all.is_empty()).then(|| median(&all))
}

impl Ground<'_, '_> {
    /// Its logarithm by round.
    fn efficiency(&self, contender: &str) -> Option<AtValue> {
        let (cell, times) = self.point.times(contender)?;
        AtValue::ratio(&self.ideal, times, self.point.far.contains(&cell.id))
    }

    /// As its efficiency is there: in every round, or as the median of all.
    fn lengths(&self, far: bool) -> AtValue {
        AtValue { by_round: self.lengths.clone(), far }
    }

    fn shown(&self, at: &AtValue, alpha: f64) -> Efficiency {
        let interval = interval(&at.by_round.values().copied().collect::<Vec<_>>(), alpha);
        Efficiency {
            value: self.point.sweep.value,
            granularity_ns: self.granularity_ns,
            efficiency: at.middle().exp(),
            lo: interval.map(|(lo, _)| lo.exp()),
            hi: interval.map(|(_, hi)| hi.exp()),
        }
    }
}
