//! What stands round the sections: the bar with contents, legend, filter and theme, the keys, the foot.

use maud::{Markup, html};
use results::Run;

use super::class;
use crate::view::View;

/// What a section is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Choose,
    Evidence,
    Trust,
}

impl Part {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Choose, "Choose"), (Self::Evidence, "Evidence"), (Self::Trust, "Trust")];
}

/// The sections that are really there, in their order: the style sheet numbers both these and the sections.
#[derive(Default)]
pub(super) struct Contents(Vec<(Part, &'static str, &'static str)>);

impl Contents {
    /// Notes a section, unless there is nothing in it, and hands it back.
    pub(super) fn add(&mut self, part: Part, id: &'static str, name: &'static str, section: Markup) -> Markup {
        if !section.0.is_empty() {
            self.0.push((part, id, name));
        }
        section
    }

    fn nav(&self) -> Markup {
        html! {
            details.toc {
                summary { "Contents" }
                nav aria-label="Contents" {
                    @for (part, name) in Part::ALL {
                        div {
                            b { (name) }
                            @for (_, id, name) in self.0.iter().filter(|one| one.0 == part) { a href=(format!("#{id}")) { (name) } }
                        }
                    }
                }
            }
        }
    }
}

/// Sticks to the top: where one is, what the signs mean, what one looks for.
pub(super) fn bar(view: &View<'_>, contents: &Contents) -> Markup {
    html! {
        a.skip href="#verdicts" { "to the verdicts" }
        header.bar {
            div.wrap {
                a.brand href="#top" { (sign()) "Crossover" }
                (contents.nav())
                ul.key aria-label="Models" {
                    @for model in view.models() {
                        li class=(class(model)) data-m=(&class(model)[2..]) { span { i.g {} (model) } }
                    }
                }
                input #q .find.need type="search" placeholder="filter  /" aria-label="filter contenders and workloads";
                fieldset.theme {
                    legend.sr { "Theme" }
                    label { "auto" input #t-auto type="radio" name="th" checked; }
                    label { "light" input #t-light type="radio" name="th"; }
                    label { "dark" input #t-dark type="radio" name="th"; }
                }
                button #help-b .btn.need aria-label="keys" { "?" }
            }
        }
        (keys())
    }
}

/// Two curves and the point at which they cross.
fn sign() -> Markup {
    html! {
        svg viewBox="0 0 24 16" aria-hidden="true" {
            path d="M1 14C10 14 13 2 23 2" {}
            path d="M1 4C10 4 14 12 23 12" stroke-dasharray="3 2" {}
            circle cx="12.3" cy="8" r="2.6" {}
        }
    }
}

fn keys() -> Markup {
    let keys: [(&[&str], &str); 4] = [
        (&["/"], "filter contenders and workloads; !word excludes"),
        (&["j", "k"], "next, previous row"),
        (&["Enter"], "open it"),
        (&["Esc"], "clear, close, back"),
    ];
    html! {
        dialog #help aria-label="Keys" {
            form method="dialog" {
                dl.kv {
                    @for (names, what) in keys {
                        dt { @for name in names { kbd { (name) } " " } }
                        dd { (what) }
                    }
                }
                button.btn { "close" }
            }
        }
    }
}

/// What this file is, at its end.
pub(super) fn foot(run: &Run) -> Markup {
    html! {
        footer.foot {
            span { "Crossover " (run.tool.version) ", " code { (run.schema) } }
            span { "Made from " code { "results.json" } " alone; nothing is fetched, nothing is sent." }
        }
        div #tip aria-hidden="true" {}
        div #live .sr role="status" {}
    }
}
