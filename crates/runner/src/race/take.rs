//! Taking the samples of a race: first each broken version until it shows, then all versions in the same rounds.

use std::collections::BTreeMap;
use std::time::Duration;

use harness::engine::{Alternative, Group};
use harness::protocol::Config;
use harness::{Ask, Sampled, Sampler};
use results::journal::Outcome;
use results::race::FAULTS;

/// How often, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Tries of a broken version.
    pub(super) tries: u32,
    /// What these may take.
    pub(super) trying: Duration,
    /// Rounds of all versions.
    pub(super) rounds: u32,
    /// What tries and rounds together may take.
    pub(super) budget: Duration,
    /// Of the order within rounds.
    pub(super) seed: u64,
}

/// A version of a workload, broken or fixed, and what came of it.
pub(super) struct Version<'g> {
    pub(super) cell: &'g Alternative,
    pub(super) tries: u32,
    pub(super) seen_at_try: Option<u32>,
    pub(super) runs: Vec<Sample>,
    /// It failed or timed out, and was left alone from then on.
    pub(super) trouble: Option<Outcome>,
}

/// One sample.
pub(super) struct Sample {
    /// From 1; 0 for a try.
    pub(super) round: u32,
    pub(super) elapsed_ns: f64,
    pub(super) metrics: BTreeMap<String, f64>,
}

impl Sample {
    /// Whether something was lost, or went wrong in another way that is counted.
    pub(super) fn went_wrong(&self) -> bool {
        let counted = |id: &str| self.metrics.get(id).is_some_and(|times| *times > 0.0);
        counted("wrong_answers") || counted("lost_updates") || FAULTS.into_iter().any(counted)
    }
}

/// What is going on, for whoever waits.
pub(super) enum Now<'n> {
    /// A new part begins.
    Part(String),
    /// A cell of it runs.
    Cell(&'n str),
}

/// One workload being measured.
pub(super) struct Taking<'g, 't, S> {
    versions: Vec<Version<'g>>,
    digest: Option<String>,
    sampler: &'t mut S,
    began: Duration,
    limits: Limits,
    tell: &'t mut dyn FnMut(Now<'_>),
    stop: &'t dyn Fn() -> bool,
}

/// All versions of a workload, and how many rounds were finished.
pub(super) fn take<'g, S: Sampler>(
    group: &'g Group,
    limits: Limits,
    sampler: &mut S,
    tell: &mut dyn FnMut(Now<'_>),
    stop: &dyn Fn() -> bool,
) -> (Vec<Version<'g>>, u32) {
    let version = |cell| Version { cell, tries: 0, seen_at_try: None, runs: Vec::new(), trouble: None };
    let versions = group.alternatives.iter().map(version).collect();
    let began = sampler.now();
    let mut taking = Taking { versions, digest: None, sampler, began, limits, tell, stop };
    let id = &group.planned.id;
    taking.reference(id);
    taking.tries(id);
    let rounds = taking.rounds(id);
    (taking.versions, rounds)
}

impl<S: Sampler> Taking<'_, '_, S> {
    /// The answer that all fixes must give.
    fn reference(&mut self, group: &str) {
        (self.tell)(Now::Part(format!("{group}: the right answer")));
        if let Some(index) = self.versions.iter().position(|version| version.cell.reference) {
            self.digest = self.sample(index, 0).and_then(|sampled| sampled.digest);
            // It is neither a try nor in a round.
            self.versions[index].runs.clear();
        }
    }

    /// Each broken version until its race shows.
    fn tries(&mut self, group: &str) {
        let broken: Vec<usize> = (0..self.versions.len()).filter(|index| self.versions[*index].cell.wrong).collect();
        // Rounds must have their part of the time even where nothing shows.
        let each = self.limits.trying.min(self.limits.budget / 2 / broken.len().max(1) as u32);
        for index in broken {
            let began = self.sampler.now();
            let name = contender(&self.versions[index].cell.config);
            (self.tell)(Now::Part(format!("{group}: {name} until its race shows, up to {} times", self.limits.tries)));
            for number in 1..=self.limits.tries {
                if (self.stop)() || self.sampler.now() - began > each || self.sample(index, 0).is_none() {
                    break;
                }
                let version = &mut self.versions[index];
                version.tries = number;
                if version.runs.last().is_some_and(Sample::went_wrong) {
                    version.seen_at_try = Some(number);
                    break;
                }
            }
        }
    }

    /// All versions side by side: one round of everything, then as many as the time allows. How many were finished.
    fn rounds(&mut self, group: &str) -> u32 {
        let mut random = fastrand::Rng::with_seed(self.limits.seed);
        let mut order: Vec<usize> = (0..self.versions.len()).collect();
        let mut longest = Duration::ZERO;
        for round in 1..=self.limits.rounds {
            let began = self.sampler.now();
            if round > 1 && began - self.began + longest > self.limits.budget {
                return round - 1;
            }
            (self.tell)(Now::Part(format!("{group}: round {round} of {}", self.limits.rounds)));
            random.shuffle(&mut order);
            for index in &order {
                let late = self.sampler.now() - self.began > self.limits.budget;
                if late || (self.stop)() {
                    // What was begun is in no round of all versions; but of the first it is better than nothing.
                    let keeps = |run: &Sample| run.round < round || round == 1;
                    self.versions.iter_mut().for_each(|version| version.runs.retain(keeps));
                    return round - 1;
                }
                self.sample(*index, round);
            }
            longest = longest.max(self.sampler.now() - began);
        }
        self.limits.rounds
    }

    /// One sample of a version that has not failed yet; nothing where it fails.
    fn sample(&mut self, index: usize, round: u32) -> Option<Sampled> {
        let version = &mut self.versions[index];
        if version.trouble.is_some() {
            return None;
        }
        let Alternative { launcher, config, wrong, guest, .. } = version.cell;
        let digest = if *wrong { None } else { self.digest.clone() };
        let config = Config { warmup: 1, iterations: 1, digest, ..config.clone() };
        (self.tell)(Now::Cell(&config.cell));
        let sampled = self.sampler.sample(Ask { launcher, config: &config, wrong: *wrong, guest: *guest });
        match &sampled.outcome {
            Outcome::Measured { elapsed_ns, metrics, .. } => {
                let elapsed_ns = elapsed_ns.iter().sum::<u64>() as f64 / elapsed_ns.len().max(1) as f64;
                version.runs.push(Sample { round, elapsed_ns, metrics: metrics.clone() });
                Some(sampled)
            }
            trouble => {
                version.trouble = Some(trouble.clone());
                None
            }
        }
    }
}

/// `model/strategy`.
pub(super) fn contender(config: &Config) -> String {
    format!("{}/{}", config.model, config.strategy)
}
