//! Response times by percentile, where cells have them: both axes log, the further right the rarer.

use maud::{Markup, html};
use results::{Cell, Metric};

use super::chart::{self, Axes, Line, SERIES, Scale, Tick};
use super::class;
use crate::figures::{self, NONE, finite};
use crate::view::{GroupView, Row};
use crate::words;

/// Pixels.
const HEIGHT: f64 = 260.0;

/// End of the metric's name, label, and one over the share of requests that took longer.
const PERCENTILES: [(&str, &str, f64); 4] =
    [("p50_ns", "p50", 2.0), ("p90_ns", "p90", 10.0), ("p99_ns", "p99", 100.0), ("p999_ns", "p99.9", 1000.0)];

/// A time at a percentile: the median over samples, their 10th and 90th percentile.
#[derive(Clone, Copy)]
struct At {
    rarity: f64,
    ns: f64,
    ends: (f64, f64),
}

/// A contender with its times.
struct Shown<'a> {
    line: Line<'a>,
    response: Vec<At>,
    /// Without the wait before it; empty where it does not depart from the response.
    service: Vec<At>,
}

/// The chart of a group; nothing where no cell has percentiles.
pub(super) fn latency(group: &GroupView<'_>) -> Markup {
    let shown = shown(group);
    let lines: Vec<&Line<'_>> = shown.iter().map(|one| &one.line).collect();
    let all = || shown.iter().flat_map(|one| one.response.iter().chain(&one.service));
    let Some(y) = Scale::wide(all().flat_map(|at| [at.ends.0, at.ns, at.ends.1]), 4.0, 0.04) else { return html! {} };
    let Some(x) = Scale::of(PERCENTILES.iter().map(|(.., rarity)| *rarity), false, 0.07) else { return html! {} };
    let axes = Axes { x, y, height: HEIGHT };
    let columns: Vec<Tick> = PERCENTILES
        .iter()
        .map(|(_, label, value)| Tick { value: *value, label: (*label).to_owned(), bold: false })
        .collect();
    let rows = axes.y.apart(chart::decimal(), 0.12).into_iter();
    let rows: Vec<Tick> = rows
        .map(|value| Tick { value, label: figures::time(value).replace(".00 ", " ").replace(".0 ", " "), bold: false })
        .collect();
    let apart: Vec<&str> = shown.iter().filter(|one| !one.service.is_empty()).map(|one| one.line.contender).collect();
    html! {
        figure.lat {
            figcaption {
                b { (finding(&shown)) }
                span.q { "Response time by percentile of requests (log: one over the share that took longer), from when each was due; time log; "
                    "bars: 10th to 90th percentile over samples" }
            }
            p.keyline.narrow { (chart::key(&lines)) }
            div.pl {
                svg.plot height=(HEIGHT) role="img" aria-label=(described(group, &lines)) {
                    (chart::grid(&axes, &rows, &columns))
                    @for one in shown.iter().rev() { (curve(&axes, one)) }
                    (chart::names(&axes, &lines))
                }
            }
            @if !apart.is_empty() {
                p.q.fine { "Dotted: service time alone of " (apart.join(", ")) ", what a closed loop would have reported; the rest is waiting to be served." }
            }
            (data(group))
        }
    }
}

fn percentiles(cell: &Cell, what: &str) -> Vec<At> {
    let at = |(end, _, rarity): &(&str, &str, f64)| match cell.metrics.get(&format!("{what}_{end}"))? {
        Metric::Measured { median, p10, p90, .. } => {
            let sound = |x: f64| finite(Some(x)).filter(|x| *x > 0.0);
            Some(At { rarity: *rarity, ns: sound(*median)?, ends: (sound(*p10)?, sound(*p90)?) })
        }
        Metric::Missing { .. } => None,
    };
    PERCENTILES.iter().filter_map(at).collect()
}

/// Those that are nearest to the leader, with at least two percentiles.
fn shown<'a>(group: &GroupView<'a>) -> Vec<Shown<'a>> {
    let mut shown: Vec<Shown<'a>> = Vec::new();
    for row in &group.rows {
        let response = percentiles(row.cell, "latency");
        if response.len() < 2 || shown.len() == SERIES {
            continue;
        }
        let second = shown.iter().any(|one| one.line.contender.split('/').next() == Some(row.cell.model.as_str()));
        let points = response.iter().map(|at| (at.rarity, at.ns)).collect();
        let line = Line { contender: &row.cell.contender, second, points };
        let service = percentiles(row.cell, "service");
        let departs =
            service.iter().any(|at| response.iter().any(|other| other.rarity == at.rarity && other.ends.0 > at.ends.1));
        shown.push(Shown { line, response, service: if departs && service.len() > 1 { service } else { Vec::new() } });
    }
    shown
}

fn curve(axes: &Axes, one: &Shown<'_>) -> Markup {
    let name = class(one.line.contender.split('/').next().unwrap_or_default());
    let service: Vec<(f64, f64)> = one.service.iter().map(|at| (at.rarity, at.ns)).collect();
    html! {
        g class=(name) {
            (chart::path(axes, &one.line.points, if one.line.second { "ln ds" } else { "ln" }))
            @if !service.is_empty() { (chart::path(axes, &service, "ln dt")) }
            @for at in &one.response {
                (chart::upright(axes, at.rarity, at.ends))
                (chart::mark(axes, name, (at.rarity, at.ns), one.line.second))
            }
        }
    }
}

/// `async/task has the smallest p99, 4.1 ms [3.9, 4.3]`: in the tail and in the middle, where they are known. Those whose
/// ranges reach into that are counted with it.
fn finding(shown: &[Shown<'_>]) -> String {
    let said = |label: &str, rarity: f64| {
        let at = |one: &Shown<'_>| one.response.iter().find(|at| at.rarity == rarity).copied();
        let all: Vec<(&str, At)> = shown.iter().filter_map(|one| Some((one.line.contender, at(one)?))).collect();
        let (contender, best) = all.iter().min_by(|a, b| a.1.ns.total_cmp(&b.1.ns))?;
        let near = all.iter().filter(|(other, at)| other != contender && at.ends.0 <= best.ends.1).count();
        let who = if near == 0 { format!("{contender} has") } else { format!("{contender} and {near} more have") };
        let interval = figures::time_interval(best.ns, Some(best.ends.0), Some(best.ends.1));
        Some(format!("{who} the smallest {label}, {} {interval}", figures::time(best.ns)))
    };
    let found: Vec<String> = [said("p99", 100.0), said("p50", 2.0)].into_iter().flatten().collect();
    if found.is_empty() { "Response time by percentile".to_owned() } else { found.join("; ") }
}

fn described(group: &GroupView<'_>, lines: &[&Line<'_>]) -> String {
    let names: Vec<&str> = lines.iter().map(|line| line.contender).collect();
    format!(
        "{}: response time by percentile of {}; the figures stand in the table below",
        words::title(group),
        names.join(", ")
    )
}

/// Every contender that has percentiles, those without a line included.
fn data(group: &GroupView<'_>) -> Markup {
    let figure = |all: &[At], rarity: f64| {
        let at = all.iter().find(|at| at.rarity == rarity);
        at.map_or_else(
            || NONE.to_owned(),
            |at| {
                format!("{} {}", figures::time(at.ns), figures::time_interval(at.ns, Some(at.ends.0), Some(at.ends.1)))
            },
        )
    };
    let row = |row: &Row<'_>| {
        let (response, service) = (percentiles(row.cell, "latency"), percentiles(row.cell, "service"));
        let figures =
            PERCENTILES.iter().map(|(.., rarity)| figure(&response, *rarity)).chain([figure(&service, 100.0)]);
        let known = !response.is_empty();
        known.then(|| std::iter::once(row.cell.contender.clone()).chain(figures).collect::<Vec<String>>())
    };
    let head = ["contender", "p50", "p90", "p99", "p99.9", "service p99"];
    chart::data(&head, &group.rows.iter().filter_map(row).collect::<Vec<_>>(), 1)
}
