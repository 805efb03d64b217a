//! `race`, end to end: what it shows, what it says as JSON, how it ends. Nothing here asks that a race shows: on a machine
//! with one CPU it need not.

mod support;

use std::collections::BTreeSet;

use nix::sys::signal::Signal::SIGINT;
use results::CellStatus;
use results::race::{Race, Raced, SCHEMA};
use support::{Ended, crossover, folder, nothing_is_left, run, words};

/// Runs of milliseconds.
const FAST: &str = "--size smoke --rounds 2 --color never";

fn race(arguments: &str) -> Ended {
    let home = folder();
    let ended = run(crossover(home.path(), words(&format!("race {arguments}"))));
    nothing_is_left(ended.pid);
    assert_eq!(support::files(home.path()), [""; 0], "it writes no files");
    ended
}

fn as_json(arguments: &str) -> Race {
    let ended = race(&format!("{arguments} --json")).expect(0);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stdout))
}

fn only(race: &Race) -> &Raced {
    let [raced] = &race.workloads[..] else { panic!("not one workload: {race:?}") };
    raced
}

#[test]
fn broken_and_fixed_stand_side_by_side() {
    let ended = race(&format!("counter {FAST}")).expect(0);
    let text = &ended.stdout;
    for needle in [
        "counter:ops=100: 8 clients, 100 operations each\n",
        "threads/racy",
        "  mutex ",
        "  shared-atomic ",
        "crossover compare 'counter:ops=100'",
    ] {
        assert!(text.contains(needle), "no `{needle}`:\n{text}");
    }
    assert!(text.lines().any(|line| line.starts_with("sequential")) && !text.contains("FAILED"), "{text}");
    // It either shows or is said not to.
    let said = ["seen at try", "tries, then in a round", "not reproduced here"];
    assert!(said.iter().any(|said| text.contains(said)), "{text}");
    // Lines are broken anywhere.
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(joined.contains("; one thread alone, ") && joined.contains("A demonstration"), "{text}");
    let longest = text.lines().map(|line| line.chars().count()).max();
    assert!(longest <= Some(80) && !text.contains('\u{1b}'), "{text}");
    // Without a terminal, progress is one line a part.
    for needle in ["threads/racy until its race shows, up to 20 times", "round 1 of 2", "round 2 of 2"] {
        assert!(ended.stderr.contains(needle), "no `{needle}`:\n{}", ended.stderr);
    }
    assert!(!ended.stderr.contains(['\u{1b}', '\r']), "{}", ended.stderr);
}

#[test]
fn colour_is_as_asked_and_progress_can_be_off() {
    let ended = race("counter --size smoke --rounds 1 --color always --progress none").expect(0);
    assert!(ended.stdout.contains("\u{1b}[1m"), "{}", ended.stdout);
    assert_eq!(ended.stderr, "");
}

#[test]
fn json_has_every_cell_that_applies_and_figures_that_add_up() {
    let found = as_json(&format!("counter --knob keys=4 --workers 3 {FAST}"));
    assert_eq!((found.schema.as_str(), found.interrupted, found.seed), (SCHEMA, false, 42));
    let raced = only(&found);
    assert_eq!((raced.id.as_str(), raced.workers, raced.rounds), ("counter:keys=4,ops=100/w3", 3, 2));
    assert_eq!(raced.operations, Some(300));
    assert!(raced.broken.iter().any(|one| one.contender == "threads/racy"));
    for one in &raced.broken {
        assert_eq!(one.status, CellStatus::Measured, "{one:?}");
        assert!((1..=20).contains(&one.tries) && one.runs == one.tries + 2 && one.runs_wrong <= one.runs, "{one:?}");
        assert_eq!((one.reproduced, one.runs_wrong > 0), (one.shown.is_some(), one.shown.is_some()), "{one:?}");
        if let Some(loss) = &one.shown {
            assert_eq!(loss.expected_updates, loss.actual_updates + loss.lost_updates, "{loss:?}");
            assert!(loss.lost_share > 0.0 && loss.lost_share <= 1.0, "{loss:?}");
        }
    }
    let contenders: BTreeSet<&str> = raced.fixed.iter().map(|fix| fix.contender.as_str()).collect();
    for contender in ["sequential/plain", "threads/mutex", "processes/server", "async/actor", "data-parallel/mutex"] {
        assert!(contenders.contains(contender), "{contenders:?}");
    }
    for fix in &raced.fixed {
        assert_eq!((fix.status, fix.lost_updates, fix.verified_runs), (CellStatus::Measured, Some(0), 2), "{fix:?}");
        let price = fix.price.as_ref().expect("a price");
        assert!(price.ratio_least <= price.ratio && price.ratio <= price.ratio_most && price.ratio_least > 0.0);
        assert_eq!(fix.to_sequential.is_none(), fix.reference, "{fix:?}");
    }
    assert!(raced.fixed.is_sorted_by(|a, b| a.elapsed_ns <= b.elapsed_ns), "the fastest first");
}

#[test]
fn without_a_name_every_workload_with_a_broken_version_races() {
    let found = as_json("--size smoke --rounds 1 --workers 2");
    let raced: Vec<&str> = found.workloads.iter().map(|raced| raced.workload.as_str()).collect();
    assert!(raced.contains(&"counter") && raced.contains(&"histogram") && !raced.contains(&"primes"), "{raced:?}");
    assert!(found.workloads.iter().all(|raced| !raced.broken.is_empty() && !raced.fixed.is_empty()));
}

#[test]
fn presets_and_knobs_configure_the_workload() {
    let found = as_json("counter:hot,ops=50 --rounds 1 --workers 2");
    assert_eq!(only(&found).id, "counter:ops=50,work-inside=50/w2");
    // The default, written out: not the one of that size as well.
    let found = as_json("counter:ops=10000 --size smoke --rounds 1 --workers 1 --budget 1s");
    assert_eq!(only(&found).id, "counter/w1");
}

/// One client has nobody to race with: that nothing shows is sure, and no failure.
#[test]
fn a_race_that_does_not_show_is_said_not_to() {
    let ended = race(&format!("counter --workers 1 {FAST}")).expect(0);
    assert!(
        ended.stdout.contains("not reproduced here (1 client: nobody to race with) in 22 runs"),
        "{}",
        ended.stdout
    );
    let found = as_json(&format!("counter --workers 1 {FAST}"));
    assert!(only(&found).broken.iter().all(|one| !one.reproduced && one.tries == 20 && one.shown.is_none()));
}

/// Nothing can be done within a nanosecond: every version fails, loudly.
#[test]
fn a_version_that_fails_is_exit_code_3() {
    let ended = race(&format!("counter --timeout 1ns {FAST}")).expect(3);
    assert!(ended.stdout.contains("✕ FAILED, and should be right: ") && ended.stdout.contains("threads/mutex"));
    assert!(ended.stderr.contains("failed: counter:ops=100/threads/mutex/w8: "), "{}", ended.stderr);
}

#[test]
fn an_interrupt_prints_what_there_is() {
    let home = folder();
    let arguments = words("race counter --size smoke --rounds 1000 --budget 10m --json");
    let running = support::start(crossover(home.path(), arguments));
    running.hear("round 3 of 1000");
    running.signal(SIGINT);
    let ended = running.wait().expect(130);
    nothing_is_left(ended.pid);
    let found: Race = serde_json::from_str(&ended.stdout).expect("one JSON object");
    let raced = only(&found);
    assert!(found.interrupted && (2..1000).contains(&raced.rounds), "{found:?}");
    assert!(raced.fixed.iter().all(|fix| fix.status == CellStatus::Measured && fix.price.is_some()), "{raced:?}");
}
