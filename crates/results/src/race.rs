//! Races: deliberately wrong versions beside their fixes, as `race --json` says them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::CellStatus;

/// The schema that [`Race`] announces.
pub const SCHEMA: &str = "race/1";

/// What can go wrong in a counterexample, by kind: metrics that stand beside `lost_updates`.
pub const FAULTS: [&str; 5] =
    ["missing_keys", "duplicate_computations", "torn_audits", "leaked_objects", "early_frees"];

/// What `lost_updates` and `expected_updates` count where a kind of fault is told.
#[must_use]
pub fn counted(kind: &str) -> &'static str {
    match kind {
        "missing_keys" | "duplicate_computations" => "look-ups",
        "torn_audits" => "audits",
        _ => "updates",
    }
}

/// One invocation of `race`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Race {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// CPUs the program may use. On one, clients take turns, and a race hardly ever shows.
    pub cpus: u32,
    /// Seed of inputs and order.
    pub seed: u64,
    /// Whether somebody pressed Ctrl-C: what stands is what there is.
    pub interrupted: bool,
    /// Each workload that has a deliberately wrong version.
    pub workloads: Vec<Raced>,
}

/// A workload with its broken and its fixed versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Raced {
    /// Group ID: `counter:keys=64/w8`.
    pub id: String,
    /// Workload ID.
    pub workload: String,
    /// What it does, one line.
    pub about: String,
    /// Knobs that differ from the default.
    pub knobs: Map<String, Value>,
    /// Clients that work at once.
    pub workers: u32,
    /// Operations of all clients together. Null where nothing was measured.
    pub operations: Option<u64>,
    /// Rounds in which every version that runs was sampled.
    pub rounds: u32,
    /// Deliberately wrong versions.
    pub broken: Vec<Broken>,
    /// All others, the fastest first; those that failed or were not reached stand last.
    pub fixed: Vec<Fix>,
}

/// A deliberately wrong version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Broken {
    /// Cell ID.
    pub id: String,
    /// Model ID.
    pub model: String,
    /// `model/strategy`.
    pub contender: String,
    /// Skipped is one that was not reached.
    pub status: CellStatus,
    /// Why it failed or was not reached.
    pub reason: Option<String>,
    /// How often it was tried until its race showed, or until it was given up.
    pub tries: u32,
    /// The try in which it showed; null where it did in none.
    pub seen_at_try: Option<u32>,
    /// Whether its race showed, in a try or in a round.
    pub reproduced: bool,
    /// Tries and rounds together.
    pub runs: u32,
    /// Those of them that went wrong.
    pub runs_wrong: u32,
    /// The run in the middle of those that went wrong. Null where none did.
    pub shown: Option<Loss>,
    /// The least and the most that was lost in any run, a share. Null where there was none.
    pub lost_share_least: Option<f64>,
    /// See `lost_share_least`.
    pub lost_share_most: Option<f64>,
    /// Median over the rounds. Null where there was none.
    pub elapsed_ns: Option<f64>,
}

/// What one run lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// Updates that were made.
    pub expected_updates: u64,
    /// Updates that are in the answer.
    pub actual_updates: u64,
    /// The difference.
    pub lost_updates: u64,
    /// The difference over what was expected.
    pub lost_share: f64,
    /// What went wrong, by kind (see [`FAULTS`]); empty where updates are all there is to lose.
    pub faults: BTreeMap<String, u64>,
}

/// A version that is right: each of its answers was verified.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    /// Cell ID.
    pub id: String,
    /// Model ID.
    pub model: String,
    /// Strategy ID.
    pub strategy: String,
    /// `model/strategy`.
    pub contender: String,
    /// The sequential version: nobody to race with.
    pub reference: bool,
    /// Skipped is one that was not reached.
    pub status: CellStatus,
    /// Why it failed or was not reached.
    pub reason: Option<String>,
    /// Answers that were verified, all of them right.
    pub verified_runs: u32,
    /// Zero, since a verified answer has lost nothing; null where it failed or was not reached.
    pub lost_updates: Option<u64>,
    /// Median over the rounds.
    pub elapsed_ns: Option<f64>,
    /// Its time over that of a broken version in the same rounds.
    pub price: Option<Price>,
    /// Its time over that of the sequential version in the same rounds.
    pub to_sequential: Option<Price>,
}

/// How many times as long as another version, in the same rounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// `model/strategy` of the other.
    pub against: String,
    /// Median of the ratios of the rounds.
    pub ratio: f64,
    /// The least of them.
    pub ratio_least: f64,
    /// The most.
    pub ratio_most: f64,
}
