//! Events, sorted into groups and cells.

use std::collections::BTreeMap;

use results::journal::{Event, Outcome, PlannedCell, PlannedGroup, Twin};
use results::race::FAULTS;
use results::{Cell, CellStatus, Metric, Support, Units};

use crate::engine::{Settings, noise_limit};
use crate::journal::group_of;
use crate::metrics::{self, Said};
use crate::statistics::{median, quantile};

/// A group with everything the journal says about it.
pub(super) struct Gathered<'e> {
    pub(super) group: &'e PlannedGroup,
    pub(super) iterations: u32,
    pub(super) far: &'e [String],
    pub(super) twins: &'e [Twin],
    /// Of cells and of twins.
    pub(super) samples: BTreeMap<&'e str, Vec<Taken<'e>>>,
    pub(super) failures: BTreeMap<&'e str, (CellStatus, &'e str)>,
    pub(super) capacity: BTreeMap<u32, f64>,
    /// Foreign load by round, where it could be read.
    pub(super) foreign: BTreeMap<u32, f64>,
    pub(super) rounds: u32,
    diagnosed: BTreeMap<&'e str, &'e Outcome>,
}

/// A sample that stands.
pub(super) struct Taken<'e> {
    pub(super) round: u32,
    pub(super) position: u32,
    /// Per iteration.
    pub(super) elapsed_ns: f64,
    metrics: &'e BTreeMap<String, f64>,
    absent: &'e BTreeMap<String, String>,
    units: Units,
}

pub(super) fn gather(events: &[Event]) -> Vec<Gathered<'_>> {
    let mut groups: Vec<Gathered<'_>> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for event in events {
        if let Event::Group(group) = event {
            places.entry(&group.id).or_insert_with(|| {
                groups.push(Gathered::of(group));
                groups.len() - 1
            });
        } else if let Some(place) = group_of(event).and_then(|id| places.get(id)) {
            groups[*place].take(event);
        }
    }
    groups
}

impl<'e> Gathered<'e> {
    fn of(group: &'e PlannedGroup) -> Self {
        Self {
            group,
            iterations: 0,
            far: &[],
            twins: &[],
            samples: BTreeMap::new(),
            failures: BTreeMap::new(),
            capacity: BTreeMap::new(),
            foreign: BTreeMap::new(),
            rounds: 0,
            diagnosed: BTreeMap::new(),
        }
    }

    fn take(&mut self, event: &'e Event) {
        match event {
            Event::Calibrated(calibrated) => {
                self.iterations = calibrated.iterations;
                self.far = &calibrated.far;
                self.twins = &calibrated.twins;
            }
            Event::Sample(sample) => match &sample.outcome {
                // Calibration is not a measurement: its samples are cold and of one iteration.
                Outcome::Measured { .. } if sample.round == 0 => {}
                Outcome::Measured { elapsed_ns, metrics, absent, units } => {
                    let mean = elapsed_ns.iter().sum::<u64>() as f64 / elapsed_ns.len().max(1) as f64;
                    let (round, position, elapsed_ns) = (sample.round, sample.position, mean.max(1.0));
                    let taken = Taken { round, position, elapsed_ns, metrics, absent, units: *units };
                    self.samples.entry(&sample.cell).or_default().push(taken);
                }
                Outcome::Failed { reason } => self.failed(&sample.cell, CellStatus::Failed, reason),
                Outcome::TimedOut { reason } => self.failed(&sample.cell, CellStatus::TimedOut, reason),
            },
            Event::Capacity { round, capacity: Some(capacity), .. } => {
                self.capacity.insert(*round, *capacity);
            }
            Event::Round(round) => {
                self.rounds = self.rounds.max(round.round);
                self.foreign.extend(round.foreign.map(|foreign| (round.round, foreign)));
            }
            Event::Diagnosis { cell, outcome, .. } => _ = self.diagnosed.insert(cell, outcome),
            _ => {}
        }
    }

    /// What a twin fails of is the cell's failure: it is the same code.
    fn failed(&mut self, cell: &'e str, status: CellStatus, reason: &'e str) {
        let of = self.twins.iter().find(|twin| twin.id == cell).map_or(cell, |twin| &twin.of);
        self.failures.insert(of, (status, reason));
    }

    /// The last of its looks that is complete.
    pub(super) fn look(&self, settings: &Settings) -> Option<u32> {
        settings.looks.iter().copied().filter(|look| *look <= self.rounds).max()
    }

    /// Samples of each cell and twin that runs in every round.
    pub(super) fn near(&self) -> impl Iterator<Item = &[Taken<'e>]> {
        let near = |(id, _): &(&&str, &Vec<Taken<'e>>)| !self.far.iter().any(|far| far == **id);
        self.samples.iter().filter(near).map(|(_, samples)| samples.as_slice())
    }

    /// Rounds in which others were busy.
    pub(super) fn loud(&self) -> Vec<u32> {
        let limit = noise_limit(&self.foreign.values().copied().collect::<Vec<_>>());
        self.foreign.iter().filter(|(_, foreign)| **foreign > limit).map(|(round, _)| *round).collect()
    }

    pub(super) fn reference(&self) -> Option<&'e PlannedCell> {
        self.group.cells.iter().find(|cell| cell.reference)
    }

    /// Cells that are compared: measured, right, near.
    pub(super) fn compared(&self) -> Vec<&'e PlannedCell> {
        let compared = |cell: &&PlannedCell| {
            let id = cell.id.as_str();
            let dull = cell.deliberately_wrong || self.failures.contains_key(id) || self.far.contains(&cell.id);
            !dull && self.samples.contains_key(id)
        };
        self.group.cells.iter().filter(compared).collect()
    }

    /// Times of these cells or twins in the rounds that count and in which all of them were measured.
    pub(super) fn paired(&self, cells: &[&str], counts: impl Fn(u32) -> bool) -> Vec<Vec<f64>> {
        let by_round = |cell: &&str| -> BTreeMap<u32, f64> {
            let samples = self.samples.get(*cell).into_iter().flatten();
            samples.filter(|taken| counts(taken.round)).map(|taken| (taken.round, taken.elapsed_ns)).collect()
        };
        let all: Vec<BTreeMap<u32, f64>> = cells.iter().map(by_round).collect();
        let rounds: Vec<u32> = all.first().map(|one| one.keys().copied().collect()).unwrap_or_default();
        let complete = |round: &&u32| all.iter().all(|one| one.contains_key(round));
        let rounds: Vec<u32> = rounds.iter().filter(complete).copied().collect();
        all.iter().map(|one| rounds.iter().map(|round| one[round]).collect()).collect()
    }

    pub(super) fn cell(&self, planned: &PlannedCell) -> Cell {
        let samples = self.samples.get(planned.id.as_str()).map_or(&[][..], Vec::as_slice);
        let failure = self.failures.get(planned.id.as_str());
        let (status, reason) = match (planned.support, &planned.skipped, failure) {
            (Support::NotApplicable, ..) => (CellStatus::NotApplicable, planned.why.clone()),
            (_, Some(why), _) => (CellStatus::Skipped, Some(why.clone())),
            (_, _, Some((status, reason))) => (*status, Some((*reason).to_owned())),
            _ if samples.is_empty() => (CellStatus::Skipped, Some(String::from("not reached before the run ended"))),
            _ => (CellStatus::Measured, planned.why.clone()),
        };
        let measured = status == CellStatus::Measured;
        Cell {
            id: planned.id.clone(),
            group: self.group.id.clone(),
            workload: self.group.workload.clone(),
            knobs: self.group.knobs.clone(),
            model: planned.model.clone(),
            strategy: planned.strategy.clone(),
            contender: format!("{}/{}", planned.model, planned.strategy),
            workers: self.group.workers,
            support: planned.support,
            status,
            reason,
            verified: (measured && !planned.deliberately_wrong)
                .then_some(true)
                .or_else(|| (status == CellStatus::Failed).then_some(false)),
            deliberately_wrong: planned.deliberately_wrong,
            reference: planned.reference,
            far: self.far.contains(&planned.id),
            primary: String::from("elapsed_ns"),
            metrics: self.metrics(planned, samples),
            units: samples.last().map(|taken| taken.units).unwrap_or_default(),
            samples: samples.iter().map(|taken| (taken.round, taken.elapsed_ns)).collect(),
            demands: planned.demands.clone(),
            source: planned.source.clone(),
        }
    }

    fn metrics(&self, planned: &PlannedCell, samples: &[Taken<'e>]) -> BTreeMap<String, Metric> {
        let happens = |kind: &&str| samples.iter().any(|taken| taken.metrics.contains_key(*kind));
        let kinds: Vec<&str> = FAULTS.into_iter().filter(happens).collect();
        let said = |taken: &Taken<'e>| {
            let mut extra = BTreeMap::new();
            extra.extend(self.efficiency(taken).map(|efficiency| ("efficiency", efficiency)));
            // A counterexample that happened to lose nothing says so.
            let wrong = ["lost_updates", "wrong_answers"].iter().any(|id| taken.metrics.contains_key(*id));
            if planned.deliberately_wrong && !wrong {
                extra.extend([("lost_updates", 0.0), ("wrong_answers", 0.0)]);
            }
            // So it does of each kind of fault that its other samples have.
            let none = kinds.iter().copied().filter(|kind| !taken.metrics.contains_key(*kind));
            extra.extend(none.map(|kind| (kind, 0.0)));
            Said { elapsed_ns: taken.elapsed_ns, metrics: taken.metrics, absent: taken.absent, extra }
        };
        let nothing = BTreeMap::new();
        let failed;
        let diagnosed = match self.diagnosed.get(planned.id.as_str()) {
            Some(Outcome::Measured { metrics, absent, .. }) => Some((metrics, absent)),
            Some(Outcome::Failed { reason } | Outcome::TimedOut { reason }) => {
                failed = metrics::without_pass(reason);
                Some((&nothing, &failed))
            }
            None => None,
        };
        let diagnosed =
            diagnosed.map(|(metrics, absent)| Said { elapsed_ns: 0.0, metrics, absent, extra: BTreeMap::new() });
        let samples: Vec<Said<'_>> = samples.iter().map(said).collect();
        metrics::summarize(&samples, diagnosed.as_slice())
    }

    /// Speed-up over the capacity of the same round.
    fn efficiency(&self, taken: &Taken<'_>) -> Option<f64> {
        let reference = self.samples.get(self.reference()?.id.as_str())?;
        let alone = reference.iter().find(|other| other.round == taken.round)?;
        let capacity = self.capacity.get(&taken.round).filter(|capacity| **capacity > 0.0)?;
        Some(alone.elapsed_ns / taken.elapsed_ns / capacity)
    }
}

pub(super) fn metric(values: &[f64]) -> Metric {
    Metric::Measured {
        median: median(values),
        p10: quantile(values, 0.1),
        p90: quantile(values, 0.9),
        n: values.len() as u32,
    }
}
