//! Runs that were checked: trusted or not, quiet or loud, with few metrics or all.

use results::{Cell, Interval, KnownEffect, Metric, Run, SoakTest, Trust, TwinTest, Verdict, WithoutLoud};

use crate::runs::{everything, group, metric};

/// An A/A test.
fn twin(cell: &str, (lo, ratio, hi): (f64, f64, f64)) -> TwinTest {
    TwinTest { cell: cell.to_owned(), ratio, lo, hi, rounds: 16, separated: lo > 1.0 || hi < 1.0, quiet: None }
}

/// A known effect.
pub(crate) fn effect(truth: f64, (lo, ratio, hi): (f64, f64, f64), verdict: Verdict) -> KnownEffect {
    KnownEffect { truth, ratio, lo, hi, verdict, quiet: None }
}

/// Every check there is, and all hold.
pub(crate) fn vouched() -> Run {
    let mut run = everything();
    let twins: Vec<TwinTest> = (0..9)
        .map(|n| {
            let middle = 0.996 + 0.001 * f64::from(n);
            twin(&run.cells[n as usize].id, (middle - 0.011, middle, middle + 0.009))
        })
        .collect();
    let found = effect(1.05, (1.041, 1.049, 1.058), Verdict::Slower);
    run.trust = Trust {
        aa_tests: 9,
        aa_false: 0,
        noise_floor: Some(0.003),
        known_effect: Some(found.clone()),
        rounds_kept: 16,
        foreign_median: Some(0.03),
        steal_median: Some(0.004),
        rounds_loud: 0,
        rounds_all: 32,
        position: Some(Interval { ratio: 1.002, lo: 0.997, hi: 1.006 }),
        drift: Some(Interval { ratio: 0.996, lo: 0.985, hi: 1.007 }),
        verified: 192,
        twins,
        effects: vec![
            effect(1.0, (0.995, 1.001, 1.006), Verdict::Tie),
            effect(1.02, (0.998, 1.018, 1.031), Verdict::Unresolved),
            found,
            effect(1.25, (1.236, 1.247, 1.259), Verdict::Slower),
        ],
        soaks: vec![
            SoakTest {
                cell: "primes/threads/static/w2".to_owned(),
                iterations: 4_000,
                ratio: Some(1.012),
                reason: None,
            },
            SoakTest { cell: "primes/async/spawn/w2".to_owned(), iterations: 4_000, ratio: Some(1.13), reason: None },
        ],
        trusted: Some(true),
        reason:
            "identical code came out different in 0 of 9 A/A tests, as chance allows, and a known slowdown of 5 % was \
                 found"
                .to_owned(),
        ..Trust::default()
    };
    run.environment.cpus_effective = 1.5;
    run.environment.memory_bytes = 8 << 30;
    run.environment.lock_sha256 = "0123456789abcdef".repeat(4);
    run
}

/// Identical code came out different, and a verdict hangs on rounds in which the neighbours were busy.
pub(crate) fn untrusted() -> Run {
    let mut run = loud();
    for one in run.trust.twins.iter_mut().take(5) {
        *one = twin(&one.cell, (1.021, 1.034, 1.052));
    }
    run.trust.aa_false = 5;
    run.trust.noise_floor = Some(0.031);
    run.trust.position = Some(Interval { ratio: 1.041, lo: 1.027, hi: 1.06 });
    run.trust.trusted = Some(false);
    run.trust.reason =
        "identical code came out different in 5 of 9 A/A tests, which chance does less than once in 30000 runs"
            .to_owned();
    run
}

/// Trusted, though others were busy: in the first group nothing hangs on it, in the second the best set does.
pub(crate) fn loud() -> Run {
    let mut run = vouched();
    run.trust.foreign_median = Some(0.14);
    run.trust.rounds_loud = 5;
    run.trust.loud_matters = vec!["counter:keys=64/w8".to_owned()];
    let same = run.groups[0].best_set.clone();
    run.groups[0].loud = vec![7];
    run.groups[0].without_loud = Some(WithoutLoud { rounds: 15, best_set: same, changed: vec![] });
    run.groups[1].loud = vec![2, 3, 9, 14];
    run.groups[1].without_loud = Some(WithoutLoud {
        rounds: 12,
        best_set: vec!["threads/local-merge".to_owned(), "threads/mutex".to_owned()],
        changed: vec!["counter:keys=64/data-parallel/mutex/w8".to_owned()],
    });
    run
}

/// A cell with as many metrics as there are, two of them without a value.
pub(crate) fn measured_through(cell: &mut Cell) {
    let ms = cell.metrics["elapsed_ns"].median().unwrap_or(1e6);
    for (id, value) in [
        ("cpu_ns", ms * 1.83),
        ("parallelism", 1.38),
        ("switches_voluntary", 12.0),
        ("switches_involuntary", 1.0),
        ("run_delay_ns", 81_000.0),
        ("pss_bytes", 2_900_000.0),
        ("lock_acquisitions", 80_000.0),
        ("lock_contended", 1_201.5),
        ("lock_wait_ns", 1_930_000.0),
        ("lock_hold_max_ns", 41_000.0),
        ("operations_min", 9_800.0),
        ("operations_max", 10_212.0),
        ("fairness_min_max", 0.9597),
        ("fairness_jain", 0.9996),
        ("efficiency", 0.97),
        ("cold_start_ns", 64_000.0),
    ] {
        cell.metrics.insert(id.to_owned(), metric(value));
    }
    for id in ["instructions", "cache_misses"] {
        let reason = "this machine shows no hardware counters to its guests".to_owned();
        cell.metrics.insert(id.to_owned(), Metric::Missing { value: None, reason });
    }
    let reason = "this workload has no requests".to_owned();
    cell.metrics.insert("latency_ns".to_owned(), Metric::Missing { value: None, reason });
}

/// So many groups of so many contenders, each cell with all metrics.
pub(crate) fn many(groups: usize, contenders: usize) -> Run {
    let mut run = vouched();
    (run.cells, run.groups, run.contrasts) = Default::default();
    let names: Vec<String> = (1..contenders).map(|n| format!("{}/strategy-{n}", MODELS[n % MODELS.len()])).collect();
    for n in 0..groups {
        let verdict = |at: usize| [Verdict::Tie, Verdict::Slower, Verdict::Slower, Verdict::Far][at % 4];
        let others = names.iter().enumerate().skip(1);
        let others: Vec<(&str, f64, Verdict, u32)> =
            others.map(|(at, name)| (name.as_str(), 5.0 + 0.3 * at as f64, verdict(at), 3)).collect();
        let leader = names.first().map_or("threads/static", String::as_str);
        group(&mut run, &format!("workload-{}:size={}/w{}", n % 40, n, 1 + n % 8), leader, &others, 5.0);
    }
    for group in run.groups.iter_mut().step_by(3) {
        let best_set = group.best_set.clone();
        let changed = vec![group.behind_leader[1].b.clone()];
        group.loud = vec![1, 5];
        group.without_loud = Some(WithoutLoud { rounds: 14, best_set, changed });
    }
    run.trust.loud_matters = run.groups.iter().step_by(3).map(|group| group.id.clone()).collect();
    run.cells.iter_mut().for_each(measured_through);
    run
}

const MODELS: [&str; 6] = ["threads", "processes", "async", "data-parallel", "gil", "free-threaded"];
