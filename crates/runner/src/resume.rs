//! `compare --resume`: the arguments of a stored run, and where it stopped. Only the same program on the same machine may
//! go on: samples of two builds would be compared as if they were one.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Parser;
use harness::engine::{Group, Settings};
use harness::journal::Journal;
use results::RunStatus;
use results::journal::{Event, Plan};

use crate::measure::Place;
use crate::{cli, measure, output};

/// A stored run and the arguments it was started with.
pub(crate) struct Stored {
    pub(crate) place: Place,
    pub(crate) arguments: cli::Compare,
    /// Whether nothing is left to do.
    pub(crate) complete: bool,
    /// How much of the journal stands, bytes: what follows was cut by the end of that run.
    pub(crate) stands: u64,
}

/// Reads a run to go on with it. Nothing is changed yet.
pub(crate) fn stored(run: &Path) -> Result<Stored> {
    let folder = if run.is_file() { output::parent(run) } else { run };
    // What `latest` points at may change while this run goes on.
    let folder = fs::canonicalize(folder)
        .with_context(|| format!("--resume {}: failed to find it; name a run's folder", run.display()))?;
    let path = folder.join(output::JOURNAL);
    let (journal, read) = Journal::resume(&path)
        .map_err(|error| error.source)
        .with_context(|| format!("--resume {}: failed to open {}", run.display(), path.display()))?;
    let before = read.events.len();
    match &read.corrupt {
        Some((line, _)) if read.cut => {
            output::note(&format!(
                "warning: {}:{line}: was cut by the end of that run; measured again",
                path.display()
            ));
        }
        Some((line, why)) => bail!(
            "{}:{line}: not an event ({why}): what follows it would be lost; keep a copy, remove the lines from there on, and \
             resume ({before} events stand before it)",
            path.display()
        ),
        None => {}
    }
    let Some(Event::Plan(plan)) = read.events.first() else {
        bail!("{}: does not begin with a plan: there is nothing to go on with", path.display());
    };
    same_program(plan).with_context(|| format!("--resume {}", run.display()))?;
    let arguments = arguments(plan).with_context(|| format!("--resume {}", run.display()))?;
    let complete = matches!(read.events.last(), Some(Event::End { status: RunStatus::Complete, .. }));
    Ok(Stored { place: Place { folder, journal, past: read.events }, arguments, complete, stands: read.bytes })
}

/// Refuses what would mix two programs or two machines.
fn same_program(plan: &Plan) -> Result<()> {
    let (tool, here) = (measure::tool(), measure::environment());
    let there = &plan.environment;
    let revision = |tool: &results::Tool| format!("{} {}{}", tool.version, tool.git, if tool.dirty { "+" } else { "" });
    let built =
        if tool.dirty || plan.tool.dirty { (plan.program.clone(), measure::build()) } else { Default::default() };
    let memory = |bytes: u64| format!("{} MiB", bytes >> 20);
    let facts = [
        ("revision", revision(&plan.tool), revision(&tool)),
        ("build (its tree had uncommitted changes)", built.0, built.1),
        ("Cargo.lock", there.lock_sha256.clone(), here.lock_sha256.clone()),
        ("compiler", there.rustc.clone(), here.rustc.clone()),
        ("build profile", there.profile.clone(), here.profile.clone()),
        ("processor", there.cpu.clone(), here.cpu.clone()),
        ("number of CPUs", there.cpus_effective.to_string(), here.cpus_effective.to_string()),
        ("memory", memory(there.memory_bytes), memory(here.memory_bytes)),
        ("kernel", there.kernel.clone(), here.kernel.clone()),
    ];
    match facts.into_iter().find(|(_, was, is)| was != is) {
        Some((what, was, is)) => bail!(
            "the {what} was `{was}` and is `{is}`: its samples cannot be compared with new ones; `crossover render` shows what \
             it has, `crossover compare` begins anew"
        ),
        None => Ok(()),
    }
}

/// The arguments of that run.
fn arguments(plan: &Plan) -> Result<cli::Compare> {
    let parsed = cli::Cli::try_parse_from(&plan.argv);
    match parsed.map(|cli| cli.command) {
        Ok(cli::Command::Compare(arguments)) => Ok(arguments),
        Ok(_) => bail!(
            "it is a run of `{}`, and only those of `compare` go on; `crossover render` shows what it has",
            plan.argv.join(" ")
        ),
        Err(_) => bail!("this program does not understand its arguments, `{}`", plan.argv.join(" ")),
    }
}

/// Refuses a run whose plan is not what its arguments mean now, for instance because another file stands where its text
/// stood.
pub(crate) fn same_plan(past: &[Event], groups: &[Group], settings: &Settings) -> Result<()> {
    for event in past {
        match event {
            Event::Plan(plan) if plan.looks != settings.looks || plan.seed != settings.seed => {
                bail!("--resume: the run's looks or seed are not what its arguments mean now");
            }
            Event::Group(planned) if !groups.iter().any(|group| group.planned == *planned) => {
                bail!("--resume: the run measured {}, which its arguments no longer mean", planned.id);
            }
            _ => {}
        }
    }
    Ok(())
}
