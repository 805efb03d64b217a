//! Every metric of every cell, folded below the forest of its group.

use maud::{Markup, html};
use results::Cell;

use super::{class, contender, ticked};
use crate::figures::{self, NONE};
use crate::metrics::{self, Line};
use crate::view::{GroupView, View};

/// Bytes that a page should not exceed, with some air: 1.5 MB are too many for a phone.
const PAGE: usize = 1_400_000;
/// Bytes of a cell in the verdicts and the forests; these always stand.
const CELL: usize = 1_100;
/// Bytes of a metric in its table.
const FIGURE: usize = 120;

/// Where everything is that a page has no room for.
const ELSEWHERE: &str = "All of them are in `results.json` and `cells.csv`.";

/// How many of the groups of a run, from the first on, are shown with all metrics of their cells.
pub(super) fn groups_shown(view: &View<'_>) -> usize {
    let figures = |group: &GroupView<'_>| cells(group).map(|cell| cell.metrics.len()).sum::<usize>();
    let room = PAGE.saturating_sub(view.run.cells.len() * CELL) / FIGURE;
    let sums = view.groups.iter().scan(0, |sum, group| {
        *sum += figures(group);
        Some(*sum)
    });
    sums.take_while(|sum| *sum <= room).count()
}

/// Said on the page where not all groups have their metrics on it.
pub(super) fn note(view: &View<'_>) -> Markup {
    let shown = groups_shown(view);
    html! {
        @if shown < view.groups.len() {
            p.q {
                "This run has too many figures for one page: the metrics of single cells stand below "
                @match shown { 0 => "no group", 1 => "the first group", n => { "the first " (figures::count(n as f64)) " groups" } }
                " of " (figures::count(view.groups.len() as f64)) ". " (ticked(ELSEWHERE))
            }
        }
    }
}

fn cells<'v, 'a>(group: &'v GroupView<'a>) -> impl Iterator<Item = &'a Cell> + use<'v, 'a> {
    group.rows.iter().map(|row| row.cell).chain(group.wrong.iter().copied()).filter(|cell| !cell.metrics.is_empty())
}

/// The cells of a group, each with a table of its own.
pub(super) fn details(view: &View<'_>, group: &GroupView<'_>) -> Markup {
    let n = cells(group).count();
    html! {
        @if n > 0 {
            details.cells {
                summary { "All metrics of " (figures::plural(n, "cell")) }
                @for cell in cells(group) { (table(view, cell)) }
            }
        }
    }
}

fn table(view: &View<'_>, cell: &Cell) -> Markup {
    let lines = metrics::lines(view.run, cell);
    html! {
        details class=(class(&cell.model)) {
            summary { (contender(&cell.contender)) }
            table.mt {
                thead { tr {
                    th scope="col" { "metric" } th scope="col" { "median" } th scope="col" { "p10 – p90" } th scope="col" { "samples" }
                } }
                tbody { @for line in &lines { (row(line)) } }
            }
            p.q { (units(cell)) code { (cell.id) } }
        }
    }
}

fn row(line: &Line) -> Markup {
    html! {
        tr {
            th scope="row" { (line.names) }
            @match &line.found {
                Ok((median, range, n)) => { td { (median) } td { (range) } td { (n) } }
                Err(reason) => { td { (NONE) } td.why colspan="2" { (reason) } }
            }
        }
    }
}

/// `Really used: 2 threads; a round: 64 tasks, 128 messages with 13.9 KiB`.
fn units(cell: &Cell) -> String {
    let units = cell.units;
    let some = |n: u64, one: &str| (n > 0).then(|| figures::plural(n as usize, one));
    let join = |all: Vec<Option<String>>| all.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let process = match units.processes {
        0 => None,
        1 => Some("1 process".to_owned()),
        n => Some(format!("{} processes", figures::count(n as f64))),
    };
    let workers = join(vec![some(units.threads, "thread"), process]);
    let shipped = (units.bytes_shipped > 0).then(|| format!("{} shipped", figures::bytes(units.bytes_shipped as f64)));
    let round = join(vec![
        some(units.tasks, "task"),
        some(units.messages, "message"),
        shipped,
        some(units.restarts, "restart"),
    ]);
    let workers = if workers.is_empty() { "nothing was counted".to_owned() } else { workers };
    let round = if round.is_empty() { String::new() } else { format!("; a round: {round}") };
    format!("Really used: {workers}{round}. ")
}

/// What the metrics mean, once for the page.
pub(super) fn glossary(view: &View<'_>) -> Markup {
    let known = metrics::glossary(view.run);
    html! {
        @if !known.is_empty() {
            details {
                summary { "What the metrics mean" }
                div.scroll tabindex="0" {
                    table.gloss {
                        thead { tr { th scope="col" { "metric" } th scope="col" { "in results.json" } th scope="col" { "what it is" } } }
                        tbody {
                            @for one in known {
                                tr { th scope="row" { (one.label) } td { code { (one.id) } } td { (one.about) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
