//! Sweeps: the groups along a knob, each round of them a curve, and where the curves cross.

mod crossing;
pub mod crossovers;
pub mod metg;

use std::collections::{BTreeMap, BTreeSet};

use results::Sweep;
use results::journal::{Event, Outcome, PlannedCell, PlannedGroup, Sample};

use self::crossing::AtValue;
use crate::journal::group_of;

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
    /// Tasks of an iteration: the same for everybody.
    steps: Option<f64>,
    /// By round, in sequential rates.
    capacity: BTreeMap<u32, f64>,
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
            Event::Capacity { round, capacity: Some(capacity), .. } if *capacity > 0.0 => {
                point.capacity.insert(*round, *capacity);
            }
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
        Self {
            sweep,
            group,
            far: &[],
            failed: BTreeSet::new(),
            times: BTreeMap::new(),
            steps: None,
            capacity: BTreeMap::new(),
        }
    }

    fn take(&mut self, sample: &'e Sample) {
        match &sample.outcome {
            Outcome::Measured { .. } if sample.round == 0 => {}
            Outcome::Measured { elapsed_ns, metrics, .. } => {
                let steps = metrics.get("steps").copied().filter(|steps| *steps >= 1.0);
                self.steps = self.steps.or(steps);
                let mean = elapsed_ns.iter().sum::<u64>() as f64 / elapsed_ns.len().max(1) as f64;
                self.times.entry(&sample.cell).or_default().insert(sample.round, mean.max(1.0));
            }
            Outcome::Failed { .. } | Outcome::TimedOut { .. } => _ = self.failed.insert(&sample.cell),
        }
    }

    fn cell(&self, contender: &str) -> Option<&'e PlannedCell> {
        self.group.cells.iter().find(|cell| name(cell) == contender && !self.failed.contains(cell.id.as_str()))
    }

    /// Its times by round, unless it failed.
    fn times(&self, contender: &str) -> Option<(&PlannedCell, &BTreeMap<u32, f64>)> {
        let cell = self.cell(contender)?;
        Some((cell, self.times.get(cell.id.as_str())?))
    }

    /// `ln t_b - ln t_a`.
    fn differences(&self, a: &str, b: &str) -> Option<AtValue> {
        let ((a, of_a), (b, of_b)) = (self.times(a)?, self.times(b)?);
        let far = self.far.contains(&a.id) || self.far.contains(&b.id);
        AtValue::ratio(of_b, of_a, far)
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
}
