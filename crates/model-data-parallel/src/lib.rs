//! A data-parallel pool with work stealing: rayon.
//!
//! - **Unit of concurrency:** a job on a pool thread; splits are made where a thread has nothing to do.
//! - **How work is handed out:** ranges that are halved on demand; the input is borrowed.
//! - **How results come back:** each split returns its part, and parts are joined in pairs.
//! - **What it costs:** nanoseconds a split; a pool thread that blocks is lost to the others.
//! - **When to choose it:** for loops over data. It is the least code there is.

mod fork_join;
mod hazards;
mod map_reduce;
mod pipeline;
mod shared_state;
mod task_graph;

/// What hand-made synchronization is made of; a test puts loom's in its place.
mod sync {
    pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
}

use std::num::NonZeroUsize;

use patterns::Error;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct DataParallel;

impl patterns::Model for DataParallel {
    const ID: &'static str = "data-parallel";
    const ABOUT: &'static str = "a data-parallel pool with work stealing: rayon";
}

/// A pool whose threads have all been seen.
fn pool(threads: NonZeroUsize) -> Result<ThreadPool, Error> {
    let pool = ThreadPoolBuilder::new().num_threads(threads.get()).build().map_err(Error::other)?;
    pool.broadcast(|_| ());
    Ok(pool)
}

/// Runs a round on the pool. A panic in a job unwinds out of `install`: it is this round's error, not the end.
fn on<R: Send>(pool: &ThreadPool, run: impl FnOnce() -> R + Send) -> Result<R, Error> {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| pool.install(run)));
    caught.map_err(|payload| Error::panicked(0, &*payload))
}
