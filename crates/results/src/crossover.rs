//! Sweeps and what they find: the place of a group along a knob, and where one contender overtakes another.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The place of a group in a sweep: one knob takes several values, everything else stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sweep {
    /// What the groups of one sweep share: the group ID without the swept knob.
    pub series: String,
    /// The knob.
    pub knob: String,
    /// Its value here.
    pub value: f64,
    /// Unit of the value; empty for plain numbers.
    pub unit: String,
    /// What the knob is, in words.
    #[serde(default)]
    pub about: String,
    /// Whether values are interpolated as they are, and not as their logarithms.
    #[serde(default)]
    pub linear: bool,
    /// Whether the knob is the length of the workload's tasks: such a sweep gives a METG.
    #[serde(default)]
    pub granularity: bool,
}

/// Where, along a swept knob, one contender overtakes another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Crossover {
    /// Workload ID.
    pub workload: String,
    /// The other knobs that differ from the default.
    #[serde(default)]
    pub knobs: Map<String, Value>,
    /// The swept knob.
    pub knob: String,
    /// Number of workers.
    #[serde(default)]
    pub workers: u32,
    /// Names the sweep: see [`Sweep::series`].
    #[serde(default)]
    pub series: String,
    /// The contender that is faster below.
    pub from: String,
    /// The contender that is faster above.
    pub to: String,
    /// The value of the knob at which they are equal.
    pub at: At,
    /// Unit of that value; empty for plain numbers.
    pub unit: String,
    /// What was found.
    #[serde(default)]
    pub found: Found,
    /// Smallest and largest value at which both were measured.
    #[serde(default)]
    pub range: (f64, f64),
    /// Rounds behind it.
    #[serde(default)]
    pub rounds: u32,
    /// Rounds in which they changed sides exactly once.
    #[serde(default)]
    pub once: u32,
    /// Whether it is between the leaders of both ends of the sweep, and not against the reference.
    #[serde(default)]
    pub leaders: bool,
}

/// The value of a knob at a crossover. An end is null where the interval leaves the range of the sweep on that side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct At {
    /// Median over rounds; null where they do not cross within the range.
    pub value: Option<f64>,
    /// Lower end of its interval.
    pub lo: Option<f64>,
    /// Upper end.
    pub hi: Option<f64>,
}

/// What the rounds say of a crossover.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// `to` is faster from `at` on, and slower below.
    #[default]
    Crosses,
    /// `to` is faster at the smallest value already.
    Already,
    /// `to` is not faster up to the largest value.
    NotReached,
    /// They change sides more than once: there is no single crossing.
    Several,
    /// The rounds do not agree on any of it.
    Open,
}
