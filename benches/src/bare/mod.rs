//! What the contract costs is the ratio to this: each library used as its expert would, without the traits and the
//! machinery of `patterns`. One file a library, each to be read alone.
//!
//! The kernel is the same function (`Grain::map`), the answer goes to the same oracle, and `bare STRATEGY` speaks
//! `sample/1` (see `harness::protocol`), so that a difference in time is a difference in coordination.
//!
//! | `bare` | workload | beside |
//! |---|---|---|
//! | `sequential` | grain, counter | `sequential/plain` |
//! | `scope`, `static` | grain | `threads/scope`, `threads/static` |
//! | `queue` | grain | `threads/queue` |
//! | `rayon-map`, `rayon-fold` | grain | `data-parallel/par-iter`, `data-parallel/fold-reduce` |
//! | `spawn` | grain | `async/spawn` |
//! | `ipc`, `ipc-batched` | grain | `processes/pool`, `processes/pool-batched` |
//! | `join` | tree-sum, n-queens | `data-parallel/join` |
//! | `futex` | ring | `processes/shared-memory` |
//! | `mutex`, `std-mutex`, `rwlock` | counter | `threads/mutex`, `threads/std-mutex`, `threads/rwlock` |
//! | `sharded`, `dashmap`, `atomic` | counter | `threads/sharded`, `threads/concurrent-map`, `threads/atomic` |
//! | `arc` | reference-count | `threads/atomic` |

mod arc;
mod counter;
mod crossbeam;
mod futex;
mod ipc;
mod rayon;
mod recursion;
mod sample;
mod sequential;
mod threads;
mod tokio;

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use harness::protocol::Config;
use patterns::shared_state::Answer;
use patterns::{ForkJoin, MapReduce, Pipeline, SharedState, Workload};
use serde_json::Value;
use workloads::{Arena, Arrived, Counter, Grain, NQueens, ReferenceCount, Ring, TreeSum};

use self::sample::{Oracle, Rounds, Sample};

type Task = <Grain as MapReduce>::Task<'static>;
type Sum = <Grain as MapReduce>::Partial;
type Scripts = <Counter as Workload>::Input;
type Entries = Vec<(u64, u64)>;

/// A strategy makes its workers, hands `Rounds::run` what one iteration is, and ends the workers.
#[derive(Clone, Copy)]
enum Run {
    Grain(fn(&Grain, usize, Rounds<'_, Sum>) -> Result<()>),
    Counter(fn(&Counter, &Scripts, Rounds<'_, Entries>) -> Result<()>),
    References(fn(&ReferenceCount, &<ReferenceCount as Workload>::Input, Rounds<'_, Entries>) -> Result<()>),
    Tree(fn(&TreeSum, &Arena, usize, Rounds<'_, u64>) -> Result<()>),
    Queens(fn(&NQueens, usize, Rounds<'_, u64>) -> Result<()>),
    Ring(fn(&Ring, u64, Rounds<'_, Arrived>) -> Result<()>),
}

const STRATEGIES: [(&str, Run); 20] = [
    ("sequential", Run::Grain(sequential::grain)),
    ("sequential", Run::Counter(sequential::counter)),
    ("scope", Run::Grain(threads::scope)),
    ("static", Run::Grain(threads::static_blocks)),
    ("queue", Run::Grain(crossbeam::queue)),
    ("rayon-map", Run::Grain(rayon::map)),
    ("rayon-fold", Run::Grain(rayon::fold)),
    ("spawn", Run::Grain(tokio::spawn)),
    ("join", Run::Tree(recursion::tree)),
    ("join", Run::Queens(recursion::queens)),
    ("futex", Run::Ring(futex::ping_pong)),
    (ipc::SINGLE, Run::Grain(ipc::single)),
    (ipc::BATCHED, Run::Grain(ipc::batched)),
    ("mutex", Run::Counter(counter::mutex)),
    ("std-mutex", Run::Counter(counter::std_mutex)),
    ("rwlock", Run::Counter(counter::rwlock)),
    ("sharded", Run::Counter(counter::sharded)),
    ("dashmap", Run::Counter(counter::dashmap)),
    ("atomic", Run::Counter(counter::atomic)),
    ("arc", Run::References(arc::arc)),
];

/// The program `bare`.
#[must_use]
pub fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [ipc::WORKER, strategy, knobs, address] => {
            let work = if futex::STAGES.contains(&strategy) { futex::work } else { ipc::work };
            match work(strategy, knobs, address) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("error: {error:#}");
                    ExitCode::FAILURE
                }
            }
        }
        [strategy] => sample::speak(|sample| take(strategy, sample)),
        _ => {
            let mut names = STRATEGIES.map(|(name, _)| name).to_vec();
            names.dedup();
            eprintln!(
                "usage: bare STRATEGY, speaking `sample/1` on stdin and stdout\nstrategies: {}",
                names.join(", ")
            );
            ExitCode::from(2)
        }
    }
}

/// What a workload knows of its answers, beside its input.
macro_rules! oracle {
    ($workload:ident, $input:expr) => {
        Oracle {
            verify: &|answer: &_| $workload.verify(&$input, answer),
            fingerprint: &|answer: &_| $workload.fingerprint(answer),
        }
    };
}

/// The same where the answer is final entries, and nothing that clients saw.
macro_rules! of_entries {
    ($workload:ident, $input:expr) => {
        Oracle {
            verify: &|entries: &Entries| $workload.verify(&$input, &Answer::new(entries.clone(), ())),
            fingerprint: &|entries: &Entries| $workload.fingerprint(&Answer::new(entries.clone(), ())),
        }
    };
}

fn take(strategy: &str, sample: Sample<'_>) -> Result<()> {
    let config = sample.config;
    let workers = usize::try_from(config.workers).ok().filter(|&workers| workers > 0).context("0 workers")?;
    let does = |run: Run| match run {
        Run::Grain(_) => Grain::ID,
        Run::Counter(_) => Counter::ID,
        Run::References(_) => ReferenceCount::ID,
        Run::Tree(_) => TreeSum::ID,
        Run::Queens(_) => NQueens::ID,
        Run::Ring(_) => Ring::ID,
    };
    let found = STRATEGIES.into_iter().find(|&(name, run)| name == strategy && does(run) == config.workload);
    match found {
        None => {
            bail!("bare `{strategy}` does not do the workload `{}`; `bare` alone lists strategies", config.workload)
        }
        Some((_, Run::Grain(run))) => {
            let grain: Grain = workload(config)?;
            let oracle = oracle!(grain, ());
            run(&grain, workers, sample.with(oracle))
        }
        Some((_, Run::Counter(run))) => {
            let counter: Counter = workload(config)?;
            let scripts = counter.input(config.seed, workers);
            run(&counter, &scripts, sample.with(of_entries!(counter, scripts)))
        }
        Some((_, Run::References(run))) => {
            let references: ReferenceCount = workload(config)?;
            let scripts = references.input(config.seed, workers);
            run(&references, &scripts, sample.with(of_entries!(references, scripts)))
        }
        Some((_, Run::Tree(run))) => {
            let tree: TreeSum = workload(config)?;
            let arena = tree.input(config.seed, 1);
            let oracle = oracle!(tree, arena);
            run(&tree, &arena, workers, sample.with(oracle))
        }
        Some((_, Run::Queens(run))) => {
            let queens: NQueens = workload(config)?;
            let known = queens.input(config.seed, 1);
            let oracle = oracle!(queens, known);
            run(&queens, workers, sample.with(oracle))
        }
        Some((_, Run::Ring(run))) => {
            let ring: Ring = workload(config)?;
            let start = ring.input(config.seed, 1);
            let oracle = oracle!(ring, start);
            run(&ring, config.seed, sample.with(oracle))
        }
    }
}

fn workload<W: Workload>(config: &Config) -> Result<W> {
    serde_json::from_value(Value::Object(config.knobs.clone())).with_context(|| format!("the knobs of {}", W::ID))
}

/// The kernel, on one task.
#[inline]
fn map(grain: &Grain, task: &Task, sum: &mut Sum) {
    grain.map(task, 0..grain.items(task), sum);
}

/// As [`map`], on the task of an index.
#[inline]
fn map_index(grain: &Grain, index: usize, sum: &mut Sum) {
    map(grain, &grain.task(&(), index), sum);
}

/// Number of tasks.
fn tasks(grain: &Grain) -> usize {
    grain.tasks(&())
}
