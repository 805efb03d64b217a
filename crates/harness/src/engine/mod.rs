//! Which sample comes next: calibration, then rounds in which every alternative of a group is sampled once, in random
//! and balanced order, until everything is decided, the last look is over, or the time is.
//!
//! The engine sees a [`Sampler`] and nothing of a machine; what happens leaves it as a stream of journal events, and
//! what it decides it decides by [`analysis`] of those same events. All that is random is drawn from the seed and a name
//! (a group, a round), so a run that was resumed goes on in the very order it would have had.

mod calibration;
mod noise;
mod order;
mod running;
mod sampling;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use results::RunStatus;
use results::journal::{Event, PlannedGroup};

pub use self::calibration::calibrate;
use self::noise::Waiting;
pub(crate) use self::noise::limit as noise_limit;
use self::order::stream;
use self::running::Running;
use crate::analysis;
use crate::launcher::Launcher;
use crate::protocol::Config;
use crate::sampler::Sampler;

/// A group and how its cells are run.
#[derive(Debug, Clone)]
pub struct Group {
    /// What the journal says of it: every cell, whether it runs or not.
    pub planned: PlannedGroup,
    /// The cells that run, the reference among them.
    pub alternatives: Vec<Alternative>,
    /// Processes of the capacity probe; 0 for none.
    pub probe: u32,
    /// Of what kind its workload is. Where the time is short, each kind has its turn.
    pub kind: String,
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
    /// A program from elsewhere; see [`crate::Ask::guest`].
    pub guest: bool,
}

/// What was declared before the first sample.
#[derive(Debug, Clone, Default)]
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
    /// A/A twins, so many in all.
    pub twins: u32,
    /// And so many in a group.
    pub twins_each: u32,
    /// Whether whoever has a twin is measured once more, one sample after the other.
    pub serial: bool,
    /// Whether each contender is also sampled once with a recording probe.
    pub diagnose: bool,
    /// How long the cell of each model that stands for it runs in one process at the end; none for not at all.
    pub soak: Option<Duration>,
}

type Emit<'e> = &'e mut dyn FnMut(Event) -> Result<(), String>;
type Grow<'e> = &'e mut dyn FnMut(&[Event]) -> Vec<Group>;

/// A run in progress.
pub struct Engine<'e, S> {
    sampler: &'e mut S,
    settings: &'e Settings,
    emit: Emit<'e>,
    stop: &'e dyn Fn() -> bool,
    grow: Option<Grow<'e>>,
    groups: Vec<Running>,
    /// What the journal held when the run was resumed.
    past: &'e [Event],
    twins: u32,
    waiting: Waiting,
}

impl<S> std::fmt::Debug for Engine<'_, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("settings", self.settings).finish_non_exhaustive()
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
        emit: Emit<'e>,
        stop: &'e dyn Fn() -> bool,
    ) -> Self {
        let groups = groups.into_iter().map(Running::new).collect();
        let waiting = Waiting::new(settings.budget);
        Self { sampler, settings, emit, stop, grow: None, groups, past: &[], twins: 0, waiting }
    }

    /// Goes on where these events, [settled](crate::journal::settled), ended.
    #[must_use]
    pub fn resuming(mut self, past: &'e [Event]) -> Self {
        self.past = past;
        self.groups.iter_mut().for_each(|running| running.restore(past, self.settings.seed));
        self.twins = self.groups.iter().map(Running::twins).sum();
        self
    }

    /// Lets groups join while the run goes on: after each look `grow` is given everything that happened up to it, until
    /// it returns none that is new. What joins is measured up to that look before the next begins. In a run that was
    /// resumed `grow` is asked again, and what it returns is taken up where the journal left it.
    #[must_use]
    pub fn growing(mut self, grow: Grow<'e>) -> Self {
        self.grow = Some(grow);
        self
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
        self.begin(0)?;
        let mut done = 0;
        for look in self.settings.looks.clone() {
            self.until(done + 1, look)?;
            while let Some(joined) = self.join(look) {
                self.begin(joined)?;
                self.until(1, look)?;
            }
            done = look;
        }
        self.serial(done)?;
        self.soak()
    }

    /// Groups from this one on enter the run.
    fn begin(&mut self, first: usize) -> Result<(), Ended> {
        // All of them first, so that a run that ends here still says what it did not come to.
        for group in first..self.groups.len() {
            if !self.groups[group].is_announced() {
                let planned = self.groups[group].group.planned.clone();
                self.note(group, Event::Group(planned))?;
            }
        }
        let mut order: Vec<usize> = (first..self.groups.len()).collect();
        order.sort_by_key(|&group| !self.groups[group].is_check());
        for &group in &order {
            if !self.groups[group].is_calibrated() {
                self.calibrate(group)?;
            }
        }
        order.into_iter().try_for_each(|group| self.diagnose(group))
    }

    /// Takes in groups that are asked for by what is known at this look; the first of them.
    fn join(&mut self, look: u32) -> Option<usize> {
        let grow = self.grow.as_mut()?;
        let so_far: Vec<Event> = self.groups.iter().flat_map(|running| running.up_to(look)).cloned().collect();
        let first = self.groups.len();
        for group in grow(&so_far) {
            if self.groups.iter().any(|running| running.group.planned.id == group.planned.id) {
                continue;
            }
            let mut running = Running::new(group);
            running.restore(self.past, self.settings.seed);
            self.twins += running.twins();
            self.groups.push(running);
        }
        (self.groups.len() > first).then_some(first)
    }

    /// The rounds up to a look. All groups share them as long as the time allows all to get there; from then on one
    /// block is finished after another, so that as many as possible have verdicts, and only then comes a next look. The
    /// first round is everybody's, whatever the time allows: a preview of all.
    fn until(&mut self, first: u32, look: u32) -> Result<(), Ended> {
        let all: Vec<usize> = (0..self.groups.len()).collect();
        for round in first..=look {
            if round > 1 && !self.fits(round, look) {
                for block in self.blocks(round, look) {
                    (round..=look).try_for_each(|round| self.share(&block, round))?;
                    self.look(&block, look);
                }
                return Ok(());
            }
            self.share(&all, round)?;
        }
        self.look(&all, look);
        Ok(())
    }

    /// A round of those of these groups that have not had it, in random order.
    fn share(&mut self, block: &[usize], round: u32) -> Result<(), Ended> {
        let mut order: Vec<usize> = (0..self.groups.len()).collect();
        stream(self.settings.seed, &format!("round {round}")).shuffle(&mut order);
        let open = |group: &usize| {
            let running = &self.groups[*group];
            block.contains(group) && !running.decided && running.rounds < round
        };
        let open: Vec<usize> = order.into_iter().filter(open).collect();
        open.into_iter().try_for_each(|group| self.round(group, round))
    }

    /// Whether there is time for these rounds of every group that is still open.
    fn fits(&self, first: u32, last: u32) -> bool {
        let needed: u64 = self.groups.iter().map(|group| group.cost_ns(first, last)).sum();
        let left = self.settings.budget.map(|budget| budget.saturating_sub(self.sampler.now()));
        left.is_none_or(|left| Duration::from_nanos(needed) <= left)
    }

    /// The groups of a sweep together, since its crossovers are found within rounds; every other group alone. What checks
    /// the engine goes first, since it vouches for the rest; then sweeps, which were asked for; then one group of each kind
    /// after the other, and of a kind whatever takes least, so that most groups get their verdicts and no kind goes without.
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
        let rank = |running: &Running| (!running.is_check(), running.series().is_none());
        blocks.sort_by_key(|block| (rank(&self.groups[block[0]]), cost(block)));
        let kind = |block: &Vec<usize>| self.groups[block[0]].group.kind.as_str();
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        let mut turns: Vec<(usize, Vec<usize>)> = Vec::with_capacity(blocks.len());
        for block in blocks {
            let turn = seen.entry(kind(&block)).or_default();
            turns.push((*turn, block));
            *turn += 1;
        }
        // Stable: of one turn, the order of before.
        turns.sort_by_key(|(turn, block)| (rank(&self.groups[block[0]]), *turn));
        turns.into_iter().map(|(_, block)| block).collect()
    }

    /// Verdicts are taken; a group in which everything is decided needs no more rounds. The groups of a sweep go on
    /// together, or later rounds would see only a part of its curves. A resumed run may know later rounds of some; here
    /// they do not count.
    fn look(&mut self, block: &[usize], look: u32) {
        let done = |running: &Running| running.decided || analysis::decided(running.up_to(look), self.settings);
        let done: Vec<(usize, bool)> = block.iter().map(|&group| (group, done(&self.groups[group]))).collect();
        let open = done.iter().filter(|(_, done)| !done).filter_map(|(group, _)| self.groups[*group].series());
        let open: BTreeSet<(String, String)> = open.map(|(id, knob)| (id.to_owned(), knob.to_owned())).collect();
        for (group, done) in done {
            let goes_on = |(id, knob): (&str, &str)| open.contains(&(id.to_owned(), knob.to_owned()));
            self.groups[group].decided = done && !self.groups[group].series().is_some_and(goes_on);
        }
    }

    fn note(&mut self, group: usize, event: Event) -> Result<(), Ended> {
        self.groups[group].events.push(event.clone());
        (self.emit)(event).map_err(Ended::Lost)
    }
}
