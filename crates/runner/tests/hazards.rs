//! `compare --hazards`: what goes wrong does so every time, ends within its limit, and leaves nothing behind. Nothing here
//! depends on how long anything takes: what hangs really does.

mod support;

use std::collections::BTreeMap;

use nix::sys::signal::Signal::{SIGINT, SIGKILL};
use results::journal::Event;
use results::{HazardVerdict, Metric, RunStatus};
use support::{COMPLETE, crossover, events, files, folder, nothing_is_left, run, words};

/// What there must be. A list of its own: a hazard that falls out of a model falls out of `list`, too.
const ALL: &[(&str, HazardVerdict)] = &[
    ("sequential", HazardVerdict::NotApplicable),
    ("threads/poisoned-lock", HazardVerdict::Detected),
    ("threads/panic-inside", HazardVerdict::Silent),
    ("threads/lock-order", HazardVerdict::Hung),
    ("threads/full-queue", HazardVerdict::Hung),
    ("threads/dead-consumer", HazardVerdict::Detected),
    ("processes/killed-inside-lock", HazardVerdict::Detected),
    ("processes/killed-inside-flag", HazardVerdict::Hung),
    ("processes/full-socket", HazardVerdict::Hung),
    ("async/blocking-call", HazardVerdict::Silent),
    ("async/guard-across-await", HazardVerdict::Hung),
    ("data-parallel/lock-across-join", HazardVerdict::Hung),
    ("gil/convoy", HazardVerdict::Silent),
    ("free-threaded/split-section", HazardVerdict::Silent),
];

#[test]
fn every_hazard_ends_as_it_must_and_its_remedy_holds() {
    let home = folder();
    let ended = run(crossover(home.path(), words("compare --hazards hazard/ --out out --progress none"))).expect(0);
    nothing_is_left(ended.pid);
    let out = home.path().join("out");
    assert_eq!(files(&out), COMPLETE);
    let found = support::results(&out);
    assert_eq!(found.run.status, RunStatus::Complete);
    assert!(found.cells.is_empty(), "the filter is about hazards alone");
    let verdicts: Vec<_> = found.hazards.iter().map(|one| (one.id.as_str(), one.verdict)).collect();
    assert_eq!(verdicts, ALL);
    for one in found.hazards.iter().filter(|one| one.verdict != HazardVerdict::NotApplicable) {
        assert_eq!((one.remedy_holds, one.reason.as_deref()), (Some(true), None), "{}", one.id);
        let lost = one.lost.median().unwrap_or_else(|| panic!("{}: what was lost is counted", one.id));
        assert!(lost > 0.0 && lost <= one.of.unwrap_or(0) as f64, "{}: {lost} of {:?}", one.id, one.of);
        let told = matches!(one.after_ns, Metric::Measured { .. });
        assert!(told || one.verdict != HazardVerdict::Detected, "{}: told, but when?", one.id);
        assert!(!told || one.verdict != HazardVerdict::Hung, "{}: it hangs, so nobody was told", one.id);
        assert!(ended.stdout.contains(&one.id), "{}", ended.stdout);
    }
    // The journal is all of it.
    let before = support::json(&out.join("results.json"));
    run(crossover(home.path(), words("render out"))).expect(0);
    assert_eq!(support::json(&out.join("results.json")), before);
}

#[test]
fn the_list_says_what_they_become() {
    let home = folder();
    let listed = run(crossover(home.path(), words("list --json"))).expect(0);
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).expect("JSON");
    let word = |verdict| match verdict {
        HazardVerdict::Detected => "detected",
        HazardVerdict::Silent => "silent",
        HazardVerdict::Hung => "hangs",
        _ => "",
    };
    let listed = listed["hazards"].as_array().expect("a list").iter();
    let listed: Vec<_> = listed.map(|one| (one["id"].as_str(), one["ends"].as_str().unwrap_or_default())).collect();
    let expected: Vec<_> = ALL.iter().map(|(id, verdict)| (Some(*id), word(*verdict))).collect();
    assert_eq!(listed, expected);
}

#[test]
fn filters_choose_among_cells_and_hazards() {
    let home = folder();
    let plan = |arguments: &str| -> (usize, Vec<String>) {
        let plan = run(crossover(home.path(), words(&format!("compare --plan {arguments}")))).expect(0).stdout;
        let cells = plan.lines().filter(|line| line.starts_with("  ") && !line.contains('(')).count();
        let hazards = plan.lines().filter_map(|line| line.strip_prefix("hazard/"));
        (cells, hazards.map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect())
    };
    let (cells, hazards) = plan("primes");
    assert!(cells > 0 && hazards.is_empty(), "nobody asked for hazards");
    let (same, hazards) = plan("--hazards primes");
    assert_eq!((same, hazards.len()), (cells, ALL.len()), "the filter names no hazard: all of them");
    assert_eq!(plan("--hazards lock-order"), (0, vec![String::from("threads/lock-order")]));
    assert_eq!(plan("--hazards primes lock-order"), (cells, vec![String::from("threads/lock-order")]));
    let (_, hazards) = plan("--hazards async/");
    assert_eq!(hazards, ["async/blocking-call", "async/guard-across-await"]);
    assert_eq!(plan("--hazards hazard/ --model data-parallel").1, ["data-parallel/lock-across-join"]);
    let (_, hazards) = plan("--hazards hazard/* !hazard/threads/* !hazard/processes/*");
    assert_eq!(hazards.len(), 6, "{hazards:?}");
    let wrong = run(crossover(home.path(), words("compare --plan --hazards lock-ordr"))).expect(2);
    assert!(wrong.stderr.contains("did you mean `lock-order`?"), "{}", wrong.stderr);
    run(crossover(home.path(), words("compare --plan lock-order"))).expect(2);
}

/// Hazards after a few samples, of one model: some seconds.
const RUN: &str = "compare --hazards primes/threads/static hazard/threads/ --size smoke --rounds 2 --no-twins \
                   --progress plain --out out";

#[test]
fn what_was_interrupted_goes_on_with_the_tries_that_are_left() {
    let home = folder();
    let running = support::start(crossover(home.path(), words(RUN)));
    running.hear("hazard/threads/lock-order #1");
    running.signal(SIGINT);
    let ended = running.wait().expect(130);
    nothing_is_left(ended.pid);
    let out = home.path().join("out");
    let so_far = support::results(&out);
    assert!(so_far.hazards.iter().any(|one| one.verdict == HazardVerdict::NotTried), "{:?}", so_far.hazards);
    let ended = run(crossover(home.path(), words("compare --resume out --progress none"))).expect(0);
    nothing_is_left(ended.pid);
    let mut tries: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for event in events(&out) {
        if let Event::Hazard(one) = event {
            tries.entry(one.hazard).or_default().push(one.number);
        }
    }
    for (id, verdict) in ALL.iter().filter(|(id, _)| id.starts_with("threads/")) {
        let count = if *verdict == HazardVerdict::Hung { 2 } else { 5 };
        assert_eq!(tries.remove(*id), Some((1..=count).collect()), "{id}");
    }
    assert!(tries.is_empty(), "{tries:?}");
    let found = support::results(&out);
    assert!(found.hazards.iter().all(|one| one.remedy_holds == Some(true)), "{:?}", found.hazards);
    assert_eq!(found.groups.len(), 1, "and what was measured stands");
}

#[test]
fn what_hangs_goes_with_a_runner_that_is_killed() {
    let home = folder();
    let arguments = "compare --hazards killed-inside-flag full-socket --progress plain --out out";
    let running = support::start(crossover(home.path(), words(arguments)));
    // The next hangs for a second, with worker processes.
    running.hear("hazard/processes/killed-inside-flag #1");
    running.signal(SIGKILL);
    let ended = running.wait();
    support::no_process_is_left(ended.pid);
}
