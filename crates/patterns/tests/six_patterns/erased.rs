//! The six patterns without their types: the same ways through cells, which compare steps with the plan and answers with
//! each other, and refuse what no type can.

use std::sync::Arc;

use patterns::cell::{self, Cell, Checked, Config, Digest, listed};
use patterns::serve::{Client, LoadGenerator, LoadReport};
use patterns::{
    Demand, Done, Error, ForkJoin, Job, Measure, Model, Pattern, Pipeline, Probe, RunsForkJoin, RunsMapReduce,
    RunsPipeline, RunsServe, RunsSharedState, RunsTaskGraph, Serve, Silent, Size, Start, Strategies, Strategy, Support,
    TaskGraph, Watch, Workload,
};
use serde_json::{Map, Value, json};

use crate::Toy;
use crate::fork_join::TreeSum;
use crate::map_reduce::Letters;
use crate::pipeline::{Ring, Text};
use crate::serve::{Callers, Echo, Folder, Notes};
use crate::shared_state::Tickets;
use crate::stage::{NoClock, WORKERS, start};
use crate::task_graph::Stencil;

/// The default knobs of a workload, and what is changed about them.
fn knobs<W: Workload>(pattern: Pattern, changed: Value) -> Map<String, Value> {
    let mut knobs = (listed::<W>(pattern).sized)(Size::Default);
    let Value::Object(changed) = changed else { panic!("knobs are an object: {changed}") };
    knobs.extend(changed);
    knobs
}

fn config(knobs: &Map<String, Value>, workers: usize) -> Config {
    let load: Arc<dyn LoadGenerator> = Arc::new(Callers);
    Config { knobs: knobs.clone(), seed: 42, start: start(workers, Some(load)) }
}

fn round(cell: &Cell, config: &Config) -> Result<Checked, Error> {
    let session = cell.support.run().expect("it can run");
    let mut checked = None;
    session(config)?(&mut |round| {
        checked = Some(round(&mut Watch::new(&mut NoClock), Digest::Make)?);
        Ok(())
    })?;
    Ok(checked.expect("the strategy called measure"))
}

/// Every cell is right and says the same; what it says.
fn agree(cells: &[Cell], pattern: Pattern, knobs: &Map<String, Value>, workers: usize) -> Option<String> {
    assert!(cells.len() >= 3 && cells.iter().all(|cell| cell.pattern == pattern), "{cells:?}");
    let fingerprint = |cell: &Cell| {
        let checked = round(cell, &config(knobs, workers));
        checked.unwrap_or_else(|error| panic!("{cell:?}, {workers} workers: {error}")).fingerprint
    };
    let all: Vec<_> = cells.iter().map(fingerprint).collect();
    assert!(all.iter().all(|one| *one == all[0]), "{cells:?}, {workers} workers: {all:?}");
    all.into_iter().next().flatten()
}

#[test]
fn all_six_patterns_run_as_cells() {
    let none = || json!({});
    let folder = Folder::new().expect("a folder for the notes");
    for workers in WORKERS {
        let letters = knobs::<Letters>(Pattern::MapReduce, none());
        let cells = cell::map_reduce(Toy::ID, Toy::map_reduce::<Letters, Silent>());
        let said = agree(&cells, Pattern::MapReduce, &letters, workers);
        assert_eq!(said.as_deref(), Some(r#"{"a":780,"b":780,"c":780}"#));

        let tree = knobs::<TreeSum>(Pattern::ForkJoin, none());
        let cells = cell::fork_join(Toy::ID, Toy::fork_join::<TreeSum, Silent>());
        let said = agree(&cells, Pattern::ForkJoin, &tree, workers);
        assert_eq!(said.as_deref(), Some(r#"{"first":0,"last":999,"sum":499500}"#));

        let stencil = knobs::<Stencil>(Pattern::TaskGraph, json!({ "width": 3, "steps": 2 }));
        let cells = cell::task_graph(Toy::ID, Toy::task_graph::<Stencil, Silent>());
        let said = agree(&cells, Pattern::TaskGraph, &stencil, workers);
        let made = |point: u64| format!(r#"{{"point":{point},"step":1,"value":131}}"#);
        assert_eq!(said, Some(format!("[{},{},{}]", made(0), made(1), made(2))));

        let tickets = knobs::<Tickets>(Pattern::SharedState, none());
        let cells = cell::shared_state(Toy::ID, Toy::shared_state::<Tickets, Silent>());
        assert!(agree(&cells, Pattern::SharedState, &tickets, workers).is_some());

        let text = knobs::<Text>(Pattern::Pipeline, json!({ "lines": 3 }));
        let cells = cell::pipeline(Toy::ID, Toy::pipeline::<Text, Silent>());
        assert_eq!(agree(&cells, Pattern::Pipeline, &text, workers).as_deref(), Some("[[0,0],[1,1],[2,2]]"));

        let ring = knobs::<Ring>(Pattern::Pipeline, none());
        let cells = cell::pipeline(Toy::ID, Toy::pipeline::<Ring, Silent>());
        let said = agree(&cells, Pattern::Pipeline, &ring, workers);
        assert_eq!(said.as_deref(), Some(r#"[{"hops":300,"number":0}]"#));

        let echo = knobs::<Echo>(Pattern::Serve, none());
        let cells = cell::serve(Toy::ID, Toy::serve::<Echo, Silent>());
        assert_eq!(agree(&cells, Pattern::Serve, &echo, workers), None, "answers are counted");

        let notes = knobs::<Notes>(Pattern::Serve, json!({ "folder": folder.0, "sync": false }));
        let cells = cell::serve(Toy::ID, Toy::serve::<Notes, Silent>());
        assert_eq!(agree(&cells, Pattern::Serve, &notes, workers), None, "answers are counted");
    }
}

/// The first way of a pattern, with a step less than it did.
fn forgetful<W: Workload, A>(
    strategies: Strategies<W, A>,
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, A>,
) -> Result<(), Error> {
    let Support::Idiomatic(run) = strategies.into_iter().next().expect("the first way").support else {
        panic!("it can run")
    };
    run(start, job, &mut |round| {
        measure(&mut |watch| {
            let done = round(watch)?;
            Ok(Done { steps: done.steps - 1, ..done })
        })
    })
}

impl RunsForkJoin for Forgetful {
    fn fork_join<W: ForkJoin, P: Probe>() -> Strategies<W, W::Value> {
        Strategies::of(Strategy::idiomatic("one-less", Demand::NONE, |start, job, measure| {
            forgetful(Toy::fork_join::<W, Silent>(), start, job, measure)
        }))
    }
}

impl RunsTaskGraph for Forgetful {
    fn task_graph<W: TaskGraph, P: Probe>() -> Strategies<W, Vec<W::Edge>> {
        Strategies::of(Strategy::idiomatic("one-less", Demand::NONE, |start, job, measure| {
            forgetful(Toy::task_graph::<W, Silent>(), start, job, measure)
        }))
    }
}

impl RunsPipeline for Forgetful {
    fn pipeline<W: Pipeline, P: Probe>() -> Strategies<W, W::Sink> {
        Strategies::of(Strategy::idiomatic("one-less", Demand::NONE, |start, job, measure| {
            forgetful(Toy::pipeline::<W, Silent>(), start, job, measure)
        }))
    }
}

impl RunsServe for Forgetful {
    fn serve<W: Serve, P: Probe>() -> Strategies<W, LoadReport> {
        Strategies::of(Strategy::idiomatic("one-less", Demand::NONE, |start, job, measure| {
            forgetful(Toy::serve::<W, Silent>(), start, job, measure)
        }))
    }
}

/// A model that counts badly.
struct Forgetful;

fn error_of(cells: &[Cell], knobs: &Map<String, Value>, workers: usize) -> String {
    round(&cells[0], &config(knobs, workers)).expect_err("it must not pass").to_string()
}

#[test]
fn every_plan_notices_a_missing_step() {
    let none = || json!({});
    let tree = cell::fork_join("forgetful", Forgetful::fork_join::<TreeSum, Silent>());
    let foreseen = knobs::<TreeSum>(Pattern::ForkJoin, none());
    assert_eq!(error_of(&tree, &foreseen, 2), "executed 487 steps, the plan has 488");
    let stencil = cell::task_graph("forgetful", Forgetful::task_graph::<Stencil, Silent>());
    let knobs_of = knobs::<Stencil>(Pattern::TaskGraph, none());
    assert_eq!(error_of(&stencil, &knobs_of, 2), "executed 69 steps, the plan has 70");
    let ring = cell::pipeline("forgetful", Forgetful::pipeline::<Ring, Silent>());
    let knobs_of = knobs::<Ring>(Pattern::Pipeline, none());
    assert_eq!(error_of(&ring, &knobs_of, 2), "executed 299 steps, the plan has 300");
    let echo = cell::serve("forgetful", Forgetful::serve::<Echo, Silent>());
    let knobs_of = knobs::<Echo>(Pattern::Serve, none());
    assert_eq!(error_of(&echo, &knobs_of, 3), "executed 23 steps, the plan has 24");
}

/// A tree whose leaves only the search counts has no plan; its value is all there is to check.
#[test]
fn without_a_plan_the_oracle_decides() {
    let cells = cell::fork_join("forgetful", Forgetful::fork_join::<TreeSum, Silent>());
    let unforeseen = knobs::<TreeSum>(Pattern::ForkJoin, json!({ "foreseen": false }));
    let checked = round(&cells[0], &config(&unforeseen, 2)).expect("nobody knows how many there should be");
    assert_eq!(checked.fingerprint.as_deref(), Some(r#"{"first":0,"last":999,"sum":499500}"#));
}

#[test]
fn a_crowded_ring_is_refused_before_it_is_stuck() {
    let cells = cell::pipeline(Toy::ID, Toy::pipeline::<Ring, Silent>());
    let ring = |changed| knobs::<Ring>(Pattern::Pipeline, changed);
    let said = error_of(&cells, &ring(json!({ "tokens": 3 })), 1);
    assert_eq!(said, "ring has 3 items in a ring of 3 stages: allowed are fewer items");
    let said = error_of(&cells, &ring(json!({ "laps": 0 })), 1);
    assert_eq!(said, "ring has no laps: an item passes all stages at least once");
    // A single lap is no ring, and may have as many as it likes.
    assert!(round(&cells[0], &config(&ring(json!({ "tokens": 50, "laps": 1 })), 1)).is_ok());
}

/// Calls one connection less than it was asked for, and says so.
struct Lazy;

impl LoadGenerator for Lazy {
    fn drive(&self, address: std::net::SocketAddr, client: &dyn Client) -> Result<LoadReport, Error> {
        let seen = Callers.drive(address, client)?;
        Ok(LoadReport { connections: seen.connections - 1, ..seen })
    }
}

#[test]
fn clients_are_what_workers_are() {
    let cells = cell::serve(Toy::ID, Toy::serve::<Echo, Silent>());
    let surplus = knobs::<Echo>(Pattern::Serve, json!({ "surplus": 2 }));
    assert_eq!(error_of(&cells, &surplus, 3), "echo makes 5 connections for 3 clients");
    let mut config = config(&knobs::<Echo>(Pattern::Serve, json!({})), 3);
    config.start.load = Some(Arc::new(Lazy));
    let error = round(&cells[0], &config).expect_err("a connection is missing");
    assert_eq!(error.to_string(), "wrong answer: 2 connections were made, not 3");
}

/// The toys let serde drop what it does not know, as anybody's workload may.
#[test]
fn a_knob_that_does_nothing_is_refused_for_every_workload() {
    let cells = cell::pipeline(Toy::ID, Toy::pipeline::<Ring, Silent>());
    let misspelt = knobs::<Ring>(Pattern::Pipeline, json!({ "lap": 7 }));
    let expected = "the knobs of ring: unknown knob `lap`; known: capacity, laps, tokens";
    assert_eq!(error_of(&cells, &misspelt, 1), expected);
    assert_eq!((listed::<Ring>(Pattern::Pipeline).check)(&misspelt), Err(String::from(expected)));
}
