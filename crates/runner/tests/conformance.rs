//! Conformance: every cell of the suite equals its oracle, for 1, 2 and 7 workers, on empty, one-element and small
//! inputs; one named test each. What is not applicable is shown as ignored.
//!
//! A workload without a row in [`INPUTS`] fails the run: whoever adds one says what its edges are.

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::mpsc::channel;
use std::time::Duration;

use harness::timed;
use libtest_mimic::{Arguments, Failed, Trial};
use patterns::cell::{Cell, Config, Digest, Listed};
use patterns::{Size, Start, Support};
use serde_json::{Map, Value, json};

/// Knobs beside those of the smoke size.
type Inputs = [(&'static str, &'static [(&'static str, u64)])];

const INPUTS: &[(&str, &Inputs)] = &[
    ("grain", &[("empty", &[("tasks", 0)]), ("one", &[("tasks", 1), ("iterations", 1)]), ("small", &[])]),
    (
        "primes",
        &[
            ("empty", &[("n", 0), ("tasks", 1)]),
            ("one", &[("n", 3), ("tasks", 1)]),
            ("more-tasks-than-numbers", &[("n", 10), ("tasks", 64)]),
            ("small", &[]),
        ],
    ),
    ("word-count", &[("empty", &[("bytes", 0)]), ("one", &[("bytes", 1), ("tasks", 1)]), ("small", &[])]),
    ("counter", &[("empty", &[("ops", 0)]), ("one", &[("ops", 1)]), ("small", &[]), ("many-keys", &[("keys", 100)])]),
];

/// A cell that takes longer than this hangs.
const LIMIT: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let suite = suite::standard();
    if let Some(code) = runner::hook(&suite) {
        return code;
    }
    let mut trials = Vec::new();
    for workload in &suite.workloads {
        let Some((_, inputs)) = INPUTS.iter().find(|(id, _)| *id == workload.id) else {
            let id = workload.id;
            trials.push(Trial::test(format!("{id} has inputs"), move || Err(format!("add {id} to INPUTS").into())));
            continue;
        };
        for (name, knobs) in *inputs {
            for workers in [1, 2, 7] {
                trials.extend(group(workload, &suite.cells, name, knobs, workers));
            }
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn group(workload: &Listed, cells: &[Cell], name: &str, changed: &[(&str, u64)], workers: usize) -> Vec<Trial> {
    let mut knobs = (workload.sized)(Size::Smoke);
    knobs.extend(changed.iter().map(|(id, value)| ((*id).to_owned(), json!(value))));
    let of_workload = || cells.iter().filter(|cell| cell.workload == workload.id);
    let reference = of_workload().find(|cell| cell.contender() == "sequential/plain").cloned();
    of_workload()
        .map(|cell| {
            let title = format!("{}:{name}/{}/w{workers}", workload.id, cell.contender());
            let ignored = matches!(cell.support, Support::NotApplicable { .. });
            let (cell, reference, knobs) = (cell.clone(), reference.clone(), knobs.clone());
            Trial::test(title, move || conforms(cell, reference, knobs, workers)).with_ignored_flag(ignored)
        })
        .collect()
}

fn conforms(cell: Cell, reference: Option<Cell>, knobs: Map<String, Value>, workers: usize) -> Result<(), Failed> {
    let (report, result) = channel();
    std::thread::spawn(move || {
        let reference =
            reference.ok_or_else(|| String::from("no sequential/plain")).and_then(|cell| run(&cell, &knobs, workers));
        let _ = report
            .send(reference.and_then(|right| Ok((right, run(&cell, &knobs, workers)?, cell.wrong && workers > 1))));
    });
    match result.recv_timeout(LIMIT) {
        Ok(Ok((right, found, may_be_wrong))) if right == found || may_be_wrong => Ok(()),
        Ok(Ok((right, found, _))) => Err(format!("found {found:?}, the reference has {right:?}").into()),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(format!("hangs: no answer within {LIMIT:?}").into()),
    }
}

/// Two rounds with the same workers, verified each; the answer as canonical JSON. A wrong answer is an error but in a
/// counterexample with somebody to race against.
fn run(cell: &Cell, knobs: &Map<String, Value>, workers: usize) -> Result<Option<String>, String> {
    let session = cell.support.run().ok_or("not applicable")?;
    let workers = NonZeroUsize::new(workers).ok_or("0 workers")?;
    let two = NonZeroUsize::new(2).ok_or("0 CPUs")?;
    let start = Start { workers, cpus: two, respawn: runner::respawn(cell), load: None };
    let prepared = session(&Config { knobs: knobs.clone(), seed: 42, start }).map_err(|error| error.to_string())?;
    let mut answer = None;
    let run = prepared(&mut |round| {
        for _ in 0..2 {
            let (_, checked) = timed(round, Digest::Make)?;
            if let (Some(wrong), 1) = (&checked.wrong, workers.get()) {
                return Err(patterns::Error::Wrong(wrong.clone()));
            }
            answer = checked.fingerprint;
        }
        Ok(())
    });
    run.map(|()| answer).map_err(|error| error.to_string())
}
