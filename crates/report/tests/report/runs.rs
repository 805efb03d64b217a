//! Runs made by hand.

use std::collections::BTreeMap;

use results::{
    At, Cell, CellStatus, Contrast, Crossover, Environment, Found, Group, Interval, KnownEffect, Metric, Run, RunInfo,
    RunStatus, SoakTest, Support, Sweep, Tool, Trust, TwinTest, Units, Verdict, WithoutLoud,
};

/// A metric around a median.
pub(crate) fn metric(median: f64) -> Metric {
    Metric::Measured { median, p10: median * 0.97, p90: median * 1.1, n: 16 }
}

/// A measured cell.
pub(crate) fn cell(group: &str, contender: &str, ms: f64) -> Cell {
    let (label, workers) = group.rsplit_once("/w").unwrap_or((group, "2"));
    let (model, strategy) = contender.split_once('/').unwrap_or((contender, ""));
    Cell {
        id: format!("{label}/{contender}/w{workers}"),
        group: group.to_owned(),
        workload: label.split(':').next().unwrap_or(label).to_owned(),
        knobs: serde_json::Map::new(),
        model: model.to_owned(),
        strategy: strategy.to_owned(),
        contender: contender.to_owned(),
        workers: workers.parse().unwrap_or(2),
        support: Support::Idiomatic,
        status: CellStatus::Measured,
        reason: None,
        verified: Some(true),
        deliberately_wrong: false,
        reference: model == "sequential",
        far: false,
        primary: "elapsed_ns".to_owned(),
        metrics: BTreeMap::from([
            ("elapsed_ns".to_owned(), metric(ms * 1e6)),
            ("cpu_user_ns".to_owned(), metric(ms * 1.8e6)),
            ("cpu_sys_ns".to_owned(), metric(ms * 0.1e6)),
            ("peak_rss_bytes".to_owned(), metric(3_400_000.0)),
        ]),
        units: Units { threads: 2, ..Units::default() },
    }
}

/// A cell that was not measured.
pub(crate) fn absent(group: &str, contender: &str, status: CellStatus, reason: &str) -> Cell {
    let support = if status == CellStatus::NotApplicable { Support::NotApplicable } else { Support::Idiomatic };
    Cell {
        status,
        support,
        reason: Some(reason.to_owned()),
        verified: None,
        metrics: BTreeMap::new(),
        ..cell(group, contender, 1.0)
    }
}

/// `b` against `a`.
pub(crate) fn contrast(a: &Cell, b: &Cell, ends: (f64, f64), won: u32, verdict: Verdict) -> Contrast {
    let median = |cell: &Cell| cell.metrics.get("elapsed_ns").and_then(Metric::median).unwrap_or(f64::NAN);
    Contrast {
        group: a.group.clone(),
        a: a.id.clone(),
        b: b.id.clone(),
        metric: "elapsed_ns".to_owned(),
        ratio: median(b) / median(a),
        lo: (verdict != Verdict::Far).then_some(ends.0),
        hi: (verdict != Verdict::Far).then_some(ends.1),
        rounds: if verdict == Verdict::Far { 3 } else { 16 },
        won,
        verdict,
        inside_band: false,
    }
}

/// A run with nothing in it.
pub(crate) fn empty() -> Run {
    Run {
        schema: results::SCHEMA.to_owned(),
        tool: Tool { version: "0.1.0".to_owned(), git: "3755054".to_owned(), dirty: false },
        run: RunInfo {
            id: "20250102T030405Z".to_owned(),
            seed: 42,
            argv: vec!["compare".to_owned(), "--quick".to_owned()],
            started: "2025-01-02T03:04:05Z".to_owned(),
            ended: "2025-01-02T03:05:06Z".to_owned(),
            status: RunStatus::Complete,
            looks: vec![16],
            alpha: 0.05,
            delta: 0.05,
            rounds: 16,
            wall_ns: 61_000_000_000,
            timed_share: 0.62,
        },
        environment: Environment {
            cpu: "Example CPU @ 2.5 GHz".to_owned(),
            cpus_online: 2,
            cpus_effective: 2.0,
            virt: "kvm".to_owned(),
            kernel: "6.1.0".to_owned(),
            rustc: "1.95.0".to_owned(),
            profile: "release".to_owned(),
            allocator: "system".to_owned(),
            ..Environment::default()
        },
        trust: Trust { rounds_kept: 16, reason: "2 twins of 5".to_owned(), ..Trust::default() },
        cells: vec![],
        contrasts: vec![],
        groups: vec![],
        metg: vec![],
        crossovers: vec![],
    }
}

/// A group with its leader, and what each of its cells is against it and against sequential.
fn group(run: &mut Run, id: &str, leader: &str, others: &[(&str, f64, Verdict, u32)], ms: f64) {
    let reference = cell(id, "sequential/plain", 10.0);
    let first = cell(id, leader, ms);
    let mut behind = Vec::new();
    let near = |ratio: f64| (ratio * 0.98, ratio * 1.02);
    run.contrasts.push(contrast(&reference, &first, near(ms / 10.0), 16, Verdict::Faster));
    behind.push(contrast(&first, &reference, near(10.0 / ms), 0, Verdict::Slower));
    run.cells.extend([reference.clone(), first.clone()]);
    for (name, ms_b, verdict, won) in others {
        let mut other = cell(id, name, *ms_b);
        other.far = *verdict == Verdict::Far;
        let mut one = contrast(&first, &other, near(ms_b / ms), *won, *verdict);
        one.inside_band = *verdict == Verdict::Slower && one.hi.is_some_and(|hi| hi < 1.05);
        behind.push(one);
        let against = match *verdict {
            Verdict::Far => Verdict::Far,
            _ if *ms_b > 10.3 => Verdict::Slower,
            _ => Verdict::Faster,
        };
        run.contrasts.push(contrast(&reference, &other, near(ms_b / 10.0), 16, against));
        run.cells.push(other);
    }
    let named = |verdict| others.iter().filter(move |o| o.2 == verdict).map(|o| o.0.to_owned());
    run.groups.push(Group {
        id: id.to_owned(),
        reference: reference.id,
        best_set: [leader.to_owned()]
            .into_iter()
            .chain(named(Verdict::Tie))
            .chain(named(Verdict::Unresolved))
            .collect(),
        leader: Some(leader.to_owned()),
        ties: named(Verdict::Tie).collect(),
        letters: BTreeMap::new(),
        behind_leader: behind,
        iterations: 4,
        rounds: 16,
        capacity: Some(metric(1.93)),
        sweep: None,
        loud: Vec::new(),
        without_loud: None,
    });
}

/// Forty measured cells in five groups.
pub(crate) fn forty() -> Run {
    let mut run = empty();
    for n in 1..=5 {
        let others = [
            ("threads/static", 5.3, Verdict::Slower, 0),
            ("threads/queue", 5.4, Verdict::Slower, 0),
            ("processes/messages", 5.5, Verdict::Slower, 1),
            ("processes/shared-memory", 5.6, Verdict::Slower, 0),
            ("async/spawn", 5.7, Verdict::Slower, 0),
            ("async/blocking", 25.0, Verdict::Slower, 0),
        ];
        group(&mut run, &format!("primes:n={n}/w2"), "data-parallel/par-iter", &others, 5.0);
    }
    run
}

/// Every outcome at once.
pub(crate) fn everything() -> Run {
    let mut run = empty();
    group(
        &mut run,
        "primes/w2",
        "data-parallel/par-iter",
        &[
            ("threads/stealing", 5.04, Verdict::Tie, 7),
            ("threads/queue", 5.06, Verdict::Tie, 6),
            ("threads/static", 5.2, Verdict::Unresolved, 4),
            ("processes/shared-memory", 5.6, Verdict::Slower, 0),
            ("async/spawn", 5.13, Verdict::Slower, 2),
        ],
        5.0,
    );
    group(
        &mut run,
        "counter:keys=64/w8",
        "threads/local-merge",
        &[
            ("threads/mutex", 11.5, Verdict::Slower, 0),
            ("data-parallel/mutex", 12.5, Verdict::Slower, 0),
            ("async/sync-mutex", 230.0, Verdict::Far, 0),
        ],
        5.1,
    );
    let counter = "counter:keys=64/w8";
    let mut racy = cell(counter, "threads/racy", 2.0);
    racy.deliberately_wrong = true;
    racy.verified = None;
    racy.metrics.insert("lost_updates".to_owned(), metric(55_088.0));
    racy.metrics.insert("expected_updates".to_owned(), metric(80_000.0));
    run.cells.push(racy);
    for cell in &mut run.cells {
        if cell.contender == "async/spawn" {
            cell.support = Support::AgainstTheGrain;
            cell.reason = Some("computation blocks the reactor".to_owned());
            let reason = "smaps_rollup is not readable".to_owned();
            cell.metrics.insert("peak_rss_bytes".to_owned(), Metric::Missing { value: None, reason });
        }
    }
    run.cells.extend([
        absent(counter, "processes/server", CellStatus::TimedOut, "no answer within 60 s"),
        absent(counter, "processes/shared-memory", CellStatus::Failed, "worker 3 died: exit status 101"),
        absent(counter, "gil/implicit", CellStatus::Skipped, "excluded by the filter !gil"),
        absent("primes/w2", "gil/pool", CellStatus::NotApplicable, "one lock cannot spread computation"),
    ]);
    run.trust = Trust {
        aa_tests: 15,
        aa_false: 1,
        noise_floor: Some(0.008),
        known_effect: Some(KnownEffect { truth: 1.05, ratio: 1.049, lo: 1.041, hi: 1.058, verdict: Verdict::Slower }),
        rounds_kept: 16,
        rounds_dropped: 0,
        foreign_median: Some(0.03),
        steal_median: None,
        trusted: Some(true),
        reason: "1 of 15 twins differs, as chance allows; the known effect was found".to_owned(),
        ..Trust::default()
    };
    run
}

/// A crossover of the sweep below.
fn crossover(contender: &str, found: Found, at: (Option<f64>, Option<f64>, Option<f64>)) -> Crossover {
    Crossover {
        workload: "bulk-map".to_owned(),
        knobs: serde_json::Map::new(),
        knob: "work".to_owned(),
        workers: 2,
        series: "bulk-map/w2".to_owned(),
        from: "sequential/plain".to_owned(),
        to: contender.to_owned(),
        at: At { value: at.0, lo: at.1, hi: at.2 },
        unit: String::new(),
        found,
        range: (1.0, 1024.0),
        rounds: 16,
        once: if found == Found::Crosses { 15 } else { 0 },
        leaders: false,
    }
}

/// A sweep of eleven values beside a group that is in none; every kind of crossover.
pub(crate) fn swept() -> Run {
    let mut run = empty();
    run.run.argv = ["compare", "--sweep", "bulk-map.work=2^0..2^10", "bulk-map", "primes"].map(str::to_owned).to_vec();
    group(&mut run, "primes/w2", "threads/static", &[("processes/pool", 5.6, Verdict::Slower, 0)], 5.0);
    for power in 0..=10 {
        let work = f64::from(1 << power);
        let id = if power == 6 { "bulk-map/w2".to_owned() } else { format!("bulk-map:work={work}/w2") };
        // A cost for each byte that is moved, and half of the work.
        let ms = |bytes: f64| 10.0 * (0.52 + bytes / (1.0 + work));
        let verdict = |ms: f64| if ms > 104.0 { Verdict::Far } else { Verdict::Slower };
        let others = [
            ("threads/queue", ms(0.12)),
            ("data-parallel/par-iter", ms(0.08)),
            ("async/spawn", ms(1.9)),
            ("processes/pool", ms(30.0)),
            ("processes/shared-memory", ms(11.5)),
            ("processes/pool-vec", ms(700.0)),
            ("processes/pool-byte-buf", ms(40.0)),
        ]
        .map(|(name, ms)| (name, ms, verdict(ms), 0));
        group(&mut run, &id, "threads/static", &others, ms(0.05));
        if let Some(group) = run.groups.last_mut() {
            group.sweep = Some(Sweep {
                series: "bulk-map/w2".to_owned(),
                knob: "work".to_owned(),
                value: work,
                unit: String::new(),
                about: "operations per byte".to_owned(),
                linear: false,
            });
        }
    }
    let none = (None, None, None);
    run.crossovers = vec![
        crossover("threads/static", Found::Already, none),
        crossover("threads/queue", Found::Already, none),
        crossover("processes/pool-vec", Found::NotReached, none),
        crossover("processes/pool", Found::Crosses, (Some(61.4), Some(52.0), Some(70.2))),
        crossover("processes/shared-memory", Found::Crosses, (Some(23.1), Some(19.2), Some(28.4))),
        crossover("processes/pool-byte-buf", Found::Several, none),
        crossover("async/spawn", Found::Crosses, (Some(3.1), None, Some(3.6))),
        crossover("data-parallel/par-iter", Found::Already, (None, None, Some(1.3))),
    ];
    let leaders = crossover("data-parallel/par-iter", Found::Crosses, (Some(412.0), Some(290.0), Some(640.0)));
    run.crossovers.push(Crossover { from: "threads/static".to_owned(), leaders: true, ..leaders });
    run
}

/// An A/A test.
fn twin(cell: &str, (lo, ratio, hi): (f64, f64, f64)) -> TwinTest {
    TwinTest { cell: cell.to_owned(), ratio, lo, hi, rounds: 16, separated: lo > 1.0 || hi < 1.0 }
}

/// A known effect.
pub(crate) fn effect(truth: f64, (lo, ratio, hi): (f64, f64, f64), verdict: Verdict) -> KnownEffect {
    KnownEffect { truth, ratio, lo, hi, verdict }
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
            SoakTest { cell: "primes/threads/static/w2".to_owned(), iterations: 4_000, ratio: 1.012 },
            SoakTest { cell: "primes/async/spawn/w2".to_owned(), iterations: 4_000, ratio: 1.13 },
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
