//! What `samples.jsonl` holds: one event a line, the plan first. It *is* the state of a run; everything else is a pure
//! function of it. Groups may join while a run goes on, so the plan is a list of events and not a frozen header.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Environment, HazardVerdict, RunStatus, Source, Support, Sweep, Tool, Units};

/// The version written into every [`Event::Plan`].
pub const SCHEMA: &str = "samples/1";

/// One line of `samples.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// First line, written before anything is measured.
    Plan(Box<Plan>),
    /// A group joins.
    Group(PlannedGroup),
    /// A group knows how long its contenders take.
    Calibrated(Calibrated),
    /// One sample of one cell.
    Sample(Sample),
    /// The capacity probe of a group in a round.
    Capacity {
        /// Round, from 1.
        round: u32,
        /// Group ID.
        group: String,
        /// In sequential rates; null where a probe failed.
        capacity: Option<f64>,
    },
    /// A group finished a round.
    Round(Round),
    /// One sample of a cell with a recording probe: for its counts, never for its time.
    Diagnosis {
        /// Group ID.
        group: String,
        /// Cell ID.
        cell: String,
        /// What came of it.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// A long run of one cell in one process.
    Soak(Soak),
    /// A cell measured so many times, and then as many times again.
    Serial {
        /// Cell ID.
        cell: String,
        /// Iterations of the first half of the samples, ns each.
        first_ns: Vec<f64>,
        /// Of the second half.
        second_ns: Vec<f64>,
    },
    /// The hazards that are tried at the end of the run.
    Hazards {
        /// All of them.
        hazards: Vec<PlannedHazard>,
    },
    /// One try of a hazard, in a fresh process.
    Hazard(Try),
    /// A run that had ended goes on: what no finished round holds is measured again.
    Resumed {
        /// UTC, RFC 3339.
        started: String,
    },
    /// The run ended in an orderly way.
    End {
        /// How.
        status: RunStatus,
        /// UTC, RFC 3339.
        ended: String,
        /// From its first sample, or from where it was resumed, to its last, ns; hazards come after it.
        wall_ns: u64,
    },
}

/// What was declared before the first sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Name of the run.
    pub id: String,
    /// What measures.
    pub tool: Tool,
    /// On what.
    pub environment: Environment,
    /// Arguments.
    pub argv: Vec<String>,
    /// Seed of inputs and order.
    pub seed: u64,
    /// UTC, RFC 3339.
    pub started: String,
    /// Rounds after which verdicts are taken.
    pub looks: Vec<u32>,
    /// Per group, over all looks.
    pub alpha: f64,
    /// Half-width of the tie band.
    pub delta: f64,
    /// Cap on wall time, ns; null for none.
    pub budget_ns: Option<u64>,
    /// The program's file, as its size and time: which build of an uncommitted tree this was.
    #[serde(default)]
    pub program: String,
    /// Whether samples were bound to as many CPUs as they have workers.
    #[serde(default)]
    pub pinned: bool,
}

/// A group and all its cells, whether they run or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedGroup {
    /// Group ID.
    pub id: String,
    /// Workload ID.
    pub workload: String,
    /// Knobs that differ from the default.
    pub knobs: Map<String, Value>,
    /// Workers (clients).
    pub workers: u32,
    /// The workload's pattern.
    #[serde(default)]
    pub pattern: String,
    /// What the workload is, one line.
    #[serde(default)]
    pub about: String,
    /// Its place in a sweep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<Sweep>,
    /// Every contender of the workload.
    pub cells: Vec<PlannedCell>,
    /// Cell ID to its true ratio to the reference, where that is known by construction. Such a group checks the engine: it
    /// goes into the trust of a run and never among its cells.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub known: BTreeMap<String, f64>,
}

/// One cell of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedCell {
    /// Cell ID.
    pub id: String,
    /// Model ID.
    pub model: String,
    /// Strategy ID.
    pub strategy: String,
    /// What the model says of it.
    pub support: Support,
    /// Why, for every support but idiomatic; of one that is, what to mind.
    pub why: Option<String>,
    /// A counterexample.
    pub deliberately_wrong: bool,
    /// The sequential reference.
    pub reference: bool,
    /// Excluded by a filter: never sampled.
    pub skipped: Option<String>,
    /// What it demands of a program's types.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub demands: Vec<String>,
    /// The code that is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// A hazard that is tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedHazard {
    /// `threads/lock-order`; the model's name alone where it has none.
    pub id: String,
    /// Model ID.
    pub model: String,
    /// What is done.
    pub about: String,
    /// Who is told and how; where nobody is, what shows it.
    pub told: String,
    /// What to do instead.
    pub remedy: String,
    /// What is lost.
    pub unit: String,
    /// Why it cannot be tried, where it cannot.
    pub why: Option<String>,
}

/// One try of a hazard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Try {
    /// Its ID.
    pub hazard: String,
    /// Which try, from 1.
    pub number: u32,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Tried,
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Tried {
    /// The scenario and its remedy came to their ends.
    Ended {
        /// What became of it.
        verdict: HazardVerdict,
        /// Until somebody was told; where nobody was, how long it lasted, if that is known. ns.
        after_ns: Option<u64>,
        /// What was lost.
        lost: u64,
        /// Out of so many.
        of: u64,
        /// What the remedy lost of as many.
        remedy_lost: u64,
    },
    /// The scenario itself failed, or outlived the limit of its process.
    Failed {
        /// What went wrong.
        reason: String,
    },
}

/// What calibration decided for a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibrated {
    /// Group ID.
    pub group: String,
    /// Iterations inside a sample, shared by the group.
    pub iterations: u32,
    /// Cell IDs sampled three times with one iteration.
    pub far: Vec<String>,
    /// One iteration of each cell, ns, as calibration saw it.
    pub once_ns: BTreeMap<String, u64>,
    /// Digest every right answer has; null where the workload's answers differ in form.
    pub digest: Option<String>,
    /// Cells that are sampled a second time in every round, as if that were another contender.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub twins: Vec<Twin>,
}

/// A second copy of a cell, for an A/A test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Twin {
    /// What its samples are called.
    pub id: String,
    /// The cell it is a copy of.
    pub of: String,
}

/// A long run of one cell in one process: what fresh processes hide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Soak {
    /// Cell ID.
    pub cell: String,
    /// Iterations.
    pub iterations: u32,
    /// Median iteration of its last quarter over that of its first; null where it did not come to an end.
    pub ratio: Option<f64>,
    /// What it failed of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// One sample: a fresh process, one timed execution of a cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Round, from 1; 0 for calibration.
    pub round: u32,
    /// Group ID.
    pub group: String,
    /// Cell ID.
    pub cell: String,
    /// Place in the order of its round, from 0.
    pub position: u32,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// Measured and verified.
    Measured {
        /// Each iteration, ns.
        elapsed_ns: Vec<u64>,
        /// Metric ID to value, of the whole sample.
        metrics: BTreeMap<String, f64>,
        /// What this sample could not measure: metric ID to reason. What no sample here can is not repeated.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        absent: BTreeMap<String, String>,
        /// What it used.
        units: Units,
    },
    /// An error, or a wrong answer.
    Failed {
        /// What went wrong.
        reason: String,
    },
    /// It outlived its limit.
    TimedOut {
        /// What it was waiting for.
        reason: String,
    },
}

/// A group finished a round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// From 1.
    pub round: u32,
    /// Group ID.
    pub group: String,
    /// Wall time of the round, ns.
    pub wall_ns: u64,
    /// Part of it inside timed regions, ns.
    pub timed_ns: u64,
    /// Share of the machine that others used; null where it cannot be read.
    pub foreign: Option<f64>,
    /// Share of time stolen by the hypervisor.
    pub steal: Option<f64>,
    /// How long the engine waited after it, because others were busy, ns.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub waited_ns: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the signature that serde asks for
fn is_zero(n: &u64) -> bool {
    *n == 0
}
