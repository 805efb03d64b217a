//! Criterion over every cell that runs: `cargo bench -- primes/threads`, with cell IDs as `compare` prints them.
//!
//! Criterion measures one cell after the other, so its numbers are for following one cell over time; contenders are
//! compared by `cargo xtask compare`, which interleaves them.

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode};
use harness::timed;
use patterns::cell::{Cell, Config, Digest, Session};
use patterns::{Error, Size, Start};
use serde_json::{Map, Value};
use suite::Suite;

/// Clients that share state, as in `compare`.
const CLIENTS: NonZeroUsize = NonZeroUsize::new(8).unwrap();
/// A run that takes longer is not repeated; Criterion wants at least eleven.
const PATIENCE: Duration = Duration::from_secs(2);

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
    let machine = Machine { cpus: cpus(), size: if once() { Size::Smoke } else { Size::Default } };
    for cells in suite.cells.chunk_by(|one, next| one.workload == next.workload) {
        let mut group = criterion.benchmark_group(cells[0].workload);
        // As many iterations in each of the ten samples: Criterion's growing ones would run a cell 55 times.
        group.sampling_mode(SamplingMode::Flat);
        for cell in cells {
            // Some are not applicable to some settings, the default among them.
            let refused = (cell.refuses)(&knobs(&suite, cell, machine.size));
            if let (Some(session), None) = (cell.support.run(), refused) {
                bench(&mut group, &suite, cell, session, machine);
            }
        }
        group.finish();
    }
    criterion.final_summary();
    ExitCode::SUCCESS
}

#[derive(Clone, Copy)]
struct Machine {
    cpus: NonZeroUsize,
    size: Size,
}

/// Whether Criterion runs every cell once, as a test: that is what it does without `--bench`, and with `--test`.
fn once() -> bool {
    let given = |flag: &str| std::env::args_os().any(|argument| argument == flag);
    !given("--bench") || given("--test")
}

fn bench(
    group: &mut BenchmarkGroup<'_, WallTime>,
    suite: &Suite,
    cell: &Cell,
    session: &Session,
    Machine { cpus, size }: Machine,
) {
    let units = units(suite, cell, size);
    let workers = units.unwrap_or(if cell.pattern.has_clients() { CLIENTS } else { cpus });
    let marked = if cell.wrong { " (deliberately wrong)" } else { "" };
    let id = format!("{}/w{workers}{marked}", cell.contender());
    let start = |size| Live::start(session.clone(), config(suite, cell, workers, cpus, size));
    let failed = |error: Error| -> Live { panic!("{}/{id}: {error}", cell.workload) }; // a cell that fails has no time
    // Criterion calls the closure once a sample, and not at all where its filter says no: the session starts at the
    // first call and its workers stay warm to the last.
    let mut live = None;
    group.bench_function(&id, |bencher| {
        let live = live.get_or_insert_with(|| patient(size, &id, start).unwrap_or_else(failed));
        bencher.iter_custom(|iterations| {
            live.run(iterations).unwrap_or_else(|error| panic!("{}/{id}: {error}", cell.workload))
        });
    });
    if let Some(live) = live {
        live.end();
    }
}

/// How many units the shape of a workload has, where workers do not apply.
fn units(suite: &Suite, cell: &Cell, size: Size) -> Option<NonZeroUsize> {
    let listed = suite.workloads.iter().find(|listed| listed.id == cell.workload)?;
    NonZeroUsize::new((listed.units)(&(listed.sized)(size))? as usize)
}

/// A session of this size, warm; a cell that would take minutes at the default size is benched at the smallest, and
/// that is said.
fn patient(size: Size, id: &str, start: impl Fn(Size) -> Live) -> Result<Live, Error> {
    let live = start(size);
    if size == Size::Smoke {
        return Ok(live);
    }
    let elapsed = live.run(1)?;
    if elapsed <= PATIENCE {
        return Ok(live);
    }
    live.end();
    eprintln!("{id}: a run takes {elapsed:.1?} at the default size; benched at the smoke size");
    Ok(start(Size::Smoke))
}

fn knobs(suite: &Suite, cell: &Cell, size: Size) -> Map<String, Value> {
    let listed = suite.workloads.iter().find(|listed| listed.id == cell.workload);
    listed.map(|listed| (listed.sized)(size)).unwrap_or_default()
}

fn config(suite: &Suite, cell: &Cell, workers: NonZeroUsize, cpus: NonZeroUsize, size: Size) -> Config {
    Config {
        knobs: knobs(suite, cell, size),
        seed: 42,
        start: Start { workers, cpus, respawn: runner::respawn(cell), load: None },
    }
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
