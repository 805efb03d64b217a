//! Minimum effective task granularity (METG, after Task Bench, Slaughter et al., SC 2020): how long a task has to be for
//! a contender to keep half, or nine tenths, of what the machine gives.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Found;

/// A contender along a sweep of task lengths. The reference is not among them: its efficiency is 1 over the capacity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Metg {
    /// Workload ID.
    pub workload: String,
    /// The other knobs that differ from the default.
    #[serde(default)]
    pub knobs: Map<String, Value>,
    /// `model/strategy`.
    pub contender: String,
    /// Number of workers.
    pub workers: u32,
    /// The mean task from which on it is 50 % efficient, at the sequential rate.
    pub metg50_ns: Granularity,
    /// The same for 90 %.
    pub metg90_ns: Granularity,
    /// Wall time a task at the shortest tasks that it was measured at, all workers at work: the median over rounds.
    pub floor_ns: f64,
    /// Lower end of its interval; null where too few rounds allow one.
    #[serde(default)]
    pub floor_lo_ns: Option<f64>,
    /// Upper end.
    #[serde(default)]
    pub floor_hi_ns: Option<f64>,
    /// How long those tasks were, at the sequential rate.
    #[serde(default)]
    pub floor_at_ns: f64,
    /// Why there is neither METG; null where each says itself what was found.
    #[serde(default)]
    pub reason: Option<String>,
    /// The swept knob.
    #[serde(default)]
    pub knob: String,
    /// Names the sweep: see [`Sweep::series`](crate::Sweep::series).
    #[serde(default)]
    pub series: String,
    /// Rounds behind it.
    #[serde(default)]
    pub rounds: u32,
    /// What the machine gave at once, in sequential rates: the median over the values of the sweep. Null where no probe ran.
    #[serde(default)]
    pub capacity: Option<f64>,
    /// Efficiency at each length of a task, the shortest first.
    #[serde(default)]
    pub points: Vec<Efficiency>,
}

/// A length of tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Granularity {
    /// ns: the median over rounds, or the end of the range that it lies beyond; null where the rounds name neither.
    pub value: Option<f64>,
    /// Lower end of its interval; null where it leaves the range, and where too few rounds allow one.
    pub lo: Option<f64>,
    /// Upper end.
    pub hi: Option<f64>,
    /// How it relates to `value`; null where there is none.
    pub bound: Option<Bound>,
    /// What was found.
    #[serde(default)]
    pub found: Found,
}

/// How a granularity relates to the value given for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Bound {
    /// It is the value.
    #[serde(rename = "=")]
    Is,
    /// The contender is efficient at the shortest tasks already, which is the value.
    #[serde(rename = "<")]
    Below,
    /// It is not up to the longest tasks, which is the value.
    #[serde(rename = ">")]
    Above,
}

/// How efficient a contender was at a length of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Efficiency {
    /// Value of the knob.
    pub value: f64,
    /// A task's mean length at the sequential rate, ns.
    pub granularity_ns: f64,
    /// Speed-up over capacity: the median over rounds.
    pub efficiency: f64,
    /// Lower end of its interval; null where too few rounds allow one.
    pub lo: Option<f64>,
    /// Upper end.
    pub hi: Option<f64>,
}
