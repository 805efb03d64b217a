//! Hazards as a table: what is done, who is told, how soon, what is lost, what to do instead.

use maud::{Markup, html};
use results::{Hazard, HazardVerdict, Run};

use super::{contender, section, ticked};
use crate::hazards;

/// The section; nothing where no hazard was asked for.
pub(super) fn hazards(run: &Run) -> Markup {
    let (shown, none) = (hazards::shown(run), hazards::none(run));
    if shown.is_empty() && none.is_empty() {
        return html! {};
    }
    let title = html! {
        h2 { "Hazards" }
        p.how { (hazards::HOW) }
    };
    let body = html! {
        @if let Some(summary) = hazards::summary(run) { p.say { (summary) "." } }
        @if !shown.is_empty() {
            table.hz {
                thead { tr {
                    th scope="col" { "hazard" } th scope="col" { "is anybody told?" } th scope="col" { "how soon" }
                    th scope="col" { "lost" } th scope="col" { "instead" }
                } }
                tbody { @for one in shown { (row(one)) } }
            }
        }
        @if !none.is_empty() { ul.method { @for said in none { li { (said) } } } }
    };
    section("hazards", title, body)
}

fn row(one: &Hazard) -> Markup {
    let bad = one.verdict == HazardVerdict::Failed || one.remedy_holds == Some(false);
    let nothing_lost = one.remedy_holds == Some(false);
    html! {
        tr {
            th scope="row" { (contender(&one.id)) p.q { (ticked(&one.about)) } }
            td data-l="told?" {
                b.x[bad && !nothing_lost] { (hazards::sign(one)) "\u{a0}" (hazards::detected(one)) }
                @if let Some(told) = hazards::told(one) { p.q { (ticked(told)) } }
            }
            td data-l="how soon" { (hazards::soon(one).replace(" µs", "\u{a0}µs")) }
            td data-l="lost" { (hazards::lost(one)) }
            td data-l="instead" { (ticked(&one.remedy)) p.q { span.x[nothing_lost] { (hazards::held(one)) } } }
        }
    }
}
