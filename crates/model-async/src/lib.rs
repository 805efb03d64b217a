//! Tasks on an async runtime: tokio.
//!
//! - **Unit of concurrency:** a task, a few hundred bytes, on a handful of runtime threads.
//! - **How work is handed out:** `tokio::spawn`; whatever a task touches must be `'static`, so jobs live in an `Arc`.
//! - **How results come back:** the task's join handle.
//! - **What it costs:** about a microsecond a spawn; a task that computes without awaiting holds its thread.
//! - **When to choose it:** when most units wait most of the time. Computing on it works; that is not what it is for.

mod map_reduce;
mod shared_state;

use std::num::NonZeroUsize;

use patterns::Error;
use tokio::runtime::{Builder, Runtime};

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct Async;

impl patterns::Model for Async {
    const ID: &'static str = "async";
    const ABOUT: &'static str = "tasks on an async runtime: tokio";
}

/// A warm multi-threaded runtime.
fn runtime(threads: NonZeroUsize) -> Result<Runtime, Error> {
    Builder::new_multi_thread().worker_threads(threads.get()).build().map_err(Error::io("start the tokio runtime"))
}

/// What a join handle says of a task that did not end well.
fn joined<T>(worker: usize, result: Result<T, tokio::task::JoinError>) -> Result<T, Error> {
    result.map_err(|error| match error.try_into_panic() {
        Ok(payload) => Error::panicked(worker, &*payload),
        Err(error) => Error::other(error),
    })
}
