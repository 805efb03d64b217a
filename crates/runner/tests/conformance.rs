//! Conformance: every cell of the suite equals its oracle, for 1, 2 and 7 workers, on empty, one-element and small
//! inputs; one named test each. What is not applicable, to the workload or to these knobs, is shown as ignored.
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
use serde_json::{Map, Value};

/// Knobs beside those of the smoke size, as a user writes them.
type Inputs = [(&'static str, &'static [(&'static str, &'static str)])];

const INPUTS: &[(&str, &Inputs)] = &[
    ("grain", &[("empty", &[("tasks", "0")]), ("one", &[("tasks", "1"), ("iterations", "1")]), ("small", &[])]),
    (
        "sum-of-squares",
        &[
            ("empty", &[("tasks", "0")]),
            ("nothing-to-add", &[("tasks", "3"), ("n", "0")]),
            ("one", &[("tasks", "1"), ("n", "2")]),
            ("half-released", &[("release-share", "0.5")]),
            ("small", &[]),
        ],
    ),
    (
        "primes",
        &[
            ("empty", &[("n", "0"), ("tasks", "1")]),
            ("one", &[("n", "3"), ("tasks", "1")]),
            ("more-tasks-than-numbers", &[("n", "10"), ("tasks", "64")]),
            ("small", &[]),
        ],
    ),
    (
        "mandelbrot",
        &[("empty", &[("size", "0")]), ("one", &[("size", "1")]), ("odd", &[("size", "17")]), ("small", &[])],
    ),
    ("word-count", &[("empty", &[("bytes", "0B")]), ("one", &[("bytes", "1B"), ("tasks", "1")]), ("small", &[])]),
    (
        "bulk-map",
        &[
            ("empty", &[("bytes", "0B")]),
            ("one", &[("bytes", "1B")]),
            ("odd", &[("bytes", "4099B"), ("chunk", "192B")]),
            ("one-chunk", &[("chunk", "64MiB"), ("work", "1")]),
            ("small", &[]),
        ],
    ),
    (
        "counter",
        &[
            ("empty", &[("ops", "0")]),
            ("one", &[("ops", "1")]),
            ("small", &[]),
            ("many-keys", &[("keys", "100"), ("padding", "line"), ("zipf", "1")]),
            ("own-keys", &[("keys", "5"), ("touch", "own")]),
        ],
    ),
    (
        "check-then-act",
        &[
            ("empty", &[("ops", "0")]),
            ("one", &[("ops", "1"), ("keys", "1")]),
            ("small", &[]),
            ("only-deletes", &[("deletes", "100"), ("work", "0")]),
        ],
    ),
    (
        "bank",
        &[
            ("empty", &[("transfers", "0")]),
            ("one", &[("transfers", "1"), ("accounts", "2")]),
            ("small", &[]),
            ("two-accounts", &[("accounts", "2"), ("audit-every", "1")]),
            ("hot", &[("zipf", "2"), ("audit-every", "0")]),
        ],
    ),
    (
        "reference-count",
        &[
            ("empty", &[("uses", "0")]),
            ("one", &[("uses", "1")]),
            ("small", &[]),
            ("own", &[("objects", "5"), ("touch", "own")]),
        ],
    ),
    (
        "foreign-code",
        &[("empty", &[("calls", "0")]), ("one", &[("calls", "1")]), ("small", &[]), ("all-inside", &[("inside", "1")])],
    ),
    (
        "kv-mix",
        &[
            ("empty", &[("ops", "0"), ("prefill", "0")]),
            ("one", &[("ops", "1"), ("keys", "1"), ("prefill", "1")]),
            ("fewer-keys-than-clients", &[("keys", "3"), ("mix", "exchange")]),
            ("small", &[]),
            ("grow", &[("mix", "grow"), ("prefill", "0"), ("zipf", "1")]),
            ("reads", &[("reads", "50"), ("work-inside", "3"), ("work-outside", "3")]),
            ("shared-keys", &[("mix", "exchange"), ("keys", "3"), ("touch", "any")]),
        ],
    ),
    (
        "histogram",
        &[
            ("empty", &[("n", "0")]),
            ("one", &[("n", "1"), ("buckets", "1")]),
            ("fewer-values-than-clients", &[("n", "5")]),
            ("small", &[]),
            ("skewed", &[("skew", "1.5"), ("buckets", "100")]),
        ],
    ),
    (
        "tree-sum",
        &[
            ("one", &[("nodes", "1")]),
            ("seven", &[("nodes", "7")]),
            ("small", &[]),
            ("cut-off", &[("cut-off", "2")]),
            ("one-leaf", &[("nodes", "127"), ("cut-off", "24")]),
        ],
    ),
    (
        "n-queens",
        &[
            ("one", &[("n", "1")]),
            ("none", &[("n", "2")]),
            ("small", &[]),
            ("one-leaf", &[("cut-off", "0")]),
            ("all-rows", &[("cut-off", "6")]),
        ],
    ),
    ("uts", &[("geometric", &[("tree", "tiny-geo")]), ("binomial", &[("tree", "tiny-bin")])]),
    (
        "sort",
        &[
            ("empty", &[("n", "0")]),
            ("one", &[("n", "1"), ("cut-off", "1")]),
            ("odd", &[("n", "37"), ("cut-off", "1"), ("distribution", "reversed")]),
            ("small", &[]),
            ("one-leaf", &[("cut-off", "4096"), ("distribution", "few-values")]),
        ],
    ),
    (
        "task-graph",
        &[
            ("one", &[("width", "1"), ("steps", "1"), ("iterations", "1")]),
            ("one-point", &[("width", "1")]),
            ("one-step", &[("steps", "1"), ("width", "7")]),
            ("trivial", &[("dependence", "trivial"), ("kernel", "empty")]),
            ("no-comm", &[("dependence", "no-comm")]),
            ("stencil", &[("bytes", "64B")]),
            ("fft", &[("dependence", "fft"), ("width", "8")]),
            ("tree", &[("dependence", "tree"), ("kernel", "imbalance")]),
            ("all-to-all", &[("dependence", "all-to-all"), ("bytes", "8B")]),
            ("nearest", &[("dependence", "nearest"), ("radius", "4"), ("kernel", "memory"), ("working-set", "128B")]),
            ("random", &[("dependence", "random"), ("width", "33"), ("fraction", "0.5")]),
            ("large-edges", &[("bytes", "32KiB")]),
        ],
    ),
    (
        "ring",
        &[
            ("one-lap", &[("hops", "2")]),
            ("odd", &[("stages", "5"), ("hops", "15")]),
            ("rendezvous", &[("stages", "3"), ("capacity", "0")]),
            ("large-payload", &[("payload", "64KiB"), ("hops", "20")]),
            ("same-cpu", &[("placement", "same-cpu")]),
            ("cross-cpu", &[("placement", "cross-cpu"), ("capacity", "64")]),
        ],
    ),
    (
        "log-pipeline",
        &[
            ("empty", &[("records", "0")]),
            ("one", &[("records", "1"), ("record", "1B")]),
            ("small", &[]),
            ("rendezvous", &[("capacity", "0")]),
            ("slow", &[("records", "5"), ("slow", "300"), ("capacity", "1")]),
            ("large-blocks", &[("records", "3"), ("record", "256KiB")]),
        ],
    ),
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

fn group(workload: &Listed, cells: &[Cell], name: &str, changed: &[(&str, &str)], workers: usize) -> Vec<Trial> {
    let mut knobs = (workload.sized)(Size::Smoke);
    for (id, text) in changed {
        let knob = workload.knobs.iter().find(|knob| knob.id == *id);
        let knob = knob.unwrap_or_else(|| panic!("{} has no knob `{id}`", workload.id));
        knobs.insert((*id).to_owned(), knob.parse(text).unwrap_or_else(|why| panic!("{why}")));
    }
    (workload.check)(&knobs).unwrap_or_else(|why| panic!("{}:{name}: {why}", workload.id));
    let of_workload = || cells.iter().filter(|cell| cell.workload == workload.id);
    let reference = of_workload().find(|cell| cell.contender() == "sequential/plain").cloned();
    of_workload()
        .map(|cell| {
            let title = format!("{}:{name}/{}/w{workers}", workload.id, cell.contender());
            let ignored = matches!(cell.support, Support::NotApplicable { .. }) || (cell.refuses)(&knobs).is_some();
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
