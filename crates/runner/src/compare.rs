//! `compare`: measure, then write the report.

use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use harness::ProcessSampler;
use harness::engine::{Group, Settings};
use results::journal::PlannedGroup;
use results::{CellStatus, Run, RunStatus, Verdict};
use suite::{Models, Suite};

use crate::cli::{Format, Gate};
use crate::measure::{self, Measured, Place, Recipe};
use crate::progress::short;
use crate::{cli, exit, hazards, interrupt, known, output, render, resume, selection, sweep};

/// Chance of a false separation in a group, over all looks.
pub(crate) const ALPHA: f64 = 0.05;
/// Half-width of the tie band where nobody says another.
pub(crate) const DELTA: f64 = 0.05;
/// A/A twins of a run: enough to tell an engine that errs in a third of its tests from one that errs in a twentieth.
const TWINS: u32 = 15;
/// How long the cell of each model runs in one process, with `--thorough`.
const SOAK: Duration = Duration::from_secs(5);

pub(crate) fn run<M: Models>(suite: &Suite<M>, arguments: &cli::Compare) -> Result<u8> {
    if arguments.open && !arguments.format.contains(&Format::Html) {
        bail!("--open shows the page, and `--format` leaves it out; add html");
    }
    let private = interrupt::private_folder()?;
    let (measured, gates) = if let Some(run) = &arguments.resume {
        let mut stored = resume::stored(run)?;
        let measured = if stored.complete {
            output::note("nothing to resume: that run is complete");
            let run = render::folder(&stored.place.folder, &arguments.format)?;
            Measured { run, folder: stored.place.folder }
        } else {
            let recipe = recipe(suite, &stored.arguments, private.path())?;
            resume::same_plan(&stored.place.past, &recipe.groups, &recipe.settings)?;
            stored.place.journal.cut(stored.stands)?;
            interrupt::listen()?;
            measure::measure(recipe, stored.place, &arguments.talk, &arguments.format)?
        };
        (measured, stored.arguments.fail_on)
    } else {
        let recipe = recipe(suite, arguments, private.path())?;
        if arguments.plan {
            output::out(&plan(&recipe))?;
            return Ok(exit::OK);
        }
        let place = Place::new(arguments.out.as_deref(), &recipe)?;
        let measured = measure::measure(recipe, place, &arguments.talk, &arguments.format)?;
        if arguments.out.is_none() {
            output::latest(&measured.folder)?;
        }
        (measured, Vec::new())
    };
    let Measured { run, folder } = &measured;
    if !arguments.talk.quiet {
        output::out(&conclude(run, folder, arguments, &|cell| !is_own(suite, cell)))?;
    }
    if arguments.open {
        output::open(&folder.join(output::PAGE));
    }
    Ok(match measure::code(run) {
        // A run that goes on keeps the gates it was started with, unless others are named.
        exit::OK if arguments.fail_on.is_empty() => gate(run, &gates),
        exit::OK => gate(run, &arguments.fail_on),
        code => code,
    })
}

/// Whether `repro` can run it: a program from elsewhere it cannot.
fn is_own<M>(suite: &Suite<M>, cell: &results::Cell) -> bool {
    suite.cells.iter().any(|own| own.model == cell.model && own.strategy == cell.strategy)
}

fn recipe<M: Models>(suite: &Suite<M>, arguments: &cli::Compare, folder: &Path) -> Result<Recipe> {
    let cli::Compare { selection, effort, .. } = arguments;
    let hazards = if arguments.hazards { hazards::all(suite) } else { Vec::new() };
    let (mut groups, hazards) = selection::groups_and_hazards(suite, selection, folder, hazards)?;
    // Where there are only hazards, nothing is measured that it would vouch for.
    if !groups.is_empty() {
        groups.extend(known::effects(suite, &[known::SENTINEL], selection.seed, folder)?);
    }
    let mut settings = settings(effort, selection.seed);
    // A long run takes longer than calibration says: it has half of what a sample may take.
    settings.soak = settings.soak.map(|soak| soak.min(selection.timeout / 2));
    let sampler = ProcessSampler::new(selection.timeout).pinned(effort.pin);
    let (later, private) = (Vec::new(), folder.to_owned());
    Ok(Recipe { groups, later, settings, sampler, pinned: effort.pin, hazards, private, goes_on: true })
}

pub(crate) fn settings(effort: &cli::Effort, seed: u64) -> Settings {
    let cap = |seconds| Some(Duration::from_secs(seconds));
    let (looks, cap) = match effort {
        cli::Effort { rounds: Some(rounds), .. } => (vec![*rounds], None),
        cli::Effort { quick: true, .. } => (vec![16], cap(120)),
        cli::Effort { thorough: true, .. } => (vec![16, 32, 64], None),
        _ => (vec![16, 32], cap(180)),
    };
    Settings {
        seed,
        looks,
        alpha: ALPHA,
        delta: effort.tie,
        budget: effort.budget.or(cap),
        twins: if effort.no_twins { 0 } else { TWINS },
        twins_each: 1,
        serial: false,
        diagnose: true,
        soak: effort.thorough.then_some(SOAK),
    }
}

/// `--plan`.
fn plan(recipe: &Recipe) -> String {
    let mut text = String::new();
    if !recipe.groups.is_empty() {
        text += &plan_of_cells(&recipe.groups, &recipe.settings);
    }
    for one in &recipe.hazards {
        let note = match &one.planned.why {
            Some(why) => format!("not applicable: {why}"),
            None => format!("{} tries", one.tries()),
        };
        text += &format!("{}  ({note})\n", one.name());
    }
    if !recipe.hazards.is_empty() {
        let count = recipe.hazards.iter().filter(|one| one.tries() > 0).count();
        let time: Duration = recipe.hazards.iter().map(hazards::Planned::time).sum();
        text += &format!("{count} hazards, after everything else and outside the cap; about {}\n", short(time));
    }
    text
}

fn plan_of_cells(groups: &[Group], settings: &Settings) -> String {
    // A sample of a default-size cell takes about 50 ms all told; what it really takes is known after calibration.
    const SAMPLE: Duration = Duration::from_millis(60);
    let mut text = String::new();
    let mut cells = 0;
    let asked = || groups.iter().filter(|group| group.planned.known.is_empty());
    for group in asked() {
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
    let twins = settings.twins.min(asked().count() as u32);
    let checks = twins + groups.iter().filter(|group| !group.planned.known.is_empty()).count() as u32;
    let all = cells + probes + checks;
    let estimate = SAMPLE * all * rounds;
    let time = settings.budget.map_or(estimate, |budget| estimate.min(budget));
    let looks: Vec<String> = settings.looks.iter().map(ToString::to_string).collect();
    let cap = settings.budget.map_or(String::from("no cap on time"), |budget| format!("at most {}", short(budget)));
    text += &format!(
        "{cells} cells, up to {rounds} rounds, verdicts after {}; about {}, {cap}\n",
        looks.join(" and "),
        short(time)
    );
    let first = SAMPLE * all * settings.looks.first().copied().unwrap_or(0);
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
fn conclude(run: &Run, folder: &Path, arguments: &cli::Compare, guest: &dyn Fn(&results::Cell) -> bool) -> String {
    let mut text = report::terminal(run, render::terminal(arguments.talk.style.color));
    let shown = |name: &str| folder.join(name).display().to_string();
    text += &format!("samples {}\n", shown(output::JOURNAL));
    if arguments.format.contains(&cli::Format::Html) {
        text += &format!("report  {}\n", shown("index.html"));
    }
    let unfinished = run.run.status != RunStatus::Complete;
    if unfinished || std::io::stdout().is_terminal() {
        text += &format!("next    {}\n", next(run, folder, guest));
    }
    text
}

/// The next useful command.
fn next(run: &Run, folder: &Path, guest: &dyn Fn(&results::Cell) -> bool) -> String {
    let resume = format!("crossover compare --resume {}", folder.display());
    if run.run.status == RunStatus::Interrupted {
        return resume;
    }
    let open = run.groups.iter().filter(|group| group.rounds == 0).count();
    if run.run.status == RunStatus::Budget && open > 0 {
        return format!("{resume}, which goes on: {open} groups have no verdict yet");
    }
    let failed = |cell: &&results::Cell| matches!(cell.status, CellStatus::Failed | CellStatus::TimedOut);
    if let Some(cell) = run.cells.iter().filter(failed).find(|cell| !guest(cell)) {
        return format!("crossover repro {}", cell.id);
    }
    if let Some(one) = hazards::failed(run) {
        return format!("crossover compare --hazards {}{}, to try it again", hazards::PREFIX, one.id);
    }
    let open = |contrast: &&results::Contrast| contrast.verdict == Verdict::Unresolved;
    if run.groups.iter().flat_map(|group| &group.behind_leader).any(|contrast| open(&contrast)) {
        let more = run.run.looks.last().copied().unwrap_or(16) * 4;
        return format!("the same with --rounds {more}, for what is not decided");
    }
    String::from("crossover list")
}

/// What `--fail-on` makes of it.
fn gate(run: &Run, gates: &[Gate]) -> u8 {
    let open = run.contrasts.iter().filter(|contrast| contrast.verdict == Verdict::Unresolved).count();
    let early = run.groups.iter().filter(|group| group.rounds == 0).count();
    let failed = |gate: &Gate| match gate {
        Gate::Untrusted if run.trust.trusted != Some(true) => {
            Some(format!("not known to be trusted: {}", run.trust.reason))
        }
        Gate::Unresolved if open > 0 => Some(format!("{open} contrasts are unresolved")),
        Gate::Unresolved if early > 0 => Some(format!("{early} groups did not come to a look")),
        // Those that failed have an exit code of their own, which comes first.
        Gate::Untrusted | Gate::Unresolved | Gate::Failed => None,
    };
    let reasons: Vec<String> = gates.iter().filter_map(failed).collect();
    reasons.iter().for_each(|reason| output::note(&format!("gate: {reason}")));
    if reasons.is_empty() { exit::OK } else { exit::GATE }
}
