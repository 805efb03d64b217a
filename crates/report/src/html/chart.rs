//! What the charts along an axis share: axes, grid, lines with their names, marks of what was found on them.

use maud::{Markup, html};

use super::{class, contender};

/// Height of the plot, in pixels: widths are percentages, so that it stretches while type keeps its size.
pub(super) const HEIGHT: f64 = 230.0;
/// Lines in a chart at most.
pub(super) const SERIES: usize = 5;
/// Labels that are nearer than this, in pixels, would touch.
const LINE: f64 = 15.0;

/// One axis, between the places of its ends.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    first: f64,
    last: f64,
    linear: bool,
}

impl Scale {
    /// Of these values; nothing where they are all the same. `air` is the share of it that is added at both ends.
    pub(super) fn of(values: impl Iterator<Item = f64>, linear: bool, air: f64) -> Option<Self> {
        let place = |value: f64| if linear { value } else { value.max(f64::MIN_POSITIVE).ln() };
        let (first, last) = values.map(place).fold((f64::MAX, f64::MIN), |(a, b), x| (a.min(x), b.max(x)));
        let air = (last - first) * air;
        (first < last).then_some(Self { first: first - air, last: last + air, linear })
    }

    fn place(self, value: f64) -> f64 {
        if self.linear { value } else { value.max(f64::MIN_POSITIVE).ln() }
    }

    pub(super) fn holds(self, value: f64) -> bool {
        (self.first..=self.last).contains(&self.place(value))
    }
}

/// Both axes.
pub(super) struct Axes {
    pub(super) x: Scale,
    pub(super) y: Scale,
}

impl Axes {
    /// Percent from the left.
    pub(super) fn x(&self, value: f64) -> f64 {
        let Scale { first, last, .. } = self.x;
        tenth(((self.x.place(value) - first) / (last - first) * 100.0).clamp(0.0, 100.0))
    }

    /// Pixels from the top.
    pub(super) fn y(&self, value: f64) -> f64 {
        let Scale { first, last, .. } = self.y;
        tenth((last - self.y.place(value)) / (last - first) * HEIGHT)
    }
}

/// A line of a chart.
pub(super) struct Line<'a> {
    pub(super) contender: &'a str,
    /// Another strategy of a model that is there already.
    pub(super) second: bool,
    pub(super) points: Vec<(f64, f64)>,
}

impl Line<'_> {
    fn class(&self) -> &'static str {
        class(self.contender.split('/').next().unwrap_or_default())
    }
}

/// Names of the lines above a chart that has no room for them beside it.
pub(super) fn key(lines: &[&Line<'_>]) -> Markup {
    html! {
        p.keyline {
            @for line in lines { span { (contender(line.contender)) @if line.second { span.q { ", dashed" } } } }
        }
    }
}

/// A line across the plot.
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) label: String,
    /// One that the chart is about.
    pub(super) bold: bool,
}

pub(super) fn grid(axes: &Axes, rows: &[Tick], columns: &[Tick]) -> Markup {
    // A label at an end stays within the plot.
    let anchor = |at: f64| match at {
        ..4.0 => "",
        94.0.. => "e",
        _ => "mid",
    };
    html! {
        @for Tick { value, label, bold } in rows {
            @let at = axes.y(*value);
            line class=(if *bold { "one" } else { "gl" }) x2="100%" y1=(at) y2=(at) {}
            text class=(if *bold { "e b" } else { "e" }) x="0" dx="-8" y=(at + 4.0) { (label) }
        }
        @for Tick { value, label, .. } in columns {
            @let at = axes.x(*value);
            line.gl x1=(percent(at)) x2=(percent(at)) y2=(HEIGHT) {}
            text class=(anchor(at)) x=(percent(at)) y=(HEIGHT + 18.0) { (label) }
        }
    }
}

pub(super) fn curve(axes: &Axes, line: &Line<'_>) -> Markup {
    let at = |(x, y): &(f64, f64)| format!("{} {}", tenth(axes.x(*x) * 10.0), axes.y(*y));
    let path = format!("M{}", line.points.iter().map(at).collect::<Vec<_>>().join("L"));
    let model = line.class();
    html! {
        g class=(model) {
            svg viewBox=(format!("0 0 1000 {HEIGHT}")) width="100%" height=(HEIGHT) preserveAspectRatio="none" {
                path class=(if line.second { "ln ds" } else { "ln" }) d=(path) {}
            }
            @for (x, y) in &line.points {
                use href=(format!("#{model}")) x=(percent(axes.x(*x))) y=(axes.y(*y)) {}
            }
        }
    }
}

/// Names at the ends of the lines, moved apart where they would touch.
pub(super) fn names(axes: &Axes, lines: &[&Line<'_>]) -> Markup {
    let mut ends: Vec<(f64, &Line<'_>)> =
        lines.iter().filter_map(|line| Some((axes.y(line.points.last()?.1), *line))).collect();
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
                    @let (y, model) = (y - over, line.class());
                    g class=(model) {
                        use href=(format!("#{model}")) x="16" y=(tenth(y)) {}
                        text x="26" y=(tenth(y + 4.0)) { (line.contender) }
                    }
                }
            }
        }
    }
}

/// What was found on a line: its interval as a bar, a ring at the median.
pub(super) struct Mark<'a> {
    pub(super) line: &'a Line<'a>,
    /// Value, lower and upper end: one that is missing lies beyond the plot, both where there is no interval.
    pub(super) at: (f64, Option<f64>, Option<f64>),
    /// On this row of the grid.
    pub(super) level: f64,
    /// The figure, above the plot.
    pub(super) label: Option<String>,
    /// A ring that is filled.
    pub(super) full: bool,
}

/// Marks, and how much room their labels need above the plot, in pixels.
pub(super) fn marks(axes: &Axes, marks: &[Mark<'_>]) -> (Markup, usize) {
    let labelled: Vec<&Mark<'_>> = marks.iter().filter(|mark| mark.label.is_some()).collect();
    let rows = stacked(&labelled.iter().map(|mark| axes.x(mark.at.0)).collect::<Vec<_>>());
    let room = rows.iter().max().map_or(0, |most| (most + 1) * 16);
    let drawn = html! {
        @for mark in marks.iter().filter(|mark| mark.label.is_none()) { (ring(axes, mark, 0.0)) }
        @for (mark, row) in labelled.iter().zip(&rows) { (ring(axes, mark, above(*row))) }
        // On top of the lines that lead to other labels.
        @for (mark, row) in labelled.iter().zip(&rows) { (label(axes, mark, above(*row))) }
    };
    (drawn, room)
}

/// Pixels from the top of the plot to a row of labels.
fn above(row: usize) -> f64 {
    -8.0 - 16.0 * row as f64
}

fn label(axes: &Axes, mark: &Mark<'_>, top: f64) -> Markup {
    let x = axes.x(mark.at.0);
    let anchor = if x < 16.0 {
        "b over"
    } else if x > 84.0 {
        "b over e"
    } else {
        "b over mid"
    };
    html! { @if let Some(label) = &mark.label { text class=(anchor) x=(percent(x)) y=(top) { (label) } } }
}

fn ring(axes: &Axes, mark: &Mark<'_>, top: f64) -> Markup {
    let (at, lo, hi) = mark.at;
    let (x, y) = (axes.x(at), axes.y(mark.level));
    let bounded = lo.is_some() || hi.is_some();
    let ends = bounded.then(|| (lo.map_or(0.0, |lo| axes.x(lo)), hi.map_or(100.0, |hi| axes.x(hi))));
    html! {
        g class=(mark.line.class()) {
            @if mark.label.is_some() { line.ideal x1=(percent(x)) x2=(percent(x)) y1=(top + 4.0) y2=(y) {} }
            @if let Some((lo, hi)) = ends { line.iv x1=(percent(lo)) x2=(percent(hi)) y1=(y) y2=(y) {} }
            circle class=(if mark.full { "ring full" } else { "ring" }) cx=(percent(x)) cy=(y) r="5.5" {}
        }
    }
}

/// Rows for labels above the plot, from the bottom: two that would touch stand in different ones.
fn stacked(places: &[f64]) -> Vec<usize> {
    let mut rows = vec![0; places.len()];
    for index in 0..places.len() {
        let near =
            |row: usize| (0..index).any(|other| rows[other] == row && (places[other] - places[index]).abs() < 58.0);
        rows[index] = (0..places.len()).find(|row| !near(*row)).unwrap_or(0);
    }
    rows
}

/// The points of a chart as a table: head, then a row a place.
pub(super) fn data(head: &[&str], rows: &[Vec<String>]) -> Markup {
    html! {
        details {
            summary { "data table" }
            div.scroll tabindex="0" {
                table {
                    thead { tr { @for name in head { th.n scope="col" { (name) } } } }
                    tbody {
                        @for row in rows {
                            tr { @for (i, cell) in row.iter().enumerate() {
                                @if i == 0 { th.n scope="row" { (cell) } } @else { td.n { (cell) } }
                            } }
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
