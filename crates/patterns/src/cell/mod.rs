//! Cells: the one place where types are erased. Virtual calls happen once a round, never once a task.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::error::Error;
use crate::model::Pattern;
use crate::probe::Observed;
use crate::run::{Start, Units, Watch, WorkerMain};
use crate::shared_state::Examined;
use crate::strategy::{Demand, Support};
use crate::workload::Wrong;

mod erase;
mod listed;

pub use erase::{fork_join, map_reduce, pipeline, serve, shared_state, task_graph, with_diagnosis};
pub use listed::{Listed, listed, listed_pipeline};

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
    /// What it demands of a program's types.
    pub demands: &'static [Demand],
    /// Whether and how it runs.
    pub support: Support<Session>,
    /// The same with a probe that records: a diagnostic pass, whose times are not those of the strategy. `None` where it
    /// does not run, or was not compiled in (see [`with_diagnosis`]).
    pub diagnosis: Option<Session>,
    /// What its worker processes run.
    pub worker: Option<WorkerMain>,
    /// A counterexample.
    pub wrong: bool,
    /// Why it is not applicable at these knobs, if it is not: what [`Cell::support`] cannot know.
    pub refuses: Refuses,
    /// What to mind where it is idiomatic.
    pub mind: Option<&'static str>,
}

impl Cell {
    /// The reason for everything that is not idiomatic, and what to mind of what is.
    #[must_use]
    pub fn why(&self) -> Option<&'static str> {
        self.support.why().or(self.mind)
    }

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
    /// All knobs of the workload, and no others: one that it does not have is an error, whatever its type allows.
    pub knobs: Map<String, Value>,
    /// Seed of the input.
    pub seed: u64,
    /// What the strategy is told.
    pub start: Start,
}

/// Why a strategy is not applicable at these knobs, if it is not.
pub type Refuses = Arc<dyn Fn(&Map<String, Value>) -> Option<&'static str> + Send + Sync>;
/// Builds the input, so that what follows is the strategy alone.
pub type Session = Arc<dyn Fn(&Config) -> Result<Prepared, Error> + Send + Sync>;
/// Runs a strategy from start to tear-down; the callback gets a verified round to call while the workers are warm.
pub type Prepared = Box<dyn FnOnce(&mut CheckedMeasure<'_>) -> Result<(), Error>>;
/// As [`Measure`](crate::Measure), without types.
pub type CheckedMeasure<'m> = dyn FnMut(&mut CheckedRound<'_>) -> Result<(), Error> + 'm;
/// As [`Round`](crate::Round), verified, and digested when asked to.
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
    /// Steps that were executed: tasks, leaves, operations, stages.
    pub steps: u64,
    /// What was used.
    pub units: Units,
    /// What a probe saw.
    pub observed: Observed,
    /// The history that was checked, or why there was none to check.
    pub history: Result<Examined, String>,
    /// The answer, as canonical JSON (keys sorted, no spaces).
    pub fingerprint: Option<String>,
}
