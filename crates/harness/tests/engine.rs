//! The engine on a simulated machine: no clock, no process. What it decides, in which order it samples, and how it ends.

mod simulated;

use std::cell::Cell as Counter;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use harness::engine::{Engine, Group, Settings, calibrate};
use harness::{Ask, Load, Sampled, Sampler, analysis};
use results::journal::{Event, Outcome};
use results::{CellStatus, RunStatus, Verdict};

use self::simulated::{Simulated, finished, group, plan, run, samples, settings, swept};

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let bytes = |seed| {
        let groups = vec![group("a", &[("sequential", "10000"), ("x", "5000"), ("y", "5100")])];
        let (_, events) = run(groups, &settings(&[16]), &mut Simulated::new(seed), &|| false);
        events.iter().map(|event| serde_json::to_string(event).expect("plain data")).collect::<Vec<_>>()
    };
    assert_eq!(bytes(1), bytes(1));
    assert_ne!(bytes(1), bytes(2));
}

#[test]
fn every_round_samples_every_contender_once_in_changing_order() {
    let contenders = [("sequential", "10000"), ("x", "5000"), ("y", "9000"), ("z", "8000")];
    let (_, events) = run(vec![group("a", &contenders)], &settings(&[8]), &mut Simulated::new(1), &|| false);
    let samples = samples(&events);
    let mut orders = BTreeSet::new();
    for round in 1..=8 {
        let of_round: Vec<&String> = samples.iter().filter(|(r, _)| *r == round).map(|(_, cell)| cell).collect();
        assert_eq!(of_round.iter().collect::<BTreeSet<_>>().len(), 4, "round {round}");
        assert_eq!(of_round.len(), 4, "round {round}");
        orders.insert(of_round);
    }
    assert!(orders.len() >= 4, "the order hardly changes");
}

#[test]
fn verdicts_are_those_that_were_built_in() {
    let contenders =
        [("sequential", "10000"), ("fast", "5000"), ("same", "5010"), ("slow", "6000"), ("lost", "900000")];
    let (status, events) = run(vec![group("a", &contenders)], &settings(&[32]), &mut Simulated::new(3), &|| false);
    let run = analysis::results(&events).expect("a plan");
    assert_eq!(status, RunStatus::Complete);
    let best = &run.groups[0].best_set;
    assert!(best.contains(&String::from("fast/5000")) && !best.contains(&String::from("slow/6000")), "{best:?}");
    let verdict = |model: &str| run.contrasts.iter().find(|contrast| contrast.b.contains(model)).expect(model).verdict;
    assert_eq!([verdict("fast"), verdict("slow"), verdict("lost")], [Verdict::Faster, Verdict::Faster, Verdict::Far]);
    let lost = samples(&events).iter().filter(|(round, cell)| *round > 0 && cell.contains("lost")).count();
    assert_eq!(lost, 3, "far is sampled three times");
    let slow = run.groups[0].behind_leader.iter().find(|contrast| contrast.b.contains("slow")).expect("slow");
    assert!((slow.ratio - 1.2).abs() < 0.05, "{slow:?}");
}

#[test]
fn what_is_decided_at_a_look_is_not_sampled_further() {
    let groups = vec![
        group("clear", &[("sequential", "10000"), ("x", "5000")]),
        group("hard", &[("sequential", "10000"), ("noisy", "9900")]),
    ];
    let (_, events) = run(groups, &settings(&[16, 32]), &mut Simulated::new(5), &|| false);
    let rounds = |id: &str| {
        let of = |event: &Event| matches!(event, Event::Round(round) if round.group == id);
        events.iter().filter(|event| of(event)).count()
    };
    assert_eq!(rounds("clear/w2"), 16);
    assert_eq!(rounds("hard/w2"), 32);
}

#[test]
fn a_cell_that_breaks_is_out_and_the_others_go_on() {
    let mut sampler = Simulated::new(1);
    sampler.breaks_at = 4;
    let contenders = [("sequential", "10000"), ("x", "5000"), ("broken", "5000")];
    let (status, events) = run(vec![group("a", &contenders)], &settings(&[16]), &mut sampler, &|| false);
    let run = analysis::results(&events).expect("a plan");
    assert_eq!(status, RunStatus::Complete);
    let cell = |model: &str| run.cells.iter().find(|cell| cell.model == model).expect(model);
    assert_eq!(cell("broken").status, CellStatus::Failed);
    assert_eq!(cell("broken").reason.as_deref(), Some("it broke"));
    assert_eq!(cell("x").status, CellStatus::Measured);
    assert_eq!(sampler.broken, 4, "a failed cell is not asked again");
    assert!(!run.groups[0].best_set.contains(&String::from("broken/5000")));
}

#[test]
fn an_interrupt_keeps_what_was_finished() {
    let left = Counter::new(40);
    let stop = || {
        left.set(left.get() - 1);
        left.get() <= 0
    };
    let contenders = [("sequential", "10000"), ("noisy", "9900")];
    let (status, events) = run(vec![group("a", &contenders)], &settings(&[16, 32]), &mut Simulated::new(1), &stop);
    assert_eq!(status, RunStatus::Interrupted);
    let run = analysis::results(&events).expect("a plan");
    assert_eq!(run.groups[0].rounds, 16, "the verdicts of the last completed look stand");
    let before = Counter::new(10);
    let early = || {
        before.set(before.get() - 1);
        before.get() <= 0
    };
    let (_, events) = simulated::run(vec![group("a", &contenders)], &settings(&[16]), &mut Simulated::new(1), &early);
    let run = analysis::results(&events).expect("a plan");
    assert!(run.groups[0].best_set.is_empty(), "nothing is said before the first look");
    let json = serde_json::to_string(&run).expect("plain data");
    let again: results::Run = serde_json::from_str(&json).expect("no number is null, however early a run ends");
    assert_eq!(again.contrasts.len(), run.contrasts.len());
    assert!(run.contrasts.iter().all(|contrast| contrast.verdict == Verdict::Unresolved && contrast.lo.is_none()));
}

#[test]
fn a_run_that_ends_within_its_first_round_says_nothing_and_is_valid() {
    for samples in 1..8 {
        let left = Counter::new(samples);
        let stop = || {
            left.set(left.get() - 1);
            left.get() < 0
        };
        let contenders = [("sequential", "10000"), ("x", "5000"), ("y", "5000")];
        let (_, events) = run(vec![group("a", &contenders)], &settings(&[16]), &mut Simulated::new(1), &stop);
        let run = analysis::results(&events).expect("a plan");
        let json = serde_json::to_string(&run).expect("plain data");
        serde_json::from_str::<results::Run>(&json).unwrap_or_else(|why| panic!("after {samples} samples: {why}"));
    }
}

#[test]
fn a_hiccup_in_calibration_is_no_reason_to_give_a_contender_up() {
    /// Its first sample of `x` takes eighty times as long.
    struct Hiccup(Simulated, bool);
    impl Sampler for Hiccup {
        fn together(&mut self, asks: &[Ask<'_>]) -> Vec<Sampled> {
            let mut all = self.0.together(asks);
            if asks[0].config.model == "x"
                && !std::mem::replace(&mut self.1, true)
                && let Outcome::Measured { elapsed_ns, .. } = &mut all[0].outcome
            {
                elapsed_ns.iter_mut().for_each(|ns| *ns *= 80);
            }
            all
        }
        fn rest(&mut self, time: Duration) {
            self.0.rest(time);
        }
        fn now(&self) -> Duration {
            self.0.now()
        }
        fn load(&mut self) -> Option<Load> {
            None
        }
    }
    let settings = settings(&[8]);
    let mut far = None;
    let mut emit = |event: Event| {
        if let Event::Calibrated(calibrated) = event {
            far = Some(calibrated.far);
        }
        Ok(())
    };
    let groups = vec![group("a", &[("sequential", "5000"), ("x", "2500"), ("lost", "900000")])];
    let mut sampler = Hiccup(Simulated::new(1), false);
    Engine::new(groups, &settings, &mut sampler, &mut emit, &|| false).run().expect("events can be written");
    assert_eq!(far.expect("it was calibrated"), ["a/lost/900000/w2"]);
}

#[test]
fn a_budget_ends_the_run_and_prefers_whole_groups() {
    let many: Vec<Group> =
        (0..6).map(|n| group(&format!("g{n}"), &[("sequential", "40000"), ("x", "20000")])).collect();
    // Enough for two or three groups up to their first look.
    let settings = Settings { budget: Some(Duration::from_secs(10)), ..settings(&[16, 32]) };
    let mut sampler = Simulated::new(1);
    let (status, events) = run(many, &settings, &mut sampler, &|| false);
    assert_eq!(status, RunStatus::Budget);
    assert!(sampler.now < Duration::from_secs(11));
    let run = analysis::results(&events).expect("a plan");
    let decided = run.groups.iter().filter(|group| group.rounds >= 16).count();
    assert!((1..6).contains(&decided), "{decided} groups reached a look");
    // Of the others there is a preview.
    assert!(run.cells.iter().all(|cell| cell.status == CellStatus::Measured), "{:?}", run.cells);
}

#[test]
fn calibration_shares_iterations_and_finds_who_is_far() {
    let once = |times: &[(&str, u64)]| times.iter().map(|(id, ns)| ((*id).to_owned(), *ns)).collect::<BTreeMap<_, _>>();
    let ranked = |times: &BTreeMap<String, u64>| times.keys().cloned().collect::<BTreeSet<_>>();
    let times = once(&[("ref", 10_000_000), ("fast", 5_000_000), ("far", 101_000_000)]);
    assert_eq!(calibrate(&times, &ranked(&times), "ref"), (4, vec![String::from("far")]));
    let slow = once(&[("ref", 10_000_000), ("fast", 5_000_000), ("slow", 80_000_000)]);
    assert_eq!(calibrate(&slow, &ranked(&slow), "ref").0, 1, "the slowest stays within 150 ms");
    let reference = once(&[("ref", 1_000_000_000), ("fast", 1_000_000)]);
    assert!(calibrate(&reference, &ranked(&reference), "ref").1.is_empty(), "the reference is never far");
    assert_eq!(calibrate(&BTreeMap::new(), &BTreeSet::new(), "ref"), (1, Vec::new()));
}

#[test]
fn a_reference_that_leaves_all_far_behind_is_not_who_they_are_judged_by() {
    let once = |times: &[(&str, u64)]| times.iter().map(|(id, ns)| ((*id).to_owned(), *ns)).collect::<BTreeMap<_, _>>();
    let ranked = |times: &BTreeMap<String, u64>| times.keys().cloned().collect::<BTreeSet<_>>();
    // One thread hops nowhere: the fastest of those that do leads, and is sampled as one that leads.
    let ring = once(&[("ref", 10_000), ("a", 4_000_000), ("b", 60_000_000), ("c", 81_000_000)]);
    assert_eq!(calibrate(&ring, &ranked(&ring), "ref"), (2, vec![String::from("c")]));
    // As soon as one of them keeps up, it is as everywhere else.
    let one = once(&[("ref", 200_000), ("a", 4_000_000), ("b", 60_000_000)]);
    assert_eq!(calibrate(&one, &ranked(&one), "ref").1, ["b"]);
    // A counterexample that is fast does not count, and nobody to compare leaves the reference.
    let mut right = ranked(&ring);
    right.remove("a");
    assert_eq!(calibrate(&ring, &right, "ref").1, Vec::<String>::new(), "b leads");
    let alone = once(&[("ref", 10_000_000)]);
    assert_eq!(calibrate(&alone, &ranked(&alone), "ref"), (2, Vec::new()));
}

#[test]
fn where_one_thread_has_nothing_to_do_the_others_are_still_tested() {
    let contenders = [("sequential", "100"), ("hops", "5000"), ("slow", "6000"), ("lost", "180000")];
    let (_, events) = run(vec![group("ring", &contenders)], &settings(&[16]), &mut Simulated::new(1), &|| false);
    let taken = |model: &str| samples(&events).iter().filter(|(round, id)| *round > 0 && id.contains(model)).count();
    assert_eq!(["sequential", "hops", "slow", "lost"].map(taken), [16, 16, 16, 3]);
    let run = analysis::results(&events).expect("a plan");
    let said = |all: &[results::Contrast], b: &str| {
        let one = all.iter().find(|contrast| contrast.b.contains(b)).expect(b);
        (one.verdict, one.lo.is_some_and(|lo| lo < one.ratio))
    };
    assert_eq!(said(&run.contrasts, "hops"), (Verdict::Slower, true), "fifty times slower, with an interval");
    assert_eq!(said(&run.contrasts, "lost").0, Verdict::Far);
    assert!(run.cells.iter().all(|cell| cell.far == (cell.model == "lost")));
    // A sample of the reference takes 0.4 ms there; copies of it overlap only where they take longer.
    let capacity = run.groups[0].capacity.as_ref().and_then(results::Metric::median).expect("a probe in each round");
    assert!((capacity - 2.0).abs() < 0.1, "{capacity}");
}

#[test]
fn copies_of_the_reference_run_long_enough_to_run_at_once() {
    /// The shortest probe.
    struct Shortest(Simulated, Duration);
    impl Sampler for Shortest {
        fn together(&mut self, asks: &[Ask<'_>]) -> Vec<Sampled> {
            let before = self.0.now;
            let all = self.0.together(asks);
            if asks.len() > 1 {
                self.1 = self.1.min((self.0.now - before) / asks.len() as u32);
            }
            all
        }
        fn rest(&mut self, time: Duration) {
            self.0.rest(time);
        }
        fn now(&self) -> Duration {
            self.0.now()
        }
        fn load(&mut self) -> Option<Load> {
            None
        }
    }
    for contenders in [[("sequential", "100"), ("hops", "5000")], [("sequential", "10000"), ("x", "5000")]] {
        let mut sampler = Shortest(Simulated::new(1), Duration::MAX);
        let settings = settings(&[16]);
        let groups = vec![group("a", &contenders)];
        Engine::new(groups, &settings, &mut sampler, &mut |_| Ok(()), &|| false).run().expect("events can be written");
        assert!(sampler.1 > Duration::from_millis(18) && sampler.1 < Duration::from_millis(60), "{:?}", sampler.1);
    }
}

#[test]
fn every_group_has_its_first_look_before_any_has_its_second() {
    // Hard to decide, so that all want a second look; the time allows a little more than the first.
    let many = || (0..6).map(|n| group(&format!("g{n}"), &[("sequential", "10000"), ("noisy", "9900")])).collect();
    let mut free = Simulated::new(1);
    run(many(), &settings(&[16]), &mut free, &|| false);
    for share in [1.02, 1.3, 1.9] {
        let budget = Some(free.now.mul_f64(share));
        let settings = Settings { budget, ..settings(&[16, 32]) };
        let (status, events) = run(many(), &settings, &mut Simulated::new(1), &|| false);
        assert_eq!(status, RunStatus::Budget, "{share}");
        let run = analysis::results(&events).expect("a plan");
        assert!(run.groups.iter().all(|group| group.rounds >= 16 && group.leader.is_some()), "{share}");
    }
    // What is left after the first look goes to some groups whole, and not to all in part.
    let settings = Settings { budget: Some(free.now.mul_f64(1.6)), ..settings(&[16, 32]) };
    let (_, events) = run(many(), &settings, &mut Simulated::new(1), &|| false);
    let run = analysis::results(&events).expect("a plan");
    let second = run.groups.iter().filter(|group| group.rounds == 32).count();
    assert!((2..6).contains(&second), "{second}");
}

#[test]
fn rounds_that_take_longer_than_calibration_said_still_leave_verdicts() {
    /// Everything takes three times as long from a moment on.
    struct Slowing(Simulated, Duration);
    impl Sampler for Slowing {
        fn together(&mut self, asks: &[Ask<'_>]) -> Vec<Sampled> {
            let before = self.0.now;
            let all = self.0.together(asks);
            if before > self.1 {
                let took = self.0.now - before;
                self.0.now += 2 * took;
            }
            all
        }
        fn rest(&mut self, time: Duration) {
            self.0.rest(time);
        }
        fn now(&self) -> Duration {
            self.0.now()
        }
        fn load(&mut self) -> Option<Load> {
            None
        }
    }
    let many: Vec<Group> =
        (0..6).map(|n| group(&format!("g{n}"), &[("sequential", "40000"), ("x", "20000")])).collect();
    let settings = Settings { budget: Some(Duration::from_secs(30)), ..settings(&[16, 32]) };
    let mut events = vec![plan(&settings)];
    let mut emit = |event: Event| {
        events.push(event);
        Ok(())
    };
    let mut sampler = Slowing(Simulated::new(1), Duration::from_secs(2));
    Engine::new(many, &settings, &mut sampler, &mut emit, &|| false).run().expect("events can be written");
    let run = analysis::results(&events).expect("a plan");
    let decided = run.groups.iter().filter(|group| group.leader.is_some()).count();
    assert!((2..6).contains(&decided), "{decided}");
}

#[test]
fn what_does_not_fit_is_finished_sweeps_first_then_the_cheapest() {
    let mut groups: Vec<Group> =
        [60, 30, 90].iter().map(|ms| group(&format!("g{ms}"), &[("sequential", &format!("{ms}000"))])).collect();
    groups.extend([1.0, 2.0, 4.0].map(|value| swept(value, &[("sequential", "50000"), ("noisy", "50000")])));
    let settings = Settings { budget: Some(Duration::from_secs(13)), ..settings(&[16]) };
    let (status, events) = run(groups, &settings, &mut Simulated::new(1), &|| false);
    assert_eq!(status, RunStatus::Budget);
    let finished = finished(&events);
    // A preview of all, whatever the time allows.
    let (preview, finished) = finished.split_at(6);
    assert!(preview.iter().all(|(_, round)| *round == 1), "{preview:?}");
    let (sweep, others): (Vec<_>, Vec<_>) = finished.iter().partition(|(id, _)| id.starts_with("sweep"));
    assert!(finished[..sweep.len()].iter().all(|(id, _)| id.starts_with("sweep")), "{finished:?}");
    // Its groups share every round.
    assert!(sweep.chunks(3).enumerate().all(|(i, three)| three.iter().all(|(_, round)| *round == i as u32 + 2)));
    assert_eq!(sweep.len(), 45);
    assert!(others.iter().take(15).all(|(id, _)| id == "g30/w2"), "{others:?}");
    let run = analysis::results(&events).expect("a plan");
    let last = run.groups.iter().find(|group| group.id.starts_with("g90")).expect("it was planned");
    assert_eq!((last.rounds, last.leader.as_ref()), (0, None));
}

#[test]
fn where_the_time_is_short_each_kind_has_its_turn() {
    let of = |kind: &str, ms: u32| Group {
        kind: kind.to_owned(),
        ..group(&format!("{kind}{ms}"), &[("sequential", &format!("{ms}000"))])
    };
    let groups = vec![of("a", 30), of("a", 31), of("a", 32), of("b", 60), of("b", 50)];
    let settings = Settings { budget: Some(Duration::from_secs(8)), ..settings(&[16]) };
    let (status, events) = run(groups, &settings, &mut Simulated::new(1), &|| false);
    assert_eq!(status, RunStatus::Budget);
    let mut order: Vec<String> = finished(&events).into_iter().skip(5).map(|(id, _)| id).collect();
    order.dedup();
    assert_eq!(order[..3], ["a30/w2", "b50/w2", "a31/w2"], "{order:?}");
}

#[test]
fn the_groups_of_a_sweep_go_on_together() {
    let clear = [("sequential", "10000"), ("x", "5000")];
    let hard = [("sequential", "10000"), ("noisy", "9900")];
    let groups = vec![swept(1.0, &clear), swept(2.0, &hard), group("clear", &clear)];
    let (_, events) = run(groups, &settings(&[16, 32]), &mut Simulated::new(5), &|| false);
    let rounds = |id: &str| finished(&events).iter().filter(|(group, _)| group == id).count();
    assert_eq!([rounds("sweep:x=1/w2"), rounds("sweep:x=2/w2"), rounds("clear/w2")], [32, 32, 16]);
}

#[test]
fn a_hopeless_contender_is_looked_at_once() {
    let contenders = [("sequential", "10000"), ("x", "5000"), ("hopeless", "300000"), ("lost", "200000")];
    let groups = vec![group("a", &contenders)];
    let (_, events) = run(groups, &settings(&[16]), &mut Simulated::new(1), &|| false);
    let of = |model: &str, calibrating: bool| {
        let samples = samples(&events);
        samples.iter().filter(|(round, cell)| (*round == 0) == calibrating && cell.contains(model)).count()
    };
    assert_eq!([of("hopeless", true), of("lost", true), of("x", true)], [1, 3, 1]);
    assert_eq!([of("hopeless", false), of("lost", false), of("x", false)], [3, 3, 16]);
}
