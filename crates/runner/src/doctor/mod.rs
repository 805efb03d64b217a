//! `doctor`: what this machine can and cannot measure, and what to do about it, in about ten seconds.

mod interpreters;
mod looks;

use std::time::Duration;

use anyhow::Result;
use harness::machine::trial::{self, Neighbours, Pieces};
use harness::machine::{Effective, effective_cpus};
use serde_json::json;

use crate::render::terminal;
use crate::{cli, exit, output};

/// How long the neighbours are watched.
const WATCHED: Duration = Duration::from_secs(3);
/// Trials end after this, however slow the machine is.
const TRIED: Duration = Duration::from_secs(5);
/// Nothing below is believed: so much comes from where code happens to lie.
const LEAST: f64 = 0.02;
/// The tie band: what is found below this is too small to choose by.
const QUIET: f64 = 0.05;
/// Above this only large differences are found.
const LOUD: f64 = 0.15;

/// What a fact means for measuring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    /// Not in the way.
    Ok,
    /// It will show in what is measured.
    Warn,
    /// Not to be had, or not to be known, here.
    Cannot,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Cannot => "cannot",
        }
    }
}

/// One thing about this machine.
#[derive(Debug)]
struct Fact {
    id: &'static str,
    status: Status,
    value: String,
    /// What to do; none where all is well.
    advice: Option<String>,
}

impl Fact {
    fn ok(id: &'static str, value: impl Into<String>) -> Self {
        Self { id, status: Status::Ok, value: value.into(), advice: None }
    }

    fn warn(id: &'static str, value: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { id, status: Status::Warn, value: value.into(), advice: Some(advice.into()) }
    }

    fn cannot(id: &'static str, value: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { id, status: Status::Cannot, value: value.into(), advice: Some(advice.into()) }
    }

    /// `ok` if it is, else a warning.
    fn ok_if(ok: bool, id: &'static str, value: impl Into<String>, advice: impl Into<String>) -> Self {
        if ok { Self::ok(id, value) } else { Self::warn(id, value, advice) }
    }

    /// What the system does not tell.
    fn unknown(id: &'static str) -> Self {
        Self::cannot(id, "unknown", "this system does not tell")
    }
}

pub(crate) fn run(arguments: &cli::Doctor) -> Result<u8> {
    if !arguments.json {
        output::note("looking at this machine for about ten seconds");
    }
    let cpus = effective_cpus();
    // First, before the trials make a load of their own.
    let watched = trial::neighbours(WATCHED);
    // What a quota cuts down is worth trying, too: by as many threads as a run would have.
    let pieces = trial::pieces(cpus.cpus().ceil().max(1.0) as u32, TRIED);
    let mut facts = looks::system(&cpus);
    facts.extend([neighbours(watched), capacity(&pieces), scatter(&pieces)]);
    facts.extend(looks::resources());
    facts.push(interpreters::fact());
    facts.push(build());
    let (separates, conclusion) = conclusion(&pieces, watched);
    let text = if arguments.json {
        let facts = facts.iter().map(
            |fact| json!({ "id": fact.id, "status": fact.status.word(), "value": fact.value, "advice": fact.advice }),
        );
        let facts = facts.collect::<Vec<_>>();
        format!(
            "{}\n",
            json!({ "facts": facts, "effective_cpus": cpus.cpus(), "separates": separates, "conclusion": conclusion })
        )
    } else {
        let style = terminal(arguments.style.color);
        shown(&facts, &conclusion, style.colour, style.width.clamp(40, 80))
    };
    output::out(&text)?;
    Ok(exit::OK)
}

/// `2.1 %`.
fn per_cent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn neighbours(watched: Option<Neighbours>) -> Fact {
    const ID: &str = "neighbours";
    let Some(Neighbours { foreign, steal }) = watched else { return Fact::unknown(ID) };
    let load = harness::machine::load_average().map(|load| format!(", load average {load:.2}")).unwrap_or_default();
    let value = format!(
        "others use {} of the CPUs, the hypervisor takes {}{load} (over {} s)",
        per_cent(foreign),
        per_cent(steal),
        WATCHED.as_secs()
    );
    if steal > 0.02 {
        return Fact::warn(ID, value, "another guest is busy on this host: measure later, or on CPUs of your own");
    }
    Fact::ok_if(
        foreign <= 0.05,
        ID,
        value,
        "stop what else runs (`top` shows it): it takes CPUs away in the middle of samples",
    )
}

fn capacity(pieces: &Pieces) -> Fact {
    let (threads, capacity) = (pieces.threads, pieces.capacity());
    let value = format!("{threads} at once do the work of {capacity:.2} alone");
    let advice = format!(
        "no model can scale beyond {capacity:.1} now, whatever the number of CPUs; reports show it beside each round"
    );
    Fact::ok_if(capacity >= 0.9 * f64::from(threads), "capacity", value, advice)
}

fn scatter(pieces: &Pieces) -> Fact {
    let (alone, together) = (trial::scatter(&pieces.alone), trial::scatter(&pieces.together));
    let value = format!(
        "p90 is {} above the median alone, {} on every CPU ({} pieces of 20 ms each)",
        per_cent(alone - 1.0),
        per_cent(together - 1.0),
        2 * pieces.alone.len()
    );
    let advice = "the same work takes different times: medians of many rounds hold, single timings do not";
    Fact::ok_if(alone.max(together) <= 1.0 + QUIET, "scatter", value, advice)
}

fn build() -> Fact {
    let profile = env!("CROSSOVER_PROFILE");
    let value = format!("rustc {}, {profile}", env!("CROSSOVER_RUSTC"));
    let advice = "not a release build: nothing it measures counts; use `cargo xtask`, or build with --release";
    Fact::ok_if(profile.starts_with("release"), "build", value, advice)
}

/// What a difference must be, and the sentence about it.
fn conclusion(pieces: &Pieces, watched: Option<Neighbours>) -> (Option<f64>, String) {
    let (alone, together) = (trial::separates(&pieces.alone), trial::separates(&pieces.together));
    let Some((alone, together)) = alone.zip(together) else {
        return (None, String::from("unknown: nothing could be timed here"));
    };
    let (alone, together) = (alone.max(LEAST), together.max(LEAST));
    let worst = alone.max(together);
    let found = format!(
        "expect `compare` to separate differences of {} in one thread, of {} with every CPU busy",
        per_cent(alone),
        per_cent(together)
    );
    let said = if worst <= QUIET {
        format!("quiet enough: {found}")
    } else {
        let how = if worst <= LOUD { "noisy" } else { "too noisy for small differences" };
        let cure = match watched {
            Some(watched) if watched.foreign > 0.05 => "stop what else runs and look again",
            Some(watched) if watched.steal > 0.02 => "measure when the host is quieter",
            _ => "close what else runs, and give `compare` more rounds (--rounds 64)",
        };
        format!("{how}: {found}; {cure}")
    };
    (Some(worst), said)
}

/// The facts in columns, each with its advice below it, and the conclusion.
fn shown(facts: &[Fact], conclusion: &str, colour: bool, width: usize) -> String {
    let column = facts.iter().map(|fact| fact.id.len()).max().unwrap_or(0) + 10;
    let mut text = String::new();
    for fact in facts {
        // Meaning never hangs on colour: the word is there, too.
        let code = match fact.status {
            Status::Ok => "2",
            Status::Warn => "31",
            Status::Cannot => "1",
        };
        let word = format!("{:6}", fact.status.word());
        let word = if colour { format!("\u{1b}[{code}m{word}\u{1b}[0m") } else { word };
        let gap = column - 8;
        text += &format!("{word}  {:gap$}{}\n", fact.id, wrapped(&fact.value, column, width));
        if let Some(advice) = &fact.advice {
            text += &format!("{:column$}-> {}\n", "", wrapped(advice, column + 3, width));
        }
    }
    let conclusion = wrapped(conclusion, 0, width);
    if colour { format!("{text}\n\u{1b}[1m{conclusion}\u{1b}[0m\n") } else { format!("{text}\n{conclusion}\n") }
}

/// Words on as many lines as it takes; what comes from outside cannot move the cursor.
fn wrapped(text: &str, indent: usize, width: usize) -> String {
    // A per cent sign stays with its figure.
    let text = text.replace(char::is_control, " ").replace(" %", "\u{a0}%");
    let (mut lines, mut column) = (String::new(), indent);
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if column > indent && column + 1 + length > width {
            lines += &format!("\n{:indent$}", "");
            column = indent;
        } else if column > indent {
            lines.push(' ');
            column += 1;
        }
        lines += word;
        column += length;
    }
    lines.replace('\u{a0}', " ")
}

/// `2`, `1.5`: as many digits as it takes.
fn figure(value: f64) -> String {
    format!("{:.2}", value).trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// CPUs in words, and what limits them.
fn cpus(found: &Effective) -> Fact {
    let Effective { online, affinity, quota } = *found;
    let limit = quota.map_or(String::from("no quota"), |quota| format!("a quota of {}", figure(quota)));
    let value = format!("{} CPUs: {online} online, {affinity} allowed, {limit}", figure(found.cpus()));
    if quota.is_some_and(|quota| quota < f64::from(online.min(affinity))) {
        return Fact::warn(
            "cpus",
            value,
            "the quota stops everybody until its next period: raise it, or measure with --workers up to it",
        );
    }
    let advice = "one CPU only: what runs at once takes turns, so overheads show and scaling cannot";
    Fact::ok_if(found.cpus() > 1.0, "cpus", value, advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_wide_as_they_may_be() {
        let facts = [
            Fact::warn("frequency", "word ".repeat(40), "advice of many words ".repeat(9)),
            Fact::ok("cpus", "2 CPUs\u{1b}[31m"),
        ];
        let text = shown(&facts, &"a conclusion ".repeat(12), false, 80);
        assert!(text.lines().all(|line| line.chars().count() <= 80 && line.trim_end() == line), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
        assert!(text.contains("ok      cpus       2 CPUs"), "{text}");
        assert!(shown(&facts, "", true, 80).contains("\u{1b}[31mwarn  \u{1b}[0m"));
    }

    #[test]
    fn a_per_cent_sign_stays_with_its_figure() {
        assert_eq!(wrapped("of 25.0 % now", 0, 8), "of\n25.0 %\nnow");
    }

    #[test]
    fn a_quota_below_the_cpus_is_a_warning() {
        let of = |quota| cpus(&Effective { online: 4, affinity: 4, quota });
        assert_eq!(
            (of(None).status, of(Some(4.0)).status, of(Some(1.5)).status),
            (Status::Ok, Status::Ok, Status::Warn)
        );
        assert_eq!(of(Some(1.5)).value, "1.5 CPUs: 4 online, 4 allowed, a quota of 1.5");
        assert_eq!(cpus(&Effective { online: 1, affinity: 1, quota: None }).status, Status::Warn);
    }

    #[test]
    fn the_conclusion_follows_the_noise() {
        let pieces = |spread: f64| {
            let pairs = (0..32).map(|i| (100.0, 100.0 * (1.0 + spread * f64::from(i % 8) / 8.0))).collect::<Vec<_>>();
            Pieces { alone: pairs.clone(), together: pairs, threads: 2 }
        };
        let said = |spread: f64, foreign| conclusion(&pieces(spread), Some(Neighbours { foreign, steal: 0.0 })).1;
        assert!(said(0.0, 0.0).starts_with("quiet enough: expect `compare` to separate differences of 2.0 %"));
        assert!(
            said(0.2, 0.5).starts_with("noisy: ") && said(0.2, 0.5).ends_with("stop what else runs and look again")
        );
        assert!(said(3.0, 0.0).starts_with("too noisy") && said(3.0, 0.0).ends_with("(--rounds 64)"));
        assert_eq!(conclusion(&Pieces::default(), None).0, None);
    }
}
