//! Plays the runner for every hand-written reference: the answers of the contract's `sequential/plain`, and as many
//! iterations as were asked for.

use std::num::NonZeroUsize;
use std::time::Duration;

use harness::launcher::Launcher;
use harness::protocol::{Config, digest};
use harness::{Ask, ProcessSampler, Sampled, Sampler as _, timed};
use patterns::cell::{self, Digest};
use patterns::{Respawn, Size, Start, Workload};
use results::journal::Outcome;
use serde_json::{Map, Value};
use workloads::{Counter, Grain, NQueens, ReferenceCount, Ring, TreeSum};

const ITERATIONS: usize = 3;
const SEED: u64 = 42;

fn knobs<W: Workload>(workload: &W) -> Map<String, Value> {
    match serde_json::to_value(workload) {
        Ok(Value::Object(knobs)) => knobs,
        other => panic!("{other:?} are no knobs"),
    }
}

/// The digest of what `sequential/plain` answers, through the contract.
fn reference<W: Workload>(workload: &W, workers: u32) -> String {
    let suite = suite::standard();
    let plain = |cell: &&cell::Cell| cell.workload == W::ID && cell.contender() == "sequential/plain";
    let session = suite.cells.iter().find(plain).and_then(|cell| cell.support.run()).unwrap();
    let workers = NonZeroUsize::new(workers as usize).unwrap();
    let start = Start { workers, cpus: NonZeroUsize::MIN, respawn: Respawn::default(), load: None };
    let prepared = session(&cell::Config { knobs: knobs(workload), seed: SEED, start }).unwrap();
    let mut fingerprint = None;
    prepared(&mut |round| {
        fingerprint = timed(round, Digest::Make)?.1.fingerprint;
        Ok(())
    })
    .unwrap();
    digest(&fingerprint.expect("right answers are alike"))
}

/// One sample of `bare STRATEGY`, taken by the harness itself, which compares the digest where one is given.
fn sample<W: Workload>(strategy: &str, workload: &W, workers: u32, digest: Option<String>) -> Sampled {
    let config = Config {
        cell: format!("{}/bare/{strategy}/w{workers}", W::ID),
        workload: W::ID.to_owned(),
        knobs: knobs(workload),
        model: String::from("bare"),
        strategy: strategy.to_owned(),
        workers,
        cpus: 2,
        seed: SEED,
        warmup: 1,
        iterations: ITERATIONS as u32,
        observe: false,
        digest,
    };
    let launcher = Launcher { argv: vec![env!("CARGO_BIN_EXE_bare").into(), strategy.into()], env: Vec::new() };
    ProcessSampler::new(Duration::from_secs(60)).sample(Ask {
        launcher: &launcher,
        config: &config,
        wrong: false,
        guest: false,
    })
}

fn agrees<W: Workload>(strategy: &str, workload: &W) {
    for workers in [1, 2, 7] {
        let reference = reference(workload, workers);
        let sampled = sample(strategy, workload, workers, None);
        let Outcome::Measured { elapsed_ns, units, .. } = sampled.outcome else {
            panic!("{strategy} with {workers} workers: {:?}", sampled.outcome);
        };
        assert_eq!(elapsed_ns.len(), ITERATIONS, "{strategy} with {workers} workers");
        assert_eq!(sampled.digest, Some(reference), "{strategy} with {workers} workers");
        let workers = if strategy == "sequential" { 1 } else { workers };
        assert_eq!(units.threads + units.processes, u64::from(workers), "{strategy} with {workers} workers: {units:?}");
    }
}

macro_rules! agree {
    ($($name:ident: $strategy:literal on $workload:ident;)+) => {$(
        #[test]
        fn $name() {
            agrees($strategy, &$workload::sized(Size::Smoke));
        }
    )+};
}

agree! {
    sequential: "sequential" on Grain;
    sequential_counter: "sequential" on Counter;
    scope: "scope" on Grain;
    static_blocks: "static" on Grain;
    queue: "queue" on Grain;
    rayon_map: "rayon-map" on Grain;
    rayon_fold: "rayon-fold" on Grain;
    spawn: "spawn" on Grain;
    join: "join" on TreeSum;
    join_queens: "join" on NQueens;
    ipc: "ipc" on Grain;
    ipc_batched: "ipc-batched" on Grain;
    mutex: "mutex" on Counter;
    std_mutex: "std-mutex" on Counter;
    rwlock: "rwlock" on Counter;
    sharded: "sharded" on Counter;
    dashmap: "dashmap" on Counter;
    atomic: "atomic" on Counter;
    arc: "arc" on ReferenceCount;
}

#[test]
fn few_and_uneven_tasks_and_none_are_all_done() {
    for tasks in [0, 1, 3] {
        let grain = Grain { tasks: Some(tasks), imbalance: 1.0, ..Grain::sized(Size::Smoke) };
        let reference = reference(&grain, 2);
        for strategy in ["scope", "static", "queue", "rayon-map", "rayon-fold", "spawn", "ipc", "ipc-batched"] {
            let sampled = sample(strategy, &grain, 2, Some(reference.clone()));
            assert!(matches!(sampled.outcome, Outcome::Measured { .. }), "{strategy}, {tasks} tasks: {sampled:?}");
        }
    }
}

#[test]
fn many_keys_are_all_counted() {
    let counter = Counter { keys: 1000, ..Counter::sized(Size::Smoke) };
    for strategy in ["sequential", "mutex", "std-mutex", "rwlock", "sharded", "dashmap", "atomic"] {
        agrees(strategy, &counter);
    }
}

/// A ring has as many processes as stages, whatever the workers.
#[test]
fn futexes_pass_the_token() {
    let ring = Ring::sized(Size::Smoke);
    let sampled = sample("futex", &ring, 2, None);
    let Outcome::Measured { elapsed_ns, units, .. } = sampled.outcome else { panic!("{:?}", sampled.outcome) };
    assert_eq!((elapsed_ns.len(), units.processes), (ITERATIONS, 2));
    assert_eq!(sampled.digest, Some(reference(&ring, 2)));
}

#[test]
fn what_it_cannot_do_it_says() {
    let refused = |sampled: Sampled| match sampled.outcome {
        Outcome::Failed { reason } => reason,
        other => panic!("{other:?}"),
    };
    let smoke = Grain::sized(Size::Smoke);
    assert_eq!(
        refused(sample("mutex", &smoke, 2, None)),
        "bare `mutex` does not do the workload `grain`; `bare` alone lists strategies"
    );
    assert_eq!(refused(sample("queue", &smoke, 0, None)), "0 workers");
}
