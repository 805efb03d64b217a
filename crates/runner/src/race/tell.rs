//! From samples to what is told of them: how wrong each broken version was, and what each fix costs.

use std::collections::BTreeMap;

use harness::engine::Group;
use harness::statistics::median;
use results::CellStatus;
use results::journal::Outcome;
use results::race::{Broken, FAULTS, Fix, Loss, Price, Raced};

use super::take::{Sample, Version, contender};

/// The model whose broken version stands in for those that have none: what a program without a lock looks like.
const CLASSIC: &str = "threads";

/// One workload as it is told.
pub(super) fn raced(group: &Group, about: &str, versions: &[Version<'_>], rounds: u32) -> Raced {
    let planned = &group.planned;
    let broken = versions.iter().filter(|version| version.cell.wrong).map(broken).collect();
    let mut fixed: Vec<Fix> =
        versions.iter().filter(|version| !version.cell.wrong).map(|version| fix(version, versions)).collect();
    let time = |fix: &Fix| fix.elapsed_ns.unwrap_or(f64::INFINITY);
    fixed.sort_by(|a, b| time(a).total_cmp(&time(b)));
    let steps = versions.iter().flat_map(|version| &version.runs).find_map(|run| run.metrics.get("steps"));
    Raced {
        id: planned.id.clone(),
        workload: planned.workload.clone(),
        about: about.to_owned(),
        knobs: planned.knobs.clone(),
        workers: planned.workers,
        operations: steps.map(|steps| *steps as u64),
        rounds,
        broken,
        fixed,
    }
}

fn broken(version: &Version<'_>) -> Broken {
    let mut wrong: Vec<Loss> = version.runs.iter().filter(|run| run.went_wrong()).map(loss).collect();
    wrong.sort_by(|a, b| a.lost_share.total_cmp(&b.lost_share));
    let right = version.runs.iter().filter(|run| !run.went_wrong()).map(|_| 0.0);
    let shares = || right.clone().chain(wrong.iter().map(|loss| loss.lost_share));
    let (status, reason) = status(version);
    Broken {
        id: version.cell.config.cell.clone(),
        model: version.cell.config.model.clone(),
        contender: contender(&version.cell.config),
        status,
        reason,
        tries: version.tries,
        seen_at_try: version.seen_at_try,
        reproduced: !wrong.is_empty(),
        runs: version.runs.len() as u32,
        runs_wrong: wrong.len() as u32,
        lost_share_least: shares().reduce(f64::min),
        lost_share_most: shares().reduce(f64::max),
        // One that really happened, so that its figures add up.
        shown: wrong.get(wrong.len() / 2).cloned(),
        elapsed_ns: time(version),
    }
}

/// What a run that went wrong lost.
fn loss(run: &Sample) -> Loss {
    let metric = |id: &str| run.metrics.get(id).map(|value| *value as u64);
    let faults: BTreeMap<String, u64> =
        FAULTS.into_iter().filter_map(|kind| Some((kind.to_owned(), metric(kind)?))).collect();
    let lost = metric("lost_updates").unwrap_or_else(|| faults.values().sum());
    let expected = metric("expected_updates").or_else(|| metric("steps")).unwrap_or(lost);
    Loss {
        expected_updates: expected,
        actual_updates: expected.saturating_sub(lost),
        lost_updates: lost,
        lost_share: if expected > 0 { lost as f64 / expected as f64 } else { 0.0 },
        faults,
    }
}

fn fix(version: &Version<'_>, all: &[Version<'_>]) -> Fix {
    let config = &version.cell.config;
    let (status, reason) = status(version);
    let measured = status == CellStatus::Measured;
    let sequential = all.iter().find(|other| other.cell.reference).filter(|_| !version.cell.reference);
    Fix {
        id: config.cell.clone(),
        model: config.model.clone(),
        strategy: config.strategy.clone(),
        contender: contender(config),
        reference: version.cell.reference,
        status,
        reason,
        verified_runs: version.runs.len() as u32,
        lost_updates: measured.then_some(0),
        elapsed_ns: time(version).filter(|_| measured),
        price: against(&config.model, all).and_then(|other| price(version, other)).filter(|_| measured),
        to_sequential: sequential.and_then(|other| price(version, other)).filter(|_| measured),
    }
}

/// The broken version that a fix is compared with: the fastest of its own model, or else of threads, or else of all.
fn against<'v, 'g>(model: &str, all: &'v [Version<'g>]) -> Option<&'v Version<'g>> {
    let fastest = |of: &dyn Fn(&str) -> bool| {
        let timed = all.iter().filter(|version| version.cell.wrong && of(&version.cell.config.model));
        timed.filter_map(|version| Some((time(version)?, version))).min_by(|a, b| a.0.total_cmp(&b.0))
    };
    let found = fastest(&|other| other == model).or_else(|| fastest(&|other| other == CLASSIC));
    found.or_else(|| fastest(&|_| true)).map(|(_, version)| version)
}

/// Ratios are taken within rounds: what disturbed one round disturbed both.
fn price(version: &Version<'_>, other: &Version<'_>) -> Option<Price> {
    let of_round = |round: u32| other.runs.iter().find(|run| run.round == round);
    let in_rounds = version.runs.iter().filter(|run| run.round > 0);
    let ratios: Vec<f64> = in_rounds.filter_map(|run| Some(run.elapsed_ns / of_round(run.round)?.elapsed_ns)).collect();
    let least = ratios.iter().copied().reduce(f64::min)?;
    Some(Price {
        against: contender(&other.cell.config),
        ratio: median(&ratios),
        ratio_least: least,
        ratio_most: ratios.iter().copied().fold(least, f64::max),
    })
}

/// Median over the rounds: tries were taken alone, and are not comparable.
fn time(version: &Version<'_>) -> Option<f64> {
    let times: Vec<f64> = version.runs.iter().filter(|run| run.round > 0).map(|run| run.elapsed_ns).collect();
    (!times.is_empty()).then(|| median(&times))
}

fn status(version: &Version<'_>) -> (CellStatus, Option<String>) {
    match &version.trouble {
        Some(Outcome::TimedOut { reason }) => (CellStatus::TimedOut, Some(reason.clone())),
        Some(Outcome::Failed { reason }) => (CellStatus::Failed, Some(reason.clone())),
        _ if version.runs.is_empty() => {
            (CellStatus::Skipped, Some(String::from("its turn did not come (out of time, or interrupted)")))
        }
        _ => (CellStatus::Measured, None),
    }
}
