//! What a group says of a model: how its best strategy stands, and what sets it apart.

use results::{Cell, CellStatus, Run, Verdict};

use crate::differs;
use crate::figures::{self, finite, percent};
use crate::view::{GroupView, Row, Standing};
use crate::words;

/// What a question is answered with for a model.
pub(crate) struct Answer<'a> {
    pub(crate) model: &'a str,
    pub(crate) mark: Mark,
    /// `best`, `1.06×`, `far, 45×`, `n/a`.
    pub(crate) said: String,
    /// The interval of a ratio.
    pub(crate) interval: Option<String>,
    /// The cell that speaks for the model.
    pub(crate) cell: Option<&'a Cell>,
    pub(crate) why: Vec<Why>,
}

/// What sets a cell apart, or why there is none.
pub(crate) struct Why {
    pub(crate) said: String,
    /// The same at length; empty where nothing was left out.
    pub(crate) full: String,
}

/// How an answer is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// In the best set.
    Best,
    /// In the best set, and not separated from the leader.
    Open,
    /// Within 10 % of the leader.
    Near,
    /// Partly so.
    Partly,
    Not,
    /// No answer.
    Nothing,
}

impl Mark {
    /// A glyph that says it without colour.
    pub(crate) fn glyph(self) -> &'static str {
        match self {
            Self::Best => "●",
            Self::Open => "?",
            Self::Near | Self::Partly => "◐",
            Self::Not => "○",
            Self::Nothing => "–",
        }
    }
}

/// Up to so many times slower than the best, the choice does not matter.
pub(crate) const NEAR: f64 = 1.10;

/// Whether a contender is within 10 % of the leader, with the whole of its interval.
pub(crate) fn near(row: &Row<'_>) -> bool {
    match row.standing {
        Standing::Leads | Standing::Ties => true,
        Standing::NotSeparated | Standing::Behind => {
            finite(row.behind.and_then(|behind| behind.hi)).is_some_and(|hi| hi <= NEAR)
        }
        Standing::Far | Standing::Undecided => false,
    }
}

/// What a group says of a model.
pub(super) fn of<'a>(group: &GroupView<'a>, model: &'a str) -> Answer<'a> {
    let Some(row) = group.rows.iter().find(|row| row.cell.model == model && !row.reference) else {
        return absent(group, model);
    };
    let (mark, said) = standing(row);
    let shown = matches!(mark, Mark::Near | Mark::Not) && row.behind.is_some_and(|b| b.verdict != Verdict::Unresolved);
    let interval = row.behind.filter(|_| shown).and_then(|b| figures::interval(b.lo, b.hi));
    // Nobody speaks for a model before there is a verdict.
    let cell = (row.standing != Standing::Undecided).then_some(row.cell);
    Answer { model, mark, said, interval, cell, why: apart(group, row).into_iter().collect() }
}

/// Mark and words of a measured contender.
fn standing(row: &Row<'_>) -> (Mark, String) {
    let ratio = row.ratio.map(|ratio| format!("{}×", figures::ratio(ratio)));
    let below = || words::bound(row.behind).map(|bound| bound.replace("below ", "<").replace('x', "×"));
    match (row.standing, row.behind.map(|b| b.verdict)) {
        (Standing::Leads, _) => (Mark::Best, String::from("best")),
        (Standing::Ties, _) => (Mark::Best, String::from("best set")),
        (Standing::NotSeparated, _) => (Mark::Open, below().unwrap_or_else(|| String::from("too few rounds"))),
        (Standing::Undecided, _) => (Mark::Nothing, String::from("not decided")),
        (Standing::Far, _) | (_, Some(Verdict::Far)) => {
            (Mark::Not, ratio.map_or_else(|| String::from("far"), |ratio| format!("far, {ratio}")))
        }
        // Behind by the one-sided test, though its interval includes 1.
        (Standing::Behind, Some(Verdict::Unresolved)) => {
            let mark = if near(row) { Mark::Near } else { Mark::Not };
            (mark, below().map_or_else(|| String::from("behind"), |below| format!("behind, {below}")))
        }
        (Standing::Behind, _) => {
            (if near(row) { Mark::Near } else { Mark::Not }, ratio.unwrap_or_else(|| String::from("not compared")))
        }
    }
}

/// The quantity in which a contender differs most from the leader, and the leader from the next model.
fn apart(group: &GroupView<'_>, row: &Row<'_>) -> Option<Why> {
    let leader = group.leader()?;
    let other = if row.standing == Standing::Leads {
        let next = |other: &&Row<'_>| !other.reference && other.cell.model != row.cell.model;
        group.rows.iter().find(next)?
    } else {
        leader
    };
    let all = differs::most(row.cell, other.cell, 2);
    let full = differs::listed(&all)
        .map(|said| format!("Against {} it differs most in {said}. Correlation, not cause.", other.cell.contender));
    Some(Why { said: all.into_iter().next()?.said, full: full.unwrap_or_default() })
}

/// A model of which nothing was measured.
fn absent<'a>(group: &GroupView<'a>, model: &'a str) -> Answer<'a> {
    let mine = || group.absent.iter().copied().filter(|cell| cell.model == model);
    let of = |status: CellStatus| mine().find(|cell| cell.status == status);
    let failed = of(CellStatus::Failed).or_else(|| of(CellStatus::TimedOut));
    let skipped = of(CellStatus::Skipped);
    let (said, cell) = match (failed, skipped, of(CellStatus::NotApplicable)) {
        (Some(cell), ..) => (words::status(cell.status), Some(cell)),
        (_, Some(cell), _) => ("not measured here", Some(cell)),
        (.., Some(cell)) => ("n/a", Some(cell)),
        _ => ("not measured here", None),
    };
    let why = cell.map(|cell| brief(words::reason(cell)));
    Answer {
        model,
        mark: Mark::Nothing,
        said: said.to_owned(),
        interval: None,
        cell: None,
        why: why.into_iter().collect(),
    }
}

/// Characters of a reason in a cell of the table.
const BRIEF: usize = 60;

/// A reason, cut at its first colon, or where a word ends.
pub(super) fn brief(reason: &str) -> Why {
    let clause = reason.split([':', ';']).next().unwrap_or_default().trim();
    let mut said = String::new();
    for word in clause.split_whitespace() {
        if said.chars().count() + word.chars().count() >= BRIEF {
            said = if said.is_empty() { word.chars().take(BRIEF).collect() } else { said };
            said.push('…');
            break;
        }
        said += if said.is_empty() { "" } else { " " };
        said += word;
    }
    let full = if said == reason { String::new() } else { reason.to_owned() };
    Why { said, full }
}

/// `best is 1.9× sequential [1.88, 1.93]`: what the leader gains over one thread.
pub(super) fn gain(run: &Run, leader: &Row<'_>) -> String {
    let invert = |x: f64| (x.is_finite() && x > 0.0).then(|| 1.0 / x);
    let timed = leader.cell.primary == "elapsed_ns";
    let against = leader.against.filter(|_| timed).and_then(|against| Some((against, invert(against.ratio)?)));
    match against.map(|(against, speed)| (against.verdict, against, speed)) {
        Some((Verdict::Faster, against, speed)) => {
            let ends = figures::interval(against.hi.and_then(invert), against.lo.and_then(invert));
            let ends = ends.map(|ends| format!(" {ends}")).unwrap_or_default();
            format!("best is {}× sequential{ends}", figures::ratio(speed))
        }
        Some((Verdict::Far, _, speed)) if speed > 1.0 => {
            format!("best is {}× sequential, not tested", figures::ratio(speed))
        }
        Some((Verdict::Tie, ..)) => format!("best ties with one thread (within {})", percent(run.run.delta)),
        Some((Verdict::Unresolved, against, _)) => {
            let bound = words::bound(Some(against)).map(|bound| format!(" (any difference is {bound})"));
            format!("best is not separated from one thread{}", bound.unwrap_or_default())
        }
        _ => {
            let median = leader.median().map(|median| figures::value(&leader.cell.primary, median));
            median.map_or_else(String::new, |median| format!("best is {median}"))
        }
    }
}
