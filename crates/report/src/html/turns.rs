//! Where the answer turns: per sweep a chart of time relative to sequential, its crossings, and both as tables.

use maud::{Markup, html};
use results::{Crossover, Found};

use super::{class, contender, said, section};
use crate::figures::{self, NONE, finite};
use crate::turns::Turns;
use crate::view::View;

/// Height of the plot, in pixels: widths are percentages, so that it stretches while type keeps its size.
const HEIGHT: f64 = 230.0;
/// Lines in a chart at most.
const SERIES: usize = 5;
/// Labels that are nearer than this, in pixels, would touch.
const LINE: f64 = 15.0;
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

/// A line of the chart.
struct Line<'a> {
    contender: &'a str,
    /// Another strategy of a model that is there already.
    second: bool,
    /// Value of the knob, and time relative to the reference.
    points: Vec<(f64, f64)>,
    one: &'a Crossover,
    crossing: Option<&'a Crossover>,
}

/// The best strategy of each model, by its mean over the values; then, where there is room, those that cross.
fn lines<'a>(view: &View<'_>, sweep: &'a Turns<'_>) -> Vec<Line<'a>> {
    let line = |one: &'a Crossover, second: bool| -> Line<'a> {
        let contender = sweep.contender(one);
        let crossing = Some(one).filter(|one| one.found == Found::Crosses);
        Line { contender, second, points: sweep.curve(view, contender), one, crossing }
    };
    let mean = |line: &Line<'_>| {
        line.points.iter().map(|(_, ratio)| ratio.ln()).sum::<f64>() / line.points.len().max(1) as f64
    };
    let mut lines: Vec<Line<'a>> = Vec::new();
    let mut rest: Vec<Line<'a>> = Vec::new();
    for (_, all) in sweep.by_model() {
        let mut all: Vec<Line<'a>> =
            all.into_iter().map(|one| line(one, false)).filter(|line| line.points.len() > 1).collect();
        // A line over more values says more than a lower one over few.
        all.sort_by(|a, b| b.points.len().cmp(&a.points.len()).then(mean(a).total_cmp(&mean(b))));
        let mut all = all.into_iter();
        lines.extend(all.next());
        rest.extend(all.filter(|line| line.crossing.is_some()).map(|line| Line { second: true, ..line }));
    }
    let taken = |line: &Line<'_>| lines.iter().any(|other| other.contender == line.contender);
    rest.retain(|line| !taken(line));
    lines.extend(rest);
    lines.truncate(SERIES);
    lines
}

/// Both axes.
struct Axes {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    linear: bool,
}

impl Axes {
    fn new(lines: &[Line<'_>], linear: bool) -> Option<Self> {
        let points = || lines.iter().flat_map(|line| &line.points);
        let linear = linear || points().any(|(value, _)| *value <= 0.0);
        let place = |value: f64| if linear { value } else { value.ln() };
        let ends =
            |values: &mut dyn Iterator<Item = f64>| values.fold((f64::MAX, f64::MIN), |(a, b), x| (a.min(x), b.max(x)));
        let (left, right) = ends(&mut points().map(|(value, _)| place(*value)));
        let (low, high) =
            ends(&mut points().map(|(_, ratio)| ratio.clamp(CLAMP.0, CLAMP.1).ln()).chain([0.7f64.ln(), 1.4f64.ln()]));
        let air = (high - low) * 0.04;
        (left < right).then_some(Self { left, right, top: high + air, bottom: low - air, linear })
    }

    /// Percent from the left.
    fn x(&self, value: f64) -> f64 {
        let place = if self.linear { value } else { value.max(f64::MIN_POSITIVE).ln() };
        tenth(((place - self.left) / (self.right - self.left) * 100.0).clamp(0.0, 100.0))
    }

    /// Pixels from the top.
    fn y(&self, ratio: f64) -> f64 {
        let ln = ratio.clamp(CLAMP.0, CLAMP.1).ln();
        tenth((self.top - ln) / (self.top - self.bottom) * HEIGHT)
    }

    /// Round ratios whose labels do not touch; 1 always stands.
    fn ticks(&self) -> Vec<f64> {
        let mut placed = vec![1.0];
        for steps in [[1.0, 1.0], [2.0, 5.0]] {
            for decade in -4..=5 {
                for step in steps {
                    let tick = step * 10f64.powi(decade);
                    let inside = (self.bottom..=self.top).contains(&tick.ln());
                    let free = placed.iter().all(|other| (self.y(*other) - self.y(tick)).abs() > 22.0);
                    if inside && free {
                        placed.push(tick);
                    }
                }
            }
        }
        placed
    }
}

fn figure(view: &View<'_>, sweep: &Turns<'_>) -> Markup {
    let lines = lines(view, sweep);
    let Some(axes) = Axes::new(&lines, sweep.sweep.linear) else { return html! {} };
    let crossings: Vec<(&Line<'_>, &Crossover)> =
        lines.iter().filter_map(|line| line.crossing.map(|one| (line, one))).collect();
    let rows = stacked(&crossings.iter().map(|(_, one)| axes.x(one.at.value.unwrap_or_default())).collect::<Vec<_>>());
    let above = rows.iter().max().map_or(0, |most| most + 1);
    html! {
        figure.turn {
            figcaption {
                b { (sweep.finding(&lines.iter().map(|line| line.one).collect::<Vec<_>>())) }
                span.q { "time relative to sequential, against " (sweep.axis(view)) "; both axes "
                    (if axes.linear { "as they are and logarithmic" } else { "logarithmic" }) }
            }
            p.keyline {
                @for line in &lines { span { (contender(line.contender)) @if line.second { span.q { ", dashed" } } } }
            }
            div.pl style=(format!("padding-top:{}px", 10 + above * 16)) {
                svg.plot height=(HEIGHT) role="img" aria-label=(described(sweep, &lines)) {
                    (grid(&axes, &sweep.values(view).collect::<Vec<_>>(), sweep))
                    @for line in lines.iter().rev() { (curve(&axes, line)) }
                    (names(&axes, &lines))
                    @for ((line, one), row) in crossings.iter().zip(&rows) { (ring(&axes, sweep, line, one, *row)) }
                }
            }
            (data(view, sweep, &lines))
        }
    }
}

/// Rows for labels above the plot, from the bottom: two that would touch stand in different ones.
fn stacked(places: &[f64]) -> Vec<usize> {
    let mut rows = vec![0; places.len()];
    for index in 0..places.len() {
        let near =
            |row: usize| (0..index).any(|other| rows[other] == row && (places[other] - places[index]).abs() < 34.0);
        rows[index] = (0..places.len()).find(|row| !near(*row)).unwrap_or(0);
    }
    rows
}

fn grid(axes: &Axes, values: &[f64], sweep: &Turns<'_>) -> Markup {
    let each = values.len().div_ceil(6).max(1);
    let last = values.len().saturating_sub(1);
    let labelled = |index: usize| index == last || index.is_multiple_of(each) && last - index >= each;
    let anchor = |at: f64| match at {
        0.0 => "",
        100.0 => "e",
        _ => "mid",
    };
    html! {
        @for tick in axes.ticks() {
            line class=(if tick == 1.0 { "one" } else { "gl" }) x2="100%" y1=(axes.y(tick)) y2=(axes.y(tick)) {}
            text class=(if tick == 1.0 { "e b" } else { "e" }) x="0" dx="-8" y=(axes.y(tick) + 4.0) { (tick) "×" }
        }
        @for (index, value) in values.iter().enumerate().filter(|(index, _)| labelled(*index)) {
            @let at = axes.x(*value);
            line.gl x1=(percent(at)) x2=(percent(at)) y2=(HEIGHT) {}
            text class=(anchor(if index == 0 { 0.0 } else { at })) x=(percent(at)) y=(HEIGHT + 18.0) { (sweep.exact(*value)) }
        }
    }
}

fn curve(axes: &Axes, line: &Line<'_>) -> Markup {
    let at = |(value, ratio): &(f64, f64)| format!("{} {}", tenth(axes.x(*value) * 10.0), axes.y(*ratio));
    let path = format!("M{}", line.points.iter().map(at).collect::<Vec<_>>().join("L"));
    let model = class(line.contender.split('/').next().unwrap_or_default());
    html! {
        g class=(model) {
            svg viewBox=(format!("0 0 1000 {HEIGHT}")) width="100%" height=(HEIGHT) preserveAspectRatio="none" {
                path class=(if line.second { "ln ds" } else { "ln" }) d=(path) {}
            }
            @for (value, ratio) in &line.points {
                use href=(format!("#{model}")) x=(percent(axes.x(*value))) y=(axes.y(*ratio)) {}
            }
        }
    }
}

/// Names at the ends of the lines, moved apart where they would touch.
fn names(axes: &Axes, lines: &[Line<'_>]) -> Markup {
    let mut ends: Vec<(f64, &Line<'_>)> =
        lines.iter().filter_map(|line| Some((axes.y(line.points.last()?.1), line))).collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut below = f64::MIN;
    for (y, _) in &mut ends {
        *y = y.max(below + LINE);
        below = *y;
    }
    let over = (below - HEIGHT).max(0.0);
    html! {
        g.names {
            svg x="100%" {
                @for (y, line) in ends {
                    @let (y, model) = (y - over, class(line.contender.split('/').next().unwrap_or_default()));
                    g class=(model) {
                        use href=(format!("#{model}")) x="16" y=(tenth(y)) {}
                        text x="26" y=(tenth(y + 4.0)) { (line.contender) }
                    }
                }
            }
        }
    }
}

/// The crossing of a line with the reference: its interval as a bar, a ring at the median, the figure above.
fn ring(axes: &Axes, sweep: &Turns<'_>, line: &Line<'_>, one: &Crossover, row: usize) -> Markup {
    let Some(at) = finite(one.at.value) else { return html! {} };
    let (x, y) = (axes.x(at), axes.y(1.0));
    let bounded = one.at.lo.is_some() || one.at.hi.is_some();
    let ends = bounded.then(|| (one.at.lo.map_or(0.0, |lo| axes.x(lo)), one.at.hi.map_or(100.0, |hi| axes.x(hi))));
    let anchor = if x < 16.0 {
        "b"
    } else if x > 84.0 {
        "b e"
    } else {
        "b mid"
    };
    let top = -8.0 - 16.0 * row as f64;
    html! {
        g class=(class(line.contender.split('/').next().unwrap_or_default())) {
            line.ideal x1=(percent(x)) x2=(percent(x)) y1=(top + 4.0) y2=(y) {}
            @if let Some((lo, hi)) = ends { line.iv x1=(percent(lo)) x2=(percent(hi)) y1=(y) y2=(y) {} }
            circle.ring cx=(percent(x)) cy=(y) r="5.5" {}
            text class=(anchor) x=(percent(x)) y=(top) { (sweep.at(one)) }
        }
    }
}

/// What the chart shows, for those who cannot see it.
fn described(sweep: &Turns<'_>, lines: &[Line<'_>]) -> String {
    let names: Vec<&str> = lines.iter().map(|line| line.contender).collect();
    format!(
        "{}: time relative to sequential of {}; the figures stand in the tables below",
        sweep.title(),
        names.join(", ")
    )
}

/// The points of the chart as a table.
fn data(view: &View<'_>, sweep: &Turns<'_>, lines: &[Line<'_>]) -> Markup {
    let at = |line: &Line<'_>, value: f64| {
        let point = line.points.iter().find(|(other, _)| *other == value);
        point.map_or_else(|| NONE.to_owned(), |(_, ratio)| format!("{}×", figures::ratio(*ratio)))
    };
    html! {
        details {
            summary { "data table" }
            div.scroll tabindex="0" {
                table {
                    thead { tr { th.n scope="col" { (sweep.sweep.knob) }
                        @for line in lines { th.n scope="col" { (line.contender) } } } }
                    tbody {
                        @for value in sweep.values(view) {
                            tr { th.n scope="row" { (sweep.exact(value)) } @for line in lines { td.n { (at(line, value)) } } }
                        }
                    }
                }
            }
        }
    }
}

fn tenth(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
}

fn percent(x: f64) -> String {
    format!("{x}%")
}
