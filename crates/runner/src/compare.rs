//! `compare`: measure, then write the report.

use std::io::IsTerminal;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Result, anyhow};
use harness::engine::{Engine, Group, Settings};
use harness::journal::Journal;
use harness::{ProcessSampler, Sampler};
use results::journal::{Event, Plan, PlannedGroup};
use results::{CellStatus, Run, RunStatus, Tool, Verdict};
use suite::{Models, Suite};

use crate::progress::{Progress, short};
use crate::{cli, exit, interrupt, known, output, render, selection, sweep};

/// Chance of a false separation in a group, over all looks.
const ALPHA: f64 = 0.05;
/// Half-width of the tie band.
const DELTA: f64 = 0.05;

pub(crate) fn run<M: Models>(suite: &Suite<M>, arguments: &cli::Compare) -> Result<u8> {
    let private = interrupt::private_folder()?;
    let mut groups = selection::groups(suite, &arguments.selection, private.path())?;
    groups.extend(known::effects(suite, &[known::SENTINEL], arguments.selection.seed, private.path())?);
    let settings = settings(arguments);
    if arguments.plan {
        output::out(&plan(&groups, &settings))?;
        return Ok(exit::OK);
    }
    let started = SystemTime::now();
    let id = humantime::format_rfc3339_millis(started).to_string().replace(':', "-");
    let folder = output::folder(arguments.out.as_deref(), &id)?;
    let mut journal = Journal::create(&folder.join(output::JOURNAL))?;
    interrupt::listen()?;
    let mut sampler = ProcessSampler::new(arguments.selection.timeout);
    journal.write(&Event::Plan(Box::new(declared(&settings, &id, started))))?;
    let shown = if arguments.quiet { cli::Progress::None } else { arguments.progress };
    let mut progress = Progress::new(shown, groups.len(), &settings.looks, settings.budget);
    let clock = sampler;
    let mut emit = |event: Event| {
        journal.write(&event).map_err(|error| error.to_string())?;
        progress.event(&event, clock.now());
        Ok(())
    };
    let ended = Engine::new(groups, &settings, &mut sampler, &mut emit, &interrupt::asked).run();
    progress.end();
    let status = match ended {
        Ok(status) => {
            let wall_ns = clock.now().as_nanos() as u64;
            let ended = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
            journal.write(&Event::End { status, ended, wall_ns })?;
            status
        }
        Err(lost) => {
            // What can still be written is; then the one line that says what was lost and what was not.
            let _ = render::folder(&folder, &arguments.format);
            return Err(anyhow!("{lost} (`crossover render {}` makes the report of it)", folder.display()));
        }
    };
    let run = render::folder(&folder, &arguments.format)?;
    if arguments.out.is_none() {
        output::latest(&folder)?;
    }
    if !arguments.quiet {
        output::out(&conclude(&run, &folder, arguments))?;
    }
    Ok(code(&run, status))
}

fn settings(arguments: &cli::Compare) -> Settings {
    let (looks, cap) = match (arguments.rounds, arguments.quick) {
        (Some(rounds), _) => (vec![rounds], None),
        (None, true) => (vec![16], Some(Duration::from_secs(120))),
        (None, false) => (vec![16, 32], Some(Duration::from_secs(180))),
    };
    let budget = arguments.budget.or(cap);
    Settings {
        seed: arguments.selection.seed,
        looks,
        alpha: ALPHA,
        delta: DELTA,
        budget,
        twins: 15,
        diagnose: false,
        soak: None,
    }
}

/// What is declared before the first sample.
fn declared(settings: &Settings, id: &str, started: SystemTime) -> Plan {
    let cpus = selection::cpus().get() as f64;
    let lock = include_bytes!("../../../Cargo.lock");
    Plan {
        schema: results::journal::SCHEMA.to_owned(),
        id: id.to_owned(),
        tool: Tool {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            git: env!("CROSSOVER_GIT").to_owned(),
            dirty: env!("CROSSOVER_DIRTY") == "1",
        },
        environment: harness::environment(cpus, env!("CROSSOVER_RUSTC"), env!("CROSSOVER_PROFILE"), Some(lock)),
        argv: std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect(),
        seed: settings.seed,
        started: humantime::format_rfc3339_seconds(started).to_string(),
        looks: settings.looks.clone(),
        alpha: settings.alpha,
        delta: settings.delta,
        budget_ns: settings.budget.map(|budget| budget.as_nanos() as u64),
        program: String::new(),
        pinned: false,
    }
}

/// `--plan`.
fn plan(groups: &[Group], settings: &Settings) -> String {
    // A sample of a default-size cell takes about 50 ms all told; what it really takes is known after calibration.
    const SAMPLE: Duration = Duration::from_millis(60);
    let mut text = String::new();
    let mut cells = 0;
    for group in groups {
        text += &format!("{}\n", group.planned.id);
        for cell in &group.planned.cells {
            let note = match (&cell.skipped, &cell.why) {
                (Some(why), _) => format!("  (skipped: {why})"),
                (None, Some(why)) if cell.support == results::Support::NotApplicable => {
                    format!("  (not applicable: {why})")
                }
                _ => String::new(),
            };
            text += &format!("  {}{note}\n", cell.id);
        }
        cells += group.alternatives.len() as u32;
    }
    let swept = groups.iter().filter_map(|group| Some((group.planned.sweep.as_ref()?, swept_value(&group.planned))));
    sweep::described(swept).iter().for_each(|line| text += &format!("{line}\n"));
    let rounds = settings.looks.last().copied().unwrap_or(0);
    let probes = groups.iter().filter(|group| group.probe > 0).count() as u32;
    let estimate = SAMPLE * (cells + probes) * rounds;
    let time = settings.budget.map_or(estimate, |budget| estimate.min(budget));
    let looks: Vec<String> = settings.looks.iter().map(ToString::to_string).collect();
    let cap = settings.budget.map_or(String::from("no cap on time"), |budget| format!("at most {}", short(budget)));
    text += &format!(
        "{cells} cells, up to {rounds} rounds, verdicts after {}; about {}, {cap}\n",
        looks.join(" and "),
        short(time)
    );
    let first = SAMPLE * (cells + probes) * settings.looks.first().copied().unwrap_or(0);
    if settings.budget.is_some_and(|budget| first > budget) {
        let minutes = first.as_secs() / 60 + 2;
        text +=
            &format!("the first verdicts need about {}: give it `--budget {minutes}m`, or less to do\n", short(first));
    }
    text
}

/// The value of the swept knob as it stands in IDs, or as a plain number where it is the default and stands in none.
fn swept_value(planned: &PlannedGroup) -> String {
    let Some(sweep) = &planned.sweep else { return String::new() };
    let (_, knobs) = planned.id.rsplit_once("/w").map_or("", |(label, _)| label).split_once(':').unwrap_or_default();
    let named = knobs.split(',').find_map(|knob| knob.strip_prefix(sweep.knob.as_str())?.strip_prefix('='));
    let default = || format!("{} {}", sweep.value, sweep.unit).trim_end().to_owned() + " (the default)";
    named.map_or_else(default, str::to_owned)
}

/// What stands on stdout at the end.
fn conclude(run: &Run, folder: &Path, arguments: &cli::Compare) -> String {
    let mut text = report::terminal(run, render::terminal(arguments.style.color));
    let shown = |name: &str| folder.join(name).display().to_string();
    text += &format!("samples {}\n", shown(output::JOURNAL));
    if arguments.format.contains(&cli::Format::Html) {
        text += &format!("report  {}\n", shown("index.html"));
    }
    if std::io::stdout().is_terminal() {
        text += &format!("next    {}\n", next(run, folder, arguments));
    }
    text
}

/// The next useful command.
fn next(run: &Run, folder: &Path, arguments: &cli::Compare) -> String {
    // A program from elsewhere cannot be run by `repro`.
    let guest =
        |cell: &results::Cell| arguments.selection.contender.iter().any(|text| text.starts_with(&cell.contender));
    let failed = |cell: &&results::Cell| matches!(cell.status, CellStatus::Failed | CellStatus::TimedOut);
    if let Some(cell) = run.cells.iter().filter(failed).find(|cell| !guest(cell)) {
        return format!("crossover repro {}", cell.id);
    }
    if run.run.status == RunStatus::Interrupted {
        return format!("crossover render {}", folder.display());
    }
    let open = |contrast: &&results::Contrast| contrast.verdict == Verdict::Unresolved;
    if run.groups.iter().flat_map(|group| &group.behind_leader).any(|contrast| open(&contrast)) {
        let more = run.run.looks.last().copied().unwrap_or(16) * 4;
        return format!("the same with --rounds {more}, for what is not decided");
    }
    String::from("crossover list")
}

fn code(run: &Run, status: RunStatus) -> u8 {
    let failed = |cell: &results::Cell| matches!(cell.status, CellStatus::Failed | CellStatus::TimedOut);
    match status {
        RunStatus::Interrupted => exit::INTERRUPTED,
        _ if run.cells.iter().any(failed) => exit::FAILED,
        RunStatus::Complete | RunStatus::Budget => exit::OK,
    }
}
