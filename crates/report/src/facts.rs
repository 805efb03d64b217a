//! What a run says of itself: how it ended, how far it may be believed, what it lacks, how to repeat it.

use results::{CellStatus, Metric, Run, RunStatus};

use crate::checks;
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
        Some(false) => ("✕", "NOT trusted"),
        None => ("?", "trust unknown"),
    }
}

/// Why a run is not trusted, or not known to be: nothing where it is.
pub(crate) fn doubt(run: &Run) -> Option<String> {
    let given = run.trust.reason.trim_end_matches('.');
    let why = if given.is_empty() { "no reason was recorded" } else { given };
    match run.trust.trusted {
        Some(true) => None,
        Some(false) => Some(format!("{why}. Choose nothing by what is said below")),
        None => Some(why.to_owned()),
    }
}

/// The evidence behind the badge, as far as there is some.
pub(crate) fn trust_facts(run: &Run) -> Vec<String> {
    let trust = &run.trust;
    let mut facts = vec![format!("A/A {}/{}", trust.aa_false, trust.aa_tests)];
    facts.push(trust.known_effect.as_ref().map_or_else(|| "no known effect".to_owned(), checks::known_fact));
    facts.extend(figures::finite(trust.noise_floor).map(|floor| format!("noise floor {}", percent(floor))));
    let rounds = if trust.rounds_kept > 0 { trust.rounds_kept } else { run.run.rounds };
    facts.push(plural(rounds as usize, "round"));
    if trust.rounds_dropped > 0 {
        facts.push(format!("{} dropped", trust.rounds_dropped));
    }
    facts.extend(figures::finite(trust.foreign_median).map(|load| format!("foreign load {}", percent(load))));
    if trust.rounds_loud > 0 {
        facts.push(format!("loud rounds {}/{}", trust.rounds_loud, trust.rounds_all));
    }
    facts
}

/// On what was measured, and by what: every field, whether it is known or not.
pub(crate) fn machine(run: &Run) -> Vec<(&'static str, String)> {
    let (env, info) = (&run.environment, &run.run);
    let text = |text: &str| if text.is_empty() { "unknown".to_owned() } else { text.to_owned() };
    let start = |text: &str, n: usize| text.chars().take(n).collect::<String>();
    let memory = if env.memory_bytes > 0 { figures::bytes(env.memory_bytes as f64) } else { "unknown".to_owned() };
    let dirty = if run.tool.dirty { ", uncommitted changes" } else { "" };
    let looks: Vec<String> = info.looks.iter().map(ToString::to_string).collect();
    let online = figures::cpus(f64::from(env.cpus_online));
    let lock =
        if env.lock_sha256.is_empty() { text("") } else { format!("SHA-256 {}…", start(&env.lock_sha256, 12)) };
    vec![
        ("processor", text(&env.cpu)),
        ("CPUs", format!("{} for this run, {online} online", figures::cpus(env.cpus_effective))),
        ("memory", memory),
        ("virtualization", if env.virt.is_empty() { "none seen".to_owned() } else { env.virt.clone() }),
        ("kernel", text(&env.kernel)),
        ("compiler", text(&env.rustc)),
        ("profile", text(&env.profile)),
        ("allocator", text(&env.allocator)),
        ("hardware counters", if env.pmu { "readable" } else { "not readable" }.to_owned()),
        ("lock file", lock),
        ("program", format!("{} {}{dirty}", run.tool.version, start(&run.tool.git, 12))),
        (
            "started, ended",
            format!("{}, {}", text(&info.started), if info.ended.is_empty() { "not ended" } else { &info.ended }),
        ),
        ("status", ending(run).unwrap_or_else(|| "complete".to_owned())),
        ("rounds", format!("{}; looks after {}", info.rounds, text(&looks.join(", ")))),
        (
            "wall time",
            format!("{}, {} of it inside timed regions", figures::wall(info.wall_ns), percent(info.timed_share)),
        ),
        ("seed", info.seed.to_string()),
        ("tie band", format!("±{}", percent(info.delta))),
    ]
}

/// Metrics that are missing for one reason, in so many cells.
pub(crate) struct Missing<'a> {
    pub(crate) metrics: Vec<&'a str>,
    /// Where reasons differ by a number only, the first and how it ranges.
    pub(crate) reason: String,
    pub(crate) cells: usize,
}

/// Metrics that were not measured, each reason once.
pub(crate) fn missing_metrics(run: &Run) -> Vec<Missing<'_>> {
    // By metric and reason without its numbers: those numbers, and how many cells.
    let mut found: Vec<(&str, String, Vec<&str>)> = Vec::new();
    for cell in run.cells.iter().filter(|cell| cell.status == CellStatus::Measured) {
        for (id, metric) in &cell.metrics {
            let Metric::Missing { reason, .. } = metric else { continue };
            let alike = without_numbers(reason);
            match found.iter_mut().find(|one| one.0 == id && one.1 == alike) {
                Some(one) => one.2.push(reason),
                None => found.push((id, alike, vec![reason])),
            }
        }
    }
    let mut missing: Vec<Missing<'_>> = Vec::new();
    for (id, _, reasons) in &found {
        let (reason, cells) = (together(reasons), reasons.len());
        match missing.iter_mut().find(|one| one.reason == reason && one.cells == cells) {
            Some(one) => one.metrics.push(id),
            None => missing.push(Missing { metrics: vec![id], reason, cells }),
        }
    }
    missing
}

fn without_numbers(text: &str) -> String {
    text.split(|c: char| c.is_ascii_digit()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("#")
}

/// One reason for several that differ in numbers at most: the first number is given as its range, where it is one.
fn together(reasons: &[&str]) -> String {
    let number = |text: &str| -> Option<(usize, usize, u64)> {
        let from = text.find(|c: char| c.is_ascii_digit())?;
        let length = text[from..].find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len() - from);
        Some((from, from + length, text[from..from + length].parse().ok()?))
    };
    let first = reasons[0];
    let all: Option<Vec<u64>> = reasons.iter().map(|text| Some(number(text)?.2)).collect();
    let (Some((from, to, _)), Some(all)) = (number(first), all) else { return first.to_owned() };
    match (all.iter().min(), all.iter().max()) {
        (Some(least), Some(most)) if least < most => format!("{}{least} to {most}{}", &first[..from], &first[to..]),
        _ => first.to_owned(),
    }
}

/// Flags that say how a run is shown and where it goes, and whether they take a value: to repeat it takes none of them.
const SHOWN_BY: [(&str, bool); 9] = [
    ("--out", true),
    ("--progress", true),
    ("--color", true),
    ("--format", true),
    ("--open", false),
    ("--quiet", false),
    ("-q", false),
    ("--verbose", false),
    ("-v", false),
];

/// Arguments without what only says how a run is shown.
fn measuring(arguments: &[String]) -> Vec<&String> {
    let mut kept = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let (name, value) =
            argument.split_once('=').map_or((argument.as_str(), None), |(name, value)| (name, Some(value)));
        match SHOWN_BY.iter().find(|(flag, _)| *flag == name) {
            None => kept.push(argument),
            Some((_, takes)) if *takes && value.is_none() => _ = rest.next(),
            Some(_) => {}
        }
    }
    kept
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
    let words = measuring(args).into_iter().map(|arg| quoted(arg));
    ["crossover".to_owned()].into_iter().chain(verb).chain(words).collect::<Vec<_>>().join(" ")
}

/// The command that measures a cell again.
pub(crate) fn repro(cell: &str) -> String {
    format!("crossover repro {}", quoted(cell))
}

fn quoted(arg: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+:,./@%".contains(c);
    if !arg.is_empty() && arg.chars().all(plain) { arg.to_owned() } else { format!("'{}'", arg.replace('\'', r"'\''")) }
}
