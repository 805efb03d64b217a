//! A workload: what is computed, apart from how the work is spread.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::knob::{Knob, Preset};

/// What is computed. The value *is* its knobs: small, plain data, sent to a worker process as the first message.
///
/// Its input is another type, made from the knobs and a seed in the sample's own process and in no worker: kernels get
/// tasks, never the input, so a model cannot smuggle the input past the channel it is measured on.
pub trait Workload: Default + Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Kebab-case name, as it stands in cell IDs.
    const ID: &'static str;
    /// One line for `list` and the report.
    const ABOUT: &'static str = "";
    /// The fields a user may set, with unit and range; the default is the field's value in [`Default`].
    const KNOBS: &'static [Knob] = &[];
    /// The knob that makes tasks longer, all else being equal: along it a sweep finds the smallest granularity at which
    /// a contender is efficient (METG).
    const GRANULARITY: Option<&'static str> = None;
    /// Named sets of knobs.
    const PRESETS: &'static [Preset] = &[];
    /// The preset in which `verify --check` runs it: one whose calls are recorded and checked to be linearizable (see
    /// [`SharedState::HISTORY`](crate::SharedState::HISTORY)).
    const CHECKED: Option<&'static str> = None;
    /// What the knobs and a seed are turned into before anything is timed.
    type Input: Send + Sync + 'static;

    /// The knobs at a size; the default size is [`Default`].
    #[must_use]
    fn sized(size: Size) -> Self {
        let _ = size;
        Self::default()
    }

    /// Builds the input. `clients` is 1 but in shared state and serve, where it is the number of workers.
    ///
    /// # Panics
    /// May panic on knobs that [`Workload::check`] refuses, and where a file it read has gone since.
    fn input(&self, seed: u64, clients: usize) -> Self::Input;

    /// What [`Workload::KNOBS`] cannot say by itself: knobs that depend on each other, files that must be readable.
    ///
    /// # Errors
    /// One line: what was given and what is allowed.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// How much work a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Milliseconds in total: tests.
    Smoke,
    /// 8-12 ms an iteration at the sequential reference.
    Default,
    /// Ten times that and more.
    Large,
}

/// A configured workload and its input: what every worker of a model may look at.
///
/// Jobs live in an [`std::sync::Arc`] in all models; only tokio and owner threads need it, and it costs the others
/// nothing that could be measured.
#[derive(Debug)]
pub struct Job<W: Workload> {
    /// The knobs.
    pub workload: W,
    /// The input.
    pub input: W::Input,
}

/// A wrong answer: how wrong, where that can be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// What differs, one line.
    pub message: String,
    /// How many updates there should have been and how many survived.
    pub updates: Option<Updates>,
    /// What went wrong, by kind: a metric's ID (`missing_keys`) and how often.
    pub faults: Vec<(&'static str, u64)>,
}

/// Updates that were made and updates that survived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Updates {
    /// Made by the clients.
    pub expected: u64,
    /// Found in the final state.
    pub actual: u64,
}

impl Wrong {
    /// An answer that lost updates, or shows more than were made.
    #[must_use]
    pub fn updates(expected: u64, actual: u64) -> Self {
        let message = format!("expected {expected}, found {actual}");
        Self { message, updates: Some(Updates { expected, actual }), faults: Vec::new() }
    }

    /// Operations that went wrong, by kind, of so many (`what`: "look-ups"): each counts as a lost update, and as what it was.
    #[must_use]
    pub fn operations(expected: u64, what: &str, faults: &[(&'static str, u64)]) -> Self {
        let failed: u64 = faults.iter().map(|(_, times)| times).sum();
        let kinds: Vec<String> =
            faults.iter().map(|(kind, times)| format!("{times} {}", kind.replace('_', " "))).collect();
        Self {
            message: format!("{failed} of {expected} {what} went wrong: {}", kinds.join(", ")),
            updates: Some(Updates { expected, actual: expected.saturating_sub(failed) }),
            faults: faults.to_vec(),
        }
    }
}

impl<S: Into<String>> From<S> for Wrong {
    fn from(message: S) -> Self {
        Self { message: message.into(), updates: None, faults: Vec::new() }
    }
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
