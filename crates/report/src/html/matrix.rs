//! Workload by model: each model by its best strategy; below it all contenders, pattern by pattern.

use std::collections::{BTreeSet, HashMap};

use maud::{Markup, html};
use results::{Cell, CellStatus, Verdict};

use super::share::Share;
use super::{class, section, ticked};
use crate::figures::{self, NONE};
use crate::turns::place;
use crate::view::{GroupView, Row, Standing, View, beyond_cpus};
use crate::words;

/// A group as a row.
struct Line<'v, 'a> {
    index: usize,
    group: &'v GroupView<'a>,
    /// Shown before anybody chose a number of workers.
    default: bool,
    /// The same workload stands in another row, with another number of workers.
    several: bool,
}

impl Line<'_, '_> {
    fn pattern(&self) -> &str {
        self.group.group.map_or("", |group| group.pattern.as_str())
    }
}

/// The groups that are in no sweep, and of each sweep the one at the workload's own values: the others have a section of
/// their own. Those of a pattern stand together.
fn lines<'v, 'a>(view: &'v View<'a>) -> Vec<Line<'v, 'a>> {
    let own = |group: &GroupView<'_>| {
        place(group).is_none() || group.rows.first().is_some_and(|row| row.cell.workload == group.label)
    };
    let groups = || view.groups.iter().enumerate().filter(|(_, group)| own(group));
    let mut counts: HashMap<&str, BTreeSet<u32>> = HashMap::new();
    for (_, group) in groups() {
        counts.entry(group.label).or_default().insert(group.workers);
    }
    let mut lines: Vec<Line<'v, 'a>> = groups()
        .map(|(index, group)| {
            let counts = &counts[group.label];
            let default = default_count(counts, view.run.environment.cpus_effective) == Some(group.workers);
            Line { index, group, default, several: counts.len() > 1 }
        })
        .collect();
    let mut patterns: Vec<String> = Vec::new();
    for line in &lines {
        if !patterns.iter().any(|pattern| pattern == line.pattern()) {
            patterns.push(line.pattern().to_owned());
        }
    }
    lines.sort_by_key(|line| patterns.iter().position(|pattern| pattern == line.pattern()));
    lines
}

/// The highest number of workers that is not above the CPUs, else the lowest.
fn default_count(counts: &BTreeSet<u32>, cpus: f64) -> Option<u32> {
    counts.iter().copied().min_by_key(|count| beyond_cpus(*count, cpus))
}

/// The section; nothing where every group is in a sweep.
pub(super) fn matrix(view: &View<'_>) -> Markup {
    let lines = lines(view);
    if lines.iter().all(|line| line.group.rows.is_empty()) {
        return html! {};
    }
    let mut share = Share::MATRIX;
    let title = html! {
        h2 { "Workload by model" }
        p.how {
            "Each model by its best strategy, named below the figure. " b { "1.00" } " leads, " b { "=" } " ties with it within "
            (figures::percent(view.run.run.delta)) ", " b.nw { "?<6\u{a0}%" } " is not separated and any difference is below that, "
            b { "1.9–2.3×" } " is the interval of the times that it is slower; " b { "≤1.04×" } ": slower, but inside the tie band; "
            b { "far" } ": over 20 times, not tested. A time alone: not decided. w8: 8 workers."
        }
    };
    let shown = rows(view, &lines, &mut share);
    let body = html! {
        div.tools { (scale()) (switch(view, &lines)) }
        table.mx id="t-mx" {
            caption.sr { "every workload: each model's best strategy against the leader" }
            thead { tr {
                th scope="col" { "workload" }
                @for model in view.models() { th scope="col" class=(class(model)) { i.g {} (model) } }
            } }
            tbody { @for row in &shown { (row) } }
        }
        @if shown.len() < lines.len() {
            p.q { (figures::plural(lines.len() - shown.len(), "row")) " more: too many figures for one page. " (ticked(super::forest::ELSEWHERE)) }
        }
        (all(view, &lines, &mut share))
    };
    section("matrix", title, body)
}

fn scale() -> Markup {
    let steps = ["to 1.1×", "to 1.5×", "to 3×", "to 10×"];
    html! {
        p.scale {
            span { i.h0 {} "best set" }
            @for (at, step) in steps.iter().enumerate() { span { i class=(format!("h{}", at + 1)) {} (step) } }
            span { i {} "above" }
            span { "▼ slower than sequential" }
        }
    }
}

/// Chooses a number of workers, where a workload has several.
fn switch(view: &View<'_>, lines: &[Line<'_, '_>]) -> Markup {
    let several = lines.iter().filter(|line| line.several);
    let counts: BTreeSet<u32> = several.map(|line| line.group.workers).collect();
    let default = default_count(&counts, view.run.environment.cpus_effective);
    html! {
        @if counts.len() > 1 {
            label.need { "workers " select #w { @for count in &counts { option selected[Some(*count) == default] { (count) } } } }
        }
    }
}

/// A row a group, with the name of the pattern above the first of each.
fn rows(view: &View<'_>, lines: &[Line<'_, '_>], share: &mut Share) -> Vec<Markup> {
    let models = view.models();
    let mut before = "";
    let rows = lines.iter().map(|line| {
        let new = (line.pattern() != before).then(|| line.pattern());
        before = line.pattern();
        html! {
            @if let Some(pattern) = new.filter(|pattern| !pattern.is_empty()) { tr.pat { th scope="rowgroup" colspan=(models.len() + 1) { (pattern) } } }
            tr.alt[!line.default] data-w=[line.several.then_some(line.group.workers)] {
                th scope="row" {
                    @if line.group.rows.is_empty() { (line.group.label) } @else { a href=(format!("#g{}", line.index)) { (line.group.label) } }
                    small { (best(line.group)) }
                }
                @for model in &models { (by_model(line, model)) }
            }
        }
    });
    share.fill(rows)
}

/// `w8, best 302 µs`.
fn best(group: &GroupView<'_>) -> String {
    let leader = group.leader().and_then(|row| Some((row, row.median()?)));
    let best = match leader {
        Some((row, median)) => format!("best {}", figures::value(&row.cell.primary, median)),
        None if group.rows.is_empty() => "not measured".to_owned(),
        None => "not decided".to_owned(),
    };
    if group.workers == 0 { best } else { format!("w{}, {best}", group.workers) }
}

/// A model in a group: its best strategy, or why there is none.
fn by_model(line: &Line<'_, '_>, model: &str) -> Markup {
    let best = line.group.rows.iter().find(|row| row.cell.model == model);
    html! {
        @match best {
            Some(row) => td class=(format!("{} {}", heat(row), class(model))) {
                a href=(format!("#g{}", line.index)) data-cell=(row.cell.id) {
                    b { (figure(row)) }
                    small { (if row.reference && row.standing != Standing::Undecided { median(row) } else { row.cell.strategy.clone() }) }
                }
            },
            None => (absent(line.group, model)),
        }
    }
}

fn absent(group: &GroupView<'_>, model: &str) -> Markup {
    let weight = |cell: &&&Cell| match cell.status {
        CellStatus::Failed => 0,
        CellStatus::TimedOut => 1,
        CellStatus::Skipped => 2,
        _ => 3,
    };
    let cell = group.absent.iter().filter(|cell| cell.model == model && !cell.deliberately_wrong).min_by_key(weight);
    html! {
        td class=(format!("hx {}", class(model))) {
            @match cell {
                Some(cell) => { b { (absence(cell.status)) } small { (words::reason(cell)) } }
                None => { b { (NONE) } }
            }
        }
    }
}

fn absence(status: CellStatus) -> &'static str {
    match status {
        CellStatus::NotApplicable => "n/a",
        other => words::status(other),
    }
}

fn median(row: &Row<'_>) -> String {
    row.median().map_or_else(|| NONE.to_owned(), |median| figures::value(&row.cell.primary, median))
}

/// How near the leader, in six steps: on the page the figure always stands in it.
fn heat(row: &Row<'_>) -> &'static str {
    let inside = row.behind.is_some_and(|behind| behind.inside_band || behind.verdict == Verdict::Tie);
    match (row.standing, row.ratio) {
        (Standing::Undecided, _) => "hn",
        (standing, _) if standing.best() => "h0",
        (Standing::Far, _) | (_, None) => "hx",
        (_, Some(ratio)) if inside || ratio <= 1.1 => "h1",
        (_, Some(ratio)) if ratio <= 1.5 => "h2",
        (_, Some(ratio)) if ratio <= 3.0 => "h3",
        (_, Some(ratio)) if ratio <= 10.0 => "h4",
        _ => "hx",
    }
}

/// `1.00`, `=`, `?<6 %`, `1.9–2.3×`, `≤1.04×`, `far 49×`; `▼` where it is slower than sequential.
fn figure(row: &Row<'_>) -> String {
    let bound = || words::bound(row.behind).map_or_else(|| "?".to_owned(), |bound| bound.replace("below ", "?<"));
    let mut text = match (row.standing, row.behind.map(|behind| (behind.verdict, behind.inside_band))) {
        (Standing::Leads, _) => "1.00".to_owned(),
        (Standing::Ties, _) => "=".to_owned(),
        (Standing::NotSeparated, _) => bound(),
        (Standing::Far, _) | (Standing::Behind, Some((Verdict::Far, _))) => {
            row.ratio.map_or_else(|| "far".to_owned(), |ratio| format!("far {}×", figures::ratio(ratio)))
        }
        (Standing::Behind, Some((Verdict::Unresolved, _))) => format!("behind, {}", bound().replace('?', "")),
        (Standing::Behind, Some((Verdict::Faster, _))) => "faster".to_owned(),
        (Standing::Behind, Some((Verdict::Tie, _) | (_, true))) => {
            ends(row).map_or_else(bound, |(_, hi)| format!("≤{hi}×"))
        }
        (Standing::Behind, Some((Verdict::Slower, false))) => {
            ends(row).map_or_else(|| "slower".to_owned(), |(lo, hi)| format!("{lo}–{hi}×"))
        }
        (Standing::Behind, None) | (Standing::Undecided, _) => median(row),
    };
    if row.standing != Standing::Undecided && row.slower_than_reference() {
        text.push_str(" ▼");
    }
    super::times(&text.replace(" %", "\u{a0}%"))
}

fn ends(row: &Row<'_>) -> Option<(String, String)> {
    let behind = row.behind?;
    Some(figures::ends(figures::finite(behind.lo)?, figures::finite(behind.hi)?))
}

/// Every contender of a pattern against its workloads.
fn all(view: &View<'_>, lines: &[Line<'_, '_>], share: &mut Share) -> Markup {
    let lines: Vec<&Line<'_, '_>> = lines.iter().filter(|line| line.default && !line.group.rows.is_empty()).collect();
    let tables: Vec<Markup> =
        lines.chunk_by(|a, b| a.pattern() == b.pattern()).map(|lines| contenders(view, lines)).collect();
    let shown = share.fill(tables.into_iter());
    html! {
        @if !shown.is_empty() {
            details.more {
                summary { "All contenders, pattern by pattern" }
                div.all { @for table in &shown { (table) } }
            }
        }
    }
}

fn contenders(view: &View<'_>, lines: &[&Line<'_, '_>]) -> Markup {
    let pattern =
        lines.first().map(|line| line.pattern()).filter(|pattern| !pattern.is_empty()).unwrap_or("all workloads");
    let mut names: Vec<(&str, &str)> = Vec::new();
    let mut rows: HashMap<&str, Vec<Option<&Row<'_>>>> = HashMap::new();
    for (at, line) in lines.iter().enumerate() {
        for row in &line.group.rows {
            let mine = rows.entry(&row.cell.contender).or_insert_with(|| {
                names.push((&row.cell.model, &row.cell.contender));
                vec![None; lines.len()]
            });
            mine[at] = Some(row);
        }
    }
    let models = view.models();
    names.sort_by_key(|(model, _)| models.iter().position(|other| other == model));
    let cell = |row: &Option<&Row<'_>>| html! { @match row { Some(row) => td class=(heat(row)) { (figure(row)) }, None => td {} } };
    html! {
        div.scroll tabindex="0" role="region" aria-label=(format!("all contenders, {pattern}")) {
            table {
                caption { (pattern) }
                thead { tr { th scope="col" { "contender" } @for line in lines { th scope="col" { (line.group.label) } } } }
                tbody {
                    @for (model, name) in names {
                        tr class=(class(model)) { th scope="row" { i.g {} (name) } @for row in &rows[name] { (cell(row)) } }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_highest_number_of_workers_within_the_machine() {
        let counts = |all: &[u32]| all.iter().copied().collect::<BTreeSet<u32>>();
        assert_eq!(default_count(&counts(&[1, 2, 4, 8]), 4.0), Some(4));
        assert_eq!(default_count(&counts(&[1, 2, 4]), 2.5), Some(2));
        assert_eq!(default_count(&counts(&[8, 64]), 2.0), Some(8));
        assert_eq!(default_count(&counts(&[]), 2.0), None);
    }
}
