//! Which should I use? A table of questions and models: how each stands, by which strategy, and what sets it apart.

use maud::{Markup, html};

use super::{class, section, ticked};
use crate::choose::{self, Answer, Found, Mark, Row, Turn, Why};
use crate::figures;
use crate::matter::Matter;
use crate::view::View;
use crate::words;

/// The section; nothing where nothing was planned.
pub(super) fn choose(view: &View<'_>, rows: &[Row<'_>], matter: &Matter) -> Markup {
    if view.run.cells.is_empty() && view.run.hazards.is_empty() {
        return html! {};
    }
    let title = html! {
        h2 { "Which should I use?" }
        p.how {
            "Each answer is a rule over measured cells: how the model’s best strategy stands against the best, and the count "
            "in which it differs most from it, or the best from the next model: correlation, not cause. No cell, no opinion. "
            "Below each question: what was measured, and " b { "when the answer turns" } "."
        }
    };
    let answered = rows.iter().any(|row| !row.answers().is_empty());
    let body = html! {
        @if answered {
            (legend())
            (table(view, rows))
        } @else {
            p.say { "No cell of this run speaks to any of the " (figures::plural(rows.len(), "question")) " that are asked here." }
        }
        p.say.matter { (ticked(&matter.said.replace(" %", "\u{a0}%"))) }
    };
    section("choose", title, body)
}

fn legend() -> Markup {
    html! {
        div.tools {
            p.scale {
                span { b { "●" } " in the best set" }
                span { b { "?" } " in it, not separated: any difference is below this" }
                span { b { "◐" } " within 10\u{a0}%, with its interval" }
                span { b { "○" } " not; times slower than the best" }
                span { b { "–" } " no answer" }
            }
        }
    }
}

fn table(view: &View<'_>, rows: &[Row<'_>]) -> Markup {
    let models = choose::models(view);
    html! {
        table.choose id="t-choose" {
            thead { tr {
                th scope="col" { "question" }
                @for model in &models { th scope="col" class=(class(model)) { i.g {} (model) } }
            } }
            tbody {
                @for row in rows.iter().filter(|row| !row.answers().is_empty()) { (question(view, row)) }
                (open(rows, models.len()))
            }
        }
    }
}

/// What no cell of the run speaks to, and what would.
fn open(rows: &[Row<'_>], models: usize) -> Markup {
    let open: Vec<(&str, &str)> = rows
        .iter()
        .filter_map(|row| match &row.found {
            Found::Nothing { needs } => Some((row.question.title, needs.as_str())),
            _ => None,
        })
        .collect();
    html! {
        @if !open.is_empty() {
            tr {
                th scope="row" { b { "– not measured here" } span.q { "and what would answer it" } }
                td.nm colspan=(models) {
                    @for (at, (title, needs)) in open.iter().enumerate() {
                        @if at > 0 { "; " } b { (title) } " (" (ticked(needs)) ")"
                    }
                }
            }
        }
    }
}

fn question(view: &View<'_>, row: &Row<'_>) -> Markup {
    let label = row.group().map(|index| view.groups[index].label);
    html! {
        tr data-wl=[label] {
            th scope="row" {
                b { (row.question.title) }
                @match &row.found {
                    Found::Group { index, gain, turn, .. } => {
                        span.q {
                            a href=(format!("#g{index}")) { (words::title(&view.groups[*index])) }
                            @if !gain.is_empty() { "; " (gain.replace(" %", "\u{a0}%")) }
                            @if let Some(Turn { said, href }) = turn { "; " a href=(href) { (said) } }
                        }
                    }
                    Found::Crash { about, .. } => { span.q { (about) "; " a href="#hazards" { "each" } } }
                    Found::Nothing { .. } => {}
                }
            }
            @match &row.found {
                Found::Group { index, answers, .. } => {
                    @for one in answers { (answer(one, Some(&format!("#g{index}")))) }
                }
                Found::Crash { answers, .. } => { @for one in answers { (answer(one, None)) } }
                Found::Nothing { .. } => {}
            }
        }
    }
}

fn answer(one: &Answer<'_>, href: Option<&str>) -> Markup {
    let heat = match one.mark {
        Mark::Best | Mark::Open => "h0",
        Mark::Near => "h1",
        Mark::Partly | Mark::Not => "no",
        Mark::Nothing => "nm",
    };
    html! {
        td class=(format!("{heat} {}", class(one.model))) data-l=(one.model) {
            b { (one.mark.glyph()) "\u{a0}" (one.said.replace(" %", "\u{a0}%")) }
            @if let Some(interval) = &one.interval { " " i { (interval.replace(' ', "\u{a0}")) } }
            @if let (Some(cell), Some(href)) = (one.cell, href) { " " a href=(href) data-cell=(cell.id) { (cell.strategy) } }
            @for why in &one.why { " " (small(why)) }
        }
    }
}

fn small(why: &Why) -> Markup {
    let full = (!why.full.is_empty()).then_some(&why.full);
    html! { small title=[full] { (ticked(&why.said.replace(" %", "\u{a0}%"))) } }
}
