//! Erased cells check what strategies report: the number of steps, the answer, and whether a wrong one was meant.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;

use patterns::cell::{self, Cell, Checked, Config, Digest};
use patterns::map_reduce::Share;
use patterns::probe::Observed;
use patterns::shared_state::{Access, Answer, Counters, Entry, Evidence, State, Uses, client};
use patterns::{
    Clock, Demand, Domain, Done, Error, Form, Job, Knob, MapReduce, Measure, Pattern, Respawn, SharedState, Silent,
    Size, Start, Strategies, Strategy, Units, Updates, Watch, Workload, Wrong,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// How often each word comes; task `i` is the words `w0` to `wi`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Words {
    tasks: usize,
}

impl Default for Words {
    fn default() -> Self {
        Self { tasks: 30 }
    }
}

impl Workload for Words {
    const ID: &'static str = "words";
    const ABOUT: &'static str = "an example";
    const KNOBS: &'static [Knob] = &[Knob { id: "tasks", domain: Domain::Integer { min: 1, max: 100 }, about: "" }];
    type Input = usize;
    fn sized(size: Size) -> Self {
        if size == Size::Smoke { Self { tasks: 3 } } else { Self::default() }
    }
    /// The number of clients, so that a test sees how many a map-reduce input is made for.
    fn input(&self, _seed: u64, clients: usize) -> usize {
        clients
    }
    fn check(&self) -> Result<(), String> {
        if self.tasks == 13 { Err(String::from("13 tasks bring bad luck")) } else { Ok(()) }
    }
}

impl MapReduce for Words {
    type Task<'i> = usize;
    type Partial = HashMap<String, u64>;
    fn tasks(&self, clients: &usize) -> usize {
        assert_eq!(*clients, 1, "workers are no clients here");
        self.tasks
    }
    fn empty(&self) -> Self::Partial {
        HashMap::new()
    }
    fn task(&self, _: &usize, index: usize) -> usize {
        index
    }
    fn items(&self, task: &usize) -> usize {
        task + 1
    }
    fn map(&self, _: &usize, items: Range<usize>, into: &mut Self::Partial) {
        items.for_each(|word| *into.entry(format!("w{word:02}")).or_default() += 1);
    }
    fn merge(&self, into: &mut Self::Partial, other: Self::Partial) {
        other.into_iter().for_each(|(word, n)| *into.entry(word).or_default() += n);
    }
    fn verify(&self, _: &usize, answer: &Self::Partial) -> Result<(), Wrong> {
        let expected = (self.tasks * (self.tasks + 1) / 2) as u64;
        let actual = answer.values().sum();
        if actual == expected { Ok(()) } else { Err(Wrong::updates(expected, actual)) }
    }
}

type Counts = HashMap<String, u64>;

/// A strategy that takes these tasks, and then does something to the share.
fn taking(
    job: &Job<Words>,
    measure: &mut Measure<'_, Counts>,
    indices: impl Fn(usize) -> Vec<usize>,
    after: impl Fn(Done<Counts>) -> Done<Counts>,
) -> Result<(), Error> {
    measure(&mut |watch| {
        let share = watch.time(|| {
            let mut share = Share::empty(&job.workload);
            indices(job.workload.tasks(&job.input)).into_iter().for_each(|index| share.take(job, index));
            share
        });
        let units = Units { threads: 1, ..Units::default() };
        Ok(after(share.done(units, Observed { acquisitions: 5, ..Observed::default() })))
    })
}

fn right(_: &Start, job: &Arc<Job<Words>>, measure: &mut Measure<'_, Counts>) -> Result<(), Error> {
    taking(job, measure, |tasks| (0..tasks).collect(), |done| done)
}

fn leaves_one_out(_: &Start, job: &Arc<Job<Words>>, measure: &mut Measure<'_, Counts>) -> Result<(), Error> {
    taking(job, measure, |tasks| (0..tasks - 1).collect(), |done| done)
}

fn does_one_twice(_: &Start, job: &Arc<Job<Words>>, measure: &mut Measure<'_, Counts>) -> Result<(), Error> {
    taking(job, measure, |tasks| (0..tasks).chain([0]).collect(), |done| done)
}

/// As many tasks as planned, and yet not those.
fn does_one_instead(_: &Start, job: &Arc<Job<Words>>, measure: &mut Measure<'_, Counts>) -> Result<(), Error> {
    taking(job, measure, |tasks| (1..tasks).chain([1]).collect(), |done| done)
}

fn loses_an_update(_: &Start, job: &Arc<Job<Words>>, measure: &mut Measure<'_, Counts>) -> Result<(), Error> {
    taking(
        job,
        measure,
        |tasks| (0..tasks).collect(),
        |mut done| {
            done.answer.entry(String::from("w00")).and_modify(|n| *n -= 1);
            done
        },
    )
}

fn fails(_: &Start, _: &Arc<Job<Words>>, _: &mut Measure<'_, Counts>) -> Result<(), Error> {
    Err(Error::other("no worker could be started"))
}

struct NoClock;

impl Clock for NoClock {
    fn start(&mut self) {}
    fn stop(&mut self) {}
}

fn config(knobs: Value, workers: usize) -> Config {
    let Value::Object(knobs) = knobs else { panic!("knobs are an object: {knobs}") };
    let workers = NonZeroUsize::new(workers).expect("at least one worker");
    Config { knobs, seed: 42, start: Start { workers, cpus: workers, respawn: Respawn::default(), load: None } }
}

/// One round of a cell, as the runner has it.
fn round(cell: &Cell, config: &Config, digest: Digest) -> Result<Checked, Error> {
    let session = cell.support.run().expect("it can run");
    let mut checked = None;
    session(config)?(&mut |round| {
        checked = Some(round(&mut Watch::new(&mut NoClock), digest)?);
        Ok(())
    })?;
    Ok(checked.expect("the strategy called measure"))
}

fn words(strategy: Strategy<Words, Counts>) -> Cell {
    cell::map_reduce("toy", Strategies::of(strategy)).remove(0)
}

fn default_round(strategy: Strategy<Words, Counts>) -> Result<Checked, Error> {
    round(&words(strategy), &config(json!({ "tasks": 30 }), 3), Digest::Make)
}

#[test]
fn a_task_left_out_is_an_error() {
    let error = default_round(Strategy::idiomatic("careless", Demand::NONE, leaves_one_out)).unwrap_err();
    assert!(matches!(error, Error::Steps { executed: 29, planned: 30 }), "{error}");
    assert_eq!(error.to_string(), "executed 29 steps, the plan has 30");
}

#[test]
fn a_task_done_twice_is_an_error() {
    let error = default_round(Strategy::idiomatic("eager", Demand::NONE, does_one_twice)).unwrap_err();
    assert!(matches!(error, Error::Steps { executed: 31, planned: 30 }), "{error}");
}

#[test]
fn a_task_done_instead_of_another_is_a_wrong_answer() {
    let error = default_round(Strategy::idiomatic("sly", Demand::NONE, does_one_instead)).unwrap_err();
    assert!(matches!(error, Error::Wrong(_)), "{error}");
}

#[test]
fn a_wrong_answer_is_an_error() {
    let error = default_round(Strategy::idiomatic("lossy", Demand::NONE, loses_an_update)).unwrap_err();
    let Error::Wrong(wrong) = &error else { panic!("{error}") };
    assert_eq!(wrong.updates, Some(Updates { expected: 465, actual: 464 }));
    assert_eq!(error.to_string(), "wrong answer: expected 465, found 464");
}

#[test]
fn a_counterexample_reports_how_wrong_it_was() {
    let strategy = Strategy::idiomatic("racy", Demand::NONE, loses_an_update).deliberately_wrong();
    assert!(words(Strategy::idiomatic("racy", Demand::NONE, loses_an_update).deliberately_wrong()).wrong);
    let wrong = default_round(strategy).expect("it is meant to be wrong").wrong.expect("and it was");
    assert_eq!(wrong.updates, Some(Updates { expected: 465, actual: 464 }));
    // Lucky this once: still no error, and nothing to report.
    let lucky =
        default_round(Strategy::idiomatic("racy", Demand::NONE, right).deliberately_wrong()).expect("it was right");
    assert_eq!(lucky.wrong, None);
}

/// Being wrong on purpose is no leave to do less.
#[test]
fn a_counterexample_does_all_its_steps() {
    let error =
        default_round(Strategy::idiomatic("racy", Demand::NONE, leaves_one_out).deliberately_wrong()).unwrap_err();
    assert!(matches!(error, Error::Steps { .. }), "{error}");
}

#[test]
fn a_right_answer_keeps_what_was_used_and_seen() {
    let checked = default_round(Strategy::idiomatic("right", Demand::NONE, right)).expect("it is right");
    assert_eq!(checked.wrong, None);
    assert_eq!(checked.units, Units { threads: 1, ..Units::default() });
    assert_eq!(checked.observed.acquisitions, 5);
}

/// The diagnostic pass of a cell is the session of the same strategy, wherever that stands in the other list.
#[test]
fn a_cell_gets_the_diagnosis_of_its_own_strategy() {
    let list = |first, second: Option<Strategy<Words, Counts>>| {
        let list = Strategies::of(first);
        cell::map_reduce("toy", second.into_iter().fold(list, Strategies::and))
    };
    let works = || Strategy::idiomatic("works", Demand::NONE, right);
    let never = || Strategy::not_applicable("never", "a toy has no processes");
    let cells = cell::with_diagnosis(list(works(), Some(never())), list(never(), Some(works())));
    let [works, never] = &cells[..] else { panic!("{cells:?}") };
    assert!(works.diagnosis.is_some() && never.diagnosis.is_none());
    let alone = cell::with_diagnosis(vec![works.clone()], Vec::new());
    assert!(alone.iter().all(|cell| cell.support.run().is_some() && cell.diagnosis.is_none()));
}

#[test]
fn an_error_of_the_strategy_comes_out() {
    let error = default_round(Strategy::idiomatic("broken", Demand::NONE, fails)).unwrap_err();
    assert_eq!(error.to_string(), "no worker could be started");
}

#[test]
fn an_unknown_knob_is_named_with_its_workload() {
    let cell = words(Strategy::idiomatic("right", Demand::NONE, right));
    for (knobs, part) in [
        (json!({ "tasks": 30, "chunks": 2 }), "unknown knob `chunks`; known: tasks"),
        (json!({ "tasks": "many" }), "invalid type: string \"many\""),
        (json!({}), "missing field `tasks`"),
    ] {
        let error = round(&cell, &config(knobs, 1), Digest::Skip).unwrap_err().to_string();
        assert!(error.starts_with("the knobs of words: ") && error.contains(part), "{error}");
    }
}

/// A `HashMap` has its keys in another order in every process; thirty of them are not sorted by chance.
#[test]
fn a_fingerprint_is_canonical() {
    let digested =
        || default_round(Strategy::idiomatic("right", Demand::NONE, right)).expect("it is right").fingerprint;
    let counts: Vec<String> = (0..30).map(|word| format!("\"w{word:02}\":{}", 30 - word)).collect();
    assert_eq!(digested(), Some(format!("{{{}}}", counts.join(","))));
    assert_eq!(digested(), digested());
}

#[test]
fn a_digest_is_made_only_on_demand() {
    let cell = words(Strategy::idiomatic("right", Demand::NONE, right));
    let checked = round(&cell, &config(json!({ "tasks": 30 }), 1), Digest::Skip).expect("it is right");
    assert_eq!(checked.fingerprint, None);
}

#[test]
fn cells_say_what_they_are() {
    fn worker(_: &str) -> Result<(), Error> {
        Ok(())
    }
    let strategies = Strategies::of(Strategy::idiomatic("pool", Demand::SHIPPED, right).with_worker(worker))
        .and(Strategy::against_the_grain("slow", Demand::BORROWED, "nobody should", right))
        .and(Strategy::not_applicable("shared-memory", "there is none"));
    let cells = cell::map_reduce("toy", strategies);
    let shown: Vec<_> = cells.iter().map(|cell| (cell.contender(), cell.support.why())).collect();
    let expected =
        [("toy/pool", None), ("toy/slow", Some("nobody should")), ("toy/shared-memory", Some("there is none"))];
    assert_eq!(shown, expected.map(|(contender, why)| (contender.to_owned(), why)));
    assert!(cells[0].support.run().is_some() && cells[1].support.run().is_some() && cells[2].support.run().is_none());
    assert!(cells[0].worker.is_some() && cells[1].worker.is_none());
    assert!(cells.iter().all(|cell| cell.pattern == Pattern::MapReduce && !cell.wrong));
    assert_eq!(format!("{:?}", cells[0]), "words/toy/pool");
}

#[test]
fn a_listed_workload_has_its_knobs() {
    let listed = cell::listed::<Words>(Pattern::MapReduce);
    assert_eq!((listed.id, listed.about, listed.knobs.len()), ("words", "an example", 1));
    let knobs = |size| Value::Object((listed.sized)(size));
    assert_eq!(knobs(Size::Smoke), json!({ "tasks": 3 }));
    assert_eq!(knobs(Size::Default), json!({ "tasks": 30 }));
    let check = |tasks: Value| (listed.check)(&Map::from_iter([(String::from("tasks"), tasks)]));
    assert_eq!(check(json!(12)), Ok(()));
    assert_eq!(check(json!(13)), Err(String::from("13 tasks bring bad luck")));
    assert!(check(json!(-1)).unwrap_err().starts_with("the knobs of words: invalid value: integer `-1`"));
}

/// A workload without knobs, and the smallest shared state: clients count up one entry each.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Marks;

impl Workload for Marks {
    const ID: &'static str = "marks";
    type Input = Vec<Vec<u64>>;
    fn input(&self, _seed: u64, clients: usize) -> Vec<Vec<u64>> {
        (0..clients as u64).map(|client| vec![client; 4]).collect()
    }
}

impl SharedState for Marks {
    type Key = u64;
    type Value = u64;
    type Op = u64;
    type Reply = ();
    type Tally = ();

    const USES: Uses = Uses { reads: false, pairs: false, audits: false, asks: false, inserts: false };
    const COUNTERS: Form<Counters<Self>> = Form::Lacks("an example");
    const MERGE: Form<fn(&Self, &mut u64, u64)> = Form::Has(|_, into, other| *into += other);

    fn initial(&self, _: &Self::Input) -> Vec<(u64, u64)> {
        Vec::new()
    }
    fn script<'i>(&self, input: &'i Self::Input, client: usize) -> &'i [u64] {
        &input[client]
    }
    fn access(&self, op: &u64) -> Access<u64> {
        Access::Write(*op)
    }
    fn read(&self, _: &u64, _: Option<&u64>) {}
    fn write(&self, _: &u64, mut entry: impl Entry<u64>) {
        let marks = entry.get().map_or(0, |marks| *marks);
        entry.put(marks + 1);
    }
    fn verify(&self, input: &Self::Input, answer: &Answer<Self>) -> Result<(), Wrong> {
        let expected = input.iter().flatten().count() as u64;
        let actual = answer.entries.iter().map(|(_, marks)| marks).sum();
        if actual == expected { Ok(()) } else { Err(Wrong::updates(expected, actual)) }
    }
}

/// Runs the clients one after the other, all but `fewer` of them.
fn marking(
    fewer: usize,
    start: &Start,
    job: &Arc<Job<Marks>>,
    measure: &mut Measure<'_, Answer<Marks>>,
) -> Result<(), Error> {
    measure(&mut |watch| {
        let mut state = State::new(job.workload.initial(&job.input));
        let one = |who| client::<Marks, Silent>(job, who, |op, _| state.apply(&job.workload, op));
        let clients: Vec<_> = watch.time(|| (0..start.workers.get() - fewer).map(one).collect());
        Ok(Evidence::done(&job.workload, clients, state.into_entries(), Units::default()))
    })
}

fn all_clients(start: &Start, job: &Arc<Job<Marks>>, measure: &mut Measure<'_, Answer<Marks>>) -> Result<(), Error> {
    marking(0, start, job, measure)
}

fn one_client_less(
    start: &Start,
    job: &Arc<Job<Marks>>,
    measure: &mut Measure<'_, Answer<Marks>>,
) -> Result<(), Error> {
    marking(1, start, job, measure)
}

#[test]
fn the_plan_of_shared_state_is_every_clients_script() {
    let strategies = Strategies::of(Strategy::idiomatic("all", Demand::NONE, all_clients))
        .and(Strategy::idiomatic("one-less", Demand::NONE, one_client_less).deliberately_wrong());
    let cells = cell::shared_state("toy", strategies);
    for workers in [1, 2, 7] {
        let config = config(json!({}), workers);
        let checked = round(&cells[0], &config, Digest::Make).expect("all clients ran");
        let marks: Vec<String> = (0..workers).map(|client| format!("[{client},4]")).collect();
        assert_eq!(checked.fingerprint, Some(format!("[{}]", marks.join(","))), "entries by key");
        let error = round(&cells[1], &config, Digest::Skip).unwrap_err();
        let expected = (4 * (workers as u64 - 1), 4 * workers as u64);
        assert!(matches!(error, Error::Steps { executed, planned } if (executed, planned) == expected), "{error}");
    }
}

/// What `list` prints for a workload without knobs is what it can be configured with.
#[test]
fn a_workload_without_knobs_can_be_listed_and_run() {
    let listed = cell::listed::<Marks>(Pattern::SharedState);
    let knobs = (listed.sized)(Size::Default);
    assert_eq!(Value::Object(knobs.clone()), json!({}));
    assert_eq!((listed.check)(&knobs), Ok(()));
    let unknown = (listed.check)(&Map::from_iter([(String::from("size"), json!(1))])).unwrap_err();
    assert_eq!(unknown, "the knobs of marks: unknown knob `size`; there are none");
}
