//! The report as one offline file: no network, no script, readable on a phone, in the dark and on paper.

mod cells;
mod chart;
mod checks;
mod choose;
mod forest;
mod granularity;
mod hazards;
mod python_check;
mod sections;
mod turns;
mod verdicts;

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};
use results::Run;

use crate::checks::loud;
use crate::choose::rows as questions_of;
use crate::figures;
use crate::granularity::all as grains_of;
use crate::matter::matter;
use crate::turns::{Turns, all as turns_of};
use crate::view::{GroupView, View};
use crate::words::{self, Piece, Sentence};

pub use python_check::python_check_html;

/// Tokens, type and layout of the page, then a file a component.
const STYLE: &str = concat!(
    include_str!("html/style/base.css"),
    include_str!("html/style/verdicts.css"),
    include_str!("html/style/choose.css"),
);

/// Shapes of the models, so that nobody needs the colours.
const GLYPHS: &str = include_str!("html/glyphs.svg");

/// The run as one HTML file.
#[must_use]
pub fn html(run: &Run) -> String {
    let view = View::new(run);
    let sweeps = turns_of(&view);
    let grains = grains_of(&view, &sweeps);
    let questions = questions_of(&view, &sweeps, &grains);
    let untrusted = run.trust.trusted == Some(false);
    let title = format!("{}Crossover report {}", if untrusted { "NOT TRUSTED: " } else { "" }, run.run.id);
    let body = markup! {
        (top(&view))
        main {
            (verdicts::verdicts(&view, &sweeps, &grains, &questions))
            (choose::choose(&view, &questions, &matter(&view, &sweeps)))
            (turns::turns(&view, &sweeps))
            (granularity::granularity(&view, &grains))
            @if view.groups.iter().any(|group| !group.rows.is_empty()) { (evidence(&view, &sweeps)) }
            (sections::lost(&view))
            (hazards::hazards(run))
            (checks::section_of(run))
            (sections::machine(run))
            (sections::omissions(&view, &sweeps))
            (sections::method(run))
        }
    };
    document(&title, untrusted, body)
}

/// A page: one file, nothing fetched.
fn document(title: &str, untrusted: bool, body: Markup) -> String {
    markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="color-scheme" content="light dark";
                // Proof, not hope, that nothing is fetched.
                meta http-equiv="Content-Security-Policy" content="default-src 'none';style-src 'unsafe-inline'";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body.untrusted[untrusted] {
                (PreEscaped(GLYPHS))
                div.wrap { (body) }
            }
        }
    }
    .into_string()
}

fn top(view: &View<'_>) -> Markup {
    let run = view.run;
    let tally = view.tally();
    let lead = words::lead(view);
    // With one group the lead begins with an ID, and an ID keeps its case.
    let own = view.groups.iter().filter(|group| group.leader().is_some()).count() != 1;
    markup! {
        header.top {
            div {
                h1 { "Which concurrency model, on this machine?" }
                (checks::warning(run))
                p.lead.own[own] { (said(&lead)) "." }
            }
            dl.facts {
                dt { "run" } dd { (run.run.id) @if run.run.wall_ns > 0 { ", " (figures::wall(run.run.wall_ns)) } }
                dt { "machine" } dd { (figures::cpus(run.environment.cpus_effective))
                    @if !run.environment.virt.is_empty() { ", " (run.environment.virt) } }
                dt { "measured" } dd { (tally.measured) " of " (figures::plural(run.cells.len(), "cell")) ", "
                    (figures::plural(view.groups.len(), "group")) }
                dt { "rounds" } dd { (run.run.rounds) "; seed " (run.run.seed) }
            }
        }
        ul.key aria-label="Models" {
            @for model in view.models() { li class=(class(model)) { i.g {} (model) } }
        }
    }
}

/// What a sweep has many of.
fn folded(view: &View<'_>, sweep: &Turns<'_>, inside: &Markup) -> Markup {
    let values: Vec<String> = sweep.values(view).map(|value| sweep.exact(value)).collect();
    markup! {
        details { summary { (sweep.title()) ": each of " (figures::plural(values.len(), "value")) } (inside) }
    }
}

fn evidence(view: &View<'_>, sweeps: &[Turns<'_>]) -> Markup {
    let detailed = cells::groups_shown(view);
    let title = markup! {
        h2 { "Evidence by workload" }
        p.how {
            "Mark: median over rounds. Line: simultaneous interval. Right is faster. Hollow: " b { "far" }
            ", over 20 times behind, not tested; at the left edge where it lies beyond. Shaded: ±" (figures::percent(view.run.run.delta))
            " round sequential and the leader, where differences count as ties. Dotted: ideal, sequential times the CPUs "
            "that the workers can use."
        }
    };
    let body = markup! {
        (cells::note(view))
        (cells::glossary(view))
        @for (i, group) in view.groups.iter().enumerate() {
            @if crate::turns::place(group).is_none() { (article(view, group, i, i < detailed)) }
        }
        @for sweep in sweeps {
            (folded(view, sweep, &markup! { @for i in &sweep.groups { (article(view, &view.groups[*i], *i, *i < detailed)) } }))
        }
    };
    section("evidence", title, body)
}

fn article(view: &View<'_>, group: &GroupView<'_>, index: usize, detailed: bool) -> Markup {
    markup! {
        @if !group.rows.is_empty() {
            article id=(format!("g{index}")) {
                h3 { (words::title(group)) }
                p.q { (group_facts(view, group)) }
                (forest::table(view, group, index))
                @if detailed { (cells::details(view, group)) }
            }
        }
    }
}

/// One line on how a group was measured.
fn group_facts(view: &View<'_>, group: &GroupView<'_>) -> String {
    let mut facts = vec![figures::plural(group.rounds() as usize, "round")];
    if let Some(named) = group.group {
        if named.iterations > 0 {
            facts.push(format!("{} a sample", figures::plural(named.iterations as usize, "iteration")));
        }
        if let Some(capacity) = figures::finite(named.capacity.as_ref().and_then(results::Metric::median)) {
            facts.push(format!("the machine gave {} sequential rates at once", figures::ratio(capacity)));
        }
    }
    if let Some(loud) = group.group.and_then(|group| loud(view.run, group)) {
        facts.push(loud.said());
    }
    if !group.absent.is_empty() {
        let n = figures::plural(group.absent.len(), "cell");
        facts.push(format!("{n} without a measurement, see failures and omissions"));
    }
    facts.join("; ")
}

/// A section with its title in the margin.
fn section(id: &str, title: Markup, body: Markup) -> Markup {
    markup! { section id=(id) { header { (title) } div.body { (body) } } }
}

/// A sentence with its contenders marked by their model.
fn said(sentence: &Sentence) -> Markup {
    markup! {
        @for piece in &sentence.0 {
            @match piece {
                // A per cent sign stays with its figure.
                Piece::Text(text) => { (text.replace(" %", "\u{a0}%")) }
                Piece::Contender(name) => { (contender(name)) }
                Piece::Times(ratio) => { (figures::ratio(*ratio)) "×" }
                Piece::Aside(text) => { " " span.q.nw { (text) } }
            }
        }
    }
}

/// What stands between back ticks is typed.
fn ticked(text: &str) -> Markup {
    markup! {
        @for (i, part) in text.split('`').enumerate() {
            @if i % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A contender: glyph of its model, then its name, which may break after the slash.
fn contender(name: &str) -> Markup {
    let (model, strategy) = name.split_once('/').unwrap_or((name, ""));
    markup! {
        span class={ "c " (class(model)) } {
            // The glyph stays with its name; a name too long for a phone may break anywhere.
            span.nw[model.len() <= 24] { i.g {} (model) @if !strategy.is_empty() { "/" } }
            @if !strategy.is_empty() { wbr; span.nw[strategy.len() <= 24] { (strategy) } }
        }
    }
}

/// Class that carries colour and glyph of a model; models without a hue of their own share a neutral one.
fn class(model: &str) -> &'static str {
    match model {
        "sequential" => "m-s",
        "threads" => "m-t",
        "processes" => "m-p",
        "async" => "m-a",
        "data-parallel" => "m-d",
        "gil" => "m-g",
        "free-threaded" => "m-f",
        _ => "m-x",
    }
}
