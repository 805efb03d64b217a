//! Groups that join a run that goes on: calibrated, measured up to the look, there for the later ones and in the results.

mod simulated;

use std::time::Duration;

use harness::engine::{Engine, Group, Settings};
use results::RunStatus;
use results::journal::Event;

use self::simulated::{Simulated, bytes, end, finished, group, known, plan, results, samples, settings, swept};

const HARD: [(&str, &str); 2] = [("sequential", "10000"), ("noisy", "9900")];
const CLEAR: [(&str, &str); 2] = [("sequential", "10000"), ("x", "5000")];

/// A run in which groups join.
fn growing(
    groups: Vec<Group>,
    settings: &Settings,
    seed: u64,
    grow: &mut dyn FnMut(&[Event]) -> Vec<Group>,
) -> (RunStatus, Vec<Event>) {
    let mut events = vec![plan(settings)];
    let mut emit = |event: Event| {
        events.push(event);
        Ok(())
    };
    let mut sampler = Simulated::new(seed);
    let engine = Engine::new(groups, settings, &mut sampler, &mut emit, &|| false).growing(grow);
    let status = engine.run().expect("events can be written");
    events.push(end(status, &sampler));
    (status, events)
}

fn rounds(events: &[Event], id: &str) -> usize {
    finished(events).iter().filter(|(group, _)| group == id).count()
}

fn joined(events: &[Event], id: &str) -> usize {
    let is = |event: &Event| matches!(event, Event::Group(group) if group.id == id);
    events.iter().position(is).unwrap_or_else(|| panic!("{id} did not join"))
}

#[test]
fn what_joins_after_the_first_look_has_it_and_the_later_ones() {
    let settings = Settings { twins: 15, ..settings(&[8, 16]) };
    let mut asked = Vec::new();
    let (status, events) = growing(vec![group("old", &HARD)], &settings, 1, &mut |so_far| {
        asked.push(finished(so_far));
        if asked.len() == 1 { vec![group("new", &HARD), group("clear", &CLEAR)] } else { Vec::new() }
    });
    assert_eq!(status, RunStatus::Complete);
    // After the first look, again since something joined, and after the second.
    assert_eq!(asked.iter().map(Vec::len).collect::<Vec<_>>(), [8, 24, 40]);
    for id in ["new/w2", "clear/w2"] {
        let at = joined(&events, id);
        let before = finished(&events[..at]);
        assert_eq!(
            before.iter().filter(|(group, round)| group == "old/w2" && *round == 8).count(),
            1,
            "the first look"
        );
        assert_eq!(rounds(&events[..at], "old/w2"), 8, "and no more");
        let calibrated = |event: &&Event| matches!(event, Event::Calibrated(one) if one.group == id);
        assert_eq!(events[at..].iter().filter(calibrated).count(), 1);
    }
    let catching_up = finished(&events).iter().position(|(group, round)| group == "old/w2" && *round == 9);
    let caught_up = finished(&events).iter().position(|(group, round)| group == "new/w2" && *round == 8);
    assert!(caught_up < catching_up, "the look comes before the next rounds");
    assert_eq!(["old/w2", "new/w2", "clear/w2"].map(|id| rounds(&events, id)), [16, 16, 8]);
    let run = results(&events);
    let looks: Vec<(&str, u32)> = run.groups.iter().map(|group| (group.id.as_str(), group.rounds)).collect();
    assert_eq!(looks, [("old/w2", 16), ("new/w2", 16), ("clear/w2", 8)]);
    assert_eq!(run.contrasts.len(), 3);
    assert_eq!(run.trust.aa_tests, 3, "they have twins as well");
}

#[test]
fn what_joins_a_sweep_shares_its_rounds() {
    let grow = |so_far: &[Event]| -> Vec<Group> {
        if finished(so_far).iter().any(|(id, _)| id.contains("x=2")) {
            return Vec::new();
        }
        vec![swept(2.0, &HARD), swept(3.0, &CLEAR)]
    };
    // Everything measured at first is decided at the first look; what joins is not, and wakes its sweep.
    let old = vec![swept(1.0, &CLEAR), swept(4.0, &CLEAR), group("clear", &CLEAR)];
    let (status, events) = growing(old, &settings(&[8, 16]), 1, &mut { grow });
    assert_eq!(status, RunStatus::Complete);
    for value in [1, 2, 3, 4] {
        assert_eq!(rounds(&events, &format!("sweep:x={value}/w2")), 16, "x = {value}");
    }
    assert_eq!(rounds(&events, "clear/w2"), 8);
    let later: Vec<(String, u32)> = finished(&events).into_iter().filter(|(_, round)| *round > 8).collect();
    assert!(later.chunks(4).enumerate().all(|(i, four)| four.iter().all(|(_, round)| *round == i as u32 + 9)));
    let run = results(&events);
    assert_eq!(run.groups.iter().filter(|group| group.sweep.is_some() && group.rounds == 16).count(), 4);
    let crossover =
        run.crossovers.iter().find(|crossover| crossover.to.starts_with("x/")).expect("one contender a sweep");
    assert_eq!((crossover.range, crossover.rounds), ((1.0, 4.0), 16));
}

#[test]
fn what_is_asked_for_again_or_after_the_last_look() {
    let grow = |_: &[Event]| vec![group("old", &HARD), group("new", &CLEAR)];
    let (_, events) = growing(vec![group("old", &HARD)], &settings(&[8]), 1, &mut { grow });
    assert_eq!(["old/w2", "new/w2"].map(|id| rounds(&events, id)), [8, 8], "asked for ever, joined once");
    assert_eq!(samples(&events).iter().filter(|(round, _)| *round == 0).count(), 4);
}

#[test]
fn a_budget_that_runs_out_leaves_what_stands() {
    let settings = |budget: Duration| Settings { budget: Some(budget), twins: 15, ..settings(&[8, 16]) };
    let grow = |so_far: &[Event]| -> Vec<Group> {
        let there = so_far.iter().any(|event| matches!(event, Event::Group(group) if group.id == "new/w2"));
        if there { Vec::new() } else { vec![group("new", &HARD), group("newer", &HARD)] }
    };
    let long = settings(Duration::from_secs(3600));
    let (status, whole) = growing(vec![group("old", &HARD), known()], &long, 1, &mut { grow });
    assert_eq!(status, RunStatus::Complete);
    let Some(Event::End { wall_ns, .. }) = whole.last() else { panic!("no end") };
    let mut reached = Vec::new();
    for percent in (5..100).step_by(5) {
        let budget = Duration::from_nanos(*wall_ns * percent / 100);
        let (status, events) = growing(vec![group("old", &HARD), known()], &settings(budget), 1, &mut { grow });
        assert_eq!(status, RunStatus::Budget, "{percent} %");
        let Some(Event::End { wall_ns, .. }) = events.last() else { panic!("no end") };
        assert!(Duration::from_nanos(*wall_ns) < budget + Duration::from_secs(1), "{percent} %");
        let run = results(&events);
        let text = serde_json::to_string(&run).expect("plain data");
        assert!(serde_json::from_str::<results::Run>(&text).is_ok(), "{percent} %");
        reached.push(run.groups.iter().filter(|group| group.rounds > 0).count());
    }
    assert!(reached.is_sorted() && reached[0] == 0 && reached.contains(&2) && reached.contains(&3), "{reached:?}");
}

#[test]
fn the_same_seed_gives_the_same_bytes_with_everything_in_it() {
    let run = |order: u64, machine: u64| {
        let settings = Settings {
            seed: order,
            twins: 15,
            diagnose: true,
            soak: Some(Duration::from_secs(1)),
            budget: Some(Duration::from_secs(60)),
            ..settings(&[8, 16])
        };
        let grow = |so_far: &[Event]| -> Vec<Group> {
            let there = so_far.iter().any(|event| matches!(event, Event::Group(group) if group.id.contains("x=2")));
            if there { Vec::new() } else { vec![swept(2.0, &HARD)] }
        };
        let groups = vec![known(), swept(1.0, &HARD), swept(4.0, &CLEAR), group("old", &HARD)];
        let (_, events) = growing(groups, &settings, machine, &mut { grow });
        (bytes(&events), serde_json::to_string(&results(&events)).expect("plain data"))
    };
    assert_eq!(run(1, 1), run(1, 1));
    assert_ne!(run(1, 1).0, run(2, 1).0);
    assert_ne!(run(1, 1).0, run(1, 2).0);
}
