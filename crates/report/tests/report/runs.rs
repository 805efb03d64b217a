//! Runs made by hand.

use std::collections::BTreeMap;

use results::{
    At, Cell, CellStatus, Contrast, Crossover, Environment, Found, Group, KnownEffect, Metric, Run, RunInfo, RunStatus,
    Source, Support, Sweep, Tool, Trust, Units, Verdict,
};

/// The page of a run without its own scripts: the class that says there is one, the figures of the cells, what it does.
/// One more or less, and a name of the run became a script.
pub(crate) fn page(run: &Run) -> String {
    let page = report::html(run);
    let mut parts = page.split("<script");
    let first = parts.next().unwrap_or_default().to_owned();
    let rest: Vec<&str> = parts.map(|part| part.split_once("</script>").expect("its end").1).collect();
    assert_eq!(rest.len(), SCRIPTS, "scripts");
    first + &rest.concat()
}

/// How many scripts a page has, whatever it shows.
const SCRIPTS: usize = 3;

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
        knobs: knobs(label),
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
        samples: samples(ms * 1e6),
        demands: demands(model),
        source: Some(source(model, strategy)),
    }
}

/// The knobs that a label names.
fn knobs(label: &str) -> serde_json::Map<String, serde_json::Value> {
    let named = label.split_once(':').map_or("", |(_, named)| named).split(',');
    named.filter_map(|one| one.split_once('=')).map(|(name, value)| (name.to_owned(), value.into())).collect()
}

/// Sixteen samples round a median, the same for everybody but for their size.
fn samples(median: f64) -> Vec<(u32, f64)> {
    (1..=16).map(|round| (round, median * (0.96 + 0.005 * f64::from(round * 7 % 16)))).collect()
}

fn demands(model: &str) -> Vec<String> {
    let all: &[&str] = if model == "sequential" { &[] } else { &["Send", "Sync"] };
    all.iter().map(|one| (*one).to_owned()).collect()
}

fn source(model: &str, strategy: &str) -> Source {
    let file = format!("crates/model-{model}/src/map_reduce/{}.rs", strategy.replace('-', "_"));
    Source { file, lines: 62, unsafe_count: 0, lines_with_shared: 340, unsafe_with_shared: 2 }
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
        samples: Vec::new(),
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
        hazards: vec![],
    }
}

/// A group with its leader, and what each of its cells is against it and against sequential.
pub(crate) fn group(run: &mut Run, id: &str, leader: &str, others: &[(&str, f64, Verdict, u32)], ms: f64) {
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
        pattern: String::from("map-reduce"),
        about: String::from("count primes by trial division"),
        foreign: (1..=16).map(|round| (round, if round == 5 { 0.31 } else { 0.02 })).collect(),
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
        known_effect: Some(KnownEffect {
            truth: 1.05,
            ratio: 1.049,
            lo: 1.041,
            hi: 1.058,
            verdict: Verdict::Slower,
            quiet: None,
        }),
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
                granularity: false,
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
