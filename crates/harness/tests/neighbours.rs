//! Neighbours that use the machine: which rounds are loud, what would be said without them, and waiting for quiet.

mod simulated;

use std::collections::BTreeSet;
use std::time::Duration;

use harness::engine::Settings;
use results::journal::{Event, Outcome};
use results::{RunStatus, Verdict};

use self::simulated::weather::Weather;
use self::simulated::{Simulated, finished, group, results, run, settings};

const HARD: [(&str, &str); 2] = [("sequential", "10000"), ("noisy", "9900")];

fn loud_in(rounds: &[u32]) -> Simulated {
    let mut sampler = Simulated::replayable(&[]);
    sampler.loud = rounds.iter().copied().collect::<BTreeSet<_>>();
    sampler
}

fn waited(events: &[Event]) -> Vec<(u32, u64)> {
    let of = |event: &Event| match event {
        Event::Round(round) if round.waited_ns > 0 => Some((round.round, round.waited_ns / 1_000_000)),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

#[test]
fn the_loud_rounds_are_named_and_the_verdicts_without_them_computed() {
    let rounds = [3, 4, 7, 12];
    let (status, events) = run(vec![group("a", &HARD)], &settings(&[16]), &mut loud_in(&rounds), &|| false);
    assert_eq!(status, RunStatus::Complete);
    let run = results(&events);
    assert_eq!(run.groups[0].loud, rounds);
    let without = run.groups[0].without_loud.as_ref().expect("there are loud rounds");
    assert_eq!((without.rounds, without.changed.is_empty()), (12, true), "{without:?}");
    assert_eq!((run.trust.rounds_loud, run.trust.rounds_all), (4, 16));
    assert!(run.trust.loud_matters.is_empty());
    assert_eq!(run.trust.foreign_median, Some(0.0));
}

#[test]
fn a_quiet_machine_and_one_that_is_never_quiet_have_no_loud_rounds() {
    for rounds in [vec![], (1..=16).collect::<Vec<_>>()] {
        let (_, events) = run(vec![group("a", &HARD)], &settings(&[16]), &mut loud_in(&rounds), &|| false);
        let run = results(&events);
        assert!(run.groups[0].loud.is_empty() && run.groups[0].without_loud.is_none(), "{rounds:?}");
    }
}

#[test]
fn a_verdict_that_only_loud_rounds_make_is_told() {
    let (_, mut events) = run(vec![group("a", &HARD)], &settings(&[16]), &mut loud_in(&[1, 2, 3, 4, 5, 6]), &|| false);
    // In loud rounds the contender takes twice as long; in the others it is slower in 7 of 10.
    for event in &mut events {
        let Event::Sample(sample) = event else { continue };
        let Outcome::Measured { elapsed_ns, .. } = &mut sample.outcome else { continue };
        let ns = match sample.round {
            _ if sample.cell.contains("sequential") => 10_000_000,
            ..=6 => 20_000_000,
            7..=9 => 9_000_000,
            _ => 10_600_000,
        };
        elapsed_ns.fill(ns);
    }
    let run = results(&events);
    assert_eq!(run.groups[0].loud, [1, 2, 3, 4, 5, 6]);
    assert_eq!(run.contrasts[0].verdict, Verdict::Slower, "13 of 16 rounds");
    let without = run.groups[0].without_loud.as_ref().expect("there are loud rounds");
    assert_eq!(without.changed, ["a/noisy/9900/w2"], "7 of 10 are nothing");
    assert_eq!(without.best_set.len(), 2);
    assert_eq!(run.trust.loud_matters, ["a/w2"]);
}

#[test]
fn where_all_rounds_of_the_look_were_loud_nothing_would_be_said_without_them() {
    let clear = [("sequential", "10000"), ("x", "5000"), ("lost", "900000"), ("noisy", "9900")];
    let rounds: Vec<u32> = (1..=8).collect();
    // Ended within the second look, so that the first stands and the quiet rounds are behind it.
    let settings = Settings { budget: Some(Duration::from_secs(24)), ..settings(&[8, 200]) };
    let (status, events) = run(vec![group("a", &clear)], &settings, &mut loud_in(&rounds), &|| false);
    assert_eq!(status, RunStatus::Budget);
    let run = results(&events);
    assert_eq!((run.groups[0].loud.as_slice(), run.groups[0].rounds), (rounds.as_slice(), 8));
    let without = run.groups[0].without_loud.as_ref().expect("there are loud rounds");
    assert_eq!((without.rounds, without.changed.as_slice()), (0, [String::from("a/x/5000/w2")].as_slice()));
}

#[test]
fn waits_double_while_it_stays_loud_and_are_recorded() {
    let rounds: Vec<u32> = (5..=10).chain([13]).collect();
    let mut sampler = loud_in(&rounds);
    let settings = Settings { budget: Some(Duration::from_secs(60)), ..settings(&[16]) };
    let (status, events) = run(vec![group("a", &HARD)], &settings, &mut sampler, &|| false);
    assert_eq!(status, RunStatus::Complete);
    let expected = [(5, 50), (6, 100), (7, 200), (8, 400), (9, 800), (10, 800), (13, 50)];
    assert_eq!(waited(&events), expected);
    let rests: Vec<u64> = sampler.rests.iter().map(|rest| rest.as_millis() as u64).collect();
    assert_eq!(rests, expected.map(|(_, ms)| ms), "what was recorded was waited");
    // Waiting is not part of a round.
    let loud: Vec<u64> = events
        .iter()
        .filter_map(|event| if let Event::Round(round) = event { Some(round.wall_ns / 1_000_000) } else { None })
        .collect();
    assert!(loud.iter().all(|ms| *ms < 1000), "{loud:?}");
}

#[test]
fn waiting_takes_a_quarter_of_the_budget_at_most() {
    let rounds: Vec<u32> = (8..=32).collect();
    for seconds in [5, 8, 20] {
        let mut sampler = loud_in(&rounds);
        let settings = Settings { budget: Some(Duration::from_secs(seconds)), ..settings(&[32]) };
        let (_, events) = run(vec![group("a", &HARD)], &settings, &mut sampler, &|| false);
        let waited: Duration = sampler.rests.iter().sum();
        assert!(waited <= Duration::from_secs(seconds) / 4, "{waited:?} of {seconds} s");
        assert!(waited > Duration::from_secs(1), "{waited:?} of {seconds} s");
        assert!(finished(&events).len() > 8);
    }
    // Without a budget, of the time that has passed.
    let mut sampler = loud_in(&rounds);
    let (_, events) = run(vec![group("a", &HARD)], &settings(&[32]), &mut sampler, &|| false);
    assert_eq!(finished(&events).len(), 32);
    let waited: Duration = sampler.rests.iter().sum();
    assert!(waited <= sampler.now / 4, "{waited:?} of {:?}", sampler.now);
}

#[test]
fn bursts_are_seen_where_they_are() {
    let weather = Weather::Bursts { slowing: 1.0, until: Duration::ZERO };
    let mut sampler = Simulated::under(weather, 3);
    let settings = Settings { budget: Some(Duration::from_secs(600)), ..settings(&[128]) };
    let (_, events) = run(vec![group("a", &HARD)], &settings, &mut sampler, &|| false);
    let run = results(&events);
    let loud = &run.groups[0].loud;
    assert!((4..64).contains(&loud.len()), "{loud:?}");
    let foreign = |event: &Event| match event {
        Event::Round(round) => Some((round.round, round.foreign.expect("it can be read"))),
        _ => None,
    };
    for (round, foreign) in events.iter().filter_map(foreign) {
        assert_eq!(loud.contains(&round), foreign > 0.15, "round {round}: {foreign}");
    }
    assert!(!sampler.rests.is_empty());
}
