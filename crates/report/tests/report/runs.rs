//! Runs made by hand.

use std::collections::BTreeMap;

use results::{
    Cell, CellStatus, Contrast, Environment, Group, KnownEffect, Metric, Run, RunInfo, RunStatus, Support, Tool, Trust,
    Units, Verdict,
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
    };
    run
}
