//! `python-check` as a page: a table a topic.

use maud::{Markup, html};
use results::python_check::{Checked, PythonCheck, Verdict};

use super::{document, section, ticked};
use crate::python_check::{columns, method, said, sign, summary, topics};

/// The check as one HTML file.
#[must_use]
pub fn python_check_html(check: &PythonCheck) -> String {
    let body = html! {
        main.wrap {
            header.top { div {
                h1 { "The global lock and its removal: model and interpreters" }
                p.lead { (summary(check)) "." }
                p.q { (method(check)) }
            } }
            @for (at, (topic, rows)) in topics(check).into_iter().enumerate() {
                (section(&format!("topic-{at}"), html! { h2 { (topic) } }, table(&rows)))
            }
        }
    };
    document("Crossover: model and interpreters", false, body, None)
}

fn table(rows: &[&Checked]) -> Markup {
    html! {
        table.hz.bands {
            thead { tr {
                th scope="col" { "what" } th scope="col" { "band" } th scope="col" { "model" }
                th scope="col" { "real interpreters, here" } th scope="col" { "CPython 3.13.15, then" }
            } }
            tbody { @for row in rows { (line(row)) } }
        }
    }
}

fn line(row: &Checked) -> Markup {
    let outside = row.verdict == Verdict::Outside;
    let [band, model, real, published] = columns(row).map(|text| text.replace(" %", "\u{a0}%"));
    html! {
        tr {
            th scope="row" { (ticked(&row.about)) }
            td data-l="band" { (band) }
            td data-l="model" {
                (model)
                p.q { span.x[outside] { (sign(row.verdict)) "\u{a0}" (said(row)) } }
                @if let Some(reason) = &row.reason { p.q { (reason) } }
            }
            td data-l="real" { (real) }
            td data-l="CPython" { (published) }
        }
    }
}
