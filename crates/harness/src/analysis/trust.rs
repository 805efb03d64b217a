//! What vouches for a run: identical code that should come out equal, a slowdown of known size that should be found,
//! and what the neighbours, the order and the time of day did.

use results::journal::{Event, Outcome, Round};
use results::{Interval, KnownEffect, Quiet, Serial, SoakTest, Trust, TwinTest, Verdict};

use super::gather::Gathered;
use super::judge::Judged;
use crate::engine::Settings;
use crate::statistics::{self, alpha_look, binomial_at_least, contrast, mann_whitney, median};

/// Level of a single A/A test, uncorrected.
const TWIN_LEVEL: f64 = 0.05;
/// With fewer twins, nothing can be said.
const FEWEST_TWINS: u32 = 5;
/// More A/A tests apart than this chance allows are held against the engine: four of fifteen have 0.00547. That is at the
/// nominal level; the ranks allow 2.1 % with 16 rounds and 2.0 % with 32, so an honest engine is far below.
const TOO_MANY: f64 = 0.0055;
/// A known effect outside an interval of this level is held against the engine; several share it.
const IMPROBABLE: f64 = 0.005;

pub(super) fn trust(events: &[Event], groups: &[Gathered<'_>], judged: &[Judged], settings: &Settings) -> Trust {
    let rounds = || events.iter().filter_map(|event| if let Event::Round(round) = event { Some(round) } else { None });
    let share = |values: Vec<f64>| (!values.is_empty()).then(|| median(&values));
    let twins: Vec<TwinTest> = groups.iter().flat_map(|group| twins(group, settings)).collect();
    let known = groups.iter().map(|group| group.group.known.len()).sum::<usize>().max(1) as f64;
    let measured: Vec<(KnownEffect, bool)> =
        groups.iter().flat_map(|group| effects(group, settings, IMPROBABLE / known)).collect();
    let doubtful = measured.iter().find(|(_, doubtful)| *doubtful).map(|(effect, _)| effect.clone());
    let effects: Vec<KnownEffect> = measured.into_iter().map(|(effect, _)| effect).collect();
    let apart: Vec<f64> = twins.iter().map(|twin| (twin.ratio - 1.0).abs()).collect();
    let said = |judged: &&Judged| judged.group.without_loud.as_ref().is_some_and(|quiet| !quiet.changed.is_empty());
    let mut trust = Trust {
        aa_tests: twins.len() as u32,
        aa_false: twins.iter().filter(|twin| twin.separated).count() as u32,
        noise_floor: share(apart),
        known_effect: effects.iter().find(|effect| (effect.truth - 1.05).abs() < 1e-9).cloned(),
        rounds_kept: rounds().map(|round| round.round).max().unwrap_or(0),
        rounds_dropped: 0,
        foreign_median: share(rounds().filter_map(|round: &Round| round.foreign).collect()),
        steal_median: share(rounds().filter_map(|round| round.steal).collect()),
        rounds_loud: judged.iter().map(|judged| judged.group.loud.len() as u32).sum(),
        rounds_all: rounds().count() as u32,
        waited_ns: rounds().map(|round| round.waited_ns).sum(),
        loud_matters: judged.iter().filter(said).map(|judged| judged.group.id.clone()).collect(),
        position: position(groups),
        drift: drift(groups),
        verified: events.iter().filter(|event| verified(event)).count() as u32,
        twins,
        effects,
        soaks: events.iter().filter_map(soak).collect(),
        serial: serial(events),
        trusted: None,
        reason: String::new(),
    };
    (trust.trusted, trust.reason) = verdict(&trust, doubtful.as_ref());
    if let Some((_, why)) =
        groups.iter().filter(|group| !group.group.known.is_empty()).find_map(|group| group.failures.values().next())
    {
        let known = format!("the known slowdown could not be measured: {why}");
        trust.reason = if trust.trusted == Some(false) { format!("{}; {known}", trust.reason) } else { known };
        trust.trusted = trust.trusted.filter(|trusted| !trusted);
    }
    trust
}

/// A cell against its copy, at the group's last completed look.
fn twins(gathered: &Gathered<'_>, settings: &Settings) -> Vec<TwinTest> {
    let Some(look) = gathered.look(settings) else { return Vec::new() };
    let test = |twin: &results::journal::Twin| {
        if gathered.failures.contains_key(twin.of.as_str()) {
            return None;
        }
        let times = gathered.paired(&[&twin.of, &twin.id], |round| round <= look);
        let said = contrast(&times[0], &times[1], TWIN_LEVEL, settings.delta);
        Some(TwinTest {
            cell: twin.of.clone(),
            ratio: said.ratio,
            lo: said.lo?,
            hi: said.hi?,
            rounds: said.rounds as u32,
            separated: matches!(said.verdict, Verdict::Slower | Verdict::Faster),
            quiet: quiet(gathered, (&twin.of, &twin.id), (look, TWIN_LEVEL), settings),
        })
    };
    gathered.twins.iter().filter_map(test).collect()
}

/// What was built in against what was found, one contrast each; and whether that is hard to believe.
fn effects(gathered: &Gathered<'_>, settings: &Settings, improbable: f64) -> Vec<(KnownEffect, bool)> {
    let (Some(look), Some(reference)) = (gathered.look(settings), gathered.reference()) else { return Vec::new() };
    let alpha = alpha_look(settings.looks.len(), settings.alpha);
    let test = |(cell, truth): (&String, &f64)| {
        if gathered.failures.contains_key(cell.as_str()) {
            return None;
        }
        let times = gathered.paired(&[&reference.id, cell], |round| round <= look);
        let said = contrast(&times[0], &times[1], alpha, settings.delta);
        let wide = contrast(&times[0], &times[1], improbable, settings.delta);
        let outside = wide.lo.is_some_and(|lo| lo > *truth) || wide.hi.is_some_and(|hi| hi < *truth);
        let wrong_way = *truth > 1.0 && said.verdict == Verdict::Faster;
        let quiet = quiet(gathered, (&reference.id, cell), (look, alpha), settings);
        let effect =
            KnownEffect { truth: *truth, ratio: said.ratio, lo: said.lo?, hi: said.hi?, verdict: said.verdict, quiet };
        Some((effect, outside || wrong_way))
    };
    gathered.group.known.iter().filter_map(test).collect()
}

/// The same test without the loud rounds, where there are any.
fn quiet(
    gathered: &Gathered<'_>,
    (a, b): (&str, &str),
    (look, alpha): (u32, f64),
    settings: &Settings,
) -> Option<Quiet> {
    let loud = gathered.loud();
    if !loud.iter().any(|round| *round <= look) {
        return None;
    }
    let times = gathered.paired(&[a, b], |round| round <= look && !loud.contains(&round));
    let said = contrast(&times[0], &times[1], alpha, settings.delta);
    let ratio = said.ratio.is_finite().then_some(said.ratio);
    Some(Quiet { rounds: said.rounds as u32, ratio, lo: said.lo, hi: said.hi, verdict: said.verdict })
}

/// Cells measured one after the other.
fn serial(events: &[Event]) -> Option<Serial> {
    let tests = events.iter().filter_map(|event| match event {
        Event::Serial { first_ns, second_ns, .. } => Some(mann_whitney(first_ns, second_ns) <= TWIN_LEVEL),
        _ => None,
    });
    let tests: Vec<bool> = tests.collect();
    let separated = tests.iter().filter(|separated| **separated).count() as u32;
    (!tests.is_empty()).then_some(Serial { tests: tests.len() as u32, separated })
}

/// Whether the self-checks hold, and why.
fn verdict(trust: &Trust, doubtful: Option<&KnownEffect>) -> (Option<bool>, String) {
    let Trust { aa_tests, aa_false, .. } = *trust;
    let chance = binomial_at_least(aa_false as usize, aa_tests as usize, TWIN_LEVEL);
    if aa_false > 0 && chance < TOO_MANY {
        let why = format!(
            "identical code came out different in {aa_false} of {aa_tests} A/A tests, which chance does less than once in \
             {:.0} runs",
            (1.0 / chance).floor()
        );
        return (Some(false), why);
    }
    if let Some(known) = doubtful {
        let why = format!(
            "a known slowdown of {:.0} % was measured as {:+.1} % [{:+.1}, {:+.1}]",
            (known.truth - 1.0) * 100.0,
            (known.ratio - 1.0) * 100.0,
            (known.lo - 1.0) * 100.0,
            (known.hi - 1.0) * 100.0
        );
        return (Some(false), why);
    }
    let found = match &trust.known_effect {
        Some(known) if known.verdict == Verdict::Slower => String::from(" and a known slowdown of 5 % was found"),
        Some(_) => String::from(", though a known slowdown of 5 % was too small to be established in this noise"),
        None => String::from("; no known slowdown was measured"),
    };
    if aa_tests < FEWEST_TWINS {
        let why =
            format!("{aa_tests} A/A tests are too few to say (at least {FEWEST_TWINS}; one a group is made){found}");
        return (None, why);
    }
    let why =
        format!("identical code came out different in {aa_false} of {aa_tests} A/A tests, as chance allows{found}");
    (Some(true), why)
}

/// Whether being early in a round makes slow or fast: for each round of each group, the mean residual of the first half
/// of its samples less that of the second, where a residual is against the median of its own cell.
fn position(groups: &[Gathered<'_>]) -> Option<Interval> {
    let mut differences = Vec::new();
    for gathered in groups {
        let mut rounds: std::collections::BTreeMap<u32, Vec<(u32, f64)>> = std::collections::BTreeMap::new();
        for samples in gathered.near() {
            let middle = median(&samples.iter().map(|taken| taken.elapsed_ns.ln()).collect::<Vec<_>>());
            for taken in samples {
                rounds.entry(taken.round).or_default().push((taken.position, taken.elapsed_ns.ln() - middle));
            }
        }
        for mut residuals in rounds.into_values().filter(|residuals| residuals.len() > 1) {
            residuals.sort_by_key(|(position, _)| *position);
            let half = residuals.len() / 2;
            let mean = |part: &[(u32, f64)]| part.iter().map(|(_, r)| r).sum::<f64>() / part.len() as f64;
            differences.push(mean(&residuals[..half]) - mean(&residuals[residuals.len() - half..]));
        }
    }
    interval(&differences)
}

/// Whether the machine got slower or faster: the reference's last third of rounds over its first, group by group.
fn drift(groups: &[Gathered<'_>]) -> Option<Interval> {
    let of = |gathered: &Gathered<'_>| {
        let reference = gathered.reference()?;
        let times = gathered.paired(&[&reference.id], |_| true).pop()?;
        let third = times.len() / 3;
        (third > 1).then(|| median(&times[times.len() - third..]).ln() - median(&times[..third]).ln())
    };
    interval(&groups.iter().filter_map(of).collect::<Vec<_>>())
}

fn interval(logs: &[f64]) -> Option<Interval> {
    let (lo, hi) = statistics::interval(logs, 0.05)?;
    Some(Interval { ratio: median(logs).exp(), lo: lo.exp(), hi: hi.exp() })
}

fn verified(event: &Event) -> bool {
    matches!(event, Event::Sample(sample) if matches!(sample.outcome, Outcome::Measured { .. }))
}

fn soak(event: &Event) -> Option<SoakTest> {
    let Event::Soak(soak) = event else { return None };
    Some(SoakTest {
        cell: soak.cell.clone(),
        iterations: soak.iterations,
        ratio: soak.ratio,
        reason: soak.failed.clone(),
    })
}
