//! A group in a run: what calibration said of it, how far it is, and how long the rest will take.

use std::collections::{BTreeMap, BTreeSet};

use results::journal::{Calibrated, Event, Outcome, Round, Sample, Twin};

use super::calibration::{FAR_ROUNDS, warm_up};
use super::order::{Orders, stream};
use super::{Alternative, Group};
use crate::journal::group_of;

/// Starting a sample and ending it, for estimates: measured 1.4 ms, and some input.
const OVERHEAD_NS: u64 = 8_000_000;

/// A group in a run.
pub(super) struct Running {
    pub(super) group: Group,
    calibrated: Option<Calibrated>,
    orders: Orders,
    /// What the samples of twins are called, and the alternative that each is a copy of.
    twins: Vec<(String, usize)>,
    /// Far contenders, and what one iteration of each takes, ns.
    pub(super) far: BTreeMap<String, u64>,
    /// Contenders that failed.
    pub(super) out: BTreeSet<String>,
    /// Contenders that were sampled with a recording probe.
    pub(super) diagnosed: BTreeSet<String>,
    pub(super) digest: Option<String>,
    pub(super) events: Vec<Event>,
    pub(super) rounds: u32,
    /// A round of those that are near: estimated, then measured.
    round_ns: u64,
    /// What the far ones add to it.
    far_ns: u64,
    /// Rounds without far contenders, and the time they took.
    measured: (u32, u64),
    /// Foreign load of each round, where it could be read.
    pub(super) foreign: Vec<f64>,
    pub(super) decided: bool,
}

impl Running {
    pub(super) fn new(group: Group) -> Self {
        Self {
            group,
            calibrated: None,
            orders: Orders::new(0, stream(0, "")),
            twins: Vec::new(),
            far: BTreeMap::new(),
            out: BTreeSet::new(),
            diagnosed: BTreeSet::new(),
            digest: None,
            events: Vec::new(),
            rounds: 0,
            round_ns: 0,
            far_ns: 0,
            measured: (0, 0),
            foreign: Vec::new(),
            decided: false,
        }
    }

    /// Its sweep, if it is in one.
    pub(super) fn series(&self) -> Option<(&str, &str)> {
        self.group.planned.sweep.as_ref().map(|sweep| (sweep.series.as_str(), sweep.knob.as_str()))
    }

    /// Whether it checks the engine instead of answering a question.
    pub(super) fn is_check(&self) -> bool {
        !self.group.planned.known.is_empty()
    }

    pub(super) fn is_announced(&self) -> bool {
        !self.events.is_empty()
    }

    pub(super) fn is_calibrated(&self) -> bool {
        self.calibrated.is_some()
    }

    pub(super) fn iterations(&self) -> u32 {
        self.calibrated.as_ref().map_or(1, |calibrated| calibrated.iterations)
    }

    pub(super) fn twins(&self) -> u32 {
        self.twins.len() as u32
    }

    /// Alternatives that have a twin and are alive.
    pub(super) fn with_twins(&self) -> Vec<usize> {
        let alive = |of: &usize| !self.out.contains(&self.group.alternatives[*of].config.cell);
        self.twins.iter().map(|(_, of)| *of).filter(alive).collect()
    }

    pub(super) fn reference(&self) -> Option<&Alternative> {
        self.group.alternatives.iter().find(|one| one.reference)
    }

    /// What a round samples: what its sample is called, and how it is started. Twins come after the cells.
    pub(super) fn entry(&self, index: usize) -> (String, &Alternative) {
        let alternatives = &self.group.alternatives;
        if let Some(one) = alternatives.get(index) {
            return (one.config.cell.clone(), one);
        }
        let (id, of) = &self.twins[index - alternatives.len()];
        (id.clone(), &alternatives[*of])
    }

    /// Whether its answer must be that of the reference.
    pub(super) fn asks_the_same(&self, one: &Alternative) -> bool {
        self.reference().is_none_or(|reference| reference.config.knobs == one.config.knobs)
    }

    /// One iteration of a cell, as calibration saw it.
    pub(super) fn once_ns(&self, cell: &str) -> Option<u64> {
        self.calibrated.as_ref()?.once_ns.get(cell).copied()
    }

    /// Twins of so many cells that are near, right and alive. Any of them, since the model that has trouble measuring
    /// itself twice is the one to find.
    pub(super) fn draw_twins(&self, count: u32, far: &[String], seed: u64) -> Vec<Twin> {
        let may = |one: &&Alternative| {
            let cell = &one.config.cell;
            !one.wrong && !one.guest && !far.contains(cell) && !self.out.contains(cell)
        };
        // All are put in order before it is asked who may: whether one is far must not decide about the others.
        let mut order: Vec<&Alternative> = self.group.alternatives.iter().collect();
        stream(seed, &format!("twin {}", self.group.planned.id)).shuffle(&mut order);
        let twin = |one: &Alternative| Twin { id: format!("{}~twin", one.config.cell), of: one.config.cell.clone() };
        order.into_iter().filter(may).take(count as usize).map(twin).collect()
    }

    /// What calibration decided. `once_ns` is known for whoever ran.
    pub(super) fn calibrated(&mut self, calibrated: Calibrated, seed: u64) {
        let Calibrated { iterations, far, once_ns, digest, twins, .. } = &calibrated;
        let near_ns: u64 = once_ns.iter().filter(|(cell, _)| !far.contains(cell)).map(|(_, ns)| ns).sum();
        let twins_ns: u64 = twins.iter().filter_map(|twin| once_ns.get(&twin.of)).sum();
        let samples = once_ns.len() + twins.len() - far.len() + usize::from(self.group.probe > 0);
        self.round_ns = (near_ns + twins_ns) * u64::from(iterations + 1) + samples as u64 * OVERHEAD_NS;
        let once = |cell: &String| once_ns.get(cell).copied().unwrap_or(0);
        let far_sample = |cell: &String| once(cell) * u64::from(1 + warm_up(once(cell))) + OVERHEAD_NS;
        self.far_ns = far.iter().map(far_sample).sum();
        self.far = far.iter().map(|cell| (cell.clone(), once(cell))).collect();
        self.digest.clone_from(digest);
        let place = |twin: &Twin| {
            let of = self.group.alternatives.iter().position(|one| one.config.cell == twin.of)?;
            Some((twin.id.clone(), of))
        };
        self.twins = twins.iter().filter_map(place).collect();
        let size = self.group.alternatives.len() + self.twins.len();
        self.orders = Orders::new(size, stream(seed, &format!("orders {}", self.group.planned.id)));
        self.calibrated = Some(calibrated);
    }

    /// The order of its next round.
    pub(super) fn order(&mut self) -> Vec<usize> {
        self.orders.draw()
    }

    /// A round is over.
    pub(super) fn finished(&mut self, round: &Round) {
        self.rounds = round.round;
        self.foreign.extend(round.foreign);
        if round.round > FAR_ROUNDS {
            self.measured = (self.measured.0 + 1, self.measured.1 + round.wall_ns);
            self.round_ns = self.measured.1 / u64::from(self.measured.0);
        }
    }

    /// How long these rounds take; none where everything is decided.
    pub(super) fn cost_ns(&self, first: u32, last: u32) -> u64 {
        let first = first.max(self.rounds + 1);
        let rounds = |last: u32| if self.decided { 0 } else { u64::from((last + 1).saturating_sub(first)) };
        self.round_ns * rounds(last) + self.far_ns * rounds(last.min(FAR_ROUNDS))
    }

    /// What happened up to the end of this round.
    pub(super) fn up_to(&self, round: u32) -> &[Event] {
        let last = |event: &Event| matches!(event, Event::Round(over) if over.round == round);
        let end = self.events.iter().position(last).map_or(self.events.len(), |last| last + 1);
        &self.events[..end]
    }

    /// Takes up what the journal says of it.
    pub(super) fn restore(&mut self, past: &[Event], seed: u64) {
        let id = self.group.planned.id.clone();
        for event in past.iter().filter(|event| group_of(event) == Some(id.as_str())) {
            match event {
                Event::Calibrated(calibrated) => self.calibrated(calibrated.clone(), seed),
                Event::Sample(Sample { cell, outcome, .. }) if !matches!(outcome, Outcome::Measured { .. }) => {
                    let of = self.twins.iter().find(|(id, _)| id == cell);
                    let of = of.map_or(cell, |(_, of)| &self.group.alternatives[*of].config.cell).clone();
                    self.out.insert(of);
                }
                Event::Diagnosis { cell, .. } => _ = self.diagnosed.insert(cell.clone()),
                Event::Round(round) => {
                    self.order();
                    self.finished(round);
                }
                _ => {}
            }
            self.events.push(event.clone());
        }
    }
}
