//! Known effects: the sequential kernel with exactly so much more to do, against itself. What the engine says of them is
//! known beforehand.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use harness::engine::{Alternative, Group};
use harness::protocol::Config;
use patterns::Size;
use results::journal::{PlannedCell, PlannedGroup};
use suite::{Models, Suite};

use crate::selection;

/// The workload whose work is exactly proportional to one of its knobs.
const KERNEL: (&str, &str) = ("grain", "tasks");
/// Tasks of the reference: a thousandth more is one task. With those of a thousand steps, an iteration takes about 1 ms.
const TASKS: f64 = 1000.0;
/// The effect that every run looks for.
pub(crate) const SENTINEL: f64 = 1.05;
/// The effects of a power curve: the sentinel among them.
pub(crate) const CURVE: [f64; 5] = [1.0, 1.02, SENTINEL, 1.10, 1.25];

/// A group of the sequential kernel and its copies that do so many times as much; none where the suite lacks the kernel.
pub(crate) fn effects<M: Models>(suite: &Suite<M>, ratios: &[f64], seed: u64, folder: &Path) -> Result<Option<Group>> {
    group("known-effect", suite, ratios, seed, folder)
}

/// The same under a name of its own.
pub(crate) fn group<M: Models>(
    name: &str,
    suite: &Suite<M>,
    ratios: &[f64],
    seed: u64,
    folder: &Path,
) -> Result<Option<Group>> {
    let (kernel, knob) = KERNEL;
    let plain = |cell: &&patterns::cell::Cell| {
        cell.workload == kernel && (cell.model, cell.strategy) == selection::REFERENCE && cell.support.run().is_some()
    };
    let workload = suite.workloads.iter().find(|listed| listed.id == kernel);
    let (Some(workload), Some(cell)) = (workload, suite.cells.iter().find(plain)) else { return Ok(None) };
    let launcher = selection::own(folder)?;
    let mut knobs = (workload.sized)(Size::Default);
    knobs.insert(String::from("iterations"), 1000.into());
    let mut known = BTreeMap::new();
    let (mut cells, mut alternatives) = (Vec::new(), Vec::new());
    for (index, ratio) in [1.0].iter().chain(ratios).enumerate() {
        let reference = index == 0;
        let id = if reference {
            String::from("known-effect")
        } else {
            format!("known-effect/{:+.0}%", ratio * 100.0 - 100.0)
        };
        if !reference {
            known.insert(id.clone(), *ratio);
        }
        let mut knobs = knobs.clone();
        knobs.insert(knob.to_owned(), ((TASKS * ratio).round() as u64).into());
        let config = Config {
            cell: id.clone(),
            workload: kernel.to_owned(),
            knobs,
            model: cell.model.to_owned(),
            strategy: cell.strategy.to_owned(),
            workers: 1,
            cpus: selection::cpus().get() as u32,
            seed,
            warmup: 1,
            iterations: 1,
            observe: false,
            digest: None,
        };
        alternatives.push(Alternative { launcher: launcher.clone(), config, wrong: false, reference, guest: false });
        cells.push(PlannedCell {
            id,
            model: cell.model.to_owned(),
            strategy: cell.strategy.to_owned(),
            support: results::Support::Idiomatic,
            why: None,
            deliberately_wrong: false,
            reference,
            skipped: None,
            demands: Vec::new(),
            source: None,
        });
    }
    let planned = PlannedGroup {
        id: name.to_owned(),
        workload: kernel.to_owned(),
        knobs: serde_json::Map::new(),
        workers: 1,
        pattern: String::new(),
        about: String::new(),
        sweep: None,
        cells,
        known,
    };
    Ok(Some(Group { planned, alternatives, probe: 0, kind: String::new() }))
}
