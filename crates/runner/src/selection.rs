//! From filters, names and knobs to the groups that run.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use globset::{GlobBuilder, GlobMatcher};
use harness::engine::{Alternative, Group};
use harness::launcher::Launcher;
use harness::protocol::Config;
use patterns::cell::{Cell, Listed};
use patterns::{Domain, Size, Support};
use results::journal::{PlannedCell, PlannedGroup};
use suite::{Models, Suite};

use crate::hazards::Planned;
use crate::id::{Variant, assignment, knob_exists, nearest, unknown};
use crate::python::{self, Python, Strategy, Supported};
use crate::{cli, sources, sweep};

/// Clients of a shared-state workload, unless asked otherwise: the classic figure.
const CLIENTS: u32 = 8;
/// The reference of every group.
pub(crate) const REFERENCE: (&str, &str) = ("sequential", "plain");

/// CPUs this process may use, after affinity and quota.
#[allow(clippy::disallowed_methods)] // the one place that counts CPUs
pub(crate) fn cpus() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// The groups that run. `folder` is where samples put their sockets.
pub(crate) fn groups<M: Models>(suite: &Suite<M>, chosen: &cli::Selection, folder: &Path) -> Result<Vec<Group>> {
    groups_and_hazards(suite, chosen, folder, Vec::new()).map(|(groups, _)| groups)
}

/// The groups that run, and which of these hazards are tried: a filter may be about either.
pub(crate) fn groups_and_hazards<M: Models>(
    suite: &Suite<M>,
    chosen: &cli::Selection,
    folder: &Path,
    mut hazards: Vec<Planned>,
) -> Result<(Vec<Group>, Vec<Planned>)> {
    let pythons = python::named(&chosen.python)?;
    let names = Names::new(suite, chosen, &pythons)?;
    let (filters, variants) = read_filters(suite, chosen)?;
    let launcher = own(folder)?;
    let guests = chosen.contender.iter().map(|text| guest(text, folder)).collect::<Result<Vec<_>>>()?;
    for (index, guest) in guests.iter().enumerate() {
        let same = |model: &str, strategy: &str| model == guest.model && strategy == guest.strategy;
        let own = suite.cells.iter().any(|cell| same(cell.model, cell.strategy));
        let own = own || pythons.iter().any(|python| python.id == guest.model);
        if own || guests[..index].iter().any(|other| same(&other.model, &other.strategy)) {
            bail!("`--contender {}/{}=..`: that name is taken; choose another", guest.model, guest.strategy);
        }
    }
    let contenders = |variant: &Variant| -> Vec<Contender> {
        let own = suite.cells.iter().filter(|cell| cell.workload == variant.workload.id);
        let own = own.map(|cell| Contender::of(cell, variant, &launcher));
        let pythons = pythons.iter().flat_map(|python| Contender::python(python, variant.workload.id, folder));
        own.chain(pythons).chain(guests.iter().cloned()).collect()
    };
    let made = |variant: &Variant, matched: &mut [bool]| -> Vec<Group> {
        let at = |workers| group(variant, workers, contenders(variant), &names, &filters, matched, chosen);
        workers(chosen, variant).into_iter().filter_map(at).collect()
    };
    let sweeps = sweep::read(&chosen.sweep, &suite.workloads)?;
    let selected = |variant: &Variant| !made(variant, &mut vec![false; filters.len()]).is_empty();
    let variants = sweep::expand(variants, &sweeps, &chosen.knob, selected)?;
    let mut matched = vec![false; filters.len()];
    let mut groups = Vec::new();
    for variant in &variants {
        groups.extend(made(variant, &mut matched).into_iter().map(|group| (variant, group)));
    }
    let offered: Vec<String> = hazards.iter().map(Planned::name).collect();
    choose(&mut hazards, &offered, &filters, &names, &mut matched);
    if let Some((filter, _)) = filters.iter().zip(&matched).find(|(_, matched)| !**matched) {
        bail!("{}", no_match(&filter.text, suite, offered));
    }
    if groups.is_empty() && hazards.is_empty() {
        bail!("the filters leave no cell to run; `crossover list` shows all of them");
    }
    let running: Vec<&Variant> = groups.iter().map(|(variant, _)| *variant).collect();
    sweep::all_used(&sweeps, &running, &suite.workloads)?;
    running.into_iter().try_for_each(Variant::check)?;
    Ok((groups.into_iter().map(|(_, group)| group).collect(), hazards))
}

/// Leaves the hazards that are meant: of the models that are, and those that filters name. Where none names any, the
/// filters are about cells.
fn choose(hazards: &mut Vec<Planned>, all: &[String], filters: &[Filter], names: &Names, matched: &mut [bool]) {
    let mut named = false;
    for (filter, matched) in filters.iter().zip(matched) {
        let here = all.iter().any(|name| filter.matches(name));
        *matched |= here;
        named |= here && !filter.excludes;
    }
    hazards.retain(|one| {
        let name = one.name();
        let any = |excludes: bool| filters.iter().any(|filter| filter.excludes == excludes && filter.matches(&name));
        names.model(&one.planned.model) && (!named || any(false)) && !any(true)
    });
}

/// How a sample of this program is started. `folder` is where it puts its sockets.
pub(crate) fn own(folder: &Path) -> Result<Launcher> {
    let argv = crate::hidden::sample().context("failed to find this program")?;
    Ok(Launcher { argv, env: vec![sockets(folder)] })
}

/// Tells a sample where it puts its sockets.
fn sockets(folder: &Path) -> (OsString, OsString) {
    (OsString::from("TMPDIR"), folder.into())
}

/// `hazards` are the names of those that the filter could have meant.
fn no_match<M>(filter: &str, suite: &Suite<M>, hazards: Vec<String>) -> String {
    let what = if hazards.is_empty() { "no cell" } else { "no cell and no hazard" };
    let cells = suite.cells.iter().map(|cell| format!("{cell:?}")).chain(hazards).collect::<Vec<_>>();
    let words: Vec<&str> = cells.iter().flat_map(|cell| cell.split('/').chain([cell.as_str()])).collect();
    let near = nearest(filter.trim_start_matches('!'), words.into_iter());
    let guess = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    format!("the filter `{filter}` matches {what}{guess} (`crossover list` shows all)")
}

/// A contender of a group, before it is known whether it runs.
#[derive(Clone)]
struct Contender {
    model: String,
    strategy: String,
    support: results::Support,
    why: Option<String>,
    wrong: bool,
    demands: Vec<String>,
    source: Option<results::Source>,
    guest: bool,
    launcher: Launcher,
}

impl Contender {
    fn of(cell: &Cell, variant: &Variant, own: &Launcher) -> Self {
        let refused = (cell.refuses)(&variant.knobs);
        Self {
            model: cell.model.to_owned(),
            strategy: cell.strategy.to_owned(),
            support: refused.map_or_else(|| support(&cell.support), |_| results::Support::NotApplicable),
            why: refused.or_else(|| cell.why()).map(str::to_owned),
            wrong: cell.wrong,
            demands: cell.demands.iter().map(|demand| demand.word().to_owned()).collect(),
            source: sources::of(cell),
            guest: false,
            launcher: own.clone(),
        }
    }

    /// Those of a real interpreter.
    fn python(python: &Python, workload: &str, folder: &Path) -> Vec<Self> {
        let mut launcher = python.sample();
        launcher.env.push(sockets(folder));
        let of = |(strategy, (support, why)): (Strategy, Supported)| Self {
            model: python.id.clone(),
            strategy: strategy.id().to_owned(),
            support,
            why: why.map(str::to_owned),
            wrong: false,
            demands: Vec::new(),
            source: None,
            guest: true,
            launcher: launcher.clone(),
        };
        python.cells(workload).into_iter().map(of).collect()
    }
}

/// What the report calls it.
pub(crate) fn support<F>(support: &Support<F>) -> results::Support {
    match support {
        Support::Idiomatic(_) => results::Support::Idiomatic,
        Support::AgainstTheGrain { .. } => results::Support::AgainstTheGrain,
        Support::NotApplicable { .. } => results::Support::NotApplicable,
    }
}

/// `model/strategy=command with arguments`.
fn guest(text: &str, folder: &Path) -> Result<Contender> {
    let form = || anyhow!("`--contender {text}`: write MODEL/STRATEGY=COMMAND, as in `python/script=python3 my.py`");
    let (name, command) = text.split_once('=').ok_or_else(form)?;
    let (model, strategy) = name.split_once('/').ok_or_else(form)?;
    let argv: Vec<OsString> = command.split_whitespace().map(OsString::from).collect();
    if model.is_empty() || strategy.is_empty() || argv.is_empty() || strategy.contains('/') {
        return Err(form());
    }
    Ok(Contender {
        model: model.to_owned(),
        strategy: strategy.to_owned(),
        support: results::Support::Idiomatic,
        why: None,
        wrong: false,
        demands: Vec::new(),
        source: None,
        guest: true,
        launcher: Launcher { argv, env: vec![sockets(folder)] },
    })
}

fn group(
    variant: &Variant,
    workers: u32,
    contenders: Vec<Contender>,
    names: &Names,
    filters: &[Filter],
    matched: &mut [bool],
    chosen: &cli::Selection,
) -> Option<Group> {
    let prefix = variant.id();
    let mut planned = PlannedGroup {
        id: format!("{prefix}/w{workers}"),
        workload: variant.workload.id.to_owned(),
        knobs: variant.changed(),
        workers,
        pattern: variant.workload.pattern.id().to_owned(),
        about: variant.workload.about.to_owned(),
        sweep: variant.swept.as_ref().map(|swept| results::Sweep {
            series: format!("{}/w{workers}", swept.place.series),
            ..swept.place.clone()
        }),
        cells: Vec::new(),
        known: BTreeMap::new(),
    };
    let mut alternatives = Vec::new();
    let mut wanted = false;
    for contender in contenders {
        let Contender { model, strategy, support, why, wrong, demands, source, guest, launcher } = contender;
        let id = format!("{prefix}/{model}/{strategy}/w{workers}");
        let reference = (model.as_str(), strategy.as_str()) == REFERENCE;
        let mut ids = vec![id.clone()];
        // A size, a knob or a text changes the ID of a workload for the whole run: `primes/` still means it.
        ids.extend(variant.base.then(|| format!("{}/{model}/{strategy}/w{workers}", variant.workload.id)));
        ids.extend(variant.swept.iter().map(|swept| format!("{}/{model}/{strategy}/w{workers}", swept.unswept)));
        let selected = passes(filters, &ids, matched) && names.pass(variant.workload.id, &model, &strategy);
        let runs = support != results::Support::NotApplicable;
        wanted |= selected && runs;
        let skipped = (runs && !selected && !reference).then(|| String::from("excluded by a filter"));
        if runs && skipped.is_none() {
            let config = Config {
                cell: id.clone(),
                workload: variant.workload.id.to_owned(),
                knobs: variant.knobs.clone(),
                model: model.clone(),
                strategy: strategy.clone(),
                workers,
                cpus: cpus().get() as u32,
                seed: chosen.seed,
                warmup: 1,
                iterations: 1,
                observe: false,
                digest: None,
            };
            alternatives.push(Alternative { launcher, config, wrong, reference, guest });
        }
        let cell = PlannedCell {
            id,
            model,
            strategy,
            support,
            why,
            deliberately_wrong: wrong,
            reference,
            skipped,
            demands,
            source,
        };
        planned.cells.push(cell);
    }
    let probe = if variant.workload.pattern.has_clients() { 0 } else { workers.min(cpus().get() as u32) };
    wanted.then_some(Group { planned, alternatives, probe, kind: variant.workload.pattern.id().to_owned() })
}

/// The worker counts of a variant: those that were asked for, but where its shape says how many units there are.
fn workers(chosen: &cli::Selection, variant: &Variant) -> Vec<u32> {
    if let Some(units) = (variant.workload.units)(&variant.knobs) {
        return vec![units];
    }
    match (&chosen.workers[..], variant.workload.pattern.has_clients()) {
        ([], true) => vec![CLIENTS],
        ([], false) => vec![cpus().get() as u32],
        (asked, _) => asked.iter().copied().collect::<BTreeSet<_>>().into_iter().collect(),
    }
}

/// Exact names.
struct Names {
    workloads: Vec<String>,
    models: Vec<String>,
    strategies: Vec<String>,
}

impl Names {
    fn new<M: Models>(suite: &Suite<M>, chosen: &cli::Selection, pythons: &[Python]) -> Result<Self> {
        let guests: Vec<&str> = chosen.contender.iter().filter_map(|text| Some(text.split_once('=')?.0)).collect();
        let guest = |part: usize| guests.iter().filter_map(move |name| name.split('/').nth(part)).collect::<Vec<_>>();
        known("workload", &chosen.workload, suite.workloads.iter().map(|workload| workload.id).collect())?;
        let models = suite.models().iter().map(|(id, _)| *id).chain(guest(0));
        let models = models.chain(pythons.iter().map(|python| python.id.as_str())).collect();
        known("model", &chosen.model, models)?;
        let theirs = pythons.iter().flat_map(|_| Strategy::ALL.map(Strategy::id));
        let strategies = suite.cells.iter().map(|cell| cell.strategy).chain(guest(1)).chain(theirs).collect();
        known("strategy", &chosen.strategy, strategies)?;
        Ok(Self {
            workloads: chosen.workload.clone(),
            models: chosen.model.clone(),
            strategies: chosen.strategy.clone(),
        })
    }

    fn pass(&self, workload: &str, model: &str, strategy: &str) -> bool {
        let among = |names: &[String], name: &str| names.is_empty() || names.iter().any(|one| one == name);
        among(&self.workloads, workload) && self.model(model) && among(&self.strategies, strategy)
    }

    fn model(&self, model: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|one| one == model)
    }
}

fn known(what: &str, given: &[String], known: Vec<&str>) -> Result<()> {
    match given.iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => bail!("{}", unknown(what, name, known.into_iter())),
        None => Ok(()),
    }
}

/// One filter.
struct Filter {
    text: String,
    excludes: bool,
    pattern: Pattern,
}

enum Pattern {
    Part(String),
    Glob(GlobMatcher),
}

impl Filter {
    fn new(text: &str, canonical: &str) -> Result<Self> {
        let pattern = canonical.trim_start_matches('!');
        if pattern.is_empty() {
            bail!("an empty filter: write part of a cell ID, such as `counter` or `threads/`");
        }
        let is_glob = pattern.contains(['*', '?', '[', '{']);
        let glob = || GlobBuilder::new(pattern).literal_separator(false).build();
        let pattern = if is_glob {
            Pattern::Glob(glob().with_context(|| format!("the filter `{text}` is not a glob"))?.compile_matcher())
        } else {
            Pattern::Part(pattern.to_owned())
        };
        Ok(Self { text: text.to_owned(), excludes: canonical.starts_with('!'), pattern })
    }

    fn matches(&self, id: &str) -> bool {
        match &self.pattern {
            Pattern::Part(part) => id.contains(part.as_str()),
            Pattern::Glob(glob) => glob.is_match(id),
        }
    }
}

/// `ids` are the ways to write one cell.
fn passes(filters: &[Filter], ids: &[String], matched: &mut [bool]) -> bool {
    let mut included = filters.iter().all(|filter| filter.excludes);
    let mut excluded = false;
    for (filter, matched) in filters.iter().zip(matched) {
        if ids.iter().any(|id| filter.matches(id)) {
            *matched = true;
            included |= !filter.excludes;
            excluded |= filter.excludes;
        }
    }
    included && !excluded
}

/// Filters, and the workloads they configure: `counter:keys=64/threads` is a filter over the cells of a variant of
/// `counter` that it brings into the matrix.
fn read_filters<M: Models>(suite: &Suite<M>, chosen: &cli::Selection) -> Result<(Vec<Filter>, Vec<Variant>)> {
    let mut variants = suite.workloads.iter().map(|workload| base(workload, chosen)).collect::<Result<Vec<_>>>()?;
    for text in &chosen.knob {
        let (owner, name, _) = knob(text)?;
        knob_exists(&suite.workloads, owner, name)?;
    }
    let mut filters = Vec::new();
    for text in &chosen.filters {
        let bare = text.trim_start_matches('!');
        let (first, rest) = bare.split_once('/').map_or((bare, None), |(first, rest)| (first, Some(rest)));
        let Some((workload, specification)) = first.split_once(':') else {
            filters.push(Filter::new(text, text)?);
            continue;
        };
        let Some(listed) = suite.workloads.iter().find(|listed| listed.id == workload) else {
            bail!("{}", unknown("workload", workload, suite.workloads.iter().map(|listed| listed.id)));
        };
        let mut variant = Variant { base: false, ..base(listed, chosen)? };
        variant.apply(specification)?;
        let bang = if text.starts_with('!') { "!" } else { "" };
        let canonical = format!("{bang}{}/{}", variant.id(), rest.unwrap_or_default());
        filters.push(Filter::new(text, &canonical)?);
        if !variants.iter().any(|other| other.id() == variant.id()) {
            variants.push(variant);
        }
    }
    Ok((filters, variants))
}

/// A workload at the chosen size with the chosen knobs.
fn base(workload: &Listed, chosen: &cli::Selection) -> Result<Variant> {
    let size = match chosen.size {
        cli::Size::Smoke => Size::Smoke,
        cli::Size::Default => Size::Default,
        cli::Size::Large => Size::Large,
    };
    let knobs = (workload.sized)(size);
    let mut variant = Variant { workload: workload.clone(), knobs, base: true, swept: None, refused: None };
    for text in &chosen.knob {
        let (owner, name, value) = knob(text)?;
        let has = workload.knobs.iter().any(|knob| knob.id == name);
        if owner.is_none_or(|owner| owner == workload.id) && (has || owner.is_some()) {
            match variant.set(name, value) {
                // Set for whoever has it; this one may not be meant.
                Err(error) if owner.is_none() => variant.refused = variant.refused.or(Some(error.to_string())),
                set => set?,
            }
        }
    }
    if let Some(file) = &chosen.text {
        let path = file.to_str().with_context(|| format!("the path {file:?} is not UTF-8"))?;
        for knob in workload.knobs.iter().filter(|knob| matches!(knob.domain, Domain::TextFile)) {
            variant.knobs.insert(knob.id.to_owned(), path.into());
        }
        (variant.workload.check)(&variant.knobs).map_err(|why| anyhow!("{}: {why}", workload.id))?;
    }
    Ok(variant)
}

/// One `--knob`.
fn knob(text: &str) -> Result<(Option<&str>, &str, &str)> {
    assignment(text).ok_or_else(|| anyhow!("`--knob {text}`: write NAME=VALUE or WORKLOAD.NAME=VALUE, as in `keys=64`"))
}
