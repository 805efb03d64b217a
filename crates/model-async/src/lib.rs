//! Tasks on an async runtime: tokio.
//!
//! - **Unit of concurrency:** a task, a few hundred bytes, on a handful of runtime threads.
//! - **How work is handed out:** `tokio::spawn`; whatever a task touches must be `'static`, so jobs live in an `Arc`.
//! - **How results come back:** the task's join handle.
//! - **What it costs:** about a microsecond a spawn; a task that computes without awaiting holds its thread.
//! - **When to choose it:** when most units wait most of the time. Computing on it works; that is not what it is for.

mod fork_join;
mod hazards;
mod map_reduce;
mod pipeline;
mod shared_state;
mod task_graph;

use std::num::NonZeroUsize;
use std::sync::{Arc, Barrier};
use std::time::Duration;

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
    Builder::new_multi_thread().worker_threads(threads.get()).build().map_err(Error::io(START))
}

/// A runtime on the calling thread alone: tasks take turns.
fn runtime_of_one() -> Result<Runtime, Error> {
    Builder::new_current_thread().build().map_err(Error::io(START))
}

/// A runtime of one thread beside `threads` for code that blocks. Those start when they are wanted and end when they are
/// not: so all are wanted once, here, and stay longer than any pause between two rounds.
fn runtime_for_blocking(threads: NonZeroUsize) -> Result<Runtime, Error> {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).max_blocking_threads(threads.get()).thread_keep_alive(Duration::from_secs(3600));
    let runtime = builder.build().map_err(Error::io(START))?;
    let all_there = Arc::new(Barrier::new(threads.get()));
    let wait = |all_there: Arc<Barrier>| runtime.spawn_blocking(move || all_there.wait());
    let waits: Vec<_> = (0..threads.get()).map(|_| wait(all_there.clone())).collect();
    waits.into_iter().enumerate().try_for_each(|(thread, wait)| joined(thread, runtime.block_on(wait)).map(drop))?;
    Ok(runtime)
}

const START: &str = "start the tokio runtime";

/// What a join handle says of a task that did not end well.
fn joined<T>(worker: usize, result: Result<T, tokio::task::JoinError>) -> Result<T, Error> {
    result.map_err(|error| match error.try_into_panic() {
        Ok(payload) => Error::panicked(worker, &*payload),
        Err(error) => Error::other(error),
    })
}
