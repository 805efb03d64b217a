//! Workloads without their types: what can be listed, and how knobs become a workload again.

use serde_json::{Map, Value};

use crate::knob::{Knob, Preset};
use crate::model::Pattern;
use crate::pipeline::Pipeline;
use crate::workload::{Size, Workload};

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
    /// The knob that makes its tasks longer, if it has one.
    pub granularity: Option<&'static str>,
    /// The preset in which its calls are recorded and checked, if it has one.
    pub checked: Option<&'static str>,
    /// How many units the shape has at these knobs, where workers do not apply: the stages of a pipeline.
    pub units: fn(&Map<String, Value>) -> Option<u32>,
    /// Names, types and bounds, for knobs that [`Knob::parse`] accepted one by one.
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
        sized: |size| fields(&W::sized(size)).unwrap_or_else(|why| panic!("{why}")),
        granularity: W::GRANULARITY,
        checked: W::CHECKED,
        units: |_| None,
        check: |knobs| workload::<W>(knobs)?.check(),
    }
}

/// Lists a pipeline, whose shape says how many units there are.
///
/// # Panics
/// As [`listed`].
#[must_use]
pub fn listed_pipeline<W: Pipeline>() -> Listed {
    let stages = |knobs: &Map<String, Value>| Some(workload::<W>(knobs).ok()?.stages() as u32);
    Listed { units: stages, ..listed::<W>(Pattern::Pipeline) }
}

/// The workload that has these knobs.
pub(super) fn workload<W: Workload>(knobs: &Map<String, Value>) -> Result<W, String> {
    // Serde drops a field it does not know unless the type forbids it; a knob that does nothing must not depend on that.
    let known = fields(&W::default())?;
    if let Some(unknown) = knobs.keys().find(|id| !known.contains_key(*id)) {
        let known: Vec<&str> = known.keys().map(String::as_str).collect();
        let known =
            if known.is_empty() { String::from("there are none") } else { format!("known: {}", known.join(", ")) };
        return Err(format!("the knobs of {}: unknown knob `{unknown}`; {known}", W::ID));
    }
    // A struct without fields is `null` to serde, and still an object without knobs to everybody else.
    let unit = if knobs.is_empty() { serde_json::from_value(Value::Null).ok() } else { None };
    let named = || serde_json::from_value(Value::Object(knobs.clone()));
    unit.map_or_else(named, Ok).map_err(|e| format!("the knobs of {}: {e}", W::ID))
}

/// A workload as its knobs.
fn fields<W: Workload>(workload: &W) -> Result<Map<String, Value>, String> {
    match serde_json::to_value(workload) {
        Ok(Value::Object(knobs)) => Ok(knobs),
        Ok(Value::Null) => Ok(Map::new()),
        other => Err(format!("the knobs of {} are not a struct with named fields, or with none: {other:?}", W::ID)),
    }
}
