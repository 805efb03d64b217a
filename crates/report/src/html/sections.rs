//! The sections below the evidence: omissions, machine, method.

use maud::{Markup, html};
use results::Run;

use super::forest::ELSEWHERE;
use super::share::Share;
use super::{contender, section, ticked};
use crate::facts;
use crate::figures::{self, percent};
use crate::omissions::{self, Omission};
use crate::turns::Turns;
use crate::view::View;

/// Everything that is not in the evidence, or is there with a reservation.
pub(super) fn omissions(view: &View<'_>, sweeps: &[Turns<'_>]) -> Markup {
    let found = omissions::all(view, sweeps);
    let metrics = facts::missing_metrics(view.run);
    let mut share = Share::OMISSIONS;
    let rows = share.fill(found.iter().map(omission));
    let title = html! { h2 { "Failures and omissions" } };
    let body = html! {
        @if found.is_empty() && metrics.is_empty() { p.say { "None: every planned cell was measured, with every metric." } }
        @if !found.is_empty() {
            table.why #t-om {
                thead { tr { th scope="col" { "status" } th scope="col" { "contender" } th scope="col" { "where" } th scope="col" { "why" } } }
                tbody { @for row in &rows { (row) } }
            }
        }
        @if rows.len() < found.len() {
            p.q { (figures::plural(found.len() - rows.len(), "row")) " more: too many for one page. " (ticked(ELSEWHERE)) }
        }
        @if !metrics.is_empty() {
            table.why {
                thead { tr { th scope="col" { "metric" } th scope="col" { "not measured in" } th scope="col" { "why" } } }
                tbody {
                    @for one in &metrics {
                        tr {
                            th scope="row" { @for (i, metric) in one.metrics.iter().enumerate() { @if i > 0 { ", " } code { (metric) } } }
                            td { (figures::plural(one.cells, "cell")) }
                            td { (one.reason) }
                        }
                    }
                }
            }
        }
    };
    section("omissions", title, body)
}

fn omission(one: &Omission<'_>) -> Markup {
    html! {
        tr {
            th scope="row" { @if one.bad { span.x { "✕ " (one.what) } } @else { (one.what) } }
            td { @for (i, name) in one.contenders.iter().enumerate() { @if i > 0 { ", " } (contender(name)) } }
            td data-l="in" { (one.places.join("; ")) }
            td { (ticked(one.reason)) }
        }
    }
}

/// On what was measured, and by what.
pub(super) fn machine(run: &Run) -> Markup {
    let title = html! { h2 { "Machine and run" } };
    let body = html! {
        dl.machine { @for (name, value) in facts::machine(run) { div { dt { (name) } dd { (value) } } } }
        p { "Again: " code.cmd { (facts::command(run)) } }
    };
    section("machine", title, body)
}

/// How verdicts come about, and what they cannot say.
pub(super) fn method(run: &Run) -> Markup {
    let info = &run.run;
    let title = html! { h2 { "Method, limits, bias" } };
    let body = html! {
        ul.prose {
            li { b { "Paired. " } "A round takes one sample of every contender of a group, in a fresh process each, in random order. A ratio is the median over rounds of ratios within a round, so that load that changes between rounds hits all alike." }
            li { b { "Intervals. " } "Order statistics, free of assumptions on the distribution, simultaneous for all contenders of a group: " (percent(info.alpha)) " chance of any false separation per group over all looks, not per run." }
            li { b { "Best set. " } "Whoever is beaten by no one in a one-sided sign test. The leader is its member with the smallest median ratio to sequential. Ranks are sets, never 1 to n." }
            li { b { "Tie. " } "Two one-sided tests put the ratio within ±" (percent(info.delta)) ", declared before the first sample." }
            li { b { "Far. " } "More than 20 times behind the leader: a ratio without a test." }
            li { b { "Not separated. " } "Neither: any difference is below the bound that is given." }
            li { b { "Outliers stay. " } "In concurrency the tail is signal. Loud rounds are kept too; what would change without them is listed." }
            li { b { "Limits. " } "Nothing below 2 % is believed: the layout of code alone can do that." }
            li { "More workers than CPUs measures oversubscription, not scaling." }
            li { "Fresh processes hide what builds up over a long run." }
            li { "Stored runs of different days or machines are unpaired: only a comparison that measures both sides again, interleaved, may gate." }
            li { "It holds for this machine, these sizes and these implementations. Where a request spends its time elsewhere, the choice of a model stops mattering." }
            li { b { "Bias. " } "All models were written by the same hands. A model's best strategy is chosen from the same samples that judge it; the interval covers this only through its correction for many contenders. Whom the suite may favour, as those who made it see it, stands in " code { "BIAS.md" } " of the repository, with how to object." }
        }
    };
    section("method", title, body)
}
