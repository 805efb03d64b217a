//! OS threads without a global lock, as the free-threaded build of CPython has them: an object has a lock of a byte.
//!
//! - **Unit of concurrency:** a thread of the operating system.
//! - **How work is handed out:** as among any threads; only what is shared differs.
//! - **How results come back:** all write objects behind locks of a byte each.
//! - **What it costs:** who waits for a lock calls the scheduler forty times before it sleeps, and is handed the lock after
//!   a millisecond.
//! - **When to choose it:** when threads compute, and mostly on objects of their own.

mod fork_join;
mod hazards;
mod map_reduce;
mod pipeline;
mod shared_state;
mod task_graph;

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct FreeThreaded;

impl patterns::Model for FreeThreaded {
    const ID: &'static str = "free-threaded";
    const ABOUT: &'static str = "OS threads without a global lock, byte locks of objects: free-threaded CPython";
}
