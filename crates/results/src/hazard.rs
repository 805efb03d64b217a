//! Hazards: what goes wrong with shared state, made to happen on purpose, and what became of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Metric;

/// A hazard of a model, tried a few times, each time in a fresh process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hazard {
    /// `threads/lock-order`.
    pub id: String,
    /// Model ID.
    pub model: String,
    /// What is done, one line.
    pub about: String,
    /// What to do instead, one line.
    pub remedy: String,
    /// What became of it.
    pub verdict: HazardVerdict,
    /// How its victims are told, where they are; else what shows it. Null where it was not tried.
    pub told: Option<String>,
    /// From the moment it happened to the moment somebody knew, ns; where nobody is told, how long it lasted, or why there
    /// is no such time.
    pub after_ns: Metric,
    /// What was lost, in `unit`.
    pub lost: Metric,
    /// Out of so many.
    pub of: Option<u64>,
    /// What `lost` counts: "updates", "operations", "heartbeats".
    pub unit: String,
    /// Whether the remedy, done beside it in the same process, lost nothing. Null where it was not tried.
    pub remedy_holds: Option<bool>,
    /// How often it was tried.
    pub tries: u32,
    /// Why it failed, was not tried or cannot happen.
    pub reason: Option<String>,
}

/// What became of a hazard: the worst of its tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HazardVerdict {
    /// It cannot happen here, or not on this system.
    NotApplicable,
    /// The run ended before it.
    NotTried,
    /// It did not show in any try.
    NotSeen,
    /// Somebody was told: an error, a panic, a poisoned lock.
    Detected,
    /// Nobody was told, and the program went on.
    Silent,
    /// Nobody was told, and it was not done within a second.
    Hung,
    /// The scenario itself failed.
    Failed,
}
