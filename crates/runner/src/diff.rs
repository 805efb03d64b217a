//! `diff`: two stored runs, which are unpaired and only described; or two revisions, measured in the same rounds, which
//! may gate.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};
use harness::ProcessSampler;
use harness::engine::{Alternative, Group};
use harness::launcher::Launcher;
use harness::{analysis, journal};
use results::journal::PlannedCell;
use results::{CellStatus, Contrast, Run, Verdict};
use suite::{Models, Suite};

use crate::measure::{self, Place, Recipe};
use crate::revision::Revision;
use crate::{cli, compare, exit, interrupt, known, output, render, selection};

/// A ratio that three samples are enough for, if all of them were slower.
const PLAIN: f64 = 2.0;

pub(crate) fn run<M: Models>(suite: &Suite<M>, arguments: &cli::Diff) -> Result<u8> {
    match (&arguments.git, &arguments.selection.filters[..]) {
        (Some(revision), _) => interleaved(suite, arguments, revision),
        (None, [a, b]) => stored(Path::new(a), Path::new(b)),
        (None, given) => bail!(
            "`diff` compares two stored runs, and was given {}: write `diff reports/runs/A reports/runs/B`, or `diff --git REV`",
            given.len()
        ),
    }
}

/// Two stored runs.
fn stored(a: &Path, b: &Path) -> Result<u8> {
    let (before, after) = (render::stored(a)?, render::stored(b)?);
    let mut text = format!(
        "{} -> {}\nUNPAIRED: measured at different times; what changed in between (machine, temperature, neighbours) is in \
         every ratio.\nOnly `diff --git REV`, which measures both in the same rounds, can tell a change of the code.\n",
        before.run.id, after.run.id
    );
    for (what, was, is) in differences(&before, &after) {
        text += &format!("differs: {what}: {was} -> {is}\n");
    }
    let of = |run: &Run| -> BTreeMap<String, (f64, f64, f64)> {
        let measured = run.cells.iter().filter(|cell| cell.status == CellStatus::Measured);
        let times = |cell: &results::Cell| match cell.metrics.get("elapsed_ns") {
            Some(results::Metric::Measured { median, p10, p90, .. }) => Some((*median, *p10, *p90)),
            _ => None,
        };
        measured.filter_map(|cell| Some((cell.id.clone(), times(cell)?))).collect()
    };
    let (was, is) = (of(&before), of(&after));
    let both: Vec<&String> = was.keys().filter(|id| is.contains_key(*id)).collect();
    if both.is_empty() {
        bail!("the runs have no measured cell in common; `crossover render RUN` shows what each has");
    }
    let width = both.iter().map(|id| id.len()).max().unwrap_or(0);
    text += &format!("{:width$}  {:>7}  spread of both runs (p10 to p90)\n", "cell", "ratio");
    for id in &both {
        let ((median, p10, p90), (median_, p10_, p90_)) = (was[*id], is[*id]);
        let apart = if p10_ > p90 || p90_ < p10 { "apart" } else { "overlap" };
        text += &format!("{id:width$}  {:>6.2}x  {:.2} to {:.2}, {apart}\n", median_ / median, p10_ / p90, p90_ / p10);
    }
    let only = |these: &BTreeMap<String, _>, those: &BTreeMap<String, (f64, f64, f64)>| {
        these.keys().filter(|id| !those.contains_key(*id)).count()
    };
    text += &format!("{} cells in both, {} only before, {} only after\n", both.len(), only(&was, &is), only(&is, &was));
    output::out(&text)?;
    Ok(exit::OK)
}

/// What may explain a difference by itself.
fn differences(a: &Run, b: &Run) -> Vec<(&'static str, String, String)> {
    let (x, y) = (&a.environment, &b.environment);
    let facts = [
        ("revision", a.tool.git.clone(), b.tool.git.clone()),
        ("processor", x.cpu.clone(), y.cpu.clone()),
        ("CPUs", x.cpus_effective.to_string(), y.cpus_effective.to_string()),
        ("kernel", x.kernel.clone(), y.kernel.clone()),
        ("compiler", x.rustc.clone(), y.rustc.clone()),
        ("Cargo.lock", x.lock_sha256.clone(), y.lock_sha256.clone()),
        ("seed", a.run.seed.to_string(), b.run.seed.to_string()),
    ];
    facts.into_iter().filter(|(_, was, is)| was != is).collect()
}

/// This program and another revision of it, in the same rounds.
fn interleaved<M: Models>(suite: &Suite<M>, arguments: &cli::Diff, revision: &str) -> Result<u8> {
    let private = interrupt::private_folder()?;
    let mut groups = selection::groups(suite, &arguments.selection, private.path())?;
    let revision = Revision::find(revision)?;
    // Before minutes of building.
    if let Some(out) = &arguments.out {
        output::folder(Some(out), "")?;
    }
    let program = revision.build()?;
    let old =
        Launcher { argv: vec![program.into(), crate::hidden::SAMPLE.into()], env: selection::own(private.path())?.env };
    groups.iter_mut().for_each(|group| add_old(group, &old, &revision.short));
    let seed = arguments.selection.seed;
    groups.extend(known::effects(suite, &[known::SENTINEL], seed, private.path())?);
    let mut settings = compare::settings(&arguments.effort, seed);
    settings.diagnose = false;
    let sampler = ProcessSampler::new(arguments.selection.timeout).pinned(arguments.effort.pin);
    let recipe = Recipe {
        groups,
        later: Vec::new(),
        settings,
        sampler,
        pinned: arguments.effort.pin,
        hazards: Vec::new(),
        private: private.path().to_owned(),
        goes_on: false,
    };
    let place = Place::new(arguments.out.as_deref(), &recipe)?;
    let formats = [cli::Format::Md, cli::Format::Html, cli::Format::Json, cli::Format::Csv];
    let measured = measure::measure(recipe, place, &arguments.talk, &formats)?;
    let events = journal::read(&measured.folder.join(output::JOURNAL))?.events;
    let suffix = suffix(&revision.short);
    let pair = |a: &PlannedCell, b: &PlannedCell| a.model == b.model && a.strategy == format!("{}{suffix}", b.strategy);
    let pairs = analysis::pairs(&events, pair).map_err(|why| anyhow::anyhow!(why))?;
    if !arguments.talk.quiet {
        output::out(&said(&pairs, &measured.run, &revision.short))?;
        output::out(&format!("report  {}\n", measured.folder.join("index.html").display()))?;
    }
    if pairs.iter().all(|pair| pair.lo.is_none()) && !interrupt::asked() {
        let failed = measured.run.cells.iter().find(|cell| cell.strategy.ends_with(&suffix) && cell.reason.is_some());
        let why = failed.and_then(|cell| cell.reason.clone()).unwrap_or_else(|| String::from("too few rounds"));
        bail!("nothing of {} could be compared: {why}", revision.short);
    }
    // Without an interval (far behind the leader, so sampled three times) only what is plain to see fails the gate.
    let plain = |contrast: &Contrast| contrast.ratio > PLAIN && contrast.won == 0;
    let slower = |contrast: &&Contrast| {
        arguments.fail_on.is_some_and(|by| contrast.lo.map_or(plain(contrast), |lo| lo > 1.0 + by))
    };
    let gated: Vec<&Contrast> = pairs.iter().filter(slower).collect();
    gated.iter().for_each(|contrast| output::note(&format!("gate: {} is {:.2}x slower", contrast.b, contrast.ratio)));
    // A cell that the other revision does not have, or not right, is said above and is nothing that this one has done.
    let mut ours = measured.run;
    ours.cells.retain(|cell| !cell.strategy.ends_with(&suffix));
    Ok(match measure::code(&ours) {
        exit::OK if !gated.is_empty() => exit::GATE,
        code => code,
    })
}

fn suffix(short: &str) -> String {
    format!("@{short}")
}

/// Beside each cell that runs, the same cell as the other revision has it.
fn add_old(group: &mut Group, old: &Launcher, short: &str) {
    let suffix = suffix(short);
    let olds: Vec<Alternative> = group
        .alternatives
        .iter()
        .filter(|one| !one.guest && !one.wrong)
        .map(|one| {
            let mut config = one.config.clone();
            config.cell =
                config.cell.replacen(&format!("/{}/w", config.strategy), &format!("/{}{suffix}/w", config.strategy), 1);
            Alternative { launcher: old.clone(), config, wrong: false, reference: false, guest: true }
        })
        .collect();
    for one in &olds {
        group.planned.cells.push(PlannedCell {
            id: one.config.cell.clone(),
            model: one.config.model.clone(),
            strategy: format!("{}{suffix}", one.config.strategy),
            support: results::Support::Idiomatic,
            why: None,
            deliberately_wrong: false,
            reference: false,
            skipped: None,
            demands: Vec::new(),
            source: None,
        });
    }
    group.alternatives.extend(olds);
}

fn said(pairs: &[Contrast], run: &Run, short: &str) -> String {
    let mut text = format!("{short} -> this program, in the same rounds; below 1 is faster now\n");
    let width = pairs.iter().map(|pair| pair.b.len()).max().unwrap_or(0);
    for pair in pairs {
        let word = match pair.verdict {
            Verdict::Slower => "SLOWER",
            Verdict::Faster => "faster",
            Verdict::Tie => "=",
            Verdict::Far | Verdict::Unresolved => "?",
        };
        let word = if pair.inside_band { format!("{word}, inside the tie band") } else { word.to_owned() };
        let interval = pair
            .lo
            .zip(pair.hi)
            .map_or_else(|| String::from("[too few rounds]"), |(lo, hi)| format!("[{lo:.3}, {hi:.3}]"));
        text += &format!(
            "{:width$}  {:.3} {interval:16}  {:>2}/{:<2} won  {word}\n",
            pair.b, pair.ratio, pair.won, pair.rounds
        );
    }
    let count = |verdict: Verdict| pairs.iter().filter(|pair| pair.verdict == verdict).count();
    let failed =
        run.cells.iter().filter(|cell| cell.status == CellStatus::Failed && cell.strategy.ends_with(short)).count();
    let missing = if failed > 0 { format!(", {failed} failed in {short}") } else { String::new() };
    text += &format!(
        "{} slower, {} faster, {} ties, {} unresolved{missing}; trust: {}\n",
        count(Verdict::Slower),
        count(Verdict::Faster),
        count(Verdict::Tie),
        count(Verdict::Unresolved),
        run.trust.reason
    );
    text
}
