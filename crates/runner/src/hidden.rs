//! The hidden verbs: `__sample` serves one sample, `__worker CELL ADDRESS` is a worker process of a strategy.
//!
//! A worker looks itself up in the same list of cells as everybody else: there is no second registry.

use std::ffi::OsString;
use std::io::BufReader;
use std::process::ExitCode;

use harness::protocol::Config;
use patterns::Respawn;
use patterns::cell::Cell;
use suite::{Models, Suite};

pub(crate) const SAMPLE: &str = "__sample";
const WORKER: &str = "__worker";

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
        [WORKER, cell, address] => work(&suite.cells, cell, address).inspect_err(|error| eprintln!("{error}")).is_ok(),
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

fn find(cells: &[Cell], config: &Config) -> Result<(Cell, Respawn), String> {
    let Config { workload, model, strategy, .. } = config;
    let same = |cell: &&Cell| cell.workload == workload && cell.model == model && cell.strategy == strategy;
    let cell =
        cells.iter().find(same).ok_or_else(|| format!("this program has no cell {workload}/{model}/{strategy}"))?;
    Ok((cell.clone(), respawn(cell)))
}

fn work(cells: &[Cell], name: &str, address: &str) -> Result<(), String> {
    let cell = cells.iter().find(|cell| format!("{cell:?}") == name);
    // One line: the parent passes it on as the reason of a failed cell.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!(" at {place}")).unwrap_or_default();
        eprintln!("a worker process panicked{place}: {}", panic.payload_as_str().unwrap_or("(no message)"));
    }));
    let worker = cell.and_then(|cell| cell.worker).ok_or_else(|| format!("{name} has no worker processes"))?;
    worker(address).map_err(|error| format!("{name}: {error}"))
}
