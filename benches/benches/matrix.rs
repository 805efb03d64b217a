//! Criterion over every cell that runs: `cargo bench -- primes/threads`, with cell IDs as `compare` prints them.
//!
//! Criterion measures one cell after the other, so its numbers are for following one cell over time; contenders are
//! compared by `cargo xtask compare`, which interleaves them.

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use criterion::Criterion;
use harness::timed;
use patterns::cell::{Cell, Config, Digest, Session};
use patterns::{Error, Size, Start};
use suite::Suite;

/// Clients that share state, as in `compare`.
const CLIENTS: NonZeroUsize = NonZeroUsize::new(8).unwrap();

fn main() -> ExitCode {
    let suite = suite::standard();
    if let Some(code) = runner::hook(&suite) {
        return code;
    }
    let criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300));
    let mut criterion = criterion.configure_from_args();
    let cpus = cpus();
    for cell in &suite.cells {
        if let Some(session) = cell.support.run() {
            bench(&mut criterion, &suite, cell, session, cpus);
        }
    }
    criterion.final_summary();
    ExitCode::SUCCESS
}

fn bench(criterion: &mut Criterion, suite: &Suite, cell: &Cell, session: &Session, cpus: NonZeroUsize) {
    let workers = if cell.pattern.has_clients() { CLIENTS } else { cpus };
    let marked = if cell.wrong { " (deliberately wrong)" } else { "" };
    let id = format!("{cell:?}/w{workers}{marked}");
    // Criterion calls the closure once a sample, and not at all where its filter says no: the session starts at the
    // first call and its workers stay warm to the last.
    let mut live = None;
    criterion.bench_function(&id, |bencher| {
        let live = live.get_or_insert_with(|| Live::start(session.clone(), config(suite, cell, workers, cpus)));
        bencher.iter_custom(|iterations| {
            live.run(iterations).unwrap_or_else(|error| panic!("{id}: {error}")) // a cell that fails has no time
        });
    });
    if let Some(live) = live {
        live.end();
    }
}

fn config(suite: &Suite, cell: &Cell, workers: NonZeroUsize, cpus: NonZeroUsize) -> Config {
    let listed = suite.workloads.iter().find(|listed| listed.id == cell.workload);
    let knobs = listed.map(|listed| (listed.sized)(Size::Default)).unwrap_or_default();
    Config { knobs, seed: 42, start: Start { workers, cpus, respawn: runner::respawn(cell), load: None } }
}

/// A session on a thread of its own, since a strategy calls back from within: it waits there between two samples.
struct Live {
    ask: Sender<u64>,
    told: Receiver<Result<Duration, Error>>,
    session: JoinHandle<()>,
}

impl Live {
    fn start(session: Session, config: Config) -> Self {
        let (ask, asked) = channel::<u64>();
        let (tell, told) = channel();
        let session = thread::spawn(move || {
            let prepared = session(&config).and_then(|prepared| {
                prepared(&mut |round| {
                    for iterations in &asked {
                        let one = |_| timed(round, Digest::Skip).map(|(elapsed, _)| elapsed);
                        let elapsed = (0..iterations).map(one).sum::<Result<Duration, Error>>()?;
                        tell.send(Ok(elapsed)).map_err(Error::other)?;
                    }
                    Ok(())
                })
            });
            // If nobody listens any more, the bench is over.
            prepared.unwrap_or_else(|error| tell.send(Err(error)).unwrap_or_default());
        });
        Self { ask, told, session }
    }

    fn run(&self, iterations: u64) -> Result<Duration, Error> {
        // A session that failed has said so before it closed its end.
        let _ = self.ask.send(iterations);
        self.told.recv().map_err(Error::other)?
    }

    /// Ends the workers before the next cell starts its own.
    fn end(self) {
        drop(self.ask);
        let _ = self.session.join();
    }
}

#[allow(clippy::disallowed_methods)] // there is no runner here to be told by
fn cpus() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
