//! A race over a simulated machine: what is tried, when it ends, what it costs, and which exit code it has.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use harness::engine::{Alternative, Group};
use harness::launcher::Launcher;
use harness::protocol::Config;
use harness::{Ask, Load, Sampled, Sampler};
use results::journal::{Outcome, PlannedGroup};
use results::race::Raced;

use super::take::Version;
use super::*;

/// A machine on which each contender does what was agreed.
struct Scripted<'s> {
    /// What the so manieth sample of a contender is; its time is that of the clock, too.
    act: &'s dyn Fn(&Config, u32) -> Outcome,
    taken: BTreeMap<String, u32>,
    order: Vec<String>,
    now: Duration,
}

impl Sampler for Scripted<'_> {
    fn together(&mut self, asks: &[Ask<'_>]) -> Vec<Sampled> {
        asks.iter().map(|ask| self.one(ask)).collect()
    }

    fn rest(&mut self, time: Duration) {
        self.now += time;
    }

    fn now(&self) -> Duration {
        self.now
    }

    fn load(&mut self) -> Option<Load> {
        None
    }
}

impl Scripted<'_> {
    fn one(&mut self, ask: &Ask<'_>) -> Sampled {
        assert_eq!((ask.config.warmup, ask.config.iterations), (1, 1));
        let name = take::contender(ask.config);
        let reference = name == "sequential/plain";
        let first = self.order.is_empty();
        assert!(reference || !first, "the right answer comes first");
        assert_eq!(ask.config.digest.is_some(), !ask.wrong && !first, "{name}: answers of fixes are compared");
        let times = self.taken.entry(name.clone()).or_default();
        *times += 1;
        let outcome = (self.act)(ask.config, *times);
        self.order.push(name);
        if let Outcome::Measured { elapsed_ns, .. } = &outcome {
            self.now += Duration::from_nanos(elapsed_ns.iter().sum());
        }
        Sampled { outcome, digest: Some(String::from("right")) }
    }
}

/// A sample of so many ms, with metrics.
fn ran(ms: u64, metrics: &[(&str, f64)]) -> Outcome {
    let metrics = metrics.iter().chain(&[("steps", 800.0)]).map(|(id, value)| ((*id).to_owned(), *value)).collect();
    Outcome::Measured { elapsed_ns: vec![ms * 1_000_000], metrics, absent: BTreeMap::new(), units: Default::default() }
}

fn lost(ms: u64, updates: f64) -> Outcome {
    ran(ms, &[("lost_updates", updates), ("expected_updates", 800.0)])
}

/// A group of these contenders; those called `racy` are broken.
fn group(contenders: &[&str]) -> Group {
    let alternative = |contender: &&str| {
        let (model, strategy) = contender.split_once('/').expect("model/strategy");
        let config = Config {
            cell: format!("toy/{contender}/w8"),
            workload: String::from("toy"),
            knobs: serde_json::Map::new(),
            model: model.to_owned(),
            strategy: strategy.to_owned(),
            workers: 8,
            cpus: 2,
            seed: 42,
            warmup: 1,
            iterations: 1,
            observe: false,
            digest: None,
        };
        Alternative {
            launcher: Launcher { argv: Vec::new(), env: Vec::new() },
            config,
            wrong: strategy == "racy",
            reference: *contender == "sequential/plain",
            guest: false,
        }
    };
    let planned = PlannedGroup {
        id: String::from("toy/w8"),
        workload: String::from("toy"),
        knobs: serde_json::Map::new(),
        workers: 8,
        pattern: String::new(),
        about: String::new(),
        sweep: None,
        cells: Vec::new(),
        known: BTreeMap::new(),
    };
    Group { planned, alternatives: contenders.iter().map(alternative).collect(), probe: 0, kind: String::new() }
}

const ALL: [&str; 5] = ["sequential/plain", "threads/racy", "threads/mutex", "async/racy", "async/mutex"];
const LIMITS: Limits =
    Limits { tries: 20, trying: Duration::from_secs(10), rounds: 5, budget: Duration::from_secs(20), seed: 42 };

/// What came of it, and the order of samples.
fn race_of(contenders: &[&str], limits: Limits, act: &dyn Fn(&Config, u32) -> Outcome) -> (Raced, Vec<String>) {
    stopped(contenders, limits, act, &|| false)
}

fn stopped(
    contenders: &[&str],
    limits: Limits,
    act: &dyn Fn(&Config, u32) -> Outcome,
    stop: &dyn Fn() -> bool,
) -> (Raced, Vec<String>) {
    let group = group(contenders);
    let mut sampler = Scripted { act, taken: BTreeMap::new(), order: Vec::new(), now: Duration::ZERO };
    let (versions, rounds): (Vec<Version<'_>>, u32) = take(&group, limits, &mut sampler, &mut |_| {}, stop);
    (tell::raced(&group, "", &versions, rounds), sampler.order)
}

fn whole(raced: Raced, interrupted: bool) -> Race {
    Race { schema: String::new(), cpus: 2, seed: 42, interrupted, workloads: vec![raced] }
}

/// Times in ms: racy 2 in threads and 10 in async, each fix 3 times that, one thread 1.
fn usual(config: &Config, _: u32) -> Outcome {
    let slow = if config.model == "async" { 5 } else { 1 };
    match config.strategy.as_str() {
        "plain" => ran(1, &[]),
        "racy" => lost(2 * slow, 80.0),
        _ => ran(6 * slow, &[]),
    }
}

#[test]
fn a_fix_is_priced_against_the_broken_version_of_its_model() {
    let (raced, order) = race_of(&ALL, LIMITS, &usual);
    assert_eq!((raced.rounds, raced.operations, order.len()), (5, Some(800), 1 + 2 + 5 * ALL.len()));
    let [threads, other] = &raced.broken[..] else { panic!("{:?}", raced.broken) };
    assert_eq!((threads.tries, threads.seen_at_try, threads.runs, threads.runs_wrong), (1, Some(1), 6, 6));
    let shown = threads.shown.as_ref().expect("a loss");
    assert_eq!((shown.expected_updates, shown.actual_updates, shown.lost_updates), (800, 720, 80));
    assert_eq!((threads.elapsed_ns, other.elapsed_ns), (Some(2e6), Some(10e6)));
    let priced: Vec<(&str, &str, f64)> = raced
        .fixed
        .iter()
        .map(|fix| {
            let price = fix.price.as_ref().expect("a price");
            (fix.contender.as_str(), price.against.as_str(), price.ratio)
        })
        .collect();
    let expected = [
        ("sequential/plain", "threads/racy", 0.5),
        ("threads/mutex", "threads/racy", 3.0),
        ("async/mutex", "async/racy", 3.0),
    ];
    assert_eq!(priced, expected, "the fastest first");
    assert_eq!(raced.fixed[2].to_sequential.as_ref().map(|price| price.ratio), Some(30.0));
    assert!(raced.fixed.iter().all(|fix| fix.lost_updates == Some(0) && fix.verified_runs == 5));
    assert_eq!(code(&whole(raced, false)), exit::OK);
}

#[test]
fn rounds_are_shuffled_by_the_seed() {
    let order = |seed| race_of(&ALL, Limits { seed, ..LIMITS }, &usual).1;
    assert_eq!(order(1), order(1));
    assert_ne!(order(1), order(2));
    let rounds: BTreeSet<Vec<String>> = order(1)[3..].chunks(ALL.len()).map(<[String]>::to_vec).collect();
    assert!(rounds.len() > 1, "every round has an order of its own");
}

#[test]
fn a_broken_version_is_tried_until_its_race_shows() {
    let late = |config: &Config, times: u32| match config.strategy.as_str() {
        "racy" if times < 7 => ran(2, &[]),
        "racy" => lost(2, 1.0),
        _ => ran(1, &[]),
    };
    let (raced, _) = race_of(&["sequential/plain", "threads/racy"], LIMITS, &late);
    let one = &raced.broken[0];
    assert_eq!((one.tries, one.seen_at_try, one.runs, one.runs_wrong), (7, Some(7), 12, 6));
    assert_eq!((one.lost_share_least, one.lost_share_most), (Some(0.0), Some(1.0 / 800.0)));
}

#[test]
fn a_race_that_never_shows_is_no_failure() {
    let never = |config: &Config, _: u32| ran(if config.strategy == "racy" { 2 } else { 1 }, &[]);
    let (raced, _) = race_of(&ALL, LIMITS, &never);
    for one in &raced.broken {
        assert_eq!((one.tries, one.seen_at_try, one.reproduced, one.runs), (20, None, false, 25));
        assert_eq!(one.shown, None);
    }
    assert_eq!(code(&whole(raced, false)), exit::OK);
}

#[test]
fn faults_by_kind_are_a_race_that_shows() {
    let kinds = [("missing_keys", 1.0), ("early_frees", 2.0), ("lost_updates", 3.0), ("expected_updates", 800.0)];
    let act = |config: &Config, _: u32| if config.strategy == "racy" { ran(1, &kinds) } else { ran(1, &[]) };
    let (raced, _) = race_of(&["sequential/plain", "threads/racy"], LIMITS, &act);
    let shown = raced.broken[0].shown.as_ref().expect("a loss");
    let faults: Vec<(&str, u64)> = shown.faults.iter().map(|(kind, times)| (kind.as_str(), *times)).collect();
    assert_eq!((shown.lost_updates, faults), (3, vec![("early_frees", 2), ("missing_keys", 1)]));
}

#[test]
fn a_fix_that_loses_is_exit_code_3_and_is_left_alone() {
    let act = |config: &Config, times: u32| match config.strategy.as_str() {
        "mutex" if config.model == "threads" && times == 2 => {
            Outcome::Failed { reason: String::from("wrong answer: expected 800, found 799") }
        }
        _ => usual(config, times),
    };
    let (raced, order) = race_of(&ALL, LIMITS, &act);
    assert_eq!(order.iter().filter(|name| *name == "threads/mutex").count(), 2);
    let fix = raced.fixed.last().expect("a fix");
    assert_eq!((fix.contender.as_str(), fix.status, fix.lost_updates), ("threads/mutex", CellStatus::Failed, None));
    assert!(fix.price.is_none() && fix.elapsed_ns.is_none());
    let race = whole(raced.clone(), false);
    assert_eq!(failures(&race), [("toy/threads/mutex/w8", "wrong answer: expected 800, found 799")]);
    assert_eq!(code(&race), exit::FAILED);
    assert_eq!(code(&whole(raced, true)), exit::INTERRUPTED, "where several hold, the first");
}

#[test]
fn slow_versions_have_a_first_round_and_no_more_than_the_time_allows() {
    let slow = |config: &Config, _: u32| match config.strategy.as_str() {
        "racy" => lost(1_000, 8.0),
        "plain" => ran(1_000, &[]),
        _ => ran(3_000, &[]),
    };
    // The right answer and two tries take 3 s, a round takes 9 s: there is no time for a second.
    let (raced, _) = race_of(&ALL, LIMITS, &slow);
    assert_eq!(raced.rounds, 1);
    let slower = |config: &Config, times: u32| match config.strategy.as_str() {
        "mutex" => ran(30_000, &[]),
        _ => slow(config, times),
    };
    let (raced, _) = race_of(&ALL, LIMITS, &slower);
    assert_eq!(raced.rounds, 0);
    let left: Vec<CellStatus> = raced.fixed.iter().map(|fix| fix.status).collect();
    assert!(left.contains(&CellStatus::Skipped) && left.contains(&CellStatus::Measured), "{left:?}");
    assert_eq!(code(&whole(raced, false)), exit::OK, "out of time is no failure");
    // Tries that show nothing leave half of the time to the rounds.
    let never = |config: &Config, _: u32| ran(if config.strategy == "racy" { 3_000 } else { 10 }, &[]);
    let (raced, _) = race_of(&["sequential/plain", "threads/racy", "threads/mutex"], LIMITS, &never);
    assert!(raced.broken[0].tries <= 4 && raced.rounds >= 2, "{raced:?}");
}

#[test]
fn an_interrupt_ends_it_after_the_sample_that_runs() {
    let left = Cell::new(9);
    let stop = || {
        left.set(left.get() - 1);
        left.get() < 0
    };
    let (raced, order) = stopped(&ALL, LIMITS, &usual, &stop);
    // The right answer is always taken; then as many as nobody asked to stop.
    assert_eq!((order.len(), raced.rounds), (10, 1));
    assert_eq!(code(&whole(raced, true)), exit::INTERRUPTED);
}
