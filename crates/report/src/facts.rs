//! What a run says of itself: how it ended, how far it may be believed, what it lacks, how to repeat it.

use results::{CellStatus, Metric, Run, RunStatus};

use crate::figures::{self, percent, plural};

/// How a run that did not complete ended. Before the first look everything is a preview.
pub(crate) fn ending(run: &Run) -> Option<String> {
    let why = match run.run.status {
        RunStatus::Complete => return None,
        RunStatus::Interrupted => "interrupted",
        RunStatus::Budget => "budget spent",
    };
    let rounds = plural(run.run.rounds as usize, "round");
    let look = run.run.looks.iter().rfind(|look| **look <= run.run.rounds);
    Some(match look {
        None if run.run.status == RunStatus::Budget => {
            let first = run.run.looks.first().copied().unwrap_or_default();
            format!("{why}: preview after {rounds}; verdicts come after {first}, which `--budget` gives time for")
        }
        None => format!("{why}: preview after {rounds}"),
        Some(look) => format!("{why} after {rounds}: the verdicts of the look at {look} stand"),
    })
}

/// A short sign and the word of the badge.
pub(crate) fn trust(run: &Run) -> (&'static str, &'static str) {
    match run.trust.trusted {
        Some(true) => ("✓", "trusted"),
        Some(false) => ("✕", "not trusted"),
        None => ("?", "trust unknown"),
    }
}

/// The evidence behind the badge, as far as there is some.
pub(crate) fn trust_facts(run: &Run) -> Vec<String> {
    let trust = &run.trust;
    let mut facts = vec![format!("A/A {}/{}", trust.aa_false, trust.aa_tests)];
    if let Some(known) = &trust.known_effect {
        facts.push(format!("{} found as {}", figures::change(known.truth), figures::change(known.ratio)));
    }
    facts.extend(figures::finite(trust.noise_floor).map(|floor| format!("noise floor {}", percent(floor))));
    let rounds = if trust.rounds_kept > 0 { trust.rounds_kept } else { run.run.rounds };
    facts.push(plural(rounds as usize, "round"));
    if trust.rounds_dropped > 0 {
        facts.push(format!("{} dropped", trust.rounds_dropped));
    }
    facts.extend(figures::finite(trust.foreign_median).map(|load| format!("foreign load {}", percent(load))));
    facts
}

/// Metrics that were not measured, each reason once: `(metric, reason, number of cells)`.
pub(crate) fn missing_metrics(run: &Run) -> Vec<(&str, &str, usize)> {
    let mut missing: Vec<(&str, &str, usize)> = Vec::new();
    for cell in run.cells.iter().filter(|cell| cell.status == CellStatus::Measured) {
        for (id, metric) in &cell.metrics {
            if let Metric::Missing { reason, .. } = metric {
                match missing.iter_mut().find(|(m, r, _)| m == id && r == reason) {
                    Some((_, _, n)) => *n += 1,
                    None => missing.push((id, reason, 1)),
                }
            }
        }
    }
    missing
}

/// The command that repeats the run, quoted for a shell. A leading path to the program is machine-specific and dropped.
pub(crate) fn command(run: &Run) -> String {
    let mut args = run.run.argv.as_slice();
    if let [first, rest @ ..] = args
        && first.rsplit(['/', '\\']).next().is_some_and(|name| name.trim_end_matches(".exe") == "crossover")
    {
        args = rest;
    }
    let verb = args.first().is_none_or(|first| first != "compare").then(|| "compare".to_owned());
    let words = args.iter().map(|arg| quoted(arg));
    ["crossover".to_owned()].into_iter().chain(verb).chain(words).collect::<Vec<_>>().join(" ")
}

fn quoted(arg: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+:,./@%".contains(c);
    if !arg.is_empty() && arg.chars().all(plain) { arg.to_owned() } else { format!("'{}'", arg.replace('\'', r"'\''")) }
}
