//! OS threads under one global interpreter lock, as CPython has by default: one runs, the others wait.
//!
//! - **Unit of concurrency:** a thread of the operating system, which runs while it holds the lock.
//! - **How work is handed out:** by index, from a counter; the input is borrowed.
//! - **How results come back:** each thread owns its part and hands it over at the end; or all write what the lock guards.
//! - **What it costs:** all CPUs but one, save where a kernel lets go of the lock; and an interval of 5 ms whenever a thread
//!   wants the lock that another computes with.
//! - **When to choose it:** when threads mostly wait, or call what lets go of the lock.

mod fork_join;
mod hazards;
mod map_reduce;
mod pipeline;
mod shared_state;
mod task_graph;
mod thread;

use std::time::Duration;

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct Gil;

impl patterns::Model for Gil {
    const ID: &'static str = "gil";
    const ABOUT: &'static str = "OS threads under one global interpreter lock: CPython by default";
}

/// How long a thread waits for the lock before it asks for it: `sys.getswitchinterval()`.
const INTERVAL: Duration = Duration::from_millis(5);
