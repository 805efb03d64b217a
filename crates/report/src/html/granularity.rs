//! How long tasks have to be: per sweep of task lengths a chart of efficiency and below it, on the same axis, a table of
//! METG.

use maud::{Markup, html};
use results::{Bound, Efficiency, Granularity, Metg};

use super::chart::{self, Axes, Line, SERIES, Scale, Tick, percent};
use super::{class, contender, said, section};
use crate::figures::{self, NONE, finite};
use crate::granularity::{self, Grains};
use crate::view::View;

/// What the top of the chart leaves out: an efficiency above it is noise, and drawn at the edge.
const MOST: f64 = 1.5;
/// Pixels.
const HEIGHT: f64 = 250.0;

/// The section; nothing without a sweep of task lengths.
pub(super) fn granularity(view: &View<'_>, all: &[Grains<'_>]) -> Markup {
    if all.is_empty() {
        return html! {};
    }
    let title = html! {
        h2 { "How small may a task be?" }
        p.how {
            "Efficiency: speed-up over what the machine gave in the same round. " b { "METG" } ": the task from which on a contender "
            "keeps 50\u{a0}% (filled) or 90\u{a0}% (hollow) of that; bar: interval, "
            (figures::percent(1.0 - view.run.run.alpha).replace(' ', "\u{a0}")) " each. A task is as long as one thread takes for it alone. "
            "Sequential is not listed: it is 1 over what the machine gave."
        }
    };
    let body = html! {
        @for (index, grains) in all.iter().enumerate() {
            article id=(format!("m{index}")) {
                h3 { (grains.title()) }
                p.say { (said(&grains.answer())) @if let Some(meaning) = grains.meaning() { " " (meaning.replace(" %", "\u{a0}%")) } }
                (table(grains, index))
            }
        }
    };
    section("granularity", title, body)
}

/// The chart stands in the head of the column whose rows share its axis.
fn table(grains: &Grains<'_>, index: usize) -> Markup {
    let at = granularity::floor_at(&grains.rows);
    let shown = shown(grains);
    let axes = axes(&shown);
    let grid = format!("gr{index}");
    let cell = |(figure, interval): (String, String)| html! { (figure.replace(' ', "\u{a0}")) @if !interval.is_empty() { " " span.q { (interval.replace(", ", ",\u{a0}")) } } };
    let found = |one: &Granularity| cell((granularity::figure(one), granularity::interval(one)));
    html! {
        @if let Some(axes) = &axes { (symbol(axes, &grid)) }
        @if !grains.rows.is_empty() {
            table.metg {
                caption {
                    b { (finding(&shown)) }
                    span.q { "efficiency (linear), against how long a task is at the sequential rate (log); one line a model: its finest strategy" }
                }
                thead { tr {
                    th.who scope="col" { "contender" }
                    th.plot scope="col" { @if let Some(axes) = &axes { (chart(grains, &shown, axes, &grid)) } }
                    th.n.m5 scope="col" { "METG(50\u{a0}%)" } th.n.m9 scope="col" { "METG(90\u{a0}%)" }
                    th.n.fl scope="col" { "floor a task" } th.n.ro scope="col" { "rounds" }
                } }
                tbody {
                    @for one in &grains.rows {
                        tr class=(class(model(one))) {
                            th scope="row" { (contender(&one.contender)) }
                            td.plot { @if let Some(axes) = &axes { (marks(axes, one, &grid)) } }
                            td.n.m5 { (found(&one.metg50_ns)) } td.n.m9 data-l="90 %" { (found(&one.metg90_ns)) }
                            td.n.fl data-l="floor" { (cell(granularity::floor(one))) }
                            td.n.ro { (one.rounds) }
                        }
                    }
                }
            }
            p.q.fine {
                @if let Some(at) = at { "Floor: wall time a task at the shortest tasks, " (at) ", all workers at work. " }
                "<: efficient at the shortest tasks already. >: not up to the longest. Open: the rounds do not agree. Several: "
                "they cross more than once."
                @for reason in grains.reasons() { " " (reason) "." }
            }
            (data(&shown))
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

/// The lengths of the tasks of all lines, and efficiency from nothing to more than everything.
fn axes(shown: &[(Line<'_>, &Metg)]) -> Option<Axes> {
    let all = || shown.iter().flat_map(|(line, _)| &line.points);
    let x = Scale::of(all().map(|(length, _)| *length), false, 0.0)?;
    let y = Scale::of(all().map(|(_, share)| *share).chain([0.0, 1.05]), true, 0.0)?;
    Some(Axes { x, y, height: HEIGHT })
}

/// A METG that was found, with the ends of its interval.
fn is(one: &Granularity) -> Option<(f64, Option<f64>, Option<f64>)> {
    let value = finite(one.value).filter(|value| *value > 0.0 && one.bound == Some(Bound::Is))?;
    Some((value, finite(one.lo), finite(one.hi)))
}

/// The decades, behind the chart and behind every row.
fn symbol(axes: &Axes, id: &str) -> Markup {
    html! {
        svg width="0" height="0" style="position:absolute" aria-hidden="true" {
            symbol id=(id) overflow="visible" {
                @for tick in lengths(axes) { line.gl x1=(percent(axes.x(tick.value))) x2=(percent(axes.x(tick.value))) y2="100%" {} }
            }
        }
    }
}

fn chart(grains: &Grains<'_>, shown: &[(Line<'_>, &Metg)], axes: &Axes, grid: &str) -> Markup {
    let lines: Vec<&Line<'_>> = shown.iter().map(|(line, _)| line).collect();
    html! {
        div.gpad {
            svg.plot height=(HEIGHT) role="img" aria-label=(described(grains, &lines)) {
                use href=(format!("#{grid}")) {}
                (chart::grid(axes, &shares(axes), &lengths(axes)))
                @for (line, one) in shown.iter().rev() {
                    (chart::curve(axes, line))
                    @if let Some((at, ..)) = is(&one.metg50_ns) {
                        g class=(class(model(one))) {
                            line.drop x1=(percent(axes.x(at))) x2=(percent(axes.x(at))) y1=(axes.y(0.5)) y2=(HEIGHT + 26.0) {}
                            (chart::mark(axes, class(model(one)), (at, 0.5), false))
                        }
                    }
                }
            }
        }
    }
}

/// Both METG of a contender on the axis of the chart; what lies beyond it has no mark.
fn marks(axes: &Axes, one: &Metg, grid: &str) -> Markup {
    let half = is(&one.metg50_ns);
    let most = is(&one.metg90_ns);
    let at = |ns: f64| percent(axes.x(ns));
    let bar = |found: Option<(f64, Option<f64>, Option<f64>)>| {
        let (_, lo, hi) = found.filter(|(_, lo, hi)| lo.is_some() || hi.is_some())?;
        Some((lo.map_or("0%".to_owned(), at), hi.map_or("100%".to_owned(), at)))
    };
    html! {
        svg aria-hidden="true" {
            use href=(format!("#{grid}")) {}
            @if let (Some((from, ..)), Some((to, ..))) = (half, most) { line.drop x1=(at(from)) x2=(at(to)) y1="50%" y2="50%" {} }
            @for (lo, hi) in [bar(half), bar(most)].into_iter().flatten() { line.ci x1=(lo) x2=(hi) y1="50%" y2="50%" {} }
            @for (found, hollow) in [(half, false), (most, true)] {
                @if let Some((value, ..)) = found.filter(|(value, ..)| axes.x.holds(*value)) {
                    use class=[hollow.then_some("ho")] href=(format!("#{}", class(model(one)))) x=(at(value)) y="50%" {}
                }
            }
        }
    }
}

/// `Half efficient from 60 ns (threads/static) to 4.1 µs (processes/pool)`.
fn finding(shown: &[(Line<'_>, &Metg)]) -> String {
    let all: Vec<&Metg> = shown.iter().map(|(_, one)| *one).filter(|one| is(&one.metg50_ns).is_some()).collect();
    let named = |one: &Metg| format!("{} ({})", granularity::both(&one.metg50_ns), one.contender);
    match all.as_slice() {
        [] => "No line shown crosses 50 %".to_owned(),
        [one] => format!("Half efficient from {} on", named(one)),
        [first, .., last] => format!("Half efficient from tasks of {} to {}", named(first), named(last)),
    }
}

fn described(grains: &Grains<'_>, lines: &[&Line<'_>]) -> String {
    let names: Vec<&str> = lines.iter().map(|line| line.contender).collect();
    format!(
        "{}: efficiency against the length of tasks of {}; the figures stand in the rows and in the data table",
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
    html! { @if !places.is_empty() { (chart::data(&head, &places.iter().map(row).collect::<Vec<_>>(), 0)) } }
}
