//! Serve: conversations that mostly wait: for a socket, a timer, a file.
//!
//! Blocking and awaited I/O cannot share one kernel; a state machine without I/O can. The strategy binds, starts, and
//! hands its address to the load generator inside the timed region; the generator comes in [`Start`](crate::Start) and
//! is the same for every model and every workload: what to send and what to expect is the workload's ([`Client`]).
//!
//! In a cell of this pattern `wN` is N clients, one connection each: [`Start::workers`](crate::Start::workers) says how
//! many will call. How many threads, processes or tasks answer them is the strategy's business, from
//! [`Start::cpus`](crate::Start::cpus).

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;
use crate::probe::{Observed, Probe};
use crate::run::{Done, Units};
use crate::strategy::Strategies;
use crate::workload::{Job, Workload, Wrong};

/// A workload of conversations: the server's side as a state machine, the client's side as data.
///
/// Request `i` of [`Serve::requests`] travels on connection `i % connections`, the requests of a connection in ascending
/// order; all connections are open before the first request is sent. So both sides know what comes first on each.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a workload of the pattern serve",
    note = "implement `patterns::Serve` for it, or register it under the pattern whose trait it implements"
)]
pub trait Serve: Workload {
    /// The state of one connection.
    type Conversation: Send + 'static;

    /// A connection was accepted: what to say at once goes into `out`, what to wait for first is the answer.
    fn open(&self, out: &mut Vec<u8>) -> (Self::Conversation, Next);
    /// What it waited for happened: what to write goes into `out`, what to wait for next is the answer. `out` comes empty
    /// and is written before the wait begins.
    fn on(&self, conversation: &mut Self::Conversation, event: Event<'_>, out: &mut Vec<u8>) -> Next;

    /// Connections: as many as the input was made for clients, which is [`Start::workers`](crate::Start::workers).
    fn connections(&self, input: &Self::Input) -> usize;
    /// Requests on all connections together: the plan of steps.
    fn requests(&self, input: &Self::Input) -> u64;
    /// Writes the bytes of request `index`. Inside the clock and beside the server, so it should only copy. It may write
    /// nothing: then what is judged is what the server says by itself, which may come before the request is due.
    fn request(&self, input: &Self::Input, index: u64, out: &mut Vec<u8>);
    /// Judges what came back for request `index`: `reply` is all that arrived on its connection and that earlier requests
    /// did not use. A greeting is part of the first reply of its connection.
    fn judge(&self, input: &Self::Input, index: u64, reply: &[u8]) -> Judged;
    /// How fast requests are sent.
    fn pace(&self) -> Pace {
        Pace::Closed
    }

    /// The oracle: over what the load generator saw. The pattern has already compared connections and answers with the
    /// plan.
    ///
    /// # Errors
    /// What differs from the right answer.
    fn verify(&self, input: &Self::Input, seen: &LoadReport) -> Result<(), Wrong>;

    /// What is digested to compare answers across processes and languages: nothing, unless the workload says more than
    /// how many answers were right, and no two reports have the same latencies.
    fn fingerprint(&self, seen: &LoadReport) -> Option<serde_json::Value> {
        let _ = seen;
        None
    }
}

/// What a conversation is told: the answer to the [`Next`] it gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'b> {
    /// These bytes arrived; never none.
    Bytes(&'b [u8]),
    /// The peer will send no more; said again at every [`Next::Read`] from here on.
    Eof,
    /// The time it asked for is over.
    Elapsed,
    /// What is in the file, or why it could not be read.
    Loaded(Result<&'b [u8], io::ErrorKind>),
    /// The file is written, or why it is not.
    Stored(Result<(), io::ErrorKind>),
}

/// What a conversation waits for. What arrives meanwhile is kept for the next [`Next::Read`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// [`Event::Bytes`] or [`Event::Eof`].
    Read,
    /// A real timer: [`Event::Elapsed`].
    Sleep(Duration),
    /// All of a file: [`Event::Loaded`].
    Load(PathBuf),
    /// A file with these bytes and no others, made or replaced: [`Event::Stored`].
    Store {
        /// Where.
        path: PathBuf,
        /// What.
        bytes: Vec<u8>,
        /// Whether it is on the disk (`fsync`) before the event, or only on its way there.
        sync: bool,
    },
    /// Nothing: it is over once `out` is written.
    Close,
}

/// What a reply is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// It is not all there.
    More,
    /// It is right.
    Right {
        /// How many of its bytes it took; the rest belongs to the connection's next request.
        used: usize,
    },
    /// It is wrong. That ends its connection: nobody knows where the next reply would begin.
    Wrong,
}

/// How fast requests are sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// Closed loop: a connection sends its next request once the one before is answered. A slow server is asked less.
    Closed,
    /// Open loop: request `i` is sent `i / per_second` after the first, answered or not, and its latency counts from
    /// then, so that a server that stalls is charged with all that had to wait.
    Open {
        /// Requests a second on all connections together; more than 0.
        per_second: f64,
    },
}

/// The client's side of a job as a load generator sees it, whatever the workload: a virtual call a request, which is
/// nothing beside a socket. What each of them says is in [`Serve`].
pub trait Client: Send + Sync {
    /// [`Serve::connections`].
    fn connections(&self) -> usize;
    /// [`Serve::requests`].
    fn requests(&self) -> u64;
    /// [`Serve::request`].
    fn request(&self, index: u64, out: &mut Vec<u8>);
    /// [`Serve::judge`].
    fn judge(&self, index: u64, reply: &[u8]) -> Judged;
    /// [`Serve::pace`].
    fn pace(&self) -> Pace;
}

/// The client's side of this job.
pub struct ClientOf<'j, W: Serve>(pub &'j Job<W>);

impl<W: Serve> Client for ClientOf<'_, W> {
    fn connections(&self) -> usize {
        self.0.workload.connections(&self.0.input)
    }
    fn requests(&self) -> u64 {
        self.0.workload.requests(&self.0.input)
    }
    fn request(&self, index: u64, out: &mut Vec<u8>) {
        self.0.workload.request(&self.0.input, index, out);
    }
    fn judge(&self, index: u64, reply: &[u8]) -> Judged {
        self.0.workload.judge(&self.0.input, index, reply)
    }
    fn pace(&self) -> Pace {
        self.0.workload.pace()
    }
}

/// Brings the load. Made before any job, and the same for all of them; what it saw beyond a count (latencies) reaches
/// whoever made it through itself.
pub trait LoadGenerator: Send + Sync {
    /// Drives the server at `address` to the end of the client's plan.
    ///
    /// # Errors
    /// What kept it from doing so. A wrong reply is none: it is missing from [`LoadReport::answered`].
    fn drive(&self, address: SocketAddr, client: &dyn Client) -> Result<LoadReport, Error>;
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
    /// Latency of each of those from its intended start, ns; 0 where the server spoke first.
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
