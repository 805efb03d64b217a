//! Where the answer turns: per sweep a chart of time relative to sequential, its crossings, and both as tables.

use maud::{Markup, html};
use results::{Crossover, Found};

use super::chart::{self, Axes, HEIGHT, Line, Mark, SERIES, Scale, Tick};
use super::{class, contender, said, section};
use crate::figures::{self, NONE, finite};
use crate::turns::Turns;
use crate::view::View;

/// Ratios beyond these are drawn at the edge.
const CLAMP: (f64, f64) = (1e-4, 1e5);

/// The section; nothing without a sweep.
pub(super) fn turns(view: &View<'_>, sweeps: &[Turns<'_>]) -> Markup {
    if sweeps.is_empty() {
        return html! {};
    }
    let title = html! {
        h2 { "Where the answer turns" }
        p.how {
            "Time relative to sequential along one knob; " b { "lower is faster" } ". A ring marks where a contender and "
            "sequential are equal, the bar through it the interval: " (figures::percent(1.0 - view.run.run.alpha))
            " each, from crossings found round by round."
        }
    };
    let body = html! {
        @for (index, sweep) in sweeps.iter().enumerate() {
            article id=(format!("x{index}")) {
                h3 { (sweep.title()) }
                p.q { (sweep.axis(view)) }
                (figure(view, sweep))
                (table(sweep))
            }
        }
    };
    section("crossovers", title, body)
}

/// One sentence a model, then the leaders.
pub(super) fn answers(sweep: &Turns<'_>) -> Markup {
    html! {
        @for (model, answer) in sweep.answers() { li { b { (model) ". " } (said(&answer)) } }
        @if let Some(lead) = sweep.lead() { li { b { "Leaders. " } (said(&lead)) } }
        @if sweep.against.is_empty() {
            li { "Nothing crosses: there are no two values at which a contender and the reference were both measured." }
        }
    }
}

fn table(sweep: &Turns<'_>) -> Markup {
    let found = |one: &Crossover| finite(one.at.value).map(|at| sweep.estimate(at));
    let at = |one: &Crossover| {
        found(one).or_else(|| sweep.settled(one).map(|at| sweep.exact(at))).unwrap_or_else(|| NONE.to_owned())
    };
    html! {
        @if !sweep.against.is_empty() {
            div.scroll tabindex="0" {
                table.cross {
                    caption.sr { (sweep.title()) ": from which value on each contender is faster than the reference" }
                    thead { tr {
                        th scope="col" { "contender" } th scope="col" { "faster than the reference" }
                        th.n scope="col" { (sweep.sweep.knob) } th.n scope="col" { "interval" }
                        th.n scope="col" title="rounds in which they change sides exactly once" { "cross once" }
                    } }
                    tbody {
                        @for (_, all) in sweep.by_model() {
                            @for one in all {
                                tr class=(class(sweep.contender(one).split('/').next().unwrap_or_default())) {
                                    th scope="row" { (contender(sweep.contender(one))) }
                                    td { (sweep.word(one)) }
                                    td.n { (at(one)) }
                                    td.n.q { (interval(sweep, one)) }
                                    td.n { (one.once) "/" (one.rounds) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `19 to 28`; an end beyond the range of the sweep is open.
fn interval(sweep: &Turns<'_>, one: &Crossover) -> String {
    let end = |end: Option<f64>| finite(end).map_or_else(|| "open".to_owned(), |end| sweep.estimate(end));
    match (one.at.lo, one.at.hi) {
        (None, None) => NONE.to_owned(),
        (lo, hi) => format!("{} to {}", end(lo), end(hi)),
    }
}

/// A contender in the chart: its values of the knob, and times relative to the reference.
struct Shown<'a> {
    line: Line<'a>,
    one: &'a Crossover,
    crossing: Option<&'a Crossover>,
}

/// The best strategy of each model, by its mean over the values; then, where there is room, those that cross.
fn shown<'a>(view: &View<'_>, sweep: &'a Turns<'_>) -> Vec<Shown<'a>> {
    let shown = |one: &'a Crossover| -> Shown<'a> {
        let contender = sweep.contender(one);
        let crossing = Some(one).filter(|one| one.found == Found::Crosses);
        let points = sweep.curve(view, contender).into_iter();
        let points = points.map(|(value, ratio)| (value, ratio.clamp(CLAMP.0, CLAMP.1))).collect();
        Shown { line: Line { contender, second: false, points }, one, crossing }
    };
    let mean = |Shown { line, .. }: &Shown<'_>| {
        line.points.iter().map(|(_, ratio)| ratio.ln()).sum::<f64>() / line.points.len().max(1) as f64
    };
    let mut first: Vec<Shown<'a>> = Vec::new();
    let mut rest: Vec<Shown<'a>> = Vec::new();
    for (_, all) in sweep.by_model() {
        let mut all: Vec<Shown<'a>> = all.into_iter().map(shown).filter(|one| one.line.points.len() > 1).collect();
        // A line over more values says more than a lower one over few.
        all.sort_by(|a, b| b.line.points.len().cmp(&a.line.points.len()).then(mean(a).total_cmp(&mean(b))));
        let mut all = all.into_iter();
        first.extend(all.next());
        rest.extend(all.filter(|one| one.crossing.is_some()));
    }
    rest.iter_mut().for_each(|one| one.line.second = true);
    let taken = |one: &Shown<'_>| first.iter().any(|other| other.line.contender == one.line.contender);
    rest.retain(|one| !taken(one));
    first.extend(rest);
    first.truncate(SERIES);
    first
}

/// The values of the knob, as they are or as logarithms, and ratios round 1.
fn axes(lines: &[&Line<'_>], linear: bool) -> Option<Axes> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let x = Scale::of(points().map(|(value, _)| *value), linear, 0.0)?;
    let y = Scale::of(points().map(|(_, ratio)| *ratio).chain([0.7, 1.4]), false, 0.04)?;
    Some(Axes { x, y })
}

/// Round ratios whose labels do not touch; 1 always stands.
fn ratios(axes: &Axes) -> Vec<Tick> {
    let mut placed = vec![1.0];
    for steps in [[1.0, 1.0], [2.0, 5.0]] {
        for decade in -4..=5 {
            for step in steps {
                let tick = step * 10f64.powi(decade);
                let free = placed.iter().all(|other| (axes.y(*other) - axes.y(tick)).abs() > 22.0);
                if axes.y.holds(tick) && free {
                    placed.push(tick);
                }
            }
        }
    }
    placed.into_iter().map(|value| Tick { value, label: format!("{value}×"), bold: value == 1.0 }).collect()
}

/// Values of the knob, as many as there is room for.
fn values(view: &View<'_>, sweep: &Turns<'_>) -> Vec<Tick> {
    let values: Vec<f64> = sweep.values(view).collect();
    let each = values.len().div_ceil(6).max(1);
    let last = values.len().saturating_sub(1);
    let labelled = |index: usize| index == last || index.is_multiple_of(each) && last - index >= each;
    let all = values.iter().enumerate().filter(|(index, _)| labelled(*index));
    all.map(|(_, value)| Tick { value: *value, label: sweep.exact(*value), bold: false }).collect()
}

fn figure(view: &View<'_>, sweep: &Turns<'_>) -> Markup {
    let shown = shown(view, sweep);
    let lines: Vec<&Line<'_>> = shown.iter().map(|one| &one.line).collect();
    let linear = sweep.sweep.linear || lines.iter().flat_map(|line| &line.points).any(|(value, _)| *value <= 0.0);
    let Some(axes) = axes(&lines, linear) else { return html! {} };
    let mark = |one: &Crossover, line| {
        let at = (finite(one.at.value)?, one.at.lo, one.at.hi);
        Some(Mark { line, at, level: 1.0, label: Some(sweep.at(one)), full: false })
    };
    let marks: Vec<Mark<'_>> = shown.iter().filter_map(|one| mark(one.crossing?, &one.line)).collect();
    let (marks, room) = chart::marks(&axes, &marks);
    html! {
        figure.turn {
            figcaption {
                b { (sweep.finding(&shown.iter().map(|one| one.one).collect::<Vec<_>>())) }
                span.q { "time relative to sequential, against " (sweep.axis(view)) "; both axes "
                    (if linear { "as they are and logarithmic" } else { "logarithmic" }) }
            }
            (chart::key(&lines))
            div.pl style=(format!("padding-top:{}px", 10 + room)) {
                svg.plot height=(HEIGHT) role="img" aria-label=(described(sweep, &lines)) {
                    (chart::grid(&axes, &ratios(&axes), &values(view, sweep)))
                    @for line in lines.iter().rev() { (chart::curve(&axes, line)) }
                    (chart::names(&axes, &lines))
                    (marks)
                }
            }
            (data(view, sweep, &lines))
        }
    }
}

/// What the chart shows, for those who cannot see it.
fn described(sweep: &Turns<'_>, lines: &[&Line<'_>]) -> String {
    let names: Vec<&str> = lines.iter().map(|line| line.contender).collect();
    format!(
        "{}: time relative to sequential of {}; the figures stand in the tables below",
        sweep.title(),
        names.join(", ")
    )
}

/// The points of the chart as a table.
fn data(view: &View<'_>, sweep: &Turns<'_>, lines: &[&Line<'_>]) -> Markup {
    let at = |contender: &str, value: f64| {
        let points = sweep.curve(view, contender);
        let point = points.iter().find(|(other, _)| *other == value);
        point.map_or_else(|| NONE.to_owned(), |(_, ratio)| format!("{}×", figures::ratio(*ratio)))
    };
    let head: Vec<&str> =
        std::iter::once(sweep.sweep.knob.as_str()).chain(lines.iter().map(|line| line.contender)).collect();
    let row = |value: f64| {
        let cells = lines.iter().map(|line| at(line.contender, value));
        std::iter::once(sweep.exact(value)).chain(cells).collect::<Vec<String>>()
    };
    chart::data(&head, &sweep.values(view).map(row).collect::<Vec<_>>())
}
