//! OS threads sharing memory under locks: std, crossbeam, parking_lot.
//!
//! - **Unit of concurrency:** a thread of the operating system.
//! - **How work is handed out:** by index: in blocks, from a counter, a channel or a deque; the input is borrowed.
//! - **How results come back:** each thread owns its part and hands it over at the end; or all write behind a lock.
//! - **What it costs:** tens of microseconds to start a thread, about 10 KiB each; a wake-up when one waits.
//! - **When to choose it:** when the number of workers is small and known, and they share memory.

mod fork_join;
mod hazards;
mod map_reduce;
mod pipeline;
mod shared_state;
mod task_graph;

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct Threads;

impl patterns::Model for Threads {
    const ID: &'static str = "threads";
    const ABOUT: &'static str = "OS threads sharing memory under locks: std, crossbeam, parking_lot";
}

/// What hand-made synchronization is made of here; its tests put loom's in its place.
mod sync {
    pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
}
