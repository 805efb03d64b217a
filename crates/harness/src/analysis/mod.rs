//! From a journal to results: a pure function, run once at the end, by `render`, and by the engine at every look.

mod gather;
mod hazards;
mod judge;
mod trust;

use results::journal::{Event, Plan, PlannedCell};
use results::{Contrast, Run, RunInfo, RunStatus, Verdict};

use self::gather::gather;
use self::judge::{Judged, judge};
use crate::engine::Settings;
use crate::journal::settled;
use crate::{crossovers, metg};

/// The results of a run, as far as its journal goes.
///
/// # Errors
/// Where the journal does not begin with a plan.
pub fn results(events: &[Event]) -> Result<Run, String> {
    let Some(Event::Plan(plan)) = events.first() else {
        return Err(String::from("the journal does not begin with a plan: nothing to render"));
    };
    let settings = declared(plan);
    let settled = settled(events);
    let all = gather(&settled);
    let judged: Vec<Judged> = all.iter().map(|gathered| judge(gathered, &settings)).collect();
    let mut run = Run {
        schema: results::SCHEMA.to_owned(),
        tool: plan.tool.clone(),
        run: info(plan, events),
        environment: plan.environment.clone(),
        trust: trust::trust(&settled, &all, &judged, &settings),
        cells: Vec::new(),
        contrasts: Vec::new(),
        groups: Vec::new(),
        metg: Vec::new(),
        crossovers: Vec::new(),
        hazards: hazards::hazards(&settled),
    };
    // What checks the engine is no answer to a question.
    for (gathered, judged) in all.iter().zip(judged).filter(|(gathered, _)| gathered.group.known.is_empty()) {
        run.cells.extend(gathered.group.cells.iter().map(|cell| gathered.cell(cell)));
        run.contrasts.extend(judged.contrasts);
        run.groups.push(judged.group);
    }
    run.crossovers = crossovers::crossovers(&settled, &run.groups, plan.alpha);
    run.metg = metg::metg(&settled, plan.alpha);
    Ok(run)
}

/// What a plan declares, as far as verdicts depend on it.
fn declared(plan: &Plan) -> Settings {
    let Plan { seed, looks, alpha, delta, .. } = plan;
    let (seed, looks, alpha, delta) = (*seed, looks.clone(), *alpha, *delta);
    Settings { seed, looks, alpha, delta, budget: None, ..Settings::default() }
}

/// Said of pairs of cells, old before new, on the rounds that both have: simultaneous within each group.
///
/// # Errors
/// Where the journal does not begin with a plan.
pub fn pairs(events: &[Event], pair: impl Fn(&PlannedCell, &PlannedCell) -> bool) -> Result<Vec<Contrast>, String> {
    let Some(Event::Plan(plan)) = events.first() else {
        return Err(String::from("the journal does not begin with a plan"));
    };
    let (settings, settled) = (declared(plan), settled(events));
    Ok(gather(&settled).iter().flat_map(|gathered| judge::pairs(gathered, &settings, &pair)).collect())
}

/// Whether a look at these events of one group leaves nothing to be decided.
#[must_use]
pub(crate) fn decided(events: &[Event], settings: &Settings) -> bool {
    gather(events).iter().all(|gathered| {
        let judged = judge(gathered, settings);
        let open = |contrast: &Contrast| contrast.verdict == Verdict::Unresolved;
        let best = &judged.group.best_set;
        let tied = best.iter().filter(|one| Some(*one) != judged.group.leader.as_ref());
        !judged.contrasts.iter().any(open) && tied.into_iter().all(|one| judged.group.ties.contains(one))
    })
}

fn info(plan: &Plan, events: &[Event]) -> RunInfo {
    let rounds = events.iter().filter_map(|event| if let Event::Round(round) = event { Some(round) } else { None });
    let timed: u64 = rounds.clone().map(|round| round.timed_ns).sum();
    let (status, ended) = match events.last() {
        Some(Event::End { status, ended, .. }) => (*status, ended.clone()),
        _ => (RunStatus::Interrupted, String::new()),
    };
    let wall_ns = sessions(events);
    RunInfo {
        id: plan.id.clone(),
        seed: plan.seed,
        argv: plan.argv.clone(),
        started: plan.started.clone(),
        ended,
        status,
        looks: plan.looks.clone(),
        alpha: plan.alpha,
        delta: plan.delta,
        rounds: rounds.map(|round| round.round).max().unwrap_or(0),
        wall_ns,
        timed_share: if wall_ns == 0 { 0.0 } else { timed as f64 / wall_ns as f64 },
    }
}

/// The time of all sessions of a run: what its end says, or its rounds where it was killed.
fn sessions(events: &[Event]) -> u64 {
    let (mut all, mut rounds) = (0, 0);
    for event in events {
        match event {
            Event::Round(round) => rounds += round.wall_ns,
            Event::End { wall_ns, .. } => {
                all += wall_ns;
                rounds = 0;
            }
            Event::Resumed { .. } => {
                all += rounds;
                rounds = 0;
            }
            _ => {}
        }
    }
    all + rounds
}
