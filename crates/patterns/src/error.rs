//! What can go wrong in a cell. The harness adds the cell's ID: model, workload and workers.

use crate::workload::Wrong;

/// Why a cell has no valid sample.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A worker's kernel panicked.
    #[error("worker {worker} panicked: {message}")]
    Panicked {
        /// Which worker, from 0.
        worker: usize,
        /// The panic's message.
        message: String,
    },
    /// A worker process ended when it should not have.
    #[error("worker process {worker} {how}")]
    Died {
        /// Which worker, from 0.
        worker: usize,
        /// Exit status or signal, and what was tried.
        how: String,
    },
    /// Work was left out or done twice.
    #[error("executed {executed} steps, the plan has {planned}")]
    Steps {
        /// What the workers counted.
        executed: u64,
        /// What the workload says.
        planned: u64,
    },
    /// The oracle disagrees.
    #[error("wrong answer: {0}")]
    Wrong(Wrong),
    /// A round must time one region, once.
    #[error("the round started its clock {0} times, not once")]
    Clock(u32),
    /// The operating system refused.
    #[error("failed to {what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What it said.
        source: std::io::Error,
    },
    /// Anything else, one line.
    #[error("{0}")]
    Other(String),
}

impl Error {
    /// An [`Error::Io`], for `map_err`.
    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// An [`Error::Other`].
    pub fn other(message: impl std::fmt::Display) -> Self {
        Self::Other(message.to_string())
    }

    /// An [`Error::Panicked`] from what `catch_unwind` caught.
    #[must_use]
    pub fn panicked(worker: usize, payload: &(dyn std::any::Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().map(ToString::to_string);
        let message = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Self::Panicked { worker, message: message.unwrap_or_else(|| String::from("(no message)")) }
    }
}
