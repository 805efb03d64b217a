//! The sections below the evidence: omissions, machine, method.

use maud::{Markup, html};
use results::Run;

use super::{contender, section, ticked};
use crate::facts;
use crate::figures::{self, percent};
use crate::omissions;
use crate::turns::Turns;
use crate::view::View;

/// Everything that is not in the evidence, or is there with a reservation.
pub(super) fn omissions(view: &View<'_>, sweeps: &[Turns<'_>]) -> Markup {
    let found = omissions::all(view, sweeps);
    let metrics = facts::missing_metrics(view.run);
    let title = html! { h2 { "Failures and omissions" } };
    let body = html! {
        @if found.is_empty() && metrics.is_empty() { p.say { "None: every planned cell was measured, with every metric." } }
        @if !found.is_empty() {
            table.why {
                thead { tr { th scope="col" { "status" } th scope="col" { "contender" } th scope="col" { "where" } th scope="col" { "why" } } }
                tbody {
                    @for one in &found {
                        tr {
                            th scope="row" { @if one.bad { span.x { "✕ " (one.what) } } @else { (one.what) } }
                            td { @for (i, name) in one.contenders.iter().enumerate() { @if i > 0 { ", " } (contender(name)) } }
                            td data-l="in" { (one.places.join("; ")) }
                            td { (ticked(one.reason)) }
                        }
                    }
                }
            }
        }
        @if !metrics.is_empty() {
            table.why {
                thead { tr { th scope="col" { "metric" } th scope="col" { "not measured in" } th scope="col" { "why" } } }
                tbody {
                    @for (metric, reason, n) in &metrics {
                        tr { th scope="row" { code { (metric) } } td { (figures::plural(*n, "cell")) } td { (reason) } }
                    }
                }
            }
        }
    };
    section("omissions", title, body)
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
    let title = html! { h2 { "Method and limits" } };
    let body = html! {
        ul.method {
            li { b { "Paired. " } "A round takes one sample of every contender of a group in random order. A ratio is the median over rounds of ratios within a round, so that load that changes between rounds hits all alike." }
            li { b { "Intervals. " } "Order statistics, free of assumptions on the distribution, simultaneous for all contenders of a group: " (percent(info.alpha)) " chance of any false separation per group over all looks, not per run." }
            li { b { "Best set. " } "Whoever is beaten by no one in a one-sided sign test. The leader is its member with the smallest median ratio to sequential." }
            li { b { "Tie. " } "Two one-sided tests put the ratio within ±" (percent(info.delta)) ", declared before the first sample." }
            li { b { "Far. " } "More than 20 times behind the leader: a ratio without a test." }
            li { b { "Not separated. " } "Neither: any difference is below the bound that is given." }
            li { b { "Outliers stay. " } "In concurrency the tail is signal." }
        }
        h3 { "Limits" }
        ul.method {
            li { "Nothing below 2 % is believed: the layout of code alone can do that." }
            li { "More workers than CPUs measures oversubscription, not scaling." }
            li { "Fresh processes hide long-run effects." }
            li { "Stored runs of different days or machines are unpaired: only a comparison that measures both sides again, interleaved, may gate." }
            li { "It holds for this machine, these sizes and these implementations." }
        }
    };
    section("method", title, body)
}
