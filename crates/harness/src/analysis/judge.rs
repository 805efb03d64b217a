//! Verdicts of a group at its last completed look.

use results::journal::{PlannedCell, PlannedGroup};
use results::{Contrast, Verdict, WithoutLoud};

use super::gather::{Gathered, metric};
use crate::engine::Settings;
use crate::statistics::{self, alpha_look, median};

/// Verdicts of one group.
pub(super) struct Judged {
    pub(super) contrasts: Vec<Contrast>,
    pub(super) group: results::Group,
}

/// The verdicts, and what they would be without the loud rounds.
pub(super) fn judge(gathered: &Gathered<'_>, settings: &Settings) -> Judged {
    let loud = gathered.loud();
    let mut judged = judge_but(gathered, settings, &[]);
    if !loud.is_empty() && judged.group.rounds > 0 {
        let quiet = judge_but(gathered, settings, &loud);
        // Where no round is left, nothing is said.
        let said = |b: &str| quiet.contrasts.iter().find(|contrast| contrast.b == b).map(|contrast| contrast.verdict);
        let differs = |all: &&Contrast| all.verdict != said(&all.b).unwrap_or(Verdict::Unresolved);
        let changed = judged.contrasts.iter().filter(differs).map(|contrast| contrast.b.clone()).collect();
        let counted = loud.iter().filter(|round| **round <= judged.group.rounds).count() as u32;
        let rounds = judged.group.rounds.saturating_sub(counted);
        judged.group.without_loud = Some(WithoutLoud { rounds, best_set: quiet.group.best_set, changed });
    }
    judged.group.loud = loud;
    judged
}

fn judge_but(gathered: &Gathered<'_>, settings: &Settings, without: &[u32]) -> Judged {
    let group = gathered.group;
    let look = gathered.look(settings);
    let compared = gathered.compared();
    let last = look.unwrap_or(gathered.rounds);
    let ids: Vec<&str> = compared.iter().map(|cell| cell.id.as_str()).collect();
    let times = gathered.paired(&ids, |round| round <= last && !without.contains(&round));
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
            pattern: group.pattern.clone(),
            about: group.about.clone(),
            foreign: gathered.foreign.iter().map(|(round, share)| (*round, *share)).collect(),
            loud: Vec::new(),
            without_loud: None,
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

/// Pairs of cells, each pair on the rounds that both have.
pub(super) fn pairs(
    gathered: &Gathered<'_>,
    settings: &Settings,
    pair: &impl Fn(&PlannedCell, &PlannedCell) -> bool,
) -> Vec<Contrast> {
    let cells = || gathered.group.cells.iter().filter(|cell| !gathered.failures.contains_key(cell.id.as_str()));
    let pairs: Vec<_> = cells().flat_map(|a| cells().map(move |b| (a, b))).filter(|(a, b)| pair(a, b)).collect();
    let last = gathered.look(settings);
    let alpha = last.map_or(0.0, |_| alpha_look(settings.looks.len(), settings.alpha)) / pairs.len().max(1) as f64;
    let counts = |round: u32| round <= last.unwrap_or(gathered.rounds);
    let said = pairs.iter().filter_map(|(a, b)| {
        let times = gathered.paired(&[&a.id, &b.id], counts);
        (!times[0].is_empty()).then(|| contrast(gathered.group, (a, &times[0]), (b, &times[1]), alpha, settings))
    });
    said.collect()
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
