//! Sentences by rule: every verdict, its confidence and every reason, in the same words in every form of the report.

use std::fmt;

use results::{Cell, CellStatus, Contrast, Run, Verdict};

use crate::facts::ending;
use crate::faults;
use crate::figures::{self, percent, plural};
use crate::hazards;
use crate::view::{GroupView, Row, Standing, Tally, View, median};

/// A part of a sentence; HTML sets each kind differently, plain text runs them together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece {
    Text(String),
    /// `model/strategy`.
    Contender(String),
    /// A ratio, shown as `1.06x`.
    Times(f64),
    /// An interval, quieter than the rest and set off by a space.
    Aside(String),
}

/// One or more sentences.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sentence(pub(crate) Vec<Piece>);

impl Sentence {
    fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.0.push(Piece::Text(text.into()));
        self
    }

    fn contender(&mut self, cell: &Cell) -> &mut Self {
        self.0.push(Piece::Contender(cell.contender.clone()));
        self
    }

    fn times(&mut self, ratio: f64) -> &mut Self {
        self.0.push(Piece::Times(ratio));
        self
    }

    fn aside(&mut self, text: Option<String>) -> &mut Self {
        self.0.extend(text.map(Piece::Aside));
        self
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) | Piece::Contender(text) => f.write_str(text),
            Piece::Aside(text) => write!(f, " {text}"),
            Piece::Times(ratio) => write!(f, "{}x", figures::ratio(*ratio)),
        })
    }
}

/// `counter:keys=64, 8 workers`.
pub(crate) fn title(group: &GroupView<'_>) -> String {
    match group.workers {
        0 => group.label.to_owned(),
        n => format!("{}, {}", group.label, plural(n as usize, "worker")),
    }
}

/// What a group says: its best set, then each other model's best, then how many lose to sequential.
pub(crate) fn verdict(view: &View<'_>, group: &GroupView<'_>) -> Sentence {
    let mut s = Sentence::default();
    if view.run.trust.trusted == Some(false) {
        s.text(DISTRUST);
    }
    clauses(&mut s, view.run, group);
    s.text(".");
    widest(&mut s, group);
    if let Some(losers) = losers(group) {
        s.text(format!(" {losers}."));
    }
    s
}

/// Stands before everything that a run says which failed its own checks.
pub(crate) const DISTRUST: &str = "Not trusted: ";

/// The verdict without its end.
fn clauses(s: &mut Sentence, run: &Run, group: &GroupView<'_>) {
    let Some(leader) = group.leader() else {
        return undecided(s, run, group);
    };
    s.contender(leader.cell).text(" leads");
    let of = |standing| group.rows.iter().filter(move |row| row.standing == standing).collect::<Vec<_>>();
    let ties = of(Standing::Ties);
    if !ties.is_empty() {
        s.text("; ");
        list(s, &ties);
        let verb = if ties.len() == 1 { "ties" } else { "tie" };
        s.text(format!(" {verb} (within {})", percent(run.run.delta)));
    }
    let open = of(Standing::NotSeparated);
    if !open.is_empty() {
        s.text("; ");
        list(s, &open);
        let verb = if open.len() == 1 { "is" } else { "are" };
        s.text(format!(" {verb} not separated from it ({})", difference(&open)));
    }
    for row in group.other_models() {
        s.text("; ").contender(row.cell).text(" is ");
        behind(s, row);
    }
}

/// `Widest within a model: processes/server, 1,500x behind.` Said where strategies of one model are further apart than the
/// best of each model are.
fn widest(s: &mut Sentence, group: &GroupView<'_>) {
    let Some(models) = group.spread() else { return };
    let ratio = |row: &Row<'_>| if row.standing == Standing::Leads { Some(1.0) } else { row.ratio };
    let within = |row: &Row<'_>| {
        let best = group.rows.iter().find(|best| best.cell.model == row.cell.model)?;
        Some(ratio(row)? / ratio(best)?)
    };
    let behind = group.rows.iter().filter(|row| matches!(row.standing, Standing::Behind | Standing::Far));
    let all = behind.filter_map(|row| Some((within(row).filter(|within| within.is_finite())?, row)));
    let Some((_, row)) = all.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(within, _)| *within > models) else { return };
    let interval = row.behind.and_then(|b| figures::interval(b.lo, b.hi));
    s.text(" Widest within a model: ").contender(row.cell).text(", ").times(row.ratio.unwrap_or(f64::NAN));
    s.text(" behind").aside(interval).text(".");
}

/// A group without a verdict: how far it came, and what stands so far.
fn undecided(s: &mut Sentence, run: &Run, group: &GroupView<'_>) {
    if group.rows.is_empty() {
        s.text("nothing was measured");
        let reasons: Vec<String> = counts_of(&group.absent);
        if !reasons.is_empty() {
            s.text(format!(" ({})", reasons.join(", ")));
        }
        return;
    }
    s.text(format!("nothing is decided {}", waiting(run, group)));
    if let Some((row, median)) = group.rows.first().and_then(|row| Some((row, row.median()?))) {
        s.text("; smallest median so far: ").contender(row.cell);
        s.text(format!(", {}", figures::value(&row.cell.primary, median)));
    }
}

/// `after 9 rounds (first look after 16)`: how far a group came that has no verdict.
pub(crate) fn waiting(run: &Run, group: &GroupView<'_>) -> String {
    let rounds = group.rounds();
    let first = run.run.looks.first().filter(|first| **first > rounds);
    let first = first.map(|first| format!(" (first look after {first})")).unwrap_or_default();
    format!("after {}{first}", plural(rounds as usize, "round"))
}

/// `A`, `A and B`, `A and 2 more`.
fn list(s: &mut Sentence, rows: &[&Row<'_>]) {
    match rows {
        [] => {}
        [one] => _ = s.contender(one.cell),
        [one, two] => _ = s.contender(one.cell).text(" and ").contender(two.cell),
        [one, rest @ ..] => _ = s.contender(one.cell).text(format!(" and {} more", rest.len())),
    }
}

/// `1.06x slower [1.04, 1.07]`: said of a contender that is not in the best set.
fn behind(s: &mut Sentence, row: &Row<'_>) {
    let Some(ratio) = row.ratio else {
        s.text("not compared with it");
        return;
    };
    let interval = row.behind.and_then(|b| figures::interval(b.lo, b.hi));
    match (row.standing, row.behind.map(|b| (b.verdict, b.inside_band))) {
        (Standing::Far, _) | (_, Some((Verdict::Far, _))) => _ = s.text("far behind, ").times(ratio),
        (_, Some((Verdict::Slower, inside))) => {
            s.times(ratio).text(" slower").aside(interval);
            if inside {
                s.text(", inside the band");
            }
        }
        // The engine should not name such a leader; if it does, the page still speaks of slower only.
        (_, Some((Verdict::Faster, _))) => _ = s.text("faster: the leader is ").times(1.0 / ratio).text(" slower"),
        (_, Some((Verdict::Tie, _))) => _ = s.text("within the tie band, ").times(ratio).aside(interval),
        (Standing::Behind, Some((Verdict::Unresolved, _))) => {
            s.text(format!("behind, by how much is open ({})", difference(&[row])));
        }
        (_, Some((Verdict::Unresolved, _)) | None) => {
            s.text(format!("not separated from it ({})", difference(&[row])));
        }
    }
}

/// The same as plain text.
pub(crate) fn behind_text(row: &Row<'_>) -> String {
    let mut s = Sentence::default();
    behind(&mut s, row);
    s.to_string()
}

/// What a forest says of a contender, its ratio included.
pub(crate) fn placed(row: &Row<'_>, run: &Run) -> Sentence {
    let mut s = Sentence::default();
    match (row.standing, row.behind.map(|b| (b.verdict, b.inside_band)), row.ratio) {
        (Standing::Behind, Some((Verdict::Slower, true)), Some(ratio)) => {
            let interval = row.behind.and_then(|b| figures::interval(b.lo, b.hi));
            s.times(ratio).aside(interval).text(", in the band");
        }
        (Standing::Far, ..) | (Standing::Behind, Some((Verdict::Slower | Verdict::Far, _)), _) => behind(&mut s, row),
        _ => _ = s.text(standing(row, run)),
    }
    s
}

/// What a table says of a contender; the figures stand in columns of their own.
pub(crate) fn standing(row: &Row<'_>, run: &Run) -> String {
    match (row.standing, row.behind.map(|b| (b.verdict, b.inside_band))) {
        (Standing::Leads, _) => "leads".to_owned(),
        (Standing::Ties, _) => format!("= tie, within {}", percent(run.run.delta)),
        // Out of the best set by the one-sided test, though its interval includes 1: behind, by how much is open.
        (Standing::Behind, Some((Verdict::Unresolved, _))) => {
            let bound = bound(row.behind).map_or_else(|| "too few rounds".to_owned(), |b| b.replace("below ", "<"));
            format!("behind, {bound}")
        }
        (Standing::NotSeparated, _) => {
            let bound = bound(row.behind).map_or_else(|| "too few rounds".to_owned(), |b| b.replace("below ", "<"));
            format!("? not separated, {bound}")
        }
        (Standing::Far, _) | (Standing::Behind, Some((Verdict::Far, _))) => "far behind, not tested".to_owned(),
        (Standing::Behind, Some((Verdict::Slower, true))) => "slower, inside the band".to_owned(),
        (Standing::Behind, Some((Verdict::Slower, false))) => "slower".to_owned(),
        (Standing::Behind, Some((Verdict::Faster, _))) => "faster than the leader".to_owned(),
        (Standing::Behind, Some((Verdict::Tie, _))) => "within the tie band".to_owned(),
        (Standing::Behind, None) | (Standing::Undecided, _) => "not decided".to_owned(),
    }
}

/// `below 8 %`: how large a difference can still hide, read from the interval against the leader.
pub(crate) fn bound(contrast: Option<&Contrast>) -> Option<String> {
    bound_text(hidden(contrast)?)
}

fn hidden(contrast: Option<&Contrast>) -> Option<f64> {
    let contrast = contrast?;
    let (lo, hi) = (figures::finite(contrast.lo)?, figures::finite(contrast.hi)?);
    (lo > 0.0).then(|| (hi - 1.0).max(1.0 / lo - 1.0))
}

fn bound_text(hidden: f64) -> Option<String> {
    if !hidden.is_finite() {
        return None;
    }
    // Rounded up, or the sentence would be false.
    if hidden <= 1.0 {
        Some(format!("below {} %", ((hidden * 100.0 - 1e-9).ceil().max(1.0)) as u32))
    } else {
        Some(format!("below {}x", figures::ratio(((hidden + 1.0) * 10.0).ceil() / 10.0)))
    }
}

/// `any difference is below 8 %`: the widest of several.
pub(crate) fn difference(rows: &[&Row<'_>]) -> String {
    let widest = rows.iter().map(|row| hidden(row.behind)).try_fold(0.0, |widest: f64, one| Some(widest.max(one?)));
    match widest.and_then(bound_text) {
        Some(bound) => format!("any difference is {bound}"),
        None => "too few rounds for an interval".to_owned(),
    }
}

/// `17 of 22 contenders are slower than sequential`; nothing where nothing is decided, or nobody was
/// compared with it.
pub(crate) fn losers(group: &GroupView<'_>) -> Option<String> {
    group.leader()?;
    let compared: Vec<&Row<'_>> = group.rows.iter().filter(|row| !row.reference && row.against.is_some()).collect();
    let slower = compared.iter().filter(|row| row.slower_than_reference()).count();
    let (all, verb) = (plural(compared.len(), "contender"), if slower == 1 { "is" } else { "are" });
    (!compared.is_empty()).then(|| format!("{slower} of {all} {verb} slower than sequential"))
}

/// How wrong each counterexample of a group was, and how many of its fixes lost nothing.
pub(crate) fn lost(group: &GroupView<'_>) -> Vec<Sentence> {
    let known: Vec<bool> =
        group.rows.iter().filter(|row| !row.reference).filter_map(|row| lost_none(row.cell)).collect();
    let clean = known.iter().filter(|clean| **clean).count();
    let fixes = match (clean, known.len()) {
        (_, 0) => String::new(),
        (1, 1) => "; the one fix lost none".to_owned(),
        (clean, all) if clean == all => format!("; the {all} fixes lost none"),
        (clean, all) => format!("; {clean} of {all} fixes lost none"),
    };
    group
        .wrong
        .iter()
        .map(|cell| {
            let mut s = Sentence::default();
            s.contender(cell);
            let kinds = faults::of(cell);
            match median(cell, "lost_updates") {
                Some(lost) => {
                    let colon = if kinds.is_empty() { "" } else { ":" };
                    s.text(format!("{colon} {}", faults::said(lost, median(cell, "expected_updates"), &kinds)))
                }
                None => s.text(" is wrong on purpose; how wrong it was is not known"),
            };
            s.text(format!("{fixes}."));
            s
        })
        .collect()
}

/// Whether a contender lost no update; a verified answer says so too.
pub(crate) fn lost_none(cell: &Cell) -> Option<bool> {
    let wrong = median(cell, "wrong_answers").filter(|wrong| *wrong > 0.0).map(|_| false);
    wrong.or_else(|| median(cell, "lost_updates").map(|lost| lost == 0.0)).or(cell.verified)
}

/// What the whole run says in one line, without its full stop.
pub(crate) fn lead(view: &View<'_>) -> Sentence {
    let mut s = Sentence::default();
    if view.run.trust.trusted == Some(false) {
        s.text(DISTRUST);
    }
    let tally = view.tally();
    let decided: Vec<&GroupView<'_>> = view.groups.iter().filter(|group| group.leader().is_some()).collect();
    match decided.as_slice() {
        [] if view.run.cells.is_empty() && hazards::summary(view.run).is_some() => {
            s.text(hazards::summary(view.run).unwrap_or_default());
        }
        [] if view.run.cells.is_empty() => _ = s.text("nothing was measured: the run has no cells"),
        [] if tally.measured == 0 => _ = s.text("nothing was measured"),
        [] => _ = s.text("nothing was decided"),
        [one] => clauses(s.text(format!("{}: ", title(one))), view.run, one),
        many => range(&mut s, many),
    }
    let missing = [(tally.unresolved, "unresolved"), (tally.failed, "failed"), (tally.timed_out, "timed out")];
    let missing: Vec<String> = missing.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    if !missing.is_empty() {
        s.text(format!("; {}", missing.join(", ")));
    }
    if let Some(ending) = ending(view.run) {
        s.text(format!("; {ending}"));
    }
    s
}

/// Where the choice of a model matters most and least.
fn range(s: &mut Sentence, groups: &[&GroupView<'_>]) {
    let mut spreads: Vec<(f64, &GroupView<'_>)> =
        groups.iter().filter_map(|group| Some((group.spread()?, *group))).collect();
    spreads.sort_by(|a, b| a.0.total_cmp(&b.0));
    let place = |s: &mut Sentence, (spread, group): &(f64, &GroupView<'_>)| {
        let twice = groups.iter().filter(|other| other.label == group.label).count() > 1;
        s.text(format!("{} (", if twice { group.id } else { group.label }));
        if *spread <= 1.0 { s.text("tie") } else { s.times(*spread) }.text(")");
    };
    match spreads.as_slice() {
        [] => _ = s.text(format!("{} were decided, each with one model", plural(groups.len(), "group"))),
        [.., most] if most.0 <= 1.0 => _ = s.text("no model is separated from the best anywhere"),
        [one] => place(s.text("choice matters on "), one),
        [least, .., most] => {
            place(s.text("choice matters most on "), most);
            place(s.text(", least on "), least);
        }
    }
}

/// `203 separated, 22 ties, 2 unresolved, 51 far; 1 failed, 1 timed out`: verdicts against the leader, then what is
/// missing. Empty where there is neither.
pub(crate) fn tally(tally: &Tally) -> String {
    let ties = if tally.ties == 1 { "tie" } else { "ties" };
    let decided = tally.separated + tally.ties + tally.unresolved + tally.far > 0;
    let verdicts = decided.then(|| {
        format!(
            "{} separated, {} {ties}, {} unresolved, {} far",
            tally.separated, tally.ties, tally.unresolved, tally.far
        )
    });
    let rest = [
        (tally.failed, "failed"),
        (tally.timed_out, "timed out"),
        (tally.not_applicable, "not applicable"),
        (tally.skipped, "skipped"),
    ];
    let rest: Vec<String> = rest.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    verdicts.into_iter().chain((!rest.is_empty()).then(|| rest.join(", "))).collect::<Vec<_>>().join("; ")
}

/// A status as a word.
pub(crate) fn status(status: CellStatus) -> &'static str {
    match status {
        CellStatus::Measured => "measured",
        CellStatus::NotApplicable => "not applicable",
        CellStatus::Failed => "failed",
        CellStatus::TimedOut => "timed out",
        CellStatus::Skipped => "skipped",
    }
}

/// Why a cell is not measured, or that nobody said so.
pub(crate) fn reason(cell: &Cell) -> &str {
    cell.reason.as_deref().filter(|reason| !reason.is_empty()).unwrap_or("no reason was recorded")
}

/// `2 failed`, `1 skipped`, in the order of their weight.
fn counts_of(cells: &[&Cell]) -> Vec<String> {
    [CellStatus::Failed, CellStatus::TimedOut, CellStatus::NotApplicable, CellStatus::Skipped]
        .into_iter()
        .map(|kind| (cells.iter().filter(|cell| cell.status == kind).count(), kind))
        .filter(|(n, _)| *n > 0)
        .map(|(n, kind)| format!("{n} {}", status(kind)))
        .collect()
}
