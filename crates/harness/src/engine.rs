//! Which sample comes next: calibration, then rounds in which every alternative of a group is sampled once, in random
//! and balanced order, until everything is decided, the last look is over, or the time is.
//!
//! The engine sees a [`Sampler`] and nothing of a machine; what happens leaves it as a stream of journal events, and
//! what it decides it decides by [`analysis`] of those same events.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use results::RunStatus;
use results::journal::{Calibrated, Event, Outcome, PlannedGroup, Round, Sample};

use crate::analysis;
pub use crate::calibration::calibrate;
use crate::calibration::{FAR_ROUNDS, HOPELESS_NS, warm_up};
use crate::launcher::Launcher;
use crate::order::Orders;
use crate::protocol::Config;
use crate::sampler::{Ask, Load, Sampled, Sampler};

/// A group and how its cells are run.
#[derive(Debug, Clone)]
pub struct Group {
    /// What the journal says of it: every cell, whether it runs or not.
    pub planned: PlannedGroup,
    /// The cells that run, the reference among them.
    pub alternatives: Vec<Alternative>,
    /// Processes of the capacity probe; 0 for none.
    pub probe: u32,
}

/// A cell that runs.
#[derive(Debug, Clone)]
pub struct Alternative {
    /// How it is started.
    pub launcher: Launcher,
    /// What it is asked, but for iterations, warm-up and digest, which the engine sets.
    pub config: Config,
    /// A counterexample.
    pub wrong: bool,
    /// The reference of its group.
    pub reference: bool,
    /// A program from elsewhere; see [`Ask::guest`].
    pub guest: bool,
}

/// What was declared before the first sample.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Seed of the order.
    pub seed: u64,
    /// Rounds after which verdicts are taken, ascending.
    pub looks: Vec<u32>,
    /// Chance of any false separation per group, over all looks.
    pub alpha: f64,
    /// Half-width of the tie band.
    pub delta: f64,
    /// Cap on wall time.
    pub budget: Option<Duration>,
}

/// Starting a sample and ending it, for estimates: measured 1.4 ms, and some input.
const OVERHEAD_NS: u64 = 8_000_000;

/// A run in progress.
pub struct Engine<'e, S> {
    sampler: &'e mut S,
    settings: &'e Settings,
    emit: &'e mut dyn FnMut(Event) -> Result<(), String>,
    stop: &'e dyn Fn() -> bool,
    random: fastrand::Rng,
    groups: Vec<Running>,
}

impl<S> std::fmt::Debug for Engine<'_, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("settings", self.settings).finish_non_exhaustive()
    }
}

/// A group in a run.
struct Running {
    group: Group,
    orders: Orders,
    iterations: u32,
    /// Far contenders, and what one iteration of each takes, ns.
    far: BTreeMap<String, u64>,
    out: BTreeSet<String>,
    digest: Option<String>,
    events: Vec<Event>,
    rounds: u32,
    /// A round of those that are near: estimated, then measured.
    round_ns: u64,
    /// What the far ones add to it.
    far_ns: u64,
    /// Rounds without far contenders, and the time they took.
    measured: (u32, u64),
    decided: bool,
}

impl Running {
    /// Its sweep, if it is in one.
    fn series(&self) -> Option<(&str, &str)> {
        self.group.planned.sweep.as_ref().map(|sweep| (sweep.series.as_str(), sweep.knob.as_str()))
    }

    /// How long these rounds take; none where everything is decided.
    fn cost_ns(&self, first: u32, last: u32) -> u64 {
        let rounds = |last: u32| if self.decided { 0 } else { u64::from((last + 1).saturating_sub(first)) };
        self.round_ns * rounds(last) + self.far_ns * rounds(last.min(FAR_ROUNDS))
    }
}

/// Why a run ends before its last look.
enum Ended {
    Stopped,
    Spent,
    /// The journal cannot be written.
    Lost(String),
}

impl<'e, S: Sampler> Engine<'e, S> {
    /// A run over these groups. `emit` takes each event as it happens; `stop` is asked before every sample.
    pub fn new(
        groups: Vec<Group>,
        settings: &'e Settings,
        sampler: &'e mut S,
        emit: &'e mut dyn FnMut(Event) -> Result<(), String>,
        stop: &'e dyn Fn() -> bool,
    ) -> Self {
        let running = |group: Group| Running {
            orders: Orders::new(group.alternatives.len()),
            group,
            iterations: 1,
            far: BTreeMap::new(),
            out: BTreeSet::new(),
            digest: None,
            events: Vec::new(),
            rounds: 0,
            round_ns: 0,
            far_ns: 0,
            measured: (0, 0),
            decided: false,
        };
        let groups = groups.into_iter().map(running).collect();
        Self { sampler, settings, emit, stop, random: fastrand::Rng::with_seed(settings.seed), groups }
    }

    /// Runs to the end.
    ///
    /// # Errors
    /// Where an event cannot be written: what was written before is complete.
    pub fn run(mut self) -> Result<RunStatus, String> {
        match self.measure() {
            Ok(()) => Ok(RunStatus::Complete),
            Err(Ended::Stopped) => Ok(RunStatus::Interrupted),
            Err(Ended::Spent) => Ok(RunStatus::Budget),
            Err(Ended::Lost(why)) => Err(why),
        }
    }

    fn measure(&mut self) -> Result<(), Ended> {
        for group in 0..self.groups.len() {
            let planned = self.groups[group].group.planned.clone();
            self.note(group, Event::Group(planned))?;
            self.calibrate(group)?;
        }
        let mut done = 0;
        for look in self.settings.looks.clone() {
            self.until(done + 1, look)?;
            done = look;
        }
        Ok(())
    }

    /// The rounds up to a look. All groups share them as long as the time allows all to get there; from then on one
    /// block is finished after another, so that as many as possible have verdicts, and only then comes a next look.
    fn until(&mut self, first: u32, look: u32) -> Result<(), Ended> {
        let all: Vec<usize> = (0..self.groups.len()).collect();
        for round in first..=look {
            if !self.fits(round, look) {
                for block in self.blocks(round, look) {
                    (round..=look).try_for_each(|round| self.share(&block, round))?;
                    self.look(&block);
                }
                return Ok(());
            }
            self.share(&all, round)?;
        }
        self.look(&all);
        Ok(())
    }

    /// A round of these groups, in random order.
    fn share(&mut self, block: &[usize], round: u32) -> Result<(), Ended> {
        let mut open: Vec<usize> = block.iter().copied().filter(|&group| !self.groups[group].decided).collect();
        self.random.shuffle(&mut open);
        open.into_iter().try_for_each(|group| self.round(group, round))
    }

    /// Whether there is time for these rounds of every group that is still open.
    fn fits(&self, first: u32, last: u32) -> bool {
        let needed: u64 = self.groups.iter().map(|group| group.cost_ns(first, last)).sum();
        let left = self.settings.budget.map(|budget| budget.saturating_sub(self.sampler.now()));
        left.is_none_or(|left| Duration::from_nanos(needed) <= left)
    }

    /// The groups of a sweep together, since its crossovers are found within rounds; every other group alone. Sweeps
    /// were asked for and go first, then whatever takes least, so that most groups get their verdicts.
    fn blocks(&self, first: u32, last: u32) -> Vec<Vec<usize>> {
        let mut blocks: Vec<Vec<usize>> = Vec::new();
        for (index, running) in self.groups.iter().enumerate() {
            let same =
                |block: &&mut Vec<usize>| running.series().is_some_and(|id| self.groups[block[0]].series() == Some(id));
            match blocks.iter_mut().find(same) {
                Some(block) => block.push(index),
                None => blocks.push(vec![index]),
            }
        }
        let cost = |block: &Vec<usize>| block.iter().map(|&group| self.groups[group].cost_ns(first, last)).sum::<u64>();
        blocks.sort_by_key(|block| (self.groups[block[0]].series().is_none(), cost(block)));
        blocks
    }

    /// One iteration of each alternative, the reference first: its digest is what the others are held to.
    fn calibrate(&mut self, group: usize) -> Result<(), Ended> {
        let alternatives = &self.groups[group].group.alternatives;
        let mut order: Vec<usize> = (0..alternatives.len()).collect();
        order.sort_by_key(|&index| !alternatives[index].reference);
        let reference = alternatives.iter().find(|one| one.reference).map(|one| one.config.cell.clone());
        let ranked = alternatives.iter().filter(|one| !one.wrong).map(|one| one.config.cell.clone()).collect();
        let reference = reference.unwrap_or_default();
        let mut once_ns: BTreeMap<String, u64> = BTreeMap::new();
        let mut position = 0;
        // A single slow iteration is no reason to give a contender up: who seems far is looked at twice more.
        for again in [false, true, true] {
            let (_, far) = calibrate(&once_ns, &ranked, &reference);
            for &index in &order {
                let running = &self.groups[group];
                let cell = running.group.alternatives[index].config.cell.clone();
                let hopeless = once_ns.get(&cell).is_some_and(|ns| *ns > HOPELESS_NS);
                if running.out.contains(&cell) || (again && (hopeless || !far.contains(&cell))) {
                    continue;
                }
                let sampled = self.sample(group, index, (1, 1), (0, position))?;
                position += 1;
                if let Outcome::Measured { elapsed_ns, .. } = &sampled.outcome {
                    let once = elapsed_ns.iter().copied().min().unwrap_or(0);
                    once_ns.entry(cell).and_modify(|least| *least = once.min(*least)).or_insert(once);
                }
                if self.groups[group].group.alternatives[index].reference {
                    self.groups[group].digest = sampled.digest;
                }
            }
        }
        let (iterations, far) = calibrate(&once_ns, &ranked, &reference);
        let running = &mut self.groups[group];
        let near_ns: u64 = once_ns.iter().filter(|(cell, _)| !far.contains(cell)).map(|(_, ns)| ns).sum();
        let samples = once_ns.len() as u64 - far.len() as u64 + u64::from(running.group.probe > 0);
        running.round_ns = near_ns * u64::from(iterations + 1) + samples * OVERHEAD_NS;
        let far_sample = |cell: &String| once_ns[cell] * u64::from(1 + warm_up(once_ns[cell])) + OVERHEAD_NS;
        running.far_ns = far.iter().map(far_sample).sum();
        running.iterations = iterations;
        running.far = far.iter().map(|cell| (cell.clone(), once_ns[cell])).collect();
        let digest = running.digest.clone();
        let id = running.group.planned.id.clone();
        self.note(group, Event::Calibrated(Calibrated { group: id, iterations, far, once_ns, digest }))
    }

    /// One sample of every alternative, then the capacity probe.
    fn round(&mut self, group: usize, round: u32) -> Result<(), Ended> {
        let began = (self.sampler.now(), self.sampler.load());
        let mut timed_ns = 0;
        let mut reference_ns = None;
        let order = self.groups[group].orders.next(&mut self.random);
        for (position, index) in order.into_iter().enumerate() {
            let running = &self.groups[group];
            let one = &running.group.alternatives[index];
            let far = running.far.get(&one.config.cell);
            if running.out.contains(&one.config.cell) || (far.is_some() && round > FAR_ROUNDS) {
                continue;
            }
            let is_reference = one.reference;
            let runs = far.map_or((1, running.iterations), |once_ns| (warm_up(*once_ns), 1));
            let sampled = self.sample(group, index, runs, (round, position as u32))?;
            if let Outcome::Measured { elapsed_ns, .. } = &sampled.outcome {
                let sum: u64 = elapsed_ns.iter().sum();
                timed_ns += sum;
                reference_ns = if is_reference { Some(sum) } else { reference_ns };
            }
        }
        timed_ns += self.probe(group, round, reference_ns)?;
        let (foreign, steal) = between(began.1, self.sampler.load(), self.sampler.now().saturating_sub(began.0));
        let wall_ns = self.sampler.now().saturating_sub(began.0).as_nanos() as u64;
        let running = &mut self.groups[group];
        running.rounds = round;
        if round > FAR_ROUNDS {
            running.measured = (running.measured.0 + 1, running.measured.1 + wall_ns);
            running.round_ns = running.measured.1 / u64::from(running.measured.0);
        }
        let id = running.group.planned.id.clone();
        self.note(group, Event::Round(Round { round, group: id, wall_ns, timed_ns, foreign, steal }))
    }

    /// What the machine gives to so many independent copies of the reference at once, in rates of the one that ran
    /// alone in this round. The time that lay in timed regions.
    fn probe(&mut self, group: usize, round: u32, reference_ns: Option<u64>) -> Result<u64, Ended> {
        let running = &self.groups[group];
        let reference = running.group.alternatives.iter().find(|one| one.reference);
        let (Some(reference), Some(alone), true) = (reference, reference_ns, running.group.probe > 0) else {
            return Ok(0);
        };
        let config = Config { iterations: running.iterations, warmup: 1, ..reference.config.clone() };
        let ask = Ask { launcher: &reference.launcher, config: &config, wrong: false, guest: false };
        let copies = vec![ask; running.group.probe as usize];
        let times: Vec<Option<u64>> = self
            .sampler
            .together(&copies)
            .into_iter()
            .map(|sampled| match sampled.outcome {
                Outcome::Measured { elapsed_ns, .. } => Some(elapsed_ns.iter().sum()),
                Outcome::Failed { .. } | Outcome::TimedOut { .. } => None,
            })
            .collect();
        let rates = times.iter().map(|time| time.map(|time: u64| alone as f64 / time.max(1) as f64));
        let capacity = rates.sum::<Option<f64>>();
        let id = running.group.planned.id.clone();
        self.note(group, Event::Capacity { round, group: id, capacity })?;
        Ok(times.into_iter().flatten().max().unwrap_or(0))
    }

    /// Verdicts are taken; a group in which everything is decided needs no more rounds. The groups of a sweep go on
    /// together, or later rounds would see only a part of its curves.
    fn look(&mut self, block: &[usize]) {
        let done = |running: &Running| running.decided || analysis::decided(&running.events, self.settings);
        let done: Vec<(usize, bool)> = block.iter().map(|&group| (group, done(&self.groups[group]))).collect();
        let open = done.iter().filter(|(_, done)| !done).filter_map(|(group, _)| self.groups[*group].series());
        let open: BTreeSet<(String, String)> = open.map(|(id, knob)| (id.to_owned(), knob.to_owned())).collect();
        for (group, done) in done {
            let goes_on = |(id, knob): (&str, &str)| open.contains(&(id.to_owned(), knob.to_owned()));
            self.groups[group].decided = done && !self.groups[group].series().is_some_and(goes_on);
        }
    }

    fn sample(
        &mut self,
        group: usize,
        index: usize,
        (warmup, iterations): (u32, u32),
        (round, position): (u32, u32),
    ) -> Result<Sampled, Ended> {
        if (self.stop)() {
            return Err(Ended::Stopped);
        }
        if self.settings.budget.is_some_and(|budget| self.sampler.now() >= budget) {
            return Err(Ended::Spent);
        }
        let running = &self.groups[group];
        let one = &running.group.alternatives[index];
        let config = Config { warmup, iterations, digest: running.digest.clone(), ..one.config.clone() };
        let sampled =
            self.sampler.sample(Ask { launcher: &one.launcher, config: &config, wrong: one.wrong, guest: one.guest });
        // A sample that the user's second Ctrl-C killed is not the contender's failure.
        if !matches!(sampled.outcome, Outcome::Measured { .. }) {
            if (self.stop)() {
                return Err(Ended::Stopped);
            }
            self.groups[group].out.insert(config.cell.clone());
        }
        let (id, cell) = (self.groups[group].group.planned.id.clone(), config.cell);
        let outcome = sampled.outcome.clone();
        self.note(group, Event::Sample(Sample { round, group: id, cell, position, outcome }))?;
        Ok(sampled)
    }

    fn note(&mut self, group: usize, event: Event) -> Result<(), Ended> {
        self.groups[group].events.push(event.clone());
        (self.emit)(event).map_err(Ended::Lost)
    }
}

/// Shares of the machine that others used, and that the hypervisor took, between two readings.
fn between(before: Option<Load>, after: Option<Load>, wall: Duration) -> (Option<f64>, Option<f64>) {
    let (Some(before), Some(after)) = (before, after) else { return (None, None) };
    let all = wall.as_secs_f64() * f64::from(after.cpus);
    if all <= 0.0 {
        return (None, None);
    }
    let busy = after.busy.saturating_sub(before.busy).as_secs_f64();
    let own = after.own.saturating_sub(before.own).as_secs_f64();
    let steal = after.steal.saturating_sub(before.steal).as_secs_f64();
    (Some(((busy - own) / all).max(0.0)), Some(steal / all))
}
