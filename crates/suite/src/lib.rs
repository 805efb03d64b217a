//! All workloads in all models: the patterns' suites in one.
//!
//! ```no_run
//! // A user's `main`, with a workload of their own: `runner::main_with(suite::standard().map_reduce::<Collatz>())`.
//! let suite = suite::standard();
//! // It is timed; for a diagnostic pass as well, `.diagnosed_by(Suite::default().map_reduce::<Collatz>())`, best from a
//! // crate of its own.
//! assert!(suite.cells.iter().any(|cell| cell.workload == "primes" && cell.contender() == "threads/static"));
//! ```

pub use matrix::{Models, Standard, Suite, models};

/// The matrix of this project.
#[must_use]
pub fn standard() -> Suite {
    suite_map_reduce::standard()
        .with(suite_fork_join::standard())
        .with(suite_task_graph::standard())
        .with(suite_shared_state::standard())
        .with(suite_pipeline::standard())
        .diagnosed_by(diagnosis::standard())
}
