//! How long tasks have to be: per sweep of task lengths a chart of efficiency, METG on it, and both as tables.

use maud::{Markup, html};
use results::{Bound, Efficiency, Granularity, Metg};

use super::chart::{self, Axes, HEIGHT, Line, Mark, SERIES, Scale, Tick};
use super::{class, contender, said, section};
use crate::figures::{self, NONE, finite};
use crate::granularity::{self, Grains};
use crate::view::View;

/// What the top of the chart leaves out: an efficiency above it is noise, and drawn at the edge.
const MOST: f64 = 1.5;

/// The section; nothing without a sweep of task lengths.
pub(super) fn granularity(view: &View<'_>, all: &[Grains<'_>]) -> Markup {
    if all.is_empty() {
        return html! {};
    }
    let title = html! {
        h2 { "Granularity" }
        p.how {
            "Efficiency: speed-up over what the machine gave in the same round. METG: the task from which on a contender keeps "
            "50\u{a0}% (filled ring) or 90\u{a0}% (hollow) of that; the bar through it is the interval, "
            (figures::percent(1.0 - view.run.run.alpha).replace(' ', "\u{a0}")) " each. A task is as long as one thread takes for it alone. "
            "Sequential is not listed: it is 1 over what the machine gave, by definition."
        }
    };
    let body = html! {
        @for (index, grains) in all.iter().enumerate() {
            article id=(format!("m{index}")) {
                h3 { (grains.title()) }
                p.say { (said(&grains.answer())) @if let Some(meaning) = grains.meaning() { " " (meaning.replace(" %", "\u{a0}%")) } }
                (figure(grains))
                (table(grains))
            }
        }
    };
    section("granularity", title, body)
}

fn table(grains: &Grains<'_>) -> Markup {
    let at = granularity::floor_at(&grains.rows);
    let cell = |(figure, interval): (String, String)| html! { td.n { (figure.replace(' ', "\u{a0}")) @if !interval.is_empty() { " " span.q { (interval.replace(", ", ",\u{a0}")) } } } };
    let found = |one: &Granularity| cell((granularity::figure(one), granularity::interval(one)));
    html! {
        @if !grains.rows.is_empty() {
            div.scroll tabindex="0" {
                table.cross.metg {
                    caption.sr { (grains.title()) ": how long tasks have to be for each contender" }
                    thead { tr {
                        th scope="col" { "contender" }
                        th.n scope="col" { "floor a task" }
                        th.n scope="col" { "METG" wbr; "(50\u{a0}%)" } th.n scope="col" { "METG" wbr; "(90\u{a0}%)" }
                        th.n scope="col" { "rounds" }
                    } }
                    tbody {
                        @for one in &grains.rows {
                            tr class=(class(model(one))) {
                                th scope="row" { (contender(&one.contender)) }
                                (cell(granularity::floor(one)))
                                (found(&one.metg50_ns)) (found(&one.metg90_ns))
                                td.n { (one.rounds) }
                            }
                        }
                    }
                }
            }
            p.q {
                @if let Some(at) = at { "Floor: wall time a task at the shortest tasks, " (at) ", all workers at work. " }
                "<: efficient at the shortest tasks already. >: not up to the longest. Open: the rounds do not agree. Several: "
                "they cross more than once."
                @for reason in grains.reasons() { " " (reason) "." }
            }
        }
    }
}

fn model(one: &Metg) -> &str {
    one.contender.split('/').next().unwrap_or_default()
}

/// Points that can be drawn.
fn points(one: &Metg) -> Vec<(f64, f64)> {
    let sound = |point: &&Efficiency| {
        let numbers = point.granularity_ns.is_finite() && point.efficiency.is_finite();
        numbers && point.granularity_ns > 0.0 && point.efficiency >= 0.0
    };
    one.points.iter().filter(sound).map(|point| (point.granularity_ns, point.efficiency.min(MOST))).collect()
}

/// The finest strategy of each model.
fn shown<'a>(grains: &Grains<'a>) -> Vec<(Line<'a>, &'a Metg)> {
    let mut shown: Vec<(Line<'a>, &'a Metg)> = Vec::new();
    for one in &grains.rows {
        let points = points(one);
        if points.len() > 1 && shown.len() < SERIES && shown.iter().all(|(_, other)| model(other) != model(one)) {
            shown.push((Line { contender: &one.contender, second: false, points }, one));
        }
    }
    shown
}

fn figure(grains: &Grains<'_>) -> Markup {
    let shown = shown(grains);
    let lines: Vec<&Line<'_>> = shown.iter().map(|(line, _)| line).collect();
    let all = || lines.iter().flat_map(|line| &line.points);
    let Some(x) = Scale::of(all().map(|(length, _)| *length), false, 0.0) else { return html! {} };
    let Some(y) = Scale::of(all().map(|(_, share)| *share).chain([0.0, 1.05]), true, 0.0) else { return html! {} };
    let axes = Axes { x, y };
    let mut marks: Vec<Mark<'_>> = Vec::new();
    for (line, one) in &shown {
        for (level, found, full) in [(0.9, &one.metg90_ns, false), (0.5, &one.metg50_ns, true)] {
            if let (Some(Bound::Is), Some(value)) = (found.bound, finite(found.value).filter(|value| *value > 0.0)) {
                let label = full.then(|| granularity::both(found));
                marks.push(Mark { line, at: (value, finite(found.lo), finite(found.hi)), level, label, full });
            }
        }
    }
    let (marks, room) = chart::marks(&axes, &marks);
    html! {
        figure.turn {
            figcaption {
                b { (finding(&shown)) }
                span.q { "efficiency, against how long a task is at the sequential rate (logarithmic); above: METG(50\u{a0}%)" }
            }
            (chart::key(&lines))
            div.pl style=(format!("padding-top:{}px", 10 + room)) {
                svg.plot height=(HEIGHT) role="img" aria-label=(described(grains, &lines)) {
                    (chart::grid(&axes, &shares(&axes), &lengths(&axes)))
                    @for line in lines.iter().rev() { (chart::curve(&axes, line)) }
                    (chart::names(&axes, &lines))
                    (marks)
                }
            }
            (data(&shown))
        }
    }
}

/// `Half efficient from 60 ns (threads/static) to 4.1 µs (processes/pool)`.
fn finding(shown: &[(Line<'_>, &Metg)]) -> String {
    let is = |one: &&Metg| one.metg50_ns.bound == Some(Bound::Is) && finite(one.metg50_ns.value).is_some();
    let all: Vec<&Metg> = shown.iter().map(|(_, one)| *one).filter(is).collect();
    let named = |one: &Metg| format!("{} ({})", granularity::figure(&one.metg50_ns), one.contender);
    match all.as_slice() {
        [] => "No line shown crosses 50 %".to_owned(),
        [one] => format!("Half efficient from {} on", named(one)),
        [first, .., last] => format!("Half efficient from tasks of {} to {}", named(first), named(last)),
    }
}

fn described(grains: &Grains<'_>, lines: &[&Line<'_>]) -> String {
    let names: Vec<&str> = lines.iter().map(|line| line.contender).collect();
    format!(
        "{}: efficiency against the length of tasks of {}; the figures stand in the tables below",
        grains.title(),
        names.join(", ")
    )
}

/// Nothing, both shares, everything.
fn shares(axes: &Axes) -> Vec<Tick> {
    let all =
        [(0.0, false), (0.5, true), (0.9, true), (1.0, false)].into_iter().filter(|(share, _)| axes.y.holds(*share));
    // 100 % stands close to 90 %: its line does, its figure only where they do not touch.
    let label = |share: f64| {
        let touches = share == 1.0 && axes.y(0.9) - axes.y(1.0) < 15.0;
        if touches { String::new() } else { figures::percent(share).replace(' ', "\u{a0}") }
    };
    all.map(|(value, bold)| Tick { value, label: label(value), bold }).collect()
}

/// Decades, as many as there is room for.
fn lengths(axes: &Axes) -> Vec<Tick> {
    let inside: Vec<i32> = (-3..=13).filter(|decade| axes.x.holds(10f64.powi(*decade))).collect();
    let each = inside.len().div_ceil(4).max(1);
    let label = |decade: i32| figures::time(10f64.powi(decade)).replace(".00", "");
    let tick = |decade: &i32| Tick { value: 10f64.powi(*decade), label: label(*decade), bold: false };
    inside.iter().step_by(each).map(tick).collect()
}

/// The points of the chart as a table.
fn data(shown: &[(Line<'_>, &Metg)]) -> Markup {
    let head: Vec<&str> = std::iter::once("a task").chain(shown.iter().map(|(line, _)| line.contender)).collect();
    let mut places: Vec<(f64, f64)> = Vec::new();
    for point in shown.iter().flat_map(|(_, one)| &one.points) {
        if places.iter().all(|(value, _)| *value != point.value) {
            places.push((point.value, point.granularity_ns));
        }
    }
    places.sort_by(|a, b| a.1.total_cmp(&b.1));
    let at = |one: &Metg, value: f64| {
        let Some(point) = one.points.iter().find(|point| point.value == value) else { return NONE.to_owned() };
        let ends = finite(point.lo).zip(finite(point.hi));
        let percent = |share: f64| figures::percent(share).replace(" %", "");
        let ends = ends.map(|(lo, hi)| format!(" [{}, {}]", percent(lo), percent(hi)));
        format!("{}{}", figures::percent(point.efficiency), ends.unwrap_or_default())
    };
    let row = |(value, length): &(f64, f64)| {
        let cells = shown.iter().map(|(_, one)| at(one, *value));
        std::iter::once(figures::time(*length)).chain(cells).collect::<Vec<String>>()
    };
    chart::data(&head, &places.iter().map(row).collect::<Vec<_>>())
}
