//! What vouches for a run: A/A twins, known effects, neighbours, order, time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::run::Verdict;

/// How far the numbers may be believed. `trusted` is null where the run carries too little evidence to say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trust {
    /// A/A twins tested.
    pub aa_tests: u32,
    /// Twins that came out different.
    pub aa_false: u32,
    /// How far apart identical code came out: median over twins of |ratio - 1|; null without twins.
    pub noise_floor: Option<f64>,
    /// The sentinel; null where there was none.
    pub known_effect: Option<KnownEffect>,
    /// Rounds that count.
    pub rounds_kept: u32,
    /// Rounds dropped for noise.
    pub rounds_dropped: u32,
    /// Median share of the machine that others used during rounds; null where it cannot be read.
    pub foreign_median: Option<f64>,
    /// Median share of time stolen by the hypervisor; null where it cannot be read.
    #[serde(default)]
    pub steal_median: Option<f64>,
    /// Rounds of single groups in which others were busy; with `rounds_all`, how many there were.
    #[serde(default)]
    pub rounds_loud: u32,
    /// Rounds of single groups.
    #[serde(default)]
    pub rounds_all: u32,
    /// How long the engine waited for the neighbours, ns.
    #[serde(default)]
    pub waited_ns: u64,
    /// Groups of which a verdict would be another without the loud rounds.
    #[serde(default)]
    pub loud_matters: Vec<String>,
    /// Samples in the first half of their round over those in the second, each relative to its own cell.
    #[serde(default)]
    pub position: Option<Interval>,
    /// The references in the last third of rounds over the first third.
    #[serde(default)]
    pub drift: Option<Interval>,
    /// Samples whose every answer was checked and right.
    #[serde(default)]
    pub verified: u32,
    /// Each A/A test.
    #[serde(default)]
    pub twins: Vec<TwinTest>,
    /// Every known effect that was measured, the sentinel among them.
    #[serde(default)]
    pub effects: Vec<KnownEffect>,
    /// Long runs of single cells.
    #[serde(default)]
    pub soaks: Vec<SoakTest>,
    /// The cells that have twins, measured one after the other; null unless `selfcheck` did so.
    #[serde(default)]
    pub serial: Option<Serial>,
    /// Whether the self-checks hold; null when they were too few.
    pub trusted: Option<bool>,
    /// Why `trusted` is what it is, one sentence.
    #[serde(default)]
    pub reason: String,
}

/// A slowdown of known size, measured like everything else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KnownEffect {
    /// The ratio that was built in.
    #[serde(rename = "true")]
    pub truth: f64,
    /// The ratio that was found.
    pub ratio: f64,
    /// Lower end of its interval.
    pub lo: f64,
    /// Upper end of its interval.
    pub hi: f64,
    /// What the engine said.
    pub verdict: Verdict,
    /// The same without the loud rounds; null where there were none.
    #[serde(default)]
    pub quiet: Option<Quiet>,
}

/// A test that leaves the loud rounds out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quiet {
    /// Paired rounds left.
    pub rounds: u32,
    /// Their median ratio; null where none is left.
    pub ratio: Option<f64>,
    /// Lower end of its interval; null where too few are left for one.
    pub lo: Option<f64>,
    /// Upper end.
    pub hi: Option<f64>,
    /// What they say.
    pub verdict: Verdict,
}

/// A ratio and its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// The median.
    pub ratio: f64,
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}

/// One A/A test: a cell against a copy of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TwinTest {
    /// Cell ID.
    pub cell: String,
    /// Copy over original.
    pub ratio: f64,
    /// Lower end of the interval at an uncorrected 5 %.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Paired rounds.
    pub rounds: u32,
    /// Whether identical code was called different.
    pub separated: bool,
    /// The same without the loud rounds; null where there were none.
    #[serde(default)]
    pub quiet: Option<Quiet>,
}

/// A/A tests of cells measured one after the other, as most tools do: so many samples of a cell, then as many again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Serial {
    /// Cells tested.
    pub tests: u32,
    /// Of those, called different at 5 % by the rank test of Mann and Whitney.
    pub separated: u32,
}

/// A long run of one cell in one process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SoakTest {
    /// Cell ID.
    pub cell: String,
    /// Iterations.
    pub iterations: u32,
    /// Median iteration of its last quarter over the first; null where it did not come to an end.
    pub ratio: Option<f64>,
    /// What it failed of.
    #[serde(default)]
    pub reason: Option<String>,
}
