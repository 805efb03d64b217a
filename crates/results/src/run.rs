//! What `results.json` holds: one run, rendered by `report`, read by scripts.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::crossover::{Crossover, Sweep};
use crate::hazard::Hazard;
use crate::metg::Metg;
use crate::trust::Trust;

/// One invocation of `compare`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Always [`crate::SCHEMA`].
    pub schema: String,
    /// What measured.
    pub tool: Tool,
    /// How it was called and how it ended.
    pub run: RunInfo,
    /// On what it ran.
    pub environment: Environment,
    /// How far the numbers may be believed.
    pub trust: Trust,
    /// Every cell, measured or not.
    pub cells: Vec<Cell>,
    /// Each measured contender against the reference of its group.
    pub contrasts: Vec<Contrast>,
    /// Each question and its best set.
    pub groups: Vec<Group>,
    /// Minimum effective task granularity; empty until a run sweeps granularity.
    #[serde(default)]
    pub metg: Vec<Metg>,
    /// Where the choice flips along a knob; empty until a run sweeps a knob.
    #[serde(default)]
    pub crossovers: Vec<Crossover>,
    /// What goes wrong on purpose; empty unless the run was asked for hazards.
    #[serde(default)]
    pub hazards: Vec<Hazard>,
}

/// The program that measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Version of the package.
    pub version: String,
    /// Revision it was built from, empty when unknown.
    pub git: String,
    /// Whether the tree had uncommitted changes.
    pub dirty: bool,
}

/// How a run was called and how it ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunInfo {
    /// Name of the run: its UTC start time.
    pub id: String,
    /// Seed of inputs and of the order within rounds.
    pub seed: u64,
    /// Arguments, to repeat it.
    pub argv: Vec<String>,
    /// Start, UTC, RFC 3339.
    pub started: String,
    /// End, UTC, RFC 3339; empty while it runs or after a kill.
    pub ended: String,
    /// How it ended.
    pub status: RunStatus,
    /// Rounds after which verdicts are taken, declared before the first sample.
    pub looks: Vec<u32>,
    /// Chance of any false separation per group, over all looks.
    pub alpha: f64,
    /// Half-width of the tie band: 0.05 is 5 %.
    pub delta: f64,
    /// Rounds that were completed for every undecided group.
    #[serde(default)]
    pub rounds: u32,
    /// Wall time from the first sample to the last, ns.
    #[serde(default)]
    pub wall_ns: u64,
    /// Part of `wall_ns` that lay inside timed regions, 0 to 1.
    #[serde(default)]
    pub timed_share: f64,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// Every planned round was measured, or everything was decided earlier.
    #[default]
    Complete,
    /// Ctrl-C, or a kill: whatever stands was finished before it.
    Interrupted,
    /// The time was spent.
    Budget,
}

/// The machine and the build.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Environment {
    /// Processor name.
    pub cpu: String,
    /// CPUs the system has online.
    pub cpus_online: u32,
    /// CPUs this run may use, after affinity and quota.
    pub cpus_effective: f64,
    /// Hypervisor, empty on bare metal or where unknown.
    pub virt: String,
    /// Kernel release.
    pub kernel: String,
    /// Compiler of the build.
    pub rustc: String,
    /// Build profile.
    pub profile: String,
    /// Memory allocator of every contender.
    pub allocator: String,
    /// SHA-256 of `Cargo.lock`, empty outside a checkout.
    pub lock_sha256: String,
    /// Whether hardware counters can be read.
    pub pmu: bool,
    /// Physical memory, bytes; 0 where unknown.
    #[serde(default)]
    pub memory_bytes: u64,
}

/// One cell: workload with its knobs x contender x workers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cell {
    /// `counter:keys=64/threads/mutex/w8`.
    pub id: String,
    /// The ID without model and strategy.
    pub group: String,
    /// Workload ID.
    pub workload: String,
    /// Knobs that differ from the default.
    pub knobs: Map<String, Value>,
    /// Model ID.
    pub model: String,
    /// Strategy ID.
    pub strategy: String,
    /// `model/strategy`.
    pub contender: String,
    /// Number of workers (clients in shared state).
    pub workers: u32,
    /// What the model says of this strategy.
    pub support: Support,
    /// What became of the cell.
    pub status: CellStatus,
    /// Why, for every status but `measured` and every support but `idiomatic`; of a cell that is both, what to mind.
    pub reason: Option<String>,
    /// Whether every answer was checked and right. Null where nothing ran, and where a contender is meant to be wrong.
    pub verified: Option<bool>,
    /// A counterexample: excluded from every ranking.
    pub deliberately_wrong: bool,
    /// Whether this is the reference of its group.
    #[serde(default)]
    pub reference: bool,
    /// More than 20x behind the leader: sampled three times, not tested.
    #[serde(default)]
    pub far: bool,
    /// The metric its verdict is about.
    pub primary: String,
    /// Metric ID to value, or null with a reason.
    pub metrics: BTreeMap<String, Metric>,
    /// What it really used, in the last sample.
    pub units: Units,
    /// Every sample that stands: its round, and the metric that the verdict is about. Empty in files of older versions.
    #[serde(default)]
    pub samples: Vec<(u32, f64)>,
    /// What it demands of a program's types, as one writes it in Rust: `Send`, `Serialize`.
    #[serde(default)]
    pub demands: Vec<String>,
    /// The code that was measured; null where nobody knows it, as of a contender that is another program.
    #[serde(default)]
    pub source: Option<Source>,
}

/// Where a contender is implemented and how much code that is: counted in the code by the build.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The file, from the root of the repository.
    pub file: String,
    /// Its lines of code in that file: without comments, blank lines, imports and tests.
    pub lines: u32,
    /// How often the word `unsafe` stands in them.
    #[serde(rename = "unsafe")]
    pub unsafe_count: u32,
    /// The same with everything of its crate that it uses, directly or not, and that others may share.
    #[serde(default)]
    pub lines_with_shared: u32,
    /// How often the word `unsafe` stands in those.
    #[serde(default)]
    pub unsafe_with_shared: u32,
}

/// A measured distribution over samples, or nothing with a reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Metric {
    /// Distribution over the samples of the run, in the unit that ends the metric's name.
    Measured {
        /// Median over samples.
        median: f64,
        /// 10th percentile.
        p10: f64,
        /// 90th percentile.
        p90: f64,
        /// Number of samples.
        n: u32,
    },
    /// Not measured.
    Missing {
        /// Always null.
        value: Option<f64>,
        /// Why.
        reason: String,
    },
}

impl Metric {
    /// The median, if it was measured.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        match self {
            Self::Measured { median, .. } => Some(*median),
            Self::Missing { .. } => None,
        }
    }
}

/// What a sample really used: counted where the work is done, never assumed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Units {
    /// Threads that did work.
    pub threads: u64,
    /// Processes that did work, owners included.
    pub processes: u64,
    /// Tasks or jobs handed to a scheduler, per round.
    pub tasks: u64,
    /// Messages between units, per round.
    pub messages: u64,
    /// Payload of those messages, bytes per round.
    pub bytes_shipped: u64,
    /// Workers that died and were replaced, per round.
    pub restarts: u64,
}

/// What a model says of a strategy for a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Support {
    /// As the field would write it.
    Idiomatic,
    /// Runs, but nobody should.
    AgainstTheGrain,
    /// Cannot be expressed.
    NotApplicable,
}

/// What became of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CellStatus {
    /// At least one sample stands.
    Measured,
    /// The model cannot express it.
    NotApplicable,
    /// A sample failed or answered wrongly.
    Failed,
    /// A sample outlived its limit.
    TimedOut,
    /// Excluded by a filter, or not reached.
    Skipped,
}

/// One contender against the reference of its group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Contrast {
    /// The group both belong to.
    pub group: String,
    /// Cell ID of the reference.
    pub a: String,
    /// Cell ID of the contender.
    pub b: String,
    /// What is compared.
    pub metric: String,
    /// b / a: median over rounds; below 1 means b is faster.
    pub ratio: f64,
    /// Lower end of the simultaneous interval; null where too few rounds allow one.
    pub lo: Option<f64>,
    /// Upper end.
    pub hi: Option<f64>,
    /// Paired rounds behind the verdict.
    pub rounds: u32,
    /// Rounds in which b was faster.
    pub won: u32,
    /// Said of b against a.
    pub verdict: Verdict,
    /// Separated, yet wholly inside the tie band: real, too small to choose by.
    #[serde(default)]
    pub inside_band: bool,
}

/// What is said of b against a.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The interval lies above 1.
    Slower,
    /// The interval lies below 1.
    Faster,
    /// Two one-sided tests put the ratio inside the tie band.
    Tie,
    /// More than 20x behind the leader; no test.
    Far,
    /// Neither separated nor a tie.
    Unresolved,
}

/// The cells that answer one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// `counter:keys=64/w8`.
    pub id: String,
    /// Cell ID of the sequential reference.
    pub reference: String,
    /// Contenders that nothing beats; holds the true best with the stated confidence. Empty before the first look.
    pub best_set: Vec<String>,
    /// The member of the best set with the smallest median ratio to the reference.
    pub leader: Option<String>,
    /// Members of the best set that tie with the leader within the band.
    #[serde(default)]
    pub ties: Vec<String>,
    /// Contender to letters; two that share a letter are not separated.
    pub letters: BTreeMap<String, String>,
    /// Each contender (b) against the leader (a): ratio above 1 is slower than the leader; `won` counts b's rounds.
    #[serde(default)]
    pub behind_leader: Vec<Contrast>,
    /// Iterations inside a sample, shared by all contenders that are not far.
    #[serde(default)]
    pub iterations: u32,
    /// Rounds behind the verdicts.
    #[serde(default)]
    pub rounds: u32,
    /// What the machine gave W independent sequential processes at once, in sequential rates: 2.0 is two whole CPUs.
    #[serde(default)]
    pub capacity: Option<Metric>,
    /// Its place in a sweep; null where it is in none.
    #[serde(default)]
    pub sweep: Option<Sweep>,
    /// The pattern of its workload: `map-reduce`; empty in files of older versions.
    #[serde(default)]
    pub pattern: String,
    /// What the workload is, one line; empty in files of older versions.
    #[serde(default)]
    pub about: String,
    /// Share of the machine that others used in each round, where that can be read: round, share.
    #[serde(default)]
    pub foreign: Vec<(u32, f64)>,
    /// Rounds in which others used more of the machine than `max(15 %, lower quartile + 10 points)`.
    #[serde(default)]
    pub loud: Vec<u32>,
    /// What would be said without those rounds; null where there are none.
    #[serde(default)]
    pub without_loud: Option<WithoutLoud>,
}

/// Verdicts of a group without its loud rounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WithoutLoud {
    /// Rounds left.
    pub rounds: u32,
    /// The best set they give.
    pub best_set: Vec<String>,
    /// Contenders whose verdict against the reference would be another.
    pub changed: Vec<String>,
}
