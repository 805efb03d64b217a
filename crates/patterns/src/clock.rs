//! The clock of deadlines, timers and probes. Elapsed time is the harness's alone.

use std::time::{Duration, Instant};

/// A moment, for deadlines and for what a probe sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick(Instant);

impl Tick {
    /// Now.
    #[must_use]
    #[allow(clippy::disallowed_methods)] // the one place outside the harness; nothing here is reported as elapsed time
    pub fn now() -> Self {
        Self(Instant::now())
    }

    /// Time since this moment.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    /// Time from an earlier moment to this one; zero if it is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }
}
