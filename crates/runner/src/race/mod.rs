//! `race`: a stress test. Deliberately wrong versions beside their fixes: what is lost, and what not losing it costs.

mod take;
mod tell;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use harness::ProcessSampler;
use harness::engine::Group;
use results::CellStatus;
use results::race::{Race, SCHEMA};
use suite::{Models, Suite};

use self::take::{Limits, Now, take};
use crate::id::unknown;
use crate::progress::Parts;
use crate::{cli, exit, interrupt, output, render, selection};

/// A race that has not shown by then is said not to show here.
const TRIES: u32 = 20;
const TRYING: Duration = Duration::from_secs(10);

pub(crate) fn run<M: Models>(suite: &Suite<M>, arguments: &cli::Race) -> Result<u8> {
    let private = interrupt::private_folder()?;
    let groups = groups(suite, arguments, private.path())?;
    interrupt::listen()?;
    let mut race = Race {
        schema: SCHEMA.to_owned(),
        cpus: selection::cpus().get() as u32,
        seed: arguments.seed,
        interrupted: false,
        workloads: Vec::new(),
    };
    let limits = Limits {
        tries: TRIES,
        trying: TRYING,
        rounds: arguments.rounds,
        budget: arguments.budget,
        seed: arguments.seed,
    };
    let mut sampler = ProcessSampler::new(arguments.timeout);
    for group in &groups {
        if interrupt::asked() {
            break;
        }
        let mut parts = Parts::new(arguments.progress);
        let mut tell = |now: Now<'_>| match now {
            Now::Part(part) => parts.part(part),
            Now::Cell(cell) => parts.running(cell),
        };
        let (versions, rounds) = take(group, limits, &mut sampler, &mut tell, &interrupt::asked);
        parts.end();
        let listed = suite.workloads.iter().find(|listed| listed.id == group.planned.workload);
        let raced = tell::raced(group, listed.map_or("", |listed| listed.about), &versions, rounds);
        if !arguments.json {
            output::out(&report::race(&race, &raced, render::terminal(arguments.style.color)))?;
        }
        race.workloads.push(raced);
    }
    race.interrupted = interrupt::asked();
    if arguments.json {
        output::out(&format!("{}\n", serde_json::to_string(&race)?))?;
    }
    for (id, reason) in failures(&race) {
        output::note(&format!("failed: {id}: {reason}"));
    }
    Ok(code(&race))
}

/// The groups with a broken version that runs: of one workload, or of every workload that has one.
fn groups<M: Models>(suite: &Suite<M>, arguments: &cli::Race, folder: &Path) -> Result<Vec<Group>> {
    let racing = suite.cells.iter().filter(|cell| cell.wrong && cell.support.run().is_some());
    let racing: BTreeSet<&str> = racing.map(|cell| cell.workload).collect();
    if racing.is_empty() {
        bail!("no workload here has a deliberately wrong version");
    }
    let named = arguments.workload.as_deref().map(|text| text.split_once(':').map_or(text, |(name, _)| name));
    if let Some(name) = named.filter(|name| !racing.contains(name)) {
        let all = racing.iter().copied();
        if suite.workloads.iter().any(|listed| listed.id == name) {
            let all = all.collect::<Vec<_>>().join(", ");
            bail!(
                "`{name}` has no deliberately wrong version, so there is no race to show; those that have one: {all}"
            );
        }
        bail!("{}", unknown("workload with a deliberately wrong version", name, all));
    }
    let chosen = cli::Selection {
        // A configured workload is brought in by a filter; one that is not, by its name alone.
        filters: arguments.workload.iter().filter(|text| text.contains(':')).map(|text| format!("{text}/")).collect(),
        workload: named
            .map_or_else(|| racing.iter().map(|id| (*id).to_owned()).collect(), |name| vec![name.to_owned()]),
        model: Vec::new(),
        strategy: Vec::new(),
        workers: arguments.workers.into_iter().collect(),
        knob: arguments.knob.clone(),
        sweep: Vec::new(),
        size: arguments.size,
        text: None,
        seed: arguments.seed,
        contender: Vec::new(),
        python: Vec::new(),
        timeout: arguments.timeout,
    };
    let mut groups = selection::groups(suite, &chosen, folder)?;
    if !chosen.filters.is_empty() {
        // With `--size`, the defaults written out (`counter:ops=10000`) bring in a second group: the last was asked for.
        groups.drain(..groups.len() - 1);
    }
    groups.retain(|group| group.alternatives.iter().any(|one| one.wrong));
    if groups.is_empty() {
        bail!("no deliberately wrong version is applicable with these knobs: `crossover compare .. --plan` says why");
    }
    Ok(groups)
}

/// Every cell that failed, and why.
fn failures(race: &Race) -> Vec<(&str, &str)> {
    let failed = |status: CellStatus| matches!(status, CellStatus::Failed | CellStatus::TimedOut);
    let mut found = Vec::new();
    for raced in &race.workloads {
        let broken = raced.broken.iter().map(|one| (one.status, one.id.as_str(), one.reason.as_deref()));
        let fixed = raced.fixed.iter().map(|fix| (fix.status, fix.id.as_str(), fix.reason.as_deref()));
        let all = fixed.chain(broken).filter(|(status, ..)| failed(*status));
        found.extend(all.map(|(_, id, reason)| (id, reason.unwrap_or("no reason was recorded"))));
    }
    found
}

/// A race that shows is what was asked for, and one that does not is no fault of the program: only what failed is.
fn code(race: &Race) -> u8 {
    if race.interrupted {
        exit::INTERRUPTED
    } else if failures(race).is_empty() {
        exit::OK
    } else {
        exit::FAILED
    }
}

#[cfg(test)]
mod tests;
