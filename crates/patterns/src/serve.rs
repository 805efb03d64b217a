//! Serve: conversations that mostly wait: for a socket, a timer, a file.
//!
//! Blocking and awaited I/O cannot share one kernel; a state machine without I/O can. The strategy binds, starts, and
//! hands its address to the load generator inside the timed region; the generator comes in [`Start`](crate::Start) and
//! is the same for every model.

use std::net::SocketAddr;
use std::time::Duration;

use crate::error::Error;
use crate::probe::{Observed, Probe};
use crate::run::{Done, Units};
use crate::strategy::Strategies;
use crate::workload::{Workload, Wrong};

/// A workload of conversations.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a workload of the pattern serve",
    note = "implement `patterns::Serve` for it, or register it under the pattern whose trait it implements"
)]
pub trait Serve: Workload {
    /// The state of one connection.
    type Conversation: Send + 'static;

    /// A connection was accepted.
    fn open(&self) -> Self::Conversation;
    /// Something happened: what to write goes into `out`, what to wait for next is the answer.
    fn on(&self, conversation: &mut Self::Conversation, event: Event<'_>, out: &mut Vec<u8>) -> Next;
    /// The oracle: over what the load generator saw.
    ///
    /// # Errors
    /// What differs from the right answer.
    fn verify(&self, input: &Self::Input, seen: &LoadReport) -> Result<(), Wrong>;
}

/// What a conversation is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'b> {
    /// These bytes arrived.
    Bytes(&'b [u8]),
    /// The time it asked for is over.
    Elapsed,
    /// The peer will send no more.
    Eof,
}

/// What a conversation waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Bytes.
    Read,
    /// A real timer.
    Sleep(Duration),
    /// Nothing: it is over once `out` is written.
    Close,
}

/// Brings the load, from outside the process that serves.
pub trait LoadGenerator: Send + Sync {
    /// Drives the server at `address` to the end of the plan.
    ///
    /// # Errors
    /// What kept it from doing so.
    fn drive(&self, address: SocketAddr) -> Result<LoadReport, Error>;
}

/// What the load generator saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// Connections that were made.
    pub connections: u64,
    /// Requests that were sent.
    pub sent: u64,
    /// Requests that were answered rightly.
    pub answered: u64,
    /// Latency of each from its intended start, ns.
    pub latencies_ns: Vec<u64>,
}

/// What a model says about serving.
#[diagnostic::on_unimplemented(
    message = "the model `{Self}` says nothing about the pattern serve",
    note = "write `src/serve.rs` with `impl RunsServe for {Self}`: a list of strategies, each with its support"
)]
pub trait RunsServe {
    /// Its strategies.
    fn serve<W: Serve, P: Probe>() -> Strategies<W, LoadReport>;
}

/// The end of a round: what was seen, and the answers behind it.
pub fn done(seen: LoadReport, units: Units, observed: Observed) -> Done<LoadReport> {
    Done { steps: seen.answered, answer: seen, units, observed }
}
