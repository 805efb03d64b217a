//! What `race` shows, and what counterexamples say of their faults by kind.

use insta::assert_snapshot;
use report::{Terminal, html, markdown, race, terminal};
use results::CellStatus;
use results::race::{Broken, Fix, Loss, Price, Race, Raced, SCHEMA};

use crate::runs::{everything, metric};

const PLAIN: Terminal = Terminal { colour: false, width: 60 };

fn broken(contender: &str, lost: &[(&str, u64)], lost_updates: u64, expected_updates: u64) -> Broken {
    let share = lost_updates as f64 / expected_updates as f64;
    let shown = Loss {
        expected_updates,
        actual_updates: expected_updates - lost_updates,
        lost_updates,
        lost_share: share,
        faults: lost.iter().map(|(kind, times)| ((*kind).to_owned(), *times)).collect(),
    };
    Broken {
        id: format!("counter/{contender}/w8"),
        model: contender.split('/').next().unwrap_or_default().to_owned(),
        contender: contender.to_owned(),
        status: CellStatus::Measured,
        reason: None,
        tries: 1,
        seen_at_try: Some(1),
        reproduced: true,
        runs: 6,
        runs_wrong: 6,
        shown: Some(shown),
        lost_share_least: Some(share / 2.0),
        lost_share_most: Some((share * 1.5).min(1.0)),
        elapsed_ns: Some(411_000.0),
    }
}

fn not_seen(contender: &str) -> Broken {
    Broken {
        tries: 20,
        seen_at_try: None,
        reproduced: false,
        runs: 25,
        runs_wrong: 0,
        shown: None,
        lost_share_least: Some(0.0),
        lost_share_most: Some(0.0),
        ..broken(contender, &[], 0, 1)
    }
}

fn fix(contender: &str, ms: f64, against: &str, ratio: f64) -> Fix {
    let (model, strategy) = contender.split_once('/').expect("model/strategy");
    let price = |against: &str, ratio: f64| Price {
        against: against.to_owned(),
        ratio,
        ratio_least: ratio * 0.8,
        ratio_most: ratio * 1.3,
    };
    Fix {
        id: format!("counter/{contender}/w8"),
        model: model.to_owned(),
        strategy: strategy.to_owned(),
        contender: contender.to_owned(),
        reference: model == "sequential",
        status: CellStatus::Measured,
        reason: None,
        verified_runs: 5,
        lost_updates: Some(0),
        elapsed_ns: Some(ms * 1e6),
        price: Some(price(against, ratio)),
        to_sequential: (model != "sequential").then(|| price("sequential/plain", ratio * 2.0)),
    }
}

fn gone(contender: &str, status: CellStatus, reason: &str) -> Fix {
    Fix {
        status,
        reason: Some(reason.to_owned()),
        verified_runs: 0,
        lost_updates: None,
        elapsed_ns: None,
        price: None,
        to_sequential: None,
        ..fix(contender, 1.0, "", 1.0)
    }
}

fn raced(broken: Vec<Broken>, fixed: Vec<Fix>) -> Raced {
    Raced {
        id: String::from("counter/w8"),
        workload: String::from("counter"),
        about: String::from("each client adds to shared numbers: contention, and lost updates without a lock"),
        knobs: serde_json::Map::new(),
        workers: 8,
        operations: Some(80_000),
        rounds: 5,
        broken,
        fixed,
    }
}

fn shown(raced: &Raced, cpus: u32) -> String {
    let whole = Race { schema: SCHEMA.to_owned(), cpus, seed: 42, interrupted: false, workloads: vec![] };
    let text = race(&whole, raced, PLAIN);
    let long = text.lines().find(|line| line.chars().count() > PLAIN.width);
    assert_eq!(long, None, "longer than 60 columns");
    // Nothing hangs on colour.
    let coloured = race(&whole, raced, Terminal { colour: true, ..PLAIN });
    let codes = ["1", "2", "31", "0"].map(|code| format!("\u{1b}[{code}m"));
    let bare = codes.iter().fold(coloured.clone(), |text, code| text.replace(code, ""));
    assert!(bare == text && coloured != text, "{coloured}");
    text
}

fn classic() -> Vec<Fix> {
    vec![
        fix("threads/local-merge", 0.16, "threads/racy", 0.4),
        fix("sequential/plain", 0.2, "threads/racy", 0.5),
        fix("threads/mutex", 1.23, "threads/racy", 3.0),
        fix("processes/server", 304.0, "threads/racy", 740.0),
    ]
}

#[test]
fn a_race_that_shows() {
    let text = shown(&raced(vec![broken("threads/racy", &[], 10_166, 80_000)], classic()), 2);
    assert_snapshot!(text);
}

#[test]
fn faults_by_kind_and_a_broken_version_a_model() {
    let faults = [("missing_keys", 1), ("duplicate_computations", 2), ("early_frees", 0)];
    let rare = Broken { runs_wrong: 2, tries: 4, seen_at_try: Some(4), ..broken("threads/racy", &faults, 3, 80_000) };
    let all = vec![rare, broken("async/racy", &[("missing_keys", 70_000)], 70_000, 80_000)];
    let mut fixed = classic();
    fixed.push(fix("async/mutex", 9.0, "async/racy", 2.0));
    assert_snapshot!(shown(&raced(all, fixed), 2));
}

#[test]
fn a_race_that_never_shows_proves_nothing() {
    let group = raced(vec![not_seen("threads/racy")], classic());
    assert_snapshot!(shown(&group, 1));
    assert!(shown(&group, 4).contains("not reproduced here (4 CPUs) in 25 runs"));
    let alone = Raced { workers: 1, id: String::from("counter/w1"), ..group };
    let text = shown(&alone, 4);
    assert!(text.contains("nobody to race with") && text.contains("crossover compare counter --workers 1"), "{text}");
}

#[test]
fn a_fix_that_fails_is_loud_and_one_out_of_time_is_not() {
    let mut fixed = classic();
    fixed.push(gone("threads/sharded", CellStatus::Failed, "wrong answer: expected 80000, found 79999"));
    fixed.push(gone("async/actor", CellStatus::Skipped, "its turn did not come (out of time, or interrupted)"));
    let group = Raced { rounds: 0, ..raced(vec![broken("threads/racy", &[], 10_166, 80_000)], fixed) };
    assert_snapshot!(shown(&group, 2));
}

/// The same words in every form of a report.
#[test]
fn a_report_says_faults_by_kind() {
    let mut run = everything();
    let racy = run.cells.iter_mut().find(|cell| cell.deliberately_wrong).expect("a counterexample");
    let metrics =
        [("lost_updates", 3.0), ("expected_updates", 40_000.0), ("missing_keys", 1.0), ("duplicate_computations", 2.0)];
    racy.metrics.extend(metrics.map(|(id, value)| (id.to_owned(), metric(value))));
    let kinds = "1 missing key, 2 duplicate computations";
    let said = format!("threads/racy: 3 of 40,000 look-ups a run went wrong: {kinds}; the 4 fixes lost none.");
    let text = terminal(&run, Terminal { colour: false, width: 200 });
    assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(&said), "{text}");
    let text = markdown(&run);
    assert!(text.contains(&said), "{text}");
    let page = html(&run);
    let section = page.split("Lost updates").nth(1).expect("a section");
    assert!(section.contains(kinds), "{section}");
    assert!(page.contains("3 of 40,000 look-ups a run went wrong"));
}
