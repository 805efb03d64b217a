//! Crossovers on simulated curves whose crossing is known: found, covered by the interval, and never invented.

use std::collections::BTreeMap;

use fastrand::Rng;
use harness::crossovers::crossovers;
use results::journal::{Calibrated, Event, Outcome, PlannedCell, PlannedGroup, Sample};
use results::{Crossover, Found, Group, Support, Sweep, Units};

const VALUES: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// `ln` of a contender's time over the reference's, at a value of the knob.
type Curve = fn(f64) -> f64;

/// Falls through 0 at 23, a straight line over `ln v`.
fn at_23(value: f64) -> f64 {
    -0.4 * (value / 23.0).ln()
}

/// A journal of a sweep: the reference and these contenders, with normal noise of 3 % on every time.
fn journal(values: &[f64], contenders: &[(&str, Curve)], rounds: u32, seed: u64) -> Vec<Event> {
    let mut random = Rng::with_seed(seed);
    let mut noise = |deviation: f64| deviation * ((0..12).map(|_| random.f64()).sum::<f64>() - 6.0);
    let mut events: Vec<Event> = values.iter().map(|value| Event::Group(group(*value, contenders))).collect();
    for round in 1..=rounds {
        for value in values {
            let both = noise(0.1);
            let reference: (&str, Curve) = ("sequential/plain", |_| 0.0);
            for (name, curve) in [reference].iter().chain(contenders) {
                let ns = 1e7 * value.max(0.1) * (curve(*value) + both + noise(0.03)).exp();
                events.push(sample(*value, name, round, Ok(ns as u64)));
            }
        }
    }
    events
}

fn id(value: f64, contender: &str) -> String {
    format!("toy:work={value}/{contender}/w2")
}

fn group(value: f64, contenders: &[(&str, Curve)]) -> PlannedGroup {
    let cell = |name: &str| PlannedCell {
        id: id(value, name),
        model: name.split('/').next().unwrap_or_default().to_owned(),
        strategy: name.split('/').nth(1).unwrap_or_default().to_owned(),
        support: Support::Idiomatic,
        why: None,
        deliberately_wrong: false,
        reference: name == "sequential/plain",
        skipped: None,
        demands: Vec::new(),
        source: None,
    };
    let sweep = Sweep {
        series: String::from("toy/w2"),
        knob: String::from("work"),
        value,
        unit: String::new(),
        about: String::new(),
        linear: false,
        granularity: false,
    };
    PlannedGroup {
        id: format!("toy:work={value}/w2"),
        workload: String::from("toy"),
        knobs: [("work", value), ("tasks", 7.0)]
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

fn sample(value: f64, contender: &str, round: u32, ns: Result<u64, &str>) -> Event {
    let outcome = match ns {
        Ok(ns) => Outcome::Measured {
            elapsed_ns: vec![ns; 2],
            metrics: BTreeMap::new(),
            absent: BTreeMap::new(),
            units: Units::default(),
        },
        Err(reason) => Outcome::Failed { reason: reason.to_owned() },
    };
    let group = format!("toy:work={value}/w2");
    Event::Sample(Sample { round, group, cell: id(value, contender), position: 0, outcome })
}

fn one(events: &[Event]) -> Crossover {
    let found = crossovers(events, &[], 0.05);
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().expect("one")
}

#[test]
fn a_known_crossing_is_found() {
    let crossover = one(&journal(&VALUES, &[("processes/pool", at_23)], 16, 1));
    assert_eq!((crossover.found, crossover.rounds), (Found::Crosses, 16));
    assert_eq!((crossover.from.as_str(), crossover.to.as_str()), ("sequential/plain", "processes/pool"));
    assert_eq!((crossover.workload.as_str(), crossover.knob.as_str(), crossover.workers), ("toy", "work", 2));
    assert_eq!(crossover.knobs.keys().collect::<Vec<_>>(), ["tasks"], "the swept knob is not among the others");
    assert_eq!(crossover.range, (1.0, 1024.0));
    let at = crossover.at;
    let (value, lo, hi) = (at.value.expect("found"), at.lo.expect("bounded"), at.hi.expect("bounded"));
    assert!(lo <= 23.0 && 23.0 <= hi && lo <= value && value <= hi && hi / lo < 1.3, "{at:?}");
}

#[test]
fn intervals_cover_the_truth() {
    // Steep, shallow (noise makes several changes of side), and falling where the contender stops paying.
    let curves: [Curve; 3] = [at_23, |v| -0.06 * (v / 23.0).ln(), |v| 0.2 * (v / 23.0).ln()];
    for (which, curve) in curves.into_iter().enumerate() {
        let runs = 1_000;
        let covers = |seed: &u64| {
            let found = one(&journal(&VALUES, &[("a/b", curve)], 16, *seed));
            let below = found.at.lo.is_none_or(|lo| lo <= 23.0);
            let above = found.at.hi.is_none_or(|hi| 23.0 <= hi);
            // Now and then the shallow one is too noisy for any claim; a claim the wrong way round is never made.
            assert!(matches!(found.found, Found::Crosses | Found::Several), "{which} {seed}: {found:?}");
            assert!(found.found == Found::Several || (found.to == "a/b") == (which < 2), "{which} {seed}: {found:?}");
            found.found == Found::Crosses && below && above
        };
        let covered = (0..runs).filter(covers).count();
        assert!(covered * 100 >= 95 * runs as usize, "curve {which}: {covered} of {runs}");
    }
}

#[test]
fn nothing_is_invented_where_curves_do_not_cross() {
    let kinds = |curve: Curve| {
        (0..200).map(move |seed| one(&journal(&VALUES, &[("a/b", curve)], 16, seed))).collect::<Vec<_>>()
    };
    for crossover in kinds(|_| 0.3) {
        assert_eq!((crossover.found, crossover.at.value), (Found::NotReached, None));
        assert_eq!(crossover.to, "a/b", "it is said of the contender");
    }
    for crossover in kinds(|_| -0.3) {
        assert_eq!((crossover.found, crossover.at.value, crossover.to.as_str()), (Found::Already, None, "a/b"));
    }
    // Equal everywhere: the rounds change sides by noise, here and there.
    for crossover in kinds(|_| 0.0) {
        assert!(matches!(crossover.found, Found::Several | Found::Open), "{crossover:?}");
        assert_eq!((crossover.at.value, crossover.at.lo, crossover.at.hi), (None, None, None));
    }
    // Faster in the middle only.
    for crossover in kinds(|v| 0.2 * ((v / 32.0).ln().abs() - 1.5)) {
        assert_eq!(crossover.found, Found::Several);
    }
}

#[test]
fn a_crossing_at_the_end_of_the_range_is_bounded_on_one_side() {
    // At the last value both are equal: about half of the rounds cross.
    let crossover = one(&journal(&VALUES, &[("a/b", |v| -0.1 * (v / 1024.0).ln())], 16, 3));
    assert!(crossover.at.hi.is_none() && crossover.at.lo.is_some_and(|lo| lo < 1024.0), "{crossover:?}");
    let few = one(&journal(&VALUES, &[("a/b", at_23)], 3, 1));
    assert!(few.at.value.is_some() && few.at.lo.is_none() && few.at.hi.is_none(), "too few rounds: {few:?}");
}

#[test]
fn the_order_of_groups_and_samples_does_not_matter() {
    let events = journal(&VALUES, &[("a/b", at_23), ("c/d", |v| -0.3 * (v / 100.0).ln())], 16, 1);
    let found = crossovers(&events, &[], 0.05);
    assert_eq!(found.len(), 2);
    let (mut groups, mut samples): (Vec<_>, Vec<_>) =
        events.into_iter().partition(|event| matches!(event, Event::Group(_)));
    let mut random = Rng::with_seed(1);
    random.shuffle(&mut groups);
    random.shuffle(&mut samples);
    groups.extend(samples);
    assert_eq!(crossovers(&groups, &[], 0.05), found);
}

#[test]
fn values_and_rounds_that_are_missing_are_left_out() {
    let whole = journal(&VALUES, &[("a/b", at_23)], 16, 1);
    let group_of = |event: &Event| match event {
        Event::Group(group) => group.id.clone(),
        Event::Sample(sample) => sample.group.clone(),
        _ => String::new(),
    };
    // The cell failed at 16: the line runs over the gap.
    let mut failed = whole.clone();
    failed.push(sample(16.0, "a/b", 9, Err("it broke")));
    let crossover = one(&failed);
    assert!(crossover.at.value.is_some_and(|at| (20.0..27.0).contains(&at)), "{crossover:?}");
    // A group that was planned and not reached, at the end: the range is shorter.
    let short: Vec<Event> = whole
        .iter()
        .filter(|event| group_of(event) != "toy:work=1024/w2" || matches!(event, Event::Group(_)))
        .cloned()
        .collect();
    assert_eq!(one(&short).range, (1.0, 512.0));
    // A budget that ended within a round: the rounds that all groups have.
    let cut: Vec<Event> = whole
        .iter()
        .filter(
            |event| !matches!(event, Event::Sample(sample) if sample.round == 16 && sample.group == "toy:work=8/w2"),
        )
        .cloned()
        .collect();
    assert_eq!(one(&cut).rounds, 15);
    // One value left is no curve; no sample at all is nothing.
    let one_left: Vec<Event> = whole.iter().filter(|event| group_of(event) == "toy:work=8/w2").cloned().collect();
    assert_eq!(crossovers(&one_left, &[], 0.05), []);
    let none: Vec<Event> = whole.iter().filter(|event| matches!(event, Event::Group(_))).cloned().collect();
    assert_eq!(crossovers(&none, &[], 0.05), []);
}

#[test]
fn a_far_contender_has_its_three_samples_in_every_round() {
    let mut events = journal(&VALUES, &[("a/b", |v| -1.5 * (v / 23.0).ln())], 16, 1);
    let far = ["toy:work=1/w2", "toy:work=2/w2"];
    events.retain(|event| {
        !matches!(event, Event::Sample(sample) if far.contains(&sample.group.as_str()) && sample.cell.contains("a/b") && sample.round > 3)
    });
    for (group, value) in far.iter().zip([1.0, 2.0]) {
        let (far, once_ns) = (vec![id(value, "a/b")], BTreeMap::new());
        events.push(Event::Calibrated(Calibrated {
            group: (*group).to_owned(),
            iterations: 1,
            far,
            once_ns,
            digest: None,
            twins: Vec::new(),
        }));
    }
    let crossover = one(&events);
    assert_eq!((crossover.rounds, crossover.found), (16, Found::Crosses));
    assert!(crossover.at.value.is_some_and(|at| (21.0..25.0).contains(&at)), "{crossover:?}");
}

#[test]
fn with_a_value_of_zero_the_axis_is_linear() {
    let values = [0.0, 10.0, 20.0, 30.0];
    let crossover = one(&journal(&values, &[("a/b", |v| 0.05 * (13.0 - v))], 16, 1));
    assert!(crossover.at.value.is_some_and(|at| (at - 13.0).abs() < 1.0), "{crossover:?}");
}

#[test]
fn the_leaders_of_both_ends_are_compared_where_the_choice_matters() {
    let events = journal(&VALUES, &[("a/b", |_| -0.2), ("c/d", |v| -0.2 - 0.3 * (v / 64.0).ln())], 16, 1);
    let verdict = |value: f64, best: &[&str]| Group {
        id: format!("toy:work={value}/w2"),
        reference: String::new(),
        best_set: best.iter().map(|one| (*one).to_owned()).collect(),
        leader: best.first().map(|one| (*one).to_owned()),
        ties: Vec::new(),
        letters: BTreeMap::new(),
        behind_leader: Vec::new(),
        iterations: 1,
        rounds: 16,
        capacity: None,
        sweep: None,
        pattern: String::new(),
        about: String::new(),
        foreign: Vec::new(),
        loud: Vec::new(),
        without_loud: None,
    };
    let groups = [verdict(1.0, &["a/b"]), verdict(1024.0, &["c/d"])];
    let found = crossovers(&events, &groups, 0.05);
    let leaders: Vec<_> = found.iter().filter(|crossover| crossover.leaders).collect();
    assert_eq!(leaders.len(), 1);
    assert_eq!((leaders[0].from.as_str(), leaders[0].to.as_str()), ("a/b", "c/d"));
    assert!(leaders[0].at.value.is_some_and(|at| (55.0..75.0).contains(&at)), "{:?}", leaders[0]);
    let open = [verdict(1.0, &["a/b", "c/d"]), verdict(1024.0, &["c/d", "a/b"])];
    assert!(crossovers(&events, &open, 0.05).iter().all(|crossover| !crossover.leaders), "not separated anywhere");
}
