//! The hidden verbs: `__sample` serves one sample of a cell and `__program` one of a program of the interpreter, `__worker
//! CELL ADDRESS` is a worker process of a strategy, and `__hazard ID LIMIT` tries a hazard once.
//!
//! A worker looks itself up in the same list of cells as everybody else: there is no second registry.

use std::ffi::OsString;
use std::io::BufReader;
use std::process::ExitCode;
use std::time::Duration;

use harness::protocol::Config;
use patterns::cell::Cell;
use patterns::hazard::{Hazard, Scene};
use patterns::{Error, Form, Respawn, WorkerMain};
use suite::{Models, Suite};

use crate::hazards::PREFIX;
use crate::python_check;

pub(crate) const SAMPLE: &str = "__sample";
const WORKER: &str = "__worker";
const HAZARD: &str = "__hazard";
const PROGRAM: &str = "__program";

/// If this process was started as a sample or as a worker, it does that, and this is its exit code. Call it first in
/// `main`, in tests and benches as well.
#[must_use]
pub fn hook<M: Models>(suite: &Suite<M>) -> Option<ExitCode> {
    let arguments = std::env::args_os().skip(1).take(3);
    // An argument that is no text is none of ours; the command line says so.
    let arguments: Vec<String> = arguments.map(|argument| argument.to_string_lossy().into_owned()).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // What goes wrong is said in the protocol.
        [SAMPLE, ..] => {
            harness::sample::serve(|config| find(&suite.cells, config), &mut BufReader::new(std::io::stdin())).is_ok()
        }
        [PROGRAM, ..] => python_check::serve(&mut BufReader::new(std::io::stdin())).is_ok(),
        [WORKER, name, address] => work(suite, name, address).inspect_err(|error| eprintln!("{error}")).is_ok(),
        [HAZARD, id, limit_ms] => {
            one_line_panics("a thread");
            harness::hazard::serve(|| scenario(suite, id, limit_ms)).is_ok()
        }
        _ => return None,
    };
    Some(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How the worker processes of a cell are started from this program.
#[must_use]
pub fn respawn(cell: &Cell) -> Respawn {
    let program = std::env::current_exe().unwrap_or_default();
    Respawn { program, arguments: vec![WORKER.into(), format!("{cell:?}").into()] }
}

/// The argv of a sample of this program.
pub(crate) fn sample() -> std::io::Result<Vec<OsString>> {
    Ok(vec![std::env::current_exe()?.into(), SAMPLE.into()])
}

/// The argv of a sample of the interpreter.
pub(crate) fn program() -> std::io::Result<Vec<OsString>> {
    Ok(vec![std::env::current_exe()?.into(), PROGRAM.into()])
}

fn find(cells: &[Cell], config: &Config) -> Result<(Cell, Respawn), String> {
    let Config { workload, model, strategy, .. } = config;
    let same = |cell: &&Cell| cell.workload == workload && cell.model == model && cell.strategy == strategy;
    let cell =
        cells.iter().find(same).ok_or_else(|| format!("this program has no cell {workload}/{model}/{strategy}"))?;
    Ok((cell.clone(), respawn(cell)))
}

/// The argv of a try of a hazard.
pub(crate) fn hazard(id: &str, limit: Duration) -> std::io::Result<Vec<OsString>> {
    let limit_ms = limit.as_millis().to_string();
    Ok(vec![std::env::current_exe()?.into(), HAZARD.into(), id.into(), limit_ms.into()])
}

fn work<M: Models>(suite: &Suite<M>, name: &str, address: &str) -> Result<(), String> {
    // The parent passes it on as the reason of a failed cell.
    one_line_panics("a worker process");
    let worker = worker(suite, name).ok_or_else(|| format!("{name} has no worker processes"))?;
    worker(address).map_err(|error| format!("{name}: {error}"))
}

fn worker<M: Models>(suite: &Suite<M>, name: &str) -> Option<WorkerMain> {
    match name.strip_prefix(PREFIX) {
        Some(id) => find_hazard(suite, id)?.worker,
        None => suite.cells.iter().find(|cell| format!("{cell:?}") == name)?.worker,
    }
}

/// `model/hazard`.
fn find_hazard<M: Models>(suite: &Suite<M>, id: &str) -> Option<&'static Hazard> {
    let (model, name) = id.split_once('/')?;
    let (_, said) = suite.hazards().into_iter().find(|(id, _)| *id == model)?;
    let Form::Has(hazards) = said else { return None };
    hazards.iter().find(|hazard| hazard.id == name)
}

fn scenario<M: Models>(suite: &Suite<M>, id: &str, limit_ms: &str) -> Result<patterns::hazard::Outcome, Error> {
    let hazard = find_hazard(suite, id).ok_or_else(|| Error::other(format!("this program has no hazard {id}")))?;
    let limit = limit_ms.parse().map(Duration::from_millis);
    let limit = limit.map_err(|_| Error::other(format!("a limit is written in milliseconds, not as `{limit_ms}`")))?;
    let program = std::env::current_exe().unwrap_or_default();
    let respawn = Respawn { program, arguments: vec![WORKER.into(), format!("{PREFIX}{id}").into()] };
    match hazard.run {
        Form::Has(run) => run(&Scene { limit, respawn }),
        Form::Lacks(why) => Err(Error::other(why)),
    }
}

/// A panic is one line on stderr, and costs no backtrace.
fn one_line_panics(who: &'static str) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(|place| format!(" at {place}")).unwrap_or_default();
        eprintln!("{who} panicked{place}: {}", panic.payload_as_str().unwrap_or("(no message)"));
    }));
}
