//! METG on simulated curves that are known: found, covered by the interval, bounded where they do not reach, and never
//! invented.

use std::collections::BTreeMap;

use fastrand::Rng;
use harness::metg::metg;
use results::journal::{Calibrated, Event, Outcome, PlannedCell, PlannedGroup, Sample};
use results::{Bound, Found, Granularity, Metg, Support, Sweep, Units};

/// Values of the knob: `x` iterations a task, each 2 ns at the sequential rate.
const VALUES: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];
const NS: f64 = 2.0;
const TASKS: f64 = 1000.0;
const CAPACITY: f64 = 1.9;

/// Efficiency of a contender at a length of tasks, ns.
type Curve = fn(f64) -> f64;

/// 50 ns a task, whatever it does: half efficient at tasks of 50 ns, nine tenths at 450.
fn costs_50(ns: f64) -> f64 {
    ns / (ns + 50.0)
}

/// One of the two.
type Of = fn(&Metg) -> Granularity;

/// What a journal is made of.
#[derive(Clone, Copy)]
struct Machine {
    rounds: u32,
    /// Deviations: of each time, of both copies of the reference beyond that, of all that runs in a round of a group.
    noise: f64,
    copies: f64,
    shared: f64,
    seed: u64,
}

const STILL: Machine = Machine { rounds: 16, noise: 0.0, copies: 0.0, shared: 0.0, seed: 0 };

fn noisy(seed: u64) -> Machine {
    Machine { noise: 0.03, shared: 0.05, seed, ..STILL }
}

/// A journal of a sweep with a capacity probe in each round.
fn journal(values: &[f64], contenders: &[(&str, Curve)], machine: Machine) -> Vec<Event> {
    let Machine { rounds, seed, .. } = machine;
    let mut random = Rng::with_seed(seed);
    let mut noise = |deviation: f64| (deviation * ((0..12).map(|_| random.f64()).sum::<f64>() - 6.0)).exp();
    let mut events: Vec<Event> = values.iter().map(|value| Event::Group(group(*value, contenders))).collect();
    for round in 1..=rounds {
        for value in values {
            let shared = noise(machine.shared);
            let task = value * NS;
            let alone = task * TASKS * shared * noise(machine.noise);
            events.push(sample(*value, "sequential/plain", round, Ok(alone)));
            let copies = noise(machine.copies);
            let mut copy = || task * TASKS * 2.0 / CAPACITY * shared * copies * noise(machine.noise);
            let capacity = Some(alone / copy() + alone / copy());
            events.push(Event::Capacity { round, group: id_of(*value), capacity });
            for (name, efficiency) in contenders {
                let ns = task * TASKS / CAPACITY / efficiency(task) * shared * noise(machine.noise);
                events.push(sample(*value, name, round, Ok(ns)));
            }
        }
    }
    events
}

fn id_of(value: f64) -> String {
    format!("toy:x={value}/w2")
}

fn id(value: f64, contender: &str) -> String {
    format!("toy:x={value}/{contender}/w2")
}

fn group(value: f64, contenders: &[(&str, Curve)]) -> PlannedGroup {
    let cell = |name: &str| PlannedCell {
        id: id(value, name),
        model: name.split('/').next().unwrap_or_default().to_owned(),
        strategy: name.split('/').nth(1).unwrap_or_default().to_owned(),
        support: Support::Idiomatic,
        why: None,
        deliberately_wrong: name.starts_with("wrong/"),
        reference: name == "sequential/plain",
        skipped: None,
        demands: Vec::new(),
        source: None,
    };
    let sweep = Sweep {
        series: String::from("toy/w2"),
        knob: String::from("x"),
        value,
        unit: String::new(),
        about: String::new(),
        linear: false,
        granularity: true,
    };
    PlannedGroup {
        id: id_of(value),
        workload: String::from("toy"),
        knobs: [("x", value), ("tasks", 7.0)]
            .map(|(knob, value)| (knob.to_owned(), value.into()))
            .into_iter()
            .collect(),
        workers: 2,
        pattern: String::new(),
        about: String::new(),
        sweep: Some(sweep),
        cells: [cell("sequential/plain")].into_iter().chain(contenders.iter().map(|(name, _)| cell(name))).collect(),
        known: BTreeMap::new(),
    }
}

fn sample(value: f64, contender: &str, round: u32, ns: Result<f64, &str>) -> Event {
    let outcome = match ns {
        // Long enough that rounding to whole ns does not show.
        Ok(ns) => Outcome::Measured {
            elapsed_ns: vec![(ns * 100.0).round() as u64; 2],
            metrics: BTreeMap::from([(String::from("steps"), TASKS * 100.0)]),
            absent: BTreeMap::new(),
            units: Units::default(),
        },
        Err(reason) => Outcome::Failed { reason: reason.to_owned() },
    };
    Event::Sample(Sample { round, group: id_of(value), cell: id(value, contender), position: 0, outcome })
}

fn one(events: &[Event]) -> Metg {
    let found = metg(events, 0.05);
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().expect("one")
}

#[track_caller]
fn near(found: Option<f64>, expected: f64) {
    assert!(found.is_some_and(|found| (found / expected).ln().abs() < 0.05), "{found:?} is not {expected}");
}

#[test]
fn a_known_granularity_is_found() {
    let found = one(&journal(&VALUES, &[("a/b", costs_50)], noisy(1)));
    assert_eq!((found.workload.as_str(), found.knob.as_str(), found.series.as_str()), ("toy", "x", "toy/w2"));
    assert_eq!((found.contender.as_str(), found.workers, found.rounds, found.reason.as_deref()), ("a/b", 2, 16, None));
    assert_eq!(found.knobs.keys().collect::<Vec<_>>(), ["tasks"], "the swept knob is not among the others");
    near(found.capacity, CAPACITY);
    // On straight lines between the values.
    for (granularity, truth) in [(found.metg50_ns, 51.3), (found.metg90_ns, 463.7)] {
        assert_eq!((granularity.bound, granularity.found), (Some(Bound::Is), Found::Crosses));
        let (lo, hi) = (granularity.lo.expect("bounded"), granularity.hi.expect("bounded"));
        assert!(lo < truth && truth < hi && hi / lo < 1.5, "{granularity:?}");
    }
    // 2 ns at the sequential rate by two workers, and 50 ns for handing it out, shared by them.
    near(Some(found.floor_ns), 52.0 / CAPACITY);
    near(Some(found.floor_at_ns), 2.0);
    assert!(found.floor_lo_ns < Some(found.floor_ns) && Some(found.floor_ns) < found.floor_hi_ns, "{found:?}");
    let points = &found.points;
    assert_eq!(points.iter().map(|point| point.value).collect::<Vec<_>>(), VALUES);
    for point in points {
        near(Some(point.granularity_ns), point.value * NS);
        near(Some(point.efficiency), costs_50(point.value * NS));
        assert!(point.lo < Some(point.efficiency) && Some(point.efficiency) < point.hi, "{point:?}");
    }
}

#[test]
fn intervals_cover_the_truth() {
    let machines = [
        noisy(0),
        Machine { shared: 0.0, ..noisy(0) },
        // What shares the machine changes while copies run.
        Machine { copies: 0.05, ..noisy(0) },
    ];
    let truth = one(&journal(&VALUES, &[("a/b", costs_50)], STILL));
    // Straight lines between values that are a factor of two apart: exact to a few per cent, whatever the noise.
    near(truth.metg50_ns.value, 50.0);
    near(truth.metg90_ns.value, 450.0);
    for (which, machine) in machines.into_iter().enumerate() {
        let runs = 400;
        let all: Vec<Metg> =
            (0..runs).map(|seed| one(&journal(&VALUES, &[("a/b", costs_50)], Machine { seed, ..machine }))).collect();
        let kinds: [(&str, Of); 2] = [("50 %", |one| one.metg50_ns), ("90 %", |one| one.metg90_ns)];
        for (share, of) in kinds {
            let truth = of(&truth).value.expect("it crosses");
            let found: Vec<Granularity> = all.iter().map(of).filter(|one| one.found == Found::Crosses).collect();
            // The curve is flat near 90 %: with a noisy probe some runs cannot tell, and say so.
            let told = found.len() * 100 >= if which == 2 { 85 } else { 99 } * all.len();
            assert!(told, "machine {which}, {share}: {} of {runs} told", found.len());
            let covers =
                |one: &&Granularity| one.lo.is_none_or(|lo| lo <= truth) && one.hi.is_none_or(|hi| truth <= hi);
            let covered = found.iter().filter(covers).count();
            assert!(covered * 100 >= 95 * found.len(), "machine {which}, {share}: {covered} of {}", found.len());
        }
    }
}

#[test]
fn what_does_not_reach_is_bounded_by_the_range() {
    let whole = |curve: Curve, seed| one(&journal(&VALUES, &[("a/b", curve)], noisy(seed)));
    for seed in 0..100 {
        let good = whole(|_| 0.97, seed);
        assert_eq!((good.metg50_ns.bound, good.metg50_ns.found), (Some(Bound::Below), Found::Already));
        near(good.metg50_ns.value, 2.0);
        assert_eq!((good.metg50_ns.lo, good.metg50_ns.hi), (None, None), "in every round");
        let bad = whole(|_| 0.3, seed);
        for granularity in [bad.metg50_ns, bad.metg90_ns] {
            assert_eq!((granularity.bound, granularity.found), (Some(Bound::Above), Found::NotReached));
            near(granularity.value, 2048.0);
        }
        // Along the share itself it is reached everywhere and nowhere: no answer, or one that says how little it knows.
        let level = whole(|_| 0.9, seed).metg90_ns;
        let span = level.hi.unwrap_or(2048.0) / level.lo.unwrap_or(2.0);
        assert!(matches!(level.found, Found::Several | Found::Open) || span > 6.0, "{level:?}");
    }
    // Half of the rounds reach it at the last length.
    let late = whole(|ns| 0.5 * (ns / 2048.0).powf(0.2), 3).metg50_ns;
    assert!(late.hi.is_none() && late.lo.is_some_and(|lo| lo < 2048.0), "{late:?}");
    // Efficient, then not, then again.
    let several = whole(|ns| if (30.0..300.0).contains(&ns) { 0.3 } else { 0.7 }, 1).metg50_ns;
    assert_eq!((several.found, several.value, several.bound), (Found::Several, None, None));
    let few = one(&journal(&VALUES, &[("a/b", costs_50)], Machine { rounds: 3, ..noisy(1) }));
    assert!(few.metg50_ns.value.is_some() && few.metg50_ns.lo.is_none() && few.floor_lo_ns.is_none(), "{few:?}");
}

#[test]
fn one_length_is_no_curve_and_has_a_floor() {
    let found = one(&journal(&VALUES[..1], &[("a/b", costs_50)], noisy(1)));
    assert_eq!(found.reason.as_deref(), Some("it was measured at one length of tasks only"));
    assert_eq!((found.metg50_ns.value, found.metg50_ns.bound, found.metg50_ns.found), (None, None, Found::Open));
    near(Some(found.floor_ns), 52.0 / CAPACITY);
    assert_eq!(found.points.len(), 1);
}

#[test]
fn without_a_probe_there_is_a_floor_and_a_reason() {
    let mut events = journal(&VALUES, &[("a/b", costs_50)], noisy(1));
    for event in &mut events {
        if let Event::Capacity { capacity, .. } = event {
            *capacity = None;
        }
    }
    let found = one(&events);
    assert!(found.reason.as_deref().is_some_and(|why| why.contains("capacity probe")), "{found:?}");
    assert_eq!((found.capacity, found.points.len(), found.metg90_ns.value), (None, 0, None));
    near(Some(found.floor_ns), 52.0 / CAPACITY);
    // One probe that failed takes its round away, and one value without any takes the value.
    let mut events = journal(&VALUES, &[("a/b", costs_50)], noisy(1));
    events.retain(|event| match event {
        Event::Capacity { round, group, .. } => (*round, group.as_str()) != (5, "toy:x=8/w2") && group != "toy:x=1/w2",
        _ => true,
    });
    let found = one(&events);
    assert_eq!((found.rounds, found.points.len(), found.reason.as_deref()), (15, 10, None));
    near(found.metg50_ns.value, 50.0);
    // Nobody counted tasks: nothing can be said of their length.
    let mut events = journal(&VALUES, &[("a/b", costs_50)], noisy(1));
    for event in &mut events {
        if let Event::Sample(Sample { outcome: Outcome::Measured { metrics, .. }, .. }) = event {
            metrics.clear();
        }
    }
    assert_eq!(metg(&events, 0.05), []);
}

#[test]
fn who_is_listed() {
    let contenders: [(&str, Curve); 3] = [("a/b", costs_50), ("wrong/racy", costs_50), ("c/d", |_| 0.4)];
    let names = |events: &[Event]| metg(events, 0.05).into_iter().map(|one| one.contender).collect::<Vec<_>>();
    let events = journal(&VALUES, &contenders, noisy(1));
    assert_eq!(names(&events), ["a/b", "c/d"], "neither the reference nor what is wrong on purpose");
    let mut other = events.clone();
    for event in &mut other {
        if let Event::Group(PlannedGroup { sweep: Some(sweep), .. }) = event {
            sweep.granularity = false;
        }
    }
    assert_eq!(metg(&other, 0.05), [], "another knob makes no task longer");
    // The reference failed everywhere: there is nothing to hold anybody to.
    let failed = VALUES.map(|value| sample(value, "sequential/plain", 1, Err("it broke")));
    assert_eq!(metg(&[events, failed.to_vec()].concat(), 0.05), []);
}

#[test]
fn a_value_that_failed_is_left_out() {
    let mut events = journal(&VALUES, &[("a/b", costs_50)], noisy(1));
    events.push(sample(32.0, "a/b", 9, Err("it broke")));
    let found = one(&events);
    assert_eq!((found.points.len(), found.rounds), (10, 16));
    assert!(found.metg50_ns.value.is_some_and(|at| (45.0..60.0).contains(&at)), "{found:?}");
    // At the shortest tasks: the floor is that of the next, and says so.
    events.push(sample(1.0, "a/b", 9, Err("it broke")));
    let found = one(&events);
    near(Some(found.floor_at_ns), 4.0);
    near(Some(found.floor_ns), 54.0 / CAPACITY);
    // Everywhere: it is among the failures, not here.
    let failed = VALUES.map(|value| sample(value, "a/b", 1, Err("it broke")));
    assert_eq!(metg(&[events, failed.to_vec()].concat(), 0.05), []);
}

#[test]
fn a_far_contender_has_its_three_samples_in_every_round() {
    // 4 us a task: far up to 128 ns.
    let mut events = journal(&VALUES, &[("a/b", |ns| ns / (ns + 1000.0)), ("c/d", costs_50)], noisy(1));
    let far: Vec<f64> = VALUES.iter().copied().filter(|value| value * NS < 30.0).collect();
    let is_far = |group: &str| far.iter().any(|value| id_of(*value) == group);
    events.retain(|event| {
        let late = |one: &Sample| one.round > 3 && one.cell.contains("/a/b/") && is_far(&one.group);
        !matches!(event, Event::Sample(one) if late(one))
    });
    let calibrated = |value: &f64| Calibrated {
        group: id_of(*value),
        iterations: 1,
        far: vec![id(*value, "a/b")],
        once_ns: BTreeMap::new(),
        digest: None,
        twins: Vec::new(),
    };
    events.extend(far.iter().map(|value| Event::Calibrated(calibrated(value))));
    let all = metg(&events, 0.05);
    assert_eq!((all[0].rounds, all[0].points.len(), all[1].rounds), (16, 11, 16));
    assert!(all[0].metg50_ns.value.is_some_and(|at| (950.0..1100.0).contains(&at)), "{:?}", all[0].metg50_ns);
    assert!(all[0].points[0].lo.is_none() && all[0].points[10].lo.is_some(), "three samples have no interval");
    assert!(all[0].floor_lo_ns.is_none());
}

#[test]
fn the_order_of_groups_and_samples_does_not_matter() {
    let events = journal(&VALUES, &[("a/b", costs_50), ("c/d", |ns| ns / (ns + 7.0))], noisy(1));
    let found = metg(&events, 0.05);
    let (mut groups, mut rest): (Vec<_>, Vec<_>) =
        events.into_iter().partition(|event| matches!(event, Event::Group(_)));
    let mut random = Rng::with_seed(1);
    random.shuffle(&mut groups);
    random.shuffle(&mut rest);
    groups.extend(rest);
    assert_eq!(metg(&groups, 0.05), found);
}

#[test]
fn nobody_looks_good_against_its_own_slow_run() {
    // In every second round it takes half as long again, by itself.
    let mut events = journal(&VALUES, &[("a/b", costs_50)], noisy(1));
    for event in &mut events {
        if let Event::Sample(Sample { round, cell, outcome: Outcome::Measured { elapsed_ns, .. }, .. }) = event
            && round.is_multiple_of(2)
            && cell.contains("/a/b/")
        {
            elapsed_ns.iter_mut().for_each(|ns| *ns = *ns * 3 / 2);
        }
    }
    let slow = one(&events);
    assert!(slow.metg50_ns.value > Some(55.0) && slow.metg50_ns.hi > Some(80.0), "{:?}", slow.metg50_ns);
}
