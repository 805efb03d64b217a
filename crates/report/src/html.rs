//! The report as one offline file: no network, readable on a phone, in the dark and on paper. Everything that is said stands
//! in it without its script, which only sorts, filters and opens single cells.

mod brackets;
mod cell;
mod cells;
mod chart;
mod checks;
mod choose;
mod cost;
mod forest;
mod frame;
mod granularity;
mod hazards;
mod latency;
mod lost;
mod matrix;
mod near;
mod python_check;
mod resources;
mod scaling;
mod sections;
mod share;
mod spread;
mod turns;
mod verdicts;

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};
use results::Run;

use frame::{Contents, Part};
use share::Share;

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
    include_str!("html/style/frame.css"),
    include_str!("html/style/forest.css"),
    include_str!("html/style/charts.css"),
    include_str!("html/style/lost.css"),
    include_str!("html/style/matrix.css"),
    include_str!("html/style/cell.css"),
);

/// What the page does beyond showing.
const SCRIPT: &str = include_str!("html/page.js");

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
    let mut contents = Contents::default();
    let (cell, cells) = cell::cell(&view);
    let sections = markup! {
        (contents.add(Part::Choose, "verdicts", "Verdicts", verdicts::verdicts(&view, &sweeps, &grains, &questions)))
        (contents.add(Part::Choose, "choose", "Which should I use?", choose::choose(&view, &questions, &matter(&view, &sweeps))))
        (contents.add(Part::Choose, "matrix", "Workload by model", matrix::matrix(&view)))
        (contents.add(Part::Evidence, "evidence", "Evidence by workload", evidence(&view, &sweeps)))
        (contents.add(Part::Evidence, "cost", "What it costs", cost::cost(&view)))
        (contents.add(Part::Evidence, "scaling", "Scaling", scaling::scaling(&view)))
        (contents.add(Part::Evidence, "granularity", "How small may a task be?", granularity::granularity(&view, &grains)))
        (contents.add(Part::Evidence, "crossovers", "Where the answer turns", turns::turns(&view, &sweeps)))
        (contents.add(Part::Evidence, "lost", "Lost updates", lost::lost(&view)))
        (contents.add(Part::Evidence, "hazards", "Hazards", hazards::hazards(run)))
        (contents.add(Part::Evidence, "cell", "One cell", cell))
        (contents.add(Part::Trust, "selfcheck", "Can this run be trusted?", checks::section_of(run)))
        (contents.add(Part::Trust, "machine", "Machine and run", sections::machine(run)))
        (contents.add(Part::Trust, "omissions", "Failures and omissions", sections::omissions(&view, &sweeps)))
        (contents.add(Part::Trust, "method", "Method, limits, bias", sections::method(run)))
    };
    let body = markup! {
        (frame::bar(&view, &contents))
        main.wrap.nos { (top(&view)) (sections) (frame::foot(run)) }
    };
    document(&title, untrusted, body, Some(&markup! { (cells) script { (PreEscaped(SCRIPT)) } }))
}

/// A page: one file, nothing fetched. What it does beyond showing, if anything, stands at its end.
fn document(title: &str, untrusted: bool, body: Markup, script: Option<&Markup>) -> String {
    let policy = if script.is_some() { ";script-src 'unsafe-inline'" } else { "" };
    markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="color-scheme" content="light dark";
                // Proof, not hope, that nothing is fetched.
                meta http-equiv="Content-Security-Policy" content=(format!("default-src 'none';style-src 'unsafe-inline'{policy}"));
                title { (title) }
                style { (PreEscaped(STYLE)) }
                // Before anything is drawn, so that what needs the script does not appear later.
                @if script.is_some() { script { "document.documentElement.classList.add('js')" } }
            }
            body.untrusted[untrusted] id="top" {
                (PreEscaped(GLYPHS))
                (PreEscaped(lean(body.into_string())))
                @if let Some(script) = script { (script) }
            }
        }
    }
    .into_string()
    // No HTML may hold them, and nobody can read them.
    .replace(|c: char| c.is_control() && c != '\n' && c != '\t', "\u{fffd}")
}

/// Leaves out what every parser adds by itself: the ends of table cells, of rows and of empty shapes. No text can hold one,
/// since its `<` is escaped.
fn lean(markup: String) -> String {
    const ENDS: [(&str, &str); 8] = [
        ("</td>", ""),
        ("</th>", ""),
        ("</tr>", ""),
        ("></use>", "/>"),
        ("></line>", "/>"),
        ("></rect>", "/>"),
        ("></circle>", "/>"),
        ("></path>", "/>"),
    ];
    ENDS.iter().fold(markup, |text, (end, lean)| text.replace(end, lean))
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
    if view.groups.iter().all(|group| group.rows.is_empty()) {
        return markup! {};
    }
    let title = markup! {
        h2 { "Evidence by workload" }
        p.how {
            "Mark: median over rounds. Line: simultaneous interval. Right is faster. Hollow: " b { "far" }
            ", over 20 times behind, not tested. Shaded: ±" (figures::percent(view.run.run.delta))
            " round sequential and the leader, where differences count as ties. Dotted: ideal, sequential times the CPUs "
            "that the workers can use. " b { "Contenders joined by a line at the left are not separated from each other." }
            " The narrow plot magnifies the neighbourhood of the leader. Bars: user to system as in the whole sample; queue: could run and had no CPU, checking "
            "of answers included, drawn as far as there is a rest; blocked: or idle."
        }
    };
    let metrics = cells::tables(view);
    let (mut share, mut times) = (Share::FORESTS, Share::TIMES);
    let articles: Vec<Markup> = view
        .groups
        .iter()
        .enumerate()
        .map(|(i, group)| article(view, group, i, (&mut share, &mut times), metrics.get(i)))
        .collect();
    let body = markup! {
        @if metrics.len() < view.groups.len() { (left_out(view, metrics.len())) }
        (near::grid(view))
        @for (group, article) in view.groups.iter().zip(&articles) { @if crate::turns::place(group).is_none() { (article) } }
        @for sweep in sweeps { (folded(view, sweep, &markup! { @for i in &sweep.groups { (articles[*i]) } })) }
        (cells::glossary(view))
    };
    section("evidence", title, body)
}

/// Said on the page where not all groups have their metrics on it.
fn left_out(view: &View<'_>, shown: usize) -> Markup {
    markup! {
        p.q {
            "This run has too many figures for one page: the metrics of single cells stand below "
            @match shown { 0 => "no group", 1 => "the first group", n => { "the first " (figures::count(n as f64)) " groups" } }
            " of " (figures::count(view.groups.len() as f64)) ". " (ticked(forest::ELSEWHERE))
        }
    }
}

/// All about one group: what is said of it, its forest, its metrics.
fn article(
    view: &View<'_>,
    group: &GroupView<'_>,
    index: usize,
    (share, times): (&mut Share, &mut Share),
    metrics: Option<&Markup>,
) -> Markup {
    if group.rows.is_empty() {
        return markup! {};
    }
    let head = markup! {
        header { h3 { (words::title(group)) } p.q { (about(group)) } }
        p.q { (group_facts(view, group)) }
        p.say { (said(&words::verdict(view, group))) }
    };
    let Some(head) = share.take(head) else {
        return markup! { article.wl id=(format!("g{index}")) { h3 { (words::title(group)) } p.q { "Left out: too many figures for one page." } } };
    };
    markup! {
        article.wl id=(format!("g{index}")) {
            (head)
            (forest::table(view, group, index, metrics.is_some(), share))
            (latency::latency(group))
            (resources::resources(view, group, times))
            @if let Some(metrics) = metrics { (metrics) }
        }
    }
}

/// `map-reduce: count primes by trial division`, as far as the file says so.
fn about(group: &GroupView<'_>) -> String {
    let Some(group) = group.group else { return String::new() };
    [group.pattern.as_str(), group.about.as_str()]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join(": ")
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
                Piece::Text(text) => { (times(&text.replace(" %", "\u{a0}%"))) }
                Piece::Contender(name) => { (contender(name)) }
                Piece::Times(ratio) => { (figures::ratio(*ratio)) "×" }
                Piece::Aside(text) => { " " span.q.nw { (text) } }
            }
        }
    }
}

/// `2.1x` as `2.1×`: plain text has no better sign.
fn times(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    for (at, c) in text.char_indices() {
        let after = text[at + c.len_utf8()..].chars().next().is_none_or(|next| !next.is_alphanumeric());
        let sign = c == 'x' && after && out.ends_with(|before: char| before.is_ascii_digit());
        out.push(if sign { '×' } else { c });
    }
    out
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
