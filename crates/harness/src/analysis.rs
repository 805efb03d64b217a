//! From a journal to results: a pure function, run once at the end, by `render`, and by the engine at every look.

use std::collections::BTreeMap;

use results::journal::{Event, Outcome, Plan, PlannedCell, PlannedGroup};
use results::{Cell, CellStatus, Contrast, Metric, Run, RunInfo, RunStatus, Support, Trust, Units, Verdict};

use crate::crossovers;
use crate::engine::Settings;
use crate::statistics::{self, alpha_look, median, quantile};

/// The results of a run, as far as its journal goes.
///
/// # Errors
/// Where the journal does not begin with a plan.
pub fn results(events: &[Event]) -> Result<Run, String> {
    let Some(Event::Plan(plan)) = events.first() else {
        return Err(String::from("the journal does not begin with a plan: nothing to render"));
    };
    let settings =
        Settings { seed: plan.seed, looks: plan.looks.clone(), alpha: plan.alpha, delta: plan.delta, budget: None };
    let groups = gather(events);
    let mut run = Run {
        schema: results::SCHEMA.to_owned(),
        tool: plan.tool.clone(),
        run: info(plan, events),
        environment: plan.environment.clone(),
        trust: trust(events),
        cells: Vec::new(),
        contrasts: Vec::new(),
        groups: Vec::new(),
        metg: Vec::new(),
        crossovers: Vec::new(),
    };
    for gathered in &groups {
        let judged = judge(gathered, &settings);
        run.cells.extend(gathered.group.cells.iter().map(|cell| gathered.cell(cell)));
        run.contrasts.extend(judged.contrasts);
        run.groups.push(judged.group);
    }
    run.crossovers = crossovers::crossovers(events, &run.groups, plan.alpha);
    Ok(run)
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

/// A group with everything the journal says about it.
struct Gathered<'e> {
    group: &'e PlannedGroup,
    iterations: u32,
    far: &'e [String],
    samples: BTreeMap<&'e str, Vec<Taken<'e>>>,
    failures: BTreeMap<&'e str, (CellStatus, &'e str)>,
    capacity: BTreeMap<u32, f64>,
    rounds: u32,
}

/// A sample that stands.
struct Taken<'e> {
    round: u32,
    /// Per iteration.
    elapsed_ns: f64,
    metrics: &'e BTreeMap<String, f64>,
    units: Units,
}

fn gather(events: &[Event]) -> Vec<Gathered<'_>> {
    let mut groups: Vec<Gathered<'_>> = Vec::new();
    for event in events {
        let id = match event {
            Event::Group(group) => {
                groups.push(Gathered::of(group));
                continue;
            }
            Event::Calibrated(calibrated) => &calibrated.group,
            Event::Sample(sample) => &sample.group,
            Event::Capacity { group, .. } => group,
            Event::Round(round) => &round.group,
            Event::Plan(_) | Event::End { .. } => continue,
        };
        if let Some(gathered) = groups.iter_mut().find(|gathered| gathered.group.id == *id) {
            gathered.take(event);
        }
    }
    groups
}

impl<'e> Gathered<'e> {
    fn of(group: &'e PlannedGroup) -> Self {
        Self {
            group,
            iterations: 0,
            far: &[],
            samples: BTreeMap::new(),
            failures: BTreeMap::new(),
            capacity: BTreeMap::new(),
            rounds: 0,
        }
    }

    fn take(&mut self, event: &'e Event) {
        match event {
            Event::Calibrated(calibrated) => {
                self.iterations = calibrated.iterations;
                self.far = &calibrated.far;
            }
            Event::Sample(sample) => match &sample.outcome {
                // Calibration is not a measurement: its samples are cold and of one iteration.
                Outcome::Measured { .. } if sample.round == 0 => {}
                Outcome::Measured { elapsed_ns, metrics, units, .. } => {
                    let mean = elapsed_ns.iter().sum::<u64>() as f64 / elapsed_ns.len().max(1) as f64;
                    let taken = Taken { round: sample.round, elapsed_ns: mean.max(1.0), metrics, units: *units };
                    self.samples.entry(&sample.cell).or_default().push(taken);
                }
                Outcome::Failed { reason } => {
                    self.failures.insert(&sample.cell, (CellStatus::Failed, reason));
                }
                Outcome::TimedOut { reason } => {
                    self.failures.insert(&sample.cell, (CellStatus::TimedOut, reason));
                }
            },
            Event::Capacity { round, capacity: Some(capacity), .. } => {
                self.capacity.insert(*round, *capacity);
            }
            Event::Round(round) => self.rounds = self.rounds.max(round.round),
            Event::Capacity { .. } | Event::Plan(_) | Event::Group(_) | Event::End { .. } => {}
        }
    }

    fn reference(&self) -> Option<&'e PlannedCell> {
        self.group.cells.iter().find(|cell| cell.reference)
    }

    /// Cells that are compared: measured, right, near.
    fn compared(&self) -> Vec<&'e PlannedCell> {
        let compared = |cell: &&PlannedCell| {
            let id = cell.id.as_str();
            let dull = cell.deliberately_wrong || self.failures.contains_key(id) || self.far.contains(&cell.id);
            !dull && self.samples.contains_key(id)
        };
        self.group.cells.iter().filter(compared).collect()
    }

    /// Times of these cells in the rounds up to `last` in which all of them were measured.
    fn paired(&self, cells: &[&PlannedCell], last: u32) -> Vec<Vec<f64>> {
        let by_round = |cell: &&PlannedCell| -> BTreeMap<u32, f64> {
            let samples = self.samples.get(cell.id.as_str()).into_iter().flatten();
            samples.filter(|taken| taken.round <= last).map(|taken| (taken.round, taken.elapsed_ns)).collect()
        };
        let all: Vec<BTreeMap<u32, f64>> = cells.iter().map(by_round).collect();
        let rounds: Vec<u32> = all.first().map(|one| one.keys().copied().collect()).unwrap_or_default();
        let complete = |round: &&u32| all.iter().all(|one| one.contains_key(round));
        let rounds: Vec<u32> = rounds.iter().filter(complete).copied().collect();
        all.iter().map(|one| rounds.iter().map(|round| one[round]).collect()).collect()
    }

    fn cell(&self, planned: &PlannedCell) -> Cell {
        let samples = self.samples.get(planned.id.as_str()).map_or(&[][..], Vec::as_slice);
        let failure = self.failures.get(planned.id.as_str());
        let (status, reason) = match (planned.support, &planned.skipped, failure) {
            (Support::NotApplicable, ..) => (CellStatus::NotApplicable, planned.why.clone()),
            (_, Some(why), _) => (CellStatus::Skipped, Some(why.clone())),
            (_, _, Some((status, reason))) => (*status, Some((*reason).to_owned())),
            _ if samples.is_empty() => (CellStatus::Skipped, Some(String::from("not reached before the run ended"))),
            _ => (CellStatus::Measured, planned.why.clone()),
        };
        let measured = status == CellStatus::Measured;
        Cell {
            id: planned.id.clone(),
            group: self.group.id.clone(),
            workload: self.group.workload.clone(),
            knobs: self.group.knobs.clone(),
            model: planned.model.clone(),
            strategy: planned.strategy.clone(),
            contender: format!("{}/{}", planned.model, planned.strategy),
            workers: self.group.workers,
            support: planned.support,
            status,
            reason,
            verified: (measured && !planned.deliberately_wrong)
                .then_some(true)
                .or_else(|| (status == CellStatus::Failed).then_some(false)),
            deliberately_wrong: planned.deliberately_wrong,
            reference: planned.reference,
            far: self.far.contains(&planned.id),
            primary: String::from("elapsed_ns"),
            metrics: self.metrics(samples, planned.deliberately_wrong),
            units: samples.last().map(|taken| taken.units).unwrap_or_default(),
        }
    }

    fn metrics(&self, samples: &[Taken<'_>], wrong: bool) -> BTreeMap<String, Metric> {
        let mut values: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for taken in samples {
            values.entry("elapsed_ns").or_default().push(taken.elapsed_ns);
            for (id, value) in taken.metrics {
                values.entry(id).or_default().push(*value);
            }
            if let Some(efficiency) = self.efficiency(taken) {
                values.entry("efficiency").or_default().push(efficiency);
            }
            if wrong && !taken.metrics.contains_key("lost_updates") {
                values.entry("lost_updates").or_default().push(0.0);
            }
        }
        let mut metrics: BTreeMap<String, Metric> =
            values.into_iter().map(|(id, values)| (id.to_owned(), metric(&values))).collect();
        if !samples.is_empty() && !metrics.contains_key("peak_rss_bytes") {
            let reason = String::from("needs /proc, which this system does not have");
            metrics.insert(String::from("peak_rss_bytes"), Metric::Missing { value: None, reason });
        }
        metrics
    }

    /// Speed-up over the capacity of the same round.
    fn efficiency(&self, taken: &Taken<'_>) -> Option<f64> {
        let reference = self.samples.get(self.reference()?.id.as_str())?;
        let alone = reference.iter().find(|other| other.round == taken.round)?;
        let capacity = self.capacity.get(&taken.round).filter(|capacity| **capacity > 0.0)?;
        Some(alone.elapsed_ns / taken.elapsed_ns / capacity)
    }
}

fn metric(values: &[f64]) -> Metric {
    Metric::Measured {
        median: median(values),
        p10: quantile(values, 0.1),
        p90: quantile(values, 0.9),
        n: values.len() as u32,
    }
}

/// Verdicts of one group.
struct Judged {
    contrasts: Vec<Contrast>,
    group: results::Group,
}

fn judge(gathered: &Gathered<'_>, settings: &Settings) -> Judged {
    let group = gathered.group;
    let look = settings.looks.iter().copied().filter(|look| *look <= gathered.rounds).max();
    let compared = gathered.compared();
    let times = gathered.paired(&compared, look.unwrap_or(gathered.rounds));
    let alpha = look.map_or(0.0, |_| alpha_look(settings.looks.len(), settings.alpha));
    let others = compared.len().saturating_sub(1).max(1) as f64;
    let contenders: Vec<String> = compared.iter().map(|cell| format!("{}/{}", cell.model, cell.strategy)).collect();
    let reference = compared.iter().position(|cell| cell.reference);
    let paired = times.first().is_some_and(|rounds| !rounds.is_empty());
    // Simultaneous over `tests` comparisons; nothing is said before there is a round of all.
    let against = |a: usize, tests: f64| -> Vec<Contrast> {
        let near = (0..compared.len()).filter(|b| *b != a && paired);
        let near =
            near.map(|b| contrast(group, (compared[a], &times[a]), (compared[b], &times[b]), alpha / tests, settings));
        near.chain(far(gathered, compared[a])).collect()
    };
    let best = if look.is_some() { statistics::best_set(&times, alpha) } else { Vec::new() };
    let relative = |index: usize| -> f64 {
        let base = reference.map_or(&times[index], |reference| &times[reference]);
        let logs: Vec<f64> = times[index].iter().zip(base).map(|(time, base)| (time / base).ln()).collect();
        // With the reference as base, its own ratio is 1 in every round; without one, plain times decide.
        if reference.is_some() { median(&logs) } else { median(&times[index]) }
    };
    let leader = best.iter().copied().min_by(|a, b| relative(*a).total_cmp(&relative(*b)));
    // The leader was chosen by these same rounds: it could have been anybody, so all pairs count.
    let pairs = others * compared.len() as f64 / 2.0;
    let behind_leader = leader.map(|leader| against(leader, pairs)).unwrap_or_default();
    let tied = |contrast: &&Contrast| contrast.verdict == Verdict::Tie;
    let ties = behind_leader.iter().filter(tied).filter_map(|contrast| {
        let index = compared.iter().position(|cell| cell.id == contrast.b)?;
        best.contains(&index).then(|| contenders[index].clone())
    });
    let letters = if look.is_some() { statistics::letters(&times, alpha) } else { Vec::new() };
    let capacity: Vec<f64> = gathered.capacity.values().copied().collect();
    Judged {
        contrasts: reference.map(|reference| against(reference, others)).unwrap_or_default(),
        group: results::Group {
            id: group.id.clone(),
            reference: gathered.reference().map(|cell| cell.id.clone()).unwrap_or_default(),
            best_set: best.iter().map(|index| contenders[*index].clone()).collect(),
            leader: leader.map(|index| contenders[index].clone()),
            ties: ties.collect(),
            letters: contenders.iter().cloned().zip(letters).collect(),
            behind_leader,
            iterations: gathered.iterations,
            rounds: look.unwrap_or(0),
            capacity: (!capacity.is_empty()).then(|| metric(&capacity)),
            sweep: group.sweep.clone(),
        },
    }
}

fn contrast(
    group: &PlannedGroup,
    (a, a_times): (&PlannedCell, &[f64]),
    (b, b_times): (&PlannedCell, &[f64]),
    alpha: f64,
    settings: &Settings,
) -> Contrast {
    let said = statistics::contrast(a_times, b_times, alpha, settings.delta);
    Contrast {
        group: group.id.clone(),
        a: a.id.clone(),
        b: b.id.clone(),
        metric: String::from("elapsed_ns"),
        ratio: said.ratio,
        lo: said.lo,
        hi: said.hi,
        rounds: said.rounds as u32,
        won: said.won as u32,
        verdict: said.verdict,
        inside_band: said.inside_band,
    }
}

/// Contenders that are out of reach: a ratio of medians, no test.
fn far<'g>(gathered: &'g Gathered<'_>, a: &'g PlannedCell) -> impl Iterator<Item = Contrast> + 'g {
    let median_of = |id: &str| -> Option<f64> {
        let samples = gathered.samples.get(id)?;
        Some(median(&samples.iter().map(|taken| taken.elapsed_ns).collect::<Vec<_>>()))
    };
    let is_far = move |cell: &&PlannedCell| {
        let failed = gathered.failures.contains_key(cell.id.as_str());
        gathered.far.contains(&cell.id) && !failed && !cell.deliberately_wrong
    };
    gathered.group.cells.iter().filter(is_far).filter_map(move |b| {
        Some(Contrast {
            group: gathered.group.id.clone(),
            a: a.id.clone(),
            b: b.id.clone(),
            metric: String::from("elapsed_ns"),
            ratio: median_of(&b.id)? / median_of(&a.id)?,
            lo: None,
            hi: None,
            rounds: gathered.samples.get(b.id.as_str()).map_or(0, Vec::len) as u32,
            won: 0,
            verdict: Verdict::Far,
            inside_band: false,
        })
    })
}

fn info(plan: &Plan, events: &[Event]) -> RunInfo {
    let rounds = events.iter().filter_map(|event| if let Event::Round(round) = event { Some(round) } else { None });
    let timed: u64 = rounds.clone().map(|round| round.timed_ns).sum();
    let in_rounds: u64 = rounds.clone().map(|round| round.wall_ns).sum();
    let (status, ended, wall_ns) = match events.last() {
        Some(Event::End { status, ended, wall_ns }) => (*status, ended.clone(), *wall_ns),
        _ => (RunStatus::Interrupted, String::new(), in_rounds),
    };
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

fn trust(events: &[Event]) -> Trust {
    let rounds = || events.iter().filter_map(|event| if let Event::Round(round) = event { Some(round) } else { None });
    let share = |values: Vec<f64>| (!values.is_empty()).then(|| median(&values));
    Trust {
        rounds_kept: rounds().map(|round| round.round).max().unwrap_or(0),
        foreign_median: share(rounds().filter_map(|round| round.foreign).collect()),
        steal_median: share(rounds().filter_map(|round| round.steal).collect()),
        reason: String::from(
            "this run carries no A/A twins and no known effect, so nothing vouches for it but its intervals",
        ),
        ..Trust::default()
    }
}
