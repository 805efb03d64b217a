//! `python-check`: the models of a global lock and of its removal against their bands, and against real interpreters.

mod bands;
mod experiments;
mod program;
mod take;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use harness::launcher::Launcher;
use harness::protocol::Config;
use harness::statistics::{interval, median};
use harness::{ProcessSampler, Sampler};
use results::python_check::{Checked, Figure, PythonCheck, Real, SCHEMA, Verdict};
use suite::{Models, Suite};

use self::bands::{Band, Quantity};
use self::experiments::{Interval, What};
use self::take::{All, Task, Who, take};
use crate::progress::Parts;
use crate::python::{self, Python};
use crate::{cli, exit, hidden, interrupt, output, render, selection};

pub(crate) use self::experiments::Build;
pub(crate) use self::program::{in_build, serve};

/// Others may keep this part of a CPU busy, and a figure outside of its band is still called so.
const QUIET: f64 = 0.3;
/// Error of an interval.
const ALPHA: f64 = 0.05;
/// 5 ms is so many increments of CPython's with 50 squares in the window.
const INCREMENTS: f64 = 3700.0;
/// The programs in a real interpreter.
const SCRIPT: &str = include_str!("programs.py");

pub(crate) fn run<M: Models>(suite: &Suite<M>, arguments: &cli::PythonCheck) -> Result<u8> {
    if let Some(folder) = &arguments.out {
        output::folder(Some(folder), "")?;
    }
    let bands = chosen(&arguments.filters)?;
    let pythons = if arguments.no_python { Vec::new() } else { python::for_check(&arguments.python)? };
    interrupt::listen()?;
    let mut sampler = ProcessSampler::new(arguments.timeout);
    let mut parts = Parts::new(arguments.progress);
    parts.part(String::from("calibration: the time of an increment"));
    let increment_ns = increment(&mut sampler)?;
    let tasks = tasks(suite, &bands, &pythons, increment_ns)?;
    let mut at = 0;
    let mut tell = |now: take::Now<'_>| {
        if at != now.round {
            at = now.round;
            parts.part(format!("round {at} of {}: {} programs", arguments.rounds, now.of));
        }
        parts.running(&format!("{}/{} {}", now.done + 1, now.of, now.experiment));
    };
    let (all, rounds, foreign) =
        take(&tasks, (arguments.rounds, arguments.seed), &mut sampler, &mut tell, &interrupt::asked);
    parts.end();
    let foreign_cpus = (!foreign.is_empty()).then(|| median(&foreign));
    let noisy = foreign_cpus.is_some_and(|cpus| cpus > QUIET);
    let check = PythonCheck {
        schema: SCHEMA.to_owned(),
        cpus: selection::cpus().get() as u32,
        rounds,
        seed: arguments.seed,
        foreign_cpus,
        noisy,
        interrupted: interrupt::asked(),
        interpreters: pythons.iter().map(Python::described).collect(),
        bands: bands.iter().map(|band| checked(band, &all, &pythons, noisy)).collect(),
    };
    show(&check, arguments)?;
    let failed = all.iter().any(|((who, _), taken)| who.is_none() && taken.trouble.is_some());
    Ok(code(&check, failed))
}

fn show(check: &PythonCheck, arguments: &cli::PythonCheck) -> Result<()> {
    let json = serde_json::to_string(check)? + "\n";
    if arguments.json {
        output::out(&json)?;
    } else {
        output::out(&report::python_check(check, render::terminal(arguments.style.color)))?;
    }
    if let Some(folder) = &arguments.out {
        output::replace(&folder.join("check.json"), &json)?;
        output::replace(&folder.join("report.md"), &report::python_check_markdown(check))?;
        output::replace(&folder.join("index.html"), &report::python_check_html(check))?;
    }
    Ok(())
}

/// Bands outside are what was asked for; only what follows from the algorithm must hold, and the model must run.
fn code(check: &PythonCheck, failed: bool) -> u8 {
    let broken = |row: &Checked| row.deterministic && row.verdict == Verdict::Outside;
    if check.interrupted {
        exit::INTERRUPTED
    } else if failed || check.bands.iter().any(broken) {
        exit::FAILED
    } else {
        exit::OK
    }
}

/// The bands that filters name.
fn chosen(filters: &[String]) -> Result<Vec<Band>> {
    let mut bands = bands::all();
    for filter in filters {
        let hit = |band: &Band| band.id.contains(filter.as_str()) || band.topic.contains(filter.as_str());
        if !bands.iter().any(hit) {
            let all = bands.iter().map(|band| band.id);
            bail!("{}", crate::id::unknown("band", filter, all));
        }
    }
    let named = |band: &Band| {
        filters.iter().any(|filter| band.id.contains(filter.as_str()) || band.topic.contains(filter.as_str()))
    };
    bands.retain(|band| filters.is_empty() || named(band));
    Ok(bands)
}

/// How long an increment takes in the build with the lock, ns: one sample, for the interval that is scaled to it.
fn increment(sampler: &mut impl Sampler) -> Result<f64> {
    const ALONE: What =
        What::Program { program: "cache-alone", build: Build::Gil, set: &[], interval: Interval::Shipped };
    let task = model("cache-alone", ALONE, 0.0)?;
    let metrics = take::sample(&task, sampler).map_err(|why| anyhow::anyhow!("cache-alone: {why}"))?;
    let value = |id: &str| metrics.get(id).copied().with_context(|| format!("cache-alone says no `{id}`"));
    Ok(value("elapsed_ns")? / value("value")?)
}

/// Everything that the bands need, of the model and of each interpreter.
fn tasks<M: Models>(suite: &Suite<M>, bands: &[Band], pythons: &[Python], increment_ns: f64) -> Result<Vec<Task>> {
    let ours: BTreeSet<String> = bands.iter().flat_map(|band| band.quantity.needs()).collect();
    let theirs: BTreeSet<String> =
        bands.iter().filter_map(|band| band.real.as_ref()).flat_map(Quantity::needs).collect();
    let mut tasks = Vec::new();
    for (id, what) in experiments::all() {
        if ours.contains(&id) {
            tasks.push(match what {
                What::Program { .. } => model(&id, what, increment_ns)?,
                What::Cell { .. } | What::Real { .. } => cell(suite, &id, what)?,
            });
        }
        if theirs.contains(&id) {
            let able = |python: &Python| what.asks_for_lock() == Some(python.gil);
            let able = pythons.iter().enumerate().filter(|(_, python)| able(python));
            tasks.extend(able.map(|(who, python)| real(who, python, &id, what)));
        }
    }
    Ok(tasks)
}

/// A program of the interpreter, in this program.
fn model(id: &str, what: What, increment_ns: f64) -> Result<Task> {
    let What::Program { program, build, set, interval } = what else { bail!("{id} is no program") };
    let mut knobs = experiments::knobs(set);
    let micros = match interval {
        Interval::Shipped => 5000.0,
        Interval::Micros(micros) => f64::from(micros),
        Interval::Increments => (INCREMENTS * increment_ns / 1e3).max(1.0),
    };
    knobs.insert(String::from("machine-interval-us"), (micros.round() as u64).into());
    let launcher = Launcher { argv: hidden::program()?, env: Vec::new() };
    Ok(Task { who: None, experiment: id.to_owned(), launcher, config: config(id, program, build.id(), knobs, 1) })
}

/// A cell of the matrix.
fn cell<M: Models>(suite: &Suite<M>, id: &str, what: What) -> Result<Task> {
    let What::Cell { workload, knobs, contender: (model, strategy), workers } = what else { bail!("{id} is no cell") };
    let listed = suite.workloads.iter().find(|listed| listed.id == workload);
    let there =
        suite.cells.iter().any(|cell| (cell.workload, cell.model, cell.strategy) == (workload, model, strategy));
    let Some(listed) = listed.filter(|_| there) else {
        bail!("this program has no cell {workload}/{model}/{strategy}, which the band of {id} needs");
    };
    let mut all = (listed.sized)(patterns::Size::Default);
    all.extend(experiments::knobs(knobs));
    let launcher = Launcher { argv: hidden::sample()?, env: Vec::new() };
    let mut config = config(id, workload, model, all, workers);
    strategy.clone_into(&mut config.strategy);
    config.warmup = 1;
    Ok(Task { who: None, experiment: id.to_owned(), launcher, config })
}

/// The same program in a real interpreter.
fn real(who: usize, python: &Python, id: &str, what: What) -> Task {
    let (program, set, interval) = match what {
        What::Program { program, set, interval, .. } => (program, set, interval),
        What::Real { program, set } => (program, set, Interval::Shipped),
        What::Cell { .. } => (id, &[][..], Interval::Shipped),
    };
    let mut knobs = experiments::knobs(set);
    if let Interval::Micros(micros) = interval {
        knobs.insert(String::from("machine-interval-us"), micros.into());
    }
    let config = config(id, program, &python.id, knobs, 1);
    Task { who: Some(who), experiment: id.to_owned(), launcher: python.script(SCRIPT), config }
}

fn config(
    id: &str,
    workload: &str,
    model: &str,
    knobs: serde_json::Map<String, serde_json::Value>,
    workers: u32,
) -> Config {
    Config {
        cell: id.to_owned(),
        workload: workload.to_owned(),
        knobs,
        model: model.to_owned(),
        strategy: String::from("program"),
        workers,
        cpus: selection::cpus().get() as u32,
        seed: 42,
        warmup: 0,
        iterations: 1,
        observe: false,
        digest: None,
    }
}

/// A band with its figures.
fn checked(band: &Band, all: &All, pythons: &[Python], noisy: bool) -> Checked {
    let figures = |quantity: &Quantity, who: &dyn Fn(&str) -> Who| figure(quantity, all, who, band.deterministic);
    let model = figures(&band.quantity, &|_| None);
    let real = band.real.iter().flat_map(|quantity| {
        families(pythons).into_iter().filter_map(move |family| {
            // Each experiment in the interpreter of the family that has, or has not, the lock that it asks for.
            let mut used = BTreeSet::new();
            for id in quantity.needs() {
                used.insert(family.who(&id)?);
            }
            let figure = figures(quantity, &|id| family.who(id))?;
            let names: Vec<&str> = used.iter().map(|who| pythons[*who].id.as_str()).collect();
            Some(Real { id: names.join(" and "), figure })
        })
    });
    let real = real.collect();
    let reason = model.is_none().then(|| {
        let needs = band.quantity.needs();
        let trouble = needs.iter().filter_map(|id| all.get(&(None, id.clone()))?.trouble.as_ref().map(|why| (id, why)));
        let told = trouble.map(|(id, why)| format!("{id}: {why}")).next();
        told.unwrap_or_else(|| String::from("it happened in no round"))
    });
    let mut row = Checked {
        id: band.id.to_owned(),
        topic: band.topic.to_owned(),
        about: band.about.to_owned(),
        unit: band.unit.to_owned(),
        low: band.low,
        high: band.high,
        deterministic: band.deterministic,
        published: band.published.map(str::to_owned),
        model,
        real,
        verdict: Verdict::NotMeasured,
        reason,
    };
    row.verdict = row.judge(noisy);
    row
}

/// A quantity over the rounds in which all of it was measured. What follows from the algorithm is not estimated: its
/// interval is the range.
fn figure(quantity: &Quantity, all: &All, who: &dyn Fn(&str) -> Who, exact: bool) -> Option<Figure> {
    let needs = quantity.needs();
    let keys: Vec<(Who, String)> = needs.iter().map(|id| (who(id), id.clone())).collect();
    let rounds: BTreeSet<u32> =
        keys.iter().filter_map(|key| all.get(key)).flat_map(|taken| taken.rounds.keys()).copied().collect();
    let values: Vec<f64> = rounds
        .into_iter()
        .filter_map(|round| {
            let look =
                |id: &str, metric: &str| all.get(&(who(id), id.to_owned()))?.rounds.get(&round)?.get(metric).copied();
            quantity.of(&look)
        })
        .collect();
    let range = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), x| (lo.min(*x), hi.max(*x)));
    let (lo, hi) = if exact { range } else { interval(&values, ALPHA).unwrap_or(range) };
    (!values.is_empty()).then(|| Figure { median: median(&values), lo, hi, n: values.len() as u32 })
}

/// Interpreters of one version: one with the lock, one without, or only one of them.
struct Family {
    with: Option<usize>,
    without: Option<usize>,
}

impl Family {
    fn who(&self, experiment: &str) -> Who {
        let (_, what) = experiments::all().into_iter().find(|(id, _)| id == experiment)?;
        if what.asks_for_lock()? { self.with } else { self.without }
    }
}

fn families(pythons: &[Python]) -> Vec<Family> {
    let mut all: BTreeMap<&str, Family> = BTreeMap::new();
    for (index, python) in pythons.iter().enumerate() {
        let family = all.entry(python.minor()).or_insert(Family { with: None, without: None });
        let place = if python.gil { &mut family.with } else { &mut family.without };
        *place = place.or(Some(index));
    }
    all.into_values().collect()
}
