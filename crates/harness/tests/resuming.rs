//! A run that was cut, at whatever event, and resumed says what the same run says uncut: on a machine whose samples
//! depend on their place only, the results are equal to the last digit.

mod simulated;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use harness::engine::{Engine, Group, Settings};
use harness::journal::settled;
use results::journal::{Event, Outcome};
use results::{Run, RunStatus};

use self::simulated::{Simulated, bytes, end, finished, group, known, plan, results, run, settings, swept};

type Machine = fn(&[Event]) -> Simulated;
type Grow = fn(&[Event]) -> Vec<Group>;

/// A run, and what it runs on.
#[derive(Clone, Copy)]
struct Scene {
    groups: fn() -> Vec<Group>,
    settings: fn() -> Settings,
    machine: Machine,
    grow: Option<Grow>,
}

impl Scene {
    /// The run from these events on, to its end.
    fn from(&self, past: &[Event], budget: Option<Duration>) -> Vec<Event> {
        let settings = Settings { budget, ..(self.settings)() };
        let mut events = past.to_vec();
        if past.is_empty() {
            events.push(plan(&settings));
        } else {
            events.push(Event::Resumed { started: String::new() });
        }
        let settled = settled(&events).into_owned();
        let mut sampler = (self.machine)(&events);
        let places = sampler.places.clone().expect("it replays");
        let mut emit = |event: Event| {
            places.see(&event);
            events.push(event);
            Ok(())
        };
        let engine = Engine::new((self.groups)(), &settings, &mut sampler, &mut emit, &|| false).resuming(&settled);
        let mut grow = |events: &[Event]| self.grow.map(|grow| grow(events)).unwrap_or_default();
        let status = engine.growing(&mut grow).run().expect("events can be written");
        events.push(end(status, &sampler));
        events
    }

    fn whole(&self) -> Vec<Event> {
        self.from(&[], (self.settings)().budget)
    }
}

fn groups() -> Vec<Group> {
    let hard = [("sequential", "10000"), ("noisy", "9900"), ("x", "9000")];
    let clear = [("sequential", "10000"), ("x", "5000"), ("lost", "900000"), ("broken", "9990")];
    vec![known(), group("hard", &hard), group("clear", &clear)]
}

fn small() -> Settings {
    Settings { twins: 15, diagnose: true, soak: Some(Duration::from_secs(1)), ..settings(&[8, 11]) }
}

/// `broken` fails from this sample of it on. With 12 that is in its tenth round, after calibration and the diagnostic
/// pass, or earlier where it has a twin; what is undecided at the first look is so because of it.
fn machine<const AT: usize>(past: &[Event]) -> Simulated {
    let mut sampler = Simulated::replayable(past);
    let stands = settled(past);
    let asked = |event: &&Event| match event {
        Event::Sample(sample) => sample.cell.contains("broken"),
        Event::Diagnosis { cell, .. } => cell.contains("broken"),
        _ => false,
    };
    sampler.broken = stands.iter().filter(asked).count();
    sampler.breaks_at = AT;
    sampler.loud = BTreeSet::from([4, 5]);
    sampler
}

const SCENE: Scene = Scene { groups, settings: small, machine: machine::<12>, grow: None };

/// Names in each finished round of each group, in order; and that none is there twice.
fn orders(events: &[Event]) -> BTreeMap<(String, u32), Vec<String>> {
    let mut orders: BTreeMap<(String, u32), Vec<String>> = BTreeMap::new();
    let finished: BTreeSet<(String, u32)> = finished(events).into_iter().collect();
    for event in events {
        let Event::Sample(sample) = event else { continue };
        let place = (sample.group.clone(), sample.round);
        if sample.round == 0 || finished.contains(&place) {
            orders.entry(place).or_default().push(sample.cell.clone());
        }
    }
    for (place, names) in orders.iter().filter(|((_, round), _)| *round > 0) {
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{place:?}: {names:?}");
    }
    orders
}

/// What the wall clock says differs: the time of a cut round is lost.
fn timeless(events: &[Event]) -> Run {
    let mut run = results(events);
    run.run.wall_ns = 0;
    run.run.timed_share = 0.0;
    run.trust.waited_ns = 0;
    run
}

/// Every finished round once, complete, and in the order of the run that was not cut.
#[track_caller]
fn assert_whole(cut: &[Event], whole: &[Event], at: usize) {
    let stands = settled(cut);
    let rounds = finished(&stands);
    assert_eq!(rounds.iter().collect::<BTreeSet<_>>().len(), rounds.len(), "a round twice, cut at {at}");
    let (ours, theirs) = (orders(&stands), orders(whole));
    for (place, names) in &ours {
        assert_eq!(theirs.get(place), Some(names), "{place:?}, cut at {at}");
    }
    assert_eq!(ours.len(), theirs.len(), "cut at {at}");
    let lines = |events: &[Event], kind: fn(&Event) -> bool| {
        let mut lines: Vec<String> =
            events.iter().filter(|event| kind(event)).map(|event| bytes(std::slice::from_ref(event))).collect();
        lines.sort_unstable();
        lines
    };
    let kinds: [fn(&Event) -> bool; 5] = [
        |event| matches!(event, Event::Group(_)),
        |event| matches!(event, Event::Calibrated(_)),
        |event| matches!(event, Event::Capacity { .. }),
        |event| matches!(event, Event::Diagnosis { .. }),
        |event| matches!(event, Event::Soak(_)),
    ];
    for kind in kinds {
        assert_eq!(lines(&stands, kind), lines(whole, kind), "cut at {at}");
    }
}

#[test]
fn cut_at_any_event_the_results_are_equal() {
    let whole = SCENE.whole();
    let expected = timeless(&whole);
    let failed = |event: &&Event| matches!(event, Event::Sample(s) if !matches!(s.outcome, Outcome::Measured { .. }));
    assert_eq!(whole.iter().filter(failed).count(), 1, "something breaks on the way");
    assert!(whole.iter().any(|event| matches!(event, Event::Calibrated(calibrated) if !calibrated.twins.is_empty())));
    for cut in 1..whole.len() {
        let resumed = SCENE.from(&whole[..cut], None);
        assert_whole(&resumed, &whole, cut);
        assert_eq!(timeless(&resumed), expected, "cut at {cut}");
    }
}

#[test]
fn cut_where_something_breaks_early_or_in_a_copy_the_results_are_equal() {
    let scenes: [(Machine, fn() -> Settings); 5] = [
        (machine::<1>, small),
        (machine::<2>, small),
        (machine::<3>, small),
        (machine::<7>, || Settings { seed: 5, ..small() }),
        (machine::<8>, || Settings { seed: 5, ..small() }),
    ];
    let mut copied = 0;
    for (machine, settings) in scenes {
        let scene = Scene { machine, settings, ..SCENE };
        let whole = scene.whole();
        let copy = |event: &Event| matches!(event, Event::Sample(one) if one.cell.contains("broken") && one.cell.ends_with("~twin"));
        copied += usize::from(whole.iter().any(copy));
        let expected = timeless(&whole);
        for cut in (1..whole.len()).step_by(3) {
            let resumed = scene.from(&whole[..cut], None);
            assert_whole(&resumed, &whole, cut);
            assert_eq!(timeless(&resumed), expected, "cut at {cut}");
        }
    }
    assert!(copied > 0, "in none of these is what breaks sampled twice");
}

#[test]
fn cut_twice_and_three_times_the_results_are_equal() {
    let whole = SCENE.whole();
    let expected = timeless(&whole);
    for first in (1..whole.len()).step_by(17) {
        let once = SCENE.from(&whole[..first], None);
        for second in (first + 1..once.len()).step_by(23) {
            let twice = SCENE.from(&once[..second], None);
            assert_whole(&twice, &whole, second);
            assert_eq!(timeless(&twice), expected, "cut at {first} and {second}");
            let third = usize::midpoint(second + 1, twice.len());
            let thrice = SCENE.from(&twice[..third], None);
            assert_eq!(timeless(&thrice), expected, "cut at {first}, {second} and {third}");
        }
    }
}

#[test]
fn a_sweep_that_was_cut_goes_on_together() {
    fn groups() -> Vec<Group> {
        let clear = [("sequential", "10000"), ("x", "5000")];
        let hard = [("sequential", "10000"), ("x", "9500")];
        vec![swept(1.0, &clear), swept(2.0, &hard), swept(4.0, &clear), group("clear", &clear)]
    }
    // 5 % show at the second look and not at the first: what a group knows at the second must not end the others at the
    // first.
    let scene = Scene { groups, settings: || settings(&[8, 16]), machine: Simulated::replayable, grow: None };
    let whole = scene.whole();
    let rounds = |id: &str| finished(&whole).iter().filter(|(group, _)| group == id).count();
    assert_eq!([rounds("sweep:x=1/w2"), rounds("sweep:x=2/w2"), rounds("clear/w2")], [16, 16, 8]);
    let hard = results(&whole).contrasts.into_iter().find(|contrast| contrast.b.contains("9500")).expect("it ran");
    assert_eq!(hard.verdict, results::Verdict::Faster);
    let expected = timeless(&whole);
    for cut in 1..whole.len() {
        let resumed = scene.from(&whole[..cut], None);
        assert_whole(&resumed, &whole, cut);
        assert_eq!(timeless(&resumed), expected, "cut at {cut}");
    }
}

/// Two more once the first look is over; what is known then is all that it may depend on.
fn grow(events: &[Event]) -> Vec<Group> {
    let contenders = [("sequential", "10000"), ("noisy", "9900")];
    let known = |id: &str| events.iter().any(|event| matches!(event, Event::Group(group) if group.id == id));
    let joining = ["sweep:x=2/w2", "sweep:x=3/w2"].iter().filter(|id| !known(id));
    joining.map(|id| swept(f64::from(id.as_bytes()[8] - b'0'), &contenders)).collect()
}

#[test]
fn what_joined_before_the_cut_is_taken_up_and_not_measured_again() {
    fn groups() -> Vec<Group> {
        let contenders = [("sequential", "10000"), ("noisy", "9900")];
        vec![swept(1.0, &contenders), swept(4.0, &contenders)]
    }
    fn all() -> Vec<Group> {
        groups().into_iter().chain(grow(&[])).collect()
    }
    let looks = || Settings { twins: 15, ..settings(&[6, 9]) };
    let scene = Scene { groups, settings: looks, machine: Simulated::replayable, grow: Some(grow) };
    let whole = scene.whole();
    assert_eq!(finished(&whole).len(), 4 * 9);
    let expected = timeless(&whole);
    let joined = whole.iter().position(|event| matches!(event, Event::Group(group) if group.id.contains("x=3")));
    for cut in 1..whole.len() {
        let resumed = scene.from(&whole[..cut], None);
        assert_whole(&resumed, &whole, cut);
        assert_eq!(timeless(&resumed), expected, "cut at {cut}");
        // Or the caller reads from the journal which groups there are.
        if joined.is_some_and(|joined| joined < cut) {
            let resumed = Scene { groups: all, ..scene }.from(&whole[..cut], None);
            assert_whole(&resumed, &whole, cut);
            assert_eq!(timeless(&resumed), expected, "cut at {cut}, all known");
        }
    }
}

#[test]
fn a_short_budget_that_was_cut_still_leaves_whole_rounds_in_their_order() {
    fn many() -> Vec<Group> {
        (0..4).map(|n| group(&format!("g{n}"), &[("sequential", "40000"), ("noisy", "39000")])).collect()
    }
    let looks = || settings(&[6, 9]);
    let scene = Scene { groups: many, settings: looks, machine: Simulated::replayable, grow: None };
    let unbounded = scene.whole();
    let theirs = orders(&unbounded);
    let budget = Some(Duration::from_secs(5));
    let whole = scene.from(&[], budget);
    assert_eq!(whole.last().map(status), Some(RunStatus::Budget));
    let blocks = finished(&whole);
    assert!(
        blocks.windows(3).any(|three| three.iter().all(|(id, _)| *id == three[0].0)),
        "one after another: {blocks:?}"
    );
    for cut in 1..whole.len() {
        // With as much time again, and with enough of it.
        for (budget, ends) in [(budget, None), (None, Some(unbounded.len()))] {
            let resumed = scene.from(&whole[..cut], budget);
            let stands = settled(&resumed);
            let rounds = finished(&stands);
            assert_eq!(rounds.iter().collect::<BTreeSet<_>>().len(), rounds.len(), "a round twice, cut at {cut}");
            let ours = orders(&stands);
            assert!(ours.iter().all(|(place, names)| theirs.get(place) == Some(names)), "cut at {cut}");
            if ends.is_some() {
                assert_whole(&resumed, &unbounded, cut);
                assert_eq!(timeless(&resumed), timeless(&unbounded), "cut at {cut}");
            }
        }
    }
}

fn status(event: &Event) -> RunStatus {
    if let Event::End { status, .. } = event { *status } else { RunStatus::Interrupted }
}

#[test]
fn a_run_that_was_stopped_goes_on_as_well() {
    // Not the journal's loss but Ctrl-C: the journal ends in an orderly way, and then goes on.
    let whole = SCENE.whole();
    for samples in [3, 11, 40, 77] {
        let left = std::cell::Cell::new(samples);
        let stop = || {
            left.set(left.get() - 1);
            left.get() < 0
        };
        let mut sampler = machine::<12>(&[]);
        let (status, events) = run(groups(), &small(), &mut sampler, &stop);
        assert_eq!(status, RunStatus::Interrupted);
        let resumed = SCENE.from(&events, None);
        let walls = |events: &[Event]| -> u64 {
            events.iter().map(|event| if let Event::End { wall_ns, .. } = event { *wall_ns } else { 0 }).sum()
        };
        assert_eq!(results(&resumed).run.wall_ns, walls(&resumed), "both sessions count");
        assert_whole(&resumed, &whole, samples as usize);
        assert_eq!(timeless(&resumed), timeless(&whole), "stopped after {samples} samples");
    }
}
