//! A run: the journal is opened, the engine drives, the report is written. What `compare`, `selfcheck` and `diff` share.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Result, anyhow};
use harness::engine::{Engine, Group, Settings};
use harness::journal::{Journal, settled};
use harness::{ProcessSampler, Sampler};
use results::journal::{Event, Plan};
use results::{CellStatus, Run, RunStatus, Tool};

use crate::progress::Progress;
use crate::{cli, exit, hazards, interrupt, output, render};

/// What is measured, and how.
pub(crate) struct Recipe {
    pub(crate) groups: Vec<Group>,
    /// Groups that join one after another, each when those before it have come to a look.
    pub(crate) later: Vec<Group>,
    pub(crate) settings: Settings,
    pub(crate) sampler: ProcessSampler,
    pub(crate) pinned: bool,
    /// What is tried when all that is over, and where it puts its sockets.
    pub(crate) hazards: Vec<hazards::Planned>,
    pub(crate) private: PathBuf,
    /// Whether `compare --resume` can go on with it.
    pub(crate) goes_on: bool,
}

/// Where a run is written: a folder with its journal, and what stands in it already.
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) journal: Journal,
    /// Empty for a new run.
    pub(crate) past: Vec<Event>,
}

impl Place {
    /// A new one. Signals are listened to from here on.
    pub(crate) fn new(out: Option<&Path>, recipe: &Recipe) -> Result<Self> {
        let started = SystemTime::now();
        let id = humantime::format_rfc3339_millis(started).to_string().replace(':', "-");
        let folder = output::folder(out, &id)?;
        let mut journal = Journal::create(&folder.join(output::JOURNAL))?;
        interrupt::listen()?;
        journal.write(&Event::Plan(Box::new(plan(recipe, &id, started))))?;
        Ok(Self { folder, journal, past: Vec::new() })
    }
}

/// What came of it.
pub(crate) struct Measured {
    pub(crate) run: Run,
    pub(crate) folder: PathBuf,
}

/// Measures, and writes the report.
pub(crate) fn measure(recipe: Recipe, place: Place, talk: &cli::Talk, formats: &[cli::Format]) -> Result<Measured> {
    let Recipe { groups, later, settings, sampler, goes_on, hazards, private, .. } = recipe;
    let Place { folder, mut journal, mut past } = place;
    if !past.is_empty() {
        let resumed = Event::Resumed { started: humantime::format_rfc3339_seconds(SystemTime::now()).to_string() };
        journal.write(&resumed)?;
        // It tells what belonged to no finished round, for this session as for whoever reads the journal later.
        past.push(resumed);
    }
    let past = settled(&past).into_owned();
    // Calibration of a stored run took no time of this one, and loading it counts for nothing.
    let clock = sampler.restarted();
    let mut sampler = clock;
    let mut progress = Progress::new(talk, groups.len() + later.len(), &settings, &past);
    let mut emit = |event: Event| {
        journal.write(&event).map_err(|error| error.to_string())?;
        progress.event(&event, clock.now());
        Ok(())
    };
    let engine = Engine::new(groups, &settings, &mut sampler, &mut emit, &interrupt::asked).resuming(&past);
    let mut later = later.into_iter();
    let mut grow = |_: &[Event]| later.next().into_iter().collect();
    let ended = engine.growing(&mut grow).run();
    // Hazards are no part of what is measured, nor of the time that it may take.
    let wall_ns = clock.now().as_nanos() as u64;
    let ended = ended.and_then(|status| match status {
        RunStatus::Interrupted => Ok(status),
        _ if hazards::attempt(&hazards, &private, &past, &mut emit, &interrupt::asked)? => Ok(status),
        _ => Ok(RunStatus::Interrupted),
    });
    progress.end();
    match ended {
        Ok(status) => {
            let ended = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
            journal.write(&Event::End { status, ended, wall_ns })?;
        }
        Err(lost) => {
            // What can still be written is; then the one line that says what was lost and what was not.
            let _ = render::folder(&folder, formats);
            let shown = folder.display();
            let on = if goes_on { format!("`crossover compare --resume {shown}` goes on, ") } else { String::new() };
            return Err(anyhow!("{lost} ({on}`crossover render {shown}` makes the report of it)"));
        }
    }
    let run = render::folder(&folder, formats)?;
    Ok(Measured { run, folder })
}

/// What is declared before the first sample.
fn plan(recipe: &Recipe, id: &str, started: SystemTime) -> Plan {
    let Settings { seed, looks, alpha, delta, budget, .. } = &recipe.settings;
    let tool = tool();
    Plan {
        schema: results::journal::SCHEMA.to_owned(),
        id: id.to_owned(),
        program: build(),
        tool,
        environment: environment(),
        argv: std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect(),
        seed: *seed,
        started: humantime::format_rfc3339_seconds(started).to_string(),
        looks: looks.clone(),
        alpha: *alpha,
        delta: *delta,
        budget_ns: budget.map(|budget| budget.as_nanos() as u64),
        pinned: recipe.pinned,
    }
}

/// This program.
pub(crate) fn tool() -> Tool {
    Tool {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        git: env!("CROSSOVER_GIT").to_owned(),
        dirty: env!("CROSSOVER_DIRTY") == "1",
    }
}

/// This machine and this build.
pub(crate) fn environment() -> results::Environment {
    let cpus = harness::machine::effective_cpus().cpus();
    let lock = include_bytes!("../../../Cargo.lock");
    harness::environment(cpus, env!("CROSSOVER_RUSTC"), env!("CROSSOVER_PROFILE"), Some(lock))
}

/// The program's file, as its size and time: a build of an uncommitted tree has no other name.
pub(crate) fn build() -> String {
    let data = std::env::current_exe().and_then(std::fs::metadata);
    let since = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).ok();
    data.ok()
        .and_then(|data| Some(format!("{} bytes, {} s", data.len(), since(data.modified().ok()?)?.as_secs())))
        .unwrap_or_default()
}

/// The exit code of a run, before gates.
pub(crate) fn code(run: &Run) -> u8 {
    let failed = |cell: &results::Cell| matches!(cell.status, CellStatus::Failed | CellStatus::TimedOut);
    match run.run.status {
        RunStatus::Interrupted => exit::INTERRUPTED,
        _ if run.cells.iter().any(failed) || hazards::failed(run).is_some() => exit::FAILED,
        _ if run.trust.trusted == Some(false) => exit::UNTRUSTED,
        RunStatus::Complete | RunStatus::Budget => exit::OK,
    }
}

#[cfg(test)]
mod tests {
    use results::Support;
    use results::journal::{PlannedCell, PlannedGroup};

    use super::*;

    /// A run of one cell, which failed or was not reached.
    fn run(fails: bool) -> Run {
        let recipe = Recipe {
            groups: Vec::new(),
            later: Vec::new(),
            settings: Settings { looks: vec![16], alpha: 0.05, delta: 0.05, ..Settings::default() },
            sampler: ProcessSampler::new(std::time::Duration::from_secs(1)),
            pinned: false,
            hazards: Vec::new(),
            private: PathBuf::new(),
            goes_on: true,
        };
        let cell = PlannedCell {
            id: String::from("toy/m/s/w1"),
            model: String::from("m"),
            strategy: String::from("s"),
            support: Support::Idiomatic,
            why: None,
            deliberately_wrong: false,
            reference: true,
            skipped: None,
            demands: Vec::new(),
            source: None,
        };
        let group = PlannedGroup {
            id: String::from("toy/w1"),
            workload: String::from("toy"),
            knobs: serde_json::Map::new(),
            workers: 1,
            pattern: String::new(),
            about: String::new(),
            sweep: None,
            known: std::collections::BTreeMap::new(),
            cells: vec![cell],
        };
        let mut events = vec![Event::Plan(Box::new(plan(&recipe, "id", SystemTime::UNIX_EPOCH))), Event::Group(group)];
        if fails {
            events.push(Event::Sample(results::journal::Sample {
                round: 0,
                group: String::from("toy/w1"),
                cell: String::from("toy/m/s/w1"),
                position: 0,
                outcome: results::journal::Outcome::Failed { reason: String::from("it broke") },
            }));
        }
        events.push(Event::End { status: RunStatus::Complete, ended: String::new(), wall_ns: 1 });
        harness::analysis::results(&events).expect("a plan")
    }

    #[test]
    fn where_several_hold_the_worst_is_the_exit_code() {
        let with = |fails: bool, status: RunStatus, trusted: Option<bool>| {
            let mut run = run(fails);
            run.run.status = status;
            run.trust.trusted = trusted;
            code(&run)
        };
        assert_eq!(with(false, RunStatus::Complete, None), exit::OK);
        assert_eq!(with(false, RunStatus::Budget, Some(true)), exit::OK);
        assert_eq!(with(false, RunStatus::Complete, Some(false)), exit::UNTRUSTED);
        assert_eq!(with(true, RunStatus::Budget, Some(false)), exit::FAILED);
        assert_eq!(with(true, RunStatus::Interrupted, Some(false)), exit::INTERRUPTED);
    }
}
