//! Cost: time against CPU and against memory, a small chart a decided group.

use maud::{Markup, html};

use super::chart::{self, Axes, Scale, Tick, percent};
use super::share::{Share, rest};
use super::{class, contender, section};
use crate::cost::{self, Cost, Costly, Spread};
use crate::figures::{self, NONE};
use crate::view::View;
use crate::words;

/// Pixels of each of the two plots.
const HEIGHT: f64 = 104.0;
/// Contenders with a name in a chart.
const NAMED: usize = 5;

/// The section; nothing where no group is decided.
pub(super) fn cost(view: &View<'_>) -> Markup {
    let all = cost::all(view);
    if all.is_empty() {
        return html! {};
    }
    let band = view.run.run.delta;
    let memory =
        |metric: &str| all.iter().any(|one| one.memory == metric && one.rows.iter().any(|row| row.costs[1].is_some()));
    let title = html! {
        h2 { "What it costs" }
        p.how {
            "Time against CPU time of all workers, and against memory; all axes log, " b { "lower left is cheaper" } ". Numbered: nobody is better in "
            "one by more than " (figures::percent(band).replace(' ', "\u{a0}")) " and in the other not worse by more. Hollow: beaten here; grey: in both. Lines: 10th to 90th percentile. "
            @if memory("pss_bytes") { "Memory: what processes share is divided among them. " }
            @if memory("peak_rss_bytes") { "Peak memory: what processes share counts in each." }
        }
    };
    let mut share = Share::COSTS;
    let shown = share.fill(all.iter().map(|one| figure(one, band)));
    let body = html! {
        div.three.costs { @for one in &shown { (one) } }
        (rest(all.len() - shown.len()))
    };
    section("cost", title, body)
}

fn figure(one: &Cost<'_, '_>, band: f64) -> Markup {
    let framed: Vec<&Costly<'_, '_>> = one.rows.iter().filter(|row| one.framed(row)).collect();
    let named: Vec<&Costly<'_, '_>> =
        framed.iter().copied().filter(|row| row.front.contains(&true)).take(NAMED).collect();
    let beyond = one.rows.len() - framed.len();
    let Some(x) = Scale::wide(framed.iter().flat_map(|row| ends(row.wall)), 4.0, 0.08) else { return html! {} };
    let plots =
        [("CPU time", "cpu_ns"), (if one.memory == "pss_bytes" { "memory" } else { "peak memory" }, one.memory)];
    html! {
        figure {
            figcaption {
                b { (one.finding(band)) }
                span.q { (words::title(one.group)) ": CPU and memory against time, log"
                    @if beyond > 0 { "; " (figures::plural(beyond, "contender")) " far behind, not drawn" } }
            }
            p.keyline { @for (index, row) in named.iter().enumerate() { span { b { (index + 1) } " " (contender(&row.row.cell.contender)) } } }
            @for (plane, (what, metric)) in plots.iter().enumerate() { (plot(one, plane, (what, metric), x, (&framed, &named))) }
            (data(one))
        }
    }
}

fn ends(spread: Spread) -> [f64; 3] {
    [spread.0, spread.1, spread.2]
}

/// One of the two plots; below the second the times that both share.
fn plot(
    one: &Cost<'_, '_>,
    plane: usize,
    (what, metric): (&str, &str),
    x: Scale,
    (framed, named): (&[&Costly<'_, '_>], &[&Costly<'_, '_>]),
) -> Markup {
    let Some(y) = Scale::wide(framed.iter().filter_map(|row| row.costs[plane]).flat_map(ends), 4.0, 0.1) else {
        return html! { p.q.fine { "No " (what) " was measured." } };
    };
    let axes = Axes { x, y, height: HEIGHT };
    let round = |metric: &str, value: f64| figures::value(metric, value).replace(".00 ", " ").replace(".0 ", " ");
    let tick = |metric: &str, value: f64| Tick { value, label: round(metric, value), bold: false };
    let steps: Vec<f64> = match metric {
        "cpu_ns" => axes.y.apart(chart::decimal(), 0.19),
        _ => axes.y.apart(chart::binary(), 0.19),
    };
    let rows: Vec<Tick> = steps.into_iter().map(|value| tick(metric, value)).collect();
    let time = |value: f64| {
        if plane == 1 { tick("elapsed_ns", value) } else { Tick { value, label: String::new(), bold: false } }
    };
    let columns: Vec<Tick> = axes.x.apart(chart::decimal(), 0.27).into_iter().map(time).collect();
    let known = |row: &&&Costly<'_, '_>| row.costs[plane].is_some();
    let (label, count) = (words::title(one.group), framed.iter().filter(known).count());
    html! {
        div.pl.last[plane == 1] {
            svg.plot height=(HEIGHT) role="img" aria-label=(format!("{label}: {what} against time of {}", figures::plural(count, "contender"))) {
                (chart::grid(&axes, &rows, &columns))
                text.over x="0" y="-3" { (what) }
                (beaten(&axes, plane, framed, named))
                (marks(&axes, plane, named))
            }
        }
    }
}

/// Those without a name: a dot each, all of them one path.
fn beaten(axes: &Axes, plane: usize, framed: &[&Costly<'_, '_>], named: &[&Costly<'_, '_>]) -> Markup {
    let dot = |row: &&Costly<'_, '_>| {
        let cost = row.costs[plane].filter(|_| !named.iter().any(|other| std::ptr::eq(*other, *row)))?;
        Some(format!("M{:.0} {:.0}h.1", axes.x(row.wall.0) * 10.0, axes.y(cost.0)))
    };
    let mut dots: Vec<String> = framed.iter().filter_map(dot).collect();
    dots.sort_unstable();
    dots.dedup();
    html! {
        @if !dots.is_empty() {
            svg viewBox=(format!("0 0 1000 {HEIGHT}")) width="100%" height=(HEIGHT) preserveAspectRatio="none" { path.dim d=(dots.concat()) {} }
        }
    }
}

/// Marks that are nearer than this, in pixels of a narrow plot, share a label.
const NEAR: (f64, f64) = (9.0, 9.0);
/// Pixels of a narrow plot, for a percent of it.
const NARROW: f64 = 2.2;

/// Those with a name: both spreads, the glyph, and their numbers, those of marks that touch together.
fn marks(axes: &Axes, plane: usize, named: &[&Costly<'_, '_>]) -> Markup {
    let known = |(index, row): (usize, &&Costly<'_, '_>)| {
        let cost = row.costs[plane]?;
        Some((index + 1, *named.get(index)?, cost, (axes.x(row.wall.0), axes.y(cost.0))))
    };
    let drawn: Vec<(usize, &Costly<'_, '_>, Spread, (f64, f64))> = named.iter().enumerate().filter_map(known).collect();
    let mut labels: Vec<((f64, f64), String)> = Vec::new();
    for (number, _, _, (x, y)) in &drawn {
        let near = |((left, top), _): &&mut ((f64, f64), String)| {
            (*left - x).abs() * NARROW < NEAR.0 && (*top - y).abs() < NEAR.1
        };
        match labels.iter_mut().find(near) {
            Some((_, label)) => *label += &format!(",\u{a0}{number}"),
            None => labels.push(((*x, *y), number.to_string())),
        }
    }
    html! {
        @for (_, row, cost, (x, y)) in drawn.iter().rev() {
            @let name = class(&row.row.cell.model);
            g class=(name) {
                // What is shorter than the mark would not be seen.
                @let (from, to) = (axes.x(row.wall.1), axes.x(row.wall.2));
                @if to - from > 8.0 / NARROW { line.ci x1=(percent(from)) x2=(percent(to)) y1=(y) y2=(y) {} }
                @let (top, foot) = (axes.y(cost.2), axes.y(cost.1));
                @if foot - top > 8.0 { line.ci x1=(percent(*x)) x2=(percent(*x)) y1=(foot) y2=(top) {} }
                use class=[(!row.front[plane]).then_some("ho")] href=(format!("#{name}")) x=(percent(*x)) y=(y) {}
            }
        }
        @for ((x, y), label) in &labels {
            // Right above: beside it lies the line of its spread.
            text class=(if *x > 70.0 { "k over e" } else { "k over" }) x=(percent(*x)) dx=(if *x > 70.0 { -6 } else { 6 }) y=(chart::tenth((y - 6.0).max(8.0))) { (label) }
        }
    }
}

/// Who is not beaten, and how many are.
fn data(one: &Cost<'_, '_>) -> Markup {
    let shown = |metric: &str, spread: Option<Spread>| {
        let Some((median, lo, hi)) = spread else { return NONE.to_owned() };
        if metric.ends_with("_ns") {
            return format!("{} {}", figures::time(median), figures::time_interval(median, Some(lo), Some(hi)));
        }
        let value = |x: f64| figures::value(metric, x);
        if value(lo) == value(hi) { value(median) } else { format!("{} [{}, {}]", value(median), value(lo), value(hi)) }
    };
    let front = |row: &&Costly<'_, '_>| row.front.contains(&true);
    let row = |row: &Costly<'_, '_>| {
        let on = match row.front {
            [true, true] => "CPU, memory",
            [true, false] => "CPU",
            _ => "memory",
        };
        let costs = [shown("cpu_ns", row.costs[0]), shown(one.memory, row.costs[1])];
        [row.row.cell.contender.clone(), on.to_owned(), shown("elapsed_ns", Some(row.wall))]
            .into_iter()
            .chain(costs)
            .collect::<Vec<String>>()
    };
    let mut rows: Vec<Vec<String>> = one.rows.iter().filter(front).map(row).collect();
    if one.dominated() > 0 {
        let said = format!("{} beaten in both", figures::plural(one.dominated(), "contender"));
        rows.push(vec![said, String::new(), String::new(), String::new(), String::new()]);
    }
    chart::data(&["contender", "not beaten in", "time", "CPU time", "memory"], &rows, 2)
}
