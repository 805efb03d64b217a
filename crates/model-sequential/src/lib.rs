//! The calling thread alone: the baseline of every speed-up.
//!
//! - **Unit of concurrency:** none.
//! - **How work is handed out:** a loop.
//! - **How results come back:** they are already there.
//! - **What it costs:** nothing; and it uses one CPU.
//! - **When to choose it:** when the work is too small to share, which is more often than one thinks.

mod fork_join;
mod hazards;
mod map_reduce;
mod pipeline;
mod shared_state;
mod task_graph;

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct Sequential;

impl patterns::Model for Sequential {
    const ID: &'static str = "sequential";
    const ABOUT: &'static str = "the calling thread alone: the baseline of every speed-up";
}
