//! Cells: the one place where types are erased. Virtual calls happen once a round, never once a task.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::error::Error;
use crate::knob::{Knob, Preset};
use crate::map_reduce::MapReduce;
use crate::model::Pattern;
use crate::probe::Observed;
use crate::run::{Done, Round, Run, Start, Units, Watch, WorkerMain, job};
use crate::shared_state::{Answer, SharedState};
use crate::strategy::{Strategies, Support};
use crate::workload::{Job, Size, Workload, Wrong};

/// A workload in a strategy of a model: all that command line, report, benches and tests see.
#[derive(Clone)]
pub struct Cell {
    /// Workload ID.
    pub workload: &'static str,
    /// Its pattern.
    pub pattern: Pattern,
    /// Model ID.
    pub model: &'static str,
    /// Strategy ID.
    pub strategy: &'static str,
    /// Whether and how it runs.
    pub support: Support<Session>,
    /// What its worker processes run.
    pub worker: Option<WorkerMain>,
    /// A counterexample.
    pub wrong: bool,
}

impl Cell {
    /// `model/strategy`.
    #[must_use]
    pub fn contender(&self) -> String {
        format!("{}/{}", self.model, self.strategy)
    }
}

impl std::fmt::Debug for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.workload, self.model, self.strategy)
    }
}

/// What a session is told: knobs as JSON, seed, workers.
#[derive(Debug, Clone)]
pub struct Config {
    /// All knobs of the workload.
    pub knobs: Map<String, Value>,
    /// Seed of the input.
    pub seed: u64,
    /// What the strategy is told.
    pub start: Start,
}

/// Builds the input, so that what follows is the strategy alone.
pub type Session = Arc<dyn Fn(&Config) -> Result<Prepared, Error> + Send + Sync>;
/// Runs a strategy from start to tear-down; the callback gets a verified round to call while the workers are warm.
pub type Prepared = Box<dyn FnOnce(&mut CheckedMeasure<'_>) -> Result<(), Error>>;
/// As [`Measure`](crate::Measure), without types.
pub type CheckedMeasure<'m> = dyn FnMut(&mut CheckedRound<'_>) -> Result<(), Error> + 'm;
/// As [`Round`], verified, and digested when asked to.
pub type CheckedRound<'r> = dyn FnMut(&mut Watch<'_>, Digest) -> Result<Checked, Error> + 'r;

/// Whether a round's answer is to be made comparable across processes and languages. It costs, outside the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    /// The oracle's word is enough.
    Skip,
    /// Also as [`Checked::fingerprint`].
    Make,
}

/// A round whose answer was checked.
#[derive(Debug)]
pub struct Checked {
    /// How wrong it was; always `None` but in counterexamples, since a wrong answer is an error everywhere else.
    pub wrong: Option<Wrong>,
    /// What was used.
    pub units: Units,
    /// What a probe saw.
    pub observed: Observed,
    /// The answer, as canonical JSON (keys sorted, no spaces).
    pub fingerprint: Option<String>,
}

/// What a pattern knows about its answers.
struct Oracle<W: Workload, A> {
    planned: fn(&Job<W>, clients: usize) -> u64,
    verify: fn(&Job<W>, &A) -> Result<(), Wrong>,
    fingerprint: fn(&W, &A) -> Option<Value>,
}

/// The cells of a map-reduce workload in one model.
pub fn map_reduce<W: MapReduce>(model: &'static str, strategies: Strategies<W, W::Partial>) -> Vec<Cell> {
    let oracle = || Oracle {
        planned: |job: &Job<W>, _| job.workload.tasks(&job.input) as u64,
        verify: |job, answer| job.workload.verify(&job.input, answer),
        fingerprint: W::fingerprint,
    };
    erase(model, Pattern::MapReduce, strategies, oracle)
}

/// The cells of a shared-state workload in one model.
pub fn shared_state<W: SharedState>(model: &'static str, strategies: Strategies<W, Answer<W>>) -> Vec<Cell> {
    let oracle = || Oracle {
        planned: |job: &Job<W>, clients| {
            (0..clients).map(|client| job.workload.script(&job.input, client).len() as u64).sum()
        },
        verify: |job, answer| job.workload.verify(&job.input, answer),
        fingerprint: W::fingerprint,
    };
    erase(model, Pattern::SharedState, strategies, oracle)
}

fn erase<W: Workload, A: 'static>(
    model: &'static str,
    pattern: Pattern,
    strategies: Strategies<W, A>,
    oracle: impl Fn() -> Oracle<W, A>,
) -> Vec<Cell> {
    let cell = |strategy: crate::strategy::Strategy<W, A>| Cell {
        workload: W::ID,
        pattern,
        model,
        strategy: strategy.id,
        support: strategy.support.map(|run| session(pattern, run, strategy.wrong, oracle())),
        worker: strategy.worker,
        wrong: strategy.wrong,
    };
    strategies.into_iter().map(cell).collect()
}

fn session<W: Workload, A: 'static>(pattern: Pattern, run: Run<W, A>, wrong: bool, oracle: Oracle<W, A>) -> Session {
    let oracle = Arc::new(oracle);
    Arc::new(move |config| {
        let workload = workload::<W>(&config.knobs).map_err(Error::Other)?;
        let clients = if pattern.has_clients() { config.start.workers.get() } else { 1 };
        let job = job(workload, config.seed, clients);
        let planned = (oracle.planned)(&job, clients);
        let (start, oracle) = (config.start.clone(), oracle.clone());
        Ok(Box::new(move |measure| {
            run(&start, &job, &mut |round: &mut Round<'_, A>| {
                measure(&mut |watch, digest| {
                    let done = round(watch)?;
                    check(&job, &oracle, planned, wrong, digest, done)
                })
            })
        }))
    })
}

fn check<W: Workload, A>(
    job: &Job<W>,
    oracle: &Oracle<W, A>,
    planned: u64,
    wrong: bool,
    digest: Digest,
    done: Done<A>,
) -> Result<Checked, Error> {
    if planned != done.steps {
        return Err(Error::Steps { executed: done.steps, planned });
    }
    let verdict = (oracle.verify)(job, &done.answer).err();
    if let (Some(verdict), false) = (&verdict, wrong) {
        return Err(Error::Wrong(verdict.clone()));
    }
    let fingerprint = match digest {
        Digest::Skip => None,
        // serde_json's map is a BTreeMap: its keys are sorted, whatever order the answer's were in.
        Digest::Make => (oracle.fingerprint)(&job.workload, &done.answer).map(|value| value.to_string()),
    };
    Ok(Checked { wrong: verdict, units: done.units, observed: done.observed, fingerprint })
}

fn workload<W: Workload>(knobs: &Map<String, Value>) -> Result<W, String> {
    // A struct without fields is `null` to serde, and still an object without knobs to everybody else.
    let unit = if knobs.is_empty() { serde_json::from_value(Value::Null).ok() } else { None };
    let named = || serde_json::from_value(Value::Object(knobs.clone()));
    unit.map_or_else(named, Ok).map_err(|e| format!("the knobs of {}: {e}", W::ID))
}

/// A workload without its type: what `list` shows and the command line checks.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Workload ID.
    pub id: &'static str,
    /// One line.
    pub about: &'static str,
    /// Its pattern.
    pub pattern: Pattern,
    /// What a user may set.
    pub knobs: &'static [Knob],
    /// Named sets.
    pub presets: &'static [Preset],
    /// All knobs at a size.
    pub sized: fn(Size) -> Map<String, Value>,
    /// Types and bounds, for knobs that [`Knob::parse`] accepted one by one.
    pub check: fn(&Map<String, Value>) -> Result<(), String>,
}

/// Lists a workload.
///
/// # Panics
/// If the workload's value is not a struct with named fields, or with none.
#[must_use]
pub fn listed<W: Workload>(pattern: Pattern) -> Listed {
    Listed {
        id: W::ID,
        about: W::ABOUT,
        pattern,
        knobs: W::KNOBS,
        presets: W::PRESETS,
        sized: |size| match serde_json::to_value(W::sized(size)) {
            Ok(Value::Object(knobs)) => knobs,
            Ok(Value::Null) => Map::new(),
            other => panic!("the knobs of {} are not a struct with named fields, or with none: {other:?}", W::ID),
        },
        check: |knobs| workload::<W>(knobs)?.check(),
    }
}
