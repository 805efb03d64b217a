//! One run of a strategy: it makes its workers, calls `measure` with a round, and ends them.
//!
//! Start, timed region and tear-down are then three places in one function, read from top to bottom; scoped threads, a
//! runtime, a pool and child processes all live on its stack. A round is *prepare (untimed), [`Watch::time`], collect
//! (untimed)*: the model says where the timed region lies, the harness fails a round that does not time exactly one.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use crate::error::Error;
use crate::probe::Observed;
use crate::serve::LoadGenerator;
use crate::workload::{Job, Workload};

/// What a strategy is told before it makes its workers.
#[derive(Clone)]
pub struct Start {
    /// Workers: threads, processes, tasks; clients in shared state and serve.
    pub workers: NonZeroUsize,
    /// CPUs this process may use. A strategy is told; it does not look. In serve it is all that says how many units the
    /// server may have.
    pub cpus: NonZeroUsize,
    /// How to start this program again as a worker process of this cell.
    pub respawn: Respawn,
    /// Who brings the load to a server; `None` but in the pattern serve.
    pub load: Option<Arc<dyn LoadGenerator>>,
}

impl std::fmt::Debug for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Start").field("workers", &self.workers).field("cpus", &self.cpus).finish_non_exhaustive()
    }
}

/// How to start this program again as a worker process of a cell: the address of the parent is the last argument.
#[derive(Debug, Clone, Default)]
pub struct Respawn {
    /// This program.
    pub program: PathBuf,
    /// The hidden verb and the cell.
    pub arguments: Vec<OsString>,
}

impl Respawn {
    /// The command; the caller adds the address.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }
}

/// What a round brought.
#[derive(Debug)]
pub struct Done<A> {
    /// The answer, to be verified outside the timed region.
    pub answer: A,
    /// Steps that were executed, counted where they were: the pattern knows how many there should be.
    pub steps: u64,
    /// What was really used.
    pub units: Units,
    /// What a probe saw; nothing in a timing run.
    pub observed: Observed,
}

/// What a round really used: counted in the values that travel, never in a shared counter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Units {
    /// Threads that did work.
    pub threads: u64,
    /// Processes that did work, owners included.
    pub processes: u64,
    /// Tasks or jobs handed to a scheduler.
    pub tasks: u64,
    /// Messages between units.
    pub messages: u64,
    /// Payload of those messages, bytes.
    pub bytes_shipped: u64,
    /// Workers that died and were replaced.
    pub restarts: u64,
}

/// The clock of a round. Implemented by the harness only.
pub trait Clock {
    /// The timed region begins.
    fn start(&mut self);
    /// The timed region ends.
    fn stop(&mut self);
}

/// What a round times its one region with.
pub struct Watch<'c>(&'c mut dyn Clock);

impl<'c> Watch<'c> {
    /// A watch on a clock.
    pub fn new(clock: &'c mut dyn Clock) -> Self {
        Self(clock)
    }

    /// Times `run`: everything from handing out the first task to holding the combined answer.
    pub fn time<R>(&mut self, run: impl FnOnce() -> R) -> R {
        self.0.start();
        let result = run();
        self.0.stop();
        result
    }
}

/// One round: prepare, time, collect.
pub type Round<'r, A> = dyn FnMut(&mut Watch<'_>) -> Result<Done<A>, Error> + 'r;

/// Calls a round as often as it likes while the workers are warm.
pub type Measure<'m, A> = dyn FnMut(&mut Round<'_, A>) -> Result<(), Error> + 'm;

/// A strategy.
pub type Run<W, A> = fn(&Start, &Arc<Job<W>>, &mut Measure<'_, A>) -> Result<(), Error>;

/// What a worker process of a strategy runs: connects to `address` and serves until its parent hangs up.
pub type WorkerMain = fn(address: &str) -> Result<(), Error>;

/// Builds the input and puts it beside its workload.
pub fn job<W: Workload>(workload: W, seed: u64, clients: usize) -> Arc<Job<W>> {
    let input = workload.input(seed, clients);
    Arc::new(Job { workload, input })
}
