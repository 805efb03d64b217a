//! What each pattern knows about its answers, and the strategies of each as cells.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::listed::workload;
use super::{Cell, Checked, Digest, Session};
use crate::error::Error;
use crate::fork_join::ForkJoin;
use crate::map_reduce::MapReduce;
use crate::model::Pattern;
use crate::pipeline::Pipeline;
use crate::run::{Done, Round, Run, job};
use crate::serve::{LoadReport, Serve};
use crate::shared_state::{Answer, Seen, SharedState, examine};
use crate::strategy::{Strategies, Strategy};
use crate::task_graph::TaskGraph;
use crate::workload::{Job, Workload, Wrong};

/// What a pattern knows about its answers.
struct Oracle<W: Workload, A> {
    /// Whether the job keeps the rules of its pattern that no type can say.
    shape: fn(&Job<W>, clients: usize) -> Result<(), String>,
    /// Steps of a round; `None` where the workload cannot know, and its oracle counts.
    planned: fn(&Job<W>, clients: usize) -> Option<u64>,
    verify: fn(&Job<W>, &A) -> Result<(), Wrong>,
    /// What the history of the round says beside `verify`, if it has one.
    history: fn(&Job<W>, &A) -> Seen,
    fingerprint: fn(&W, &A) -> Option<Value>,
}

/// The cells of a map-reduce workload in one model.
pub fn map_reduce<W: MapReduce>(model: &'static str, strategies: Strategies<W, W::Partial>) -> Vec<Cell> {
    let oracle = || Oracle {
        shape: |_, _| Ok(()),
        planned: |job: &Job<W>, _| Some(job.workload.tasks(&job.input) as u64),
        verify: |job, answer| job.workload.verify(&job.input, answer),
        history: no_calls,
        fingerprint: W::fingerprint,
    };
    erase(model, Pattern::MapReduce, strategies, oracle)
}

/// The cells of a fork-join workload in one model.
pub fn fork_join<W: ForkJoin>(model: &'static str, strategies: Strategies<W, W::Value>) -> Vec<Cell> {
    let oracle = || Oracle {
        shape: |_, _| Ok(()),
        planned: |job: &Job<W>, _| job.workload.leaves(&job.input),
        verify: |job, answer| job.workload.verify(&job.input, answer),
        history: no_calls,
        fingerprint: W::fingerprint,
    };
    erase(model, Pattern::ForkJoin, strategies, oracle)
}

/// The cells of a task-graph workload in one model.
pub fn task_graph<W: TaskGraph>(model: &'static str, strategies: Strategies<W, Vec<W::Edge>>) -> Vec<Cell> {
    let oracle = || Oracle {
        shape: |_, _| Ok(()),
        planned: |job: &Job<W>, _| Some(job.workload.width() as u64 * job.workload.steps() as u64),
        verify: |job, last: &Vec<W::Edge>| job.workload.verify(&job.input, last),
        history: no_calls,
        fingerprint: |workload, last| workload.fingerprint(last),
    };
    erase(model, Pattern::TaskGraph, strategies, oracle)
}

/// The cells of a shared-state workload in one model.
pub fn shared_state<W: SharedState>(model: &'static str, strategies: Strategies<W, Answer<W>>) -> Vec<Cell> {
    let oracle = || Oracle {
        shape: |_, _| Ok(()),
        planned: |job: &Job<W>, clients| {
            Some((0..clients).map(|client| job.workload.script(&job.input, client).len() as u64).sum())
        },
        verify: |job, answer| job.workload.verify(&job.input, answer),
        history: examine,
        fingerprint: W::fingerprint,
    };
    erase(model, Pattern::SharedState, strategies, oracle)
}

/// The cells of a pipeline workload in one model.
pub fn pipeline<W: Pipeline>(model: &'static str, strategies: Strategies<W, W::Sink>) -> Vec<Cell> {
    let oracle = || Oracle {
        shape: |job: &Job<W>, _| {
            let (items, stages) = (job.workload.items(&job.input), job.workload.stages());
            match job.workload.laps() {
                0 => Err(format!("{} has no laps: an item passes all stages at least once", W::ID)),
                2.. if items >= stages => {
                    Err(format!("{} has {items} items in a ring of {stages} stages: allowed are fewer items", W::ID))
                }
                _ => Ok(()),
            }
        },
        planned: |job, _| {
            let (items, stages, laps) = (job.workload.items(&job.input), job.workload.stages(), job.workload.laps());
            Some(items as u64 * stages as u64 * laps as u64)
        },
        verify: |job, sink| job.workload.verify(&job.input, sink),
        history: no_calls,
        fingerprint: W::fingerprint,
    };
    erase(model, Pattern::Pipeline, strategies, oracle)
}

/// The cells of a serve workload in one model.
pub fn serve<W: Serve>(model: &'static str, strategies: Strategies<W, LoadReport>) -> Vec<Cell> {
    let oracle = || Oracle {
        shape: |job: &Job<W>, clients| match job.workload.connections(&job.input) {
            connections if connections == clients => Ok(()),
            connections => Err(format!("{} makes {connections} connections for {clients} clients", W::ID)),
        },
        planned: |job, _| Some(job.workload.requests(&job.input)),
        verify: |job, seen: &LoadReport| {
            let connections = job.workload.connections(&job.input) as u64;
            if seen.connections != connections {
                return Err(format!("{} connections were made, not {connections}", seen.connections).into());
            }
            job.workload.verify(&job.input, seen)
        },
        history: no_calls,
        fingerprint: W::fingerprint,
    };
    erase(model, Pattern::Serve, strategies, oracle)
}

/// The cells of a model with [`Silent`](crate::Silent), each with the session of the same strategy with
/// [`Recorder`](crate::probe::Recorder): `recording` is the same list, made with that probe.
#[must_use]
pub fn with_diagnosis(timed: Vec<Cell>, recording: Vec<Cell>) -> Vec<Cell> {
    // Every sample and every worker process begins here, so nothing is searched for twice.
    let name = |cell: &Cell| (cell.workload, cell.model, cell.strategy);
    let recording: BTreeMap<_, _> = recording.into_iter().map(|cell| (name(&cell), cell)).collect();
    let both = timed.into_iter().map(|cell| {
        let diagnosis = recording.get(&name(&cell)).and_then(|other| other.support.run().cloned());
        Cell { diagnosis, ..cell }
    });
    both.collect()
}

/// No clients, no calls that had to be in one order.
fn no_calls<W: Workload, A>(_: &Job<W>, _: &A) -> Seen {
    Seen::Nothing(String::from("only clients of shared state have calls to put in order"))
}

fn erase<W: Workload, A: 'static>(
    model: &'static str,
    pattern: Pattern,
    strategies: Strategies<W, A>,
    oracle: impl Fn() -> Oracle<W, A>,
) -> Vec<Cell> {
    let cell = |strategy: Strategy<W, A>| {
        let Strategy { id, demands, support, worker, wrong, refuses, mind } = strategy;
        Cell {
            workload: W::ID,
            pattern,
            model,
            strategy: id,
            demands,
            support: support.map(|run| session(pattern, run, refuses, wrong, oracle())),
            diagnosis: None,
            worker,
            wrong,
            // Knobs that are none of this workload's are refused by whoever reads them.
            refuses: Arc::new(move |knobs| workload::<W>(knobs).ok().and_then(|workload| refuses(&workload))),
            mind,
        }
    };
    strategies.into_iter().map(cell).collect()
}

fn session<W: Workload, A: 'static>(
    pattern: Pattern,
    run: Run<W, A>,
    refuses: fn(&W) -> Option<&'static str>,
    wrong: bool,
    oracle: Oracle<W, A>,
) -> Session {
    let oracle = Arc::new(oracle);
    Arc::new(move |config| {
        let workload = workload::<W>(&config.knobs).map_err(Error::Other)?;
        if let Some(why) = refuses(&workload) {
            return Err(Error::other(format!("not applicable: {why}")));
        }
        let clients = if pattern.has_clients() { config.start.workers.get() } else { 1 };
        let job = job(workload, config.seed, clients);
        (oracle.shape)(&job, clients).map_err(Error::Other)?;
        let planned = (oracle.planned)(&job, clients);
        let (start, oracle) = (config.start.clone(), oracle.clone());
        Ok(Box::new(move |measure| {
            run(&start, &job, &mut |round: &mut Round<'_, A>| {
                measure(&mut |watch, digest| {
                    let done = round(watch)?;
                    check(&job, &oracle, planned, wrong, digest, done)
                })
            })
        }))
    })
}

fn check<W: Workload, A>(
    job: &Job<W>,
    oracle: &Oracle<W, A>,
    planned: Option<u64>,
    wrong: bool,
    digest: Digest,
    done: Done<A>,
) -> Result<Checked, Error> {
    if let Some(planned) = planned.filter(|planned| *planned != done.steps) {
        return Err(Error::Steps { executed: done.steps, planned });
    }
    let verdict = (oracle.verify)(job, &done.answer).err();
    let (verdict, history) = match ((oracle.history)(job, &done.answer), verdict) {
        (Seen::Nothing(why), verdict) => (verdict, Err(why)),
        (Seen::Fine(examined), verdict) => (verdict, Ok(examined)),
        (Seen::Contradiction(why), None) => (Some(Wrong::from(why.as_str())), Err(why)),
        (Seen::Contradiction(why), Some(wrong)) => {
            let message = format!("{}; {why}", wrong.message);
            (Some(Wrong { message, ..wrong }), Err(why))
        }
    };
    if let (Some(verdict), false) = (&verdict, wrong) {
        return Err(Error::Wrong(verdict.clone()));
    }
    let fingerprint = match digest {
        Digest::Skip => None,
        // serde_json's map is a BTreeMap: its keys are sorted, whatever order the answer's were in.
        Digest::Make => (oracle.fingerprint)(&job.workload, &done.answer).map(|value| value.to_string()),
    };
    let Done { steps, units, observed, .. } = done;
    Ok(Checked { wrong: verdict, steps, units, observed, history, fingerprint })
}
