//! Data: the serde types of a run (`results.json`, schema `compare/1`), of its journal (`samples.jsonl`), and their
//! JSON Schema; and those of a [`race`], of an exploration ([`explored`]) and of a
//! [`python_check`]. Nothing else: no arithmetic, no I/O, no clock.
//!
//! Unknown fields are allowed when reading, so a newer run renders with an older program; a break is `compare/2`.
//! Units stand last in names: `elapsed_ns`, `peak_rss_bytes`.

mod crossover;
pub mod explored;
mod hazard;
pub mod journal;
mod metg;
pub mod python_check;
pub mod race;
mod run;
mod trust;

pub use crossover::{At, Crossover, Found, Sweep};
pub use hazard::{Hazard, HazardVerdict};
pub use metg::{Bound, Efficiency, Granularity, Metg};
pub use run::{
    Cell, CellStatus, Contrast, Environment, Group, Metric, Run, RunInfo, RunStatus, Source, Support, Tool, Units,
    Verdict, WithoutLoud,
};
pub use trust::{Interval, KnownEffect, Quiet, Serial, SoakTest, Trust, TwinTest};

/// The schema that [`Run`] announces and that scripts may rely on.
pub const SCHEMA: &str = "compare/1";

/// The JSON Schema of [`Run`], as committed in `crates/results/compare-1.schema.json`.
///
/// # Panics
/// Never: the schema of a fixed type always serializes.
#[must_use]
pub fn json_schema() -> String {
    let mut text = serde_json::to_string_pretty(&schemars::schema_for!(Run)).expect("a schema is plain data");
    text.push('\n');
    text
}
