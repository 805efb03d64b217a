//! Fork-join, task graph and pipeline between processes: right answers whatever the shape, and when something goes wrong in
//! the middle of a round, an error that says what it was and whose fault, soon, with nothing left behind.

#[allow(dead_code)] // what the other tests use
mod toys;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use patterns::Error;
use patterns::cell::Cell;
use serde_json::{Value, json};
use toys::{cells, children, left, random};

type Test = fn(&Cell) -> Result<(), Failed>;

fn main() -> ExitCode {
    if let Some(code) = toys::worker() {
        return code;
    }
    // A test that hangs is a test that fails.
    thread::spawn(|| {
        thread::sleep(Duration::from_secs(240));
        eprintln!("it hangs");
        std::process::exit(1);
    });
    let tests: [(&str, Test); 4] = [("right", right), ("mishaps", mishaps), ("killed", killed), ("units", units)];
    let shapes = cells().into_iter().filter(|cell| ["tree", "grid", "belt"].contains(&cell.workload));
    let trials = shapes.flat_map(|cell| {
        tests.map(|(name, test)| {
            let cell = cell.clone();
            Trial::test(format!("{name}_{}_{}", cell.workload, cell.strategy), move || clean(&cell, test))
        })
    });
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// A test that must leave nothing behind.
fn clean(cell: &Cell, test: Test) -> Result<(), Failed> {
    let before = left();
    test(cell)?;
    // A thread that was joined, or a descriptor that it had, may be seen for a moment longer.
    for _ in 0..1000 {
        if left() == before {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(1));
    }
    Err(format!("something was left behind: {before:?}, then {:?}", left()).into())
}

/// Knobs over those of a shape that is neither long nor empty.
fn shape(cell: &Cell, knobs: &Value) -> Value {
    let mut all = toys::short(cell);
    for (knob, value) in knobs.as_object().expect("an object") {
        all[knob] = value.clone();
    }
    all
}

fn right(cell: &Cell) -> Result<(), Failed> {
    let shapes: &[Value] = &match cell.workload {
        "tree" => vec![json!({ "leaves": 1000 }), json!({ "leaves": 1 }), json!({ "leaves": 2 })],
        "grid" => vec![
            json!({ "width": 17, "steps": 33 }),
            json!({ "width": 1, "steps": 5 }),
            json!({ "width": 3, "steps": 1 }),
            json!({ "width": 5, "steps": 0 }),
            json!({ "width": 0, "steps": 5 }),
            // Several messages to each, and edges that are messages by themselves.
            json!({ "width": 60, "steps": 6, "edge_words": 2_000 }),
            json!({ "width": 60, "steps": 6, "edge_words": 20_000 }),
        ],
        _ => vec![
            json!({ "items": 1000, "capacity": 1 }),
            json!({ "items": 1000, "capacity": 100 }),
            json!({ "items": 0 }),
            json!({ "items": 10, "stages": 1 }),
            json!({ "items": 10, "item_bytes": 300_000 }),
            json!({ "items": 5, "item_bytes": 1_000_000, "capacity": 1 }),
            json!({ "items": 1, "stages": 2, "laps": 500, "capacity": 1 }),
            json!({ "items": 4, "stages": 5, "laps": 4, "capacity": 1, "item_bytes": 300_000 }),
            json!({ "items": 0, "stages": 2, "laps": 3 }),
            json!({ "items": 50, "placement": "same-cpu" }),
            json!({ "items": 50, "placement": "cross-cpu" }),
        ],
    };
    for knobs in shapes {
        // The shape of a pipeline fixes its processes.
        let workers: &[usize] = if cell.workload == "belt" { &[1] } else { &[1, 2, 7] };
        for &workers in workers {
            toys::rounds(cell, shape(cell, knobs), workers, 3)
                .map_err(|error| Failed::from(format!("{knobs}, {workers} workers: {error}")))?;
        }
    }
    Ok(())
}

/// What a run must say.
fn says(result: Result<(), Error>, what: &[&str]) -> Result<(), Failed> {
    match result {
        Err(error) if what.iter().any(|what| error.to_string().contains(what)) => Ok(()),
        Err(error) => Err(format!("it says `{error}`, not one of {what:?}").into()),
        Ok(()) => Err(format!("it went well, where it should say one of {what:?}").into()),
    }
}

fn mishaps(cell: &Cell) -> Result<(), Failed> {
    let run = |knobs: Value| toys::rounds(cell, shape(cell, &knobs), 3, 2);
    if cell.workload == "belt" {
        for at in 0..3 {
            says(run(json!({ "mishap": "panics", "at": at })), &[&format!("worker {at} panicked: as told")])?;
            says(run(json!({ "mishap": "exits", "at": at })), &[&format!("worker process {at} exited with status 0")])?;
            let ring = |mishap| json!({ "mishap": mishap, "at": at, "items": 2, "laps": 30, "item_bytes": 300_000 });
            says(run(ring("panics")), &[&format!("worker {at} panicked: as told")])?;
            says(run(ring("exits")), &[&format!("worker process {at} exited with status 0")])?;
        }
        for at in [3, 4] {
            says(run(json!({ "mishap": "panics", "at": at, "item_bytes": 300_000 })), &["panicked: as told"])?;
        }
        return Ok(());
    }
    says(run(json!({ "mishap": "panics" })), &["panicked: as told"])?;
    match cell.workload {
        // Others try it, and leave too: it is the task.
        "tree" => says(run(json!({ "mishap": "exits" })), &["exited with status 0, as did its successors"])?,
        _ => says(run(json!({ "mishap": "exits" })), &["worker process 2 exited with status 0"])?,
    }
    if cell.strategy == "messages" {
        says(run(json!({ "width": 6, "edge_words": 70_000 })), &["is too large for a message"])?;
    }
    Ok(())
}

/// A worker is killed at any moment of a round: an error that says so, or, of a pool, the right answer all the same.
fn killed(cell: &Cell) -> Result<(), Failed> {
    let shapes: &[Value] = &match cell.workload {
        "tree" => vec![json!({ "leaves": 200, "nap_us": 300 })],
        "grid" => vec![json!({ "steps": 200, "nap_us": 100, "edge_words": 1_000 })],
        _ => vec![
            json!({ "items": 300, "nap_us": 100, "item_bytes": 10_000, "capacity": 2 }),
            json!({ "items": 300, "stages": 1, "nap_us": 100 }),
            json!({ "items": 2, "stages": 4, "laps": 200, "nap_us": 50 }),
        ],
    };
    for (knobs, _) in shapes.iter().flat_map(|knobs| (0..8).map(move |time| (knobs, time))) {
        let started = AtomicBool::new(false);
        let result = thread::scope(|scope| {
            scope.spawn(|| {
                while !started.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(1));
                }
                thread::sleep(Duration::from_micros(random() % 20_000));
                let all = children();
                if let Some(victim) = all.get(random() as usize % all.len().max(1)) {
                    let _ = kill(Pid::from_raw(*victim), Signal::SIGKILL);
                }
            });
            toys::run(cell, shape(cell, knobs), 3, toys::respawn(cell), &mut |round| {
                round()?;
                started.store(true, Ordering::Relaxed);
                (0..5).try_for_each(|_| round().map(drop))
            })
            .inspect_err(|_| started.store(true, Ordering::Relaxed))
        });
        match cell.workload {
            "tree" => result?,
            _ => says(result, &["was killed by signal 9"]).map_err(|failed| format!("{knobs}: {failed:?}"))?,
        }
    }
    Ok(())
}

/// What a round says it used.
fn units(cell: &Cell) -> Result<(), Failed> {
    toys::run(cell, toys::short(cell), 3, toys::respawn(cell), &mut |round| {
        let checked = round()?;
        let (units, operations) = (checked.units, checked.observed.operations);
        let told = format!("{units:?}, {operations:?}");
        assert_eq!(units.processes, 3, "{told}");
        assert_eq!((operations.len(), operations.iter().sum::<u64>()), (3, checked.steps), "{told}");
        // 24 subtrees there and back; a go and an answer each, and who needs something; twenty items over four edges.
        let messages = match (cell.workload, cell.strategy) {
            ("tree", _) => 48,
            ("grid", "messages") => 6 + 9 * 5,
            ("grid", _) => 6,
            _ => 80,
        };
        assert_eq!(units.messages, messages, "{told}");
        assert!(units.bytes_shipped >= units.messages / 2, "{told}");
        Ok(())
    })?;
    Ok(())
}
