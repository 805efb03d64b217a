//! Diagnostic passes: all workloads in all models, with a probe that records. A crate of its own so that they are compiled
//! apart from what is timed: beside it, they change what the compiler inlines there.

use matrix::patterns::probe::Recorder;
use matrix::{Standard, Suite};

/// The matrix of this project, recording.
#[must_use]
pub fn standard() -> Suite<Standard, Recorder> {
    suite_map_reduce::with_probe()
        .with(suite_fork_join::with_probe())
        .with(suite_task_graph::with_probe())
        .with(suite_shared_state::with_probe())
        .with(suite_pipeline::with_probe())
}
