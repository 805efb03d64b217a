//! Every metric of every cell: a table a group, folded below its forest.

use maud::{Markup, PreEscaped, html};
use results::Cell;

use super::class;
use super::share::Share;
use crate::figures;
use crate::metrics;
use crate::view::{GroupView, View};
use crate::words;

fn cells<'a>(group: &GroupView<'a>) -> Vec<&'a Cell> {
    let all = group.rows.iter().map(|row| row.cell).chain(group.wrong.iter().copied());
    all.filter(|cell| !cell.metrics.is_empty()).collect()
}

/// Medians of the cells of a group: contenders by the metrics that some of them have.
pub(super) fn table(view: &View<'_>, group: &GroupView<'_>, index: usize) -> Markup {
    let cells = cells(group);
    let (ids, missing) = metrics::of(&cells);
    html! {
        @if !cells.is_empty() {
            details.more {
                summary { "All metrics of " (figures::plural(cells.len(), "cell")) }
                div.scroll tabindex="0" role="region" aria-label=(format!("metrics, {}", words::title(group))) {
                    table.nums id=(format!("k{index}")) {
                        thead { tr { th scope="col" { "contender" } @for id in &ids { th scope="col" { (metrics::label(id)) } } } }
                        tbody {
                            @for cell in &cells {
                                tr class=(class(&cell.model)) {
                                    th scope="row" { i.g {} (cell.contender) }
                                    // There are thousands of them, and none needs its end tag.
                                    @for id in &ids { (PreEscaped("<td>")) (metrics::shown(view.run, cell, id)) }
                                }
                            }
                        }
                    }
                }
                @if !missing.is_empty() {
                    p.q { "Nowhere here: " @for (i, (names, reason)) in missing.iter().enumerate() { @if i > 0 { "; " } (names) " (" (reason) ")" } "." }
                }
            }
        }
    }
}

/// The tables of a run by group, as far as there is room.
pub(super) fn tables(view: &View<'_>) -> Vec<Markup> {
    let mut share = Share::METRICS;
    share.fill(view.groups.iter().enumerate().map(|(index, group)| table(view, group, index)))
}

/// What the metrics mean, once for the page.
pub(super) fn glossary(view: &View<'_>) -> Markup {
    let known = metrics::glossary(view.run);
    html! {
        @if !known.is_empty() {
            details.more {
                summary { "What the metrics mean" }
                div.scroll tabindex="0" role="region" aria-label="what the metrics mean" {
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
