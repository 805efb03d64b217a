//! What vouches for a run and what does not: each self-check with what it found, for all forms of the report.

use results::{Group, Interval, KnownEffect, Run, Verdict};

use crate::figures::{self, built_in, change, change_interval, finite, percent, plural};

/// Nothing below is believed anywhere in a report, so a bias below it is none.
const BELIEVED: f64 = 0.02;
/// A soak that ends this near to where it began has not changed.
const STEADY: f64 = 0.05;

/// What a check says of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// As it should be.
    Holds,
    /// To be read before the run is used.
    Look,
    /// A figure that nothing is held against.
    Plain,
    /// Nothing was found out.
    Absent,
}

impl Sign {
    /// The sign, and its word for those who do not see it.
    pub(crate) fn shown(self) -> (&'static str, &'static str) {
        match self {
            Self::Holds => ("✓", "holds"),
            Self::Look => ("!", "look"),
            Self::Plain => ("", "figure"),
            Self::Absent => ("–", "no evidence"),
        }
    }
}

/// One line of the self-checks.
pub(crate) struct Check {
    pub(crate) what: &'static str,
    /// The figure, or why there is none.
    pub(crate) found: String,
    pub(crate) sign: Sign,
    /// What is measured, in one sentence.
    pub(crate) about: &'static str,
}

/// Every check, whether it found something or not.
pub(crate) fn all(run: &Run) -> Vec<Check> {
    let mut all = engine(run);
    all.extend(surroundings(run));
    all
}

fn check(what: &'static str, (found, sign): (String, Sign), about: &'static str) -> Check {
    Check { what, found, sign, about }
}

/// Whether the engine says what is so: twins and the known slowdown first.
fn engine(run: &Run) -> Vec<Check> {
    vec![
        check(
            "identical code (A/A)",
            twins_found(run),
            "A second copy of a contender is measured as if it were another one: the two should come out equal, and by \
             chance alone 5 of 100 do not.",
        ),
        check(
            "noise floor",
            floor(run),
            "How far apart identical code came out: half of the A/A tests differ by less.",
        ),
        check(
            "known slowdown",
            known_found(run),
            "A kernel with a known part more to do is measured like everything else: the difference should be found, and be \
             of that size.",
        ),
        check(
            "position in the round",
            bias(run.trust.position, "too few samples for an interval"),
            "Samples of the first half of each round against those of the second, each relative to its own cell: the \
             order should not matter.",
        ),
        check(
            "drift of the references",
            bias(run.trust.drift, "too few groups with six rounds for an interval"),
            "The sequential references in the last third of the rounds against the first third: the machine should \
             stay the same.",
        ),
        check(
            "answers verified",
            verified_found(run),
            "Every answer is checked against an independent one, outside the clock; a wrong one fails its cell.",
        ),
        check(
            "long runs (soak)",
            soaks_found(run),
            "A cell runs long in one process: the last quarter of its iterations against the first shows what fresh \
             processes hide.",
        ),
    ]
}

/// What others did to the machine meanwhile.
fn surroundings(run: &Run) -> Vec<Check> {
    vec![
        check(
            "loud rounds",
            loud_found(run),
            "Rounds in which other programs used over 15 % of the machine, and 10 points more than in the quieter \
             rounds of the group.",
        ),
        check(
            "verdicts without loud rounds",
            matters_found(run),
            "All verdicts are taken a second time without the loud rounds: where they differ, the neighbours may \
             have made them.",
        ),
        check(
            "foreign load",
            share(run.trust.foreign_median, "unknown: it cannot be read on this system"),
            "Share of the machine that other programs used in the median round.",
        ),
        check(
            "stolen time",
            share(run.trust.steal_median, "unknown: it cannot be read on this system"),
            "Share of time in which the hypervisor ran somebody else, in the median round.",
        ),
        check(
            "waiting",
            (waited(run.trust.waited_ns), Sign::Plain),
            "After a loud round the engine waits for its neighbours, for a quarter of the time at most.",
        ),
    ]
}

fn waited(ns: u64) -> String {
    if ns == 0 { String::from("not at all") } else { figures::duration(ns as f64) }
}

/// Why a check that needs a look has found nothing.
fn before_look(run: &Run, otherwise: &str) -> String {
    match run.run.looks.iter().min() {
        Some(first) if run.run.rounds < *first => {
            format!("none: the run ended before its first look, after {}", plural(*first as usize, "round"))
        }
        _ => format!("none: {otherwise}"),
    }
}

fn twins_found(run: &Run) -> (String, Sign) {
    let trust = &run.trust;
    match (trust.aa_tests, trust.aa_false) {
        (0, _) => (no_twins(run), Sign::Absent),
        (all, 0) => (format!("0 of {all} differ"), Sign::Holds),
        (all, apart) => {
            let found = format!("{apart} of {all} {}", if apart == 1 { "differs" } else { "differ" });
            (found, if trust.trusted == Some(false) { Sign::Look } else { Sign::Holds })
        }
    }
}

/// Why there are no A/A tests.
pub(crate) fn no_twins(run: &Run) -> String {
    if run.run.argv.iter().any(|argument| argument == "--no-twins") {
        "none: the run was called with `--no-twins`".to_owned()
    } else {
        before_look(run, "no group had a twin that was measured to the end")
    }
}

/// Why there is no known effect.
pub(crate) fn no_effects(run: &Run) -> String {
    before_look(run, "no slowdown of known size was measured")
}

/// Why there are no long runs.
pub(crate) const NO_SOAKS: &str = "none: this run had no long runs (`--thorough` has)";

fn known_found(run: &Run) -> (String, Sign) {
    let Some(known) = &run.trust.known_effect else { return (no_effects(run), Sign::Absent) };
    (known_fact(known), if finds(known) { Sign::Holds } else { Sign::Look })
}

/// Whether a known effect was established, and as what it is.
fn finds(known: &KnownEffect) -> bool {
    established(known) && known.lo <= known.truth && known.truth <= known.hi
}

/// Whether an effect that is there was told from none.
pub(crate) fn established(known: &KnownEffect) -> bool {
    known.truth <= 1.0 || known.verdict == Verdict::Slower
}

/// `known +5 % found as +4.9 % [+4.1, +5.8]`.
pub(crate) fn known_fact(known: &KnownEffect) -> String {
    let (truth, found) = (built_in(known.truth), change(known.ratio));
    let interval = change_interval(known.lo, known.hi);
    let how = if established(known) { "found as" } else { "not established:" };
    format!("known {truth} {how} {found} {interval}").trim_end().to_owned()
}

/// Identical code should not come out further apart than what counts as a tie.
fn floor(run: &Run) -> (String, Sign) {
    let (found, sign) = share(run.trust.noise_floor, "unknown: it is read from A/A tests, and there were none");
    match finite(run.trust.noise_floor) {
        Some(floor) if floor > run.run.delta => (format!("{found}, more than the tie band"), Sign::Look),
        Some(_) => (found, Sign::Holds),
        None => (found, sign),
    }
}

fn share(of: Option<f64>, absent: &str) -> (String, Sign) {
    finite(of).map_or_else(|| (absent.to_owned(), Sign::Absent), |of| (percent(of), Sign::Plain))
}

/// A difference that should be none.
fn bias(found: Option<Interval>, absent: &str) -> (String, Sign) {
    let Some(Interval { ratio, lo, hi }) = found else { return (format!("unknown: {absent}"), Sign::Absent) };
    let small = lo >= 1.0 - BELIEVED && hi <= 1.0 + BELIEVED;
    let sign = if (lo <= 1.0 && 1.0 <= hi) || small { Sign::Holds } else { Sign::Look };
    (format!("{} {}", change(ratio), change_interval(lo, hi)), sign)
}

fn loud_found(run: &Run) -> (String, Sign) {
    match (run.trust.rounds_all, run.trust.foreign_median) {
        (0, _) => ("none was finished".to_owned(), Sign::Absent),
        (_, None) => ("unknown: foreign load cannot be read on this system".to_owned(), Sign::Absent),
        (all, _) => (format!("{} of {all}, counted in each group", run.trust.rounds_loud), Sign::Plain),
    }
}

fn matters_found(run: &Run) -> (String, Sign) {
    match run.groups.iter().filter(|group| loud(run, group).is_some_and(|loud| loud.matters())).count() {
        _ if run.trust.rounds_all == 0 => ("no round was finished".to_owned(), Sign::Absent),
        0 if run.trust.rounds_loud == 0 => ("no round was loud".to_owned(), Sign::Holds),
        0 => ("the same in every group".to_owned(), Sign::Holds),
        n => (format!("others in {n} of {}", plural(run.groups.len(), "group")), Sign::Look),
    }
}

fn verified_found(run: &Run) -> (String, Sign) {
    let checked = run.cells.iter().filter(|cell| cell.verified.is_some()).count();
    let right = run.cells.iter().filter(|cell| cell.verified == Some(true)).count();
    if checked == 0 {
        return ("no cell was checked".to_owned(), Sign::Absent);
    }
    let samples = match run.trust.verified {
        0 => String::new(),
        n => format!("; {} in all", plural(n as usize, "sample")),
    };
    let found = format!("all answers right in {right} of {}{samples}", plural(checked, "cell"));
    (found, if right == checked { Sign::Holds } else { Sign::Look })
}

fn soaks_found(run: &Run) -> (String, Sign) {
    let all = run.trust.soaks.len();
    match run.trust.soaks.iter().filter(|soak| !soak.ratio.is_some_and(steady)).count() {
        _ if all == 0 => (NO_SOAKS.to_owned(), Sign::Absent),
        0 => (format!("{} within {}", plural(all, "cell"), percent(STEADY)), Sign::Holds),
        n => (format!("{n} of {} changed or failed", plural(all, "cell")), Sign::Look),
    }
}

fn steady(ratio: f64) -> bool {
    (ratio - 1.0).abs() <= STEADY
}

/// Each A/A test: cell, difference, interval, rounds, said.
pub(crate) fn twins(run: &Run) -> Vec<[String; 5]> {
    let row = |twin: &results::TwinTest| {
        let said = if twin.separated { "DIFFERENT" } else { "equal" };
        let interval = change_interval(twin.lo, twin.hi);
        [twin.cell.clone(), change(twin.ratio), interval, twin.rounds.to_string(), said.to_owned()]
    };
    run.trust.twins.iter().map(row).collect()
}

/// Each known effect: built in, found, interval, said. An older file holds the sentinel alone.
pub(crate) fn effects(run: &Run) -> Vec<[String; 4]> {
    let row = |effect: &KnownEffect| {
        let said = match effect.verdict {
            Verdict::Slower => "slower",
            Verdict::Faster => "faster",
            Verdict::Tie => "tie",
            Verdict::Far => "far",
            Verdict::Unresolved if effect.truth == 1.0 => "no difference established",
            Verdict::Unresolved => "not established",
        };
        let misses = effect.lo > effect.truth || effect.hi < effect.truth;
        let said = if misses { format!("{said}, MISSES the true size") } else { said.to_owned() };
        [built_in(effect.truth), change(effect.ratio), change_interval(effect.lo, effect.hi), said]
    };
    known_effects(run).iter().map(row).collect()
}

/// The known effects, of which an older file holds the sentinel alone.
pub(crate) fn known_effects(run: &Run) -> &[KnownEffect] {
    if run.trust.effects.is_empty() { run.trust.known_effect.as_slice() } else { &run.trust.effects }
}

/// Each long run: cell, iterations, last quarter over the first, said.
pub(crate) fn soaks(run: &Run) -> Vec<[String; 4]> {
    let row = |soak: &results::SoakTest| {
        let ratio = soak.ratio.unwrap_or(f64::NAN);
        let size = percent((ratio - 1.0).abs());
        let said = match ratio {
            ratio if steady(ratio) => format!("within {}", percent(STEADY)),
            ratio if ratio > 1.0 => format!("{size} SLOWER at the end"),
            ratio if ratio.is_finite() => format!("{size} less time at the end"),
            _ => soak.reason.as_ref().map_or_else(|| "unknown".to_owned(), |why| format!("FAILED: {why}")),
        };
        [soak.cell.clone(), figures::count(f64::from(soak.iterations)), change(ratio), said]
    };
    run.trust.soaks.iter().map(row).collect()
}

/// What the neighbours did to a group.
pub(crate) struct Loud {
    /// `3 of 16 rounds were loud`.
    pub(crate) rounds: String,
    /// Rounds that are left without them; null where no verdict was taken.
    pub(crate) left: Option<u32>,
    /// What would be said otherwise without them, each as a clause.
    pub(crate) changes: Vec<String>,
}

impl Loud {
    pub(crate) fn matters(&self) -> bool {
        !self.changes.is_empty()
    }

    /// `3 of 16 rounds were loud; without them every verdict stands`.
    pub(crate) fn said(&self) -> String {
        match (self.left, self.matters()) {
            (None, _) => format!("{}; no verdict was taken yet", self.rounds),
            (Some(_), false) => format!("{}; without them every verdict stands", self.rounds),
            (Some(_), true) => format!("{}; without them {}", self.rounds, self.changes.join(", and ")),
        }
    }
}

/// The part of a cell's ID that its group's lacks.
fn contender<'c>(group: &str, cell: &'c str) -> Option<&'c str> {
    let (label, workers) = group.rsplit_once('/')?;
    cell.strip_prefix(label)?.strip_prefix('/')?.strip_suffix(workers)?.strip_suffix('/')
}

/// The loud rounds of a group; nothing where all were quiet.
pub(crate) fn loud(run: &Run, group: &Group) -> Option<Loud> {
    if group.loud.is_empty() {
        return None;
    }
    // Rounds after the look decide nothing.
    let counts = |round: &&u32| group.rounds == 0 || **round <= group.rounds;
    let n = group.loud.iter().filter(counts).count();
    let all = if group.rounds > 0 { group.rounds } else { run.run.rounds.max(group.loud.iter().copied().max()?) };
    let verb = if n == 1 { "was" } else { "were" };
    let rounds = format!("{n} of {} {verb} loud", plural(all as usize, "round"));
    let mut changes = Vec::new();
    if let Some(quiet) = &group.without_loud {
        let contender = |id: &String| contender(&group.id, id).unwrap_or(id).to_owned();
        if !quiet.changed.is_empty() {
            let names: Vec<String> = quiet.changed.iter().map(contender).collect();
            let others = if names.len() == 1 { "another" } else { "others" };
            let verdicts = plural(names.len(), "verdict");
            changes.push(format!("{verdicts} against sequential would be {others} ({})", names.join(", ")));
        }
        let same = |a: &[String], b: &[String]| a.iter().all(|one| b.contains(one));
        if !(same(&quiet.best_set, &group.best_set) && same(&group.best_set, &quiet.best_set)) {
            let set = if quiet.best_set.is_empty() { "none".to_owned() } else { quiet.best_set.join(", ") };
            changes.push(format!("the best set would be {set}"));
        }
    }
    Some(Loud { rounds, left: group.without_loud.as_ref().map(|quiet| quiet.rounds), changes })
}
