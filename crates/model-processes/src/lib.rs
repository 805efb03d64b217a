//! Processes exchanging messages, or sharing a region of memory: ipc-channel; nix for process control.
//!
//! - **Unit of concurrency:** a process: this program, executed again in a hidden mode.
//! - **How work is handed out:** serialized into a message; nothing is inherited, nothing is regenerated.
//! - **How results come back:** serialized, by message.
//! - **What it costs:** milliseconds to start one, a microsecond and more a message, every byte copied.
//! - **When to choose it:** when a worker may crash, leak or be killed; when code is not safe to share; across hosts.

#[cfg(not(unix))]
compile_error!("the process model needs Unix: sockets, signals and wait");

#[cfg(target_os = "linux")]
mod barrier;
mod fork_join;
#[cfg(target_os = "linux")]
mod futex;
mod hazards;
mod link;
#[cfg(target_os = "linux")]
mod lock;
mod map_reduce;
mod parent;
mod pipeline;
mod region;
mod shared_state;
mod task_graph;
mod wire;

/// What hand-made synchronization is made of; a test puts loom's in its place.
mod sync {
    #[cfg(target_os = "linux")]
    pub(crate) use std::sync::atomic::{AtomicU64, Ordering, fence};
    pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};

    #[cfg(target_os = "linux")]
    pub(crate) use crate::futex::Word;
}

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct Processes;

impl patterns::Model for Processes {
    const ID: &'static str = "processes";
    const ABOUT: &'static str =
        "processes exchanging messages or sharing a region: ipc-channel, the program itself executed again";
}
