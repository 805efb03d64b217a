//! What samples of this program measure beside the time, and what they say where they cannot.

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use harness::launcher::Launcher;
use harness::protocol::Config;
use harness::{Ask, ProcessSampler, Sampler as _};
use patterns::Size;
use patterns::cell::Cell;
use results::journal::Outcome;

const WORKERS: u32 = 3;
const ITERATIONS: u32 = 2;

/// What a diagnostic pass says, or says why not.
const DIAGNOSED: [&str; 9] = [
    "lock_acquisitions",
    "lock_contended",
    "lock_wait_ns",
    "lock_wait_max_ns",
    "lock_hold_max_ns",
    "operations_min",
    "operations_max",
    "fairness_min_max",
    "fairness_jain",
];

struct Taken {
    cell: String,
    metrics: BTreeMap<String, f64>,
    absent: BTreeMap<String, String>,
}

impl Taken {
    #[track_caller]
    fn value(&self, id: &str) -> f64 {
        *self.metrics.get(id).unwrap_or_else(|| panic!("{} has no {id}: {:?}", self.cell, self.absent))
    }

    #[track_caller]
    fn reason(&self, id: &str) -> &str {
        self.absent.get(id).unwrap_or_else(|| panic!("{} has {id}: {:?}", self.cell, self.metrics.get(id)))
    }
}

/// One sample of a cell, small but for these knobs.
fn sample(cell: &Cell, knobs: &[(&str, u64)], observe: bool) -> Taken {
    let suite = suite::standard();
    let listed = suite.workloads.iter().find(|listed| listed.id == cell.workload).expect("a workload");
    let mut all = (listed.sized)(Size::Smoke);
    all.extend(knobs.iter().map(|(id, value)| ((*id).to_owned(), (*value).into())));
    let config = Config {
        cell: format!("{cell:?}"),
        workload: cell.workload.to_owned(),
        knobs: all,
        model: cell.model.to_owned(),
        strategy: cell.strategy.to_owned(),
        workers: WORKERS,
        cpus: 2,
        seed: 42,
        warmup: 1,
        iterations: ITERATIONS,
        observe,
        digest: None,
    };
    let launcher = Launcher { argv: vec![support::program().into(), "__sample".into()], env: Vec::new() };
    let ask = Ask { launcher: &launcher, config: &config, wrong: cell.wrong, guest: false };
    let sampled = ProcessSampler::new(Duration::from_secs(120)).sample(ask);
    let Outcome::Measured { elapsed_ns, metrics, absent, .. } = sampled.outcome else {
        panic!("{cell:?}: {:?}", sampled.outcome);
    };
    assert_eq!(elapsed_ns.len(), ITERATIONS as usize, "{cell:?}");
    let both: Vec<_> = metrics.keys().filter(|id| absent.contains_key(*id)).collect();
    assert!(both.is_empty(), "{cell:?}: {both:?} are measured and not measured");
    assert!(metrics.values().all(|value| value.is_finite() && *value >= 0.0), "{cell:?}: {metrics:?}");
    Taken { cell: format!("{cell:?}"), metrics, absent }
}

fn cell(name: &str) -> Cell {
    let all = suite::standard().cells;
    all.into_iter().find(|cell| format!("{cell:?}") == name).unwrap_or_else(|| panic!("no cell {name}"))
}

/// Every cell of two workloads in a diagnostic pass: what it does not know, it says.
#[test]
fn a_diagnostic_pass_says_something_of_every_metric_in_every_model() {
    for cell in suite::standard().cells {
        assert_eq!(cell.diagnosis.is_some(), cell.support.run().is_some(), "{cell:?}");
        if !["counter", "grain"].contains(&cell.workload) || cell.diagnosis.is_none() {
            continue;
        }
        let taken = sample(&cell, &[], true);
        for id in DIAGNOSED {
            assert!(taken.metrics.contains_key(id) != taken.absent.contains_key(id), "{cell:?}: {id}");
        }
    }
}

#[test]
fn locks_are_counted_in_threads_in_tasks_in_jobs_and_in_processes() {
    let ops = 50;
    let all = [
        "threads/mutex",
        "threads/sharded",
        "async/mutex",
        "data-parallel/mutex",
        "free-threaded/lock",
        "processes/shared-memory",
    ];
    for contender in all {
        if contender == "processes/shared-memory" && cfg!(not(target_os = "linux")) {
            continue;
        }
        let taken = sample(&cell(&format!("counter/{contender}")), &[("ops", ops)], true);
        let operations = ops as f64 * f64::from(WORKERS);
        assert_eq!(taken.value("operations_max"), ops as f64, "{contender}: the first to be done has done its script");
        assert_eq!(taken.value("lock_acquisitions"), operations, "{contender}: a lock an operation");
        assert!(taken.value("lock_contended") <= operations, "{contender}");
        // Whoever did not find it taken did not wait; how long the others waited is the machine's affair.
        assert!(taken.value("lock_contended") > 0.0 || taken.value("lock_wait_ns") == 0.0, "{contender}");
        assert!(taken.value("lock_wait_max_ns") <= taken.value("lock_wait_ns") * f64::from(ITERATIONS), "{contender}");
        assert!(taken.value("lock_hold_max_ns") > 0.0, "{contender}");
        fair(&taken);
    }
    for contender in ["threads/atomic", "threads/actor", "processes/server", "sequential/plain"] {
        let taken = sample(&cell(&format!("counter/{contender}")), &[("ops", ops)], true);
        assert!(taken.reason("lock_wait_ns").contains("takes no lock"), "{contender}");
        fair(&taken);
    }
    // One after the other: when the first is done, nobody else has begun.
    let alone = sample(&cell("counter/sequential/plain"), &[("ops", ops)], true);
    assert_eq!((alone.value("operations_min"), alone.value("fairness_min_max")), (0.0, 0.0));
    assert!((alone.value("fairness_jain") - 1.0 / f64::from(WORKERS)).abs() < 1e-9);
    let pool = sample(&cell("grain/data-parallel/par-iter"), &[], true);
    assert!(pool.reason("fairness_jain").contains("not counted by worker"));
}

/// Shares are shares, whatever the scheduler made of them.
#[track_caller]
fn fair(taken: &Taken) {
    let (share, jain) = (taken.value("fairness_min_max"), taken.value("fairness_jain"));
    assert!((0.0..=1.0).contains(&share), "{}: {share}", taken.cell);
    assert!(jain <= 1.0 && jain >= 1.0 / f64::from(WORKERS) - 1e-9, "{}: {jain}", taken.cell);
}

#[test]
fn steps_are_those_that_the_plan_has() {
    for contender in ["sequential/plain", "threads/static", "processes/pool", "async/spawn"] {
        let taken = sample(&cell(&format!("grain/{contender}")), &[("tasks", 37)], false);
        assert_eq!(taken.value("steps"), 37.0, "{contender}");
    }
    let clients = sample(&cell("counter/threads/mutex"), &[("ops", 50)], false);
    assert_eq!(clients.value("steps"), 50.0 * f64::from(WORKERS));
}

#[test]
fn an_ordinary_sample_says_nothing_of_locks_and_everything_of_time_and_memory() {
    if !support::has_proc() {
        println!("SKIPPED: no /proc");
        return;
    }
    // Enough work that the scheduler's own share of the CPU time is small.
    let work = [("tasks", 12), ("iterations", 2_000_000)];
    let alone = sample(&cell("grain/sequential/plain"), &work, false);
    for name in ["grain/threads/static", "grain/processes/pool", "grain/async/spawn"] {
        let taken = sample(&cell(name), &work, false);
        assert!(DIAGNOSED.iter().all(|id| !taken.metrics.contains_key(*id)), "{name}");
        for id in ["cpu_ns", "parallelism", "peak_rss_bytes", "pss_bytes", "cold_start_ns", "run_delay_ns"] {
            assert!(taken.value(id) > 0.0 || id == "run_delay_ns", "{name}: {id}");
        }
        assert!(taken.value("pss_bytes") <= taken.value("peak_rss_bytes"), "{name}");
        assert!(taken.value("switches_voluntary") > 0.0, "{name}: it waits for its workers");
        // The workers' share is in it, wherever they are: the coordinating thread only waits.
        assert!(taken.value("cpu_ns") > alone.value("cpu_ns") / 4.0, "{name}: {}", taken.value("cpu_ns"));
    }
}

/// The counters of a thread go with it, so that those of the few that are left would be a guess.
#[test]
fn where_threads_end_within_the_iterations_their_waiting_is_unknown_and_their_cpu_time_is_not() {
    if !support::has_proc() {
        println!("SKIPPED: no /proc");
        return;
    }
    for strategy in ["spawn", "scope"] {
        let taken =
            sample(&cell(&format!("grain/threads/{strategy}")), &[("tasks", 4), ("iterations", 5_000_000)], false);
        for id in ["run_delay_ns", "switches_voluntary", "switches_involuntary"] {
            assert!(taken.reason(id).starts_with("threads that ended within the timed iterations took "), "{strategy}");
        }
        assert!(taken.value("cpu_ns") > 0.0, "{strategy}");
    }
}
