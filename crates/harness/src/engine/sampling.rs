//! The samples themselves: calibration, a round, the capacity probe, the diagnostic pass, the soak.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use results::journal::{Calibrated, Event, Outcome, Round, Sample, Soak};

use super::calibration::{FAR_ROUNDS, HOPELESS_NS, calibrate, lasting, seem_far, warm_up};
use super::{Alternative, Ended, Engine, noise};
use crate::protocol::Config;
use crate::sampler::{Ask, Load, Sampled, Sampler};
use crate::statistics::median;

/// How long a diagnostic pass observes, at least one iteration.
const DIAGNOSED_NS: u64 = 4_000_000;

/// The place of a sample.
#[derive(Clone, Copy)]
struct Place {
    /// 0 for calibration.
    round: u32,
    position: u32,
}

impl<S: Sampler> Engine<'_, S> {
    /// One iteration of each alternative, the reference first: its digest is what the others are held to.
    pub(super) fn calibrate(&mut self, group: usize) -> Result<(), Ended> {
        let alternatives = &self.groups[group].group.alternatives;
        let mut order: Vec<usize> = (0..alternatives.len()).collect();
        order.sort_by_key(|&index| !alternatives[index].reference);
        let reference = self.groups[group].reference().map(|one| one.config.cell.clone()).unwrap_or_default();
        let ranked = alternatives.iter().filter(|one| !one.wrong).map(|one| one.config.cell.clone()).collect();
        let mut once_ns: BTreeMap<String, u64> = BTreeMap::new();
        let mut position = 0;
        // A single slow iteration is no reason to give a contender up: who seems far is looked at twice more.
        for again in [false, true, true] {
            let far = seem_far(&once_ns, &ranked, &reference);
            for &index in &order {
                let running = &self.groups[group];
                let cell = running.group.alternatives[index].config.cell.clone();
                let hopeless = once_ns.get(&cell).is_some_and(|ns| *ns > HOPELESS_NS);
                if running.out.contains(&cell) || (again && (hopeless || !far.contains(&cell))) {
                    continue;
                }
                let sampled = self.sample(group, index, (1, 1), Place { round: 0, position })?;
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
        let wanted = self.settings.twins.saturating_sub(self.twins).min(self.settings.twins_each);
        let wanted = if running.is_check() { 0 } else { wanted };
        let twins = running.draw_twins(wanted, &far, self.settings.seed);
        let (digest, id) = (running.digest.clone(), running.group.planned.id.clone());
        let calibrated = Calibrated { group: id, iterations, far, once_ns, digest, twins };
        running.calibrated(calibrated.clone(), self.settings.seed);
        self.twins += self.groups[group].twins();
        self.note(group, Event::Calibrated(calibrated))
    }

    /// One sample of every alternative, then the capacity probe.
    pub(super) fn round(&mut self, group: usize, round: u32) -> Result<(), Ended> {
        let began = (self.sampler.now(), self.sampler.load());
        let mut timed_ns = 0;
        let mut reference_ns = None;
        let order = self.groups[group].order();
        for (position, index) in order.into_iter().enumerate() {
            let running = &self.groups[group];
            let (_, one) = running.entry(index);
            let far = running.far.get(&one.config.cell);
            if running.out.contains(&one.config.cell) || (far.is_some() && round > FAR_ROUNDS) {
                continue;
            }
            let is_reference = one.reference;
            let runs = far.map_or((1, running.iterations()), |once_ns| (warm_up(*once_ns), 1));
            let sampled = self.sample(group, index, runs, Place { round, position: position as u32 })?;
            if let Outcome::Measured { elapsed_ns, .. } = &sampled.outcome {
                let sum: u64 = elapsed_ns.iter().sum();
                timed_ns += sum;
                reference_ns = if is_reference { Some(sum) } else { reference_ns };
            }
        }
        timed_ns += self.probe(group, round, reference_ns)?;
        let (foreign, steal) = between(began.1, self.sampler.load(), self.sampler.now().saturating_sub(began.0));
        let wall_ns = self.sampler.now().saturating_sub(began.0).as_nanos() as u64;
        let id = self.groups[group].group.planned.id.clone();
        let mut round = Round { round, group: id, wall_ns, timed_ns, foreign, steal, waited_ns: 0 };
        self.groups[group].finished(&round);
        let loud = foreign.is_some_and(|foreign| foreign > noise::limit(&self.groups[group].foreign));
        let wait = self.waiting.after(loud, self.sampler.now());
        round.waited_ns = wait.as_nanos() as u64;
        // First the journal: a run that is killed while it waits has not lost the round.
        self.note(group, Event::Round(round))?;
        if !wait.is_zero() {
            self.sampler.rest(wait);
        }
        Ok(())
    }

    /// What the machine gives to so many independent copies of the reference at once, in rates of the one that ran
    /// alone in this round. The time that lay in timed regions.
    fn probe(&mut self, group: usize, round: u32, reference_ns: Option<u64>) -> Result<u64, Ended> {
        let running = &self.groups[group];
        let (Some(reference), Some(alone), true) = (running.reference(), reference_ns, running.group.probe > 0) else {
            return Ok(0);
        };
        // Where the others are slow, a sample of the reference is short: copies that are over before the last has begun
        // would say nothing of what they get at once.
        let lasting = running.once_ns(&reference.config.cell).map_or(1, lasting);
        let iterations = running.iterations().max(u32::try_from(lasting).unwrap_or(u32::MAX));
        let longer = f64::from(iterations) / f64::from(running.iterations().max(1));
        let config = Config { iterations, warmup: 1, ..reference.config.clone() };
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
        let rates = times.iter().map(|time| time.map(|time: u64| longer * alone as f64 / time.max(1) as f64));
        let capacity = rates.sum::<Option<f64>>();
        let id = running.group.planned.id.clone();
        self.note(group, Event::Capacity { round, group: id, capacity })?;
        Ok(times.into_iter().flatten().max().unwrap_or(0))
    }

    /// Each contender that is not hopeless once with a recording probe. Its time is of no interest, so when it is done
    /// does not matter; at the end of a run the time may be spent.
    pub(super) fn diagnose(&mut self, group: usize) -> Result<(), Ended> {
        if !self.settings.diagnose || self.groups[group].is_check() {
            return Ok(());
        }
        for index in 0..self.groups[group].group.alternatives.len() {
            let running = &self.groups[group];
            let one = &running.group.alternatives[index];
            let cell = one.config.cell.clone();
            let far = running.far.contains_key(&cell);
            if one.guest || one.wrong || far || running.out.contains(&cell) || running.diagnosed.contains(&cell) {
                continue;
            }
            // Enough for a count of locks and waits; it is no time that counts.
            let once_ns = running.once_ns(&cell).unwrap_or(DIAGNOSED_NS).max(1);
            let iterations = DIAGNOSED_NS.div_ceil(once_ns).clamp(1, u64::from(running.iterations())) as u32;
            let config = Config { warmup: 1, iterations, observe: true, ..one.config.clone() };
            let outcome = self.ask(group, index, &config)?.outcome;
            let id = self.groups[group].group.planned.id.clone();
            self.groups[group].diagnosed.insert(cell.clone());
            self.note(group, Event::Diagnosis { group: id, cell, outcome })?;
        }
        Ok(())
    }

    /// Whoever has a twin, one sample after the other: what the rounds are better than.
    pub(super) fn serial(&mut self, samples: u32) -> Result<(), Ended> {
        if !self.settings.serial {
            return Ok(());
        }
        for group in 0..self.groups.len() {
            for index in self.groups[group].with_twins() {
                let (cell, one) = self.groups[group].entry(index);
                let iterations = self.groups[group].iterations();
                let config = Config { warmup: 1, iterations, ..one.config.clone() };
                let mut all = Vec::new();
                for _ in 0..2 * samples {
                    if let Outcome::Measured { elapsed_ns, .. } = self.ask(group, index, &config)?.outcome {
                        all.push(elapsed_ns.iter().sum::<u64>() as f64 / elapsed_ns.len().max(1) as f64);
                    }
                }
                let second_ns = all.split_off(all.len() / 2);
                self.note(group, Event::Serial { cell, first_ns: all, second_ns })?;
            }
        }
        Ok(())
    }

    /// One long run of a cell of each model, in the first group that has one: what fresh processes hide. Its first
    /// quarter is compared with its last.
    pub(super) fn soak(&mut self) -> Result<(), Ended> {
        let Some(time) = self.settings.soak else { return Ok(()) };
        let soaked = |event: &Event| if let Event::Soak(soak) = event { Some(soak.cell.clone()) } else { None };
        let soaked: BTreeSet<String> = self.past.iter().filter_map(soaked).collect();
        let alternatives = self.groups.iter().flat_map(|running| &running.group.alternatives);
        let before = alternatives.filter(|one| soaked.contains(&one.config.cell));
        let mut models: BTreeSet<String> = before.map(|one| one.config.model.clone()).collect();
        for group in 0..self.groups.len() {
            if self.groups[group].is_check() {
                continue;
            }
            for index in 0..self.groups[group].group.alternatives.len() {
                let running = &self.groups[group];
                let Alternative { config, wrong, guest, .. } = &running.group.alternatives[index];
                let dull = *wrong || *guest || running.out.contains(&config.cell);
                let once_ns =
                    running.once_ns(&config.cell).filter(|_| !dull && !running.far.contains_key(&config.cell));
                let Some(once_ns) = once_ns.filter(|_| !models.contains(&config.model)) else { continue };
                let iterations = (time.as_nanos() as u64).div_ceil(once_ns.max(1)).clamp(8, 1 << 20) as u32;
                models.insert(config.model.clone());
                let config = Config { warmup: 1, iterations, ..config.clone() };
                let (ratio, failed) = match self.ask(group, index, &config)?.outcome {
                    Outcome::Measured { elapsed_ns, .. } => (Some(late_over_early(&elapsed_ns)), None),
                    Outcome::Failed { reason } | Outcome::TimedOut { reason } => (None, Some(reason)),
                };
                self.note(group, Event::Soak(Soak { cell: config.cell, iterations, ratio, failed }))?;
            }
        }
        Ok(())
    }

    fn sample(
        &mut self,
        group: usize,
        index: usize,
        (warmup, iterations): (u32, u32),
        Place { round, position }: Place,
    ) -> Result<Sampled, Ended> {
        let (name, one) = self.groups[group].entry(index);
        let config = Config { warmup, iterations, ..one.config.clone() };
        let sampled = self.ask(group, index, &config)?;
        if !matches!(sampled.outcome, Outcome::Measured { .. }) {
            self.groups[group].out.insert(config.cell.clone());
        }
        let id = self.groups[group].group.planned.id.clone();
        let outcome = sampled.outcome.clone();
        self.note(group, Event::Sample(Sample { round, group: id, cell: name, position, outcome }))?;
        Ok(sampled)
    }

    /// Takes a sample, unless the run is to end.
    fn ask(&mut self, group: usize, index: usize, config: &Config) -> Result<Sampled, Ended> {
        if (self.stop)() {
            return Err(Ended::Stopped);
        }
        if self.settings.budget.is_some_and(|budget| self.sampler.now() >= budget) {
            return Err(Ended::Spent);
        }
        let running = &self.groups[group];
        let (_, one) = running.entry(index);
        // Whoever is asked something else than the reference has an answer of its own; its oracle judges that.
        let digest = running.digest.clone().filter(|_| running.asks_the_same(one));
        let config = Config { digest, ..config.clone() };
        let sampled =
            self.sampler.sample(Ask { launcher: &one.launcher, config: &config, wrong: one.wrong, guest: one.guest });
        // A sample that the user's second Ctrl-C killed is not the contender's failure.
        if !matches!(sampled.outcome, Outcome::Measured { .. }) && (self.stop)() {
            return Err(Ended::Stopped);
        }
        Ok(sampled)
    }
}

/// The median of the last quarter of iterations over that of the first.
fn late_over_early(elapsed_ns: &[u64]) -> f64 {
    let quarter = elapsed_ns.len() / 4;
    let middle = |part: &[u64]| median(&part.iter().map(|ns| *ns as f64).collect::<Vec<_>>());
    middle(&elapsed_ns[elapsed_ns.len() - quarter..]) / middle(&elapsed_ns[..quarter]).max(1.0)
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
